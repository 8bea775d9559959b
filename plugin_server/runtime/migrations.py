"""Migrations: plain SQL files, applied while the version before them goes on serving.

A migration is ``migrations/NNNN_name.sql``; each runs once, whole, in one transaction, one process at a time, and its
checksum is kept so that an edited file is noticed. It waits for a table no longer than ``LOCK_SECONDS``: PostgreSQL
queues everybody behind a statement that waits for an exclusive lock, so a migration behind a long transaction would
stop the whole desk. It steps back instead, lets the others through, and tries again.

A file that begins with ``-- outside a transaction`` holds one ``CREATE INDEX CONCURRENTLY``, which PostgreSQL builds
while the table is written, and only outside of transactions. What an earlier try left behind half built is dropped.

What a migration may do for the version before it to serve on stands in ``docs/operate.md``; ``tests/operate``
reads the files and refuses the rest.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from plugin_server.runtime import log
from plugin_server.runtime.shipped import shipped

if TYPE_CHECKING:
    from plugin_server.runtime.database import Connection, Pool

MIGRATIONS = shipped("migrations")
LOCK = 0x6465736B
"""Key of the advisory lock that serialises migrations ("desk")."""

LOCK_SECONDS = 1.0
"""Longest that a migration waits for a table, and with that the longest that it holds anybody up by waiting."""

PATIENCE_SECONDS = 600.0
"""For so long a migration steps back and tries again, and waits for another process that migrates."""

STATEMENT_SECONDS = 4 * 3600.0
"""Longest that one file may take; an index on a big table is built at leisure. The pool's own limit is for requests."""

OUTSIDE = "-- outside a transaction"
"""First line of a file that builds an index while the table is written."""

INDEX = re.compile(r"\s*CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(\w+)\s+ON\s[^;]*;?\s*", re.IGNORECASE)
"""The one statement that such a file holds; the group is the index's name."""

_BREATH = 2.0
"""So many times as long as it has waited, a migration lets the others through before it tries again."""

_logger = log.get(__name__)


class MigrationError(Exception):
    """The database's history and the migration files don't agree, or a migration can't be applied; the message says
    what to do."""


async def migrate(
    pool: Pool,
    folder: Path = MIGRATIONS,
    *,
    lock_seconds: float = LOCK_SECONDS,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[str]:
    """Apply the migrations that are missing, in order of number, and return their names.

    Raises :class:`MigrationError` when an applied file has changed or disappeared, and when a table that a migration
    needs stays held by others for ``patience_seconds``; what was applied until then stays applied.
    """
    files = _files(folder)
    done: list[str] = []
    async with pool.acquire() as connection, _alone(connection, patience_seconds):
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_migration"
            " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        known = await connection.fetch("SELECT name, checksum FROM schema_migration")
        applied: dict[str, str] = {row["name"]: row["checksum"] for row in known}
        for path in files:
            text = path.read_text(encoding="utf-8")
            checksum = hashlib.sha256(text.encode()).hexdigest()
            if applied.get(path.name) == checksum:
                continue
            if path.name in applied:
                raise MigrationError(
                    f"{path.name} has changed since it was applied; add a new migration instead of editing it"
                )
            if text.startswith(OUTSIDE):
                await _build_index(connection, path.name, text)
                await _note(connection, path.name, checksum)
            else:
                await _insist(connection, path.name, text, checksum, lock_seconds, patience_seconds)
            done.append(path.name)
            _logger.info("migration applied", migration=path.name)
    missing = set(applied) - {path.name for path in files}
    if missing:
        raise MigrationError(
            f"the database knows {', '.join(sorted(missing))}, this version does not: it is older than the database"
        )
    return done


async def pending(pool: Pool, folder: Path = MIGRATIONS) -> list[str]:
    """Names of migrations that are not applied yet; readiness depends on there being none. A database that knows more
    than this version is no hindrance: the version before a migration serves on."""
    applied = await _applied(pool)
    return [path.name for path in _files(folder) if path.name not in applied]


async def unknown(pool: Pool, folder: Path = MIGRATIONS) -> list[str]:
    """Names of migrations that a newer version has applied."""
    return sorted(await _applied(pool) - {path.name for path in _files(folder)})


async def _applied(pool: Pool) -> set[str]:
    exists = await pool.fetchval("SELECT to_regclass('schema_migration') IS NOT NULL")
    return {row["name"] for row in await pool.fetch("SELECT name FROM schema_migration")} if exists else set()


@asynccontextmanager
async def _alone(connection: Connection, patience_seconds: float) -> AsyncIterator[None]:
    """One process migrates at a time. Asked for again and again instead of waited for: who waits inside a statement
    holds a snapshot, and building an index waits for that one in turn."""
    end = asyncio.get_running_loop().time() + patience_seconds
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
        if asyncio.get_running_loop().time() > end:
            raise MigrationError("Another process has been migrating this database all the time; wait until it is done")
        await asyncio.sleep(0.1)
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def _insist(
    connection: Connection, name: str, text: str, checksum: str, lock_seconds: float, patience_seconds: float
) -> None:
    """Apply one file in one transaction; again when a table was not to be had in time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + patience_seconds
    while True:
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = {int(lock_seconds * 1000)}")
                await connection.execute(text, timeout=STATEMENT_SECONDS)
                await _note(connection, name, checksum)
        except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            if loop.time() > end:
                raise MigrationError(
                    f"{name} was not applied: others have held a table that it needs for {patience_seconds:.0f}"
                    " seconds. Nothing has changed. Look in pg_stat_activity for the transaction with the oldest"
                    " xact_start, end it, and migrate again"
                ) from None
            _logger.info("migration steps back, a table it needs is held", migration=name)
            await asyncio.sleep(lock_seconds * _BREATH)
        else:
            return


async def _build_index(connection: Connection, name: str, text: str) -> None:
    statement = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    found = INDEX.fullmatch(statement)
    if found is None:
        raise MigrationError(f"{name} is marked '{OUTSIDE}' and is not one CREATE INDEX CONCURRENTLY with a name")
    index = found.group(1)
    whole = await connection.fetchval(
        "SELECT indisvalid AND indisready FROM pg_index WHERE indexrelid = to_regclass($1)", index
    )
    if whole:
        return  # its process was killed between the index and the note of it
    if whole is False:
        _logger.warning("an index left half built is dropped", migration=name, index=index)
        await connection.execute(f"DROP INDEX CONCURRENTLY {index}", timeout=STATEMENT_SECONDS)
    await connection.execute(statement, timeout=STATEMENT_SECONDS)


async def _note(connection: Connection, name: str, checksum: str) -> None:
    await connection.execute("INSERT INTO schema_migration (name, checksum) VALUES ($1, $2)", name, checksum)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if re.fullmatch(r"\d{4}_\w+\.sql", path.name))


async def began(pool: Pool) -> datetime:
    """When the database was made: with its first migration."""
    found: datetime = await pool.fetchval("SELECT min(applied_at) FROM schema_migration")
    return found
