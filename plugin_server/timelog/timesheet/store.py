"""The SQL of a person's own hours that are not in Harvest, and of what Harvest expects of the person."""

from __future__ import annotations

from datetime import date

from plugin_server.runtime.database import Pool
from plugin_server.timelog.timesheet.rules import Worked


async def waiting(pool: Pool, agent_id: int, first: date, last: date) -> list[Worked]:
    """An agent's logs of these days that are on their way or wait for something. A timer's hours are in Harvest
    already."""
    rows = await pool.fetch(
        "SELECT spent_date, ticket_id, sum(hours)::integer AS hours FROM log"
        " WHERE agent_id = $1 AND spent_date BETWEEN $2 AND $3 AND timer_id IS NULL AND entry_id IS NULL"
        " AND state IN ('armed', 'queued', 'attention') GROUP BY 1, 2",
        agent_id,
        first,
        last,
    )
    return [Worked(row["spent_date"], row["ticket_id"], row["hours"], waiting=True) for row in rows]


async def expected(pool: Pool, harvest_user_id: int, since: date) -> tuple[int, date | None]:
    """A person's weekly capacity in seconds (0: not known), and the first day since then on which they have tracked
    anything."""
    row = await pool.fetchrow(
        "SELECT coalesce((SELECT weekly_capacity FROM harvest_user WHERE id = $1), 0) AS capacity,"
        " (SELECT min(spent_date) FROM time_entry WHERE user_id = $1 AND spent_date >= $2 AND deleted_at IS NULL)"
        " AS begun",
        harvest_user_id,
        since,
    )
    assert row is not None, "one is asked for"
    return row["capacity"], row["begun"]
