"""The SQL of notices: what project managers are to be told, and whether they have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from plugin_server.budgets.store import Event, write_down
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.i18n import later


@dataclass(frozen=True)
class Notice:
    """Something that a ticket's project manager is to be told. ``called``: an attempt was made before, whose outcome
    may not be known; ``mailed``: it goes by e-mail, because a mention is not possible."""

    id: UUID
    ticket_id: int
    kind: str
    words: str
    attempts: int
    called: bool
    mailed: bool


_NOTICE = ", ".join(field.name for field in fields(Notice))


async def tell(
    connection: Connection | Pool,
    ticket_id: int,
    kind: str,
    words: str,
    now: datetime,
    crossing: UUID | None = None,
) -> None:
    """Have the ticket's project manager told; of a lock (``crossing``) once, however often this is asked."""
    await connection.execute(
        "INSERT INTO budget_notice (ticket_id, kind, words, next_try_at, created_at, crossing)"
        " VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (crossing) DO NOTHING",
        ticket_id,
        kind,
        words,
        now,
        crossing,
    )


async def drop(connection: Connection, crossing: UUID | None) -> None:
    """A lock that is over before anybody was told needs no telling."""
    await connection.execute(
        "UPDATE budget_notice SET state = 'failed', problem = $2"
        " WHERE crossing = $1 AND state = 'queued' AND NOT called",
        crossing,
        later("The ticket is no longer locked."),
    )


async def due(pool: Pool, now: datetime, lease: datetime, limit: int) -> list[Notice]:
    """Notices whose turn it is; nobody else gets them until ``lease``. What was in hand when a worker died counts as
    called: whether it got through is looked up."""
    rows = await pool.fetch(
        f"""
        WITH due AS (
            SELECT id, called FROM budget_notice WHERE state = 'queued' AND next_try_at <= $1
            ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        UPDATE budget_notice SET next_try_at = $2 FROM due WHERE budget_notice.id = due.id
        RETURNING {", ".join(f"budget_notice.{name.strip()}" for name in _NOTICE.split(","))}
        """,
        now,
        lease,
        limit,
    )
    return [Notice(**row) for row in rows]


async def leave(pool: Pool, notices: Sequence[UUID], lease: datetime, now: datetime) -> None:
    """Who took these by :func:`due` does not come to it; another worker may at once. A call that was cut off has been
    noted, and is looked up."""
    await pool.execute(
        "UPDATE budget_notice SET next_try_at = $3 WHERE id = ANY($1::uuid[]) AND state = 'queued'"
        " AND next_try_at = $2",
        list(notices),
        lease,
        now,
    )


async def calling(pool: Pool, notice_id: UUID) -> None:
    """A call is about to be made for it."""
    await pool.execute("UPDATE budget_notice SET called = true WHERE id = $1", notice_id)


async def told(pool: Pool, notice: Notice, article_id: int, now: datetime, to: str) -> None:
    """It stands in the ticket."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE budget_notice SET state = 'sent', article_id = $2, problem = NULL WHERE id = $1",
            notice.id,
            article_id,
        )
        event = Event(notice.ticket_id, now, "told", reason=to, field=notice.kind, article_id=article_id)
        await write_down(connection, event)


async def not_told(
    pool: Pool, notice_id: UUID, problem: str, again: datetime | None, *, mailed: bool, called: bool
) -> None:
    """It did not work out; it is tried again then (``None``: given up, and shown)."""
    await pool.execute(
        """
        UPDATE budget_notice SET attempts = attempts + 1, problem = $2, mailed = $4, called = $5,
            state = CASE WHEN $3::timestamptz IS NULL THEN 'failed' ELSE state END,
            next_try_at = coalesce($3, next_try_at)
        WHERE id = $1
        """,
        notice_id,
        problem,
        again,
        mailed,
        called,
    )


async def retry(pool: Pool, notice_id: UUID, now: datetime) -> bool:
    """Somebody wants one that was given up tried again; ``False`` when it was not. What an earlier call may have
    brought about is looked up before, as ever."""
    found = await pool.fetchval(
        "UPDATE budget_notice SET state = 'queued', attempts = 0, mailed = false, next_try_at = $2"
        " WHERE id = $1 AND state = 'failed' RETURNING true",
        notice_id,
        now,
    )
    return bool(found)


async def ticket_of(pool: Pool, notice_id: UUID) -> int | None:
    """The ticket that a notice is about."""
    ticket_id: int | None = await pool.fetchval("SELECT ticket_id FROM budget_notice WHERE id = $1", notice_id)
    return ticket_id


async def waiting(pool: Pool) -> tuple[int, datetime | None]:
    """How many notices are still to be sent, and since when the oldest waits."""
    row = await pool.fetchrow(
        "SELECT count(*) AS rows, min(created_at) AS since FROM budget_notice WHERE state = 'queued'"
    )
    assert row is not None
    return row["rows"], row["since"]
