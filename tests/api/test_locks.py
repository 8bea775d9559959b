"""Locks, from an entry in Harvest to what the helpdesk refuses, and every way around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest

from plugin_server.runtime import datadir
from tests.support.demo import Demo
from tests.support.signin import Api, signed_in
from tests.support.world import ADA, SUPPORT, World, today, until

ADA_MAIL, PM_MAIL, ADMIN_MAIL = "ada@example.com", "pm@example.com", "admin@example.com"
MINUTE = 60.0


@pytest.fixture
async def manager(demo: Demo) -> AsyncIterator[Api]:
    """The API as the project manager."""
    async with signed_in(demo, PM_MAIL) as api:
        yield api


async def worked(world: World, project: int, hours: float, **more: Any) -> int:
    """Time entered in Harvest's own app."""
    entry = {"project_id": project, "task_id": SUPPORT, "spent_date": today(), "hours": hours, "user_id": ADA, **more}
    return int((await world.harvest("POST", "/v2/time_entries", entry))["id"])


async def state(world: World, ticket: int) -> str | None:
    shown: str | None = (await world.helpdesk("GET", f"/tickets/{ticket}"))["budget_state"]
    return shown


async def ticket_with(world: World, api: Api, hours: float, **fields: Any) -> tuple[int, int]:
    """A ticket whose project has seen so much work before it was made, and the project. Figures go to the helpdesk at
    most once a minute: the first time they are right at once."""
    project = await world.project(ADA)
    entry = await worked(world, project, hours)
    await read(api)
    await until(lambda: is_known(world, entry), bool, MINUTE)
    ticket = await world.ticket(harvest_project=str(project), **{"budget_pm": PM_MAIL, **fields})
    assert (await api.get(f"/api/v1/tickets/{ticket}/panel")).status == 200  # somebody opens it, before the poll
    await until(lambda: world.helpdesk("GET", f"/tickets/{ticket}"), lambda one: one["hours_used"] is not None, MINUTE)
    return ticket, project


async def is_known(world: World, entry: int) -> bool:
    """Whether Deskhours has read the entry."""
    connection = await product_database(world)
    try:
        return bool(await connection.fetchval("SELECT true FROM attribution WHERE entry_id = $1", entry))
    finally:
        await connection.close()


async def read(api: Api) -> None:
    """Have what is new in Harvest read now, not at the next round."""
    assert (await api.post("/api/v1/tickets/1/refresh")).status == 200


async def used(api: Api, ticket: int) -> str:
    """The hours that the panel shows."""
    panel = (await api.get(f"/api/v1/tickets/{ticket}/panel")).json
    return str(panel["details"]["budget"]["used_hours"])


async def locked_ticket(world: World, api: Api, **fields: Any) -> tuple[int, int]:
    """A ticket of 2 hours with 3 hours on it, locked in the helpdesk; and its project."""
    ticket, project = await ticket_with(world, api, 3, budget_hours="2", **fields)
    await lock_follows(world, api, ticket)
    return ticket, project


async def lock_follows(world: World, api: Api, ticket: int) -> None:
    await read(api)
    await until(lambda: state(world, ticket), lambda shown: shown == "locked", MINUTE)


