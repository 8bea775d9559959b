"""Setting up a bare Zammad and taking Deskhours out again, against the simulated one."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.client import Zammad
from plugin_server.helpdesk.zammad.objects import GATE, KEEPER
from plugin_server.helpdesk.zammad.setup.apply import CannotSetUp, Setup
from plugin_server.helpdesk.zammad.setup.plan import Plan, plan
from plugin_server.helpdesk.zammad.setup.remove import Removal
from plugin_server.manifest import Fields
from tests.demo_helpdesk.client import ADA, ADMIN, basic
from tests.helpdesk.zammad import ROLES, SETUP, Killed, Recorder, Stand, definition

LISTS = ("object_manager_attributes", "roles", "core_workflows", "webhooks", "triggers", "applications")


async def set_up(stand: Stand, calls: Recorder | None = None, **application: str) -> list[Any]:
    setup = Setup(calls or stand.calls(), SETUP, ROLES)
    return await setup.apply(definition(**application), stand.service)


async def planned(stand: Stand) -> Plan:
    return await plan(stand.calls(), SETUP, definition(), ROLES, stand.service)


async def world(stand: Stand) -> dict[str, list[str]]:
    """The names of everything that setup makes, as often as they are there."""
    return {path: sorted(row["name"] for row in await stand.listed(path)) for path in LISTS}


COMPLETE = {
    "object_manager_attributes": sorted(str(one["name"]) for one in definition().attributes),
    "roles": sorted(["Admin", "Agent", "Customer", "Budget PM", "Deskhours service"]),
    "core_workflows": sorted([GATE, KEEPER]),
    "webhooks": ["Deskhours"],
    "triggers": ["Deskhours: a ticket changed"],
    "applications": ["Deskhours"],
}


async def test_a_bare_zammad_gets_everything_once_and_the_second_time_nothing(stand: Stand) -> None:
    told: list[str] = []
    done = await Setup(stand.calls(), SETUP, ROLES).apply(
        definition(), stand.service, lambda step: told.append(step.name)
    )
    assert await world(stand) == COMPLETE
    assert told == [step.name for step in done]
    assert len(done) == 16
    again = stand.calls()
    assert await set_up(stand, again) == []
    assert again.writes == []
    ticket = (await stand.desk.get("tickets/1", ADA)).data
    assert "budget_state" in ticket  # the database update has run
    trigger = (await stand.listed("triggers"))[0]
    webhook = (await stand.listed("webhooks"))[0]
    assert trigger["perform"] == {"notification.webhook": {"webhook_id": str(webhook["id"])}}


async def test_a_plan_writes_nothing(stand: Stand) -> None:
    calls = stand.calls()
    found = await plan(calls, SETUP, definition(), ROLES, stand.service)
    assert calls.writes == []
    assert len(found.todo) == 16


async def test_an_agents_token_is_all_that_the_running_service_needs(stand: Stand) -> None:
    await set_up(stand)
    zammad = Zammad(stand.session, stand.desk.url, "id", "secret", Fields())
    token = stand.service
    assert (await zammad.person(token)).is_agent
    ticket = await zammad.write_fields(token, 1, {"state": "locked", "release": None, "hours_used": "3.50"})
    assert (ticket.lock, ticket.used) == ("locked", "3.50")
    assert await zammad.changed_tickets(token, ticket.updated_at - ticket.updated_at.replace(hour=0), 10)
    assert await zammad.history(token, 1)
    assert await zammad.add_note(token, 1, "<p>Over budget</p>")
    assert {role.name for role in await zammad.roles(token)} >= {"Budget PM"}
    assert await zammad.find_member(token, "pm@example.com")
    with pytest.raises(base.Denied):
        await stand.calls().get(token, "/object_manager_attributes")


async def test_what_must_be_refused_is_refused_before_the_first_write(stand: Stand) -> None:
    await stand.simulate(version="6.4.1")
    option = {"min": 0, "max": 9}
    field = {"name": "budget_pm", "object": "Ticket", "display": "PM", "data_type": "integer", "data_option": option}
    await stand.write("POST", "object_manager_attributes", field)
    await stand.write("POST", "object_manager_attributes_execute_migrations", {})
    before = await world(stand)
    calls = stand.calls()
    with pytest.raises(CannotSetUp) as refused:
        await Setup(calls, SETUP, ROLES).apply(definition(), "no-such-token")
    assert {step.kind for step in refused.value.plan.refused} == {"helpdesk", "field", "user"}
    assert "Zammad 6.4.1 is too old" in str(refused.value)
    assert calls.writes == []
    assert await world(stand) == before


@pytest.mark.parametrize("missing", ["admin.object", "admin.trigger", "admin.api", "admin.user"])
async def test_a_token_that_may_not_do_all_does_nothing(stand: Stand, missing: str) -> None:
    parts = ("object", "role", "user", "core_workflow", "webhook", "trigger", "api")
    held = [name for name in (f"admin.{part}" for part in parts) if name != missing]
    answer = await stand.desk.call("POST", "user_access_token", {"name": "less", "permission": held}, ADMIN)
    calls = stand.calls()
    with pytest.raises(CannotSetUp) as refused:
        await Setup(calls, answer.data["token"], ROLES).apply(definition(), stand.service)
    words = " ".join(step.words for step in refused.value.plan.refused)
    assert "with the permission admin" in words
    assert (missing in words) == (missing != "admin.user")  # that one shows only in `admin`, which is missing, too
    assert calls.writes == []


async def test_killed_after_any_write_the_next_one_finishes(stand: Stand) -> None:
    whole = stand.calls()
    await set_up(stand, whole)
    assert len(whole.writes) == 17  # a write for each step, and the database update
    assert whole.writes[8] == ("POST", "/api/v1/object_manager_attributes_execute_migrations")
    for number in range(len(whole.writes)):
        await stand.refresh()
        with pytest.raises(Killed):
            await set_up(stand, stand.calls(dies_after=number))
        await set_up(stand)
        assert await world(stand) == COMPLETE, number
        assert (await planned(stand)).todo == (), number


@pytest.mark.parametrize(
    "path",
    [
        "object_manager_attributes",
        "object_manager_attributes_execute_migrations",
        "core_workflows",
        "triggers",
        "applications",
    ],
)
async def test_an_answer_that_was_lost_is_made_good(stand: Stand, path: str) -> None:
    """Zammad did it, the answer never came."""
    await stand.desk.fault(f"POST /api/v1/{path}", "drop_after")
    with pytest.raises(base.Unreachable):
        await set_up(stand)
    await set_up(stand)
    assert await world(stand) == COMPLETE


async def test_two_and_three_administrators_at_once_make_one_of_each(stand: Stand) -> None:
    for number in range(6):
        await stand.refresh()
        sides = 2 + number % 2
        together = asyncio.Barrier(sides)
        await asyncio.gather(*(set_up(stand, stand.calls(together=together)) for _ in range(sides)))
        assert await world(stand) == COMPLETE
        found = await planned(stand)
        assert [step for step in found.steps if step.action != "ok"] == []


async def test_twins_are_taken_away_and_the_oldest_stays(stand: Stand) -> None:
    await set_up(stand)
    (webhook,), (application,) = await stand.listed("webhooks"), await stand.listed("applications")
    twin = {key: webhook[key] for key in ("name", "endpoint", "signature_token", "active")}
    newer = (await stand.write("POST", "webhooks", twin)).data
    await stand.write("POST", "applications", {"name": "Deskhours", "redirect_uri": application["redirect_uri"]})
    await stand.write("POST", "applications", {"name": "Deskhours", "redirect_uri": "https://other.example.com/cb"})
    trigger = (await stand.listed("triggers"))[0]
    perform = {"notification.webhook": {"webhook_id": str(newer["id"])}}
    await stand.write("PUT", f"triggers/{trigger['id']}", {"perform": perform})
    await set_up(stand)
    assert [row["id"] for row in await stand.listed("webhooks")] == [webhook["id"]]
    kept, other = await stand.listed("applications")
    assert kept == application
    assert other["redirect_uri"] == "https://other.example.com/cb"


async def test_a_refusal_of_zammad_is_told_and_not_tried_for_ever(stand: Stand) -> None:
    await stand.desk.fault("POST /api/v1/webhooks", "status", status=422, error="No more webhooks", times=None)
    with pytest.raises(base.Refused, match="does not take the webhook Deskhours: No more webhooks"):
        await set_up(stand)


async def test_what_zammad_keeps_otherwise_than_it_was_sent_is_told(stand: Stand) -> None:
    class Forgetful(Recorder):
        async def send(self, method: str, path: str, seconds: float, **options: Any) -> tuple[int, bytes]:
            status, body = await super().send(method, path, seconds, **options)
            return status, body.replace(b'"endpoint": "http', b'"endpoint": "ftp')

    with pytest.raises(CannotSetUp, match="Deskhours differs in address") as ended:
        await set_up(stand, Forgetful(stand.session, stand.desk.url))
    assert ended.value.begun
    assert ended.value.plan.refused == ()


async def test_what_is_refused_in_the_middle_is_known_as_such(stand: Stand) -> None:
    class Busy(Recorder):
        """Somebody updates nothing but the version, in the middle."""

        async def send(self, method: str, path: str, seconds: float, **options: Any) -> tuple[int, bytes]:
            if path.endswith("/applications") and method == "POST":
                await stand.simulate(version="6.4.1")
            return await super().send(method, path, seconds, **options)

    with pytest.raises(CannotSetUp, match="too old") as ended:
        await set_up(stand, Busy(stand.session, stand.desk.url))
    assert ended.value.begun


async def test_the_credentials_are_those_of_the_application_that_stays(stand: Stand) -> None:
    await set_up(stand)
    setup = Setup(stand.calls(), SETUP, ROLES)
    application = definition().application
    assert application is not None
    held = await setup.credentials(application)
    row = (await stand.listed("applications"))[0]
    assert held == (row["uid"], row["secret"])
    uid, secret = held
    assert await set_up(stand, client_id=uid, client_secret=secret) == []
    form = {"grant_type": "authorization_code", "code": "x", "redirect_uri": application.redirect_uri}
    answer = await stand.desk.submit("/oauth/token", {**form, "client_id": uid, "client_secret": secret})
    assert answer.data["error"] == "invalid_grant"  # the client is known; only the code is none


async def lock(stand: Stand) -> int:
    """Lock ticket 1 as the service does; the status that an agent's reply gets."""
    wanted = {"budget_state": "locked", "budget_release": None}
    headers = {"Authorization": f"Bearer {stand.service}"}
    assert (await stand.desk.call("PUT", "tickets/1", wanted, headers)).status == 200
    return await reply(stand)


