"""Budget alerts on the desktop: shown, reported, and opened by a click."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Worker, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALERT = "00000000-0000-4000-8000-00000000000a"


def alert(url: str, number: str = ALERT) -> dict[str, str]:
    return {"id": number, "title": "Ticket #10001: 92 % of the budget used", "message": "Oven", "url": url}


async def worker(desk: Desk) -> Worker:
    workers = desk.context.service_workers
    return workers[0] if workers else await desk.context.wait_for_event("serviceworker")


async def shown(desk: Desk) -> dict[str, Any]:
    """The browser's notifications, as the extension sees them."""
    found: dict[str, Any] = await (await worker(desk)).evaluate("chrome.notifications.getAll()")
    return found


async def ring(desk: Desk) -> None:
    """The alarm goes off."""
    await (await worker(desk)).evaluate("chrome.alarms.create('alerts', { when: Date.now() })")


async def click(desk: Desk, notification: str) -> None:
    """A person's click, which no script can make: what the browser would tell of it."""
    await (await worker(desk)).evaluate("id => chrome.notifications.onClicked.dispatch(id)", notification)


async def test_an_alert_is_shown_reported_and_leads_to_its_ticket(desk: Desk) -> None:
    page = await desk.open_connected()
    alarm = await (await worker(desk)).evaluate("chrome.alarms.get('alerts')")
    assert alarm["periodInMinutes"] == 1
    desk.stub.alerts = [alert(f"{desk.helpdesk}/#ticket/zoom/7")]
    await ring(desk)
    await desk.stub.until(lambda stub: stub.calls("POST", f"/alerts/{ALERT}/shown"))
    [notification] = await shown(desk)
    assert notification == f"deskhours-alert {ALERT} {desk.helpdesk}/#ticket/zoom/7"
    await click(desk, notification)
    await expect(page).to_have_url(f"{desk.helpdesk}/#ticket/zoom/7")
    assert len([one for one in desk.context.pages if one.url.startswith(desk.helpdesk)]) == 1, "no second session"


async def test_nothing_is_asked_for_before_somebody_is_connected(desk: Desk) -> None:
    page = await desk.open()
    rung = "chrome.alarms.onAlarm.addListener(done); chrome.alarms.create('alerts', { when: Date.now() })"
    async with asyncio.timeout(10):
        await (await worker(desk)).evaluate(f"new Promise((done) => {{ {rung} }})")
    await panel_of(page).locator('[data-action="connect"]').click()
    await desk.stub.until(lambda stub: stub.calls("POST", "/alerts/take"))
    await panel_of(page, "idle").wait_for()
    assert len(desk.stub.calls("POST", "/alerts/take")) == 1


async def test_an_alert_leads_nowhere_but_to_the_helpdesk(desk: Desk) -> None:
    await desk.open_connected()
    other = ALERT.replace("a", "b")
    desk.stub.alerts = [alert("https://evil.example.com/"), alert(f"{desk.helpdesk}/#ticket/zoom/1", other)]
    await ring(desk)
    await desk.stub.until(lambda stub: stub.calls("POST", f"/alerts/{other}/shown"))
    assert not desk.stub.calls("POST", f"/alerts/{ALERT}/shown")
    assert [one for one in await shown(desk) if "evil" in one] == []
