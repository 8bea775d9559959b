"""The ticket page in a real browser: the structure and habits of Zammad's legacy interface that others build on.

One browser serves the whole module; every test has a context of its own in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, Route, StorageState, async_playwright, expect

from tests.demo_helpdesk.client import SERVICE, Helpdesk

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXTENSION = Path(__file__).resolve().parents[2] / "extension"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--disable-sync", "--no-first-run"]


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


async def log_in(
    page: Page, desk: Helpdesk, route: str, email: str = "ada@example.com", password: str = "demo"
) -> None:
    """Sign in by the form that a page without a session leads to."""
    await page.goto(f"{desk.url}/{route}")
    await page.fill("[name=email]", email)
    await page.fill("[name=password]", password)
    await page.click("button[type=submit]")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ada(browser: Browser, desk: Helpdesk) -> StorageState:
    """Ada's cookie."""
    first = await browser.new_page()
    await log_in(first, desk, "#dashboard")
    await expect(first.locator(".stats")).to_be_visible()
    state = await first.context.storage_state()
    await first.close()
    return state


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, desk: Helpdesk, ada: StorageState) -> AsyncIterator[Page]:
    """An empty window of Ada's, signed in, with a clock that can be moved. Errors of scripts fail the test."""
    context = await browser.new_context(storage_state=ada, base_url=desk.url)
    shown = await context.new_page()
    errors: list[str] = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    await shown.clock.install()
    yield shown
    await context.close()
    assert errors == []


async def go(page: Page, ticket: dict[str, Any] | int) -> Locator:
    """Open a ticket; where the page is open already only its route changes."""
    number = ticket if isinstance(ticket, int) else ticket["id"]
    await page.goto(f"/#ticket/zoom/{number}")
    content = page.locator(f"#app > .content.active#content_permanent_Ticket-{number}")
    await expect(content.locator(".js-objectNumber[data-number]")).to_be_visible()
    return content


async def test_login_keeps_the_hash_and_says_when_it_fails(browser: Browser, desk: Helpdesk) -> None:
    page = await (await browser.new_context()).new_page()
    await log_in(page, desk, "#ticket/zoom/1", password="wrong")
    await expect(page.locator("[role=alert]")).to_have_text("E-mail or password is wrong.")
    await page.fill("[name=password]", "demo")
    await page.click("button[type=submit]")
    await expect(page.locator("#content_permanent_Ticket-1 .article-new")).to_be_visible()
    assert page.url == f"{desk.url}/#ticket/zoom/1"


async def test_structure(page: Page, desk: Helpdesk) -> None:
    content = await go(page, 3)
    counts = {
        ".main > .ticketZoom": 1,
        ".ticketZoom > .ticketZoom-controls": 1,
        ".ticketZoom-header .js-objectTitle": 1,
        ".js-objectNumber[data-number='10003'] .ticket-number": 1,
        ".scrollPageAlert.js-ticketAlertContainer": 1,
        ".ticket-article .ticket-article-item[data-id].customer": 1,
        ".article-new > form.article-add[data-type=note].is-internal": 1,
        "form.article-add input[type=hidden]": 6,
        "form.article-add .js-selectedArticleType": 1,
        "form.article-add .js-articleTypes .js-articleTypeItem[data-value]": 3,
        "form.article-add .js-toggleVisibility": 1,
        "form.article-add .js-textarea[data-name=body][contenteditable=true]": 1,
        ".tabsSidebar .tabsSidebar-tab[data-tab=ticket].active": 1,
        ".sidebar[data-tab=ticket] .sidebar-content fieldset.edit[data-ticket-updated-at]": 1,
        "[data-attribute-name=harvest_project] [name=harvest_project]": 1,
        "[data-attribute-name=budget_state]": 0,
        ".sidebar[data-tab=ticket] .js-tags": 1,
        ".attributeBar .js-attributeBar .js-submit": 1,
        ".js-attributeBar .js-reset.hide": 1,
    }
    for selector, count in counts.items():
        await expect(content.locator(selector), selector).to_have_count(count)
    await expect(page.locator(".tasks-navigation a.nav-tab.task[data-key=Ticket-3].is-active")).to_have_count(1)
    policy = (await desk.get("/login")).headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval' 'nonce-" in policy


