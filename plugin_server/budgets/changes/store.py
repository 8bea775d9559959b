"""The SQL of which tickets' figures were computed anew: what stands above budgets and follows them reads it here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from plugin_server.budgets.store import Budget
from plugin_server.runtime.database import Connection


async def note(connection: Connection, computed: Sequence[Budget]) -> None:
    """Tickets were computed anew; who follows figures looks at them next."""
    await connection.executemany(
        """
        INSERT INTO figures_changed (ticket_id, locked, at) VALUES ($1, $2, $3)
        ON CONFLICT (ticket_id) DO UPDATE SET locked = figures_changed.locked OR excluded.locked, at = excluded.at
        """,
        [(one.ticket_id, one.locked, one.computed_at) for one in computed],
    )


async def note_all(connection: Connection, now: datetime) -> None:
    """Every ticket is to be looked at: who follows figures has only just begun to."""
    await connection.execute(
        "INSERT INTO figures_changed (ticket_id, locked, at) SELECT ticket_id, locked, $1 FROM ticket_budget"
        " ON CONFLICT DO NOTHING",
        now,
    )


async def take(connection: Connection, limit: int) -> dict[int, bool]:
    """Tickets that were computed since they were last taken, each with whether it was locked at some moment meanwhile.
    What is being computed this moment comes next time."""
    rows = await connection.fetch(
        """
        DELETE FROM figures_changed WHERE ticket_id IN (
            SELECT ticket_id FROM figures_changed ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING ticket_id, locked
        """,
        limit,
    )
    return {row["ticket_id"]: row["locked"] for row in rows}


async def is_drained(connection: Connection) -> bool:
    """Whether nobody has to look at any ticket."""
    value: bool = await connection.fetchval("SELECT NOT EXISTS (SELECT FROM figures_changed)")
    return value
