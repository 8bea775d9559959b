"""What needs attention: a case of each kind, and whose it is."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest

from plugin_server.check import store as check_store
from plugin_server.check.rules import fail, ok, warn
from tests.dashboard.office import Office


@pytest.fixture
async def desk(office: Office) -> Office:
    """An administrator, a project manager, and two agents; ticket 1 of one of them names project 7."""
    await office.person(1, "Ari", "Admin")
    await office.person(2, "Mo", "Budget PM")
    await office.person(4, "Ada", harvest_user_id=2001)
    await office.person(5, "Bo", harvest_user_id=2002)
    await office.project(7)
    await office.ticket(1, project_id=7, owner_id=4)
    await office.pool.execute("UPDATE sync_state SET problem = NULL, failing_since = NULL")
    return office


async def log(office: Office, state: str, *, user_id: int = 4, minutes: int = 10, problem: str | None = None) -> None:
    at = office.now - timedelta(minutes=minutes)
    row = {
        "id": uuid4(),
        "agent_id": office.agents[user_id],
        "ticket_id": 1,
        "state": state,
        "project_id": 7,
        "task_id": 1,
        "hours": 125,
        "spent_date": date(2026, 3, 4),
        "notes": "Rewire",
        "problem": problem,
        "next_try_at": at,
        "created_at": at,
        "changed_at": at,
        "expires_at": at,
    }
    await office.insert("log", row)


async def event(office: Office, kind: str, *, days: int = 1, **values: object) -> None:
    row = {"ticket_id": 1, "at": office.now - timedelta(days=days), "kind": kind, **values}
    await office.insert("budget_event", row)


@pytest.mark.parametrize(
    ("state", "words"),
    [("queued", "waits for Harvest"), ("attention", "needs its agent"), ("expired", "expired: no reply was seen")],
)
async def test_time_that_is_not_in_harvest(desk: Office, state: str, words: str) -> None:
    await log(desk, state, problem="The task is archived")
    for name in ("Ari", "Mo", "Ada"):
        shown = await desk.listed(name, "logs")
        assert "#10001" in shown
        assert f"Ada · 1.25 h · 4 Mar 2026 · “Rewire” {words} : The task is archived · since 11:50" in shown
    assert await desk.listed("Bo", "logs") == ""


async def test_a_log_on_its_way_and_one_long_expired_need_nobody(desk: Office) -> None:
    await log(desk, "queued", minutes=0)
    await log(desk, "logged")
    await log(desk, "expired", minutes=60 * 24 * 31)
    assert await desk.listed("Ari", "logs") == ""
    assert "Nothing needs attention" not in await desk.page("Ari")  # the worker has not been seen
    assert "Nothing needs attention" in await desk.page("Bo")


async def test_an_agents_log_is_not_another_agents(desk: Office) -> None:
    await log(desk, "attention", user_id=5)
    assert "Bo · 1.25 h" in await desk.listed("Bo", "logs")
    assert await desk.listed("Ada", "logs") == ""  # though the ticket is hers


async def test_entries_that_count_for_no_ticket(desk: Office) -> None:
    await desk.entry(1, 7, 2001, 150, None, notes="A call <b>")
    await desk.entry(2, 7, 2002, 50, None)
    await desk.entry(3, 7, 2002, 50, 1)
    await desk.project(8)
    await desk.entry(4, 8, 2002, 50, None)  # a project that no ticket names is none of the helpdesk's business
    shown = await desk.listed("Ari", "entries")
    assert shown.count(" h ") == 2
    assert "1.50 h Site · “A call <b>” Assign to #10001" in shown
    mine = await desk.listed("Ada", "entries")
    assert "1.50 h" in mine
    assert "0.50 h" not in mine


async def test_no_ticket_is_offered_where_two_name_the_project_or_the_viewer_may_not_change_it(desk: Office) -> None:
    await desk.entry(1, 7, 2001, 150, None)
    await desk.person(6, "Rae", "Admin", groups={1: ["read"]})
    assert "Assign to" in await desk.listed("Ari", "entries")
    assert "Assign to" not in await desk.listed("Rae", "entries")
    await desk.ticket(2, project_id=7)
    assert "1.50 h" in await desk.listed("Ari", "entries")
    assert "Assign to" not in await desk.listed("Ari", "entries")


async def test_an_entry_is_assigned_to_the_ticket_that_was_offered(desk: Office) -> None:
    await desk.entry(1, 7, 2001, 150, None)
    access = {"agent_id": desk.agents[1], "ticket_id": 1, "allowed_at": desk.now}
    await desk.insert("ticket_access", access)
    assert (await desk.send("Ari", "/dashboard/entries/1/assign", csrf_token="x", ticket_id="1"))[0] == 403
    status, location = await desk.send("Ari", "/dashboard/entries/1/assign", ticket_id="1", back="state=all")
    assert (status, location) == (303, "/dashboard?state=all")
    assigned = await desk.pool.fetchrow("SELECT entry_id, ticket_id, assigned_by FROM entry_assignment")
    assert tuple(assigned) == (1, 1, desk.agents[1])
    await desk.pool.execute("UPDATE attribution SET ticket_id = 1, rule = 'assigned'")
    status, page = await desk.send("Ari", "/dashboard/entries/1/assign", ticket_id="1")
    assert (status, "counts for a ticket already" in page) == (303, False)  # the same word again does no harm
    await desk.ticket(2)
    await desk.insert("ticket_access", {**access, "ticket_id": 2})
    status, page = await desk.send("Ari", "/dashboard/entries/1/assign", ticket_id="2")
    assert (status, "belongs to another project than the ticket" in page) == (409, True)
    assert await desk.listed("Ari", "entries") == ""


async def test_who_the_helpdesk_no_longer_accepts_is_asked_to_sign_in_again(desk: Office) -> None:
    await desk.insert("ticket_access", {"agent_id": desk.agents[1], "ticket_id": 1, "allowed_at": desk.now})
    status, text = await desk.send("Ari", "/dashboard/tickets/1/note", note_body="Hello")
    assert status == 401
    assert "Sign in with the helpdesk" in text


async def test_what_no_browser_sends_is_refused_and_breaks_nothing(desk: Office) -> None:
    url = f"{desk.server.url}/dashboard/tickets/1/note"
    kinds = ("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=none", "text/plain")
    for cookie in ("deskhours_session=Ari", "deskhours_session=\u00ff\u0100", "deskhours_done=unlock.x"):
        for kind in kinds:
            headers = {"Cookie": cookie, "Content-Type": kind, "Accept": "text/html"}
            async with desk.server.session.post(
                url, data=b"csrf_token=\xff&note_body=%ff\xfe", headers=headers
            ) as answer:
                assert answer.status in (400, 401, 403), (cookie, kind)


@pytest.mark.parametrize(("kind", "words"), [("put_back", "put back"), ("bypassed", "past the lock")])
async def test_changes_put_back_and_bypasses_of_thirty_days(desk: Office, kind: str, words: str) -> None:
    values = {"by_name": "Bo", "field": "budget_hours", "old_value": "99", "new_value": "10"}
    await event(desk, kind, reason="An agent raised it", **values)
    await event(desk, kind, days=31, reason="long ago")
    await event(desk, "note", reason="a note")
    shown = await desk.listed("Mo", "events")
    assert f"{words} : Budget “99” → “10” · Bo" in shown
    assert "An agent raised it" in shown
    assert "long ago" not in shown
    assert "a note" not in shown
    assert await desk.listed("Bo", "events") == ""


async def test_notices_that_reached_nobody(desk: Office) -> None:
    crossing = uuid4()
    for words, state, lock in (
        ("Told nobody", "failed", None),
        ("On its way", "queued", None),
        ("Over", "failed", crossing),
    ):
        row = {
            "ticket_id": 1,
            "kind": "asked",
            "words": words,
            "state": state,
            "next_try_at": desk.now,
            "problem": "No mail server",
            "created_at": desk.now,
            "crossing": lock,
        }
        await desk.insert("budget_notice", row)
    shown = await desk.listed("Mo", "untold")
    assert "Told nobody No mail server" in shown
    assert "On its way" not in shown
    assert "Over" not in shown  # that lock has ended
    await desk.lock(1)
    await desk.pool.execute("UPDATE ticket_budget SET crossing = $1", crossing)
    assert "Over" in await desk.listed("Mo", "untold")


async def test_fields_that_the_helpdesk_did_not_take(desk: Office) -> None:
    assert await desk.listed("Mo", "unwritten") == ""
    await desk.pool.execute("UPDATE ticket_budget SET write_problem = 'Field is not writable'")
    assert "Field is not writable" in await desk.listed("Mo", "unwritten")


async def test_links_and_budgets_that_can_not_be_meant(desk: Office) -> None:
    await desk.project(8, "Old", is_active=False)
    await desk.project(9, "Gone", deleted_at=desk.now)
    await desk.ticket(2, project_text="the big one")
    await desk.ticket(3, project_id=99)
    await desk.ticket(4, project_id=8)
    await desk.ticket(5, project_id=9)
    await desk.ticket(6, budget=None, accepted_budget="ten")
    await desk.ticket(7, budget=None, accepted_budget="0")
    await desk.ticket(8, project_id=99, state_kind="closed")
    shown = await desk.listed("Mo", "troubles")
    assert "#10002 Ticket 2 The Harvest project “the big one” is not a project's number." in shown
    assert "#10003 Ticket 3 Harvest project 99 is not known in this account." in shown
    assert "#10004 Ticket 4 The Harvest project Old is archived." in shown
    assert "#10005 Ticket 5 The Harvest project Gone was deleted." in shown
    assert "#10006 Ticket 6 The budget “ten” is not a number of hours." in shown
    assert "#10007" not in shown
    assert "#10008" not in shown


async def test_how_the_syncs_and_the_parts_are(desk: Office) -> None:
    row = {"name": "projects", "began_at": desk.now, "failing_since": desk.now, "problem": "Harvest said no"}
    await desk.insert("sync_state", row)
    health = {"looked_at": desk.now, "answered_at": desk.now}
    await desk.insert("component_health", {"name": "worker", **health})
    failing = {"failing_since": desk.now, "problem": "no route", "refused": False}
    await desk.insert("component_health", {"name": "harvest", **health, **failing})
    for name in ("Ari", "Mo"):
        text = await desk.page(name)
        assert "Harvest said no" in text
        assert "no route" in text
    assert "Harvest said no" not in await desk.page("Ada")
    token = (await desk.server.sign_in(desk.agents[2]))["access_token"]
    _status, found = await desk.server.call("GET", "/api/v1/dashboard", token=token)
    assert found["attention"]["failing_syncs"] == 1
    token = (await desk.server.sign_in(desk.agents[4]))["access_token"]
    _status, found = await desk.server.call("GET", "/api/v1/dashboard", token=token)
    assert found["attention"]["failing_syncs"] is None


async def test_tickets_that_a_manager_has_opened(desk: Office) -> None:
    await desk.ticket(2, used=1100)
    unlock = {"by_name": "Mo", "reason": "They agreed", "ticket_id": 2, "at": desk.now, "kind": "unlocked"}
    await desk.insert("budget_event", {**unlock, "ceiling": 1000})
    assert "They agreed" not in await desk.page("Mo")  # 11 hours are past that ceiling
    await desk.insert("budget_event", {**unlock, "ceiling": 1200, "expires_at": desk.now + timedelta(hours=12)})
    text = await desk.page("Mo")
    assert "Mo: up to 12.00 hours, until 4 Mar 2026 at most" in text
    desk.server.clock.advance(hours=13)
    await desk.person(2, "Mo2", "Budget PM")
    assert "They agreed" not in await desk.page("Mo2")


async def test_who_asked_for_an_unlock_since_it_was_locked(desk: Office) -> None:
    await desk.lock(1)
    await event(desk, "asked", days=1, by_name="Bo", reason="before the lock")
    await event(desk, "asked", days=0, by_name="Ada", reason="The shop is down")
    text = await desk.page("Mo")
    assert "Ada asks for it to be unlocked (12:00)." in text
    assert "“The shop is down”" in text
    assert "before the lock" not in text


async def test_checks_that_failed_are_told_with_what_to_do_until_one_is_well(desk: Office) -> None:
    found = [fail("harvest_role", "Ari is no administrator.", "Make them one."), warn("clock", "Late.", "Set it.")]
    await check_store.keep(desk.pool, ["harvest_role", "clock"], found, desk.now - timedelta(minutes=10))
    for name in ("Ari", "Mo"):
        shown = await desk.listed(name, "checks")
        assert shown == "Harvest: whose token it is Ari is no administrator. · since 11:50 Make them one."
    assert await desk.listed("Ada", "checks") == "", "agents can do nothing about it"
    await check_store.keep(desk.pool, ["harvest_role"], [ok("harvest_role", "Well.")], desk.now)
    assert await desk.listed("Ari", "checks") == ""
