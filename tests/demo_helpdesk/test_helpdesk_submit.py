"""Every way in which the page submits, and what becomes of the ticket's tab: habits that others build on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from tests.demo_helpdesk.client import ADA, SERVICE, Helpdesk
from tests.demo_helpdesk.test_helpdesk_page import FLAGS, go, log_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

RECORD = """() => {
  window.seen = [];
  for (const name of ['click', 'mouseup']) {
    addEventListener(name, ({target}) => target.closest('.js-attributeBar') && window.seen.push(name), true);
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def desk(helpdesk_url: str) -> AsyncIterator[Helpdesk]:
    async with aiohttp.ClientSession() as http:
        yield Helpdesk(helpdesk_url, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=str(chromium_path), args=FLAGS)
        yield running
        await running.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, desk: Helpdesk) -> AsyncIterator[Page]:
    """A window of a new agent's, whose preferences no other test shares."""
    user, _ = await desk.agent({"1": ["full"]})
    context = await browser.new_context(base_url=desk.url)
    shown = await context.new_page()
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    await log_in(shown, desk, "#dashboard", user["email"], "pw")
    await expect(shown.locator(".stats")).to_be_visible()
    yield shown
    await context.close()
    assert errors == []


@pytest_asyncio.fixture(loop_scope="module")
async def accounting(desk: Helpdesk) -> AsyncIterator[None]:
    await desk.set("time_accounting", True)
    yield
    await desk.set("time_accounting", False)


async def ticket_now(desk: Helpdesk, ticket: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await desk.get(f"tickets/{ticket['id']}?expand=true", SERVICE)).data
    return found


async def macro(content: Locator, name: str) -> None:
    await content.locator(".js-openDropdownMacro").click()
    await content.locator(".js-dropdownActionMacro", has_text=name).click()


async def prefer(content: Locator, behaviour: str) -> None:
    await content.locator(".js-attributeBar .dropup > button", has=content.page.locator("[data-type]")).click()
    await content.locator(f".js-secondaryAction:has([data-type={behaviour}])").click()
    await expect(content.locator(f".js-secondaryActionButtonLabel[data-type={behaviour}]")).to_be_visible()


async def test_a_macro_acts_on_the_buttons_release_and_sends_what_was_typed_along(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await content.locator(".js-textarea").fill("Solved.")
    await content.locator(".js-attributeBar .dropup > button", has=page.locator("[data-type]")).click()
    await content.locator(".js-openDropdownMacro").click()
    await expect(content.locator(".dropdown.is-open")).to_have_count(1)  # one menu at a time
    item = content.locator(".js-dropdownActionMacro[data-id]", has_text="Close")
    await item.dispatch_event("click")
    await expect(content.locator(".js-submit")).to_be_enabled()
    async with page.expect_request(lambda request: request.method == "PUT") as sending:
        await item.dispatch_event("mouseup")
    request = await sending.value
    assert request.url.endswith(f"/tickets/{ticket['id']}?all=true")
    await expect(content.locator(".article-body").last).to_have_text("Solved.")
    assert (await ticket_now(desk, ticket))["state"] == "closed"
    await expect(content.locator(".js-textarea")).to_have_text("")


async def test_a_macros_own_note_needs_no_text(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await macro(content, "Note: waiting")
    await expect(content.locator(".ticket-article-item.is-internal .article-body")).to_contain_text("Waiting for")
    assert (await ticket_now(desk, ticket))["state"] == "open"


async def test_a_macro_of_another_group_is_not_offered_and_one_may_close_the_tab(page: Page, desk: Helpdesk) -> None:
    made = []
    perform = {"ticket.tags": {"operator": "add", "value": "spam, junk"}, "ticket.state_id": {"value": "4"}}
    for name, more in (("Spam", {"ux_flow_next_up": "next_task_on_close"}), ("Contracts only", {"group_ids": [2]})):
        answer = await desk.call("POST", "macros", {"name": name, "perform": perform, **more}, SERVICE)
        made.append(answer.data["id"])
    try:
        ticket = await desk.ticket()
        await page.reload()  # macros come with the session
        content = await go(page, ticket)
        await expect(content.locator(".js-dropdownActionMacro")).to_have_count(3)
        await macro(content, "Spam")
        await expect(page.locator(".stats")).to_be_visible()
        await expect(page.locator(f".task[data-key=Ticket-{ticket['id']}]")).to_have_count(0)
        tags = await desk.get(f"tags?object=Ticket&o_id={ticket['id']}", SERVICE)
        assert tags.data == {"tags": ["spam", "junk"]}
    finally:
        for number in made:
            await desk.call("DELETE", f"macros/{number}", None, SERVICE)


async def test_update_is_locked_while_it_is_under_way_and_the_shortcut_makes_no_event(
    page: Page, desk: Helpdesk
) -> None:
    content = await go(page, await desk.ticket())
    await page.evaluate(RECORD)
    await desk.fault("PUT /api/v1/tickets", "latency", seconds=0.3)
    await content.locator(".js-textarea").fill("By shortcut")
    await page.keyboard.press("Control+Enter")
    await expect(content.locator(".js-submitDropdown .js-submit[disabled]")).to_have_count(1)
    await expect(content.locator(".ticket-article-item")).to_have_count(2)
    await expect(content.locator(".js-submitDropdown .js-submit[disabled]")).to_have_count(0)
    assert await page.evaluate("window.seen") == []


async def test_a_refusal_of_the_server_frees_the_form_with_the_text(page: Page, desk: Helpdesk) -> None:
    content = await go(page, await desk.ticket())
    await desk.fault("PUT /api/v1/tickets", "status", status=422)
    await content.locator(".js-textarea").fill("Kept")
    await content.locator(".js-submit").click()
    notice = page.locator("#notify > .notify-item.error[data-status='422']")
    await expect(notice).to_contain_text("Please contact your administrator.")
    await expect(content.locator(".js-submit")).to_be_enabled()
    await expect(content.locator(".js-textarea[contenteditable=true]")).to_have_text("Kept")


async def test_the_tab_closes_at_once_when_the_agent_prefers_that(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await prefer(content, "closeTab")
    await content.locator(".js-textarea").fill("Good bye")
    await content.evaluate(
        """root => new MutationObserver(() => {
          const texts = [...root.querySelectorAll('.article-body')].map(one => one.textContent);
          if (texts.includes('Good bye')) window.wasShown = root.isConnected;
        }).observe(root, {childList: true, subtree: true})"""
    )
    await content.locator(".js-submit").click()
    await expect(page.locator(".stats")).to_be_visible()
    await expect(page.locator(f"#content_permanent_Ticket-{ticket['id']}")).to_have_count(0)
    await expect(page.locator(f".task[data-key=Ticket-{ticket['id']}]")).to_have_count(0)
    # Whoever watches the page hears of the article when the ticket is out of the document already.
    assert await page.evaluate("window.wasShown") is False
    assert (await ticket_now(desk, ticket))["article_count"] == 2
    # The preference is the person's, not the page's.
    await page.reload()
    again = await go(page, ticket)
    await expect(again.locator(".js-secondaryActionButtonLabel[data-type=closeTab]")).to_be_visible()
    await expect(again.locator(".ticket-article-item")).to_have_count(2)


async def test_the_tab_closes_with_the_ticket_or_stays(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await prefer(content, "closeTabOnTicketClose")
    await content.locator(".js-textarea").fill("Not yet")
    await content.locator(".js-submit").click()
    await expect(content.locator(".ticket-article-item")).to_have_count(2)
    await content.locator("[name=state_id]").select_option(label="closed")
    await content.locator(".js-submit").click()
    await expect(page.locator(f".task[data-key=Ticket-{ticket['id']}]")).to_have_count(0)


@pytest.mark.usefixtures("accounting")
async def test_the_time_dialog_holds_the_update_until_it_is_answered(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    puts: list[dict[str, Any]] = []
    page.on("request", lambda request: request.method == "PUT" and puts.append(request.post_data_json))
    dialog = content.locator(":scope > .modal:has([name=time_unit])")
    await content.locator(".js-textarea").fill("Fixed")

    # Called off: the form is free, the text in place, nothing sent.
    for way in ("close", "escape"):
        await content.locator(".js-attributeBar .js-submit").click()
        await expect(dialog).to_be_visible()
        await expect(content.locator(".js-submitDropdown .js-submit[disabled]")).to_have_count(1)
        await (dialog.locator(".js-close").click() if way == "close" else page.keyboard.press("Escape"))
        await expect(dialog).to_have_count(0)
        await expect(content.locator(".js-attributeBar .js-submit")).to_be_enabled()
        await expect(content.locator(".js-textarea")).to_have_text("Fixed")
    assert puts == []

    # Nonsense is asked for again, an amount goes along; the form is freed before the answer has come.
    await desk.fault("PUT /api/v1/tickets", "latency", seconds=0.3)
    await page.keyboard.press("Control+Enter")
    await page.keyboard.type("soon")
    await page.keyboard.press("Control+Enter")
    await expect(dialog.locator(".help-inline")).to_have_text("is not a number")
    await dialog.locator("[name=time_unit]").fill("1,5")
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await expect(content.locator(".js-attributeBar .js-submit")).to_be_enabled()
    await expect(content.locator(".js-textarea")).to_have_text("Fixed")
    await expect(content.locator(".ticket-article-item")).to_have_count(2)
    assert [put["article"]["time_unit"] for put in puts] == ["1.5"]
    assert (await ticket_now(desk, ticket))["time_unit"] == "1.5"

    await content.locator(".js-textarea").fill("No time this time")
    await content.locator(".js-attributeBar .js-submit").click()
    await dialog.locator(".js-skip").click()
    await expect(content.locator(".ticket-article-item")).to_have_count(3)
    assert (await ticket_now(desk, ticket))["time_unit"] == "1.5"

    # No article, no question.
    await content.locator("[name=state_id]").select_option(label="open")
    await content.locator(".js-attributeBar .js-submit").click()
    await expect(content.locator(".is-changed")).to_have_count(0)
    assert "article" not in puts[-1]


async def test_who_reads_only_has_no_bar(browser: Browser, desk: Helpdesk) -> None:
    user, _ = await desk.agent({"1": ["read"]})
    page = await browser.new_page(base_url=desk.url)
    await log_in(page, desk, "#ticket/zoom/2", user["email"], "pw")
    content = page.locator("#content_permanent_Ticket-2")
    await expect(content.locator(".ticket-article-item")).to_have_count(1)
    for selector in (".js-submit", ".js-openDropdownMacro", ".js-secondaryActionButtonLabel"):
        await expect(content.locator(selector)).to_be_hidden()
    assert (await desk.get("macros", ADA)).status == 200
