"""Findings about tickets and entries: each fact that bears on them is told, and nothing where all is well."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.explain import entry, rules, ticket
from plugin_server.explain.entry import Wanted, wanted
from plugin_server.runtime import i18n
from plugin_server.tickets.account.rules import Share
from tests.explain.facts import (
    COUNTED,
    DAY,
    ELSEWHERE,
    NOW,
    SYNC,
    TICKET,
    of_changed_entry,
    of_entry,
    of_ticket,
)


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    assert {one.state for one in ticket.findings(TICKET)} == {"ok"}
    assert {one.state for one in entry.findings(COUNTED)} == {"ok"}


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"is_merged": True, "merged_into": "10050"}, "ticket_merged", "ticket #10050"),
        ({"is_merged": True}, "ticket_merged", "another ticket"),
        ({"is_deleted": True}, "ticket_deleted", "no longer has this ticket"),
        ({"project": ticket.Project(4001, "Oven", active=False)}, "archived_project", "archived"),
        ({"held": True, "holder": "10001"}, "project_held", "Ticket #10001 named this project first"),
        ({"held": True}, "project_held", "Another ticket named this project first"),
        (
            {"elsewhere": {"10001": Share(3, 150)}},
            "other_tickets",
            "3 entries of the project (1.50 h) count for ticket",
        ),
        ({"elsewhere": {"": Share(1, 50)}}, "other_tickets", "tickets that you may not see"),
        ({"unassigned": Share(1, 25)}, "unassigned", "1 entry of the project (0.25 h) counts for no ticket"),
        ({"not_billable": Share(1, 25)}, "not_billable", "only billable hours count"),
        ({"running": 1}, "running", "counts for the lock only once it is stopped"),
        ({"deleted": Share(2, 100)}, "deleted", "2 entries that named this ticket (1.00 h) were deleted"),
        ({"uncounted": 1}, "being_counted", "is being counted"),
        ({"sync": replace(SYNC, problem="401.", failing_since=NOW)}, "sync_failing", "since 13:00: 401."),
        ({"sync": replace(SYNC, blind="A Member's.")}, "token_sees_less", "A Member's."),
        ({"sync": replace(SYNC, read_at=None)}, "sync_unread", "Nothing has been read"),
    ],
)
def test_each_fact_of_a_ticket_is_told(changes: dict[str, object], code: str, words: str) -> None:
    assert words in of_ticket(**changes)[code].words
    assert code not in of_ticket()


@pytest.mark.parametrize(
    ("state", "problem", "code", "finding"),
    [
        ("armed", "", "log_armed", "wait"),
        ("queued", "", "log_queued", "wait"),
        ("queued", "Harvest does not answer.", "log_attention", "look"),
        ("attention", "Harvest refused it.", "log_attention", "look"),
        ("expired", "", "log_expired", "look"),
    ],
)
def test_what_waits_is_told_with_whose_it_is(state: str, problem: str, code: str, finding: str) -> None:
    found = of_ticket(waiting=(ticket.Waiting(state, 50, DAY, "Bo", problem),))[code]
    assert found.state == finding
    assert found.words.startswith("0.50 h of 4 Mar 2026, Bo: ")
    assert problem in found.words


def test_what_was_stored_in_english_is_told_in_the_readers_language() -> None:
    away = "Harvest can't be reached; this goes by itself as soon as it can."
    with i18n.speaking("de"):
        waits = of_ticket(waiting=(ticket.Waiting("queued", 50, DAY, "Bo", away),))["log_attention"]
        fails = of_ticket(sync=replace(SYNC, problem="Harvest did not answer", failing_since=NOW))["sync_failing"]
    assert waits.words.endswith("Harvest ist nicht erreichbar; sobald es wieder geht, geschieht dies von selbst.")
    assert fails.words.endswith("Harvest hat nicht geantwortet.")


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"rule": "reference"}, "counts", "it was logged from there"),
        ({"rule": "number"}, "counts", "its notes carry the ticket's number"),
        ({"rule": "assigned", "assigned_by": "Bo", "assigned_at": NOW}, "counts", "by hand. By Bo, 13:00."),
        ({"rule": "dedicated"}, "counts", "its project was that ticket's on its day"),
        ({"rule": None, "counts_for": None}, "being_counted", "being counted"),
        ({"rule": "reference", "counts_for": ELSEWHERE}, "names_other_ticket", "the ticket that it names"),
        ({"rule": "number", "counts_for": ELSEWHERE}, "names_other_ticket", "does not count here"),
        ({"counts_for": ELSEWHERE}, "project_held", "named it first"),
        ({"counts_for": entry.Ticket(9, "")}, "counts_elsewhere", "a ticket that you may not see"),
        ({"number": "99999"}, "number_unknown", "the number 99999, which is no ticket's"),
        ({"named": ELSEWHERE}, "ticket_merged", "ticket #10043, which was merged into ticket #10042"),
        ({"entry": None, "private": True}, "not_yours", "a colleague's"),
        ({"entry": None, "asked": "missing"}, "not_in_harvest", "Harvest has no entry 123456"),
        ({"entry": None, "asked": "hidden"}, "not_shown", "does not show entry 123456 to you"),
        ({"entry": None, "asked": "away", "reason": "no answer."}, "harvest_not_asked", "not be asked: no answer."),
    ],
)
def test_each_fact_of_an_entry_is_told(changes: dict[str, object], code: str, words: str) -> None:
    assert words in of_entry(**changes)[code].words


@pytest.mark.parametrize(
    ("changes", "more", "code"),
    [
        ({"deleted_at": NOW}, {}, "deleted"),
        ({"running": True}, {}, "running"),
        ({"billable": False}, {"billable_only": True}, "not_billable"),
        ({"project_known": False}, {}, "unknown_project"),
        ({"project_active": False}, {}, "archived_project"),
        ({"foreign": True}, {}, "foreign_reference"),
    ],
)
def test_what_an_entry_is_itself_is_told(changes: dict[str, object], more: dict[str, object], code: str) -> None:
    assert code in of_changed_entry(changes, **more)
    assert code not in of_entry()


def test_a_colleagues_entry_is_not_described() -> None:
    found = of_entry(entry=None, private=True)
    assert list(found) == ["not_yours"]


def test_assigning_is_offered_only_where_it_would_be_taken() -> None:
    nowhere = replace(COUNTED, counts_for=None, rule="none")
    assert nowhere.offers_assigning
    assert not replace(nowhere, asker=ELSEWHERE).offers_assigning
    assert not replace(nowhere, asker=None).offers_assigning
    assert not COUNTED.offers_assigning


def test_what_is_to_be_done_comes_first() -> None:
    states = [one.state for one in ticket.findings(replace(TICKET, budget=None, running=1, uncounted=1))]
    assert states == sorted(states, key=["look", "wait", "note", "ok"].index)
    assert states[0] == "look"


@given(st.integers(-600, 600))
def test_a_sync_is_late_when_it_has_missed_its_turn(seconds: int) -> None:
    sync = replace(SYNC, read_at=NOW - timedelta(seconds=seconds))
    (found,) = rules.sync_findings(sync)
    assert (found.state == "look") == (seconds > 180)
    assert sync.next_at is not None
    assert sync.next_at >= NOW


def test_an_instant_of_another_day_is_told_with_its_day() -> None:
    assert SYNC.at(NOW - timedelta(days=1)) == "3 Mar 2026, 13:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("123456", Wanted(entry_id=123456)),
        (" #123456 ", Wanted(entry_id=123456)),
        ("https://acme.example.com/time_entries/123456?x=1", Wanted(entry_id=123456)),
        ("2026-03-04", Wanted(day=date(2026, 3, 4))),
        ("https://acme.example.com/time/day/2026/03/04/2001", Wanted(day=date(2026, 3, 4), user_id=2001)),
        ("https://acme.example.com/time/day/2026/3/4", Wanted(day=date(2026, 3, 4))),
        ("0", None),
        ("2026-02-31", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_what_people_paste_is_read(text: str, meant: Wanted | None) -> None:
    assert wanted(text) == meant


@given(st.text())
def test_whatever_is_pasted_is_an_answer(text: str) -> None:
    found = wanted(text)
    assert found is None or (found.entry_id is None) != (found.day is None)
