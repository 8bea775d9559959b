"""Writing to the mirror so that it comes through."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

import asyncpg

from plugin_server.runtime.database import Connection, Pool

TRIES = 5

PAUSE = 0.05
"""Seconds before the next try."""

Value = TypeVar("Value")
Arguments = ParamSpec("Arguments")


async def again(
    pool: Pool,
    write: Callable[Concatenate[Connection, Arguments], Awaitable[Value]],
    *args: Arguments.args,
    **kwargs: Arguments.kwargs,
) -> Value:
    """Do ``write`` with these arguments in a transaction of its own, and again when that was ended as part of a
    deadlock: two pages of one listing may hold the same entry."""
    for left in reversed(range(TRIES)):
        try:
            async with pool.acquire() as connection, connection.transaction():
                return await write(connection, *args, **kwargs)
        except asyncpg.DeadlockDetectedError:
            if not left:
                raise
            # The other one has waited already: it goes first.
            await asyncio.sleep(PAUSE)
    raise AssertionError("unreachable")
