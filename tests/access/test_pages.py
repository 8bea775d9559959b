"""axe finds nothing on the server's pages, light or dark, wide or narrow; each says which language it is in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.access.axe import findings
from tests.support.browser import FLAGS
from tests.support.demo import Demo

LOCKED = 4
"""The demo's ticket that is locked from the start."""

SIZES = {"light": (1300, 900), "dark": (360, 800)}
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.removeAttribute('name'); one.open = true })"


@asynccontextmanager
async def visiting(demo: Demo, chromium_path: Path, look: str, lang: str) -> AsyncIterator[Page]:
    """A browser of somebody who reads that language."""
    width, height = SIZES[look]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        context = await chromium.new_context(
            locale=lang,
            color_scheme="dark" if look == "dark" else "light",
            viewport={"width": width, "height": height},
        )
        page = await context.new_page()
        page.set_default_timeout(15_000)
        yield page
        await chromium.close()


@pytest.mark.parametrize(("look", "lang"), [("light", "de"), ("dark", "en")])
async def test_every_page(demo: Demo, chromium_path: Path, look: str, lang: str) -> None:
    found: dict[str, list[str]] = {}

    async def look_at(name: str, page: Page) -> None:
        assert await page.locator("html").get_attribute("lang") == lang
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide"
        if wrong := await findings(page):
            found[name] = wrong

    async with visiting(demo, chromium_path, look, lang) as page:
        for path in ("/", "/nothing", "/oauth/start", "/dashboard/nothing", "/dashboard"):
            await page.goto(demo.url + path)
            await look_at(path, page)
        await page.locator("a.button").click()
        await page.fill("[name=email]", "admin@example.com")
        await page.fill("[name=password]", "demo")
        await page.click("button[type=submit]")
        await page.click("button[type=submit]")
        await page.wait_for_url(f"{demo.url}/dashboard")
        await page.evaluate(OPEN_ALL)
        await look_at("all forms open", page)
        await page.goto(f"{demo.url}/dashboard?ticket={LOCKED}&q=nothing+like+this&pq=nor+this")
        await look_at("a ticket's history, empty tables", page)
        await page.locator(f"#ticket-{LOCKED} summary").first.click()
        await page.locator(f"#ticket-{LOCKED} form[action$=unlock] button").click()
        await expect(page.locator("main > [role=alert]")).to_be_visible()
        await look_at("a refused form", page)
    assert found == {}