async def reply(stand: Stand) -> int:
    return (await stand.desk.call("PUT", "tickets/1", {"title": "Oven, again"}, ADA)).status


async def test_removed_locked_tickets_are_writable_nothing_is_lost_and_setup_brings_all_back(stand: Stand) -> None:
    await set_up(stand)
    roles = {row["name"]: row["id"] for row in await stand.listed("roles?expand=true")}
    people = {row["email"]: row for row in await stand.listed("users")}
    pm = people["pm@example.com"]
    await stand.write("PUT", f"users/{pm['id']}", {"role_ids": [*pm["role_ids"], roles["Budget PM"]]})
    filled = await stand.desk.call("PUT", "tickets/1", {"budget_hours": "10", "harvest_project": "4001"}, ADMIN)
    assert filled.status == 200
    assert await lock(stand) == 422

    removal = Removal(stand.calls(), SETUP)
    told: list[str] = []
    done = await removal.apply(definition(), lambda step: told.append(step.kind))
    assert told == [*["workflow"] * 2, "trigger", "webhook", "application", *["role"] * 2, *["field"] * 8]
    assert [step.name for step in done][:2] == [KEEPER, GATE]
    assert await reply(stand) == 200
    left = await world(stand)
    assert left == {**COMPLETE, "core_workflows": [], "webhooks": [], "triggers": [], "applications": []}
    assert {row["active"] for row in await stand.listed("object_manager_attributes")} == {False}
    assert await removal.apply(definition()) == []

    assert {step.action for step in await set_up(stand)} == {"create", "mend"}
    assert await world(stand) == COMPLETE
    ticket = (await stand.desk.get("tickets/1", ADA)).data
    assert (ticket["budget_hours"], ticket["budget_state"]) == ("10", "locked")
    assert await reply(stand) == 422
    assert (await stand.desk.call("PUT", "tickets/1", {"title": "Mine"}, basic("pm@example.com"))).status == 200


