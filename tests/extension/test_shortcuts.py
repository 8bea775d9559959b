"""Keyboard shortcuts, and the ticket of the tab in front, from which a timer is started in the popup."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

TIMER = """<div data-region="timer" data-rev="1"><button type="button" data-action="timer-start"
data-path="/api/v1/tickets/1/timer">Start</button></div>"""
HERE = """<form><input type="hidden" name="task_id" value="5001">
<button type="button" data-action="timer-start" data-path="/api/v1/tickets/1/timer">Start timer</button></form>"""


async def command(desk: Desk, name: str) -> None:
    """What the worker sends to the tab in front when the keys are pressed."""
    (worker,) = desk.context.service_workers
    await worker.evaluate(
        """async (name) => {
          const tabs = await chrome.tabs.query({});
          const tab = tabs.find(({ url }) => url?.includes("#ticket"));
          await chrome.tabs.sendMessage(tab.id, { kind: "command", name });
        }""",
        name,
    )


async def popup_over(desk: Desk, address: str) -> Page:
    """The popup, as if the tab in front showed this address; an address of another site is not told."""
    page = await desk.context.new_page()
    url = f'"{address}"' if address else "undefined"
    await page.add_init_script(f"chrome.tabs.query = async () => [{{ id: 1, url: {url} }}]")
    await page.goto(f"chrome-extension://{desk.extension_id}/popup/popup.html")
    await page.locator("[data-popup]").wait_for()
    return page


async def test_the_timers_shortcut_presses_what_the_panel_offers(desk: Desk) -> None:
    desk.stub.clock = TIMER
    await desk.open_connected()
    await command(desk, "timer")
    await desk.stub.until(lambda stub: stub.calls("POST", "/tickets/1/timer"))


async def test_where_there_is_no_timer_the_shortcut_says_so(desk: Desk) -> None:
    page = await desk.open_connected()
    await command(desk, "timer")
    await expect(panel_of(page).locator('[role="alert"]')).to_have_text(
        "There is no timer to start or stop on this ticket now."
    )
    assert desk.stub.calls("POST", "/tickets/1/timer") == []


async def test_the_hours_shortcut_leads_to_the_hours_ready_to_be_typed(desk: Desk) -> None:
    page = await desk.open_connected()
    await command(desk, "hours")
    hours = panel_of(page).locator('[name="hours"]')
    await expect(hours).to_be_focused()
    await page.keyboard.type("0.5")
    await expect(hours).to_have_value("0.5")
    await expect(panel_of(page).locator('[name="log_time"]')).to_be_checked()


async def test_an_unknown_command_does_nothing(desk: Desk) -> None:
    page = await desk.open_connected()
    before = len(desk.stub.requests)
    for name in ("constructor", "close"):
        await command(desk, name)
    await expect(panel_of(page, "idle")).to_have_count(1)
    assert [one for one in desk.stub.requests[before:] if one[0] != "GET"] == []


async def test_the_browsers_command_goes_to_the_page_in_front(blank: Page) -> None:
    sent: Any = await blank.evaluate(
        """async () => {
          const sent = [];
          let heard;
          window.chrome = {
            commands: { onCommand: { addListener: (listener) => (heard = listener) } },
            tabs: { sendMessage: (...message) => (sent.push(message), Promise.reject(new Error("nobody listens"))) },
          };
          (await import("/extension/background/commands.js")).takeCommands();
          heard("timer", { id: 7 });
          heard("timer", undefined);
          await new Promise(requestAnimationFrame);
          return sent;
        }"""
    )
    assert sent == [[7, {"kind": "command", "name": "timer"}]]


async def test_the_popup_shows_the_keys_that_the_browser_really_has(desk: Desk) -> None:
    popup = await desk.popup()
    shortcuts = popup.locator("#shortcuts")
    await shortcuts.locator("summary").click()
    words = await shortcuts.locator("dt").all_text_contents()
    assert sorted(words) == [
        "Go to the hours of this ticket",
        "Open this window",
        "Start or stop the timer on this ticket",
    ]
    real = await popup.evaluate(
        "chrome.commands.getAll().then((all) => all.map(({ shortcut }) => shortcut || 'not set'))"
    )
    assert await shortcuts.locator("dd").all_text_contents() == real


async def test_the_popup_starts_a_timer_on_the_ticket_in_front(desk: Desk) -> None:
    await desk.open_connected()
    desk.stub.popup_regions = {"here": HERE}
    popup = await popup_over(desk, f"{desk.helpdesk}/#ticket/zoom/1/17")
    assert desk.stub.asked_for[-1] == "/api/v1/me?ticket=1"
    await popup.locator('[data-action="timer-start"]').press("Enter")
    await desk.stub.until(lambda stub: stub.calls("POST", "/tickets/1/timer"))
    assert desk.stub.calls("POST", "/tickets/1/timer") == [{"task_id": "5001"}]


async def test_a_tab_that_shows_no_ticket_names_none(desk: Desk) -> None:
    await desk.open_connected()
    for address in (f"{desk.helpdesk}/#dashboard", "https://other.example.com/#ticket/zoom/1", ""):
        popup = await popup_over(desk, address)
        assert desk.stub.asked_for[-1] == "/api/v1/me", address
        await popup.close()


async def test_long_titles_do_not_widen_the_popup(desk: Desk) -> None:
    await desk.open_connected()
    title = "Oven " * 40
    desk.stub.popup_regions = {
        "here": f'<div class="dh-here"><p><strong>This</strong><span class="dh-title">{title}</span></p>{HERE}</div>',
        "hours": f'<table class="dh-sheet"><tbody><tr><th>{title}</th><td>1.50</td><td>12.25</td></tr></tbody></table>',
        "recent": f'<ul class="dh-recent"><li><p class="dh-title">{title}</p>{HERE}</li></ul>',
    }
    popup = await popup_over(desk, "")
    await popup.set_viewport_size({"width": 360, "height": 600})
    assert await popup.evaluate("document.documentElement.scrollWidth") <= 360
