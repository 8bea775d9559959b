"""The dashboard in a real browser: light, dark, narrow, by keyboard, and refreshed under people's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from tests.support.browser import FLAGS
from tests.support.demo import Demo

LOCKED = 4
"""The demo's ticket that is locked from the start."""

INSIDE = """form => {
  const edge = document.querySelector("#alerts").getBoundingClientRect().right;
  return form.checkVisibility() && [...form.elements].every((one) => one.getBoundingClientRect().right < edge);
}"""


@pytest.fixture
async def page(demo: Demo, chromium_path: Path) -> AsyncIterator[Page]:
    """The project manager's browser, signed in through the helpdesk's own pages. What its console complains of fails
    the test: a style or script that the page's policy refuses is told there."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        shown = await chromium.new_page(viewport={"width": 1400, "height": 900}, color_scheme="light")
        shown.set_default_timeout(15_000)
        await shown.clock.install()
        await shown.goto(f"{demo.url}/dashboard?q=Calendar")
        await shown.get_by_role("link", name="Sign in with the helpdesk").click()
        await shown.fill("[name=email]", "pm@example.com")
        await shown.fill("[name=password]", "demo")
        await shown.click("button[type=submit]")
        await shown.click("button[type=submit]")
        await shown.wait_for_url(f"{demo.url}/dashboard?q=Calendar")
        shown.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        shown.on("pageerror", lambda error: complaints.append(str(error)))
        await shown.goto(f"{demo.url}/dashboard")
        yield shown
        await chromium.close()
    assert complaints == []


def is_complaint(message: ConsoleMessage) -> bool:
    """A refused form is no fault of the page."""
    return message.type == "error" and "422" not in message.text


async def background(page: Page) -> str:
    return str(await page.evaluate("getComputedStyle(document.body).backgroundColor"))


async def test_light_dark_and_narrow(page: Page, tmp_path: Path) -> None:
    await expect(page.locator(f"#ticket-{LOCKED} .badge")).to_have_text("OVER BUDGET — LOCKED")
    await page.screenshot(path=tmp_path / "light.png", full_page=True)
    light = await background(page)
    await page.emulate_media(color_scheme="dark")
    assert await background(page) != light
    await page.screenshot(path=tmp_path / "dark.png", full_page=True)
    for width in (400, 700, 1000, 1400):
        await page.set_viewport_size({"width": width, "height": 800})
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{width} is too narrow"
        await page.screenshot(path=tmp_path / f"wide-{width}.png", full_page=True)
        for name in ("Unlock", "Raise budget", "Discuss", "Close"):
            form = page.locator(f"#ticket-{LOCKED} details", has=page.locator("summary", has_text=name))
            await form.locator("summary").click()
            assert await form.locator("form").evaluate(INSIDE), f"{name} is cut off at {width}"


async def test_a_ticket_is_unlocked_by_keyboard_as_far_as_its_errors(page: Page) -> None:
    alert = page.locator(f"#ticket-{LOCKED}")
    await alert.locator("summary", has_text="Unlock").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Client agreed")
    await page.keyboard.press("Tab")
    await page.keyboard.type("3")
    await page.keyboard.press("Enter")
    ceiling = alert.get_by_label("Up to hours in all")
    await expect(ceiling).to_have_attribute("aria-invalid", "true")
    await expect(ceiling).to_be_focused()
    await expect(alert.get_by_label("Why may work go on?")).to_have_value("Client agreed")
    await expect(page.locator("main > [role=alert]")).to_have_text("The ticket was not unlocked.")


async def test_new_figures_come_by_themselves_and_nothing_typed_is_lost(page: Page) -> None:
    await page.evaluate("document.querySelector('#tickets tbody').replaceChildren()")
    alert = page.locator(f"#ticket-{LOCKED}")
    await alert.locator("summary", has_text="Discuss").click()
    await alert.locator("[name=note_body]").fill("Half a sen")
    await page.fill("#q", "not sent yet")
    async with page.expect_response(lambda response: response.url.endswith("/dashboard")):
        await page.clock.fast_forward(31_000)
    await expect(page.locator(f"#tickets tr[data-ticket='{LOCKED}']")).to_be_visible()
    await expect(alert.locator("[name=note_body]")).to_have_value("Half a sen")
    await expect(page.locator("#q")).to_have_value("not sent yet")


async def test_the_way_in_and_the_filters_need_no_mouse(page: Page) -> None:
    await page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the alerts")
    await expect(skip).to_be_focused()
    await expect(skip).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/dashboard#alerts")
    await page.locator("#q").focus()
    await page.keyboard.type("Calendar")
    await page.keyboard.press("Tab")
    await expect(page.locator("#band")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.locator("#q").focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**q=Calendar**band=red**")
    await expect(page.locator("#tickets tbody tr")).to_have_count(1)
    clear = page.locator("#tickets form a.quiet")
    for _step in range(12):
        await page.keyboard.press("Tab")
        if await clear.evaluate("link => link === document.activeElement"):
            break
    await expect(clear).to_be_focused()
    assert await clear.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
