"""The SQL of lists of budgets: figures of all tickets at once, and what of the ledger and the notices needs a look."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from plugin_server.budgets.store import Event
from plugin_server.runtime.database import Pool


class Figures(NamedTuple):
    """A ticket's figures as last computed. Hours in hundredths, ``pressing`` and ``percent`` in percent. Of these there
    are thousands at once; a tuple is made several times faster than a frozen dataclass."""

    ticket_id: int
    used: int
    budget: int | None
    quoted: int | None
    percent: int | None
    band: str
    pressing: Decimal
    ends_on: date | None
    locked: bool
    lock_source: str | None
    lock_used: int | None
    lock_limit: int | None
    locked_at: datetime | None
    accepted_budget: str
    accepted_pm: str
    write_problem: str | None


@dataclass(frozen=True)
class Untold:
    """Something that a project manager could not be told."""

    id: UUID
    ticket_id: int
    kind: str
    words: str
    problem: str
    created_at: datetime


_FIGURES = ", ".join(Figures._fields)
_EVENT = ", ".join(f"e.{field.name}" for field in fields(Event))


async def figures(pool: Pool) -> dict[int, Figures]:
    """The figures of every ticket that has any."""
    return {row["ticket_id"]: Figures._make(row) for row in await pool.fetch(f"SELECT {_FIGURES} FROM ticket_budget")}


async def asked(pool: Pool, ticket_ids: Collection[int]) -> dict[int, Event]:
    """Of locked tickets the latest word of who asked for it to be unlocked, since it was locked."""
    rows = await pool.fetch(
        f"SELECT DISTINCT ON (e.ticket_id) {_EVENT} FROM budget_event e JOIN ticket_budget b ON b.ticket_id ="
        " e.ticket_id WHERE e.ticket_id = ANY($1::bigint[]) AND e.kind = 'asked' AND b.locked AND e.at >= b.locked_at"
        " ORDER BY e.ticket_id, e.id DESC",
        list(ticket_ids),
    )
    return {row["ticket_id"]: Event(**row) for row in rows}


async def of_kinds(
    pool: Pool, kinds: Collection[str], ticket_ids: Collection[int], since: datetime, limit: int
) -> list[Event]:
    """Rows of the ledger of these kinds and tickets, the newest first."""
    rows = await pool.fetch(
        f"SELECT {_EVENT} FROM budget_event e WHERE e.kind = ANY($1::text[]) AND e.ticket_id = ANY($2::bigint[])"
        " AND e.at >= $3 ORDER BY e.id DESC LIMIT $4",
        list(kinds),
        list(ticket_ids),
        since,
        limit,
    )
    return [Event(**row) for row in rows]


async def untold(pool: Pool, ticket_ids: Collection[int], since: datetime, limit: int) -> list[Untold]:
    """Notices that were given up, the newest first. One of a lock that is over needs no telling any more."""
    rows = await pool.fetch(
        "SELECT n.id, n.ticket_id, n.kind, n.words, coalesce(n.problem, '') AS problem, n.created_at"
        " FROM budget_notice n JOIN ticket_budget b ON b.ticket_id = n.ticket_id"
        " WHERE n.state = 'failed' AND n.ticket_id = ANY($1::bigint[]) AND n.created_at >= $2"
        " AND (n.crossing IS NULL OR n.kind = 'alert' OR n.crossing = b.crossing)"
        " ORDER BY n.created_at DESC LIMIT $3",
        list(ticket_ids),
        since,
        limit,
    )
    return [Untold(**row) for row in rows]


async def locked(pool: Pool) -> int:
    """How many tickets are locked."""
    count: int = await pool.fetchval("SELECT count(*) FROM ticket_budget WHERE locked")
    return count


async def to_write(pool: Pool) -> tuple[int, datetime | None]:
    """How many tickets' figures are to be written into the helpdesk, and since when the first is due; a moment ahead
    of now while they are in hand."""
    row = await pool.fetchrow(
        "SELECT count(*) AS rows, min(write_due_at) AS since FROM ticket_budget WHERE write_due_at IS NOT NULL"
    )
    assert row is not None
    return row["rows"], row["since"]


async def accepted(pool: Pool, ticket_ids: Sequence[int]) -> dict[int, str]:
    """The budgets of tickets as they were typed by who may set them."""
    rows = await pool.fetch(
        "SELECT ticket_id, accepted_budget FROM ticket_budget WHERE ticket_id = ANY($1::bigint[])", ticket_ids
    )
    return {row["ticket_id"]: row["accepted_budget"] for row in rows}
