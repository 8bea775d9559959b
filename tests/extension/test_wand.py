"""The wand beside the note's field, with the real extension in a real browser."""

import asyncio

import pytest
from playwright.async_api import Page, Route, expect

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


async def test_a_helpdesk_that_hangs_holds_nobody_up_and_the_last_person_known_stays(blank: Page) -> None:
    async def known(route: Route) -> None:
        await route.fulfill(json={"id": 7})

    await blank.route("**/api/v1/users/me", known)
    await blank.clock.install()
    await blank.evaluate(
        """async () => {
          const { Person } = await import("/extension/content/person.js");
          const site = { person: { path: "/api/v1/users/me", id: "id" } };
          window.person = new Person(site);
          window.stranger = new Person(site);
          await person.current();
        }"""
    )
    await blank.unroute("**/api/v1/users/me")
    hanging = asyncio.Event()
    await blank.route("**/api/v1/users/me", lambda _route: hanging.set())
    await blank.clock.fast_forward(11_000)
    asked = asyncio.create_task(blank.evaluate("Promise.all([person.current(), stranger.current()])"))
    await hanging.wait()
    assert await asyncio.wait_for(asked, 5) == [7, 0]


async def test_ten_seconds_after_the_press_the_wand_is_free_again_whoever_hangs(blank: Page) -> None:
    await blank.clock.install()
    await blank.evaluate(
        """async () => {
          window.asked = 0;
          const hang = () => { asked += 1; return new Promise(() => {}); };
          window.chrome = { runtime: { id: "x", sendMessage: hang }, i18n: { getMessage: (name) => name } };
          const { Wand } = await import("/extension/content/wand.js");
          const root = document.createElement("main");
          root.innerHTML = "<p class=written>The oven is fixed.</p><div id=host></div>";
          document.body.prepend(root);
          const host = root.querySelector("#host");
          host.attachShadow({ mode: "open" }).innerHTML = `<form data-region=form><input name=notes>
            <button type=button data-action=note-generate>Write</button><p data-note></p></form>`;
          const site = { body: { selector: ".written" }, notWritten: { selector: "nav" } };
          new Wand(1, site, { current: async () => 7 }).listen(host, root, new AbortController().signal);
        }"""
    )
    said = blank.locator("[data-note]")
    for press in (1, 2):
        await blank.locator(WAND).click()
        await expect(said).to_have_text("noteWriting")
        assert await blank.evaluate("asked") == press
        await blank.clock.run_for(10_000)
        await expect(said).to_have_text("noteNoAnswer")
        await expect(said).to_have_class("dh-error")
        await expect(blank.locator(WAND)).not_to_have_attribute("aria-busy", "true")
