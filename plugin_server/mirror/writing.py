"""Writing to the mirror so that it comes through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from plugin_server.runtime.database import Connection, Pool

TRIES = 5

PAUSE = 0.05
"""Seconds before the next try."""

Value = TypeVar("Value")


async def again(pool: Pool, write: Callable[[Connection], Awaitable[Value]]) -> Value:
    """Do ``write`` in a transaction of its own, and again when it was ended as part of a deadlock: two pages of one
    listing may hold the same entry."""
    for left in reversed(range(TRIES)):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await write(connection)
        except asyncpg.DeadlockDetectedError:
            if not left:
                raise
            # The other one has waited already: it goes first.
            await asyncio.sleep(PAUSE)
    raise AssertionError("unreachable")
