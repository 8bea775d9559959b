"""An entry that comes to count elsewhere: who may bring it there, what is said first, and what is kept of it."""

from __future__ import annotations

import pytest

from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.store import Member
from plugin_server.corrections import service
from tests.corrections.bench import SUPPORT, Bench
from tests.corrections.test_pages import value, words

FORM = ("version", "spent_date", "notes", "ticket_number", "hours", "confirmed")


async def filled(bench: Bench, entry: int, who: str = "ada") -> dict[str, str]:
    """The entry's form as it is shown."""
    _status, page = await bench.page(entry, who)
    return {name: value(page, name) for name in FORM} | {"task_id": str(SUPPORT)}


async def read_only(bench: Bench) -> None:
    """Ada may read the tickets' group and change nothing in it."""
    now = bench.server.clock.now()
    member = Member(11, "ada@example.com", "ada@example.com", "Ada Agent", True, ("Agent",), {"1": ["read"]}, now)
    await people_store.put(bench.pool, [member])


async def hide(bench: Bench, ticket_id: int) -> None:
    """Nothing is known any more of ada's being allowed to see a ticket, and the helpdesk does not answer."""
    await bench.pool.execute(
        "DELETE FROM ticket_access WHERE ticket_id = $1 AND agent_id = $2", ticket_id, bench.agents["ada"]
    )


@pytest.mark.parametrize("notes", ["As it was", "see #10001"])
async def test_a_colleagues_entry_that_names_no_ticket_is_deleted_and_told_of(bench: Bench, notes: str) -> None:
    entry = await bench.entry(external_reference=None, notes=notes)
    status, went = await bench.send(entry, "delete", "mo", version=(await bench.look(entry, "mo"))["version"])
    assert (status, went.split()[1]) == (303, "delete.done")
    status, page = await bench.page(entry, "mo", cookies="deskhours_corrected=delete.done")
    assert (status, "The entry was deleted in Harvest." in page) == (200, True)
    assert "Deleted · Mo Manager" in words(page)
    assert (await bench.delete(entry, "mo"))[0] == 200, "the answer was lost, so it is asked again"


async def test_a_deleted_entry_is_told_of_where_it_counted_last(bench: Bench) -> None:
    entry = await bench.entry(external_reference=None)
    assert (await bench.correct(entry, notes="see #10002"))[0] == 200
    assert (await bench.delete(entry))[0] == 200
    assert (await bench.look(entry, "mo"))["ticket_id"] == 2


async def test_an_own_entry_does_not_name_a_ticket_that_is_not_for_its_person(bench: Bench) -> None:
    await bench.pool.execute("UPDATE ticket SET title = 'A secret' WHERE id = 2")
    entry = await bench.entry(external_reference=None, notes="see #10002")
    await hide(bench, 2)
    _status, page = await bench.page(entry)
    assert "A secret" not in page
    assert "not named while the helpdesk does not answer" in words(page)
    assert value(page, "ticket_number") == ""
    shown = await bench.look(entry)
    assert (shown["ticket_id"], shown["values"]["ticket"]) == (None, "")
    # Still it is theirs to correct, and what is kept says where it counted.
    form = await filled(bench, entry)
    assert (await bench.send(entry, "correct", **{**form, "hours": "2"}))[0] == 303
    assert await bench.used(2) == 200


async def test_an_own_entry_is_corrected_while_nobody_can_say_who_may_see_its_ticket(bench: Bench) -> None:
    entry = await bench.entry()
    form = await filled(bench, entry)
    assert form["ticket_number"] == "#10001"
    await hide(bench, 1)
    status, went = await bench.send(entry, "correct", **{**form, "hours": "2"})
    assert (status, went.split()[-1]) == (303, "change.done")
    assert (await bench.there(entry))["hours"] == 2


async def test_notes_that_name_another_ticket_are_a_move_that_is_asked_about_first(bench: Bench) -> None:
    entry = await bench.entry(external_reference=None)
    form = {**await filled(bench, entry), "notes": "see #10002"}
    status, page = await bench.send(entry, "correct", **form)
    assert status == 409
    assert "With these notes the entry will count for #10002. #10001 will have 1.00 hours less." in words(page)
    assert "Save all the same" in page
    assert (value(page, "notes"), await bench.used(2)) == ("see #10002", 0)
    assert (await bench.send(entry, "correct", **{**form, "confirmed": value(page, "confirmed")}))[0] == 303
    assert (await bench.used(1), await bench.used(2)) == (0, 100)
    kept = (await bench.look(entry))["history"][0]
    assert (kept["before"]["ticket"], kept["after"]["ticket"]) == ("#10001", "#10002")
    for ticket in (1, 2):
        assert "Ticket: #10001 → #10002" in words((await bench.timeline("bo", ticket=ticket))[1])


