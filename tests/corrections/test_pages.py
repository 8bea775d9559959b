"""The entry's page for a plain browser, and the same as a fragment for the extension."""

from __future__ import annotations

import html
import re

from tests.corrections.bench import DEVELOPMENT, SUPPORT, Bench


def words(page: str) -> str:
    """A page's text in one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def value(page: str, name: str) -> str:
    """What a field holds."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    if found is None:
        found = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found, f"no {name}"
    return html.unescape(found[1])


async def test_a_form_corrects_and_the_page_says_so_once(bench: Bench) -> None:
    entry = await bench.entry(notes="\n<b>As it was</b>")
    status, page = await bench.page(entry)
    assert (status, value(page, "hours"), value(page, "ticket_number")) == (200, "1.00", "#10001")
    assert value(page, "notes") == "\n<b>As it was</b>"
    assert "Written to Harvest with your own access." in words(page)
    typed = {name: value(page, name) for name in ("version", "spent_date", "notes", "ticket_number")}
    status, went = await bench.send(entry, "correct", hours="1:30", task_id=str(DEVELOPMENT), **typed)
    assert (status, went) == (303, f"/tickets/1/entries/{entry} change.done")
    assert (await bench.there(entry))["hours"] == 1.5
    _status, page = await bench.page(entry, cookies="deskhours_corrected=change.done")
    assert "The entry was corrected in Harvest." in page
    assert "Corrected · Ada Agent Hours: 1.00 → 1.50 Task: Support → Development" in words(page)
    assert "Notes:" not in words(page).split("History")[1], "they are as they were"


async def test_what_is_refused_is_told_beside_its_field_and_nothing_typed_is_lost(bench: Bench) -> None:
    entry = await bench.entry()
    status, page = await bench.send(entry, "correct", hours="0,3", spent_date="2199-01-01", notes="<i>typed</i>")
    assert (status, value(page, "hours"), value(page, "spent_date")) == (422, "0,3", "2199-01-01")
    assert value(page, "notes") == "<i>typed</i>"
    assert page.count('aria-invalid="true"') == 2
    assert "In steps of 0.25 hours" in page
    status, page = await bench.send(entry, "correct", ticket_number="77777\0")
    assert "knows no ticket #77777" in words(page)


async def test_a_change_meanwhile_shows_what_stands_there_beside_what_was_typed(bench: Bench) -> None:
    entry = await bench.entry()
    _status, page = await bench.page(entry)
    await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}", {"hours": 3})
    status, again = await bench.send(entry, "correct", hours="2", version=value(page, "version"))
    assert (status, value(again, "hours")) == (409, "2")
    assert "Stands there now: 3.00" in words(again)
    assert "Save all the same" in again
    assert (await bench.send(entry, "correct", hours="2", version=value(again, "version")))[0] == 303
    assert (await bench.there(entry))["hours"] == 2


async def test_saving_all_the_same_leaves_what_only_stood_in_the_form(bench: Bench) -> None:
    entry = await bench.entry(notes="As it was\nin two lines")
    _status, page = await bench.page(entry)
    form = {name: value(page, name) for name in ("version", "spent_date", "notes", "ticket_number")}
    form |= {"notes": form["notes"].replace("\n", "\r\n"), "task_id": str(SUPPORT), "hours": "2"}
    await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}", {"notes": "Written by somebody else"})
    status, again = await bench.send(entry, "correct", **form)
    assert (status, value(again, "hours"), value(again, "notes")) == (409, "2", "Written by somebody else")
    assert words(again).count("Stands there now") == 1
    form |= {"version": value(again, "version"), "notes": value(again, "notes")}
    assert (await bench.send(entry, "correct", **form))[0] == 303
    there = await bench.there(entry)
    assert (there["hours"], there["notes"]) == (2, "Written by somebody else")


async def test_a_deletion_is_asked_once_and_leaves_its_history(bench: Bench) -> None:
    entry = await bench.entry()
    _status, page = await bench.page(entry)
    assert "Harvest keeps no trace of a deleted entry." in page
    status, went = await bench.send(entry, "delete", version=value(page, "version"))
    assert (status, went.split()[1]) == (303, "delete.done")
    _status, page = await bench.page(entry, cookies="deskhours_corrected=delete.done")
    assert "The entry was deleted in Harvest." in page
    assert "no longer in Harvest" not in page, "that is what who comes later is told"
    assert "This entry is no longer in Harvest" in (await bench.page(entry))[1]
    assert "Deleted · Ada Agent Hours: 1.00" in words(page)
    assert "<textarea" not in page