async def test_it_is_as_the_extension_declares_it(page: Page, desk: Helpdesk) -> None:
    """The extension's own look at its expected counts finds nothing, whatever state a ticket is in."""

    async def serve(route: Route) -> None:
        await route.fulfill(path=EXTENSION / route.request.url.partition("/extension/")[2])

    await page.route("**/extension/**", serve)
    drifts = """async () => {
      const { default: site } = await import("/extension/content/sites/zammad.js");
      const { driftsOf } = await import("/extension/content/drift.js");
      return driftsOf(site);
    }"""
    content = await go(page, await desk.ticket())
    assert await page.evaluate(drifts) == []
    await content.locator(".js-textarea").fill("Something to discard")
    await expect(content.locator(".js-reset")).to_be_visible()
    assert await page.evaluate(drifts) == []
    await page.goto("/#ticket/zoom/99999")
    await expect(page.locator("#content_permanent_Ticket-99999 [role=alert]")).to_be_visible()
    assert await page.evaluate(drifts) == []
    await go(page, 3)
    await page.evaluate("document.querySelector('.content.active .article-new').remove()")  # as for who may only read
    assert await page.evaluate(drifts) == []
    await page.evaluate("document.querySelector('.content.active .js-submit').remove()")
    assert [one["part"] for one in await page.evaluate(drifts)] == ["submit"]


async def test_submit_shows_the_article_in_a_new_composer(page: Page, desk: Helpdesk) -> None:
    content = await go(page, await desk.ticket())
    composer = await content.locator(".article-new").element_handle()
    assert composer is not None
    await composer.evaluate("node => node.append(Object.assign(document.createElement('div'), {id: 'foreign'}))")
    await content.locator(".js-textarea").fill("Done <b>today</b>")
    await content.locator(".js-toggleVisibility").click()
    await expect(content.locator("form.article-add")).to_contain_class("is-public")
    await content.locator(".js-submit").click()
    article = content.locator(".ticket-article-item.agent").last
    await expect(article.locator(".article-body")).to_have_text("Done <b>today</b>")
    await expect(article).not_to_contain_class("is-internal")
    await expect(page.locator("#foreign")).to_have_count(0)
    assert not await composer.evaluate("node => node.isConnected")
    await expect(content.locator(".article-new > form.article-add[data-type=note]")).to_have_count(1)
    await expect(content.locator(".js-textarea")).to_have_text("")


async def test_shortcut_submits_without_a_click(page: Page, desk: Helpdesk) -> None:
    content = await go(page, await desk.ticket())
    await page.evaluate("addEventListener('click', () => { window.clicked = true }, true)")
    await content.locator(".js-textarea").focus()
    await page.keyboard.type("By keyboard")
    await page.keyboard.press("Control+Enter")
    await expect(content.locator(".ticket-article-item.agent.is-internal .article-body")).to_have_text("By keyboard")
    assert await page.evaluate("window.clicked") is None


async def test_empty_form_is_refused_and_nothing_sent(page: Page, desk: Helpdesk) -> None:
    content = await go(page, await desk.ticket())
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    await content.locator(".js-submit").click()
    await expect(content.locator(":scope > .modal .modal-title")).to_have_text("Nothing to save")
    await page.keyboard.press("Escape")
    await expect(content.locator(":scope > .modal")).to_have_count(0)
    assert "PUT" not in sent


async def test_refusal_of_the_server_keeps_the_text(page: Page, desk: Helpdesk) -> None:
    content = await go(page, await desk.ticket())
    await content.locator(".js-selectedArticleType").click()
    await content.locator(".js-articleTypeItem[data-value=email]").click()
    await expect(content.locator("form.article-add[data-type=email].is-public.is-open")).to_have_count(1)
    await expect(content.locator("input[name=to]")).to_have_value("acorn@example.com")
    await content.locator("input[name=to]").fill("nonsense")
    await content.locator(".js-textarea").fill("Kept")
    await content.locator(".js-submit").click()
    notice = page.locator("#notify > .notify-item.error[data-status='422']")
    await expect(notice).to_contain_text("Invalid recipient 'nonsense'")
    await expect(content.locator(".js-textarea")).to_have_text("Kept")
    await expect(content.locator(".js-submit")).to_be_enabled()
    await page.clock.fast_forward(5_000)
    await expect(notice).to_have_count(0)


async def test_other_ticket_detaches_and_keeps_the_text(page: Page, desk: Helpdesk) -> None:
    first, second = await desk.ticket(title="First"), await desk.ticket(title="Second")
    content = await go(page, first)
    await content.locator(".js-textarea").fill("Half a sentence")
    await content.locator("[name=harvest_project]").fill("4242")
    composer = await content.locator(".article-new").element_handle()
    assert composer is not None
    await go(page, second)
    await expect(page.locator(".ticketZoom")).to_have_count(1)
    assert not await composer.evaluate("node => node.isConnected")
    await expect(page.locator(f".task[data-key=Ticket-{first['id']}]")).to_contain_class("is-modified")
    content = await go(page, first)
    assert await composer.evaluate("node => node.isConnected")
    await expect(content.locator(".js-textarea")).to_have_text("Half a sentence")
    await expect(content.locator(".is-changed [name=harvest_project]")).to_have_value("4242")
    await page.reload()
    await expect(content.locator(".js-textarea")).to_have_text("Half a sentence")
    await content.locator(".js-reset").click()
    await expect(content.locator(".js-textarea")).to_have_text("")
    await expect(content.locator("[name=harvest_project]")).to_have_value("")


