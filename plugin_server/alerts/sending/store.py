"""The SQL of deliveries: one row for each thing told, way and person, there before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from uuid import UUID

from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Delivery:
    """Something to be told to somebody in one way. ``told`` is the alert's id or the digest's day, ``user_id`` the
    helpdesk user (0: a chat's room); ``claim`` names who has it in hand."""

    id: UUID
    channel: str
    told: str
    user_id: int
    alert_id: UUID | None
    attempts: int
    give_up_at: datetime
    claim: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class Failing:
    """A delivery that did not get through so far; ``given_up``: it is not tried again by itself. Without a ticket it is
    a digest."""

    id: UUID
    channel: str
    user_id: int
    ticket_id: int | None
    percent: int | None
    problem: str
    given_up: bool
    created_at: datetime


_DELIVERY = ", ".join(field.name for field in fields(Delivery))
_OPEN = "state IN ('queued', 'failed') AND channel <> 'desktop'"
"""As the index has it."""


async def add(
    connection: Connection | Pool,
    channel: str,
    told: str,
    user_id: int,
    alert_id: UUID | None,
    now: datetime,
    give_up_at: datetime,
    *,
    problem: str | None = None,
) -> None:
    """Have it told, once however often this is asked; with a ``problem`` it can't be, and is shown."""
    await connection.execute(
        "INSERT INTO alert_delivery (channel, told, user_id, alert_id, next_try_at, give_up_at, created_at, problem,"
        " state) VALUES ($1, $2, $3, $4, $5, $6, $5, $7, $8) ON CONFLICT (channel, told, user_id) DO NOTHING",
        channel,
        told,
        user_id,
        alert_id,
        now,
        give_up_at,
        problem,
        "failed" if problem else "queued",
    )


async def take(pool: Pool, channels: Collection[str], now: datetime, lease: timedelta) -> Delivery | None:
    """The delivery of these channels that has been due the longest; nobody else gets it before the lease ends. Counts
    the try, so one that a worker did not outlive has been tried."""
    row = await pool.fetchrow(
        f"""
        UPDATE alert_delivery SET claim = gen_random_uuid(), attempts = attempts + 1, next_try_at = $2
        WHERE id = (
            SELECT id FROM alert_delivery
            WHERE state = 'queued' AND channel <> 'desktop' AND channel = ANY($3) AND next_try_at <= $1
            ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING {_DELIVERY}
        """,
        now,
        now + lease,
        list(channels),
    )
    return Delivery(**row) if row else None


async def sent(pool: Pool, one: Delivery, now: datetime) -> None:
    """It got through; who has lost the claim changes nothing any more."""
    await pool.execute(
        "UPDATE alert_delivery SET state = 'sent', sent_at = $3, problem = NULL, claim = NULL"
        " WHERE id = $1 AND claim = $2 AND state = 'queued'",
        one.id,
        one.claim,
        now,
    )


async def drop(pool: Pool, one: Delivery) -> None:
    """There is nothing to tell any more."""
    await pool.execute(
        "UPDATE alert_delivery SET state = 'expired', problem = NULL, claim = NULL WHERE id = $1 AND claim = $2",
        one.id,
        one.claim,
    )


async def not_sent(pool: Pool, one: Delivery, problem: str, again: datetime | None) -> None:
    """It did not get through; it is tried again then (``None``: given up)."""
    await pool.execute(
        """
        UPDATE alert_delivery SET problem = $3, claim = NULL, next_try_at = coalesce($4, next_try_at),
            state = CASE WHEN $4::timestamptz IS NULL THEN 'failed' ELSE state END
        WHERE id = $1 AND claim = $2 AND state = 'queued'
        """,
        one.id,
        one.claim,
        problem,
        again,
    )


async def retry(pool: Pool, delivery_id: UUID, now: datetime, give_up_at: datetime) -> bool:
    """Somebody wants it tried at once; ``False`` when it has got through, or was never there. What is in hand this
    moment goes on."""
    found = await pool.fetchval(
        """
        UPDATE alert_delivery SET state = 'queued', attempts = 0, give_up_at = $3,
            next_try_at = CASE WHEN claim IS NULL OR state = 'failed' THEN $2 ELSE next_try_at END
        WHERE id = $1 AND (state = 'failed' OR (state = 'queued' AND problem IS NOT NULL)) RETURNING true
        """,
        delivery_id,
        now,
        give_up_at,
    )
    return bool(found)


async def failing(pool: Pool, ticket_ids: Collection[int], since: datetime, limit: int) -> list[Failing]:
    """What did not get through of these tickets, and of digests; the newest first."""
    rows = await pool.fetch(
        f"""
        SELECT d.id, d.channel, d.user_id, a.ticket_id, a.percent, d.problem,
            d.state = 'failed' AS given_up, d.created_at
        FROM alert_delivery d LEFT JOIN alert a ON a.id = d.alert_id
        WHERE {_OPEN} AND d.problem IS NOT NULL AND d.created_at >= $2
            AND (a.ticket_id IS NULL OR a.ticket_id = ANY($1::bigint[]))
        ORDER BY d.created_at DESC, d.id LIMIT $3
        """,
        list(ticket_ids),
        since,
        limit,
    )
    return [Failing(**row) for row in rows]


async def ticket_of(pool: Pool, delivery_id: UUID) -> tuple[bool, int | None]:
    """Whether there is such a delivery, and which ticket it is about; ``None`` for a digest."""
    row = await pool.fetchrow(
        "SELECT a.ticket_id FROM alert_delivery d LEFT JOIN alert a ON a.id = d.alert_id WHERE d.id = $1", delivery_id
    )
    return (False, None) if row is None else (True, row["ticket_id"])


async def waiting(pool: Pool) -> dict[str, tuple[int, datetime | None]]:
    """How many are queued and how many were given up (within what is kept), and since when the oldest of each."""
    row = await pool.fetchrow(
        f"""
        SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
            min(created_at) FILTER (WHERE state = 'queued') AS queued_since,
            count(*) FILTER (WHERE state = 'failed') AS failed,
            min(created_at) FILTER (WHERE state = 'failed') AS failed_since
        FROM alert_delivery WHERE {_OPEN}
        """
    )
    assert row is not None
    return {state: (row[state], row[f"{state}_since"]) for state in ("queued", "failed")}


async def take_desktop(pool: Pool, user_id: int, now: datetime, lease: timedelta) -> list[Delivery]:
    """A person's alerts for one of their browsers; no other gets them before the lease ends."""
    rows = await pool.fetch(
        f"""
        UPDATE alert_delivery SET claim = gen_random_uuid(), attempts = attempts + 1, next_try_at = $3
        WHERE id IN (
            SELECT id FROM alert_delivery
            WHERE state = 'queued' AND channel = 'desktop' AND user_id = $1 AND next_try_at <= $2 AND give_up_at > $2
            ORDER BY created_at LIMIT 10 FOR UPDATE SKIP LOCKED)
        RETURNING {_DELIVERY}
        """,
        user_id,
        now,
        now + lease,
    )
    return sorted((Delivery(**row) for row in rows), key=lambda one: one.created_at)


async def shown(pool: Pool, user_id: int, delivery_ids: Sequence[UUID], now: datetime) -> None:
    """A person's browser has shown these."""
    await pool.execute(
        "UPDATE alert_delivery SET state = 'sent', sent_at = $3, claim = NULL"
        " WHERE id = ANY($2::uuid[]) AND user_id = $1 AND channel = 'desktop' AND state = 'queued'",
        user_id,
        list(delivery_ids),
        now,
    )


async def expire(pool: Pool, now: datetime) -> None:
    """Desktop notifications that nobody fetched in time have come to nothing; that is no failure."""
    await pool.execute(
        "UPDATE alert_delivery SET state = 'expired', claim = NULL"
        " WHERE channel = 'desktop' AND state = 'queued' AND give_up_at <= $1",
        now,
    )


async def forget(pool: Pool, before: datetime) -> None:
    """Forget digests of long ago; alerts take theirs along."""
    await pool.execute("DELETE FROM alert_delivery WHERE alert_id IS NULL AND created_at < $1", before)


async def finish(pool: Pool, user_id: int, now: datetime) -> None:
    """A person wants no desktop notifications any more: those that wait go."""
    await pool.execute(
        "UPDATE alert_delivery SET state = 'expired', sent_at = $2, claim = NULL"
        " WHERE channel = 'desktop' AND state = 'queued' AND user_id = $1",
        user_id,
        now,
    )