async def tried(world: World, email: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """A call of the helpdesk as somebody, whatever comes of it."""
    headers = {"Authorization": aiohttp.encode_basic_auth(email, "demo")}
    url = f"{world.demo.helpdesk}/api/v1{path}"
    async with world.session.request(method, url, json=body, headers=headers) as response:
        return response.status, await response.json()


async def product_database(world: World) -> asyncpg.Connection[asyncpg.Record]:
    running = datadir.resolve(str(world.demo.data))
    assert running
    return await asyncpg.connect(running.database_url)


async def ledger(world: World, ticket: int, kind: str) -> list[Any]:
    """Rows of the ledger."""
    connection = await product_database(world)
    try:
        found: list[Any] = await connection.fetch(
            "SELECT * FROM budget_event WHERE ticket_id = $1 AND kind = $2 ORDER BY id", ticket, kind
        )
        return found
    finally:
        await connection.close()


async def articles(world: World, ticket: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await world.helpdesk("GET", f"/ticket_articles/by_ticket/{ticket}")
    return found


async def notes(world: World, ticket: int, words: str) -> list[dict[str, Any]]:
    """Notes by Deskhours that say so."""
    return [one for one in await articles(world, ticket) if one["internal"] and words in one["body"]]


def reply(body: str = "We are on it") -> dict[str, Any]:
    return {"body": body, "type": "email", "to": "acorn@example.com", "internal": False, "content_type": "text/plain"}


def note(body: str = "For us") -> dict[str, Any]:
    return {"body": body, "type": "note", "internal": True}


class TestLock:
    async def test_hours_over_the_budget_lock_the_ticket_and_its_manager_is_told_once(
        self, world: World, ada: Api
    ) -> None:
        ticket, project = await ticket_with(world, ada, 2, budget_hours="2")
        full = await world.helpdesk("GET", f"/tickets/{ticket}")
        assert (full["budget_state"], full["budget_utilization"]) == ("warn", 100), "exactly 100 % is red, not locked"
        panel = (await ada.get(f"/api/v1/tickets/{ticket}/panel")).json
        assert (panel["band"], panel["locked"]) == ("red", False)

        await worked(world, project, 0.25)
        await lock_follows(world, ada, ticket)
        told = await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        assert 'data-mention-user-id="5"' in told[0]["body"]
        panel = (await ada.get(f"/api/v1/tickets/{ticket}/panel")).json
        assert (panel["band"], panel["locked"]) == ("red", True)

        await worked(world, project, 1)
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "3.25", MINUTE)
        assert len(await notes(world, ticket, "budget is used up")) == 1, "once a crossing, not once a sync"

    async def test_the_manager_is_told_once_though_the_helpdesks_answer_is_lost(self, world: World, ada: Api) -> None:
        await world.helpdesk_fault("POST /api/v1/ticket_articles", "drop_after", times=1)
        try:
            ticket, _project = await locked_ticket(world, ada)
            told = await until(lambda: ledger(world, ticket, "told"), bool, MINUTE)
        finally:
            await world.helpdesk_faults_over()
        assert len(told) == 1
        assert len(await notes(world, ticket, "budget is used up")) == 1

    async def test_by_e_mail_when_a_mention_is_not_possible(self, world: World, ada: Api) -> None:
        words = "A mentioned user has no agent access to this ticket"
        await world.helpdesk_fault("POST /api/v1/ticket_articles", "status", status=422, times=1, error=words)
        try:
            ticket, _project = await locked_ticket(world, ada)
            found = await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        finally:
            await world.helpdesk_faults_over()
        assert [(one["type"], one["to"]) for one in found] == [("email", PM_MAIL)]

    async def test_a_person_named_without_the_role_is_skipped_and_that_is_said(self, world: World, ada: Api) -> None:
        ticket, _project = await ticket_with(world, ada, 3, budget_hours="2", budget_pm="bo@example.com")
        found = await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        assert "for want of the project manager role: bo@example.com" in found[0]["body"]
        assert 'data-mention-user-id="5"' in found[0]["body"], "everyone in the role"

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "Other"},
            {"article": reply()},
            {"article": note()},
            {"budget_release": "released"},
            {"budget_release": "anything"},
            {"budget_state": "open"},
            {"budget_state": "open", "budget_release": "released", "article": reply()},
            {"state": "closed"},
            {},
        ],
    )
    async def test_an_agents_write_is_refused_whatever_it_holds(
        self, world: World, demo_lock: int, change: dict[str, Any]
    ) -> None:
        before = await articles(world, demo_lock)
        status, _answer = await tried(world, ADA_MAIL, "PUT", f"/tickets/{demo_lock}", change)
        assert status == 422
        mine = [one for one in await articles(world, demo_lock) if one["created_by_id"] == 3]
        assert mine == [one for one in before if one["created_by_id"] == 3]
        assert await state(world, demo_lock) == "locked"

    async def test_a_macro_and_a_bulk_change_are_refused_too(self, world: World, demo_lock: int) -> None:
        body = {"ticket_ids": [demo_lock], "attributes": {"state": "closed"}, "article": reply()}
        status, _answer = await tried(world, ADA_MAIL, "POST", "/tickets/mass_update", body)
        assert status == 422

    async def test_managers_customers_and_the_service_are_unhindered(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        answer = await world.helpdesk_as(PM_MAIL, "PUT", f"/tickets/{ticket}", {"article": note("Talked to them")})
        assert answer["id"] == ticket
        await world.helpdesk_as("acorn@example.com", "PUT", f"/tickets/{ticket}", {"article": {"body": "Any news?"}})
        await world.helpdesk("PUT", f"/tickets/{ticket}", {"priority": "3 high"})

    async def test_without_the_workflow_replies_go_out(self, world: World, ada: Api) -> None:
        """It is the helpdesk that enforces the lock, by nothing but this record."""
        ticket, _project = await locked_ticket(world, ada)
        workflows = await world.helpdesk("GET", "/core_workflows")
        gate = next(one for one in workflows if "must release" in one["name"])
        await world.helpdesk("DELETE", f"/core_workflows/{gate['id']}")
        try:
            status, _answer = await tried(world, ADA_MAIL, "PUT", f"/tickets/{ticket}", {"article": note("Free")})
            assert status == 200
        finally:
            kept = ("name", "object", "preferences", "condition_saved", "condition_selected", "perform", "active")
            again = {key: gate[key] for key in (*kept, "stop_after_match", "priority")}
            await world.helpdesk("POST", "/core_workflows", again)
        status, _answer = await tried(world, ADA_MAIL, "PUT", f"/tickets/{ticket}", {"article": note("Not free")})
        assert status == 422

    @pytest.mark.parametrize("budget", ["", "0", "-5", "ten", "1e9", "½"])
    async def test_what_is_no_budget_never_locks(self, world: World, ada: Api, budget: str) -> None:
        ticket, _project = await ticket_with(world, ada, 5, budget_hours=budget)
        shown = await world.helpdesk("GET", f"/tickets/{ticket}")
        assert (shown["hours_used"], shown["budget_state"], shown["budget_utilization"]) == ("5.00", "open", None)
        answer = await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)
        assert ("not a number of hours" in answer.text) == bool(budget)
        assert "No budget is set" in answer.text or budget

    @pytest.mark.parametrize("project", ["99999999", "abc", "0", "4001x"])
    async def test_a_project_that_is_none_never_locks(self, world: World, ada: Api, project: str) -> None:
        ticket = await world.ticket(harvest_project=project, budget_hours="1")
        answer = await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)
        assert answer.status == 200
        assert 'role="alert"' in answer.text
        assert 'data-locked="false"' in answer.text


