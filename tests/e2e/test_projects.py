"""A ticket's project by hand, in a browser: found by keyboard, linked, unlinked, and one of its own made."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import expect

from tests.support.browser import Browser, field, panel
from tests.support.signin import Api, connect
from tests.support.world import ADA, World, until

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_project_is_picked_by_keyboard_and_another_one_made(chrome: Browser, world: World) -> None:
    project = await world.project(ADA)
    name = (await world.harvest("GET", f"/v2/projects/{project}"))["name"]
    ticket = await world.ticket(title="A project of its own")
    page = await chrome.sign_in("ada@example.com", ticket)
    await chrome.connect(page, "ada@example.com")

    await panel(page).locator("summary", has_text="Link a Harvest project").click()
    picker, options = field(page, "project_query"), panel(page).locator("[role=option]")
    await picker.fill("no such thing")
    await expect(options).to_have_text("No active project is like that.")
    await expect(picker).to_have_attribute("aria-expanded", "true")

    status, body = await connect(world.demo, "ada@example.com")
    assert status == 201
    api = Api(world.session, world.demo.url, body["access_token"])

    async def known() -> bool:
        return name in (await api.get(f"/api/v1/tickets/{ticket}/projects?q={quote(name)}", html=True)).text

    await until(known, seconds=60)  # the mirror hears of it with the next sync
    await picker.fill(name)  # once: each keystroke has the list wait a little longer
    await expect(options.locator("span", has_text=name)).to_have_count(1)
    await picker.press("ArrowDown")
    await expect(picker).to_have_attribute("aria-activedescendant", "dh-project-1")
    await picker.press("Enter")
    await expect(picker).to_have_value(f"{name} · Acorn Bakery · {project}")
    await expect(panel(page).locator("#dh-projects")).to_be_hidden()
    await picker.press("Tab")
    await page.keyboard.press("Enter")
    await expect(panel(page).locator(".dh-project")).to_contain_text(name)
    assert (await world.helpdesk("GET", f"/tickets/{ticket}"))["harvest_project"] == str(project)

    await panel(page).locator("summary", has_text="Link another project").click()
    await panel(page).locator("[data-action=project-unlink]").click()
    await expect(panel(page)).to_contain_text("This ticket has no Harvest project")

    await panel(page).locator("summary", has_text="Create a Harvest project").click()
    await expect(panel(page).locator(".dh-plan")).to_contain_text("A project of its own")
    await panel(page).locator("[data-action=project-create]").click()
    await expect(panel(page).locator(".dh-project")).to_contain_text("A project of its own")
    await expect(field(page, "log_time")).to_be_enabled()
