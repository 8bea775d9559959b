"""axe finds nothing on what is read by itself or stands beside the panel: the picker, *Where is my entry?*, the wand,
the sidebar's timeline, the notice; light and dark, English and German."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.access.axe import findings
from tests.access.features import ENTRY, Features
from tests.access.test_panel import AGAIN, HOST, LOOK_AGAIN
from tests.extension.conftest import Desk, panel_of
from tests.extension.test_drift import notice_of, open_renamed

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKS = (("light", "de"), ("dark", "en"))
TIMELINE = '[data-deskhours="timeline-panel"]'
NOTICE = '[data-deskhours="notice"]'


class Findings:
    """What axe finds in the states of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}

    async def look(self, state: str, within: str = HOST) -> None:
        if wrong := await findings(self.page, within):
            self.found[state] = wrong


async def dress(page: Page, theme: str, place: str = "panel") -> None:
    """The helpdesk's light or dark; what is ours follows."""
    await page.evaluate("theme => document.body.classList.toggle('dark', theme === 'dark')", theme)
    await expect(page.locator(f'[data-deskhours="{place}"]')).to_have_attribute("data-theme", theme)


async def show(desk: Desk, page: Page, name: str, html: str) -> None:
    """This panel, in place of whatever stands there."""
    desk.stub.fragment = html.replace("data-panel ", f'data-panel data-name="{name}" ', 1)
    await page.evaluate(AGAIN)
    await page.locator(f'[data-panel][data-name="{name}"]').wait_for()


async def test_what_is_asked_for_in_the_panel(desk: Desk) -> None:
    page = await desk.open_connected()
    await page.set_viewport_size({"width": 760, "height": 900})
    seen = Findings(page)
    for theme, lang in LOOKS:
        features = Features(lang)
        await dress(page, theme)
        for name, html in features.projects().items():
            await show(desk, page, f"{theme}-{name}", html)
            await seen.look(f"{theme} {name}")
        await show(desk, page, f"{theme}-typed", features.projects()["picker"])
        field = panel_of(page).locator("[role=combobox]")
        for labels in (["Oven", "Oven controller"], []):
            desk.stub.fragments["GET /api/v1/tickets/1/projects"] = features.options(*labels)
            await field.fill("")
            await field.press_sequentially("ov")
            await expect(panel_of(page).locator("[role=option]")).to_have_count(len(labels) or 1)
            await page.keyboard.press("ArrowDown")
            await seen.look(f"{theme} options {len(labels)}")
        desk.stub.fragments["GET /api/v1/tickets/1/explain"] = features.explained()
        await show(desk, page, f"{theme}-asking", features.asking())
        for summary in await panel_of(page).locator("summary").all():
            await summary.click()
        await expect(panel_of(page).locator("[data-entry-asked]")).to_have_count(3)
        await seen.look(f"{theme} explained")
    assert seen.found == {}


async def test_the_wand(desk: Desk) -> None:
    page = await desk.open_connected()
    panel, stub = panel_of(page), desk.stub
    seen = Findings(page)
    await panel.locator("[name=log_time]").check()
    await page.locator(".js-textarea").fill("I have fixed the oven.")
    said = panel.locator("[data-note]")
    for theme, _lang in LOOKS:
        await dress(page, theme)
        stub.no_note, stub.note_gate = "", asyncio.Event()
        await panel.locator("[data-action=note-generate]").click()
        await expect(said).to_contain_text("Writing a note")
        await seen.look(f"{theme} working")
        stub.note_gate.set()
        await expect(said).to_contain_text("Made on this server.")
        await seen.look(f"{theme} made offline")
        stub.no_note = "This text says too little for a note."
        await panel.locator("[data-action=note-generate]").click()
        await expect(said).to_contain_text("says too little")
        await seen.look(f"{theme} refused")
    assert seen.found == {}


async def test_the_sidebars_timeline(desk: Desk) -> None:
    stub, timeline = desk.stub, "GET /api/v1/tickets/1/timeline"
    stub.fragments[timeline] = Features("en").timeline()
    page = await desk.open_connected()
    await page.locator('[data-deskhours="timeline-tab"]').click()
    seen = Findings(page)
    lines = page.locator(f"{TIMELINE} [data-item]")
    for theme, lang in LOOKS:
        features = Features(lang)
        await dress(page, theme, "timeline")
        stub.fragments[timeline] = features.timeline(unassigned=False, more=0, kinds=0)
        await page.evaluate(LOOK_AGAIN)
        await expect(lines).to_have_count(0)
        await seen.look(f"{theme} empty", TIMELINE)
        stub.fragments[timeline] = features.timeline()
        await page.evaluate(LOOK_AGAIN)
        await expect(lines).to_have_count(6)
        await page.locator(f"{TIMELINE} summary").first.click()
        forms = {
            "correction": features.correction(),
            "refused": features.correction(errors={"hours": "No.", "task_id": "No.", "notes": "No."}),
            "start and end": features.correction(start_end=True, told="It was corrected."),
        }
        opener = page.locator(f'{TIMELINE} [data-entry="{ENTRY}"] [data-action="entry-open"]')
        for name, html in forms.items():
            stub.fragments[f"GET /api/v1/entries/{ENTRY}"] = html
            await opener.click()
            await page.locator(f"{TIMELINE} form").first.wait_for()
            for summary in await page.locator(f"{TIMELINE} [data-correction] summary").all():
                await summary.click()
            await seen.look(f"{theme} {name}", TIMELINE)
            await opener.click()
            await expect(page.locator(f"{TIMELINE} form")).to_have_count(0)
    stub.silent = True
    await page.evaluate(LOOK_AGAIN)
    await page.locator(f"{TIMELINE} [role=alert]").wait_for()
    await seen.look("unreachable", TIMELINE)
    assert seen.found == {}


async def test_the_notice_of_a_page_that_has_changed(desk: Desk) -> None:
    await (await desk.open_connected(2)).close()
    page = await open_renamed(desk, "article-new", [])
    await expect(notice_of(page).locator("[role=status]")).to_contain_text("replies sent here log no time")
    seen = Findings(page)
    for theme, _lang in LOOKS:
        await dress(page, theme, "notice")
        await seen.look(theme, NOTICE)
    await notice_of(page).locator("[data-action=notice-open]").click()
    await panel_of(page, "idle").wait_for()
    await seen.look("opened", NOTICE)
    assert seen.found == {}