async def test_what_others_use_stays_and_is_named(stand: Stand) -> None:
    await set_up(stand)
    condition = {"ticket.budget_state": {"operator": "is", "value": ["locked"]}}
    perform = {"ticket.priority_id": {"value": "3"}}
    await stand.write("POST", "triggers", {"name": "Their own", "condition": condition, "perform": perform})
    roles = {row["name"]: row["id"] for row in await stand.listed("roles?expand=true")}
    await stand.write("PUT", f"roles/{roles['Budget PM']}", {"permissions": ["ticket.agent"]})
    removal = Removal(stand.calls(), SETUP)
    kept = {step.name: step.words for step in (await removal.plan(definition())).steps if step.action == "ok"}
    assert "Trigger: Their own" in kept["budget_state"]
    assert "permissions of its own" in kept["Budget PM"]
    await removal.apply(definition())
    fields = {row["name"]: row["active"] for row in await stand.listed("object_manager_attributes")}
    assert [name for name, active in fields.items() if active] == ["budget_state"]
    assert {row["name"]: row["active"] for row in await stand.listed("roles")}["Budget PM"]


async def test_changes_that_others_have_waiting_are_not_carried_out(stand: Stand) -> None:
    option = {"type": "text", "maxlength": 20}
    field = {"name": "size", "object": "Ticket", "display": "Size", "data_type": "input", "data_option": option}
    await stand.write("POST", "object_manager_attributes", field)
    with pytest.raises(CannotSetUp, match="size has changes that wait"):
        await set_up(stand)
    await stand.write("POST", "object_manager_attributes_discard_changes", {})
    await set_up(stand)
    await stand.write("POST", "object_manager_attributes", field)
    with pytest.raises(CannotSetUp, match="size has changes that wait"):
        await Removal(stand.calls(), SETUP).apply(definition())
    assert await world(stand) == {
        **COMPLETE,
        "object_manager_attributes": sorted([*COMPLETE["object_manager_attributes"], "size"]),
    }
