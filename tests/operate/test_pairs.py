"""Two servers and two workers on one database: nothing is done twice, and each takes over from the other."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest

from tests.faults.stand import Stand, standing
from tests.support.demo import Demo
from tests.support.signin import Api, connect
from tests.support.world import ADA, SUPPORT, World, today, until

pytestmark = pytest.mark.many_processes

SECONDS = 2
WE_MAKE = 30
HARVEST_TAKES = 58
"""Within so many seconds: what one limiter lets through and what this test asks itself, not what two would."""

LOGS = 24
PROCESSES = ("serve", "serve-2", "worker-1", "worker-2")


async def test_two_of_each_do_everything_once(make_database: Callable[[], str], redis_url: str, tmp_path: Path) -> None:
    limit = {"rate_limit": {"requests": WE_MAKE, "seconds": SECONDS}}
    began = time.monotonic()
    async with (
        standing(tmp_path, make_database, redis_url, PROCESSES, harvest=limit) as stand,
        aiohttp.ClientSession() as session,
    ):
        world = World(cast(Demo, stand), session)
        await world.harvest("POST", "/_sim/rate_limit", {"limit": f"{HARVEST_TAKES}/{SECONDS}"})
        ticket, _project = await world.linked_ticket(ADA, budget="100")
        over, full = await world.linked_ticket(ADA, budget="2")
        await world.helpdesk("PUT", f"/tickets/{over}", {"budget_pm": "pm@example.com"})
        entry = {"project_id": full, "task_id": SUPPORT, "spent_date": today(), "hours": 3, "user_id": ADA}

        pair = await _signed_in_by_way_of_both(session, stand)
        timer = await _started_at_both_at_once(pair, ticket)
        logs = [str(uuid.uuid4()) for _ in range(LOGS)]
        await world.harvest(
            "POST",
            "/_sim/faults",
            {"match": "POST /v2/time_entries", "kind": "latency", "seconds": 0.3, "times": LOGS},
        )
        await asyncio.gather(*(_sent_to_both(pair, log, ticket) for log in logs))
        await until(lambda: _made(world, ticket, logs), lambda found: found.total() > 3, seconds=30)
        await stand.kill("worker-1")
        await world.harvest("POST", "/v2/time_entries", entry)
        await pair[1].post(f"/api/v1/tickets/{over}/refresh")
        await until(lambda: _made(world, ticket, logs), lambda found: len(found) == LOGS, seconds=60)
        assert await _made(world, ticket, logs) == Counter(logs)
        await asyncio.gather(*(api.post(f"/api/v1/timers/{timer}/stop") for api in pair))

        await _locked_told_and_unlocked_once(session, stand, world, over)
        own = [entry for entry in await world.entries(ticket) if entry["notes"] not in {f"log {log}" for log in logs}]
        assert len(own) == 1, "one timer, however often it was started"
        assert await stand.doubles() == []
        seen = await world.harvest("GET", "/_sim/state")
        assert seen["throttled"] == 0, "both workers keep to one limit"
        minutes = (time.monotonic() - began) / 60
        # The night's whole lists are read once, whatever the hour of the first start.
        assert seen["calls"]["GET /v2/clients"] <= 2 + minutes, "one sync a minute over all workers"
        _can_be_followed(stand, logs)


async def _signed_in_by_way_of_both(session: aiohttp.ClientSession, stand: Stand) -> tuple[Api, Api]:
    """A sign-in that begins at one server, comes back from helpdesk and Harvest to the other, and ends at the first;
    then the session is refreshed at both at once."""
    status, body = await connect(cast(Demo, SimpleNamespace(url=stand.second_url)), "ada@example.com")
    assert status == 201, body
    wish = {"refresh_token": body["refresh_token"]}
    apis = [Api(session, url, None) for url in (stand.url, stand.second_url)]
    answers = await asyncio.gather(*(api.post("/api/v1/session/refresh", wish) for api in apis for _time in range(3)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["refresh_token"] for answer in answers}) == 1, "one successor, whoever hands it out"
    for api, answer in zip(apis, answers, strict=False):
        api.token = answer.json["access_token"]
        assert (await api.get("/api/v1/me")).status == 200
    return apis[0], apis[1]


async def _started_at_both_at_once(pair: tuple[Api, Api], ticket: int) -> str:
    """A double press, one at each server."""

    async def pressed() -> list[Any]:
        path = f"/api/v1/tickets/{ticket}/timer"
        return await asyncio.gather(*(api.post(path, {"task_id": SUPPORT}) for api in pair))

    answers = await until(pressed, lambda answers: {answer.status for answer in answers} == {200})
    [timer] = {answer.json["id"] for answer in answers}

    async def running() -> bool:
        return bool((await pair[1].get(f"/api/v1/timers/{timer}")).json["state"] == "running")

    await until(running, seconds=20)
    return str(timer)


async def _sent_to_both(pair: tuple[Api, Api], log: str, ticket: int) -> None:
    wish = {
        "ticket_id": ticket,
        "confirm": "now",
        "hours": "0.25",
        "task_id": SUPPORT,
        "spent_date": today(),
        "notes": f"log {log}",
    }
    answers = await asyncio.gather(*(api.call("PUT", f"/api/v1/logs/{log}", wish) for api in pair))
    assert {status for status, _body in answers} <= {200, 201}, answers


async def _made(world: World, ticket: int, logs: list[str]) -> Counter[str]:
    """How many entries each log has."""
    known = {f"log {log}": log for log in logs}
    return Counter(known[entry["notes"]] for entry in await world.entries(ticket) if entry["notes"] in known)


async def _locked_told_and_unlocked_once(
    session: aiohttp.ClientSession, stand: Stand, world: World, ticket: int
) -> None:
    """Over its budget a ticket is locked by one write and one note; an unlock pressed at both servers opens it once."""

    async def state() -> str:
        return str((await world.helpdesk("GET", f"/tickets/{ticket}"))["budget_state"])

    async def notes() -> int:
        articles = await world.helpdesk("GET", f"/ticket_articles/by_ticket/{ticket}")
        return sum("budget is used up" in one["body"] for one in articles)

    await until(state, lambda found: found == "locked", seconds=30)
    await until(notes, seconds=30)
    status, body = await connect(cast(Demo, stand), "pm@example.com")
    assert status == 201, body
    pair = [Api(session, url, body["access_token"]) for url in (stand.url, stand.second_url)]
    wish = {"reason": "Agreed by phone", "ceiling_hours": "9"}
    answers = await asyncio.gather(*(api.post(f"/api/v1/tickets/{ticket}/unlock", wish) for api in pair))
    assert 200 in {answer.status for answer in answers}, answers
    await until(state, lambda found: found != "locked", seconds=30)
    assert await notes() == 1
    history = (await world.helpdesk("GET", f"/ticket_history/{ticket}"))["history"]
    written = [change["value_to"] for change in history if change.get("attribute") == "budget_state"]
    assert Counter(written)["locked"] == 1, written


def _can_be_followed(stand: Stand, logs: list[str]) -> None:
    """A log's way by its id, from the request that a server answered to the job that recorded it."""
    lines = {name: [json.loads(line) for line in stand.log(name).splitlines()] for name in PROCESSES}
    for line in (line for of_one in lines.values() for line in of_one):
        assert {"event", "level", "logger", "timestamp"} <= set(line), line
    answered = [line for line in lines["serve"] if line["event"] == "answered"]
    assert len({line["request_id"] for line in answered}) == len(answered)
    assert {f"/api/v1/logs/{log}" for log in logs} <= {line["path"] for line in answered}
    recorded = [line for name in PROCESSES[2:] for line in lines[name] if line["event"] == "log recorded"]
    assert all(line["job"] and line["job_id"] for line in recorded)
    assert {line["log"] for line in recorded} <= set(logs)
