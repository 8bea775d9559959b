"""Correcting in a real browser: in its place on the timeline, and the same without script."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.corrections.bench import Bench
from tests.support.browser import FLAGS


@pytest.fixture
async def chromium(chromium_path: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.mark.parametrize("script", [True, False])
async def test_a_person_corrects_and_deletes_from_the_timeline(
    bench: Bench, chromium: Browser, script: bool, tmp_path: Path
) -> None:
    first, second = await bench.entry(), await bench.entry(notes="Twice")
    context = await chromium.new_context(java_script_enabled=script, viewport={"width": 360, "height": 800})
    context.set_default_timeout(15_000)
    await context.add_cookies([{"name": "deskhours_session", "value": "ada", "url": bench.server.url}])
    page = await context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    timeline = f"{bench.server.url}/tickets/1/timeline?what=time"
    await page.goto(timeline)
    await page.locator(f'[data-entry="{first}"]').get_by_role("link", name="Correct").click()
    await page.get_by_label("Hours", exact=True).fill("0.3")
    await page.get_by_label("Notes").fill("Written well")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("[name=hours]")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_label("Notes")).to_have_value("Written well")
    await page.screenshot(path=tmp_path / "refused.png", full_page=True)
    assert await page.locator("main").evaluate("one => one.scrollWidth <= one.clientWidth"), "too wide"
    await page.get_by_label("Hours", exact=True).fill("1:30")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("The entry was corrected in Harvest.")).to_be_visible()
    assert page.url == (timeline if script else f"{bench.server.url}/tickets/1/entries/{first}")
    assert (await bench.there(first))["hours"] == 1.5
    if script:
        await expect(page.locator(f'[data-entry="{first}"]')).to_contain_text("1.50 h")
        await expect(page.locator("[data-kind=correction]")).to_contain_text("Hours: 1.00 → 1.50")
    else:
        await page.goto(timeline)
    await page.locator(f'[data-entry="{second}"]').get_by_role("link", name="Correct").click()
    await page.get_by_text("Delete this entry").click()
    await page.get_by_role("button", name="Delete it in Harvest").click()
    await expect(page.get_by_text("The entry was deleted in Harvest.")).to_be_visible()
    if script:
        await expect(page.locator(f'[data-entry="{second}"]')).to_have_count(0)
    assert (await bench.harvest.call("GET", f"/v2/time_entries/{second}")).status == 404
    assert problems == []
    await context.close()


async def test_what_was_answered_is_never_sent_a_second_time(bench: Bench, chromium: Browser) -> None:
    entry = await bench.entry()
    context = await chromium.new_context()
    context.set_default_timeout(15_000)
    await context.add_cookies([{"name": "deskhours_session", "value": "ada", "url": bench.server.url}])
    page = await context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    timeline = f"{bench.server.url}/tickets/1/timeline?what=time"
    await page.goto(timeline)
    await page.locator(f'[data-entry="{entry}"]').get_by_role("link", name="Correct").click()
    # Another page answers: its words stand above the form, and what is typed stays.
    refused = {"status": 503, "content_type": "text/html", "body": "<main><p role=alert>Not at the moment.</p></main>"}
    await page.route("**/correct", lambda route: route.fulfill(**refused), times=1)
    await page.get_by_label("Hours", exact=True).fill("2")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_have_text("Not at the moment.")
    await expect(page.get_by_label("Hours", exact=True)).to_have_value("2")
    # It is done, and the lines can't be read anew: the entry's own page tells what became of it.
    await page.route(timeline, lambda route: route.abort())
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url(f"**/tickets/1/entries/{entry}")
    await expect(page.locator("#history")).to_contain_text("Hours: 1.00 → 2.00")
    assert len(sent) == 2
    await context.close()
