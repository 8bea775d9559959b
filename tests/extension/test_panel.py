"""The panel in the helpdesk's page, with the real extension in a real browser."""

import pytest
from playwright.async_api import expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOST = '[data-deskhours="panel"]'


async def test_a_log_goes_with_the_reply(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("0.5")
    await panel.locator('[name="notes"]').fill("<b>checked</b> the oven")
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()
    await panel_of(page, "logged").wait_for()
    [sent] = desk.stub.puts()
    assert sent.pop("age_seconds") < 60
    assert sent == (
        {
            "ticket_id": 1,
            "confirm": "article",
            "after_article_id": 17,
            "hours": "0.5",
            "task_id": 5001,
            "notes": "<b>checked</b> the oven",
            "spent_date": "2026-01-30",
        }
    )
    assert desk.stub.calls("POST", "/confirm")
    # The next log starts afresh.
    await expect(panel.locator('[name="log_time"]')).not_to_be_checked()
    await expect(panel.locator('[name="hours"]')).to_have_value("")


@pytest.mark.parametrize("locks", [True, False])
async def test_a_shortcut_makes_no_click_and_is_seen_all_the_same(desk: Desk, locks: bool) -> None:
    """By the lock that the page puts on Update; where there is none by the outcome."""
    page = await desk.open_connected()
    await page.evaluate("locks => Object.assign(habits, { locks, delay: 200 })", locks)
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill("0.5")
    await page.locator(".js-textarea").fill("Fixed.")
    await page.evaluate("shortcutSubmit()")
    await panel_of(page, "logged").wait_for()
    assert [put["after_article_id"] for put in desk.stub.puts()] == [17]


async def test_a_shortcut_is_armed_before_anything_comes_of_it(desk: Desk) -> None:
    page = await desk.open_connected()
    await page.evaluate("habits.delay = 3_600_000")
    desk.stub.article_is_there = False
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill("0.5")
    await page.locator(".js-textarea").fill("Fixed.")
    await page.evaluate("shortcutSubmit()")
    await desk.stub.until(lambda stub: stub.logs)
    await panel_of(page, "armed").wait_for()
    assert [put["after_article_id"] for put in desk.stub.puts()] == [17]
    assert not desk.stub.calls("POST", "/disarm")


@pytest.mark.parametrize("locks", [True, False])
async def test_a_refused_reply_logs_nothing_and_the_values_come_back(desk: Desk, locks: bool) -> None:
    """By the text that stands there when Update is free again; where nothing is locked by the page's notice."""
    page = await desk.open_connected()
    await page.evaluate("locks => Object.assign(habits, { locks, silent: locks })", locks)
    desk.stub.article_is_there = False
    panel = panel_of(page)
    await page.evaluate("habits.refuse = 'Recipient missing'")
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("0.5")
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()
    await desk.stub.until(lambda stub: stub.calls("POST", "/disarm"))
    await panel_of(page, "idle").wait_for()
    assert not desk.stub.logs


async def test_a_click_without_a_reply_arms_nothing_and_says_so(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("0.5")
    await page.locator(".js-submit").click()
    await expect(panel.locator('[role="alert"]')).to_contain_text("no reply or note")
    assert not desk.stub.puts()
    await panel.locator('[data-action="log-now"]').click()
    await panel_of(page, "logged").wait_for()
    assert [put["confirm"] for put in desk.stub.puts()] == ["now"]
    await expect(panel.locator('[role="alert"]')).to_have_count(0)


async def test_invalid_hours_let_the_reply_go_and_stay_as_a_draft_with_the_error(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("soon")
    await page.locator(".js-textarea").fill("Fixed.")
    await page.locator(".js-submit").click()
    await page.locator('.ticket-article-item[data-id="21"]').wait_for()
    await expect(panel.locator('[role="alert"]')).to_contain_text("Enter hours")
    # The page has rendered its composer anew, and the panel asks again: the error stays until something is done.
    await page.evaluate("window.dispatchEvent(new Event('focus'))")
    await desk.stub.until(lambda stub: stub.requests[-1][1].endswith("/panel"))
    await expect(panel.locator('[role="alert"]')).to_contain_text("Enter hours")
    await expect(panel.locator('[name="hours"]')).to_have_value("soon")
    await panel.locator('[name="hours"]').fill("0.5")
    await panel.locator('[data-action="log-now"]').click()
    await panel_of(page, "logged").wait_for()
    assert len(desk.stub.logs) == 1


async def test_what_is_typed_survives_a_new_composer_another_ticket_and_a_reload(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("1:30")
    await panel.locator('[name="notes"]').focus()
    await page.keyboard.type("half ")
    await page.evaluate("renderAnew()")
    await page.keyboard.type("done")  # the focus comes back with the panel
    await expect(panel.locator('[name="notes"]')).to_have_value("half done")
    assert await panel.count() == 1
    await page.evaluate("location.hash = '#ticket/zoom/2'")
    await expect(panel.locator('[name="hours"]')).to_have_value("")
    await page.evaluate("location.hash = '#ticket/zoom/1'")
    await expect(panel.locator('[name="hours"]')).to_have_value("1:30")
    await page.reload()
    await expect(panel.locator('[name="hours"]')).to_have_value("1:30")
    await expect(panel.locator('[name="notes"]')).to_have_value("half done")
    await expect(panel.locator('[name="log_time"]')).to_be_checked()


async def test_keys_typed_in_the_panel_are_no_shortcuts_of_the_page(desk: Desk) -> None:
    page = await desk.open_connected()
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="notes"]').press_sequentially("ab")
    await page.locator(".js-textarea").press_sequentially("c")
    assert await page.evaluate("keysSeen") == ["c"]


async def test_what_a_script_of_the_page_presses_does_nothing(desk: Desk) -> None:
    page = await desk.open_connected()
    panel = panel_of(page)
    await panel.locator('[name="log_time"]').check()
    await panel.locator('[name="hours"]').fill("0.5")
    await panel.locator('[data-action="log-now"]').evaluate("(button) => button.click()")
    await panel.locator('[data-action="log-now"]').dispatch_event("click")
    await panel.locator('[data-action="log-now"]').press("Enter")
    await panel_of(page, "logged").wait_for()
    assert len(desk.stub.puts()) == 1


async def test_a_double_click_and_a_second_tab_make_one_log(desk: Desk) -> None:
    page = await desk.open_connected()
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill("0.5")
    second = await desk.open()
    other = panel_of(second)
    await expect(other.locator('[name="hours"]')).to_have_value("0.5")
    await panel_of(page).locator('[data-action="log-now"]').dblclick()
    await panel_of(page, "logged").wait_for()
    await panel_of(second, "logged").wait_for()  # told by the worker, not by a poll
    await expect(other.locator('[name="hours"]')).to_have_value("")
    assert len({put["hours"] for put in desk.stub.puts()}) == len(desk.stub.logs) == 1


async def test_nothing_happens_on_a_page_that_is_not_the_helpdesks(desk: Desk) -> None:
    page = await desk.context.new_page()
    await page.goto(f"{desk.server}/api/v1/me")
    await page.evaluate(
        'document.body.innerHTML = \'<div class="content active" id=content_permanent_Ticket-1>'
        "<div class=article-new></div></div>'"
    )
    here = await desk.open()
    await panel_of(here, "disconnected").wait_for()
    assert await panel_of(page).count() == 0


async def test_the_panel_takes_light_or_dark_from_the_page(desk: Desk) -> None:
    page = await desk.open()
    await expect(panel_of(page)).to_have_attribute("data-theme", "light")
    await page.evaluate("document.body.className = 'dark'")
    await expect(panel_of(page)).to_have_attribute("data-theme", "dark")