async def test_articles_of_others_appear_and_leave_the_composer_alone(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    composer = await content.locator(".article-new").element_handle()
    assert composer is not None
    await content.locator(".js-textarea").fill("I am writing")
    article = {"body": "<img src=x onerror='window.ran = 1'>me too", "content_type": "text/plain"}
    change = {"title": "<script>window.ran = 1</script>", "budget_hours": "7", "article": article}
    assert (await desk.call("PUT", f"tickets/{ticket['id']}", change, SERVICE)).status == 200
    await page.clock.fast_forward(3_000)
    await expect(content.locator(".ticket-article-item")).to_have_count(2)
    await expect(content.locator(".js-objectTitle")).to_have_text("<script>window.ran = 1</script>")
    await expect(content.locator("[name=budget_hours]")).to_have_value("7")
    assert await composer.evaluate("node => node.isConnected")
    await expect(content.locator(".js-textarea")).to_have_text("I am writing")
    assert await page.evaluate("window.ran") is None


async def test_attributes_and_tags(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    content = await go(page, ticket)
    await content.locator("[name=harvest_project]").fill("4005")
    await content.locator("[name=state_id]").select_option(label="open")
    await expect(content.locator(".is-changed")).to_have_count(2)
    await content.locator(".js-submit").click()
    await expect(content.locator(".is-changed")).to_have_count(0)
    await content.get_by_placeholder("Add a tag").fill("urgent")
    await page.keyboard.press("Enter")
    await expect(content.locator(".js-tags .list-item")).to_have_text("urgent")
    now = (await desk.get(f"tickets/{ticket['id']}?expand=true", SERVICE)).data
    assert (now["harvest_project"], now["state"], now["article_count"]) == ("4005", "open", 1)


async def test_without_change_access_there_is_no_composer(browser: Browser, desk: Helpdesk) -> None:
    user, _ = await desk.agent({"1": ["read"]})
    page = await browser.new_page()
    await page.clock.install()
    await log_in(page, desk, "#ticket/zoom/2", user["email"], "pw")
    content = page.locator("#content_permanent_Ticket-2")
    await expect(content.locator(".ticket-article-item")).to_have_count(1)
    await expect(content.locator(".article-new")).to_have_count(0)
    await expect(content.locator(".js-submit")).to_be_hidden()
    # More rights: the inside of the ticket is built anew.
    await desk.call("PUT", f"users/{user['id']}", {"group_ids": {"1": ["full"]}}, SERVICE)
    await page.clock.fast_forward(3_000)
    await expect(content.locator(".article-new")).to_have_count(1)
    await expect(content.locator(".js-submit")).to_be_visible()


async def test_ticket_of_another_group(page: Page, desk: Helpdesk) -> None:
    await page.goto("/#ticket/zoom/7")
    await expect(page.locator("#content_permanent_Ticket-7 [role=alert]")).to_contain_text(
        "You may not see this ticket."
    )
    await page.goto("/#ticket/zoom/number/10002")
    await expect(page.locator("#content_permanent_Ticket-2 .article-new")).to_be_visible()
    await page.goto("/#ticket/view/all")
    await expect(page.locator(".ticket-list tr[data-id='1']")).to_be_visible()
    await expect(page.locator(".ticket-list tr[data-id='7']")).to_have_count(0)


async def test_two_windows_of_one_agent(page: Page, desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    other = await page.context.new_page()
    await other.goto(f"/#ticket/zoom/{ticket['id']}")
    content, there = await go(page, ticket), other.locator(".content.active")
    await expect(there.locator(".article-new")).to_be_visible()
    await asyncio.gather(content.locator(".js-textarea").fill("one"), there.locator(".js-textarea").fill("two"))
    await asyncio.gather(content.locator(".js-submit").click(), there.locator(".js-submit").click())
    for window, shown in ((page, content), (other, there)):
        await expect(shown.locator(".js-textarea")).to_have_text("")
        await window.clock.fast_forward(3_000)
        await expect(shown.locator(".ticket-article-item")).to_have_count(3)