async def test_who_may_not_correct_sees_why_and_no_form(bench: Bench) -> None:
    entry = await bench.entry()
    _status, page = await bench.page(entry, "bo")
    assert "This is another person's entry." in html.unescape(page)
    assert "/correct" not in page
    assert (await bench.send(entry, "correct", "bo", hours="2"))[0] == 403
    assert (await bench.send(entry, "correct", "ada", hours="2", csrf_token="another"))[0] == 403
    assert (await bench.there(entry))["hours"] == 1
    assert (await bench.page(entry, "nobody"))[0] == 401


async def test_a_wait_for_harvest_is_told_on_the_page(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.fault(f"PATCH /v2/time_entries/{entry}", "drop_before")
    status, went = await bench.send(entry, "correct", hours="2")
    assert (status, went.split()[1]) == (303, "change.asked")
    _status, page = await bench.page(entry)
    told = "Correction waits for Harvest. Harvest has not answered; this goes by itself as soon as it does."
    assert told in words(page)
    assert "Correction waits for Harvest · Ada Agent Hours: 1.00 → 2.00" in words(page)
    await bench.worker()
    assert "Corrected · Ada Agent" in words((await bench.page(entry))[1])


async def test_the_extension_gets_the_form_and_its_refusals_as_fragments(bench: Bench) -> None:
    entry = await bench.entry()
    path, token = f"/api/v1/entries/{entry}", bench.token("mo")
    status, fragment = await bench.server.call("GET", path, token=token, Accept="text/html")
    assert status == 200
    assert f'data-correction="{entry}"' in fragment
    assert f'data-action="entry-correct" data-method="PATCH" data-path="{path}"' in fragment
    assert "with the access of Deskhours" in fragment
    typed = {"hours": "0.3", "notes": "typed", "ticket_number": "#10001"}
    status, fragment = await bench.server.call("PATCH", path, typed, token, Accept="text/html")
    assert (status, value(fragment, "hours"), value(fragment, "notes")) == (422, "0.3", "typed")
    status, fragment = await bench.server.call("PATCH", path, {**typed, "hours": "0.5"}, token, Accept="text/html")
    assert status == 200
    assert "The entry was corrected in Harvest." in fragment
    assert "Mo Manager, with the access of Ari Admin to Harvest" in fragment
    status, fragment = await bench.server.call("DELETE", path, {}, token, Accept="text/html")
    assert (status, "The entry was deleted in Harvest." in fragment) == (200, True)


async def test_the_timeline_tells_of_corrections_and_leads_to_them(bench: Bench) -> None:
    entry, gone = await bench.entry(), await bench.entry()
    assert (await bench.correct(entry, "mo", hours=2))[0] == 200
    assert (await bench.delete(gone))[0] == 200
    status, page = await bench.timeline("bo")
    assert status == 200
    assert f'href="/tickets/1/entries/{entry}#history"' in page
    assert "data-correct>" not in page, "it is not bo's to correct"
    for who in ("ada", "mo"):
        assert f'href="/tickets/1/entries/{entry}" data-correct' in (await bench.timeline(who))[1]
    shown = words(page)
    assert "Corrected Mo Manager, with the access of Ari Admin to Harvest" in shown
    assert "Ada Agent's entry of 4 May 2026 · Hours: 1.00 → 2.00" in shown
    assert "Deleted Ada Agent" in shown
    assert f"entries/{gone}" not in page
    _status, page = await bench.timeline("bo", "person=u13")
    assert ("Corrected Mo Manager" in words(page), "Deleted Ada Agent" in words(page)) == (True, False)


async def test_a_moved_entry_is_told_of_on_both_tickets(bench: Bench) -> None:
    entry = await bench.entry()
    assert (await bench.correct(entry, ticket_id=2))[0] == 200
    for ticket in (1, 2):
        assert "Ticket: #10001 → #10002" in words((await bench.timeline("bo", ticket=ticket))[1])
