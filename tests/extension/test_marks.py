"""What the server's fragment may ask for: time with every reply, a timer on opening, a clock that ticks."""

import re

import pytest
from playwright.async_api import expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_reply_without_time_waits_where_time_is_required_and_goes_at_a_second_press(desk: Desk) -> None:
    desk.stub.marks = 'data-required="true"'
    page = await desk.open_connected()
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()
    panel = panel_of(page)
    await expect(panel.locator(".dh-shell [role=alert]")).to_contain_text("Your team logs time with every reply")
    await expect(page.locator(".ticket-article-item")).to_have_count(2)
    await panel.locator("[data-action=without-time]").click()
    await page.locator(".js-submit").click()
    await expect(page.locator(".ticket-article-item")).to_have_count(3)
    assert not desk.stub.puts()
    # That was for one reply.
    await page.locator(".js-textarea").fill("And another thing.")
    await page.locator(".js-submit").click()
    await expect(panel.locator(".dh-shell [role=alert]")).to_be_visible()
    await expect(page.locator(".ticket-article-item")).to_have_count(3)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("0.5")
    await page.locator(".js-submit").click()
    await panel_of(page, "logged").wait_for()
    assert len(desk.stub.puts()) == 1


async def test_nobody_is_held_up_while_the_server_is_away(desk: Desk) -> None:
    desk.stub.marks, desk.stub.poll = 'data-required="true"', "0.5"
    page = await desk.open_connected()
    desk.stub.silent = True
    await panel_of(page, "error").wait_for()
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()
    await expect(page.locator(".ticket-article-item")).to_have_count(3)


async def test_a_timer_is_started_once_when_a_ticket_is_opened(desk: Desk) -> None:
    desk.stub.marks, desk.stub.poll = 'data-on-open="/api/v1/tickets/1/timer"', "0.3"
    await desk.open_connected()
    await desk.stub.until(lambda stub: stub.calls("POST", "/timer"))
    seen = len(desk.stub.calls("GET", "/panel"))
    await desk.stub.until(lambda stub: len(stub.calls("GET", "/panel")) > seen + 3)
    [fields] = desk.stub.calls("POST", "/tickets/1/timer")
    assert fields["task_id"] == "5001"


async def test_the_clock_ticks_by_the_servers_time_whatever_this_machine_believes(desk: Desk) -> None:
    """The server says it is the thirtieth of January; this machine is months off."""
    desk.stub.marks = 'data-now="2026-01-30T10:00:00.000+00:00"'
    desk.stub.clock = (
        '<div data-region="timer" data-rev="1"><strong role="timer" data-seconds="3600"'
        ' data-ticks-since="2026-01-30T09:58:30Z">1:00:00</strong></div>'
    )
    page = await desk.open_connected()
    clock = panel_of(page).locator("[role=timer]")
    await expect(clock).to_have_text(re.compile(r"^1:01:3\d$"))
    seen = await clock.text_content() or ""
    await expect(clock).not_to_have_text(seen, timeout=2_500)
    await expect(clock).to_have_text(re.compile(r"^1:01:3\d$"))
