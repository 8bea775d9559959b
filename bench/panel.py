"""How long an agent waits for the panel, against the least that any server does for a ticket.

Fifty agents, each with an open ticket, ask once a second each; in turns for the panel as the extension gets it (HTML)
and for the bare handler, which selects the ticket by its key and answers JSON, in the same server over the same pool.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import aiohttp

from bench.line import Line
from bench.stand import Stand, child

AGENTS = 50
SECONDS = 10
TURNS = 3


async def lines(stand: Stand) -> list[Line]:
    """Median and 99th percentile of both, over all turns."""
    folder = stand.folder / "panel"
    folder.mkdir()
    panel: list[float] = []
    bare: list[float] = []
    async with (
        stand.database() as url,
        child("bench.panel_server", url, stand.valkey.url(0), str(folder), str(AGENTS)) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        told = await server.hear()
        base = f"http://127.0.0.1:{told['port']}"
        people = [(token, ticket) for token, ticket in told["people"]]
        for seconds, kept in ((2, False), *[(SECONDS, True)] * TURNS):
            with_panel = await _turn(session, people, seconds, lambda ticket: f"{base}/api/v1/tickets/{ticket}/panel")
            with_bare = await _turn(session, people, seconds, lambda ticket: f"{base}/bare/{ticket}")
            if kept:
                panel += with_panel
                bare += with_bare
    figures = [
        ("panel_p50_vs_bare", statistics.median(panel), statistics.median(bare), "2"),
        ("panel_p99_vs_bare", _percentile(panel, 99), _percentile(bare, 99), "3"),
    ]
    against = "a SELECT of the ticket"
    return [
        Line(name, ours * 1000, "ms", ours / plain, against, f"at most {aim}") for name, ours, plain, aim in figures
    ]


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


async def _turn(
    session: aiohttp.ClientSession, people: list[tuple[str, int]], seconds: int, url: Callable[[int], str]
) -> list[float]:
    """Every agent asks once in each second, spread over it; how long each waited."""
    began = time.perf_counter()

    async def agent(number: int, token: str, ticket: int) -> list[float]:
        waited = []
        for second in range(seconds):
            due = began + second + number / len(people)
            await asyncio.sleep(max(due - time.perf_counter(), 0))
            asked = time.perf_counter()
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
            async with session.get(url(ticket), headers=headers) as response:
                await response.read()
                if response.status != 200:
                    raise RuntimeError(f"{response.url}: {response.status} {await response.text()}")
            waited.append(time.perf_counter() - asked)
        return waited

    each = await asyncio.gather(*(agent(number, *person) for number, person in enumerate(people)))
    return [one for waited in each for one in waited]
