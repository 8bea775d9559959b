"""``/metrics``: who may read them, what they say, and that nothing of people's is in them."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from prometheus_client.parser import text_string_to_metric_families

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import Vault
from plugin_server.gauges import Gauges
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.runtime import database, metrics
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.tickets import store as tickets_store
from plugin_server.timelog import store as timelog_store
from plugin_server.timelog.rules import Entry
from tests.support.server import Server, serving, write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TOKEN = "metrics-token-of-the-test"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
CANARY = "canary"
"""Stands in everything that a person types or a system keeps secret."""


@pytest.fixture
async def pool(make_database: Callable[[], str]) -> AsyncIterator[Pool]:
    async with await database.connect(make_database()) as pool:
        await database.migrate(pool)
        yield pool


def with_token(folder: Path) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        (folder / "secrets" / "metrics").write_text(TOKEN)
        data["server"]["metrics_token"] = {"file": "secrets/metrics"}

    return change


@pytest.fixture
async def server(pool: Pool, tmp_path: Path) -> AsyncIterator[Server]:
    settings = write_manifest(tmp_path, "k" * 32, change=with_token(tmp_path))
    async with serving(settings, pool, SetClock(NOW)) as server:
        yield server


async def samples(server: Server) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    status, text = await server.call("GET", "/metrics", token=TOKEN)
    assert status == 200, text
    return read(text)


def read(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    families = text_string_to_metric_families(text)
    found = [sample for family in families for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in found}


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"deskhours_{name}", frozenset(labels.items())


async def test_without_a_token_in_the_manifest_there_are_none(pool: Pool, tmp_path: Path) -> None:
    async with serving(write_manifest(tmp_path, "k" * 32), pool, SetClock(NOW)) as server:
        status, body = await server.call("GET", "/metrics", token=TOKEN)
        assert (status, body["error"]["code"]) == (404, "not_found")
        assert body["error"]["message"] == (await server.call("GET", "/nothing"))[1]["error"]["message"]


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ü"])
async def test_only_who_has_the_token_may_read_them(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with server.session.get(f"{server.url}/metrics", headers=headers) as response:
        assert response.status == 401
        assert "deskhours_" not in await response.text()


async def test_requests_are_counted_by_template_and_class_of_status(server: Server) -> None:
    before = await samples(server)
    for path in ("/api/v1/tickets/4711/panel", "/api/v1/tickets/4712/panel", f"/{CANARY}", "/healthz"):
        await server.call("GET", path)
    async with server.session.request("PROPFIND", f"{server.url}/healthz") as response:
        assert response.status == 405
    after = await samples(server)

    def more(**labels: str) -> float:
        name = of("http_request_seconds_count", **labels)
        return after.get(name, 0) - before.get(name, 0)

    assert more(method="GET", route="/api/v1/tickets/{ticket_id}/panel", status="4xx") == 2
    assert more(method="GET", route="none", status="4xx") == 1
    assert more(method="GET", route="/healthz", status="2xx") == 1
    assert more(method="other", route="none", status="4xx") == 1
    assert after[of("http_requests_in_flight")] == 1  # the scrape itself


async def test_what_waits_is_told_with_the_age_of_the_oldest(server: Server, pool: Pool) -> None:
    agent = await accounts_store.upsert_agent(pool, 3, "Ada", "ada@example.com", NOW)
    for minutes in (2, 5):
        await write_log(pool, agent.id, NOW - timedelta(minutes=minutes), "notes")
    await tickets_store.take_delivery(pool, "d-1", NOW - timedelta(seconds=90))
    found = await samples(server)
    assert found[of("waiting", what="log", state="queued")] == 2
    assert found[of("waiting_oldest_seconds", what="log", state="queued")] == 300
    assert found[of("waiting", what="log", state="attention")] == 0
    assert found[of("webhook_last_seconds")] == 90
    assert found[of("tickets_locked")] == found[of("entries_unassigned")] == 0
    assert found[of("database_up")] == 1
    assert found[of("database_connections", state="most")] == 10


async def write_log(pool: Pool, agent_id: int, now: datetime, notes: str) -> None:
    async with pool.acquire() as connection:
        await timelog_store.write(
            connection,
            uuid.uuid4(),
            agent_id=agent_id,
            ticket_id=7,
            project_id=1,
            entry=Entry(Decimal("0.25"), 1, now.date(), notes),
            state="queued",
            after_article_id=None,
            now=now,
            expires_at=now + timedelta(hours=1),
        )


async def test_the_database_is_asked_once_however_many_scrape_and_its_absence_is_told(pool: Pool) -> None:
    asked = 0

    async def read_once() -> Any:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise ConnectionResetError

    exposition = metrics.Exposition(pool, None, read_once)
    request: Any = None
    answers = await asyncio.gather(*(exposition.open(request) for _scrape in range(5)))
    assert asked == 1
    assert all(read(str(answer.text))[of("database_up")] == 0 for answer in answers)


async def test_calls_are_counted_by_template_and_outcome(tmp_path: Path, pool: Pool) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({}, status=int(request.query.get("status", 200)), headers={"Retry-After": "1"})

    app = web.Application()
    app.add_routes([web.route("*", "/{tail:.*}", answer)])
    async with TestServer(app) as other, aiohttp.ClientSession() as session:
        calls = Calls(session, str(other.make_url("")).rstrip("/"))
        for status in (200, 404, 429, 503):
            await calls.send("GET", f"/api/v1/tickets/4711?status={status}&q={CANARY}", 5)
        text = str((await metrics.Exposition(pool, None).open(None)).text)  # type: ignore[arg-type]
    found = read(text)
    for outcome in ("ok", "refused", "throttled", "fault"):
        labels = {"system": "helpdesk", "call": "GET /api/v1/tickets/{id}", "outcome": outcome}
        assert found[of("call_seconds_count", **labels)] >= 1
    assert found[of("call_throttled_total", system="helpdesk")] >= 1
    assert CANARY not in text


async def test_nothing_of_people_and_no_secret_is_in_them(server: Server, pool: Pool) -> None:
    agent = await accounts_store.upsert_agent(pool, 3, f"{CANARY} name", f"{CANARY}@example.com", NOW)
    sealed = Vault([server.services.manifest.server.token_keys[0].get_secret_value()]).seal(CANARY)
    await accounts_store.put_token(pool, agent.id, "harvest", sealed, sealed, NOW, NOW)
    await write_log(pool, agent.id, NOW, f"{CANARY} notes")
    session = await server.sign_in(agent.id)
    for path in (f"/api/v1/tickets/7/panel?{CANARY}=1", f"/static/{CANARY}", f"/dashboard/{CANARY}", "/api/v1/me"):
        await server.call("GET", path, token=session["access_token"], **{"X-Request-Id": f"{CANARY}-{CANARY}"})
    text = (await server.call("GET", "/metrics", token=TOKEN))[1]
    assert isinstance(text, str)
    assert "deskhours_waiting" in text
    secrets = (CANARY, TOKEN, session["access_token"], session["refresh_token"], "k" * 32, "example.com")
    assert [secret for secret in secrets if secret in text] == []


async def test_the_page_for_operators_and_the_code_name_the_same_metrics(server: Server, pool: Pool) -> None:
    text = (await server.call("GET", "/metrics", token=TOKEN))[1]
    families = await Gauges(pool, SetClock(NOW)).read()
    told = set(re.findall(r"# TYPE (deskhours_\w+)", text))
    assert {family.name for family in families} <= told
    assert set(re.findall(r"^\| `(deskhours_\w+)", DOCS.read_text(), re.MULTILINE)) == told
