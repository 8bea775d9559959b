"""The popup: live while it is open, calm while somebody uses it, and of use when the server is away."""

import re

import pytest
from playwright.async_api import Page, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOG = "00000000-0000-4000-8000-000000000001"
ROW = f"""
<h2>Your logs under way</h2><ul class="dh-logs"><li data-log="{LOG}" data-state="attention">
<p><a href="http://127.0.0.1:1/#ticket/zoom/1">Ticket 10001</a></p>
<p class="dh-amount"><strong>0.50 h</strong> · 2026-03-04</p><p class="dh-title">{"Oven " * 30}</p>
<p class="dh-words"><span class="dh-mark dh-mark-attention"></span>Not logged yet. {{words}}</p>
<p class="dh-actions">
<button type="button" data-action="retry" data-path="/api/v1/logs/{LOG}/undo" class="dh-link">Try again</button>
<button type="button" data-action="discard" data-method="DELETE" data-path="/api/v1/logs/{LOG}" class="dh-link">
Discard</button></p></li></ul>"""


async def opened(desk: Desk, words: str = "Harvest refused this.") -> Page:
    """The popup of a connected agent with one log that needs attention; it asks again often."""
    await desk.open_connected()
    desk.stub.popup_poll = "0.2"
    desk.stub.popup_regions = {"logs": ROW.format(words=words), "health": "<p>Everything works.</p>"}
    popup = await desk.popup()
    await popup.locator("[data-log]").wait_for()
    return popup


def asked(desk: Desk) -> int:
    return len(desk.stub.calls("GET", "/api/v1/me"))


async def polls(desk: Desk, times: int = 2) -> None:
    """Wait until it has asked again so often."""
    end = asked(desk) + times
    await desk.stub.until(lambda stub: asked(desk) >= end)


