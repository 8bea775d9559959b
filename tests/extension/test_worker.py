"""What the background worker keeps: the session, drafts, and logs that have not arrived."""

import pytest
from playwright.async_api import Page, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def fill_in(page: Page, hours: str) -> None:
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill(hours)


async def reply(page: Page) -> None:
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()


async def test_connecting_makes_every_open_panel_live_and_disconnecting_ends_it(desk: Desk) -> None:
    first, second = await desk.open(1), await desk.open(2)
    await panel_of(first, "disconnected").wait_for()
    await panel_of(second, "disconnected").wait_for()
    popup = await desk.popup()
    await popup.locator('[data-action="connect"]').click()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    await panel_of(first, "idle").wait_for()
    await panel_of(second, "idle").wait_for()
    await popup.locator('[data-action="disconnect"]').click()
    await popup.locator('[data-popup][data-state="disconnected"]').wait_for()
    await panel_of(first, "disconnected").wait_for()
    assert not desk.stub.tokens


async def test_a_refused_sign_in_is_said_in_words(desk: Desk) -> None:
    desk.stub.oauth_error = "The%20account%20is%20another%20one."
    page = await desk.open()
    await panel_of(page).locator('[data-action="connect"]').click()
    await expect(panel_of(page).locator('[role="alert"]')).to_have_text("Not connected: The account is another one.")
    desk.stub.oauth_error = None
    await panel_of(page).locator('[data-action="connect"]').click()
    await panel_of(page, "idle").wait_for()


async def test_a_log_made_while_the_server_is_away_arrives_later_and_once(desk: Desk) -> None:
    page = await desk.open_connected()
    await fill_in(page, "0.5")
    desk.stub.silent = True
    await reply(page)
    await panel_of(page, "error").wait_for()
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("0.5 h is kept in this browser")
    # The form is free for the next reply, whose log is another one.
    await expect(panel_of(page).locator('[name="log_time"]')).not_to_be_checked()
    await fill_in(page, "0.75")
    await reply(page)
    popup = await desk.popup()
    await expect(popup.locator("#outbox h2")).to_have_text("2 logs wait to be sent")
    assert not desk.stub.logs
    desk.stub.silent = False
    await desk.stub.until(lambda stub: len(stub.logs) == 2)
    await panel_of(page, "logged").wait_for()
    logs = list(desk.stub.logs.values())
    assert [(log["hours"], log["after_article_id"]) for log in logs] == [("0.5", 17), ("0.75", 21)]
    await expect(popup.locator("#outbox")).to_be_hidden()


@pytest.mark.own_profile
async def test_a_kept_log_and_a_draft_outlive_the_browser(desk: Desk) -> None:
    page = await desk.open_connected()
    await fill_in(page, "0.5")
    desk.stub.silent = True
    await reply(page)
    await panel_of(page, "error").wait_for()
    await expect(panel_of(page).locator('[name="log_time"]')).not_to_be_checked()
    await fill_in(page, "1:15")
    await desk.context.close()
    desk.stub.silent = False
    await desk.start()
    await desk.stub.until(lambda stub: len(stub.logs) == 1)
    again = await desk.open()
    await expect(panel_of(again).locator('[name="hours"]')).to_have_value("1:15")
    assert [log["hours"] for log in desk.stub.logs.values()] == ["0.5"]


async def test_a_page_loaded_while_the_server_is_away_still_takes_a_log(desk: Desk) -> None:
    page = await desk.open_connected()
    desk.stub.silent = True
    await page.reload()
    await panel_of(page, "error").wait_for()
    await fill_in(page, "0.5")
    await reply(page)
    await expect(panel_of(page).locator('.dh-shell [role="status"]')).to_contain_text("0.5 h is kept in this browser")
    desk.stub.silent = False
    await desk.stub.until(lambda stub: stub.logs)
    assert [log["hours"] for log in desk.stub.logs.values()] == ["0.5"]


async def test_a_timers_log_kept_meanwhile_shows_no_clock_that_ticks_on(desk: Desk) -> None:
    desk.stub.marks = 'data-now="2026-01-30T10:00:00.000+00:00"'
    desk.stub.clock = (
        '<div data-region="timer" data-rev="1"><strong role="timer" data-seconds="0"'
        ' data-ticks-since="2026-01-30T09:58:30Z">0:01:30</strong></div>'
    )
    desk.stub.timer_id = "7b0c6e52-0c5e-4f0e-9f5c-1f1c7a3f9d10"
    page = await desk.open_connected()
    await panel_of(page).locator('[name="log_time"]').check()
    desk.stub.silent = True
    await reply(page)
    await expect(panel_of(page).locator('.dh-shell [role="status"]')).to_contain_text("The timer's time is kept")
    await expect(panel_of(page).locator('[role="timer"]')).to_have_count(0)
    await expect(panel_of(page).locator('[name="log_time"]')).to_have_count(0)
    desk.stub.silent = False
    await desk.stub.until(lambda stub: stub.logs)
    [log] = desk.stub.logs.values()
    assert log["timer_id"] == desk.stub.timer_id


