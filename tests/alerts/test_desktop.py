"""What browsers fetch for the desktop, and what people want to hear: the API and the popup of a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from tests.dashboard.office import Office, offline
from tests.support.server import Server, serving, write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MO, ADA = 2, 4


@pytest.fixture
async def office(make_migrated: Callable[[], str], tmp_path: Path) -> AsyncIterator[Office]:
    """Ada is told of ticket 1 on her desktop, and by a chat that refused."""
    pool = await database.connect(make_migrated())
    settings = write_manifest(tmp_path, "a signing key, long enough for HS256", change=offline)
    async with serving(settings, pool, SetClock(NOW)) as server:
        office = Office(server)
        await office.person(MO, "Mo", "Budget PM")
        await office.person(ADA, "Ada", harvest_user_id=2001)
        await office.ticket(1, budget=1000, used=920, band="orange", owner_id=ADA)
        yield office
    await pool.close()


async def told(office: Office, channel: str, user_id: int, **values: Any) -> str:
    """An alert of ticket 1 and one delivery of it; the delivery's id."""
    alert, delivery, now = uuid4(), uuid4(), office.now
    crossing = {"id": alert, "ticket_id": 1, "band": "orange", "source": "ticket", "percent": 92, "used": 920}
    await office.insert("alert", {**crossing, "budget": 1000, "at": now, "spread_at": now, "next_try_at": now})
    row = {"id": delivery, "channel": channel, "told": str(alert), "user_id": user_id, "alert_id": alert}
    end = now + timedelta(hours=16)
    await office.insert("alert_delivery", {**row, "next_try_at": now, "give_up_at": end, "created_at": now, **values})
    return str(delivery)


async def token(office: Office, user_id: int) -> str:
    return str((await office.server.sign_in(office.agents[user_id]))["access_token"])


async def take(server: Server, access: str, **headers: str) -> list[dict[str, Any]]:
    status, body = await server.call("POST", "/api/v1/alerts/take", {}, access, **headers)
    assert status == 200, body
    items: list[dict[str, Any]] = body["items"]
    return items


async def test_one_browser_shows_it_and_no_other_afterwards(office: Office) -> None:
    delivery = await told(office, "desktop", ADA)
    first, second = await token(office, ADA), await token(office, ADA)
    [shown] = await take(office.server, first)
    assert shown == {
        "id": delivery,
        "title": "Ticket #10001: 92 % of the budget used",
        "message": "Ticket 1\n9.20 of 10.00 h of the ticket's budget are used.",
        "url": "http://127.0.0.1:9/#ticket/zoom/1",
    }
    assert await take(office.server, second) == [], "the first one has it in hand"
    office.server.clock.advance(minutes=2)
    assert [one["id"] for one in await take(office.server, second)] == [delivery], "which did not come to show it"
    status, _body = await office.server.call("POST", f"/api/v1/alerts/{delivery}/shown", {}, second)
    assert status == 204
    office.server.clock.advance(minutes=2)
    assert await take(office.server, first) == []


async def test_nobody_gets_or_ends_what_is_anothers(office: Office) -> None:
    delivery = await told(office, "desktop", ADA)
    stranger = await token(office, MO)
    assert await take(office.server, stranger) == []
    await office.server.call("POST", f"/api/v1/alerts/{delivery}/shown", {}, stranger)
    assert len(await take(office.server, await token(office, ADA))) == 1
    assert (await office.server.call("POST", "/api/v1/alerts/take", {}))[0] == 401


async def test_what_nobody_fetched_in_time_is_not_shown_days_later(office: Office) -> None:
    await told(office, "desktop", ADA)
    office.server.clock.advance(hours=16)
    assert await take(office.server, await token(office, ADA)) == []
    await office.server.services.alerts.deliveries.tidy()
    assert await office.pool.fetchval("SELECT state FROM alert_delivery") == "expired"


async def test_a_person_turns_the_desktop_off_and_on_in_the_popup(office: Office) -> None:
    await told(office, "desktop", ADA)
    access = await token(office, ADA)

    async def popup() -> str:
        return str((await office.server.call("GET", "/api/v1/me", None, access, Accept="text/html"))[1])

    assert 'data-path="/api/v1/alerts/desktop/off"' in await popup()
    assert "/api/v1/alerts/email" not in await popup(), "the manifest has no mail server"
    assert (await office.server.call("POST", "/api/v1/alerts/desktop/off", {}, access))[0] == 204
    assert "On the desktop: off" in await popup()
    assert await take(office.server, access) == [], "what waited has gone"
    assert (await office.server.call("POST", "/api/v1/alerts/desktop/on", {}, access))[0] == 204
    assert "On the desktop: on" in await popup()
    await told(office, "desktop", ADA)
    assert len(await take(office.server, access)) == 1


