"""The wand beside the note's field, with the real extension in a real browser."""

import asyncio

import pytest
from playwright.async_api import expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAND = '[data-action="note-generate"]'
UNDO = '[data-action="note-undo"]'


async def test_the_reply_is_read_at_the_press_and_what_was_typed_comes_back(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    notes = panel.locator('[name="notes"]')
    await panel.locator('[name="log_time"]').check()
    await panel.locator(WAND).click()
    await expect(panel.locator("[data-note]")).to_contain_text("There is no text yet")
    await page.evaluate(
        """document.querySelector(".js-textarea").innerHTML =
             "Hi Anna,<br>the oven is <b>fixed</b>.<div>Regards</div><blockquote>Old words</blockquote>"
             + "<div data-signature='1'>Ada, 030 1234567</div>" """
    )
    assert not desk.stub.calls("POST", "/note")
    await notes.fill("my own words")
    await panel.locator(WAND).click()
    await expect(notes).to_have_value("Fixed the oven")
    await expect(panel.locator("[data-note]")).to_contain_text("Made on this server.")
    assert desk.stub.calls("POST", "/note") == [{"text": "Hi Anna,\nthe oven is fixed.\nRegards"}]
    await panel.locator(WAND).click()  # a note in the place of a note
    await desk.stub.until(lambda stub: len(stub.calls("POST", "/note")) == 2)
    await expect(panel.locator(UNDO)).to_be_visible()
    await panel.locator(UNDO).click()
    await expect(notes).to_have_value("my own words")
    await expect(notes).to_be_focused()
    # What the wand wrote is kept as what is typed is.
    await panel.locator(WAND).click()
    await expect(notes).to_have_value("Fixed the oven")
    await panel.locator('[name="hours"]').fill("0.5")
    await panel.locator('[data-action="log-now"]').click()
    await panel_of(page, "logged").wait_for()
    assert [put["notes"] for put in desk.stub.puts()] == ["Fixed the oven"]


async def test_the_form_is_not_held_up_and_a_no_is_told_in_words(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    desk.stub.note_gate = asyncio.Event()
    desk.stub.no_note = "This text says too little for a note."
    await panel.locator('[name="log_time"]').check()
    await page.locator(".js-textarea").fill("ok")
    await panel.locator('[name="notes"]').fill("my own words")
    await panel.locator(WAND).click()
    await expect(panel.locator("[data-note]")).to_contain_text("Writing a note")
    await expect(panel.locator(WAND)).to_have_attribute("aria-busy", "true")
    await panel.locator(WAND).click()  # once is enough
    await panel.locator('[name="hours"]').fill("0.5")
    desk.stub.note_gate.set()
    await expect(panel.locator("[data-note]")).to_contain_text("says too little")
    await expect(panel.locator(WAND)).not_to_have_attribute("aria-busy", "true")
    await expect(panel.locator('[name="notes"]')).to_have_value("my own words")
    await expect(panel.locator('[name="hours"]')).to_have_value("0.5")
    # A script of the page can press nothing.
    await page.evaluate("""document.querySelector('[data-deskhours="panel"]').shadowRoot
        .querySelector('[data-action="note-generate"]').click()""")
    await expect(panel.locator("[data-note]")).to_contain_text("says too little", timeout=1)
    assert len(desk.stub.calls("POST", "/note")) == 1
    desk.stub.silent = True
    await panel.locator(WAND).click()
    await expect(panel.locator("[data-note]")).to_contain_text("did not answer")