async def test_it_stays_live_and_leaves_alone_what_has_not_changed(desk: Desk) -> None:
    popup = await opened(desk)
    await popup.evaluate("document.querySelector('[data-log]').dataset.same = 'yes'")
    desk.stub.popup_regions["health"] = "<p>Harvest has not answered since 10:42.</p>"
    await expect(popup.locator('[data-region="health"]')).to_have_text("Harvest has not answered since 10:42.")
    await expect(popup.locator("[data-log]")).to_have_attribute("data-same", "yes")
    desk.stub.popup_regions = {"health": "<p>Everything works.</p>"}
    await expect(popup.locator("[data-log]")).to_have_count(0)
    # While nobody can see it, it does not ask.
    await popup.evaluate(
        "Object.defineProperty(document, 'hidden', { get: () => true, configurable: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    before = asked(desk)
    await popup.wait_for_function(
        "start => performance.now() - start > 700", arg=await popup.evaluate("performance.now()")
    )
    assert asked(desk) <= before + 1
    await popup.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    await polls(desk)


async def test_the_keyboard_stays_where_it_is_while_things_change(desk: Desk) -> None:
    popup = await opened(desk)
    places = []
    for _ in range(4):
        await popup.keyboard.press("Tab")
        focused = popup.locator(":focus")
        places.append((await focused.text_content() or "").split(" ")[0].strip())
        # The region is made anew under the focus.
        desk.stub.popup_regions["logs"] = ROW.format(words=f"Changed under {places[-1]}.")
        await expect(popup.locator(".dh-words")).to_contain_text(f"Changed under {places[-1]}.")
        await expect(focused).to_contain_text(places[-1])
    assert places == ["Disconnect", "Ticket", "Try", "Discard"]


async def test_a_control_of_the_server_is_pressed_by_keyboard_and_a_refusal_is_said_in_words(desk: Desk) -> None:
    popup = await opened(desk)
    desk.stub.popup_poll = "20"
    await popup.locator('[data-action="discard"]').focus()
    await popup.keyboard.press("Enter")
    await expect(popup.locator("#notice")).to_have_text("This log is logged by now; nothing was changed.")
    assert desk.stub.calls("DELETE", LOG) == [{}]
    assert (await popup.evaluate("document.activeElement.dataset.action")) == "discard"
    # The next thing that is done takes the words away.
    desk.stub.logs[LOG] = {"uuid": LOG, "ticket_id": 1, "state": "logged"}
    desk.stub.popup_regions = {"health": "<p>Everything works.</p>"}
    await popup.locator('[data-action="retry"]').press("Enter")
    await expect(popup.locator("[data-log]")).to_have_count(0)
    await expect(popup.locator("#notice")).to_be_hidden()
    assert len(desk.stub.calls("POST", f"/logs/{LOG}/undo")) == 1
    # What had the focus is gone; the tab order goes on inside the popup, not at its beginning.
    assert await popup.evaluate("document.activeElement.localName") == "main"


async def test_with_the_server_away_it_says_so_lists_what_waits_and_comes_back_by_itself(desk: Desk) -> None:
    page = await desk.open_connected()
    desk.stub.popup_poll = "0.2"
    popup = await desk.popup()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    desk.stub.silent = True
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill("0.5")
    await panel_of(page).locator('[data-action="log-now"]').click()
    await expect(popup.locator('#me [role="alert"]')).to_contain_text(f"Deskhours does not answer at {desk.server}.")
    await expect(popup.locator("#outbox h2")).to_have_text("1 log waits to be sent")
    await expect(popup.locator("#outbox li")).to_contain_text("Ticket 1 · 0.5 h")
    await expect(popup.locator("body")).to_have_attribute("data-state", "error")
    # Asked again and again, it is said once.
    await popup.evaluate("document.querySelector('#me [role=alert]').dataset.same = 'yes'")
    await popup.locator('#me [data-action="refresh"]').click()
    await polls(desk, 1)
    await expect(popup.locator('#me [role="alert"]')).to_have_attribute("data-same", "yes")
    desk.stub.silent = False
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    await expect(popup.locator("#outbox")).to_be_hidden()
    await desk.stub.until(lambda stub: len(stub.logs) == 1)


async def test_it_fits_its_width_and_can_be_read_in_light_and_dark(desk: Desk) -> None:
    popup = await opened(desk, "averyverylongwordwithoutanyplacetobreak" * 5)
    await popup.set_viewport_size({"width": 360, "height": 600})
    assert await popup.evaluate("document.documentElement.scrollWidth") <= 360
    await expect(popup.locator('[data-action="retry"]')).to_be_in_viewport()
    surfaces = set()
    for scheme in ("light", "dark"):
        await popup.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        surfaces.add(await popup.evaluate("getComputedStyle(document.body).backgroundColor"))
        for selector in (".dh-words", ".dh-title", ".dh-amount", "h2", "small", "a", '[data-action="retry"]', "footer"):
            assert await contrast(popup, selector) >= 4.5, (scheme, selector)
    assert len(surfaces) == 2


async def contrast(page: Page, selector: str) -> float:
    """Of an element's text against what is painted behind it (WCAG 2.2, 1.4.3)."""
    colours = await page.evaluate(
        """(selector) => {
          const element = document.querySelector(selector);
          let behind = element;
          const paint = (node) => getComputedStyle(node).backgroundColor;
          while (behind.parentElement && paint(behind) === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
          return [getComputedStyle(element).color, paint(behind)];
        }""",
        selector,
    )
    light, dark = sorted((luminance(colour) for colour in colours), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    shares = []
    for text in re.findall(r"\d+", colour)[:3]:
        share = int(text) / 255
        shares.append(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)
    red, green, blue = shares
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.own_profile
async def test_panel_popup_and_server_are_asked_in_the_browsers_language(desk: Desk) -> None:
    await desk.context.close()
    await desk.start("--lang=de")
    page = await desk.open_connected()
    assert await panel_of(page).get_attribute("lang") == "de"
    assert {
        headers["Accept-Language"].split(",")[0] for headers in desk.stub.headers if "X-Deskhours-Api" in headers
    } == {"de"}
    popup = await desk.popup()
    await expect(popup.locator("html")).to_have_attribute("lang", "de")
    desk.stub.silent = True
    await popup.locator("[data-action=disconnect]").click()
    await expect(popup.locator("#me [role=alert] p").first).to_have_text(
        f"Deskhours antwortet nicht unter {desk.server}."
    )
