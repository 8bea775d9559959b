"""Timers, as a person sees them: they tick in every tab, stop with the reply, and never surprise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_first_path import ADA_MAIL, at_ticket
from tests.support.browser import Browser, browser, field, panel, submit, write_reply
from tests.support.world import ADA, World, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def start(page: Page, world: World, ticket: int) -> None:
    """Press Start, and wait until Harvest knows."""
    await field(page, "log_time").check()
    await panel(page).locator("[data-action=timer-start]").click()
    await expect(panel(page)).to_have_attribute("data-state", "running")

    async def running() -> bool:
        return any(entry["is_running"] for entry in await world.entries(ticket))

    await until(running)


async def advance(world: World, minutes: int) -> None:
    await world.harvest("POST", "/_sim/clock", {"advance_seconds": minutes * 60})


async def test_a_timer_ticks_in_every_tab_and_goes_to_harvest_with_the_reply(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await start(page, world, ticket)
    other = await chrome.context.new_page()
    await other.goto(page.url)
    await expect(panel(other)).to_have_attribute("data-state", "running")
    for tab in (page, other):
        await tab.bring_to_front()
        clock = panel(tab).locator("[role=timer]")
        await expect(clock).to_have_text(re.compile(r"^0:00:\d\d$"))
        seen = await clock.text_content()
        await expect(clock).not_to_have_text(seen or "", timeout=2_000)
    await expect(field(page, "hours")).to_have_count(0)
    await expect(field(page, "spent_date")).to_have_count(0)

    await page.bring_to_front()
    await advance(world, 30)
    await field(page, "notes").fill("Found the cause")
    await write_reply(page, "We have found the cause.")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    [entry] = await world.entries(ticket)
    assert (entry["is_running"], entry["hours"], entry["notes"]) == (False, 0.5, "Found the cause")
    await expect(panel(page)).to_contain_text("0.50 h")
    await expect(panel(other)).to_have_attribute("data-state", "logged", timeout=2_000)

    await panel(page).locator("[data-action=undo]").click()
    await expect(panel(page)).to_have_attribute("data-state", "stopped")
    await expect(field(page, "hours")).to_have_attribute("placeholder", "0.50")
    [entry] = await world.entries(ticket)
    assert entry["hours"] == 0.5


async def test_stop_shows_the_time_and_discard_asks_before_anything_goes(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await start(page, world, ticket)
    await advance(world, 20)
    await panel(page).locator("[data-action=timer-stop]").click()
    await expect(panel(page)).to_have_attribute("data-state", "stopped")
    await expect(field(page, "hours")).to_have_attribute("placeholder", "0.33")
    await expect(panel(page).locator(".dh-timer-stopped")).to_contain_text("0.33 h")
    await panel(page).locator("[data-action=timer-start]").click()  # Continue
    await expect(panel(page)).to_have_attribute("data-state", "running")
    await panel(page).locator("[data-action=timer-discard]").click()
    await expect(panel(page)).to_contain_text("Keep it there, or delete it?")
    assert len(await world.entries(ticket)) == 1
    await panel(page).locator("[data-action=timer-delete]").click()
    await expect(panel(page)).to_have_attribute("data-state", "idle")
    assert await world.entries(ticket) == []


async def test_hours_typed_before_start_are_not_taken_for_a_correction(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await field(page, "log_time").check()
    await field(page, "hours").fill("4")
    await start(page, world, ticket)
    await advance(world, 30)
    await panel(page).locator("[data-action=timer-stop]").click()
    await expect(field(page, "hours")).to_have_value("")
    await field(page, "hours").fill("0.45")
    await page.reload()
    await expect(field(page, "hours")).to_have_value("0.45")
    await write_reply(page, "An answer")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    assert [entry["hours"] for entry in await world.entries(ticket)] == [0.45]


async def test_starting_one_says_which_other_it_stops(chrome: Browser, world: World) -> None:
    first, _project = await world.linked_ticket(ADA)
    second, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, first)
    await start(page, world, first)
    await chrome.open_ticket(page, second)
    await field(page, "log_time").check()
    title = (await world.helpdesk("GET", f"/tickets/{first}"))["title"]
    await expect(panel(page).locator("[data-region=elsewhere]")).to_contain_text(title)
    await start(page, world, second)
    await chrome.open_ticket(page, first)
    await expect(panel(page)).to_have_attribute("data-state", "stopped")
    await expect(panel(page)).to_contain_text("by another timer")


async def test_a_refused_reply_leaves_the_stopped_timer_to_be_logged_again(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await start(page, world, ticket)
    await advance(world, 15)
    await field(page, "notes").fill("Will be refused")

    await world.helpdesk_fault("PUT /api/v1/tickets", "status", page=True, status=422)
    await write_reply(page, "An answer")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "stopped")
    await expect(field(page, "notes")).to_have_value("Will be refused")
    await expect(field(page, "hours")).to_have_attribute("placeholder", "0.25")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")

    async def notes() -> list[str]:
        return [entry["notes"] for entry in await world.entries(ticket)]

    assert await until(notes) == ["Will be refused"]


async def test_it_goes_on_after_a_reload_and_in_another_browser(
    chrome: Browser, world: World, chromium_path: Path
) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await start(page, world, ticket)
    await page.reload()
    await expect(panel(page)).to_have_attribute("data-state", "running")
    await expect(field(page, "log_time")).to_be_checked()
    async with browser(chrome.demo, chromium_path) as elsewhere:
        other = await elsewhere.sign_in(ADA_MAIL, ticket)
        async with elsewhere.context.expect_page() as opening:
            await panel(other).locator("[data-action=connect]").click()
        await elsewhere.consent(await opening.value, ADA_MAIL)
        await expect(panel(other)).to_have_attribute("data-state", "running")
        await panel(other).locator("[data-action=timer-stop]").click()
        await expect(panel(other).locator(".dh-timer-stopped")).to_be_visible()
    # Whoever comes back to the first one sees it at once.
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(panel(page)).to_have_attribute("data-state", "stopped", timeout=3_000)
