"""A backlog after an outage: drained near the pace that Harvest allows, not above it, people first, nothing twice."""

from __future__ import annotations

import asyncio
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import RedisQueue
from plugin_server.timelog import store
from plugin_server.timelog.rules import Entry
from plugin_server.timelog.service import PUSH_JOB
from tests.faults.stand import standing
from tests.support.demo import Demo
from tests.support.signin import Api, connect
from tests.support.world import ADA, SUPPORT, World, today, until

pytestmark = pytest.mark.many_processes

LOGS = 240
SECONDS = 2
HARVEST_TAKES = 60
WE_MAKE = 54  # as the default is to Harvest's own limit


async def test_a_backlog_drains_within_the_limit_and_people_come_first(
    make_database: Callable[[], str], redis_url: str, tmp_path: Path
) -> None:
    limit = {"requests": WE_MAKE, "seconds": SECONDS}
    async with (
        standing(tmp_path, make_database, redis_url, ["serve"], harvest={"rate_limit": limit}) as stand,
        aiohttp.ClientSession() as session,
        await database.connect(stand.database) as pool,
    ):
        world = World(cast(Demo, stand), session)
        ticket, project = await world.linked_ticket(ADA)
        status, body = await connect(cast(Demo, stand), "ada@example.com")
        assert status == 201
        api = Api(session, stand.url, body["access_token"])
        logs = await _backlog(pool, redis_url, ticket, project)
        await world.harvest("POST", "/_sim/rate_limit", {"limit": f"{HARVEST_TAKES}/{SECONDS}"})
        for name in ("worker-1", "worker-2"):
            await stand.start(name)

        async def waiting() -> int:
            count: int = await pool.fetchval("SELECT count(*) FROM log WHERE state = 'queued'")
            return count

        await until(waiting, lambda count: count < LOGS, seconds=60)
        began = time.monotonic()
        await until(waiting, lambda count: count < LOGS - WE_MAKE, seconds=60)
        fresh = str(uuid.uuid4())
        logs.append(fresh)
        before = await waiting()
        wish = {
            "ticket_id": ticket,
            "confirm": "now",
            "hours": "0.5",
            "task_id": SUPPORT,
            "spent_date": today(),
            "notes": f"log {fresh}",
        }
        assert (await api.call("PUT", f"/api/v1/logs/{fresh}", wish))[0] == 201

        async def state() -> str:
            return str((await api.call("GET", f"/api/v1/logs/{fresh}"))[1]["state"])

        await until(state, lambda now: now == "logged", seconds=60)
        await until(waiting, lambda count: count == 0, seconds=120)
        took = time.monotonic() - began
        seen = await world.harvest("GET", "/_sim/state")
        pace = LOGS / took / (WE_MAKE / SECONDS)
        overtaken = _overtaken(seen, fresh)
        sys.stdout.write(f"fresh: {overtaken} of {before} overtaken; pace {pace:.0%}; 429s {seen['throttled']}\n")
        assert overtaken > before / 2, "a fresh log does not wait for the backlog"
        assert pace > 0.4, "of what the limit allows"
        assert seen["throttled"] <= 5
        assert _marks(seen, logs) == Counter(logs)
        kept = await pool.fetch("SELECT attempts, problem, state FROM log")
        assert {tuple(row) for row in kept} == {(0, None, "logged")}


def _marks(seen: dict[str, Any], logs: list[str]) -> Counter[str]:
    """How many entries each log has in Harvest."""
    links = [entry["external_reference"]["permalink"] for entry in seen["time_entries"] if entry["external_reference"]]
    return Counter(log for log in logs for link in links if log in link)


def _overtaken(seen: dict[str, Any], log: str) -> int:
    """How many entries were made after the log's."""
    entries = {entry["id"]: entry["external_reference"] for entry in seen["time_entries"]}
    own = next(number for number, reference in entries.items() if reference and log in reference["permalink"])
    return sum(number > own for number in entries)


async def _backlog(pool: Pool, redis_url: str, ticket: int, project: int) -> list[str]:
    """Logs that were confirmed while no worker ran, with their nudges."""
    agent = await pool.fetchval("SELECT id FROM agent")
    now = datetime.now(UTC)
    logs = [uuid.uuid4() for _ in range(LOGS)]
    queue = await RedisQueue.connect(redis_url)
    try:
        for number, log in enumerate(logs):
            async with pool.acquire() as connection:
                await store.write(
                    connection,
                    log,
                    agent_id=agent,
                    ticket_id=ticket,
                    project_id=project,
                    entry=Entry(Decimal("0.25"), SUPPORT, now.date(), f"log {log}"),
                    state="queued",
                    after_article_id=None,
                    now=now - timedelta(hours=1) + timedelta(seconds=number),
                    expires_at=now + timedelta(hours=1),
                )
        await asyncio.gather(*(queue.nudge(PUSH_JOB, str(log)) for log in logs))
    finally:
        await queue.close()
    return [str(log) for log in logs]
