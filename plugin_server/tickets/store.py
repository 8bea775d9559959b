"""The tickets' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Written:
    """What became of a reading: whether it was news at all, the first of its ticket, and whether anything changed that
    budgets depend on."""

    taken: bool
    first: bool
    changed: bool


@dataclass(frozen=True)
class Ticket:
    """A ticket as last seen; the texts are as people typed them in the helpdesk. ``linked_at`` is when its present
    project was named on it."""

    id: int
    number: str
    title: str
    group_id: int
    organisation_id: int | None
    owner_id: int | None
    customer_id: int | None
    state: str
    state_kind: str
    priority: str
    project_text: str
    project_id: int | None
    budget_text: str
    quoted_text: str
    pm_text: str
    used_text: str
    utilization_text: str
    lock_text: str
    release_text: str
    updated_at: datetime
    merged_into: int | None
    deleted_at: datetime | None
    tags: tuple[str, ...]
    checked_at: datetime | None
    linked_at: datetime | None

    @property
    def is_checked(self) -> bool:
        """Whether somebody has looked who changed what it shows now."""
        return self.checked_at is not None and self.checked_at >= self.updated_at


_COLUMNS = (
    "t.id, t.number, t.title, t.group_id, t.organisation_id, t.owner_id, t.customer_id, t.state, t.state_kind,"
    " t.priority, t.project_text, t.project_id, t.budget_text, t.quoted_text, t.pm_text, t.used_text,"
    " t.utilization_text, t.lock_text, t.release_text, t.updated_at, t.merged_into, t.deleted_at, t.tags,"
    " t.checked_at"
)
_LINKED = "FROM ticket t LEFT JOIN ticket_link l ON l.ticket_id = t.id AND l.ended_at IS NULL"
_TICKET = f"SELECT {_COLUMNS}, l.linked_at {_LINKED}"
_TICKET_SEEN = f"SELECT {_COLUMNS}, l.linked_at, a.allowed_at {_LINKED}"


async def upsert(connection: Connection, ticket: base.Ticket, project_id: int | None, now: datetime) -> Written:
    """Write a ticket as just read; a reading that was overtaken changes nothing."""
    before = await connection.fetchrow(f"SELECT {_COLUMNS} FROM ticket t WHERE id = $1 FOR UPDATE", ticket.id)
    written = await connection.fetchval(
        """
        INSERT INTO ticket (id, number, title, group_id, organisation_id, project_text, project_id, budget_text,
            quoted_text, pm_text, updated_at, seen_at, owner_id, customer_id, state, state_kind, priority, used_text,
            utilization_text, lock_text, release_text, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        ON CONFLICT (id) DO UPDATE SET number = excluded.number, title = excluded.title, group_id = excluded.group_id,
            organisation_id = excluded.organisation_id, project_text = excluded.project_text,
            project_id = excluded.project_id, budget_text = excluded.budget_text, quoted_text = excluded.quoted_text,
            pm_text = excluded.pm_text, updated_at = excluded.updated_at, seen_at = excluded.seen_at,
            owner_id = excluded.owner_id, customer_id = excluded.customer_id, state = excluded.state,
            state_kind = excluded.state_kind, priority = excluded.priority, used_text = excluded.used_text,
            utilization_text = excluded.utilization_text, lock_text = excluded.lock_text,
            release_text = excluded.release_text, created_at = excluded.created_at, deleted_at = NULL
        WHERE ticket.updated_at <= excluded.updated_at
        RETURNING true
        """,
        ticket.id,
        ticket.number,
        ticket.title,
        ticket.group_id,
        ticket.organisation_id,
        ticket.project,
        project_id,
        ticket.budget_hours,
        ticket.quoted_hours,
        ticket.pm,
        ticket.updated_at,
        now,
        ticket.owner_id,
        ticket.customer_id,
        ticket.state,
        ticket.state_kind,
        ticket.priority,
        ticket.used,
        ticket.utilization,
        ticket.lock,
        ticket.release,
        ticket.created_at,
    )
    if not written:
        return Written(taken=False, first=False, changed=False)
    after = await connection.fetchrow(f"SELECT {_COLUMNS} FROM ticket t WHERE id = $1", ticket.id)
    return Written(taken=True, first=before is None, changed=before is None or _figures(before) != _figures(after))


def _figures(row: Any) -> list[Any]:
    """What budgets depend on."""
    return [value for name, value in row.items() if name not in ("title", "updated_at", "customer_id", "checked_at")]


def _ticket(row: Any) -> Ticket:
    return Ticket(**{**row, "tags": tuple(row["tags"])})


async def set_tags(connection: Connection | Pool, ticket_id: int, tags: Sequence[str]) -> bool:
    """Write a ticket's tags; ``False`` when they are the same."""
    found = await connection.fetchval(
        "UPDATE ticket SET tags = $2 WHERE id = $1 AND tags IS DISTINCT FROM $2 RETURNING true", ticket_id, sorted(tags)
    )
    return bool(found)


async def ticket(pool: Pool | Connection, ticket_id: int) -> Ticket | None:
    """A ticket as last seen."""
    row = await pool.fetchrow(f"{_TICKET} WHERE t.id = $1", ticket_id)
    return _ticket(row) if row else None


async def tickets(connection: Pool | Connection, ticket_ids: Sequence[int]) -> list[Ticket]:
    """Tickets as last seen."""
    rows = await connection.fetch(f"{_TICKET} WHERE t.id = ANY($1::bigint[]) ORDER BY t.id", ticket_ids)
    return [_ticket(row) for row in rows]


async def naming(pool: Pool, project_id: int) -> list[int]:
    """The tickets that name a project now."""
    rows = await pool.fetch(
        "SELECT id FROM ticket WHERE project_id = $1 AND deleted_at IS NULL ORDER BY id", project_id
    )
    return [row["id"] for row in rows]


async def unchecked(pool: Pool, now: datetime, limit: int) -> list[Ticket]:
    """Tickets that have changed since somebody looked who changed their budget fields, the longest waiting first."""
    rows = await pool.fetch(
        f"{_TICKET} WHERE (t.checked_at IS NULL OR t.checked_at < t.updated_at) AND t.deleted_at IS NULL"
        " AND t.check_after <= $1 ORDER BY t.updated_at LIMIT $2",
        now,
        limit,
    )
    return [_ticket(row) for row in rows]


async def check_later(pool: Pool, ticket_id: int, after: datetime) -> None:
    """Who changed the ticket could not be found out; it is tried again then, behind the others."""
    await pool.execute("UPDATE ticket SET check_after = $2 WHERE id = $1", ticket_id, after)


async def checked(pool: Pool | Connection, ticket_id: int, updated_at: datetime) -> None:
    """Note that the ticket's fields have been looked at as they were then."""
    await pool.execute("UPDATE ticket SET checked_at = $2 WHERE id = $1", ticket_id, updated_at)


async def incomplete(pool: Pool, limit: int) -> list[int]:
    """Tickets of which something is missing that only their history says: where a merged one went, since when a
    project is named. Different ones each time."""
    rows = await pool.fetch(
        """
        SELECT t.id FROM ticket t LEFT JOIN ticket_link l ON l.ticket_id = t.id AND l.ended_at IS NULL
        WHERE t.deleted_at IS NULL AND ((t.state_kind = 'merged' AND t.merged_into IS NULL) OR NOT l.dated)
        ORDER BY random() LIMIT $1
        """,
        limit,
    )
    return [row["id"] for row in rows]


async def merge(connection: Connection, ticket_id: int, target: int) -> bool:
    """Note where a ticket was merged to; ``False`` when that is known."""
    found = await connection.fetchval(
        "UPDATE ticket SET merged_into = $2 WHERE id = $1 AND merged_into IS DISTINCT FROM $2 RETURNING true",
        ticket_id,
        target,
    )
    return bool(found)


async def delete(connection: Connection, ticket_id: int, now: datetime) -> bool:
    """Note that the helpdesk no longer has a ticket; its row and its hours stay. ``False`` when that is known."""
    found = await connection.fetchval(
        "UPDATE ticket SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING true", ticket_id, now
    )
    return bool(found)


async def living(pool: Pool, after: int, limit: int) -> list[int]:
    """Tickets not known to be deleted, in order of id."""
    rows = await pool.fetch(
        "SELECT id FROM ticket WHERE id > $1 AND deleted_at IS NULL ORDER BY id LIMIT $2", after, limit
    )
    return [row["id"] for row in rows]


async def take_delivery(pool: Pool, delivery_id: str, now: datetime) -> bool:
    """Note a webhook's delivery; ``False`` when it was taken before."""
    return bool(
        await pool.fetchval(
            "INSERT INTO webhook_delivery (id, taken_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true",
            delivery_id,
            now,
        )
    )


async def shown_locked(pool: Pool, limit: int) -> list[Ticket]:
    """Tickets that the helpdesk holds for locked, the latest changed first."""
    rows = await pool.fetch(
        f"{_TICKET} WHERE t.lock_text = 'locked' AND t.deleted_at IS NULL AND t.state_kind <> 'merged'"
        " ORDER BY t.updated_at DESC LIMIT $1",
        limit,
    )
    return [_ticket(row) for row in rows]


async def forget_deliveries(pool: Pool, before: datetime) -> None:
    """Forget deliveries that won't come again."""
    await pool.execute("DELETE FROM webhook_delivery WHERE taken_at < $1", before)


async def seen_by(pool: Pool, agent_id: int, ticket_id: int) -> tuple[Ticket | None, datetime | None]:
    """The ticket as last seen, and when the helpdesk last let the agent see it."""
    row = await pool.fetchrow(
        f"{_TICKET_SEEN} LEFT JOIN ticket_access a ON a.agent_id = $1 AND a.ticket_id = t.id WHERE t.id = $2",
        agent_id,
        ticket_id,
    )
    if row is None:
        return None, None
    return _ticket({name: value for name, value in row.items() if name != "allowed_at"}), row["allowed_at"]


async def allow(connection: Connection, agent_id: int, ticket_id: int, now: datetime) -> None:
    """Note a yes."""
    await connection.execute(
        """
        INSERT INTO ticket_access (agent_id, ticket_id, allowed_at) VALUES ($1, $2, $3)
        ON CONFLICT (agent_id, ticket_id) DO UPDATE SET allowed_at = excluded.allowed_at
        """,
        agent_id,
        ticket_id,
        now,
    )


async def forbid(pool: Pool, agent_id: int, ticket_id: int) -> None:
    """Note a no: an earlier yes no longer stands."""
    await pool.execute("DELETE FROM ticket_access WHERE agent_id = $1 AND ticket_id = $2", agent_id, ticket_id)


async def last_allowed_before(
    pool: Pool, agent_id: int, ticket_ids: Sequence[int], before: datetime, limit: int
) -> list[int]:
    """Those of the tickets that the helpdesk has let the agent see, but not since an instant; the latest first."""
    rows = await pool.fetch(
        "SELECT ticket_id FROM ticket_access WHERE agent_id = $1 AND ticket_id = ANY($2::bigint[]) AND allowed_at <= $3"
        " ORDER BY allowed_at DESC, ticket_id LIMIT $4",
        agent_id,
        ticket_ids,
        before,
        limit,
    )
    return [row["ticket_id"] for row in rows]


async def titles(pool: Pool, agent_id: int, ticket_ids: Sequence[int], since: datetime) -> dict[int, tuple[str, str]]:
    """Number and title of those of the tickets that the helpdesk has let the agent see after an instant."""
    rows = await pool.fetch(
        "SELECT t.id, number, title FROM ticket t JOIN ticket_access a ON a.ticket_id = t.id"
        " WHERE a.agent_id = $1 AND t.id = ANY($2::bigint[]) AND a.allowed_at > $3",
        agent_id,
        ticket_ids,
        since,
    )
    return {row["id"]: (row["number"], row["title"]) for row in rows}


async def last_delivery(pool: Pool) -> datetime | None:
    """When the helpdesk's webhook last called, as far as deliveries are kept."""
    taken_at: datetime | None = await pool.fetchval("SELECT max(taken_at) FROM webhook_delivery")
    return taken_at
