"""What people do on the dashboard of the running demo, through to the helpdesk."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import pytest

from tests.dashboard.browsing import Visit, alert, section
from tests.support.demo import Demo
from tests.support.signin import Api, signed_in
from tests.support.world import World, until


@pytest.fixture
async def api(demo: Demo) -> AsyncIterator[Api]:
    """The API as ada."""
    async with signed_in(demo, "ada@example.com") as signed:
        yield signed


@pytest.fixture
async def locked(world: World, pm: Visit, api: Api) -> AsyncIterator[int]:
    """A ticket of its own that is over its budget and locked in the helpdesk; closed at the end."""

    async def refreshed() -> str:
        # What the panel's Refresh does: Harvest is asked now, not at the next sync.
        await api.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return await state(world, ticket)

    ticket, project = await world.linked_ticket(budget="1")
    body = {"project_id": project, "task_id": 5001, "spent_date": "2026-01-05", "hours": 2.5, "user_id": 2001}
    await world.harvest("POST", "/v2/time_entries", body)
    await until(refreshed, lambda found: found == "locked", 60)
    assert await pm.get("/dashboard") == 200
    yield ticket
    await world.helpdesk("PUT", f"/tickets/{ticket}", {"state": "closed"})


async def state(world: World, ticket: int) -> str:
    return str((await world.helpdesk("GET", f"/tickets/{ticket}"))["budget_state"])


def unlock(ticket: int) -> str:
    return f"/dashboard/tickets/{ticket}/unlock"


async def test_a_locked_ticket_comes_first_with_what_can_be_done(pm: Visit, locked: int) -> None:
    shown = alert(pm.text, locked)
    for words in ("OVER BUDGET — LOCKED", "2.50</strong> of 1.00 h", "/projects/", "Raise budget", "Discuss", "Close"):
        assert words in shown
    assert pm.text.index(f'id="ticket-{locked}"') < pm.text.index('id="tickets"')


async def test_an_unlock_with_bad_values_tells_all_and_loses_nothing(pm: Visit, locked: int, world: World) -> None:
    typed = {"reason": " ", "ceiling_hours": "2", "expires_on": "soon", "budget_hours": "many <b>"}
    assert await pm.post(unlock(locked), back="state=all&evil=1", **typed) == 422
    shown = alert(pm.text, locked)
    for words in (
        "Say why work may go on",
        "has used 2.50 hours already",
        "Expected a day, YYYY-MM-DD.",
        "Expected hours above 0",
        'value="2"',
        'value="soon"',
        'value="many <b>"',
    ):
        assert words in shown
    assert shown.count('aria-invalid="true"') == 4
    assert 'value="many &lt;b&gt;"' in pm.text
    assert 'name="back" value="state=all"' in pm.text
    assert "The ticket was not unlocked." in section(pm.text, "alerts") or 'role="alert"' in pm.text
    assert await state(world, locked) == "locked"


async def test_an_unlock_reaches_the_helpdesk_and_the_page_says_so_once(pm: Visit, locked: int, world: World) -> None:
    status = await pm.post(unlock(locked), reason="Client agreed", ceiling_hours="4", back="state=all")
    assert (status, pm.path) == (200, "/dashboard?state=all")
    number = (await world.helpdesk("GET", f"/tickets/{locked}"))["number"]
    assert f"Ticket #{number} is unlocked" in pm.text
    assert alert(pm.text, locked) == ""
    assert "Mo Manager: up to 4.00 hours – “Client agreed”" in section(pm.text, "alerts")
    await until(lambda: state(world, locked), lambda found: found in ("open", "warn"), 30)
    assert await pm.get("/dashboard") == 200
    assert "is unlocked" not in pm.text
    # The ledger tells who, what, why.
    assert await pm.get(f"/dashboard?ticket={locked}&notice=x") == 200
    card = re.sub(r"<[^>]*>", "", section(pm.text, "card"))
    assert "Unlocked · Mo Manager · up to 4.00 h · 2.50 h used Client agreed" in card
    assert card.index("Unlocked") < card.index("Locked")


async def test_a_budget_is_raised_by_its_number_alone(pm: Visit, locked: int, world: World) -> None:
    path = f"/dashboard/tickets/{locked}/raise"
    for wrong, words in (("", "Give the new budget"), ("2", "has used 2.50 hours already"), ("x", "Expected hours")):
        assert await pm.post(path, budget_hours=wrong) == 422
        assert words in alert(pm.text, locked)
    assert await pm.post(path, budget_hours="5") == 200

    async def budget() -> str:
        return str((await world.helpdesk("GET", f"/tickets/{locked}"))["budget_hours"])

    await until(budget, lambda found: found in ("5", "5.00"), 30)
    await until(lambda: state(world, locked), lambda found: found == "open", 30)


async def test_a_note_stands_in_the_ticket_as_its_authors(pm: Visit, locked: int, world: World) -> None:
    path = f"/dashboard/tickets/{locked}/note"
    assert await pm.post(path, note_body="  ") == 422
    assert "The note is empty." in alert(pm.text, locked)
    assert await pm.post(path, note_body="x" * 60_001) == 422
    assert "At most 60000 characters." in alert(pm.text, locked)
    assert await pm.post(path, note_body="Shall we ask\nthe client?") == 200
    articles = await world.helpdesk("GET", f"/ticket_articles/by_ticket/{locked}")
    [note] = [one for one in articles if "Shall we ask" in one["body"]]
    assert note["internal"]
    assert note["created_by_id"] == 5
    assert alert(pm.text, locked)


async def test_closing_takes_it_from_the_alerts(pm: Visit, locked: int, world: World) -> None:
    assert await pm.post(f"/dashboard/tickets/{locked}/close") == 200
    assert "is closed" in pm.text
    assert alert(pm.text, locked) == ""
    assert (await world.helpdesk("GET", f"/tickets/{locked}?expand=true"))["state"] == "closed"


async def test_an_agent_asks_and_may_not_unlock(ada: Visit, pm: Visit, locked: int, world: World) -> None:
    assert await ada.post(unlock(locked), reason="Me", ceiling_hours="9") == 403
    assert "Only project managers and administrators" in html.unescape(ada.text)
    assert await ada.post(f"/dashboard/tickets/{locked}/ask", ask_message="The shop is\0 <down>") == 200
    await pm.get("/dashboard")
    shown = alert(pm.text, locked)
    assert "Ada Agent asks for it to be unlocked" in shown
    assert "“The shop is <down>”" in shown
    assert "&lt;down&gt;" in pm.text
    assert await state(world, locked) == "locked"


async def test_a_ticket_that_the_helpdesk_hides_is_not_shown(ada: Visit) -> None:
    assert await ada.get("/dashboard?ticket=7") == 200
    assert "does not let you see ticket 7" in html.unescape(ada.text)
    assert "Renewal" not in ada.text
    assert await ada.post("/dashboard/tickets/7/note", note_body="Hello") == 403


async def test_entries_of_a_form_without_sense_are_refused(pm: Visit) -> None:
    assert await pm.post("/dashboard/entries/999999999/assign", ticket_id="x") == 400
    await pm.get("/dashboard")
    assert await pm.post("/dashboard/entries/999999999/assign", ticket_id="1") == 404
    assert "No such time entry." in pm.text
    assert await pm.post("/dashboard/tickets/4/explode") == 404


class Page(HTMLParser):
    """What a page's inputs are labelled by, and what its policy forbids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.labels: list[str] = []
        self.fields: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self._in_script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label":
            self.labels.append(found["for"])
        if tag in ("input", "select", "textarea") and found.get("type") != "hidden":
            self.fields.append(found.get("id", f"a nameless {tag}"))
        if tag == "style" or (tag == "script" and "src" not in found):
            self.inline.append(tag)
        self.inline += [name for name in found if name == "style" or name.startswith("on")]


async def test_every_input_has_a_label_and_nothing_is_inline(pm: Visit, ada: Visit, locked: int) -> None:
    for visit, path in ((pm, "/dashboard?ticket=4"), (ada, "/dashboard")):
        await visit.get(path)
        page = Page(visit.text)
        assert len(page.fields) > 5
        assert sorted(page.fields) == sorted(page.labels)
        assert page.inline == []
        assert len(page.ids) == len(set(page.ids))
    async with pm.session.get(f"{pm.demo.url}/dashboard") as response:
        policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
