"""A submission is seen whatever way it is made, and so is that nothing came of it.

One profile, in which ada is connected, serves the whole module; every test has a page and a ticket of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.support.browser import Browser, field, panel, write_reply
from tests.support.demo import Demo
from tests.support.shared import SharedChromium, shared_browser
from tests.support.world import ADA, World, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA_MAIL = "ada@example.com"
UPDATE = ".content.active .js-attributeBar .js-submit"
DIALOG = ".content.active > .modal:has([name=time_unit])"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def project(world: World) -> int:
    """One project for all: ada's assignments are read when she connects, a minute before they are read again."""
    return await world.project(ADA)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chrome(demo: Demo, chromium: SharedChromium, project: int) -> AsyncIterator[Browser]:
    async with shared_browser(demo, chromium) as running:
        first = await running.sign_in(ADA_MAIL, 1)
        await running.connect(first, ADA_MAIL)
        await first.close()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(demo: Demo) -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)


@pytest_asyncio.fixture(loop_scope="session")
async def dialog(world: World) -> AsyncIterator[None]:
    """The helpdesk's own time accounting is on."""
    await world.setting("time_accounting", True)
    yield
    await world.setting("time_accounting", False)


@pytest_asyncio.fixture(loop_scope="session")
async def closing(world: World) -> AsyncIterator[None]:
    """Ada wants a ticket's tab closed after every update."""
    await world.prefer(ADA_MAIL, secondaryAction="closeTab")
    yield
    await world.prefer(ADA_MAIL, secondaryAction=None)


class Scene:
    """A page at a ticket of its own, with half an hour typed into the panel."""

    def __init__(self, page: Page, world: World, ticket: int) -> None:
        self.page = page
        self.world = world
        self.ticket = ticket

    async def logged_once(self) -> None:
        """The log arrived, as one entry."""
        entries = await until(lambda: self.world.entries(self.ticket), seconds=20)
        assert [(entry["hours"], entry["notes"]) for entry in entries] == [(0.5, "Answer")]

    async def is_back(self) -> None:
        """Nothing was logged, and the form holds what was typed, to be changed or sent again."""
        await expect(panel(self.page)).not_to_have_attribute("data-state", "armed")
        await expect(field(self.page, "log_time")).to_be_checked()
        await expect(field(self.page, "hours")).to_have_value(re.compile(r"0\.50?"))
        await expect(field(self.page, "notes")).to_have_value("Answer")
        await expect(field(self.page, "hours")).to_be_editable()
        assert await self.world.entries(self.ticket) == []


@pytest_asyncio.fixture(loop_scope="session")
async def scene(chrome: Browser, world: World, project: int) -> AsyncIterator[Scene]:
    # What a test wants of preferences and settings must be asked for before this: they come with the page.
    ticket = await world.ticket(harvest_project=str(project), budget_hours="10")
    page = await chrome.context.new_page()
    await page.goto(f"{chrome.demo.helpdesk}/#ticket/zoom/{ticket}")
    await field(page, "log_time").check()
    await field(page, "hours").fill("0.5")
    await field(page, "notes").fill("Answer")
    yield Scene(page, world, ticket)
    await page.close()
    await world.helpdesk_faults_over()


async def press(page: Page, way: str) -> None:
    """Submit what stands in the composer."""
    if way == "click":
        await page.locator(UPDATE).click()
    elif way == "enter":
        await page.locator(UPDATE).focus()
        await page.keyboard.press("Enter")
    elif way == "shortcut":
        await page.keyboard.press("Control+Enter")
    else:
        await page.locator(".content.active .js-openDropdownMacro").click()
        await page.locator(".content.active .js-dropdownActionMacro", has_text=way).click()


@pytest.mark.parametrize("way", ["enter", "Close", "Note: waiting"])
async def test_ways_to_submit(scene: Scene, way: str) -> None:
    await write_reply(scene.page, "Done.")
    await press(scene.page, way)
    await expect(panel(scene.page)).to_have_attribute("data-state", "logged")
    await scene.logged_once()


async def test_a_macros_own_note_is_an_article_too(scene: Scene) -> None:
    await press(scene.page, "Note: waiting")
    await expect(panel(scene.page)).to_have_attribute("data-state", "logged")
    await scene.logged_once()


async def test_a_macro_that_writes_nothing_logs_nothing_and_says_so(scene: Scene) -> None:
    await press(scene.page, "Close")
    alert = panel(scene.page).locator("[role=alert]", has_text="there was no reply or note")
    await expect(alert).to_be_visible(timeout=12_000)
    await scene.is_back()
    await panel(scene.page).locator("[data-action=log-now]").click()
    await expect(panel(scene.page)).to_have_attribute("data-state", "logged")
    await scene.logged_once()


@pytest.mark.parametrize("way", ["click", "shortcut", "Note: waiting"])
async def test_the_tab_is_gone_before_the_article_is_seen(closing: None, scene: Scene, way: str) -> None:
    if way == "Note: waiting":
        await scene.world.macro_flow(way, "next_task")
        await scene.page.reload()
    await write_reply(scene.page, "Done.")
    try:
        await press(scene.page, way)
        await expect(scene.page.locator(f"#content_permanent_Ticket-{scene.ticket}")).to_have_count(0)
        await scene.logged_once()
    finally:
        if way == "Note: waiting":
            await scene.world.macro_flow(way, "none")


