"""Each row of the seed's "Common Scenarios" and "Troubleshooting": what somebody asks, and what is answered."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from plugin_server.explain import ticket
from plugin_server.tickets.account.rules import Share
from tests.explain.facts import ELSEWHERE, ENTRY, NOW, SYNC, of_changed_entry, of_entry, of_ticket

DOCS = Path(__file__).resolve().parents[2] / "docs" / "explain.md"
PACKAGE = Path(ticket.__file__).parent


def test_wheres_my_time_entry_it_waits_for_the_next_sync() -> None:
    """ "Wait for the next sync cycle": when the last one was, when the next one is, whether it comes at all."""
    found = of_entry(entry=None, may_ask=True)
    assert "has not been read from Harvest" in found["not_read"].words
    assert "ask Harvest" in found["not_read"].todo
    assert found["sync_read"].words == (
        "Harvest was last read at 12:59. The next sync comes by 13:00; what was entered since shows then."
    )
    late = of_entry(entry=None, sync=replace(SYNC, read_at=NOW - timedelta(minutes=9)))
    assert late["sync_late"].state == "look"


def test_wheres_my_time_entry_on_the_wrong_project() -> None:
    """ "Verify you logged against the correct Harvest project"."""
    found = of_changed_entry({"project_id": 4002, "project": "[T2] Shop checkout"}, counts_for=None, rule="none")
    assert found["other_project"].words == (
        "It counts for no ticket. It is on the project [T2] Shop checkout; this ticket names [T1] Oven controller."
    )
    assert "Move the entry" in found["other_project"].todo
    other = of_changed_entry({"project_id": 4002, "project": "[T2] Shop checkout"}, counts_for=ELSEWHERE)
    assert other["counts_elsewhere"].words.startswith("It counts for ticket #10043")
    assert other["other_project"].state == "look"


@pytest.mark.parametrize(
    ("typed", "project", "code"),
    [
        ("", None, "no_project"),
        ("Oven", None, "bad_project"),
        ("4999", ticket.Project(4999, "4999", known=False), "unknown_project"),
    ],
)
def test_wheres_my_time_entry_the_field_does_not_match(typed: str, project: ticket.Project | None, code: str) -> None:
    """ "Check the Harvest Project ID field on the ticket matches"."""
    found = of_ticket(project_text=typed, project=project)[code]
    assert found.state == "look"
    assert typed in found.words
    assert "Harvest Project ID" in found.todo


@pytest.mark.parametrize("typed", ["", "0", "-3", "ten"])
def test_budget_shows_0_hours(typed: str) -> None:
    """Also "Budget not calculated": "Verify Budget Hours field is set (not 0)"."""
    found = of_ticket(budget_text=typed, budget=None)["no_budget"]
    assert (found.state, typed in found.words) == ("look", True)
    assert "Budget Hours" in found.todo


def test_budget_not_calculated() -> None:
    found = of_ticket(computed=False)
    assert found["budget_waits"].state == "wait"
    assert "budget" not in found


def test_ticket_shows_wrong_project() -> None:
    """ "Entries from the wrong project will remain until cleaned up manually": here they leave, and the panel offers
    what to do about those that stay."""
    changed = ticket.Changed("[T1] Oven", "[T2] Shop", NOW - timedelta(minutes=5), Share(2, 350), 1, open=True)
    found = of_ticket(changed=changed)["project_changed"]
    assert found.words == (
        "The project was changed from [T1] Oven to [T2] Shop (12:55). 2 entries of the old one (3.50 h) no longer count"
        " here. 1 entry of the old one names this ticket and still counts."
    )
    assert "move what stayed" in found.todo
    assert of_ticket(changed=replace(changed, open=False))["project_changed"].state == "note"


def test_no_time_entries_showing() -> None:
    """ "Check Harvest project is linked; wait for sync"."""
    found = of_ticket(counts={}, project=None, project_text="")
    assert found["nothing_counts"].state == "look"
    assert "10042" in found["nothing_counts"].todo
    assert "no_project" in found
    assert "sync_read" in found


def test_old_entries_missing() -> None:
    """ "Sync only pulls recent entries; historical import needed": the first sync reads it all, and says how far."""
    found = of_ticket(sync=replace(SYNC, reading_back=True, reached=date(2025, 6, 1)))["history_unfinished"]
    assert "1 Jun 2025" in found.words
    assert "deskhours sync --from" in found.todo
    done = of_ticket()["history"]
    assert "23 Feb 2026" in done.words
    assert "deskhours sync --from DATE --project 4001" in done.todo
    assert "correct Harvest Project ID" in of_ticket()["linked_project"].todo


def test_duplicate_entries() -> None:
    """ "Should be prevented by UNIQUE key; report to admin": an entry counts once; what looks like two is shown."""
    found = of_ticket(twice=((7, 8),), removed_twins=1)
    assert "(7, 8)" in found["same_twice"].words
    assert "delete it in Harvest" in found["same_twice"].todo
    assert "found and removed" in found["twin_removed"].words
    assert "(124)" in of_entry(twins=(124,))["same_twice"].words


@pytest.mark.parametrize("seen", [None, NOW - timedelta(minutes=2)])
def test_timeline_not_loading(seen: object) -> None:
    """ "Check JavaScript console; try hard refresh": what does not come anew is told; tests/extension has the rest."""
    found = of_ticket(sync=replace(SYNC, worker_at=seen))["worker_away"]
    assert found.state == "look"
    assert "deskhours check" in found.todo


def test_every_row_of_the_seed_is_answered_in_the_docs() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## What is asked")[2].partition("\n## ")[0]
    asked = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]
    assert asked == [
        "“Where's my time entry?”",
        "“Budget shows 0 hours”",
        "“Ticket shows wrong project”",
        "No time entries showing",
        "Budget not calculated",
        "Old entries missing",
        "Duplicate entries",
        "Timeline not loading",
    ]
    assert set(re.findall(r"`([a-z_]+)`", table)) <= codes()


def test_every_finding_is_explained() -> None:
    table = DOCS.read_text(encoding="utf-8").partition("## The findings")[2]
    explained = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == codes()


def codes() -> set[str]:
    """Every code that the rules know."""
    sources = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in ("rules.py", "ticket.py", "entry.py"))
    found = re.findall(r"Finding\(\s*\"([a-z_]+)\"(?: if [^,]+ else \"([a-z_]+)\")?", sources)
    assert found, "the rules say nothing"
    return {code for pair in found for code in pair if code}


def test_a_test_could_tell_a_finding_that_is_not_explained() -> None:
    assert {"counts", "counts_elsewhere", "sync_read", "same_twice"} <= codes()
    assert ENTRY.project in of_entry(counts_for=None, rule="none")["unassigned"].words
