"""A lock as people see it: an agent and a project manager, each in a browser of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.api.test_locks import read
from tests.e2e.test_first_path import at_ticket
from tests.support.browser import Browser, browser, field, panel, submit, write_reply
from tests.support.signin import signed_in
from tests.support.world import ADA, SUPPORT, World, today

pytestmark = pytest.mark.asyncio(loop_scope="session")

PM_MAIL = "pm@example.com"
MINUTE = 60_000


async def over_budget(world: World) -> int:
    """A ticket of 2 hours on whose project 3 hours were tracked in Harvest."""
    project = await world.project(ADA)
    entry = {"project_id": project, "task_id": SUPPORT, "spent_date": today(), "hours": 3, "user_id": ADA}
    await world.harvest("POST", "/v2/time_entries", entry)
    async with signed_in(world.demo, "bo@example.com") as api:
        await read(api)
    return await world.ticket(harvest_project=str(project), budget_hours="2", budget_pm=PM_MAIL)


async def test_a_lock_holds_until_a_manager_opens_it(chrome: Browser, world: World, chromium_path: Path) -> None:
    ticket = await over_budget(world)
    page = await at_ticket(chrome, ticket)
    await expect(panel(page)).to_have_attribute("data-locked", "true", timeout=MINUTE)
    await expect(page.locator('.content.active [data-deskhours="badge"]')).to_contain_text("OVER BUDGET — LOCKED")
    await expect(panel(page)).to_contain_text("Who can unlock it: Mo Manager")

    # The helpdesk takes nothing, and nothing that was typed is lost.
    await write_reply(page, "Here is what we found.")
    await submit(page)
    await expect(page.locator('.content.active .js-textarea[data-name="body"]')).to_contain_text("what we found")
    sent = await world.helpdesk("GET", f"/ticket_articles/by_ticket/{ticket}")
    assert not [one for one in sent if "what we found" in one["body"]]

    # What a lock is not about goes on.
    await field(page, "note_body").fill("Asked the customer for more hours")
    await panel(page).locator("[data-action=note-post]").click()
    await expect(page.locator(".content.active .ticket-article")).to_contain_text("Asked the customer for more hours")
    await expect(field(page, "note_body")).to_have_value("")
    await field(page, "log_time").check()
    await expect(panel(page).locator("[data-action=log-now]")).to_be_enabled()

    async with browser(world.demo, chromium_path) as theirs:
        managers = await theirs.sign_in(PM_MAIL, ticket)
        await theirs.connect(managers, PM_MAIL)
        await field(managers, "ceiling_hours").fill("2.5")
        await panel(managers).locator("[data-action=unlock]").click()
        await expect(panel(managers)).to_contain_text("has used 3.00 hours already")
        await expect(field(managers, "ceiling_hours")).to_have_value("2.5")
        await field(managers, "ceiling_hours").fill("4")
        await field(managers, "reason").fill("Agreed by phone")
        await panel(managers).locator("[data-action=unlock]").click()
        await expect(panel(managers)).to_have_attribute("data-locked", "false")
        await expect(panel(managers)).to_contain_text("Unlocked by Mo Manager up to 4.00 hours: “Agreed by phone”")

    await page.evaluate("window.dispatchEvent(new Event('focus'))")  # or at the panel's next look, within a minute
    await expect(panel(page)).to_have_attribute("data-locked", "false", timeout=MINUTE)
    await expect(page.locator('.content.active [data-deskhours="badge"]')).to_be_hidden()
    await field(page, "log_time").uncheck()
    await expect(page.locator(".content.active [data-attribute-name=budget_release] select")).to_have_count(0)
    await submit(page)
    await expect(page.locator(".content.active .ticket-article")).to_contain_text("Here is what we found.")


async def test_hours_are_looked_ahead_while_they_are_typed(chrome: Browser, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA, budget="2")
    page = await at_ticket(chrome, ticket)
    await field(page, "log_time").check()
    await field(page, "hours").fill("1.5")
    await expect(panel(page).locator("[data-ahead]")).to_have_text(re.compile(r"0 % → 75 %$"))
    await field(page, "hours").fill("2:15")
    await expect(panel(page).locator("[data-ahead]")).to_contain_text("0 % → 112 %: this will lock the ticket")
    await field(page, "hours").fill("")
    await expect(panel(page).locator("[data-ahead]")).to_be_hidden()
