"""What people see when extension and server do not fit, and that nothing they typed is lost by it."""

import pytest
from playwright.async_api import expect

from .conftest import Desk, panel_of
from .test_worker import fill_in, reply

pytestmark = pytest.mark.asyncio(loop_scope="session")

FITTING, NEWER_SERVER, OLDER_SERVER = "1 0.1.0", "2 0.2.0", "0 0.1.0"
TOO_OLD = "Deskhours in this browser (0.1.0) is older than your server takes. Ask your administrator for version 0.2.0"


async def test_an_extension_that_is_too_old_says_so_keeps_the_log_and_goes_on_when_it_fits(desk: Desk) -> None:
    page = await desk.open_connected()
    await fill_in(page, "0.5")
    desk.stub.fits = NEWER_SERVER
    await reply(page)
    alert = panel_of(page, "error").locator('.dh-shell [role="alert"]').first
    await expect(alert).to_contain_text(f"{TOO_OLD} or newer. What you type is kept.")
    await expect(panel_of(page).locator('.dh-shell [role="status"]')).to_contain_text("0.5 h is kept in this browser")
    # The form goes on taking what is typed, and nobody was signed out.
    await panel_of(page).locator('[name="log_time"]').check()
    popup = await desk.popup()
    await expect(popup.locator('#me [role="alert"]')).to_contain_text(TOO_OLD)
    await expect(popup.locator("#outbox h2")).to_have_text("1 log waits to be sent")
    assert not desk.stub.logs
    desk.stub.fits = FITTING
    await desk.stub.until(lambda stub: len(stub.logs) == 1)
    await panel_of(page, "logged").wait_for()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    assert [log["hours"] for log in desk.stub.logs.values()] == ["0.5"]


async def test_update_asks_the_browser_and_says_what_came_of_it(desk: Desk) -> None:
    desk.stub.fits = NEWER_SERVER
    page = await desk.open()
    await panel_of(page).locator('[data-action="update"]').click()
    # Loaded from a folder, there is nowhere to fetch a newer one from.
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("The browser finds no new version yet.")
    popup = await desk.popup()
    await popup.locator('[data-action="update"]').click()
    await expect(popup.locator('#notice [role="status"]')).to_contain_text("new version")


async def test_an_extension_that_is_newer_than_the_server_says_whom_to_ask(desk: Desk) -> None:
    desk.stub.fits = OLDER_SERVER
    page = await desk.open()
    alert = panel_of(page, "error").locator('[role="alert"]')
    await expect(alert).to_contain_text("Deskhours in this browser (0.1.0) is newer than your server.")
    await expect(alert).to_contain_text("Ask your administrator to update the server.")
    await expect(panel_of(page).locator('[data-action="update"]')).to_have_count(0)
    popup = await desk.popup()
    await expect(popup.locator('#me [role="alert"]')).to_contain_text("newer than your server")
    desk.stub.fits = FITTING
    await panel_of(page).locator('[data-action="refresh"]').click()
    await panel_of(page, "disconnected").wait_for()


async def test_connect_says_the_same_instead_of_opening_a_window(desk: Desk) -> None:
    page = await desk.open()
    await panel_of(page, "disconnected").wait_for()
    desk.stub.fits = NEWER_SERVER
    await panel_of(page).locator('[data-region] [data-action="connect"]').click()
    await expect(panel_of(page).locator(".dh-shell")).to_contain_text(f"Not connected: {TOO_OLD}")
    assert not [path for _, path, _ in desk.stub.requests if path == "/oauth/start"]


async def test_every_call_says_what_the_extension_is_and_speaks(desk: Desk) -> None:
    await desk.open_connected()
    calls = [headers for headers in desk.stub.headers if "Accept-Language" in headers and "X-Deskhours-Api" in headers]
    assert calls
    assert {(call["X-Deskhours-Extension"], call["X-Deskhours-Api"]) for call in calls} == {("0.1.0", "1")}
