"""Faults on demand: refusals, slowness, lost answers."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.faults import matches
from plugin_server.demo.helpdesk.settings import Settings
from tests.demo_helpdesk.client import ADA, ADMIN, SERVICE, Helpdesk


@pytest.fixture(autouse=True)
async def no_fault_stays(desk: Helpdesk) -> AsyncIterator[None]:
    yield
    await desk.call("DELETE", "/_sim/faults")


async def articles(desk: Helpdesk, ticket: dict[str, Any]) -> int:
    return len((await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", SERVICE)).data)


async def test_a_workflow_refuses_and_only_administrators_read_why(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    path = f"tickets/{ticket['id']}"
    await desk.fault(f"PUT /api/v1/{path}", "status", status=422, times=2)
    reply = {"title": "Changed", "article": {"body": "An answer"}}
    agent = await desk.call("PUT", f"{path}?all=true", reply, ADA)
    assert agent.status == 422
    assert agent.data["error"].startswith("Error ID ")
    assert "error_human" not in agent.data
    admin = await desk.call("PUT", path, reply, ADMIN)
    assert (admin.status, admin.data) == (422, {"error": "Missing required value for field 'budget_release'!"})
    now = (await desk.get(path, SERVICE)).data
    assert (now["title"], now["article_count"]) == ("New", 1)
    # Both times are used up.
    assert (await desk.call("PUT", path, reply, ADA)).status == 200
    assert await articles(desk, ticket) == 2


@pytest.mark.parametrize(
    ("details", "status", "error"),
    [
        ({"status": 403}, 403, "Not authorized"),
        ({"status": 401}, 401, "Invalid BasicAuth credentials"),
        ({"status": 422, "error": "Cannot follow-up."}, 422, "Cannot follow-up."),
    ],
)
async def test_refusals_that_everybody_reads(desk: Helpdesk, details: dict[str, Any], status: int, error: str) -> None:
    await desk.fault("GET /api/v1/tickets/1", "status", **details)
    answer = await desk.get("tickets/1", ADA)
    assert (answer.status, answer.data) == (status, {"error": error, "error_human": error})


async def test_a_proxy_answers_with_a_page_and_says_when_to_come_again(desk: Helpdesk) -> None:
    await desk.fault("GET /api/v1/users/me", "status", status=503, seconds=7)
    answer = await desk.get("users/me", ADA)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_slowness_is_before_the_commit_and_outlives_its_caller(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    await desk.fault("POST /api/v1/ticket_articles", "latency", seconds=0.4)
    started = time.monotonic()
    article = {"ticket_id": ticket["id"], "body": "late"}
    with pytest.raises(TimeoutError):
        await desk.call("POST", "ticket_articles", article, ADA, timeout=aiohttp.ClientTimeout(total=0.15))
    assert await articles(desk, ticket) == 1
    async with asyncio.timeout(5):
        while await articles(desk, ticket) == 1:
            pass
    assert time.monotonic() - started >= 0.4


async def test_lost_answers(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    article = {"ticket_id": ticket["id"], "body": "x"}
    for kind, stored in (("drop_before", 1), ("drop_after", 2)):
        await desk.fault("POST /api/v1/ticket_articles", kind)
        with pytest.raises(aiohttp.ClientError):
            await desk.call("POST", "ticket_articles", article, ADA)
        assert await articles(desk, ticket) == stored


async def test_who_may_not_ask_is_told_so_before_any_fault(desk: Helpdesk) -> None:
    await desk.fault("GET /api/v1/tickets/1", "status", status=422)
    assert (await desk.get("tickets/1")).data["error"] == "Authentication required"
    listed = (await desk.get("/_sim/faults")).data["faults"]
    assert [(one["match"], one["times"]) for one in listed] == [("GET /api/v1/tickets/1", 1)]
    assert (await desk.call("DELETE", "/_sim/faults")).data == {"faults": []}
    assert (await desk.get("tickets/1", ADA)).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"match": "/api/v1/tickets", "kind": "status"},
        {"match": "FETCH /api", "kind": "status"},
        {"match": "GET /api", "kind": "explode"},
        {"match": "GET /api", "kind": "status", "status": 200},
        {"match": "GET /api", "kind": "latency", "seconds": 9999},
        {"match": "GET /api", "kind": "latency", "times": 0},
        {"match": "GET /api", "kind": "latency", "until": "noon"},
    ],
)
async def test_what_is_no_fault_is_refused(desk: Helpdesk, body: dict[str, Any]) -> None:
    assert (await desk.call("POST", "/_sim/faults", body)).status == 422
    assert (await desk.get("/_sim/faults")).data == {"faults": []}


@pytest.mark.parametrize(
    ("match", "struck"),
    [
        ("PUT /api/v1/tickets/1", True),
        ("PUT /api/v1/tickets", True),
        ("PUT /api/v1/*/1", True),
        ("PUT /api/v1/ticket", False),
        ("GET /api/v1/tickets/1", False),
        ("PUT /api/v1/tickets/11", False),
    ],
)
def test_what_a_match_means(match: str, struck: bool) -> None:
    assert matches(match, "PUT", "/api/v1/tickets/1") is struck


async def test_the_simulators_door_is_closed_to_other_machines(make_database: Callable[[], str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing; tells by which address this machine goes out
        address = probe.getsockname()[0]
    app = await open_app(make_database(), Settings())
    async with TestServer(app, host="0.0.0.0") as server, aiohttp.ClientSession() as http:
        for host, expected in ((address, 403), ("127.0.0.1", 200)):
            async with http.get(f"http://{host}:{server.port}/_sim/state") as answer:
                assert answer.status == expected