@pytest.fixture
async def demo_lock(world: World, ada: Api) -> int:
    """A locked ticket that its tests leave as it is."""
    ticket, _project = await locked_ticket(world, ada)
    return ticket


class TestBypasses:
    async def bypassed(self, world: World, ticket: int, words: str) -> None:
        found = await until(lambda: notes(world, ticket, words), bool, MINUTE)
        assert 'data-mention-user-id="5"' in found[0]["body"]

    @pytest.mark.parametrize("disguise", [{}, {"sender": "System"}, {"sender": "Customer"}, {"internal": True}])
    async def test_an_article_sent_by_itself_is_reported(
        self, world: World, ada: Api, disguise: dict[str, Any]
    ) -> None:
        """Whatever it calls its sender; an internal e-mail is sent all the same."""
        ticket, _project = await locked_ticket(world, ada)
        await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        article = {"ticket_id": ticket, **reply(), **disguise}
        await world.helpdesk_as(ADA_MAIL, "POST", "/ticket_articles", {"ticket_id": ticket, **note("Harmless")})
        await world.helpdesk_as(ADA_MAIL, "POST", "/ticket_articles", article)
        await self.bypassed(world, ticket, "Ada Agent replied although")
        assert len(await notes(world, ticket, "although the ticket is locked")) == 1, "a note is no reply"

    async def test_a_note_made_public_is_reported(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        made = await world.helpdesk_as(ADA_MAIL, "POST", "/ticket_articles", {"ticket_id": ticket, **note("Psst")})
        await self.watched(world, ticket, int(made["id"]))
        await world.helpdesk_as(ADA_MAIL, "PUT", f"/ticket_articles/{made['id']}", {"internal": False})
        await self.bypassed(world, ticket, "made an internal note public")

    async def watched(self, world: World, ticket: int, article: int) -> None:
        """Deskhours has seen the article while it was internal: what it writes down shows in its ledger's cursor."""

        async def seen() -> int:
            connection = await product_database(world)
            try:
                value: int | None = await connection.fetchval(
                    "SELECT watched_article FROM ticket_budget WHERE ticket_id = $1", ticket
                )
            finally:
                await connection.close()
            return value or 0

        await until(seen, lambda last: last >= article, MINUTE)

    async def test_a_merge_out_of_the_lock_is_reported_and_the_hours_follow(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        target = await world.ticket(budget_hours="50", budget_pm=PM_MAIL)
        number = (await world.helpdesk("GET", f"/tickets/{target}"))["number"]
        await world.helpdesk_as(ADA_MAIL, "PUT", f"/ticket_merge/{ticket}/{number}")
        await self.bypassed(world, target, "has been merged into this one")
        await until(lambda: used(ada, target), lambda shown: shown == "3.00", MINUTE)

    async def test_a_ticket_split_off_the_lock_is_reported(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        article = (await articles(world, ticket))[0]["id"]
        await self.watched(world, ticket, article)
        await world.helpdesk_as(
            ADA_MAIL,
            "POST",
            "/tickets",
            {
                "title": "The same again",
                "group": "Support",
                "customer": "acorn@example.com",
                "article": reply("On from here"),
                "links": {"Ticket": {"parent": [ticket]}},
            },
        )
        await self.bypassed(world, ticket, "linked with this one")

    async def test_a_bulk_change_with_nothing_but_an_article_is_reported(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        await until(lambda: notes(world, ticket, "budget is used up"), bool, MINUTE)
        body = {"ticket_ids": [ticket], "article": reply()}
        status, _answer = await tried(world, ADA_MAIL, "POST", "/tickets/mass_update", body)
        assert status == 200, "Zammad runs no workflow on it"
        await self.bypassed(world, ticket, "Ada Agent replied although")


class TestPutBack:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("budget_hours", "1000"),
            ("quoted_hours", "9"),
            ("budget_pm", ADA_MAIL),
            ("hours_used", "0"),
            ("budget_utilization", 1),
            ("budget_state", "locked"),
            ("budget_release", "released"),
        ],
    )
    async def test_what_an_agent_changes_is_put_back_and_reported(
        self, world: World, ada: Api, field: str, value: str | int
    ) -> None:
        ticket, _project = await ticket_with(world, ada, 1, budget_hours="10")
        before = await world.helpdesk("GET", f"/tickets/{ticket}")
        await world.helpdesk_as(ADA_MAIL, "PUT", f"/tickets/{ticket}", {field: value})
        await until(
            lambda: world.helpdesk("GET", f"/tickets/{ticket}"),
            lambda one: (one[field] or "") == (before[field] or ""),
            MINUTE,
        )
        found = await until(lambda: notes(world, ticket, "has put it back"), bool, MINUTE)
        assert "Ada Agent" in found[0]["body"]
        assert len(found) == 1

    async def test_what_a_manager_changes_holds(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        await world.helpdesk_as(PM_MAIL, "PUT", f"/tickets/{ticket}", {"budget_hours": "4,5"})
        await until(lambda: state(world, ticket), lambda shown: shown == "warn" or shown == "open", MINUTE)
        shown = await world.helpdesk("GET", f"/tickets/{ticket}")
        assert shown["budget_hours"] == "4,5"
        assert await notes(world, ticket, "has put it back") == []

    async def test_an_agents_first_budget_is_put_back(self, world: World, ada: Api) -> None:
        ticket = await world.ticket()
        await world.helpdesk_as(ADA_MAIL, "PUT", f"/tickets/{ticket}", {"budget_hours": "1000"})
        await until(lambda: world.helpdesk("GET", f"/tickets/{ticket}"), lambda one: not one["budget_hours"], MINUTE)
        assert len(await until(lambda: notes(world, ticket, "has put it back"), bool, MINUTE)) == 1

    async def test_a_ticket_whose_history_can_not_be_read_holds_up_no_other(self, world: World, ada: Api) -> None:
        stuck, _project = await ticket_with(world, ada, 1, budget_hours="10")
        await world.helpdesk_fault(f"GET /api/v1/ticket_history/{stuck}", "status", status=500, times=100)
        try:
            await world.helpdesk_as(ADA_MAIL, "PUT", f"/tickets/{stuck}", {"budget_hours": "1000"})
            await locked_ticket(world, ada)
        finally:
            await world.helpdesk_faults_over()


class TestProject:
    async def test_archived_or_raised_in_harvest(self, world: World, ada: Api) -> None:
        """The project's own budget locks; a larger one, or archiving it, opens the ticket by itself."""
        ticket, project = await ticket_with(world, ada, 3)
        for change, locks in (({"budget": 2}, True), ({"budget": 20}, False), ({"budget": 2}, True)):
            await world.harvest("PATCH", f"/v2/projects/{project}", {"budget_by": "project", **change})
            await read(ada)
            await until(lambda: state(world, ticket), lambda shown, locks=locks: (shown == "locked") is locks, MINUTE)
        await world.harvest("PATCH", f"/v2/projects/{project}", {"is_active": False})
        await read(ada)
        await until(lambda: state(world, ticket), lambda shown: shown != "locked", MINUTE)
        panel = await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)
        assert "is archived" in panel.text


class TestUnlock:
    async def test_only_managers_unlock(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        answer = await ada.post(f"/api/v1/tickets/{ticket}/unlock", {"reason": "Please", "ceiling_hours": "9"})
        assert answer.status == 403
        assert await state(world, ticket) == "locked"

    async def test_up_to_a_ceiling_and_locked_again_above_it(self, world: World, ada: Api, manager: Api) -> None:
        ticket, project = await locked_ticket(world, ada)
        # A lock that is over before it was told is not told at all.
        await until(lambda: notes(world, ticket, "budget is used up"))
        answer = await manager.post(
            f"/api/v1/tickets/{ticket}/unlock", {"reason": "Agreed by phone", "ceiling_hours": "3.5"}
        )
        assert answer.status == 200, answer.text
        await until(lambda: state(world, ticket), lambda shown: shown == "warn", MINUTE)
        panel = await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)
        assert 'data-locked="false"' in panel.text
        assert "Agreed by phone" in panel.text
        status, _answer = await tried(world, ADA_MAIL, "PUT", f"/tickets/{ticket}", {"article": reply()})
        assert status == 200

        await worked(world, project, 0.5)
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "3.50", MINUTE)
        assert await state(world, ticket) == "warn", "up to and including the ceiling"
        await worked(world, project, 0.01)
        await lock_follows(world, ada, ticket)
        assert len(await until(lambda: notes(world, ticket, "budget is used up"), lambda found: len(found) > 1)) == 2

    async def test_with_a_new_budget(self, world: World, ada: Api, manager: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        answer = await manager.post(f"/api/v1/tickets/{ticket}/unlock", {"reason": "Phase two", "budget_hours": "20"})
        assert answer.status == 200, answer.text
        shown = await until(
            lambda: world.helpdesk("GET", f"/tickets/{ticket}"), lambda one: one["budget_state"] == "open", MINUTE
        )
        assert (shown["budget_hours"], shown["budget_utilization"]) == ("20.00", 15)
        assert await notes(world, ticket, "has put it back") == []

    async def test_until_a_day(self, world: World, ada: Api, manager: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        answer = await manager.post(f"/api/v1/tickets/{ticket}/unlock", {"reason": "Today only", "expires_on": today()})
        assert answer.status == 200, answer.text
        await until(lambda: state(world, ticket), lambda shown: shown == "warn", MINUTE)

    @pytest.mark.parametrize(
        ("wish", "wrong"),
        [
            ({}, {"reason", "ceiling_hours"}),
            ({"reason": " ", "ceiling_hours": "9"}, {"reason"}),
            ({"reason": "x"}, {"ceiling_hours"}),
            ({"reason": "x", "ceiling_hours": "2.5"}, {"ceiling_hours"}),
            ({"reason": "x", "ceiling_hours": "many"}, {"ceiling_hours"}),
            ({"reason": "x", "expires_on": "2020-01-01"}, {"expires_on"}),
            ({"reason": "x", "expires_on": "soon"}, {"expires_on"}),
            ({"reason": "x", "expires_on": "2099-01-01"}, {"expires_on"}),
            ({"reason": "x", "expires_on": "9999-12-31"}, {"expires_on"}),
            ({"expires_on": "soon", "budget_hours": "x"}, {"reason", "expires_on", "budget_hours"}),
            ({"reason": "x", "ceiling_hours": "9", "budget_hours": "-1"}, {"budget_hours"}),
        ],
    )
    async def test_bad_values_are_named_and_nothing_opens(
        self, world: World, manager: Api, demo_lock: int, wish: dict[str, str], wrong: set[str]
    ) -> None:
        answer = await manager.post(f"/api/v1/tickets/{demo_lock}/unlock", wish)
        assert answer.status == 422
        assert set(answer.json["error"]["fields"]) == wrong
        assert await state(world, demo_lock) == "locked"


class TestMeanwhile:
    async def test_note_assign_close_and_ask(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)
        path = f"/api/v1/tickets/{ticket}"

        async def may_log() -> bool:
            return 'name="log_time"' in (await ada.get(f"{path}/panel", html=True)).text

        await until(may_log)  # that she is on the project's team is read by the worker
        assert (await ada.post(f"{path}/notes", {"note_body": "Called them\x00\n<b>twice</b>"})).status == 200
        mine = next(one for one in await articles(world, ticket) if "Called them" in one["body"])
        assert (mine["internal"], mine["created_by_id"], "<b>" in mine["body"]) == (True, 3, False)
        status, panel = await ada.call("POST", f"{path}/notes", {"note_body": " "}, Accept="text/html")
        assert (status, "The note is empty." in panel) == (422, True)
        assert 'name="log_time" >' in panel, "the form for time has nothing to do with it"
        assert "Not logged yet" not in panel
        assert (await ada.post(f"{path}/owner", {"owner_id": 4})).status == 200
        assert (await world.helpdesk("GET", f"/tickets/{ticket}"))["owner_id"] == 4
        assert (await ada.post(f"{path}/owner", {"owner_id": 11})).status == 422, "a customer can't own it"
        assert (await ada.post(f"{path}/ask", {"ask_message": "Soon\x00?"})).status == 200
        await until(lambda: notes(world, ticket, "Ada Agent asks for this ticket to be unlocked"), bool, MINUTE)
        again = await ada.post(f"{path}/ask", {})
        assert (again.status, "has asked for this already" in again.json["error"]["message"]) == (409, True)
        assert (await ada.post(f"{path}/close")).status == 200
        assert (await world.helpdesk("GET", f"/tickets/{ticket}?expand=true"))["state"] == "closed"

    async def test_what_the_helpdesk_does_by_itself_is_left_to_it(self, world: World, ada: Api) -> None:
        ticket, _project = await ticket_with(world, ada, 1, budget_hours="10")
        for name in ("close", "ask"):
            assert (await ada.post(f"/api/v1/tickets/{ticket}/{name}", {})).status == 409
        assert (await world.helpdesk("GET", f"/tickets/{ticket}?expand=true"))["state"] == "new"

    async def test_time_already_worked_can_be_logged(self, world: World, ada: Api) -> None:
        ticket, _project = await locked_ticket(world, ada)

        async def panel() -> str:
            return (await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)).text

        # The project's assignments are read a moment after the project.
        shown = await until(panel, lambda text: 'data-action="log-now"' in text, MINUTE)
        assert 'data-locked="true"' in shown

    async def test_the_look_ahead_says_when_hours_would_lock(self, world: World, ada: Api) -> None:
        ticket, _project = await ticket_with(world, ada, 1, budget_hours="2")
        ahead = (await ada.get(f"/api/v1/tickets/{ticket}/ahead?hours=1:00")).json
        assert ahead == {"percent": 50, "percent_after": 100, "locks": False}
        ahead = (await ada.get(f"/api/v1/tickets/{ticket}/ahead?hours=1,25")).json
        assert ahead == {"percent": 50, "percent_after": 112, "locks": True}
        ahead = (await ada.get(f"/api/v1/tickets/{ticket}/ahead?hours=lots")).json
        assert ahead == {"percent": 50, "percent_after": 50, "locks": False}
