"""From *Log* to a locked ticket: how long the whole chain takes, beside the one call to Harvest that is in it.

An agent logs more than the ticket's budget has left; the worker records it in Harvest, the entry counts, the figures
are computed, and the helpdesk has the lock. On the demo, all processes of it on this machine, by their own APIs.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from uuid import uuid4

import aiohttp

from bench.line import Line
from bench.stand import Stand
from tests.support.demo import Demo
from tests.support.signin import Api, signed_in
from tests.support.world import ADA, SUPPORT, World, today

ROUNDS = 15
LOOK_EVERY = 0.005


async def lines(stand: Stand) -> list[Line]:
    """The median over several tickets; and of Harvest's own call, made by itself."""
    folder = stand.folder / "demo"
    folder.mkdir(mode=0o711)
    demo = await asyncio.to_thread(Demo.start, folder, None, "--set", "harvest.rate_limit.requests=1000")
    try:
        async with aiohttp.ClientSession() as session, signed_in(demo, "ada@example.com") as agent:
            world = World(demo, session)
            await _round(world, agent)
            measured = [await _round(world, agent) for _ in range(ROUNDS)]
    finally:
        await asyncio.to_thread(demo.stop)
    chain = statistics.median(whole for whole, _call in measured)
    call = statistics.median(call for _whole, call in measured)
    return [Line("log_to_lock_ms", chain * 1000, "ms", chain / call, "the Harvest call in it")]


async def _round(world: World, agent: Api) -> tuple[float, float]:
    ticket, project = await world.linked_ticket(budget="1")
    await _ready(agent, ticket)
    began = time.perf_counter()
    wish = {"ticket_id": ticket, "hours": "1.25", "task_id": SUPPORT, "spent_date": today(), "notes": "Fixed it"}
    status, answer = await agent.call("PUT", f"/api/v1/logs/{uuid4()}", {**wish, "confirm": "now"})
    if status != 201:
        raise RuntimeError(f"{status} {answer}")
    while (await world.helpdesk("GET", f"/tickets/{ticket}"))["budget_state"] != "locked":
        if time.perf_counter() - began > 60:
            raise RuntimeError(f"ticket {ticket} was not locked within a minute")
        await asyncio.sleep(LOOK_EVERY)
    whole = time.perf_counter() - began
    asked = time.perf_counter()
    body = {"user_id": ADA, "project_id": project, "task_id": SUPPORT, "spent_date": today(), "hours": 0.25}
    await world.harvest("POST", "/v2/time_entries", body)
    return whole, time.perf_counter() - asked


async def _ready(agent: Api, ticket: int) -> None:
    """Wait until the panel offers the form and shows the budget: ticket and project have been read."""
    for _ in range(600):
        panel = (await agent.get(f"/api/v1/tickets/{ticket}/panel", html=True)).text
        if 'name="task_id"' in panel and 'data-band="green"' in panel:
            return
        await agent.post(f"/api/v1/tickets/{ticket}/refresh")
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the panel of ticket {ticket} offers no form")
