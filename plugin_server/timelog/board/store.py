"""The SQL of logs that need somebody's eye, over all agents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from plugin_server.runtime.database import Pool

SETTLES_WITHIN = timedelta(minutes=1)
"""A log that has waited for less is on its way and needs nobody."""


@dataclass(frozen=True)
class Waiting:
    """A log that is not in Harvest. ``hours`` in hundredths; ``since`` is when it came to be in this state."""

    id: UUID
    agent_id: int
    ticket_id: int
    state: str
    hours: int
    spent_date: date
    notes: str
    problem: str | None
    since: datetime


async def waiting(
    pool: Pool, agent_id: int, ticket_ids: Collection[int], now: datetime, expired_since: datetime, limit: int
) -> tuple[list[Waiting], int]:
    """Logs that wait for Harvest, need their agent, or have expired since an instant, the newest first, and how many
    there are: the agent's own, and those of these tickets."""
    rows = await pool.fetch(
        """
        SELECT id, agent_id, ticket_id, state, hours, spent_date, notes, problem, changed_at AS since,
            count(*) OVER () AS of
        FROM log WHERE (agent_id = $1 OR ticket_id = ANY($2::bigint[])) AND (
            state = 'attention' OR state = 'queued' AND (changed_at <= $3 OR problem IS NOT NULL)
            OR state = 'expired' AND changed_at >= $4)
        ORDER BY changed_at DESC, id LIMIT $5
        """,
        agent_id,
        list(ticket_ids),
        now - SETTLES_WITHIN,
        expired_since,
        limit,
    )
    found = [Waiting(**{name: value for name, value in row.items() if name != "of"}) for row in rows]
    return found, rows[0]["of"] if rows else 0


async def of_ticket(pool: Pool, ticket_id: int, agent_id: int | None, expired_since: datetime) -> list[Waiting]:
    """Logs on a ticket that are not in Harvest, the oldest first: of one agent, or of all (``None``). Expired ones only
    since an instant."""
    rows = await pool.fetch(
        """
        SELECT id, agent_id, ticket_id, state, hours, spent_date, notes, problem, changed_at AS since FROM log
        WHERE ticket_id = $1 AND ($2::bigint IS NULL OR agent_id = $2) AND (
            state IN ('armed', 'queued', 'attention') OR state = 'expired' AND changed_at >= $3)
        ORDER BY changed_at, id LIMIT 20
        """,
        ticket_id,
        agent_id,
        expired_since,
    )
    return [Waiting(**row) for row in rows]
