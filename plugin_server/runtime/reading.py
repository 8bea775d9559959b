"""Many small reads over one connection: what a panel is composed of.

A pool gives each statement a connection and resets it afterwards, which doubles the journeys to the database. Within
``async with reading(pool):`` the pool's own ``fetch``, ``fetchrow`` and ``fetchval`` share one connection instead, so
features go on asking the pool and need not know. ``acquire`` gives another connection as always: a transaction of its
own must not get mixed up with what others read meanwhile.

Only read in it, and don't wait for other systems: the connection is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import asyncpg


@dataclass
class _Held:
    pool: ReadingPool
    connection: Any
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    over: bool = False


_HELD: ContextVar[_Held | None] = ContextVar("held_connection", default=None)


class ReadingPool(asyncpg.Pool):
    """asyncpg's pool, whose reads can share a connection."""

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        """As asyncpg's."""
        return await self._read("fetch", query, args, options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        """As asyncpg's."""
        return await self._read("fetchrow", query, args, options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        """As asyncpg's."""
        return await self._read("fetchval", query, args, options)

    async def _read(self, how: str, query: str, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        held = _HELD.get()
        # A task that was begun inside may outlive what it was begun in.
        if held is None or held.over or held.pool is not self:
            return await getattr(super(), how)(query, *args, **options)
        async with held.turn:  # a connection does one thing at a time
            return await getattr(held.connection, how)(query, *args, **options)


@asynccontextmanager
async def reading(pool: asyncpg.Pool[Any]) -> AsyncIterator[None]:
    """Let reads over the pool share a connection; inside another one, that one's."""
    outer = _HELD.get()
    if not isinstance(pool, ReadingPool) or (outer is not None and not outer.over and outer.pool is pool):
        yield
        return
    async with pool.acquire() as connection:
        held = _Held(pool, connection)
        token = _HELD.set(held)
        try:
            yield
        finally:
            async with held.turn:  # who reads in a task of its own comes to its end first
                held.over = True
            _HELD.reset(token)
