"""The tickets' SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from plugin_server.helpdesk import base
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Ticket:
    """A ticket as last seen; the texts are as people typed them in the helpdesk. ``linked_at`` is when its present
    project was first seen on it."""

    id: int
    number: str
    title: str
    organisation_id: int | None
    project_text: str
    project_id: int | None
    budget_text: str
    quoted_text: str
    pm_text: str
    linked_at: datetime | None


async def upsert(connection: Connection, ticket: base.Ticket, project_id: int | None, now: datetime) -> None:
    """Write a ticket as just read, and its link where the project changed."""
    written = await connection.fetchval(
        """
        INSERT INTO ticket (id, number, title, group_id, organisation_id, project_text, project_id, budget_text,
            quoted_text, pm_text, updated_at, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        ON CONFLICT (id) DO UPDATE SET number = excluded.number, title = excluded.title, group_id = excluded.group_id,
            organisation_id = excluded.organisation_id, project_text = excluded.project_text,
            project_id = excluded.project_id, budget_text = excluded.budget_text, quoted_text = excluded.quoted_text,
            pm_text = excluded.pm_text, updated_at = excluded.updated_at, seen_at = excluded.seen_at
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
    )
    if not written:
        return  # an older reading that was overtaken
    await connection.execute(
        """
        UPDATE ticket_link SET ended_at = $3
        WHERE ticket_id = $1 AND ended_at IS NULL AND project_id IS DISTINCT FROM $2
        """,
        ticket.id,
        project_id,
        now,
    )
    if project_id is not None:
        await connection.execute(
            """
            INSERT INTO ticket_link (ticket_id, project_id, linked_at) VALUES ($1, $2, $3)
            ON CONFLICT (ticket_id) WHERE ended_at IS NULL DO NOTHING
            """,
            ticket.id,
            project_id,
            now,
        )


async def ticket(pool: Pool, ticket_id: int) -> Ticket | None:
    """A ticket as last seen."""
    row = await pool.fetchrow(
        "SELECT t.id, number, title, organisation_id, project_text, t.project_id, budget_text, quoted_text, pm_text,"
        " linked_at FROM ticket t LEFT JOIN ticket_link l ON l.ticket_id = t.id AND l.ended_at IS NULL WHERE t.id = $1",
        ticket_id,
    )
    return Ticket(**row) if row else None


async def allowed_at(pool: Pool, agent_id: int, ticket_id: int) -> datetime | None:
    """When the helpdesk last let the agent see the ticket."""
    value: datetime | None = await pool.fetchval(
        "SELECT allowed_at FROM ticket_access WHERE agent_id = $1 AND ticket_id = $2", agent_id, ticket_id
    )
    return value


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


async def hours_used(
    pool: Pool, ticket_id: int, reference: str, reference_prefix: str, project_id: int | None
) -> Decimal:
    """Hours of the entries that count for a ticket, two places.

    An entry that names a ticket of this helpdesk counts there. One that names none counts for the ticket its project
    is dedicated to: the one linked to it first.
    """
    total: int = await pool.fetchval(
        """
        SELECT coalesce(sum(hours), 0) FROM time_entry e
        WHERE e.deleted_at IS NULL AND (
            e.external_id = $2
            OR (e.project_id = $4 AND NOT starts_with(coalesce(e.external_id, ''), $3)
                AND $1 = (SELECT l.ticket_id FROM ticket_link l WHERE l.project_id = $4 AND l.ended_at IS NULL
                          ORDER BY l.linked_at, l.id LIMIT 1)))
        """,
        ticket_id,
        reference,
        reference_prefix,
        project_id,
    )
    return Decimal(total) / 100


async def titles(pool: Pool, agent_id: int, ticket_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
    """Number and title of those of the tickets that the helpdesk has let the agent see."""
    rows = await pool.fetch(
        "SELECT t.id, number, title FROM ticket t JOIN ticket_access a ON a.ticket_id = t.id"
        " WHERE a.agent_id = $1 AND t.id = ANY($2::bigint[])",
        agent_id,
        ticket_ids,
    )
    return {row["id"]: (row["number"], row["title"]) for row in rows}