async def test_trouble_at_the_server_is_waited_out(desk: Desk) -> None:
    page = await desk.open_connected()
    desk.stub.status_for_logs = 500
    await fill_in(page, "0.5")
    await panel_of(page).locator('[data-action="log-now"]').click()
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("0.5 h is kept in this browser")
    desk.stub.status_for_logs = None
    await panel_of(page, "logged").wait_for()
    assert len({request[1] for request in desk.stub.requests if request[0] == "PUT"}) == 1


async def test_a_kept_log_can_be_taken_back_and_changed(desk: Desk) -> None:
    page = await desk.open_connected()
    desk.stub.status_for_logs = 503
    await fill_in(page, "0.5")
    await panel_of(page).locator('[data-action="log-now"]').click()
    await panel_of(page).locator('[data-action="take-back"]').click()
    await expect(panel_of(page).locator('[name="hours"]')).to_have_value("0.5")
    desk.stub.status_for_logs = None
    await panel_of(page).locator('[name="hours"]').fill("1.25")
    await panel_of(page).locator('[data-action="log-now"]').click()
    await panel_of(page, "logged").wait_for()
    assert [log["hours"] for log in desk.stub.logs.values()] == ["1.25"]


async def test_a_log_refused_after_a_while_is_a_draft_again(desk: Desk) -> None:
    page = await desk.open_connected()
    desk.stub.silent = True
    await fill_in(page, "soon")
    await reply(page)
    await panel_of(page, "error").wait_for()
    desk.stub.silent = False
    await expect(panel_of(page).locator('[role="alert"]')).to_contain_text("was not accepted")
    await expect(panel_of(page).locator('[name="hours"]')).to_have_value("soon")
    assert not desk.stub.logs


async def test_a_session_that_ended_keeps_the_log_until_its_agent_connects(desk: Desk) -> None:
    page = await desk.open_connected()
    await fill_in(page, "0.5")
    desk.stub.end_session()
    await reply(page)
    await panel_of(page, "disconnected").wait_for()
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("Connect to send it")
    await panel_of(page).locator('[data-region] [data-action="connect"]').click()
    await desk.stub.until(lambda stub: len(stub.logs) == 1)


async def test_the_shell_shows_when_the_server_is_away_and_goes_when_it_is_back(desk: Desk) -> None:
    desk.stub.silent = True
    page = await desk.open()
    await panel_of(page, "error").wait_for()
    await expect(panel_of(page).locator('[role="alert"]')).to_contain_text("What you type is kept")
    popup = await desk.popup()
    await expect(popup.locator('[role="alert"]')).to_contain_text(desk.server)
    desk.stub.silent = False
    await panel_of(page).locator('[data-action="refresh"]').click()
    await panel_of(page, "disconnected").wait_for()
    await expect(panel_of(page).locator('[role="alert"]')).to_have_count(0)


async def test_the_worker_calls_nothing_but_the_api(blank: Page) -> None:
    addresses = await blank.evaluate(
        """async (paths) => {
          const { address } = await import("/extension/background/api.js");
          return paths.map((path) => {
            try { return address(path).href; } catch { return null; }
          });
        }""",
        [
            "/api/v1/me",
            "/oauth/start",
            "/api/v1/../../x",
            "/api/v1/%2e%2e/%2e%2e/x",
            "//example.com/api/v1/",
            "\\\\example.com/api/v1/",
            "http://example.com/api/v1/",
        ],
    )
    assert addresses == ["http://127.0.0.1:8700/api/v1/me", *[None] * 6]


async def test_a_page_cannot_speak_to_the_worker_nor_the_helpdesk_ask_what_is_the_popups(desk: Desk) -> None:
    page = await desk.open_connected()
    assert await page.evaluate("typeof chrome.runtime?.sendMessage") == "undefined"
    popup = await desk.popup()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    # The popup is no page of the helpdesk: what only those may ask is not answered.
    assert await popup.evaluate("chrome.runtime.sendMessage({ kind: 'panel', ticket: 1 }).catch(() => null)") is None
    answer = await popup.evaluate("chrome.runtime.sendMessage({ kind: 'me' })")
    assert not [token for token in desk.stub.tokens if token in str(answer)]
