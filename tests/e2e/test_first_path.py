"""The first path, as a person walks it: connect, answer, log, see it; and what happens when something is wrong."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from playwright.async_api import Error, Page, Request, Route, expect

from tests.support.browser import Browser, field, panel, submit, write_reply
from tests.support.world import ADA, BO, World, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ADA_MAIL = "ada@example.com"


async def at_ticket(chrome: Browser, ticket: int) -> Page:
    """Ada, connected, on a ticket whose panel is ready for logging."""
    page = await chrome.sign_in(ADA_MAIL, ticket)
    await chrome.connect(page, ADA_MAIL)
    await expect(field(page, "log_time")).to_be_visible()
    return page


async def fill(page: Page, hours: str, notes: str = "Answer the customer") -> None:
    """Tick the box and fill in the form."""
    await field(page, "log_time").check()
    await field(page, "hours").fill(hours)
    await field(page, "notes").fill(notes)


async def test_an_agent_connects_answers_and_logs_half_an_hour(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await expect(panel(page)).to_have_attribute("data-band", "green")
    await expect(field(page, "hours")).to_be_hidden()
    await fill(page, "0.5")
    # The default task of the manifest is offered first, with billable marked.
    await expect(field(page, "task_id").locator("option:checked")).to_have_text("Support · billable")
    await write_reply(page, "We have found the cause.")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    await expect(panel(page)).to_contain_text("0.50 of 10.00 h")
    [entry] = await world.entries(ticket)
    assert (entry["hours"], entry["notes"], entry["user"]["id"]) == (0.5, "Answer the customer", ADA)

    # The link leads to a page of Harvest where the entry stands.
    link = panel(page).get_by_role("link", name="Open in Harvest")
    async with chrome.context.expect_page() as opening:
        await link.click()
    shown = await opening.value
    await shown.wait_for_load_state()
    assert shown.url.startswith(chrome.demo.harvest)
    if await shown.locator("[name=email]").count():
        await shown.fill("[name=email]", ADA_MAIL)
        await shown.fill("[name=password]", "demo")
        await shown.click("button[type=submit]")
    await expect(shown.locator(f"#entry-{entry['id']}")).to_contain_text("Answer the customer")

    await page.bring_to_front()
    await panel(page).locator("[data-action=undo]").click()
    await expect(panel(page)).to_contain_text("Removed from Harvest")
    await expect(panel(page)).to_contain_text("0.00 of 10.00 h")
    assert await world.entries(ticket) == []


async def test_panels_in_all_tabs_come_alive_and_the_popup_says_who(chrome: Browser, world: World) -> None:
    first = await chrome.sign_in(ADA_MAIL, 1)
    second = await chrome.context.new_page()
    await second.goto(f"{chrome.demo.helpdesk}/#ticket/zoom/2")
    popup = await chrome.context.new_page()
    await popup.goto(f"chrome-extension://{chrome.extension_id}/popup/popup.html")
    async with chrome.context.expect_page() as opening:
        await popup.locator("[data-action=connect]").click()
    await chrome.consent(await opening.value, ADA_MAIL)
    await expect(popup.locator("body")).to_contain_text("Ada Agent")
    for page in (first, second):
        await expect(panel(page)).to_have_attribute("data-state", "idle", timeout=30_000)
    await popup.locator("[data-action=disconnect]").click()
    await expect(popup.locator("[data-action=connect]")).to_be_visible()
    for page in (first, second):
        await expect(panel(page)).to_have_attribute("data-state", "disconnected", timeout=30_000)


async def test_what_is_typed_survives_everything_a_page_does(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await fill(page, "1:30", "Long note — typed once")
    await field(page, "task_id").select_option(label="Development · billable")

    async def stands() -> None:
        await expect(field(page, "log_time")).to_be_checked()
        await expect(field(page, "hours")).to_have_value("1:30")
        await expect(field(page, "notes")).to_have_value("Long note — typed once")
        await expect(field(page, "task_id").locator("option:checked")).to_have_text("Development · billable")

    # From note to reply.
    await page.locator(".content.active .js-selectedArticleType").click()
    await page.locator('.content.active .js-articleTypeItem[data-value="email"]').click()
    await stands()
    # To another ticket and back.
    await chrome.open_ticket(page, 1)
    await expect(field(page, "hours")).to_have_value("")
    await chrome.open_ticket(page, ticket)
    await stands()
    # The composer rendered anew.
    await write_reply(page, "to be dropped")
    await page.locator(".content.active .js-reset").click()
    await stands()
    # A reload.
    await page.reload()
    await stands()
    # A tab opened beside it.
    beside = await chrome.context.new_page()
    await beside.goto(page.url)
    await expect(field(beside, "hours")).to_have_value("1:30")


async def test_a_refused_reply_logs_nothing_and_keeps_what_was_typed(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.5")
    # An empty reply: the page refuses it.
    await submit(page)
    await expect(page.locator(".content.active .modal")).to_be_visible()
    await page.locator(".content.active .modal .js-submit").click()
    await expect(field(page, "hours")).to_have_value("0.5")
    # A reply that the helpdesk's server refuses: the agent has lost the right to change the ticket meanwhile.
    await write_reply(page, "This will not go through.")
    await page.route("**/api/v1/tickets/*", _refuse_put)
    await submit(page)
    await expect(page.locator("#notify .notify-item.error")).to_be_visible()
    await expect(panel(page)).not_to_have_attribute("data-state", "armed")
    await expect(field(page, "log_time")).to_be_checked()
    await expect(field(page, "hours")).to_have_value("0.5")
    assert await world.entries(ticket) == []
    # Sent again, it goes through and is logged once.
    await page.unroute("**/api/v1/tickets/*")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    assert len(await world.entries(ticket)) == 1


async def _refuse_put(route: Route, request: Request) -> None:
    if request.method == "PUT":
        await route.fulfill(status=422, json={"error": "Refused for this test", "error_human": "Refused for this test"})
    else:
        await route.fallback()


async def test_with_invalid_hours_the_reply_goes_out_and_the_log_stays_a_draft(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.3")
    await write_reply(page, "The reply itself is fine.")
    await submit(page)
    await expect(page.locator(".content.active .ticket-article-item").last).to_contain_text("The reply itself is fine.")
    await expect(panel(page).locator("[role=alert]").first).to_contain_text("0.25 or 0.50")
    await expect(panel(page)).to_have_attribute("data-state", "error")
    await expect(field(page, "hours")).to_have_value("0.3")
    assert await world.entries(ticket) == []
    await field(page, "hours").fill("0.25")
    await panel(page).locator("[data-action=log-now]").click()
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    [entry] = await world.entries(ticket)
    assert entry["hours"] == 0.25


async def test_a_double_click_and_two_tabs_make_one_entry(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    other, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.5")
    await write_reply(page, "Sent with a double click.")
    await page.locator(".content.active .js-submit").dblclick()
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    assert len(await world.entries(ticket)) == 1

    await chrome.open_ticket(page, other)
    await fill(page, "0.75")
    beside = await chrome.context.new_page()
    await beside.goto(page.url)
    await expect(field(beside, "hours")).to_have_value("0.75")

    async def press(tab: Page) -> None:
        # The slower tab may learn of the log first; then there is nothing left to press.
        with contextlib.suppress(Error):
            await panel(tab).locator("[data-action=log-now]").click(timeout=3_000)

    await asyncio.gather(press(beside), press(page))
    await page.bring_to_front()
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    assert [entry["hours"] for entry in await world.entries(other)] == [0.75]


async def test_a_shortcut_that_makes_no_click_is_seen_as_well(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.5")
    await write_reply(page, "Sent by keyboard.")
    await page.keyboard.press("Control+Enter")
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    assert len(await world.entries(ticket)) == 1


async def test_what_keeps_a_ticket_from_being_logged_on_is_said_in_words(chrome: Browser, world: World) -> None:
    archived = await world.project(ADA)
    await world.harvest("PATCH", f"/v2/projects/{archived}", {"is_active": False})
    foreign = await world.project(BO)
    cases = [
        (6, "no Harvest project"),
        (await world.ticket(harvest_project=str(archived)), "is archived"),
        (await world.ticket(harvest_project=str(foreign), budget_pm="pm@example.com"), "You are not assigned"),
        (await world.ticket(harvest_project="99999999"), "is not known in this Harvest account"),
        (await world.ticket(harvest_project="the usual one"), "is not a project's number"),
    ]
    page = await chrome.sign_in(ADA_MAIL, 6)
    await chrome.connect(page, ADA_MAIL)
    for ticket, words in cases:
        await chrome.open_ticket(page, ticket)
        alert = panel(page).locator("[data-region=alert]")
        await expect(alert).to_be_visible()
        if words not in (await alert.text_content() or ""):
            # A project made a moment ago is first unknown, until the next word from Harvest.
            await alert.locator("[data-action=refresh]").click()
        await expect(alert).to_contain_text(words)
        await expect(field(page, "log_time")).to_have_count(0)
    await expect(panel(page).locator("[role=alert]")).to_contain_text("project manager or admin")


async def test_nobodys_time_is_logged_as_somebody_elses(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA, BO)
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.5", "typed by ada")
    # Bo signs in to the helpdesk in the same browser; the extension is still ada's.
    await chrome.context.clear_cookies()
    await page.close()
    page = await chrome.sign_in("bo@example.com", ticket)
    await expect(panel(page)).to_have_attribute("data-state", "disconnected")
    await expect(panel(page).locator("[role=alert]")).to_contain_text("somebody else than Ada Agent")
    await expect(field(page, "hours")).to_have_count(0)
    await write_reply(page, "A note of bo's.")
    await submit(page)
    await expect(page.locator(".content.active .ticket-article-item").last).to_contain_text("A note of bo's.")
    assert await world.entries(ticket) == []
    # Connected as himself, bo logs as himself.
    await chrome.connect(page, "bo@example.com")
    await expect(field(page, "hours")).to_have_value("")
    await fill(page, "0.25", "typed by bo")
    await write_reply(page, "Another note of bo's.")
    await submit(page)
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    [entry] = await world.entries(ticket)
    assert (entry["user"]["id"], entry["notes"]) == (BO, "typed by bo")


async def test_markup_in_ticket_and_notes_is_shown_as_text(chrome: Browser, world: World) -> None:
    hostile = "<img src=x onerror=document.title='hacked'><script>document.title='hacked'</script>"
    project = await world.project(ADA)
    ticket = await world.ticket(harvest_project=str(project), budget_hours=hostile, title=hostile)
    await world.harvest("PATCH", f"/v2/projects/{project}", {"name": hostile})
    page = await at_ticket(chrome, ticket)
    await fill(page, "0.5", hostile)
    await panel(page).locator("[data-action=log-now]").click()
    await expect(panel(page)).to_have_attribute("data-state", "logged")
    await expect(panel(page)).to_contain_text(hostile)
    assert await panel(page).locator("img, script").count() == 0
    assert await page.title() != "hacked"
    assert (await until(lambda: world.entries(ticket)))[0]["notes"] == hostile
