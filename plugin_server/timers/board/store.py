"""The SQL of timers that need somebody's eye, over all agents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from plugin_server.runtime.database import Pool


@dataclass(frozen=True)
class Unlogged:
    """A timer that has ended and that nobody has logged; ``hours`` of its entries in hundredths. ``problem``: why it
    could not be stopped in Harvest."""

    agent_id: int
    spent_date: date
    hours: int
    problem: str | None


async def unlogged(pool: Pool, ticket_id: int, agent_id: int | None) -> list[Unlogged]:
    """Stopped timers on a ticket that no log records, the oldest first: of one agent, or of all (``None``)."""
    rows = await pool.fetch(
        """
        SELECT t.agent_id, t.spent_date, coalesce(sum(e.hours), 0)::int AS hours, t.problem
        FROM timer t LEFT JOIN timer_entry own ON own.timer_id = t.id
            LEFT JOIN time_entry e ON e.id = own.entry_id AND e.deleted_at IS NULL
        WHERE t.ticket_id = $1 AND ($2::bigint IS NULL OR t.agent_id = $2) AND t.held_by IS NULL
            AND t.state IN ('stopped', 'attention')
        GROUP BY t.id ORDER BY t.start_wanted_at LIMIT 20
        """,
        ticket_id,
        agent_id,
    )
    return [Unlogged(**row) for row in rows]
