"""The simulator's own endpoints: faults, clock, throttle, and a look inside."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp
import pytest

from tests.demo_harvest.client import SUPPORT, Harvest, unique


async def _fault(harvest: Harvest, **fault: object) -> None:
    assert (await harvest.call("POST", "/_sim/faults", {"match": "POST /v2/time_entries", **fault})).status == 201


async def _post(harvest: Harvest, project: dict[str, Any], prefix: str = "") -> Any:
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1}
    return await harvest.call("POST", f"{prefix}/v2/time_entries", body, who="ada")


async def _count(harvest: Harvest, project: dict[str, Any]) -> int:
    return int((await harvest.get("/v2/time_entries", project_id=project["id"]))["total_entries"])


async def test_status(harvest: Harvest) -> None:
    project = await harvest.project()
    await _fault(harvest, kind="status", status=503, times=2, seconds=7)
    replies = [await _post(harvest, project), await _post(harvest, project, "/api"), await _post(harvest, project)]
    assert [reply.status for reply in replies] == [503, 503, 201]
    assert replies[0].headers["Retry-After"] == "7"
    assert await _count(harvest, project) == 1


async def test_drop_before_does_nothing_and_drop_after_has_done_it(harvest: Harvest) -> None:
    project = await harvest.project()
    for kind, count in (("drop_before", 0), ("drop_after", 1)):
        await _fault(harvest, kind=kind)
        with pytest.raises(aiohttp.ClientError):
            await _post(harvest, project)
        assert await _count(harvest, project) == count


async def test_latency_is_before_the_commit_which_comes_even_so(harvest: Harvest) -> None:
    project = await harvest.project()
    await harvest.token_of("ada")
    await _fault(harvest, kind="latency", seconds=0.8)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(_post(harvest, project), 0.3)
    assert await _count(harvest, project) == 0, "not yet: a look-up now finds nothing"
    started = time.monotonic()
    while await _count(harvest, project) == 0:
        assert time.monotonic() - started < 5
        await asyncio.sleep(0.1)
    assert await _count(harvest, project) == 1


async def test_faults_match_paths_routes_and_patterns(harvest: Harvest) -> None:
    entry = await harvest.entry(await harvest.project())
    path = f"/v2/time_entries/{entry['id']}"
    for match in (f"GET {path}", "GET /v2/time_entries/{id}", "GET /v2/time_*", "* /v2/time_entries/*"):
        await _fault(harvest, match=match, kind="status", status=500)
        assert (await harvest.call("GET", "/v2/tasks")).status == 200
        assert (await harvest.call("GET", path)).status == 500, match
        assert (await harvest.call("GET", path)).status == 200
    await _fault(harvest, match="POST /api/v2/oauth2/token", kind="status", status=500, times=None)
    assert [(await harvest.refresh("x")).status for _ in range(3)] == [500] * 3
    assert (await harvest.call("DELETE", "/_sim/faults")).status == 200
    assert (await harvest.refresh("x")).status == 400


@pytest.mark.parametrize(
    "wrong", [{}, {"match": "x"}, {"match": "x", "kind": "odd"}, {"match": "x", "kind": "status", "times": 0}]
)
async def test_wrong_faults_are_refused(harvest: Harvest, wrong: dict[str, Any]) -> None:
    assert (await harvest.call("POST", "/_sim/faults", wrong)).status == 422


async def test_clock(harvest: Harvest) -> None:
    set_ = await harvest.call("POST", "/_sim/clock", {"now": "2021-01-31T23:59:00Z"})
    assert set_.body["now"].startswith("2021-01-31T23:5")
    made = await harvest.entry(await harvest.project())
    assert made["created_at"].startswith("2021-01-31T23:59")
    for wrong in ({}, {"now": "soon"}, {"now": "0001-01-01"}, {"advance_seconds": 2**62}):
        assert (await harvest.call("POST", "/_sim/clock", wrong)).status == 422, wrong


async def test_throttle(harvest: Harvest) -> None:
    await harvest.call("POST", "/_sim/rate_limit", {"limit": "5/2"})
    replies = await asyncio.gather(*(harvest.call("GET", "/v2/company") for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] * 5 + [429] * 3
    refused = next(reply for reply in replies if reply.status == 429)
    assert refused.headers["Retry-After"] in ("1", "2")
    assert isinstance(refused.body, str), "the body of a 429 is not promised to be JSON"
    assert (await harvest.get("/_sim/state"))["throttled"] == 3
    assert (await harvest.call("GET", "/api/v2/accounts")).status == 200, "the identity host is not counted"
    await asyncio.sleep(float(refused.headers["Retry-After"]))
    assert (await harvest.call("GET", "/v2/company")).status == 200
    assert (await harvest.call("POST", "/_sim/rate_limit", {"limit": "many"})).status == 422


async def test_state(harvest: Harvest) -> None:
    before = (await harvest.get("/_sim/state"))["calls"]
    reference = {"id": unique("state:"), "group_id": "1", "account_id": None, "permalink": "http://d.example/1"}
    made = await harvest.entry(await harvest.project(), external_reference=reference)
    await harvest.get(f"/api/v2/time_entries/{made['id']}")
    state = await harvest.get("/_sim/state")
    found = next(entry for entry in state["time_entries"] if entry["id"] == made["id"])
    assert (found["external_reference"], found["hours"]) == (reference, 1.0)
    assert {user["email"] for user in state["users"]} >= {"ada@example.com", "admin@example.com"}
    for call in ("POST /v2/time_entries", "GET /v2/time_entries/{id}"):
        assert state["calls"][call] == before.get(call, 0) + 1
