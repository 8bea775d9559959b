"""The keyboard alone does everything in the panel: what has the focus is seen, and it is never lost."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.access.features import Features
from tests.access.fragments import Fragments
from tests.access.test_panel import AGAIN, LOOK_AGAIN
from tests.extension.conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOCUSED = """() => {
  let holder = document.activeElement;
  while (holder?.shadowRoot?.activeElement) holder = holder.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(holder);
  const seen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
  const { action, region, panel } = holder.dataset;
  return { what: action ?? region ?? (holder.name || (panel === undefined ? holder.localName : "panel")), seen };
}"""


CONTROLS = """() => {
  const { shadowRoot } = document.querySelector('[data-deskhours="panel"]');
  const controls = [...shadowRoot.querySelectorAll("input, select, textarea, button, a[href], summary")];
  return controls.filter((one) => one.checkVisibility() && one.type !== "hidden").map((one, place) => {
    one.dataset.place = place;
    return place;
  });
}"""

PLACE = """() => {
  const host = document.activeElement;
  return host?.dataset.deskhours === "panel" ? Number(host.shadowRoot.activeElement?.dataset.place ?? -1) : null;
}"""


async def focused(page: Page) -> str:
    """What has the focus, by its action, name or region; whoever looks can see that it has."""
    found = await page.evaluate(FOCUSED)
    assert found["seen"], f"nobody sees that {found['what']} has the focus"
    return str(found["what"])


async def go(page: Page, key: str, what: str) -> None:
    """Press Tab, or whatever moves on, until that has the focus."""
    for _step in range(12):
        await page.keyboard.press(key)
        if await focused(page) == what:
            return
    raise AssertionError(f"{key} does not lead to {what}")


async def settled(page: Page, state: str) -> None:
    await panel_of(page, state).wait_for()
    await expect(panel_of(page)).not_to_have_attribute("data-busy", "")


async def test_time_is_logged_corrected_and_undone(desk: Desk) -> None:
    page = await desk.open()
    await panel_of(page, "disconnected").wait_for()
    await page.locator(".js-textarea").focus()
    await go(page, "Tab", "connect")
    await page.keyboard.press("Enter")
    await settled(page, "idle")
    await page.locator(".js-textarea").focus()
    await go(page, "Tab", "log_time")
    await page.keyboard.press("Space")
    await go(page, "Tab", "hours")
    await page.keyboard.type("much")
    await go(page, "Tab", "log-now")
    await page.keyboard.press("Enter")
    await settled(page, "error")
    await expect(panel_of(page).locator("form [role=alert]")).to_have_text("Enter hours such as 0.5 or 1:30.")
    assert await focused(page) == "log-now"
    await go(page, "Shift+Tab", "hours")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("0.5")
    await go(page, "Tab", "log-now")
    await page.keyboard.press("Enter")
    await settled(page, "logged")
    assert await focused(page) == "log_time"
    await expect(panel_of(page).locator(".dh-log")).to_have_attribute("role", "status")
    await go(page, "Tab", "undo")
    await page.keyboard.press("Enter")
    await settled(page, "idle")
    assert await focused(page) == "panel"


STATES = ("identified", "moved", "errors", "locked", "armed", "logged", "attention", "timer-running", "timer-stopped")
"""Those that hold every control between them."""


async def test_tab_comes_by_every_control(desk: Desk) -> None:
    page = await desk.open_connected()
    await expect(panel_of(page)).not_to_have_attribute("data-busy", "")
    missed = {}
    panels = Fragments("en").panels()
    for name in STATES:
        desk.stub.fragment = panels[name].replace("data-panel ", f'data-panel data-name="{name}" ', 1)
        await page.evaluate(AGAIN)
        await page.locator(f'[data-panel][data-name="{name}"]').wait_for()
        wanted = await page.evaluate(CONTROLS)
        await page.locator(".js-textarea").focus()
        reached = []
        while await page.keyboard.press("Tab") is None and (place := await page.evaluate(PLACE)) is not None:
            await focused(page)
            if place not in reached:
                reached.append(place)
        if reached != wanted:
            missed[name] = (reached, wanted)
    assert missed == {}


async def test_an_entry_is_assigned_in_the_sidebar(desk: Desk) -> None:
    path, features = "GET /api/v1/tickets/1/timeline", Features("en")
    desk.stub.fragments[path] = features.timeline(more=0)
    page = await desk.open_connected()
    shown = page.locator('[data-deskhours="timeline"]')
    await page.locator('[data-deskhours="timeline-tab"]').focus()
    await page.keyboard.press("Enter")
    await shown.locator("summary").wait_for()
    await go(page, "Tab", "summary")
    await page.keyboard.press("Enter")
    desk.stub.fragments[path] = features.timeline(more=0).replace('"assign-here"', '"assign-other"')
    await go(page, "Tab", "assign-here")
    await page.keyboard.press("Enter")
    await expect(shown.locator(".tl-notice[role=status]").first).to_have_text("It counts for this ticket from now on.")
    assert await focused(page) == "summary"
    assert len(desk.stub.calls("POST", "/tickets/1/entries/11")) == 1
    desk.stub.fragments[path] = features.timeline(unassigned=False, more=0)
    await page.evaluate(LOOK_AGAIN)
    await expect(shown.locator("summary")).to_have_count(0)
    assert await focused(page) == "div", "the timeline itself, and its next control comes next"
    await go(page, "Tab", "what")


async def test_who_has_gone_back_to_the_reply_is_left_there(desk: Desk) -> None:
    page = await desk.open_connected()
    await panel_of(page).locator("[name=log_time]").check()
    await panel_of(page).locator("[name=hours]").fill("0.5")
    await panel_of(page).locator("[data-action=log-now]").focus()
    await page.evaluate(
        """() => {
          const panel = document.querySelector('[data-deskhours="panel"]');
          new MutationObserver(() => document.querySelector(".js-textarea").focus())
            .observe(panel, { attributeFilter: ["data-state"] });
        }"""
    )
    await page.keyboard.press("Enter")
    await settled(page, "logged")
    assert await page.evaluate("document.activeElement.className") == "js-textarea"


async def test_the_popup(desk: Desk) -> None:
    popup = await desk.popup()
    await popup.locator("[data-action=connect]").wait_for()
    await go(popup, "Tab", "connect")
    await popup.keyboard.press("Enter")
    await popup.locator("[data-action=disconnect]").wait_for()
    assert await focused(popup) == "who"
    await go(popup, "Tab", "disconnect")
    await popup.keyboard.press("Space")
    await popup.locator("[data-action=connect]").wait_for()
