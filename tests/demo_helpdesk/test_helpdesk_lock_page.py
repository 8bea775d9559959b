"""A locked ticket in a real browser: what the page shows of it, what it refuses by itself, and what it never sends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.demo_helpdesk.client import ADA, SERVICE, Helpdesk
from tests.demo_helpdesk.lock import (
    HIDDEN,
    RELEASE,
    STATE,
    ensure_attributes,
    lock,
    make_workflow,
    remove_attribute,
    remove_workflow,
)
from tests.demo_helpdesk.test_helpdesk_page import FLAGS, go, log_in
from tests.demo_helpdesk.test_helpdesk_submit import macro

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIELD = "[data-attribute-name=budget_release]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(helpdesk_url: str) -> AsyncIterator[Helpdesk]:
    async with aiohttp.ClientSession() as http:
        running = Helpdesk(helpdesk_url, http)
        await ensure_attributes(running, STATE, RELEASE)
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=str(chromium_path), args=FLAGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def gate(desk: Helpdesk) -> AsyncIterator[int]:
    number = await make_workflow(desk)
    yield number
    await remove_workflow(desk, number)


async def open_page(browser: Browser, desk: Helpdesk, email: str, password: str) -> Page:
    """A window of somebody's, with the clock in our hands."""
    page = await (await browser.new_context(base_url=desk.url)).new_page()
    await page.clock.install()
    await log_in(page, desk, "#dashboard", email, password)
    await expect(page.locator(".stats")).to_be_visible()
    return page


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, desk: Helpdesk) -> AsyncIterator[Page]:
    user, _ = await desk.agent({"1": ["full"]})
    shown = await open_page(browser, desk, user["email"], "pw")
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    yield shown
    await shown.context.close()
    assert errors == []


async def test_update_is_refused_at_the_field_and_the_text_stays(page: Page, desk: Helpdesk, gate: int) -> None:
    ticket = await desk.ticket()
    await lock(desk, ticket)
    content = await go(page, ticket)
    field = content.locator(FIELD)
    await expect(field.locator("label")).to_have_text("Budget exhausted - PM must release *")
    options = field.locator("select[required] option")
    await expect(options).to_have_text(["-"])
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    await content.locator(".js-textarea").fill("A reply that took an hour")
    await content.locator(".js-submit").click()
    await expect(field.locator("select:invalid")).to_be_focused()
    await content.locator(".js-textarea").press("Control+Enter")
    await expect(field.locator("select:invalid")).to_be_focused()
    # Ready to be pressed again: the refusal is over.
    await expect(content.locator(".js-submit")).to_be_enabled()
    await expect(content.locator(".js-textarea")).to_have_text("A reply that took an hour")
    assert not [one for one in sent if one.startswith("PUT") and "/tickets/" in one]
    # The browser's own way of saying it: nothing is marked.
    await expect(content.locator(".has-error")).to_have_count(0)
    await page.reload()
    await expect(content.locator(".js-textarea")).to_have_text("A reply that took an hour")


async def test_a_macro_is_refused_with_a_mark(page: Page, desk: Helpdesk, gate: int) -> None:
    ticket = await desk.ticket()
    await lock(desk, ticket)
    content = await go(page, ticket)
    await expect(content.locator(f"{FIELD} select[required]")).to_be_visible()
    await content.locator(".js-textarea").fill("Closing words")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    await macro(content, "Close")
    await expect(content.locator(f"{FIELD}.has-error .help-inline")).to_have_text("is required")
    await expect(content.locator(".js-textarea")).to_have_text("Closing words")
    await expect(content.locator(".js-submit")).to_be_enabled()
    assert not [one for one in sent if one.startswith("PUT") and "/tickets/" in one]


async def test_the_field_comes_and_goes_with_the_lock(page: Page, desk: Helpdesk, gate: int) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await content.locator(".js-textarea").fill("Half a reply")
    await expect(content.locator(FIELD)).to_have_count(0)
    await lock(desk, ticket)
    await page.clock.fast_forward(3_000)
    await expect(content.locator(f"{FIELD} select[required]")).to_be_visible()
    await desk.call("PUT", f"tickets/{ticket['id']}", {"budget_state": "open"}, SERVICE)
    await page.clock.fast_forward(3_000)
    await expect(content.locator(FIELD)).to_have_count(0)
    await content.locator(".js-submit").click()
    await expect(content.locator(".ticket-article-item").last).to_contain_text("Half a reply")


async def test_a_manager_sees_no_gate(browser: Browser, desk: Helpdesk, gate: int) -> None:
    ticket = await desk.ticket()
    await lock(desk, ticket)
    page = await open_page(browser, desk, "pm@example.com", "demo")
    content = await go(page, ticket)
    await content.locator(".js-textarea").fill("Released by word")
    async with page.expect_response(lambda response: response.request.method == "PUT") as answer:
        await content.locator(".js-submit").click()
    assert (await answer.value).status == 200
    await expect(content.locator(FIELD)).to_have_count(0)
    await page.context.close()


async def test_what_the_page_does_not_know_yet_the_server_refuses(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    await lock(desk, ticket)
    content = await go(page, ticket)
    await content.locator(".js-textarea").fill("Just in time")
    await expect(content.locator(".js-reset")).to_be_visible()
    number = await make_workflow(desk, name="Late gate")
    # The page's own question was answered before there was a gate; another it doesn't ask for the same values.
    await content.locator(".js-submit").click()
    notice = page.locator("#notify > .notify-item.error[data-status='422']")
    await expect(notice).to_contain_text(": Please contact your administrator.")
    await remove_workflow(desk, number)
    await expect(content.locator(".js-textarea")).to_have_text("Just in time")
    assert len((await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", ADA)).data) == 1


async def test_a_template_makes_a_link_of_a_value(page: Page, desk: Helpdesk) -> None:
    shown = {"edit": {"ticket.agent": {"shown": True}}}
    option = {
        "type": "text",
        "maxlength": 50,
        "linktemplate": "https://example.com/p/#{ticket.linked}?n=#{ticket.number}",
    }
    linked = {"object": "Ticket", "name": "linked", "display": "Linked", "data_type": "input", "data_option": option}
    await ensure_attributes(desk, {**linked, "screens": shown}, {**linked, "name": "unseen", "screens": HIDDEN})
    ticket = await desk.ticket(linked="a b/c")
    await page.reload()
    content = await go(page, ticket)
    link = content.locator("[data-attribute-name=linked] a.controls-button")
    await expect(link).to_have_attribute("href", f"https://example.com/p/a%20b%2Fc?n={ticket['number']}")
    await expect(content.locator("[data-attribute-name=unseen]")).to_have_count(0)
    for name in ("linked", "unseen"):
        await remove_attribute(desk, name)
