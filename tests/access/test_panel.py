"""axe finds nothing on the panel, in any of its states, light or dark, English or German; nor on the popup."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.access.axe import findings
from tests.access.fragments import Fragments
from tests.extension.conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOST = '[data-deskhours="panel"]'
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
AGAIN = "window.dispatchEvent(new Event('focus'))"

HIGHEST = 600
"""Pixels that browsers give a popup at most; what is below is cut."""

SQUEEZED = """() => [...document.querySelectorAll("main > *, [data-popup] > *")]
  .filter((one) => one.scrollHeight > one.clientHeight + 1).map((one) => one.id || one.dataset.region)"""
"""What has less room than it needs, and so stands over what comes next."""

EDGES = """() => {
  const [header, main, footer] = [...document.body.children].map((one) => one.getBoundingClientRect());
  return { whole: header.top === 0 && header.bottom <= main.top && main.bottom <= footer.top, low: footer.bottom };
}"""


@pytest.mark.parametrize(("theme", "lang"), [("light", "de"), ("dark", "en")])
async def test_every_state(desk: Desk, theme: str, lang: str) -> None:
    page = await desk.open_connected()
    await page.set_viewport_size({"width": 760, "height": 900})
    await page.evaluate("theme => document.body.classList.toggle('dark', theme === 'dark')", theme)
    await expect(panel_of(page)).to_have_attribute("data-theme", theme)
    await page.locator(f"{HOST}:not([data-busy])").wait_for()
    found = {}
    for name, html in Fragments(lang).panels().items():
        desk.stub.fragment = html.replace("data-panel ", f'data-panel data-name="{name}" ', 1)
        await page.evaluate(AGAIN)
        await page.locator(f'[data-panel][data-name="{name}"]').wait_for()
        if wrong := await findings(page, HOST):
            found[name] = wrong
    assert found == {}


@pytest.mark.parametrize(("theme", "lang"), [("light", "en"), ("dark", "de")])
async def test_the_popup(desk: Desk, theme: str, lang: str) -> None:
    await desk.open_connected()
    popup = await desk.popup()
    await popup.set_viewport_size({"width": 360, "height": 600})
    await popup.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    found = {}
    for name, html in Fragments(lang).popups().items():
        desk.stub.popup_fragment = html
        await popup.evaluate(LOOK_AGAIN)
        await popup.locator(f'[data-popup][data-state="{name}"]').wait_for()
        if wrong := await findings(popup):
            found[name] = wrong
        edges = await popup.evaluate(EDGES)
        assert edges["whole"]
        assert edges["low"] <= HIGHEST, name
        if name == "full":
            assert await popup.evaluate(SQUEEZED) == []
            await popup.keyboard.press("Shift+Tab")
            await expect(popup.locator("#shortcuts summary")).to_be_focused()
            await expect(popup.locator("#shortcuts summary")).to_be_in_viewport(ratio=1)
    desk.stub.silent = True
    await popup.evaluate(LOOK_AGAIN)
    await popup.locator("#me > [role=alert]").wait_for()
    assert {**found, "unreachable": await findings(popup)} == {"unreachable": []}
