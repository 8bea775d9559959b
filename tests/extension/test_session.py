"""The session in the extension: renewed before it ends or when it is refused, once for all, whatever is killed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

STORED = """
async (change) => {
  const { atomically, result } = await import("/background/store.js");
  return atomically(["session"], async (store) => {
    const stored = await result(store.get("current"));
    if (change) await result(store.put({ ...stored, ...change }, "current"));
    return stored;
  });
}
"""
ASK = "kind => chrome.runtime.sendMessage({ kind })"


async def stored(popup: Page, change: dict[str, Any] | None = None) -> dict[str, Any]:
    """The session as the extension keeps it, changed if so wished; read from a page of its own origin."""
    found: dict[str, Any] = await popup.evaluate(STORED, change)
    return found


def refreshes(desk: Desk) -> list[str]:
    return [body["refresh_token"] for body in desk.stub.calls("POST", "/session/refresh")]


async def log_now(page: Page, hours: str) -> None:
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill(hours)
    await panel_of(page).locator('[data-action="log-now"]').click()


async def connected_popup(desk: Desk) -> Page:
    await desk.open_connected()
    popup = await desk.popup()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    return popup


async def test_it_is_renewed_a_minute_before_it_ends_and_not_earlier(desk: Desk) -> None:
    popup = await connected_popup(desk)
    first = await stored(popup)
    now = await popup.evaluate("Date.now()")
    assert 3_500_000 < first["until"] - now <= 3_600_000
    await stored(popup, {"until": now + 90_000})
    await popup.evaluate(ASK, "me")
    assert refreshes(desk) == []
    await stored(popup, {"until": now + 55_000})
    assert (await popup.evaluate(ASK, "me"))["status"] == 200
    assert refreshes(desk) == [first["refresh"]]
    renewed = await stored(popup)
    assert renewed["refresh"] == desk.stub.refreshes[first["refresh"]]
    assert renewed["access"] != first["access"]


async def test_many_calls_that_are_refused_at_once_renew_it_once_and_are_all_answered(desk: Desk) -> None:
    popup = await connected_popup(desk)
    desk.stub.tokens.clear()
    desk.stub.refresh_gate = asyncio.Event()
    before = len(desk.stub.calls("GET", "/me"))
    script = "() => Promise.all(Array.from({ length: 20 }, () => chrome.runtime.sendMessage({ kind: 'me' })))"
    asking = asyncio.create_task(popup.evaluate(script))
    await desk.stub.until(lambda stub: len(stub.calls("GET", "/me")) >= before + 20)
    desk.stub.refresh_gate.set()
    answers = await asking
    assert [answer["status"] for answer in answers] == [200] * 20
    assert len(refreshes(desk)) == 1
    # No token leaves the worker with them.
    for token in (*desk.stub.tokens, *desk.stub.refreshes, *desk.stub.refreshes.values()):
        assert token not in str(answers)


@pytest.mark.own_profile
async def test_a_worker_stopped_before_the_new_pair_was_stored_goes_on_with_the_one_before(desk: Desk) -> None:
    page = await desk.open_connected()
    popup = await desk.popup()
    first = await stored(popup)
    desk.stub.tokens.clear()
    desk.stub.refresh_gate = asyncio.Event()
    asking = asyncio.create_task(log_now(page, "0.5"))
    await desk.stub.until(lambda stub: stub.calls("POST", "/session/refresh"))
    await asking
    # The server has read the request, and the browser is gone before the answer.
    await desk.context.close()
    desk.stub.refresh_gate.set()
    desk.stub.refresh_gate = None
    await desk.start()
    await desk.stub.until(lambda stub: stub.logs)
    popup = await desk.popup()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    assert set(refreshes(desk)) == {first["refresh"]}
    assert len(refreshes(desk)) >= 2
    assert [log["hours"] for log in desk.stub.logs.values()] == ["0.5"]


async def test_a_refused_refresh_is_signed_out_and_loses_nothing(desk: Desk) -> None:
    page = await desk.open_connected()
    popup = await desk.popup()
    desk.stub.end_session()
    await log_now(page, "0.5")
    await panel_of(page, "disconnected").wait_for()
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("Connect to send it")
    kept = await stored(popup)
    assert list(kept) == ["agent"]
    asked = len(refreshes(desk))
    await popup.evaluate(ASK, "me")
    assert len(refreshes(desk)) == asked  # it is not asked for again
    await panel_of(page).locator('[data-region] [data-action="connect"]').click()
    await desk.stub.until(lambda stub: len(stub.logs) == 1)
    await panel_of(page, "logged").wait_for()


async def test_without_an_answer_to_the_refresh_nobody_is_signed_out(desk: Desk) -> None:
    page = await desk.open_connected()
    popup = await desk.popup()
    first = await stored(popup)
    for trouble in (500, 503, 403, 404, 200):
        # 403 and 404 with no word of ours are some proxy's, and so is a 200 without a session.
        desk.stub.tokens.clear()
        desk.stub.status_for_refresh = trouble
        assert (await popup.evaluate(ASK, "me"))["answered"] is False
    await log_now(page, "0.5")
    await expect(panel_of(page).locator('[role="status"]')).to_contain_text("0.5 h is kept in this browser until")
    assert (await stored(popup))["refresh"] == first["refresh"]
    desk.stub.status_for_refresh = None
    await desk.stub.until(lambda stub: len(stub.logs) == 1)
    await panel_of(page, "logged").wait_for()


async def test_a_session_stored_by_an_earlier_version_is_signed_out_in_peace(desk: Desk) -> None:
    page = await desk.open_connected()
    popup = await desk.popup()
    await panel_of(page).locator('[name="log_time"]').check()
    await panel_of(page).locator('[name="hours"]').fill("1:15")
    agent = (await stored(popup))["agent"]
    earlier = "(session) => import('/background/store.js').then(({ atomically, result }) =>"
    earlier += " atomically(['session'], (store) => result(store.put(session, 'current'))))"
    await popup.evaluate(earlier, {"token": next(iter(desk.stub.tokens)), "agent": agent})
    await popup.reload()
    await popup.locator('[data-popup][data-state="disconnected"]').wait_for()
    assert refreshes(desk) == []
    await popup.locator('[data-action="connect"]').click()
    await popup.locator('[data-popup][data-state="connected"]').wait_for()
    await page.bring_to_front()
    await panel_of(page, "idle").wait_for()
    await expect(panel_of(page).locator('[name="hours"]')).to_have_value("1:15")


async def test_who_disconnects_during_a_refresh_stays_disconnected(desk: Desk) -> None:
    popup = await connected_popup(desk)
    desk.stub.tokens.clear()
    desk.stub.refresh_gate = asyncio.Event()
    asking = asyncio.create_task(popup.evaluate(ASK, "me"))
    await desk.stub.until(lambda stub: stub.calls("POST", "/session/refresh"))
    forget = "() => import('/background/store.js').then(({ atomically, result }) =>"
    forget += " atomically(['session'], (store) => result(store.delete('current'))))"
    await popup.evaluate(forget)
    desk.stub.refresh_gate.set()
    assert (await asking)["status"] == 401
    assert await popup.evaluate(STORED, None) is None
