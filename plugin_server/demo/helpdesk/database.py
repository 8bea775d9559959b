"""PostgreSQL: the pool, the tables, and what both sides of a transaction are called in annotations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

SCHEMA = Path(__file__).with_name("schema.sql")
LOCK = 0x68656C70
"""Key of the advisory lock under which tables are made and seeded ("help")."""

Record: TypeAlias = asyncpg.Record
Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
Db: TypeAlias = (
    "asyncpg.Pool[asyncpg.Record] | asyncpg.Connection[asyncpg.Record] "
    "| asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


async def connect(url: str, *, maximum: int = 8) -> Pool:
    """Open a pool whose sessions speak UTC and give up on a statement after 15 s."""
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=maximum,
        init=_prepare,
        server_settings={"timezone": "UTC", "statement_timeout": "15000", "client_min_messages": "warning"},
    )


async def create_tables(connection: Connection) -> None:
    """Make the tables that are missing; running it again changes nothing."""
    await connection.execute(SCHEMA.read_text(encoding="utf-8"))
