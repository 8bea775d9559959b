"""From end to end by keyboard: timers, locks, the sidebar's timeline and the dashboard's pages, on the real server."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.access.test_keyboard import focused, go
from tests.api.test_locks import read
from tests.dashboard.office import Office
from tests.e2e.test_first_path import ADA_MAIL, at_ticket
from tests.e2e.test_locks import MINUTE, PM_MAIL, over_budget
from tests.support.browser import FLAGS, Browser, browser, panel
from tests.support.signin import signed_in
from tests.support.world import ADA, SUPPORT, World, today, until
from tests.timeline.test_look import tab, timeline


async def at_reply(page: Page) -> None:
    """Where a person is before they turn to the panel."""
    await page.locator('.content.active .js-textarea[data-name="body"]').focus()


async def state(page: Page, wanted: str) -> None:
    await expect(panel(page)).to_have_attribute("data-state", wanted)
    await expect(panel(page)).not_to_have_attribute("data-busy", "")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_timer_is_started_stopped_and_discarded(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await at_reply(page)
    await go(page, "Tab", "log_time")
    await page.keyboard.press("Space")
    await go(page, "Tab", "timer-start")
    await page.keyboard.press("Enter")
    await state(page, "running")
    assert await focused(page) == "timer-stop"
    await page.keyboard.press("Enter")
    await state(page, "stopped")
    await expect(panel(page).locator("[data-action=timer-discard]")).to_be_visible()
    assert await focused(page) == "timer"
    await go(page, "Tab", "timer-start")
    await page.keyboard.press("Space")
    await state(page, "running")
    await go(page, "Tab", "timer-discard")
    await page.keyboard.press("Enter")
    await expect(panel(page)).to_contain_text("Keep it there, or delete it?")
    assert await focused(page) == "timer"
    await go(page, "Tab", "timer-delete")
    await page.keyboard.press("Enter")
    await state(page, "idle")
    assert await focused(page) == "panel"
    assert await world.entries(ticket) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_an_unlock_is_asked_for_and_given(chrome: Browser, world: World, chromium_path: Path) -> None:
    ticket = await over_budget(world)
    page = await at_ticket(chrome, ticket)
    await expect(panel(page)).to_have_attribute("data-locked", "true", timeout=MINUTE)
    await at_reply(page)
    await go(page, "Tab", "ask-pm")
    await page.keyboard.press("Enter")
    await expect(
        panel(page).locator("[role=status]", has_text="Ada Agent has asked for it to be unlocked")
    ).to_be_visible()
    assert await focused(page) == "lock"
    async with browser(world.demo, chromium_path) as theirs:
        managers = await theirs.sign_in(PM_MAIL, ticket)
        await theirs.connect(managers, PM_MAIL)
        await at_reply(managers)
        await go(managers, "Tab", "reason")
        await managers.keyboard.type("Agreed by phone")
        await managers.keyboard.press("Tab")
        assert await focused(managers) == "ceiling_hours"
        await managers.keyboard.type("2.5")
        await go(managers, "Tab", "unlock")
        await managers.keyboard.press("Enter")
        await state(managers, "error")
        assert await focused(managers) == "unlock"
        await go(managers, "Shift+Tab", "ceiling_hours")
        await managers.keyboard.press("Control+A")
        await managers.keyboard.type("4")
        await go(managers, "Tab", "unlock")
        await managers.keyboard.press("Enter")
        await expect(panel(managers)).to_have_attribute("data-locked", "false")
        said = panel(managers).locator("[role=status]", has_text="Unlocked by Mo Manager up to 4.00 hours")
        await expect(said).to_be_visible()
        assert await focused(managers) == "panel"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_timeline_is_filtered_read_on_and_corrected(chrome: Browser, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    for number in range(26):
        body = {"ticket_id": ticket, "body": f"Line {number}", "type": "note", "internal": True}
        await world.helpdesk("POST", "/ticket_articles", body)
    entry = {"project_id": project, "task_id": SUPPORT, "spent_date": today(), "hours": 1, "user_id": ADA}
    page = await at_ticket(chrome, ticket)
    await world.harvest("POST", "/v2/time_entries", {**entry, "notes": "Typo"})
    async with signed_in(world.demo, ADA_MAIL) as api:
        await read(api)

        async def listed() -> int:
            return len((await api.get(f"/api/v1/tickets/{ticket}/timeline?what=time")).json["items"])

        await until(listed)
    shown = timeline(page)
    lines, form = shown.locator("[data-item]"), shown.locator("[data-correction] form").first
    await tab(page).focus()
    await page.keyboard.press("Enter")
    await expect(lines).to_have_count(25)

    await go(page, "Tab", "what")
    await page.keyboard.press("End")
    await expect(lines).to_have_count(0)
    assert await focused(page) == "what"
    await page.keyboard.press("Home")
    await expect(lines).to_have_count(25)

    await go(page, "Tab", "entry-open")
    await page.keyboard.press("Enter")
    await expect(form).to_be_visible()
    assert await focused(page) == "hours"
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    assert await focused(page) == "entry-open"
    await page.keyboard.press("Enter")
    await expect(form).to_be_visible()
    await go(page, "Tab", "entry-close")
    await page.keyboard.press("Space")
    await expect(form).to_have_count(0)
    assert await focused(page) == "entry-open"

    await page.keyboard.press("Enter")
    await expect(form).to_be_visible()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("0.3")
    await go(page, "Tab", "entry-correct")
    await page.keyboard.press("Enter")
    await expect(shown.locator("[name=hours][aria-invalid=true]")).to_be_focused()
    await page.keyboard.press("Control+A")
    await page.keyboard.type("1:30")
    await go(page, "Tab", "notes")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("Written well")
    await go(page, "Tab", "entry-correct")
    await page.keyboard.press("Enter")
    said = shown.get_by_text("The entry was corrected in Harvest.")
    await expect(said).to_be_focused()
    await expect(said).to_have_attribute("role", "status")
    await expect(shown.locator("[data-kind=entry]")).to_contain_text("Written well")
    await expect(said).to_be_focused()
    await expect(shown.locator("[data-kind=correction]")).to_contain_text("Hours: 1.00 → 1.50")

    await tab(page).focus()
    await go(page, "Shift+Tab", "timeline-more")
    last = await lines.last.get_attribute("data-item")
    await page.keyboard.press("Enter")
    await expect(shown.locator("[data-action=timeline-more]")).to_have_count(0)
    await expect(shown.locator(f'[data-item="{last}"]')).to_be_focused()
    assert await lines.count() > 25


async def test_the_dashboards_tickets_are_paged_through(office: Office, chromium_path: Path) -> None:
    await office.person(2, "Mo", "Budget PM")
    for number in range(1, 53):
        await office.ticket(number, used=number)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        context = await chromium.new_context()
        context.set_default_timeout(15_000)
        await context.add_cookies([{"name": "deskhours_session", "value": "Mo", "url": office.server.url}])
        page = await context.new_page()
        await page.goto(f"{office.server.url}/dashboard")
        rows = page.locator("#tickets tbody tr")
        for link, count in (("Next page", 2), ("First page", 50)):
            await page.locator("#tickets tbody a").last.focus()
            for _step in range(4):
                await page.keyboard.press("Tab")
                if await focused(page) == "a" and await page.locator(":focus").inner_text() == link:
                    break
            await expect(page.locator(":focus")).to_have_text(link)
            await page.keyboard.press("Enter")
            await expect(rows).to_have_count(count)
            await page.wait_for_load_state()
            await page.keyboard.press("Tab")
            await expect(page.locator("#tickets :focus")).to_have_count(1)  # one goes on in the list
        await chromium.close()
