"""The popup on the whole product: all is well, and a log that Harvest refused is brought to its end from there."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.e2e.test_first_path import ADA_MAIL, at_ticket, fill
from tests.support.browser import Browser, panel
from tests.support.world import ADA, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_log_that_needs_its_agent_is_seen_and_tried_again_in_the_popup(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    page = await at_ticket(chrome, ticket)
    popup = await chrome.context.new_page()
    await popup.goto(f"chrome-extension://{chrome.extension_id}/popup/popup.html")
    await expect(popup.locator("body")).to_contain_text(ADA_MAIL)
    # The worker has made its first rounds: itself, Harvest and the helpdesk are known to be well.
    await expect(popup.locator('[data-region="health"]')).to_have_text("Everything works.", timeout=40_000)
    for name in ("database", "queue", "worker", "harvest", "helpdesk"):
        await expect(popup.locator(f'[data-region="parts"] [data-part="{name}"]')).to_have_attribute("data-state", "ok")

    await world.fault("POST /v2/time_entries", "status", status=422)
    await page.bring_to_front()
    await fill(page, "0.5")
    await panel(page).locator("[data-action=log-now]").click()
    await expect(panel(page)).to_have_attribute("data-state", "error")
    await popup.bring_to_front()
    title = (await world.helpdesk("GET", f"/tickets/{ticket}"))["title"]  # other tests leave logs of the same agent
    rows = popup.locator("[data-log]").filter(has=popup.get_by_text(title, exact=True))
    row = rows.and_(popup.locator('[data-state="attention"]'))
    await expect(row).to_contain_text("0.50 h")
    await expect(row).to_contain_text("Harvest refused this")
    async with chrome.context.expect_page() as opening:
        await row.get_by_role("link").click()
    opened = await opening.value
    await expect(opened.locator(f".content.active#content_permanent_Ticket-{ticket}")).to_be_visible()
    await popup.bring_to_front()
    await row.locator('[data-action="retry"]').click()
    await expect(rows).to_have_count(0, timeout=30_000)
    [entry] = await world.entries(ticket)
    assert entry["hours"] == 0.5
