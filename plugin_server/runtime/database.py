"""PostgreSQL: the pool, and migrations as plain SQL files.

A migration is ``migrations/NNNN_name.sql``; each runs once, whole, in one transaction under an advisory lock, and its
checksum is kept so that an edited file is noticed.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from plugin_server.runtime import log
from plugin_server.runtime.reading import ReadingPool
from plugin_server.runtime.shipped import shipped

MIGRATIONS = shipped("migrations")
LOCK = 0x6465736B
"""Key of the advisory lock that serialises migrations ("desk")."""

_logger = log.get(__name__)

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


class MigrationError(Exception):
    """The database's history and the migration files don't agree; the message says how."""


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


async def migrate(pool: Pool, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that are missing, in order of number, and return their names.

    Raises :class:`MigrationError` when an applied file has changed or disappeared.
    """
    files = _files(folder)
    done: list[str] = []
    async with pool.acquire() as connection:
        for path in files:
            text = path.read_text(encoding="utf-8")
            checksum = hashlib.sha256(text.encode()).hexdigest()
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                await connection.execute(
                    "CREATE TABLE IF NOT EXISTS schema_migration"
                    " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
                )
                known = await connection.fetchval("SELECT checksum FROM schema_migration WHERE name = $1", path.name)
                if known == checksum:
                    continue
                if known is not None:
                    raise MigrationError(
                        f"{path.name} has changed since it was applied; add a new migration instead of editing it"
                    )
                await connection.execute(text)
                await connection.execute(
                    "INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)", path.name, checksum
                )
                done.append(path.name)
                _logger.info("migration applied", migration=path.name)
        applied = {row["name"] for row in await connection.fetch("SELECT name FROM schema_migration")}
    missing = applied - {path.name for path in files}
    if missing:
        raise MigrationError(
            f"the database knows {', '.join(sorted(missing))}, this version does not: it is older than the database"
        )
    return done


async def pending(pool: Pool, folder: Path = MIGRATIONS) -> list[str]:
    """Names of migrations that are not applied yet; readiness depends on there being none."""
    exists = await pool.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL")
    applied = {row["name"] for row in await pool.fetch("SELECT name FROM schema_migration")} if exists else set()
    return [path.name for path in _files(folder) if path.name not in applied]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", path.name))