async def test_notes_do_not_bring_time_to_a_ticket_that_its_person_may_not_change(bench: Bench) -> None:
    entry = await bench.entry(external_reference=None)
    await read_only(bench)
    status, body = await bench.correct(entry, notes="see #10002")
    assert (status, set(body["error"]["fields"])) == (422, {"notes"})
    assert (await bench.there(entry))["notes"] == "As it was"


async def test_notes_without_the_number_leave_the_ticket(bench: Bench) -> None:
    other = await bench.project()
    entry = await bench.entry(project_id=other["id"], external_reference=None, notes="see #10002")
    status, page = await bench.send(entry, "correct", **{**await filled(bench, entry), "notes": "No number"})
    assert (status, value(page, "confirmed")) == (409, "0")
    assert "With these notes the entry counts for no ticket any more. #10002 will have 1.00 hours less." in words(page)


async def test_a_move_needs_the_right_that_assigning_needs(bench: Bench) -> None:
    entry, loose = await bench.entry(), await bench.entry(external_reference=None)
    await read_only(bench)
    status, body = await bench.correct(entry, ticket_number="10002")
    refused = "The helpdesk does not let you change tickets of this group."
    assert (status, body["error"]["fields"]) == (422, {"ticket_number": refused})
    path = f"/api/v1/tickets/1/entries/{loose}"
    status, body = await bench.server.call("POST", path, {}, bench.token("ada"))
    assert (status, body["error"]["message"]) == (403, refused)
    assert (await bench.correct(entry, hours=2))[0] == 200, "it stays where it is"


async def test_a_locked_ticket_is_told_of_before_time_goes_there(bench: Bench) -> None:
    entry, _other = await bench.entry(), await bench.entry(2, hours=12)
    await bench.used(2)
    form = {**await filled(bench, entry), "ticket_number": "#10002"}
    status, page = await bench.send(entry, "correct", **form)
    assert status == 409
    told = "#10002 is locked. #10002 has used 12.00 of its 10.00 hours, and 1.00 more would come on top."
    assert f"{told} #10001 will have 1.00 hours less. Save all the same?" in words(page)
    # Another ticket than the one that was told of is another question.
    assert (await bench.send(entry, "correct", **{**form, "confirmed": "7"}))[0] == 409
    assert (await bench.send(entry, "correct", **{**form, "confirmed": value(page, "confirmed")}))[0] == 303
    assert await bench.counts_for(entry) == 2


async def test_a_ticket_with_budget_left_is_moved_to_without_a_question(bench: Bench) -> None:
    entry = await bench.entry()
    assert (await bench.send(entry, "correct", **{**await filled(bench, entry), "ticket_number": "#10002"}))[0] == 303


async def test_a_field_that_is_cleared_says_that_an_entry_stays_on_a_ticket(bench: Bench) -> None:
    entry = await bench.entry()
    status, page = await bench.send(entry, "correct", **{**await filled(bench, entry), "ticket_number": " "})
    assert status == 422
    assert "An entry can't be taken off its ticket here. Name another ticket, or delete the entry." in words(page)


async def test_who_waits_for_a_slow_harvest_is_answered_and_it_goes_by_itself(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await bench.entry()
    monkeypatch.setattr(service, "CARRIED_WITHIN", 0.1)
    monkeypatch.setattr(service, "CARRIED_FOR", 0.1)
    await bench.fault(f"GET /v2/time_entries/{entry}", "latency", seconds=1.0)
    status, body = await bench.correct(entry, hours=2)
    assert (status, body["state"], body["correction"]["problem"]) == (202, "asked", None)
    assert "A correction of this entry waits for Harvest; it goes by itself." in (await bench.page(entry))[1]
    await bench.worker()
    assert (await bench.there(entry))["hours"] == 2


async def test_a_helpdesk_that_takes_too_long_leaves_everything_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await bench.entry()
    monkeypatch.setattr(service, "CHECKED_WITHIN", 0.0)
    status, body = await bench.correct(entry, hours=2)
    assert (status, body["error"]["code"]) == (503, "unavailable")
    assert "Nothing was changed" in body["error"]["message"]
    assert (await bench.look(entry))["history"] == []
