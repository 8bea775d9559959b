"""Diagnoses over a real database: what is found out, and who is told what."""

from __future__ import annotations

import pytest

from plugin_server.timers import store as timers_store
from tests.explain.conftest import BO, Office, told
from tests.panel.conftest import NOW
from tests.panel.conftest import stand as stand
from tests.timelog.test_popup import log


async def test_a_tickets_hours_are_told_by_rule_and_what_near_them_is_left_out(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.ticket(2, "")
    await office.entry(1, 4001, 150, ticket=1)
    await office.entry(2, 4002, 50, ticket=1)
    await office.entry(3, 4001, 200, user=BO)
    await office.entry(4, 4001, 25, ticket=2)
    await office.entry(5, 4001, 25, ticket=1, deleted_at=NOW)
    await office.count()
    await office.entry(6, 4001, 25)
    found = await office.ask("tickets/1/explain")
    assert found["counts"] == [
        {"rule": "reference", "entries": 2, "hours": "2.00"},
        {"rule": "dedicated", "entries": 1, "hours": "2.00"},
    ]
    words = told(found)
    assert words["counts"] == "3 entries count here, 4.00 h."
    assert words["other_tickets"] == "1 entry of the project (0.25 h) counts for ticket #10002."
    assert words["deleted"] == "1 entry that named this ticket (0.25 h) was deleted in Harvest."
    assert words["being_counted"].startswith("1 entry")
    assert words["linked_project"] == "The ticket names the Harvest project Oven controller since 4 Mar 2026."
    assert found["read_at"].startswith("2026-03-04T12:00:00")


async def test_a_ticket_that_one_may_not_see_has_no_number_and_no_diagnosis(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.ticket(2, "", seen_by=0)
    await office.entry(4, 4001, 25, ticket=2, user=BO, notes="a secret")
    await office.count()
    found = await office.ask("tickets/1/explain?entry=4")
    assert told(found)["other_tickets"].endswith("counts for tickets that you may not see.")
    (entry,) = found["entries"]
    assert entry["counts_for"] is None
    assert "10002" not in str(found)
    html = (
        await office.stand.server.call(
            "GET", "/api/v1/tickets/1/explain?entry=4", token=office.stand.token, Accept="text/html"
        )
    )[1]
    assert "a secret" not in html
    status, _refused = await office.stand.server.call("GET", "/api/v1/tickets/2/explain", token=office.stand.token)
    assert status == 503, "the helpdesk does not answer and has never said yes"


async def test_a_colleagues_entry_elsewhere_is_not_described(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.entry(7, 4002, 300, user=BO, notes="a secret")
    await office.count()
    for path in ("entries/7/explain", "entries/7/explain?ticket=1"):
        found = await office.ask(path)
        assert list(told(found)) == ["not_yours"], path
        assert not found["known"]
        assert "secret" not in str(found)
    _bo, token = await office.other()
    assert "unassigned" in told(await office.ask("entries/7/explain", token))


async def test_an_entry_on_the_wrong_project_says_what_to_do(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.entry(8, 4002)
    await office.count()
    found = await office.ask("entries/8/explain?ticket=1")
    assert told(found)["other_project"] == (
        "It counts for no ticket. It is on the project Shop checkout; this ticket names Oven controller."
    )
    assert found["rule"] == "none"


async def test_the_same_twice_and_a_removed_twin_are_told(office: Office) -> None:
    await office.ticket(1, "4001")
    for number, deleted in ((1, None), (2, None), (3, NOW)):
        await office.entry(number, 4001, ticket=1, notes="Call", deleted_at=deleted)
    await office.stand.server.pool.execute("UPDATE time_entry SET external_permalink = 'x' WHERE id IN (1, 3)")
    await office.count()
    words = told(await office.ask("tickets/1/explain"))
    assert "(1, 2)" in words["same_twice"]
    assert words["twin_removed"].startswith("1 second entry")
    assert "(2)" in told(await office.ask("entries/1/explain"))["same_twice"]


async def test_an_entry_that_was_not_read_can_be_asked_for(office: Office) -> None:
    await office.ticket(1, "4001")
    found = await office.ask("entries/99/explain")
    assert list(told(found)) == ["not_read", "sync_read"]
    again = await office.ask("entries/99/explain", method="POST")
    assert told(again)["harvest_not_asked"].startswith("Harvest could not be asked: ")


async def test_a_day_explains_each_of_ones_own_entries(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.entry(1, 4001, ticket=1)
    await office.entry(2, 4002)
    await office.entry(3, 4001, user=BO)
    await office.count()
    for asked in ("2026-03-04", "https://acme.example.com/time/day/2026/03/04/2002"):
        found = await office.ask(f"tickets/1/explain?entry={asked}")
        assert [one["entry_id"] for one in found["entries"]] == [1, 2]
    status, refused = await office.stand.server.call(
        "GET", "/api/v1/tickets/1/explain?entry=yesterday", token=office.stand.token
    )
    assert status == 422
    assert "neither an entry's number nor a day" in refused["error"]["message"]


async def test_only_ones_own_logs_are_told(office: Office) -> None:
    await office.ticket(12, "4001")
    bo, token = await office.other()
    await office.ticket(12, "4001", seen_by=bo)
    await log(office.stand, "attention", problem="Harvest refused this.")
    assert "Harvest refused this." in told(await office.ask("tickets/12/explain"))["log_attention"]
    assert "log_attention" not in told(await office.ask("tickets/12/explain", token))


async def test_the_panel_offers_it_and_reads_it_when_it_is_opened(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.entry(9, 4001, user=BO, notes="<b>Oven</b>")
    await office.count()
    server, token = office.stand.server, office.stand.token
    _status, panel = await server.call("GET", "/api/v1/tickets/1/panel", token=token, Accept="text/html")
    assert '<details data-load="/api/v1/tickets/1/explain">' in panel
    status, html = await server.call("GET", "/api/v1/tickets/1/explain?entry=%3Cb%3E", token=token, Accept="text/html")
    assert status == 200
    assert 'data-finding="counts"' in html
    assert "correct Harvest Project ID" in html, "what to do stands beside what is well, too"
    assert "<b>" not in html
    assert 'role="alert"' in html


async def test_nobody_is_told_anything_without_a_sign_in(office: Office) -> None:
    await office.ticket(1, "4001")
    for method, path in (("GET", "tickets/1/explain"), ("GET", "entries/1/explain"), ("POST", "entries/1/explain")):
        assert (await office.stand.server.call(method, f"/api/v1/{path}"))[0] == 401


@pytest.mark.parametrize("path", ["entries/0/explain", "entries/x/explain"])
async def test_what_is_no_id_is_not_found(office: Office, path: str) -> None:
    status, _body = await office.stand.server.call("GET", f"/api/v1/{path}", token=office.stand.token)
    assert status == 404


async def corrected(office: Office, entry_id: int, after: int | None, *, state: str = "done") -> None:
    """Mo has moved an entry of ticket 1 to another in Deskhours, or deleted it (``None``)."""
    before = {"project_id": 4001, "task_id": 5001, "spent_date": "2026-03-04", "hours": "1.00", "notes": ""}
    before |= {"ticket_id": 1, "started": None, "ended": None, "person": "Ada", "project": "", "task": "", "ticket": ""}
    await office.stand.server.pool.execute(
        """
        INSERT INTO entry_correction (entry_id, kind, state, agent_id, asked_by, asked_at, access, access_name,
            may_fall_back, before, after, tickets, asked_by_user, next_try_at, changed_at)
        VALUES ($1, $2, $3, $4, 'Mo', $5, 'own', 'Mo', false, $6, $7, '{1,2}', 5, $5, $5)
        """,
        entry_id,
        "delete" if after is None else "change",
        state,
        office.stand.agent,
        NOW,
        before,
        None if after is None else {**before, "ticket_id": after},
    )


async def test_what_was_done_in_deskhours_is_told_with_who_did_it(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.ticket(2, "")
    await office.entry(1, 4001, ticket=2)
    await office.entry(2, 4001, ticket=1, deleted_at=NOW)
    await office.entry(3, 4001, ticket=1)
    await office.count()
    await corrected(office, 1, 2)
    await corrected(office, 2, None)
    await corrected(office, 3, 2, state="asked")
    moved = (await office.ask("entries/1/explain?ticket=1"))["findings"]
    words = {one["code"]: one for one in moved}
    assert words["counts_elsewhere"]["words"] == "It counts for ticket #10002: Mo moved it there, 13:00."
    assert "choose Correct" in words["names_other_ticket"]["todo"]
    gone = told(await office.ask("entries/2/explain?ticket=1"))["deleted"]
    assert gone == "Mo deleted this entry in Deskhours, 13:00. It counts nowhere."
    waits = told(await office.ask("entries/3/explain?ticket=1"))["correction_waits"]
    assert waits.startswith("A correction by Mo (13:00) waits for Harvest")
    assert told(await office.ask("tickets/1/explain"))["correction_waits"].startswith("1.00 h of 4 Mar 2026, Ada: ")


async def test_a_timer_that_nobody_logged_is_told_to_its_agent(office: Office) -> None:
    await office.ticket(1, "4001")
    bo, token = await office.other()
    await office.ticket(1, "4001", seen_by=bo)
    await office.entry(1, 4001, 75, ticket=1)
    await office.count()
    pool = office.stand.server.pool
    async with pool.acquire() as connection:
        timer = await timers_store.insert(
            connection,
            agent_id=office.stand.agent,
            ticket_id=1,
            project_id=4001,
            task_id=5001,
            task_name="Support",
            notes="",
            spent_date=NOW.date(),
            now=NOW,
            state="stopped",
        )
        await connection.execute("INSERT INTO timer_entry (timer_id, entry_id) VALUES ($1, 1)", timer)
    words = told(await office.ask("tickets/1/explain"))["timer_unlogged"]
    assert words.startswith("0.75 h of 4 Mar 2026: a timer that was stopped and not logged.")
    assert "timer_unlogged" not in told(await office.ask("tickets/1/explain", token))


async def test_ones_own_entry_is_ones_own_after_the_sign_in_to_harvest_has_expired(office: Office) -> None:
    await office.entry(7, 4002, 300)
    await office.count()
    await office.stand.server.pool.execute("UPDATE agent_token SET broken_at = $1 WHERE system = 'harvest'", NOW)
    found = told(await office.ask("entries/7/explain"))
    assert "unassigned" in found
    assert "not_yours" not in found
    asked = told(await office.ask("entries/8/explain", method="POST"))
    assert asked["harvest_not_asked"] == "Harvest could not be asked: connect your Harvest account again."
