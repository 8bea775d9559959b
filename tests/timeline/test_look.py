"""The timeline in a real browser: the page without script, and the tab in the helpdesk's sidebar."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, async_playwright, expect

from tests.support.browser import FLAGS, Browser, browser
from tests.support.demo import Demo
from tests.support.world import World, until

LOCKED = 4
"""The demo's ticket that is locked from the start: a message, entries of two people, a lock."""


def tab(page: Page) -> Locator:
    """Our tab in the sidebar of the ticket that is shown."""
    return page.locator('.content.active [data-deskhours="timeline-tab"]')


def timeline(page: Page) -> Locator:
    """Our panel's content."""
    return page.locator('.content.active [data-deskhours="timeline"]')


def native(page: Page, name: str) -> Locator:
    """A panel of the helpdesk's own."""
    return page.locator(f".content.active .sidebar[data-tab={name}]")


async def press(page: Page, name: str) -> None:
    """Press a tab of the helpdesk's own."""
    await page.locator(f".content.active .tabsSidebar-tab[data-tab={name}]").click()


@pytest.fixture
async def ada(demo: Demo, chromium_path: Path) -> AsyncIterator[Browser]:
    async with browser(demo, chromium_path) as opened:
        yield opened


async def test_the_page_needs_no_script(demo: Demo, chromium_path: Path, tmp_path: Path) -> None:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        context = await chromium.new_context(java_script_enabled=False, viewport={"width": 1200, "height": 900})
        page = await context.new_page()
        page.set_default_timeout(15_000)
        address = f"{demo.url}/tickets/{LOCKED}/timeline"
        await page.goto(f"{address}?order=newest")
        await page.get_by_role("link", name="Sign in with the helpdesk").click()
        await page.fill("[name=email]", "pm@example.com")
        await page.fill("[name=password]", "demo")
        await page.click("button[type=submit]")
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{address}?order=newest")
        await expect(page.locator("[data-kind=message]")).to_contain_text("Two groups were booked")
        entry = page.locator("[data-entry]").first
        await expect(entry).to_contain_text("Time entry")
        await expect(page.locator("[data-kind=locked]")).to_be_visible()
        # Not by colour alone: another mark, another frame.
        looks = (
            "one => [getComputedStyle(one.querySelector('.tl-mark')).clipPath, getComputedStyle(one).borderLeftWidth]"
        )
        marks = [await page.locator(f"[data-kind={kind}]").first.evaluate(looks) for kind in ("entry", "message")]
        assert marks[0][0] != marks[1][0]
        assert marks[0][1] != marks[1][1]
        await page.check("[name=what][value=time]")
        await page.get_by_role("button", name="Show").click()
        await expect(page.locator("[data-kind=message]")).to_have_count(0)
        await expect(page.locator("[name=what][value=time]")).to_be_checked()
        for width in (360, 700, 1200):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.screenshot(path=tmp_path / f"{width}.png", full_page=True)
            edge = await page.locator("main").evaluate("one => one.scrollWidth <= one.clientWidth")
            assert edge, f"{width} is too narrow"
        await chromium.close()


async def test_the_tab_in_the_sidebar(ada: Browser, demo: Demo) -> None:
    page = await ada.sign_in("ada@example.com", 1)
    await ada.connect(page, "ada@example.com")
    await tab(page).click()
    await expect(tab(page)).to_have_attribute("aria-expanded", "true")
    await expect(native(page, "ticket")).to_be_hidden()
    await expect(timeline(page).locator("[data-entry]").first).to_be_visible()
    # A tab of the page's own takes its place again; the one it holds for open does not close the sidebar.
    await press(page, "ticket")
    await expect(native(page, "ticket")).to_be_visible()
    await expect(timeline(page)).to_be_hidden()
    await tab(page).click()
    await press(page, "customer")
    await expect(native(page, "customer")).to_be_visible()
    await expect(native(page, "ticket")).to_be_hidden()
    await expect(timeline(page)).to_be_hidden()
    # Thrown out by the page, it is back at once, and once.
    await tab(page).click()
    await page.evaluate(
        "document.querySelectorAll('.content.active [data-deskhours^=timeline-]').forEach((one) => one.remove())"
    )
    await expect(tab(page)).to_have_count(1)
    await expect(timeline(page).locator("[data-entry]").first).to_be_visible()
    await timeline(page).locator("[data-filter]").select_option("time")
    await expect(timeline(page).locator("[data-kind=message]")).to_have_count(0)
    # Each ticket has its own, and what is out of the document asks for nothing.
    await ada.open_ticket(page, 2)
    await expect(tab(page)).to_have_count(1)
    await expect(tab(page)).to_have_attribute("aria-expanded", "false")
    await expect(native(page, "ticket")).to_be_visible()


