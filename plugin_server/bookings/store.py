"""The SQL of bookings: which tickets are to be booked anew, and what stands in the helpdesk for which entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from plugin_server.bookings.rules import Booked
from plugin_server.runtime.database import Connection, Pool

_ROUND = 0x626F6F6B
"""Names the lock of who books (any number; this one reads "book")."""


@dataclass(frozen=True)
class Due:
    """A ticket whose entries may have changed, as it was marked at ``since``."""

    ticket_id: int
    since: datetime
    attempts: int


@dataclass(frozen=True)
class Unknown:
    """A booking whose call was made at ``called_at`` and of which nobody knows whether the helpdesk has it."""

    entry_id: int
    ticket_id: int
    units: Decimal
    called_at: datetime


async def begin(connection: Connection) -> bool:
    """Whether no other worker is at it; then none is until :func:`end`, or until the connection ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ROUND))


async def end(connection: Connection) -> None:
    """Let others begin."""
    await connection.execute("SELECT pg_advisory_unlock($1)", _ROUND)


async def due(pool: Pool, now: datetime, limit: int) -> list[Due]:
    """Tickets whose turn it is, the longest marked first."""
    rows = await pool.fetch(
        "SELECT ticket_id, since, attempts FROM booking_due WHERE next_try_at <= $1 ORDER BY since LIMIT $2", now, limit
    )
    return [Due(**row) for row in rows]


async def done(pool: Pool, one: Due) -> None:
    """The ticket's bookings are its entries, unless it was marked again meanwhile."""
    await pool.execute("DELETE FROM booking_due WHERE ticket_id = $1 AND since = $2", one.ticket_id, one.since)


async def not_done(pool: Pool, one: Due, problem: str, again: datetime) -> None:
    """It did not work out, in words; it is tried again then, or at once when it was marked meanwhile."""
    await pool.execute(
        "UPDATE booking_due SET attempts = attempts + 1, problem = $3,"
        " next_try_at = CASE WHEN since = $2 THEN $4 ELSE next_try_at END WHERE ticket_id = $1",
        one.ticket_id,
        one.since,
        problem,
        again,
    )


async def booked(pool: Pool, ticket_id: int, entries: list[int]) -> list[Booked]:
    """What stands on the ticket, and for the entries wherever it stands."""
    rows = await pool.fetch(
        "SELECT entry_id, ticket_id, accounting_id, units FROM booking"
        " WHERE (ticket_id = $1 OR entry_id = ANY($2::bigint[])) AND accounting_id IS NOT NULL ORDER BY entry_id",
        ticket_id,
        entries,
    )
    return [Booked(**row) for row in rows]


async def unknown(pool: Pool, ticket_id: int, entries: list[int]) -> list[Unknown]:
    """Bookings of the ticket, and of the entries wherever, whose call may or may not have been carried out."""
    rows = await pool.fetch(
        "SELECT entry_id, ticket_id, units, called_at FROM booking"
        " WHERE (ticket_id = $1 OR entry_id = ANY($2::bigint[])) AND accounting_id IS NULL ORDER BY entry_id",
        ticket_id,
        entries,
    )
    return [Unknown(**row) for row in rows]


async def known(pool: Pool, accounting_ids: list[int]) -> set[int]:
    """Those of the helpdesk's bookings that belong to an entry already."""
    rows = await pool.fetch("SELECT accounting_id FROM booking WHERE accounting_id = ANY($1::bigint[])", accounting_ids)
    return {row["accounting_id"] for row in rows}


async def calling(pool: Pool, entry_id: int, ticket_id: int, units: Decimal, now: datetime) -> None:
    """A booking is about to be made."""
    await pool.execute(
        "INSERT INTO booking (entry_id, ticket_id, units, called_at) VALUES ($1, $2, $3, $4)",
        entry_id,
        ticket_id,
        units,
        now,
    )


async def made(pool: Pool, entry_id: int, accounting_id: int) -> None:
    """It stands in the helpdesk."""
    await pool.execute("UPDATE booking SET accounting_id = $2 WHERE entry_id = $1", entry_id, accounting_id)


async def corrected(pool: Pool, entry_id: int, units: Decimal) -> None:
    """It stands there with this amount."""
    await pool.execute("UPDATE booking SET units = $2 WHERE entry_id = $1", entry_id, units)


async def removed(pool: Pool, entry_id: int) -> None:
    """Nothing stands there for the entry."""
    await pool.execute("DELETE FROM booking WHERE entry_id = $1", entry_id)


async def troubles(pool: Pool) -> tuple[int, str | None]:
    """How many tickets could not be booked, and the latest reason."""
    row = await pool.fetchrow(
        "SELECT count(*) AS tickets, (array_agg(problem ORDER BY next_try_at DESC))[1] AS problem FROM booking_due"
        " WHERE problem IS NOT NULL AND attempts > 0"
    )
    assert row is not None
    return row["tickets"], row["problem"]
