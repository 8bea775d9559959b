"""A backlog of rows goes out steadily, near the pace that Harvest allows, and never in the way of people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from plugin_server.harvest import core, limiter
from plugin_server.runtime import log

Row = TypeVar("Row")

AT_ONCE = 8
"""Steps under way in one drain: enough for the full pace while Harvest takes a second to answer."""

_logger = log.get(__name__)


async def drain(
    turns: limiter.Limiter,
    claim: Callable[[], Awaitable[Row | None]],
    step: Callable[[Row], Awaitable[None]],
    seconds: float,
) -> None:
    """``claim`` the most pressing row and take it a ``step`` on, again and again, until none is left or the ``seconds``
    are over.

    A batch's turn for one call comes first and the claim after it, so nothing is claimed that would then have to wait.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    gate = asyncio.Semaphore(AT_ONCE)

    async def take(row: Row) -> None:
        try:
            await step(row)
        except Exception:
            # It says nothing about the others, whose calls must not be cut off for it.
            _logger.exception("step failed, the sweep will try again")
        finally:
            gate.release()

    async with asyncio.TaskGroup() as steps:
        while loop.time() < end:
            await gate.acquire()
            try:
                await turns.enter("batch", end - loop.time())
            except core.Throttled:
                return
            row = await claim()
            if row is None:
                return
            steps.create_task(take(row))
