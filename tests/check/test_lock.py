"""Whether the lock holds, and whether we are told of changes. Each test breaks one link and reads its row."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from unittest.mock import AsyncMock

import pytest

from plugin_server.check import lock, rules
from plugin_server.check.links import webhook
from plugin_server.helpdesk.zammad.objects import GATE
from plugin_server.runtime import migrations
from tests.check.stand import Stand
from tests.support.world import until

ADA, PM = "ada@example.com", "pm@example.com"


@pytest.fixture
async def locked(stand: Stand) -> Stand:
    """An agent and the project manager are connected, and there is a locked ticket."""
    for email in (ADA, PM):
        await stand.connect(email)
    await stand.lock_a_ticket()
    return stand


@asynccontextmanager
async def another_workflow(stand: Stand, **values: Any) -> AsyncIterator[None]:
    """An administrator has a workflow of their own."""
    record = {
        "name": "House rules",
        "object": "Ticket",
        "preferences": {"screen": ["edit"]},
        "condition_saved": {},
        "condition_selected": {},
        "perform": {},
        "active": True,
        "stop_after_match": False,
        "changeable": True,
        "priority": 9500,
        **values,
    }
    made = await stand.helpdesk("POST", "/core_workflows", record)
    try:
        yield
    finally:
        await stand.helpdesk("DELETE", f"/core_workflows/{made['id']}")


class TestGate:
    async def test_nobody_is_connected(self, stand: Stand) -> None:
        row = (await stand.check())["gate"]
        assert row.state == "skipped"
        assert row.words.startswith("No agent without the PM role is connected yet")

    async def test_no_ticket_is_locked(self, stand: Stand) -> None:
        await stand.connect(ADA)
        row = (await stand.check())["gate"]
        assert (row.state, row.words.startswith("No ticket is locked now")) == ("skipped", True)

    async def test_project_managers_alone_show_nothing(self, stand: Stand) -> None:
        await stand.connect(PM)
        await stand.lock_a_ticket()
        assert (await stand.check())["gate"].state == "skipped"

    async def test_a_workflow_that_is_switched_off(self, locked: Stand) -> None:
        await locked.edit("/core_workflows", GATE, active=False)
        rows = await locked.check(admin=True)
        assert rows["gate"].state == "fail"
        assert rows["gate"].words.startswith("The lock does not hold: Ada Agent (roles: Agent) could write ticket")
        assert "the field budget_release need not be filled" in rows["gate"].words
        assert "deskhours setup" in rows["gate"].todo
        assert rows["workflows"].words == f"The workflow “{GATE}” is not there or not active: nothing stops agents."

    @pytest.mark.parametrize(
        ("effect", "hole"),
        [
            ({"operator": "hide", "hide": "true"}, "is hidden"),
            ({"operator": "set_optional", "set_optional": "true"}, "need not be filled"),
            ({"operator": "add_option", "add_option": ["released"]}, "may be filled with “released”"),
            ({"operator": "remove_option", "remove_option": [""]}, "takes any value"),
        ],
    )
    async def test_a_workflow_that_opens_the_lock(self, locked: Stand, effect: dict[str, Any], hole: str) -> None:
        async with another_workflow(locked, perform={"ticket.budget_release": effect}):
            rows = await locked.check(admin=True)
        assert rows["gate"].state == "fail"
        assert hole in rows["gate"].words
        row = rows["workflows"]
        assert row.state == "fail"
        assert f"“House rules” comes after the lock's and does {effect['operator']} to budget_release" in row.words
        assert row.todo == "Take the field budget_release out of the workflow “House rules”."

    async def test_a_workflow_that_ends_the_run_before_the_lock(self, locked: Stand) -> None:
        async with another_workflow(locked, stop_after_match=True, priority=100):
            rows = await locked.check(admin=True)
        assert rows["gate"].state == "fail"
        assert rows["workflows"].state == "fail"
        assert "ends the run every time: no lock holds" in rows["workflows"].words
        assert "“stop after match”" in rows["workflows"].todo
        somewhere = {"ticket.priority_id": {"operator": "is", "value": ["3"]}}
        async with another_workflow(locked, stop_after_match=True, priority=100, condition_saved=somewhere):
            rows = await locked.check(admin=True)
        assert (rows["gate"].state, rows["workflows"].state) == ("ok", "warn")

    async def test_a_workflow_that_is_none_of_ours(self, locked: Stand) -> None:
        perform = {"ticket.budget_release": {"operator": "hide", "hide": "true"}}
        before = {"perform": perform, "priority": 100}
        elsewhere = {"perform": perform, "preferences": {"screen": ["create_middle"]}}
        for values in (before, elsewhere, {"perform": perform, "active": False}):
            async with another_workflow(locked, **values):
                rows = await locked.check(admin=True)
            assert (rows["gate"].state, rows["workflows"].state) == ("ok", "ok"), values

    async def test_a_new_role_of_agents_that_the_lock_does_not_know(self, locked: Stand) -> None:
        role = await locked.named("/roles", "Agent")
        values = {"name": "Night shift", "permissions": ["ticket.agent", "user_preferences"]}
        made = await locked.helpdesk("POST", "/roles", {**values, "group_ids": {"1": ["full"]}})
        bo = (await locked.helpdesk("GET", "/users/search?query=bo@example.com"))[0]
        await locked.helpdesk("PUT", f"/users/{bo['id']}", {"role_ids": [made["id"]]})
        try:
            await locked.connect("bo@example.com")
            rows = await locked.check(admin=True)
        finally:
            await locked.helpdesk("PUT", f"/users/{bo['id']}", {"role_ids": bo["role_ids"]})
            await locked.helpdesk("PUT", f"/roles/{made['id']}", {"permissions": [], "active": False})
        assert role["id"] in bo["role_ids"]
        assert "Bo Agent (roles: Night shift) could write ticket" in rows["gate"].words
        assert rows["setup"].words == f"Workflow {GATE}: differs in conditions."

    async def test_a_lock_that_stops_the_project_manager_too(self, locked: Stand) -> None:
        gate = await locked.named("/core_workflows", GATE)
        condition = {name: term for name, term in gate["condition_saved"].items() if name != "session.role_ids"}
        await locked.edit("/core_workflows", GATE, condition_saved=condition)
        row = (await locked.check())["gate"]
        assert row.state == "warn"
        assert row.words == "The lock stops Mo Manager, too, who holds the role “Budget PM”."

    async def test_somebody_who_has_just_become_a_project_manager(self, locked: Stand) -> None:
        ada = (await locked.helpdesk("GET", f"/users/search?query={ADA}"))[0]
        await locked.give_role(ADA, "Budget PM")
        try:
            row = (await locked.check())["gate"]
        finally:
            await locked.helpdesk("PUT", f"/users/{ada['id']}", {"role_ids": ada["role_ids"]})
        assert row.state == "skipped", "no worker has read the role yet, the helpdesk goes by it"
        assert row.words.startswith("No agent without the PM role is connected yet")

    async def test_a_project_manager_who_is_none_any_more(self, locked: Stand) -> None:
        manager = (await locked.helpdesk("GET", f"/users/search?query={PM}"))[0]
        await locked.take_role(PM, "Budget PM")
        try:
            row = (await locked.check())["gate"]
        finally:
            await locked.helpdesk("PUT", f"/users/{manager['id']}", {"role_ids": manager["role_ids"]})
        assert row.state == "ok", row

    async def test_the_advice_goes_by_what_is_looked_at(self, locked: Stand) -> None:
        await locked.edit("/core_workflows", GATE, active=False)
        assert "DESKHOURS_SETUP_TOKEN" in (await locked.check())["gate"].todo
        todo = (await locked.check(admin=True))["gate"].todo
        assert "the row “workflows” names" in todo
        assert "DESKHOURS_SETUP_TOKEN" not in todo

    async def test_a_release_that_is_still_filled_opens_the_lock(self, stand: Stand) -> None:
        await stand.connect(ADA)
        await stand.lock_a_ticket(budget_release="released")
        row = (await stand.check())["gate"]
        assert row.state == "fail"
        assert "may be filled with “released”" in row.words


class TestAgents:
    async def test_nobody_yet(self, stand: Stand) -> None:
        assert (await stand.check())["agents"].words == "Nobody is connected yet."

    async def test_who_has_to_connect_again_is_named(self, locked: Stand) -> None:
        assert (await locked.check())["agents"].words == "2 agent(s) are connected, and none has to connect again."
        await locked.pool.execute(
            "UPDATE agent_token SET broken_at = now() WHERE agent_id = (SELECT id FROM agent WHERE name = 'Ada')"
        )
        row = (await locked.check())["agents"]
        assert (row.state, row.words) == ("warn", "No longer connected to the helpdesk: Ada.")

    async def test_grants_that_are_dead_are_found_out_by_trying(self, locked: Stand) -> None:
        dead = locked.vault.seal("of an application that is no more")
        await locked.pool.execute("UPDATE agent_token SET access = $1, refresh = $1", dead)
        rows = await locked.check()
        words = "No longer connected to the helpdesk: Ada, Mo."
        assert (rows["agents"].state, rows["agents"].words) == ("warn", words)
        assert rows["gate"].words.startswith("The agents who are to be asked have to connect again")


class TestWebhook:
    async def test_without_a_secret_there_is_only_the_poll(self, stand: Stand) -> None:
        stand.change(lambda data: data["helpdesk"].pop("webhook_secret"))
        row = (await stand.check())["webhook"]
        assert (row.state, "by the poll only" in row.words) == ("skipped", True)

    async def test_a_call_that_came_is_told(self, locked: Stand) -> None:
        await until(lambda: locked.pool.fetchval("SELECT count(*) > 1 FROM webhook_delivery"))
        row = (await locked.check())["webhook"]
        assert row.state == "ok"
        assert row.words.startswith("The last call came ")

    async def test_a_signature_that_is_not_right(self, stand: Stand) -> None:
        hook = await stand.named("/webhooks", "Deskhours")
        await stand.helpdesk("PUT", f"/webhooks/{hook['id']}", {"signature_token": "another"})
        await stand.lock_a_ticket()
        await until(stand.calls)
        row = (await stand.check(admin=True))["webhook"]
        assert row.state == "fail"
        assert "was refused: its signature is not right" in row.words
        assert "deskhours setup" in row.todo

    async def test_a_webhook_that_calls_another_address(self, stand: Stand, unused_tcp_port: int) -> None:
        await stand.lock_a_ticket()
        await until(stand.calls)  # taken, at our own address
        hook = await stand.named("/webhooks", "Deskhours")
        endpoint = f"http://127.0.0.1:{unused_tcp_port}/hooks/helpdesk"
        await stand.helpdesk("PUT", f"/webhooks/{hook['id']}", {"endpoint": endpoint})
        await stand.lock_a_ticket()

        async def failed() -> bool:
            return any(one["url"] == endpoint for one in await stand.calls())

        await until(failed)
        row = (await stand.check(admin=True))["webhook"]
        assert row.state == "fail"
        assert "found nobody (its log says: " in row.words

    async def test_a_call_that_was_taken_does_not_hide_those_never_made(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stand.lock_a_ticket()
        await until(stand.calls)
        monkeypatch.setattr(webhook, "LATE", timedelta())

        async def missed(admin: bool) -> bool:
            # Calls of what happened before may still be coming.
            await stand.pool.execute("UPDATE webhook_delivery SET taken_at = taken_at - interval '1 hour'")
            row = (await stand.check(admin=admin))["webhook"]
            return row.state == "warn" and "No call has come since" in row.words

        for admin in (False, True):
            await until(partial(missed, admin))

    async def test_what_changed_before_there_was_a_deskhours_was_told_to_nobody(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await stand.lock_a_ticket()
        await stand.all_is_told()
        await stand.pool.execute("TRUNCATE webhook_delivery")
        monkeypatch.setattr(webhook, "LATE", timedelta())
        assert (await stand.check())["webhook"].state == "fail"
        monkeypatch.setattr(migrations, "began", AsyncMock(return_value=datetime.now(UTC)))
        assert (await stand.check())["webhook"].state == "skipped"


def test_calls_by_the_helpdesks_own_log() -> None:
    assert rules.last_call("webhook", 204, "now").state == "ok"
    for status, words in ((0, "found nobody"), (404, "knows of no webhook"), (502, "was answered with 502")):
        row = rules.last_call("webhook", status, "now")
        assert row.state == "fail"
        assert words in row.words


def test_the_log_is_told_in_the_helpdesks_own_words() -> None:
    row = rules.last_call("webhook", 0, "now", "Connection refused.\n  (connect 2)")
    assert "found nobody (its log says: Connection refused. (connect 2))." in row.words
    assert len(rules.last_call("webhook", 502, "now", "word " * 500).words) < 300


def test_changes_that_nobody_told_of() -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    changed = [("10001", now - timedelta(hours=1))]

    def row(last: datetime | None, changed: Sequence[tuple[str, datetime]] = changed) -> rules.Result:
        return rules.deliveries("webhook", last, changed, by_log=False)

    never = row(None)
    assert (never.state, never.words) == ("fail", "No call has ever come, though ticket 10001 was changed.")
    assert row(now - timedelta(hours=3)).state == "warn"
    stopped = row(now - timedelta(minutes=62))
    assert (stopped.state, "though ticket 10001 was changed" in stopped.words) == ("warn", True)
    assert row(now - timedelta(minutes=60, seconds=5)).state == "ok", "clocks differ by some seconds"
    assert row(now - timedelta(minutes=59)).state == "ok"
    assert row(None, []).state == "skipped"
    assert "DESKHOURS_SETUP_TOKEN" in never.todo
    assert "DESKHOURS_SETUP_TOKEN" not in rules.deliveries("webhook", None, changed, by_log=True).todo


def test_an_answer_without_the_field_is_no_lock() -> None:
    assert lock.gate_holes({}, "release") == ["the field release need not be filled"]
    holds = {"mandatory": {"release": True}, "visibility": {"release": "show"}, "restrict_values": {"release": [""]}}
    assert lock.gate_holes(holds, "release") == []
    assert lock.gate_holes({**holds, "restrict_values": {}}, "release") == ["the field release takes any value"]
