"""Core workflows as a gate: what holds a locked ticket, for whom, and through which holes one still gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, ADMIN, CUSTOMER, SERVICE, Helpdesk, basic
from tests.demo_helpdesk.lock import (
    HIDDEN,
    RELEASE,
    SELECT,
    STATE,
    ensure_attributes,
    lock,
    make_workflow,
    remove_attribute,
    remove_workflow,
    role,
    workflow,
)

PM = basic("pm@example.com")
MISSING = "Missing required value for field 'budget_release'!"


@pytest.fixture
async def gate(desk: Helpdesk) -> AsyncIterator[int]:
    """The attributes and the stored workflow."""
    await ensure_attributes(desk, STATE, RELEASE)
    number = await make_workflow(desk)
    yield number
    await remove_workflow(desk, number)


@pytest.fixture
async def locked(desk: Helpdesk, gate: int) -> dict[str, Any]:
    ticket = await desk.ticket()
    await lock(desk, ticket)
    return ticket


async def articles(desk: Helpdesk, ticket: dict[str, Any]) -> int:
    return len((await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", SERVICE)).data)


class TestGate:
    @pytest.mark.parametrize(
        ("change", "error"),
        [
            ({"article": {"body": "reply", "type": "email", "to": "acorn@example.com"}}, MISSING),
            ({"article": {"body": "note", "internal": True}}, MISSING),
            ({"title": "other"}, MISSING),
            ({}, MISSING),
            ({"budget_state": "open"}, MISSING),
            ({"budget_release": " "}, MISSING),
            ({"budget_release": "released"}, "Invalid value 'released' for field 'budget_release'!"),
            ({"budget_release": "x"}, "Invalid value 'x' for field 'budget_release'!"),
            (
                {"budget_state": "open", "budget_release": "released"},
                "Invalid value 'released' for field 'budget_release'!",
            ),
        ],
    )
    async def test_nothing_gets_through(
        self, desk: Helpdesk, locked: dict[str, Any], change: dict[str, Any], error: str
    ) -> None:
        before = await articles(desk, locked)
        path = f"tickets/{locked['id']}"
        agent = await desk.call("PUT", path, change, ADA)
        assert agent.status == 422
        assert agent.data["error"].endswith(": Please contact your administrator.")
        assert "error_human" not in agent.data
        admin = await desk.call("PUT", path, change, ADMIN)
        assert (admin.status, admin.data) == (422, {"error": error})
        on_behalf = await desk.call("PUT", path, change, {**SERVICE, "From": "ada@example.com"})
        assert on_behalf.status == 422
        now = (await desk.get(path, SERVICE)).data
        assert (now["title"], now["budget_state"], now["budget_release"]) == ("New", "locked", None)
        assert await articles(desk, locked) == before

    async def test_customers_are_held_up_too(self, desk: Helpdesk, locked: dict[str, Any]) -> None:
        answer = await desk.call("PUT", f"tickets/{locked['id']}", {"article": {"body": "hello?"}}, CUSTOMER)
        assert answer.status == 422

    async def test_managers_and_the_service_pass(self, desk: Helpdesk, locked: dict[str, Any]) -> None:
        path = f"tickets/{locked['id']}"
        assert (await desk.call("PUT", path, {"article": {"body": "go on"}}, PM)).status == 200
        assert (await desk.call("PUT", path, {"title": "a"}, {**SERVICE, "From": "pm@example.com"})).status == 200
        assert (await desk.call("PUT", path, {"budget_state": "open"}, SERVICE)).status == 200
        assert (await desk.call("PUT", path, {"article": {"body": "reply"}}, ADA)).status == 200

    async def test_tickets_that_are_not_locked_are_free(self, desk: Helpdesk, gate: int) -> None:
        ticket = await desk.ticket()
        for state in ("open", "warn", None):
            done = await desk.call(
                "PUT", f"tickets/{ticket['id']}", {"budget_state": state, "article": {"body": "x"}}, ADA
            )
            assert done.status == 200


class TestHoles:
    """The real one has them; a lock that is thought to have none is no lock."""

    async def test_articles_by_their_own_call(self, desk: Helpdesk, locked: dict[str, Any]) -> None:
        sent = {"ticket_id": locked["id"], "body": "past the gate", "type": "note"}
        made = await desk.call("POST", "ticket_articles", sent, ADA)
        assert made.status == 201
        path = f"ticket_articles/{made.data['id']}"
        assert (await desk.call("PUT", path, {"internal": True}, ADA)).data["internal"] is True

    async def test_tags_and_time(self, desk: Helpdesk, locked: dict[str, Any]) -> None:
        tag = {"object": "Ticket", "o_id": locked["id"], "item": "late"}
        assert (await desk.call("POST", "tags/add", tag, ADA)).status == 201
        path = f"tickets/{locked['id']}/time_accountings"
        assert (await desk.call("POST", path, {"time_unit": "1"}, SERVICE)).status in (201, 403)
        await desk.set("time_accounting", True)
        try:
            assert (await desk.call("POST", path, {"time_unit": "1"}, ADA)).status == 201
        finally:
            await desk.set("time_accounting", False)

    async def test_a_value_left_from_before_satisfies_the_gate(self, desk: Helpdesk, gate: int) -> None:
        ticket = await desk.ticket()
        path = f"tickets/{ticket['id']}"
        assert (await desk.call("PUT", path, {"budget_release": "released"}, ADA)).status == 200
        assert (await desk.call("PUT", path, {"budget_state": "locked"}, SERVICE)).status == 200
        assert (await desk.call("PUT", path, {"article": {"body": "through"}}, ADA)).status == 200

    async def test_without_a_null_option_everything_is_allowed(self, desk: Helpdesk, gate: int) -> None:
        tight = {**RELEASE, "name": "tight_release"}
        tight["data_option"] = {**SELECT, "nulloption": False, "options": {"released": "released"}}
        await ensure_attributes(desk, tight)
        perform = {"ticket.tight_release": {**workflow([])["perform"]["ticket.budget_release"]}}
        number = await make_workflow(desk, name="Tight", perform=perform)
        await desk.call("PUT", f"core_workflows/{gate}", {"active": False}, SERVICE)
        ticket = await desk.ticket()
        await lock(desk, ticket)
        path = f"tickets/{ticket['id']}"
        assert (await desk.call("PUT", path, {"title": "held"}, ADA)).status == 422
        assert (await desk.call("PUT", path, {"tight_release": "anything"}, ADA)).status == 200
        assert (await desk.call("PUT", path, {"title": "free"}, ADA)).status == 200
        await remove_workflow(desk, number)
        await remove_attribute(desk, "tight_release")

    @pytest.mark.parametrize(
        ("priority", "stop", "effect", "status"),
        [
            (950, False, "hide", 200),
            (950, False, "remove", 200),
            (950, False, "set_optional", 200),
            (100, False, "hide", 422),
            (100, True, "set_readonly", 200),
            (100, False, "set_readonly", 422),
        ],
    )
    async def test_other_workflows(
        self, desk: Helpdesk, locked: dict[str, Any], priority: int, stop: bool, effect: str, status: int
    ) -> None:
        perform = {"ticket.budget_release": {"operator": effect, effect: "true"}}
        other = await make_workflow(desk, name="Other", priority=priority, stop_after_match=stop, perform=perform)
        answer = await desk.call("PUT", f"tickets/{locked['id']}", {"title": "x"}, ADA)
        await remove_workflow(desk, other)
        assert answer.status == status

    async def test_a_workflow_on_an_attribute_that_is_gone_holds_up_everybody(self, desk: Helpdesk) -> None:
        await ensure_attributes(desk, STATE, {**RELEASE, "name": "gone_release"})
        perform = {"ticket.gone_release": {"operator": ["show", "set_mandatory"], "show": "true"}}
        number = await make_workflow(desk, name="Gone", perform=perform)
        ticket = await desk.ticket()
        await lock(desk, ticket)
        await remove_attribute(desk, "gone_release")
        answer = await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "x"}, ADMIN)
        await remove_workflow(desk, number)
        assert answer.data == {"error": "Missing required value for field 'gone_release'!"}


class TestForms:
    async def test_what_only_forms_heed(self, desk: Helpdesk, gate: int) -> None:
        await ensure_attributes(desk, STATE)
        perform = {
            "ticket.title": {"operator": "set_readonly", "set_readonly": "true"},
            "ticket.priority_id": {"operator": ["hide", "select"], "select": ["3"]},
            "ticket.budget_release": {"operator": "fill_in", "fill_in": "released"},
        }
        number = await make_workflow(desk, name="Forms", perform=perform, condition_saved={})
        ticket = await desk.ticket()
        changed = await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "all the same", "priority_id": 1}, ADA)
        payload = {"class_name": "Ticket", "screen": "edit", "params": {"id": ticket["id"]}, "request_id": "r1"}
        shown = (await desk.call("POST", "core_workflows/perform", payload, ADA)).data
        await remove_workflow(desk, number)
        assert (changed.data["title"], changed.data["priority_id"]) == ("all the same", 1)
        assert shown["request_id"] == "r1"
        assert shown["readonly"]["title"] is True
        assert shown["visibility"]["priority_id"] == "hide"
        assert (shown["select"], shown["fill_in"]) == ({"priority_id": "3"}, {"budget_release": "released"})
        assert number in shown["matched_workflows"]
        assert shown["rerun_count"] >= 1

    async def test_a_dry_run_of_the_gate(self, desk: Helpdesk, locked: dict[str, Any], gate: int) -> None:
        payload = {"class_name": "Ticket", "screen": "edit", "params": {"id": locked["id"]}}
        for headers, hit in ((ADA, True), (PM, False), ({**SERVICE, "From": "ada@example.com"}, True)):
            answer = (await desk.call("POST", "core_workflows/perform", payload, headers)).data
            assert (gate in answer["matched_workflows"]) == hit
            assert answer["mandatory"]["budget_release"] is hit
            assert answer["visibility"]["budget_release"] == ("show" if hit else "remove")
            assert answer["restrict_values"]["budget_release"] == ([""] if hit else ["", "released"])
            assert answer["visibility"]["pending_time"] == "remove"

    async def test_without_an_object_nothing_is_found_out(self, desk: Helpdesk) -> None:
        assert (await desk.call("POST", "core_workflows/perform", {"screen": "edit"}, ADA)).data == {}

    async def test_new_tickets_by_the_customers_organization(self, desk: Helpdesk) -> None:
        number = await make_workflow(
            desk,
            name="New tickets",
            preferences={"screen": ["create_middle"]},
            condition_saved={},
            condition_selected={
                "customer.organization.name": {"operator": "is", "value": ["Acorn Bakery"]},
                "session.role_ids": {"operator": "is not", "value": [str(await role(desk, "Budget PM"))]},
            },
        )
        new = {"title": "New", "group": "Support", "article": {"body": "x"}}
        answers = [
            await desk.call("POST", "tickets", {**new, "customer": f"{name}@example.com"}, headers)
            for name, headers in (("acorn", ADA), ("birch", ADA), ("acorn", PM))
        ]
        await remove_workflow(desk, number)
        assert [one.status for one in answers] == [422, 201, 201]

    async def test_states_that_nobody_chooses(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket(state="open")
        for state in ("merged", "new"):
            answer = await desk.call("PUT", f"tickets/{ticket['id']}", {"state": state}, ADMIN)
            assert answer.data == {"error": f"Invalid value '{5 if state == 'merged' else 1}' for field 'state_id'!"}


class TestRecords:
    async def test_administrators_keep_them(self, desk: Helpdesk) -> None:
        for method, path in (("GET", "core_workflows"), ("POST", "core_workflows"), ("DELETE", "core_workflows/1")):
            assert (await desk.call(method, path, {} if method == "POST" else None, ADA)).status == 403
        number = await make_workflow(desk, name="Kept")
        path = f"core_workflows/{number}"
        shown = (await desk.get(path, SERVICE)).data
        assert shown["perform"]["ticket.budget_release"]["set_fixed_to"] == [""]
        assert (shown["priority"], shown["changeable"], shown["active"]) == (900, True, True)
        twice = await desk.call("POST", "core_workflows", workflow([], name="kEPT"), SERVICE)
        assert (twice.status, twice.data["error"]) == (422, "Name has already been taken")
        changed = (await desk.call("PUT", path, {"active": False}, SERVICE)).data
        assert (changed["active"], changed["perform"]) == (False, shown["perform"])
        await remove_workflow(desk, number)
        listed = (await desk.get("core_workflows", SERVICE)).data
        assert number not in [one["id"] for one in listed]
        # What comes along is neither seen nor changed.
        assert (await desk.get("core_workflows/1", SERVICE)).status == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"object": "Organization"},
            {"preferences": {"screen": ["overview_bulk"]}},
            {"condition_saved": {"ticket.budget_state": {"operator": "sounds like", "value": ["x"]}}},
            {"condition_saved": {"article.body": {"operator": "is", "value": ["x"]}}},
            {"condition_selected": {"ticket.tags": {"operator": "contains", "value": ["x"]}}},
            {"perform": {"ticket.budget_release": {"operator": "explode"}}},
            {"perform": {"custom.module": {"operator": "show"}}},
            {"priority": "high"},
        ],
    )
    async def test_what_is_not_simulated_is_refused(self, desk: Helpdesk, change: dict[str, Any]) -> None:
        answer = await desk.call("POST", "core_workflows", {**workflow([], name="Refused"), **change}, SERVICE)
        assert answer.status == 422


def test_the_helpers_hide_the_attributes_from_everybody() -> None:
    assert all(not one["shown"] for screen in HIDDEN.values() for one in screen.values())
