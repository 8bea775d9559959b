"""Ending processes: nothing in flight is lost, and what was begun and not finished is free for others at once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from plugin_server.runtime import database, queue
from plugin_server.runtime.queue import Job, RedisQueue
from plugin_server.runtime.stop import Stop
from tests.faults.stand import Stand, standing
from tests.support.demo import Demo
from tests.support.signin import Api, connect
from tests.support.world import ADA, SUPPORT, World, today, until

pytestmark = pytest.mark.many_processes

SEED = int(os.environ.get("FAULTS_SEED", "") or random.SystemRandom().randrange(10**6))
LOGS = 40
DRAIN, FINISH = 0.5, 6.0
MACHINE = 3.0
"""What a loaded machine may add to a stop."""

OPTIONS = {
    "serve": ("--drain-seconds", str(DRAIN), "--stop-seconds", str(FINISH)),
    "worker-1": ("--stop-seconds", str(FINISH)),
}


async def test_server_and_worker_are_replaced_under_load_and_nothing_is_lost(
    make_database: Callable[[], str], redis_url: str, tmp_path: Path
) -> None:
    sys.stdout.write(f"FAULTS_SEED={SEED}\n")
    chance = random.Random(SEED)
    async with (
        standing(tmp_path, make_database, redis_url, []) as stand,
        # A connection is kept for less than a server drains, as by proxies: an older one may end under a request.
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(keepalive_timeout=DRAIN / 2)) as session,
    ):
        for name, options in OPTIONS.items():
            await stand.start(name, *options)
        await stand.ready()
        world = World(cast(Demo, stand), session)
        ticket, _project = await world.linked_ticket(ADA)
        status, body = await connect(cast(Demo, stand), "ada@example.com")
        assert status == 201
        await world.harvest(
            "POST",
            "/_sim/faults",
            {"match": "POST /v2/time_entries", "kind": "latency", "seconds": 0.4, "times": LOGS},
        )
        logs = [str(uuid.uuid4()) for _ in range(LOGS)]
        outcomes: Counter[str] = Counter()
        gate = asyncio.Semaphore(8)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as fresh:
            # Half of the callers keep their connections, half open one for each request.
            apis = [Api(one, stand.url, body["access_token"]) for one in (session, fresh)]
            async with asyncio.TaskGroup() as group:
                for number, log in enumerate(logs):
                    group.create_task(_send(apis[number % 2], gate, log, ticket, outcomes, chance))
                group.create_task(_replace(stand, "worker-1", chance.uniform(0.3, 2)))
                replaced = group.create_task(_replace(stand, "serve", chance.uniform(0.3, 2)))
                for number in range(6):
                    group.create_task(_ask_on(apis[number % 2], outcomes, replaced))
        sys.stdout.write(f"{dict(outcomes)}\n")
        assert set(outcomes) <= {"asked", "answered", "refused"}
        assert outcomes["answered"] == LOGS
        notes = await until(lambda: _notes(world, ticket), lambda found: len(found) >= LOGS, seconds=60)
        assert notes == Counter(f"log {log}" for log in logs)

        # One that Harvest is slow about is cut off, given back, and recorded once by the next worker.
        await world.harvest("DELETE", "/_sim/faults")
        await stand.end("worker-1")
        await stand.start("worker-2", "--stop-seconds", "0.1")
        await world.fault("POST /v2/time_entries", "latency", seconds=1.5)
        log = str(uuid.uuid4())
        await _send(apis[0], gate, log, ticket, outcomes, chance)
        async with await database.connect(stand.database) as pool:
            await until(lambda: pool.fetchval("SELECT called_at IS NOT NULL FROM log WHERE id = $1", uuid.UUID(log)))
            assert await stand.end("worker-2") == 0
            row = await pool.fetchrow("SELECT claim, lease_until, state FROM log WHERE id = $1", uuid.UUID(log))
        assert row is not None
        assert tuple(row) == (None, None, "queued")
        await stand.start("worker-1")
        found = await until(lambda: _notes(world, ticket), lambda found: len(found) > LOGS, seconds=30)
        assert found == notes + Counter([f"log {log}"])

        # Asked twice, a server with a request under way ends at once.
        await stand.start("worker-3")
        await stand.end("serve")
        await stand.start("serve", "--drain-seconds", "60")
        await stand.ready()
        stand.signal("serve", signal.SIGTERM)
        await until(lambda: _ready(session, stand), lambda answer: answer[0] == 503)
        assert (await _ready(session, stand))[1]["problem"] == "This server is about to end."
        stand.signal("serve", signal.SIGTERM)
        async with asyncio.timeout(MACHINE):
            assert await stand.ended("serve") == 1


async def _ready(session: aiohttp.ClientSession, stand: Stand) -> tuple[int, Any]:
    async with session.get(f"{stand.url}/readyz") as response:
        return response.status, await response.json()


async def _replace(stand: Stand, name: str, after: float) -> None:
    """End a process at some moment, in time and with status 0, and start its successor."""
    await asyncio.sleep(after)  # the moment is the point of the test, not a wait for something
    began = time.monotonic()
    assert await stand.end(name) == 0, stand.log(name)[-3000:]
    assert time.monotonic() - began < DRAIN + FINISH + MACHINE
    await stand.start(name, *OPTIONS[name])


async def _send(
    api: Api, gate: asyncio.Semaphore, log: str, ticket: int, outcomes: Counter[str], chance: random.Random
) -> None:
    """As somebody who sends nothing twice that may have arrived: only a refused connection is tried again."""
    wish = {
        "ticket_id": ticket,
        "confirm": "now",
        "hours": "0.25",
        "task_id": SUPPORT,
        "spent_date": today(),
        "notes": f"log {log}",
    }

    async def sent() -> bool:
        try:
            status, answer = await api.call("PUT", f"/api/v1/logs/{log}", wish)
        except aiohttp.ClientConnectorError:
            outcomes["refused"] += 1
            return False
        except (aiohttp.ClientError, OSError) as error:
            outcomes[f"broken: {error!r}"] += 1
            return False
        assert status == 201, answer
        outcomes["answered"] += 1
        return True

    async with gate:
        await asyncio.sleep(chance.uniform(0, 0.6))  # so that there is a load for as long as the replacing takes
        await until(sent, seconds=60)


async def _ask_on(api: Api, outcomes: Counter[str], until_done: asyncio.Task[None]) -> None:
    """Ask all the time, by a method that no client repeats by itself."""
    while not until_done.done():
        try:
            status, _answer = await api.call("POST", "/api/v1/session/refresh", {"refresh_token": "of-nobody"})
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.02)
        except (aiohttp.ClientError, OSError) as error:
            outcomes[f"broken: {error!r}"] += 1
        else:
            assert status == 401
            outcomes["asked"] += 1


async def _notes(world: World, ticket: int) -> Counter[str]:
    return Counter(str(entry["notes"]) for entry in await world.entries(ticket))


async def test_a_worker_begins_nothing_new_finishes_what_runs_and_leaves_the_rest_to_others(redis_url: str) -> None:
    begun: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    may_end = asyncio.Event()

    def jobs(worker: str) -> list[Job]:
        async def run(word: str) -> None:
            await begun.put((worker, word))
            if worker == "first":
                await (may_end.wait() if word == "short" else asyncio.Event().wait())
            await begun.put((worker, f"{word} done"))

        return [Job("run", run)]

    nudges, stop = await RedisQueue.connect(redis_url), Stop()
    first = asyncio.create_task(queue.work(redis_url, jobs("first"), [], stop, stop_seconds=1))
    try:
        await nudges.nudge("run", "short")
        await nudges.nudge("run", "long")
        async with asyncio.timeout(10):
            assert {await begun.get(), await begun.get()} == {("first", "short"), ("first", "long")}
            stop.ask()
            await asyncio.sleep(0)
            await nudges.nudge("run", "late")
            may_end.set()
            assert await begun.get() == ("first", "short done")
            await first
            assert begun.empty()
            # Long before the lease of a killed worker would be over.
            second = asyncio.create_task(queue.work(redis_url, jobs("second"), []))
            done = {await begun.get() for _ in range(4)}
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        assert done == {("second", word) for word in ("long", "long done", "late", "late done")}
    finally:
        await nudges.close()