async def test_the_browsers_language_is_that_of_mails_too(office: Office) -> None:
    await take(office.server, await token(office, ADA), **{"Accept-Language": "xx, en;q=0.5"})
    assert await office.pool.fetchval("SELECT lang FROM alert_person WHERE user_id = $1", ADA) == "en"


async def failed(office: Office, **values: Any) -> str:
    refused = {"state": "failed", "problem": "The chat at chat.example.com refuses the message (404)."}
    return await told(office, "chat", 0, **{**refused, **values})


async def test_what_did_not_get_through_stands_on_the_dashboard_and_is_tried_again(office: Office) -> None:
    delivery = await failed(office)
    shown = await office.listed("Mo", "undelivered")
    assert "#10001 Ticket 1 · 92 % to the chat · since 12:00 · given up" in shown
    assert "The chat at chat.example.com refuses the message (404)." in shown
    assert await office.listed("Ada", "undelivered") == "", "agents can do nothing about it"
    status, where = await office.send("Mo", f"/dashboard/alerts/{delivery}/retry")
    assert (status, where) == (303, "/dashboard")
    assert await office.pool.fetchval("SELECT state FROM alert_delivery") == "queued"
    assert "is tried again by itself" in await office.listed("Mo", "undelivered")
    await office.pool.execute("UPDATE alert_delivery SET state = 'sent', problem = NULL")
    assert await office.listed("Mo", "undelivered") == ""
    status, text = await office.send("Mo", f"/dashboard/alerts/{delivery}/retry")
    assert status == 409
    assert "This alert has got through meanwhile." in text


async def test_what_is_queued_and_has_failed_once_is_shown(office: Office) -> None:
    await failed(office, state="queued")
    assert "is tried again by itself" in await office.listed("Mo", "undelivered")
    _status, told_of = await office.server.call("GET", "/api/v1/dashboard", None, await token(office, MO))
    assert told_of["attention"]["undelivered_alerts"] == 1


@pytest.mark.parametrize("number", ["0c9f3a52-5a0e-4c1e-9d5e-3f6a7b8c9d10", "-" * 36])
async def test_only_who_manages_may_try_again_and_only_what_is_there(office: Office, number: str) -> None:
    delivery = await failed(office)
    assert (await office.send("Ada", f"/dashboard/alerts/{delivery}/retry"))[0] == 403
    assert (await office.send("Mo", f"/dashboard/alerts/{number}/retry"))[0] == 404
    status, _text = await office.send("Mo", f"/dashboard/alerts/{delivery}/retry", csrf_token="another")
    assert status in (400, 403)
    assert await office.pool.fetchval("SELECT state FROM alert_delivery") == "failed"


async def test_another_groups_alerts_are_not_shown(office: Office) -> None:
    delivery = await failed(office)
    await office.pool.execute("UPDATE ticket SET group_id = 2")
    assert await office.listed("Mo", "undelivered") == ""
    assert (await office.send("Mo", f"/dashboard/alerts/{delivery}/retry"))[0] == 404


async def test_a_note_that_was_given_up_is_tried_again(office: Office) -> None:
    row = {"ticket_id": 1, "kind": "alert", "words": "The budget is 92 % used.", "next_try_at": office.now}
    more = {"state": "failed", "attempts": 40, "problem": "The helpdesk is away.", "created_at": office.now}
    await office.insert("budget_notice", {**row, **more, "crossing": uuid4()})
    assert "The helpdesk is away. · 12:00 Try again" in await office.listed("Mo", "untold")
    assert "Try again" not in await office.listed("Ada", "untold")
    number = await office.pool.fetchval("SELECT id FROM budget_notice")
    assert (await office.send("Ada", f"/dashboard/notices/{number}/retry"))[0] == 403
    assert (await office.send("Mo", f"/dashboard/notices/{uuid4()}/retry"))[0] == 404
    assert (await office.send("Mo", f"/dashboard/notices/{number}/retry"))[0] == 303
    assert tuple(await office.pool.fetchrow("SELECT state, attempts FROM budget_notice") or ()) == ("queued", 0)
    assert (await office.send("Mo", f"/dashboard/notices/{number}/retry"))[0] == 409