@pytest.mark.parametrize("way", ["click", "shortcut"])
async def test_the_time_dialog_answered(dialog: None, scene: Scene, way: str) -> None:
    # The page frees its form while the request is still under way: that is no refusal.
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "latency", page=True, seconds=1.5)
    await write_reply(scene.page, "Done.")
    await press(scene.page, way)
    await scene.page.locator(f"{DIALOG} [name=time_unit]").fill("15")
    await press_in_dialog(scene.page, way)
    await expect(scene.page.locator(UPDATE)).to_be_enabled()
    await expect(panel(scene.page)).to_have_attribute("data-state", "logged")
    await scene.logged_once()
    ticket = await scene.world.helpdesk("GET", f"/tickets/{scene.ticket}")
    assert ticket["time_unit"] == "15.0"


async def press_in_dialog(page: Page, way: str) -> None:
    """Answer the dialog by the mouse, or by the shortcut that makes no event."""
    if way == "click":
        await page.locator(f"{DIALOG} .js-submit").click()
    else:
        await page.keyboard.press("Control+Enter")


async def test_the_time_dialog_skipped_with_a_tab_that_closes(closing: None, dialog: None, scene: Scene) -> None:
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "latency", page=True, seconds=0.8)
    await write_reply(scene.page, "Done.")
    await press(scene.page, "shortcut")
    await scene.page.locator(f"{DIALOG} .js-skip").click()
    await expect(scene.page.locator(f"#content_permanent_Ticket-{scene.ticket}")).to_have_count(0)
    await scene.logged_once()


@pytest.mark.parametrize("way", ["close", "escape"])
async def test_the_time_dialog_called_off(dialog: None, scene: Scene, way: str) -> None:
    await write_reply(scene.page, "Not yet.")
    await press(scene.page, "click")
    await expect(panel(scene.page)).to_have_attribute("data-state", "armed")
    if way == "close":
        await scene.page.locator(f"{DIALOG} .js-close").click()
    else:
        await scene.page.keyboard.press("Escape")
    await scene.is_back()
    await expect(scene.page.locator(".content.active .js-textarea")).to_have_text("Not yet.")
    # Sent after all, it is logged once.
    await press(scene.page, "click")
    await scene.page.locator(f"{DIALOG} .js-skip").click()
    await scene.logged_once()


@pytest.mark.parametrize(("way", "status"), [("click", 422), ("shortcut", 403), ("Close", 422)])
async def test_a_refusal_of_the_helpdesk(scene: Scene, way: str, status: int) -> None:
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "status", page=True, status=status)
    await write_reply(scene.page, "Once more.")
    await press(scene.page, way)
    await expect(scene.page.locator(f"#notify .error[data-status='{status}']")).to_be_visible()
    await scene.is_back()
    await expect(scene.page.locator(".content.active .js-textarea")).to_have_text("Once more.")
    await press(scene.page, way)
    await scene.logged_once()


async def test_an_answer_that_got_lost_is_no_refusal(scene: Scene) -> None:
    # Chromium sends a request again by itself when a connection that was kept open breaks: so every one breaks.
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "drop_after", page=True, times=None)
    await write_reply(scene.page, "It has arrived.")
    await press(scene.page, "click")
    await expect(scene.page.locator("#notify .error")).to_be_visible()
    await scene.logged_once()


@pytest.mark.parametrize("refused", [False, True])
async def test_another_ticket_is_shown_right_after_update(chrome: Browser, scene: Scene, refused: bool) -> None:
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "latency", page=True, seconds=0.8)
    if refused:
        await scene.world.helpdesk_fault("PUT /api/v1/tickets", "status", page=True, status=422)
    await write_reply(scene.page, "On my way.")
    await press(scene.page, "shortcut")
    await chrome.open_ticket(scene.page, 1)
    if refused:
        await expect(scene.page.locator("#notify .error[data-status='422']")).to_be_visible()
        await chrome.open_ticket(scene.page, scene.ticket)
        await scene.is_back()
    else:
        await scene.logged_once()


@pytest.mark.parametrize("refused", [False, True])
async def test_a_reload_right_after_update(scene: Scene, refused: bool) -> None:
    """The page is gone before its answer is there; the log has left it all the same."""
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "latency", page=True, seconds=0.5)
    if refused:
        await scene.world.helpdesk_fault("PUT /api/v1/tickets", "status", page=True, status=422)
    await write_reply(scene.page, "Gone already.")
    await press(scene.page, "click")
    await scene.world.helpdesk_fault_strikes("latency")  # a reload may call back what has not left the browser yet
    await scene.page.reload()
    if not refused:
        # The page that comes back shows the article, and the server looks then; its own next look is far away.
        await expect(panel(scene.page)).to_have_attribute("data-state", "logged", timeout=30_000)
        await scene.logged_once()
        return
    # Nobody has heard the refusal: the log waits for the reply, visibly, and can be taken back.
    await expect(panel(scene.page)).to_contain_text("Waits for your reply or note")
    await panel(scene.page).locator("[data-action=disarm]").click()
    await scene.is_back()


async def test_pressed_twice_in_a_row(scene: Scene) -> None:
    await scene.world.helpdesk_fault("PUT /api/v1/tickets", "latency", page=True, seconds=0.5)
    await write_reply(scene.page, "Twice.")
    await press(scene.page, "shortcut")
    await press(scene.page, "shortcut")
    await scene.page.evaluate("selector => document.querySelector(selector).click()", UPDATE)
    await expect(panel(scene.page)).to_have_attribute("data-state", "logged")
    await scene.logged_once()


async def test_two_replies_one_after_the_other_are_two_logs(scene: Scene) -> None:
    await write_reply(scene.page, "First.")
    await press(scene.page, "click")
    await scene.logged_once()
    await field(scene.page, "log_time").check()
    await field(scene.page, "hours").fill("0.75")
    await write_reply(scene.page, "Second.")
    await press(scene.page, "shortcut")
    entries = await until(lambda: scene.world.entries(scene.ticket), lambda found: len(found) == 2, seconds=20)
    assert sorted(entry["hours"] for entry in entries) == [0.5, 0.75]