async def test_what_is_new_comes_without_moving_what_is_read(ada: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket()
    for number in range(30):
        body = {"ticket_id": ticket, "body": f"Line {number}", "type": "note", "internal": True}
        await world.helpdesk("POST", "/ticket_articles", body)
    page = await ada.sign_in("ada@example.com", ticket)
    await ada.connect(page, "ada@example.com")
    await tab(page).click()
    lines = timeline(page).locator("[data-item]")
    await expect(lines).to_have_count(25)
    await timeline(page).get_by_role("button", name="Show earlier ones").click()
    await expect(lines).to_have_count(31)
    read = lines.nth(20)
    await expect(read).to_contain_text("Line 9")
    await read.scroll_into_view_if_needed()
    before = await read.evaluate("one => one.getBoundingClientRect().top")
    newest = {"ticket_id": ticket, "body": "Newest", "type": "note", "internal": True}
    await world.helpdesk_as("bo@example.com", "POST", "/ticket_articles", newest)

    async def first() -> str:
        """What stands on top once the page is looked at again, which asks for news at once."""
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return await lines.first.inner_text()

    await until(first, lambda text: "Newest" in text, seconds=30)
    after = await lines.nth(21).evaluate("one => one.getBoundingClientRect().top")
    assert abs(after - before) < 2


async def test_an_entry_is_corrected_below_its_line_in_the_sidebar(ada: Browser, world: World) -> None:
    ticket, project = await world.linked_ticket()
    reference = {"id": f"{world.demo.helpdesk.removeprefix('http://')}:{ticket}"}
    body = {"project_id": project, "task_id": 5001, "spent_date": "2026-01-05", "hours": 1, "user_id": 2001}
    await world.harvest("POST", "/v2/time_entries", {**body, "notes": "Typo", "external_reference": reference})
    page = await ada.sign_in("ada@example.com", ticket)
    await ada.connect(page, "ada@example.com")
    await tab(page).click()
    shown = timeline(page)

    async def listed() -> int:
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        return await shown.locator("[data-entry]").count()

    await until(listed, seconds=60)
    await shown.get_by_role("button", name="Correct").click()
    await shown.locator("[name=ticket_number]").fill("99999")
    await shown.get_by_role("button", name="Save").click()
    await expect(shown.locator("[name=ticket_number][aria-invalid=true]")).to_be_focused()
    await shown.locator("[name=ticket_number]").fill(str(10000 + ticket))
    await shown.locator("[name=hours]").fill("0.3")
    await shown.locator("[name=notes]").fill("Written well")
    await shown.get_by_role("button", name="Save").click()
    await expect(shown.locator("[name=hours][aria-invalid=true]")).to_be_focused()
    await expect(shown.locator("[name=notes]")).to_have_value("Written well")
    # What comes meanwhile does not touch what is typed.
    await world.helpdesk("POST", "/ticket_articles", {"ticket_id": ticket, "body": "News", "type": "note"})
    await shown.locator("[name=hours]").fill("1:30")
    await shown.get_by_role("button", name="Save").click()
    await expect(shown.get_by_text("The entry was corrected in Harvest.")).to_be_visible()
    await expect(shown.locator("[data-kind=entry]")).to_contain_text("Written well")
    await expect(shown.locator("[data-kind=correction]")).to_contain_text("Hours: 1.00 → 1.50")
    assert [one["hours"] for one in await world.entries(ticket)] == [1.5]
