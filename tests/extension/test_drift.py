"""A helpdesk whose page has changed: a notice in place of a panel that would see nothing, and the server is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

RENAMED = {
    "content horizontal": ("ticket", True),
    "content_permanent_Ticket": ("ticket", True),
    "article-new": ("composer", True),
    "js-textarea": ("body", True),
    "js-attributeBar": ("submit", True),
    "js-submit": ("submit", True),
    "ticket-article-item": ("article", True),
    "ticketZoom-header": ("header", False),
    "js-reset": ("discard", False),
    "js-dropdownActionMacro": ("macro", False),
}
"""A name of the page that becomes another one; the part that is missed, and whether the panel can do without it."""


def notice_of(page: Page) -> Locator:
    return page.locator('[data-deskhours="notice"]')


async def open_renamed(desk: Desk, name: str, errors: list[str], ticket: int = 1) -> Page:
    page = await desk.context.new_page()
    page.on("pageerror", lambda error: errors.append(f"{name}: {error}"))
    await page.goto(f"{desk.helpdesk}/?renamed={name}#ticket/zoom/{ticket}")
    return page


def told(desk: Desk) -> list[dict[str, Any]]:
    return desk.stub.calls("POST", "/api/v1/drift")


async def test_every_part_that_is_missed_is_told_in_the_page_and_to_the_server(desk: Desk) -> None:
    whole = await desk.open_connected()
    errors: list[str] = []

    async def look(name: str, part: str, *, needed: bool) -> None:
        page = await open_renamed(desk, name, errors)
        words = "replies sent here log no time" if needed else "Logging time works"
        await expect(notice_of(page).locator("[role=status]")).to_contain_text(words)
        await expect(panel_of(page)).to_have_count(0 if needed else 1)
        await desk.stub.until(lambda stub: any(one["part"] == part for one in told(desk)))
        await page.close()

    await asyncio.gather(*(look(name, part, needed=needed) for name, (part, needed) in RENAMED.items()))
    assert errors == []
    by_part = {one["part"]: one for one in told(desk)}
    assert by_part["composer"] == {
        "site": "zammad",
        "part": "composer",
        "expected": "1",
        "found": 0,
        "extension": "0.1.0",
    }
    # Once a day each, however many pages miss it; and nothing was wrong with the page that is as it should be.
    assert len(told(desk)) == len(by_part)
    await expect(notice_of(whole)).to_have_count(0)
    await expect(panel_of(whole, "idle")).to_have_count(1)


async def test_from_the_notice_time_is_logged_without_a_reply(desk: Desk) -> None:
    await (await desk.open_connected(2)).close()
    page = await open_renamed(desk, "article-new", [], ticket=7)
    await notice_of(page).locator("[data-action=notice-open]").click()
    await panel_of(page, "idle").wait_for()
    await expect(panel_of(page).locator("span.dh-hint")).to_be_hidden()
    await panel_of(page).locator("[name=log_time]").check()
    await panel_of(page).locator("[name=hours]").fill("0.5")
    await panel_of(page).locator("[data-action=log-now]").click()
    await panel_of(page, "logged").wait_for()
    assert [(log["ticket_id"], log["confirm"]) for log in desk.stub.puts()] == [(7, "now")]


async def test_dismissed_it_stays_away_and_the_panel_does_too(desk: Desk) -> None:
    await (await desk.open_connected(2)).close()
    page = await open_renamed(desk, "js-submit", [])
    await notice_of(page).locator("[data-action=notice-dismiss]").click()
    await expect(notice_of(page)).to_have_count(0)
    await page.evaluate("location.hash = '#ticket/zoom/3'")
    await page.locator("#content_permanent_Ticket-3").wait_for()
    before = len(desk.stub.calls("GET", "/panel"))
    await expect(panel_of(page)).to_have_count(0)
    await page.reload()
    await desk.stub.until(
        lambda stub: len(stub.calls("GET", "/panel")) > before
    )  # the panel is there until it is looked
    await expect(panel_of(page)).to_have_count(0)
    await expect(notice_of(page)).to_have_count(0)
    await page.evaluate("document.querySelector('.content.active .js-textarea').classList.remove('js-textarea')")
    await expect(notice_of(page)).to_have_count(1)  # that was of another part


async def test_a_page_that_breaks_later_is_noticed_and_one_that_never_rests_too(blank: Page) -> None:
    await blank.evaluate("location.hash = '#ticket/zoom/1'")
    await blank.locator("#content_permanent_Ticket-1").wait_for()
    await blank.clock.install()
    await blank.evaluate(
        """async () => {
          const { Drift } = await import("/extension/content/drift.js");
          const { default: zammad } = await import("/extension/content/sites/zammad.js");
          window.told = [];
          window.drift = new Drift(zammad, (drifts) => told.push(drifts.map(({ part }) => part)));
          drift.moved();
        }"""
    )
    await blank.clock.run_for(10_000)
    assert await blank.evaluate("told") == []
    await blank.evaluate(
        """() => {
          window.looks = 0;
          const find = Element.prototype.querySelectorAll;
          Element.prototype.querySelectorAll = function (selector) {
            if (selector === ".ticketZoom-header") looks += 1;
            return find.call(this, selector);
          };
          window.typing = setInterval(() => drift.moved(), 100);
        }"""
    )
    await blank.clock.run_for(30_000)
    assert 0 < await blank.evaluate("looks") <= 30, "once in a while, and not with each key"
    await blank.evaluate(
        """() => {
          clearInterval(typing);
          document.querySelector(".content.active .article-new").className = "other";
          drift.moved();
        }"""
    )
    await blank.clock.run_for(5_000)
    (missed,) = await blank.evaluate("told")
    assert "composer" in missed


async def test_a_page_that_comes_right_gets_its_panel_back_and_who_is_not_connected_tells_nothing(desk: Desk) -> None:
    page = await open_renamed(desk, "article-new", [])
    await expect(notice_of(page)).to_be_visible()
    await page.evaluate("document.querySelector('.content.active .other').className = 'article-new'")
    await expect(notice_of(page)).to_have_count(0)
    await panel_of(page, "disconnected").wait_for()
    assert told(desk) == []
