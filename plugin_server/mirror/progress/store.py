"""The SQL of what a sync has to remember, so that another process can go on with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime

from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class SyncState:
    """How a sync is doing. ``succeeded_at``: when it last did all it had to; ``problem``: what its last run complained
    of, since ``failing_since``; ``rows`` and ``calls`` of the last run."""

    name: str
    began_at: datetime
    succeeded_at: datetime | None
    failing_since: datetime | None
    problem: str | None
    rows: int
    calls: int


@dataclass(frozen=True)
class Pass:
    """A listing over several runs, from the latest day to the earliest: days after ``reached`` are done."""

    name: str
    began_at: datetime
    since: datetime | None
    reached: date | None


@asynccontextmanager
async def held(pool: Pool, name: str) -> AsyncIterator[bool]:
    """Whether this process does ``name`` now: one at a time, over all. The lock ends with its connection, so with its
    process too."""
    async with pool.acquire() as connection:
        key = f"sync {name}"
        mine = await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key)
        try:
            yield bool(mine)
        finally:
            if mine and not connection.is_closed():
                await connection.execute("SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)


async def begin(pool: Pool, name: str, now: datetime) -> None:
    """A run begins."""
    await pool.execute(
        "INSERT INTO sync_state (name, began_at) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET began_at = $2",
        name,
        now,
    )


async def end(pool: Pool, name: str, now: datetime, *, problem: str | None, done: bool, rows: int, calls: int) -> None:
    """A run has ended: with a problem, or well; ``done``: with nothing left to do."""
    await pool.execute(
        """
        UPDATE sync_state SET problem = $3::text, rows = $5, calls = $6,
            succeeded_at = CASE WHEN $3 IS NULL AND $4 THEN $2 ELSE succeeded_at END,
            failing_since = CASE WHEN $3 IS NOT NULL THEN coalesce(failing_since, $2) END
        WHERE name = $1
        """,
        name,
        now,
        problem,
        done,
        rows,
        calls,
    )


async def states(pool: Pool) -> list[SyncState]:
    """How every sync is doing that has ever begun, by name."""
    rows = await pool.fetch(
        "SELECT name, began_at, succeeded_at, failing_since, problem, rows, calls FROM sync_state ORDER BY name"
    )
    return [SyncState(**row) for row in rows]


async def state(pool: Pool, name: str) -> SyncState | None:
    """How one sync is doing."""
    row = await pool.fetchrow(
        "SELECT name, began_at, succeeded_at, failing_since, problem, rows, calls FROM sync_state WHERE name = $1", name
    )
    return SyncState(**row) if row else None


async def unfinished(pool: Pool, name: str) -> Pass | None:
    """The pass that an earlier run left, if it left one."""
    row = await pool.fetchrow("SELECT name, began_at, since, reached FROM sync_pass WHERE name = $1", name)
    return Pass(**row) if row else None


async def go_on(connection: Connection, work: Pass, reached: date | None) -> None:
    """Remember the pass and how far it has come."""
    await connection.execute(
        "INSERT INTO sync_pass (name, began_at, since, reached) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (name) DO UPDATE SET began_at = excluded.began_at, since = excluded.since,"
        " reached = excluded.reached",
        work.name,
        work.began_at,
        work.since,
        reached,
    )


async def finish(connection: Connection, name: str) -> None:
    """The pass has come to its end."""
    await connection.execute("DELETE FROM sync_pass WHERE name = $1", name)


async def finished_windows(pool: Pool, scope: str) -> set[tuple[date, date]]:
    """Windows of an import that are done, by their first and last day."""
    rows = await pool.fetch("SELECT first_day, last_day FROM import_window WHERE scope = $1", scope)
    return {(row["first_day"], row["last_day"]) for row in rows}


async def finish_window(connection: Connection, scope: str, first: date, last: date, now: datetime) -> None:
    """A window of an import is done."""
    await connection.execute(
        "INSERT INTO import_window (scope, first_day, last_day, finished_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT DO NOTHING",
        scope,
        first,
        last,
        now,
    )


async def forget_windows(pool: Pool, scope: str) -> None:
    """The import is done: the next one begins anew."""
    await pool.execute("DELETE FROM import_window WHERE scope = $1", scope)


async def to_relist(pool: Pool, scopes: Sequence[str], before: datetime, limit: int) -> list[str]:
    """Those of the scopes that were last listed before ``before`` or never, the longest ago first."""
    rows = await pool.fetch(
        """
        SELECT s.scope FROM unnest($1::text[]) WITH ORDINALITY AS s (scope, position)
        LEFT JOIN relisted r ON r.scope = s.scope
        WHERE r.at IS NULL OR r.at <= $2
        GROUP BY s.scope, r.at ORDER BY r.at NULLS FIRST, min(s.position) LIMIT $3
        """,
        list(scopes),
        before,
        limit,
    )
    return [row["scope"] for row in rows]


async def note_relisted(pool: Pool, scope: str, now: datetime) -> None:
    """A scope has had its turn."""
    await pool.execute(
        "INSERT INTO relisted (scope, at) VALUES ($1, $2) ON CONFLICT (scope) DO UPDATE SET at = excluded.at",
        scope,
        now,
    )


async def vanished(
    pool: Pool,
    listed: Iterable[int],
    first: date | None,
    last: date | None,
    project_id: int | None = None,
    reference: str | None = None,
) -> list[tuple[int, int]]:
    """Entries of these days, by id and project, that the mirror has and a listing of them did not hold; ``None`` is
    no bound."""
    rows = await pool.fetch(
        """
        SELECT id, project_id FROM time_entry
        WHERE deleted_at IS NULL AND ($2::date IS NULL OR spent_date >= $2) AND ($3::date IS NULL OR spent_date <= $3)
            AND ($4::bigint IS NULL OR project_id = $4) AND ($5::text IS NULL OR external_id = $5)
            AND id NOT IN (SELECT unnest($1::bigint[]))
        ORDER BY id
        """,
        list(listed),
        first,
        last,
        project_id,
        reference,
    )
    return [(row["id"], row["project_id"]) for row in rows]


async def mark_gone(connection: Connection, entry_ids: Sequence[int], now: datetime) -> None:
    """Harvest no longer has these entries; the rows stay. In the order of their ids, as they are written."""
    await connection.execute(
        """
        WITH gone AS (
            SELECT id FROM time_entry WHERE id = ANY($1::bigint[]) AND deleted_at IS NULL ORDER BY id FOR UPDATE
        )
        UPDATE time_entry AS t SET deleted_at = $2 FROM gone WHERE t.id = gone.id
        """,
        list(entry_ids),
        now,
    )
