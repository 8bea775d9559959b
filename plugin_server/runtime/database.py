"""PostgreSQL: the pool, and what a query raises when the server is away. How its tables change is another room:
:mod:`plugin_server.runtime.migrations`, whose names are handed on here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from plugin_server.runtime.migrations import MigrationError, migrate, pending
from plugin_server.runtime.reading import ReadingPool

__all__ = ["AWAY", "Connection", "MigrationError", "Pool", "connect", "migrate", "pending"]

if TYPE_CHECKING:
    # asyncpg's classes take a parameter in their stubs only.
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection


AWAY: tuple[type[Exception], ...] = (
    ConnectionError,
    FileNotFoundError,  # of its socket
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""What a query raises when PostgreSQL is not there, shuts down or starts up."""


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def connect(url: str, *, minimum: int = 1, maximum: int = 10) -> Pool:
    """Open a pool. Sessions speak UTC; a statement that takes over 30 s is ended."""
    return await ReadingPool(
        url,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        min_size=minimum,
        max_size=maximum,
        max_queries=50_000,
        max_inactive_connection_lifetime=300,
        loop=None,
        init=_prepare,
        command_timeout=30,
        server_settings={"timezone": "UTC", "application_name": "deskhours"},
    )
