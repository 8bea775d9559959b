"""The SQL of a person's own hours that are not in Harvest, and of what Harvest expects of the person."""

from __future__ import annotations

from datetime import date

from plugin_server.runtime.database import Pool
from plugin_server.timelog.timesheet.rules import Worked


async def waiting(pool: Pool, agent_id: int, harvest_user_id: int, first: date, last: date) -> list[Worked]:
    """An agent's logs of these days that are on their way or wait for something. A timer's hours are in Harvest
    already, and so are those of a call of unknown outcome whose entry the mirror holds, by the mark that the outbox
    looks for."""
    rows = await pool.fetch(
        """
        SELECT l.spent_date, l.ticket_id, sum(l.hours)::integer AS hours FROM log l
        WHERE l.agent_id = $1 AND l.spent_date BETWEEN $3 AND $4 AND l.timer_id IS NULL AND l.entry_id IS NULL
            AND l.state IN ('queued', 'attention')
            AND NOT (l.called_at IS NOT NULL AND EXISTS (
                SELECT FROM time_entry e
                WHERE e.user_id = $2 AND e.spent_date BETWEEN $3 AND $4 AND e.deleted_at IS NULL
                    AND strpos(e.external_permalink, l.id::text) > 0))
        GROUP BY 1, 2
        """,
        agent_id,
        harvest_user_id,
        first,
        last,
    )
    return [Worked(row["spent_date"], row["ticket_id"], row["hours"], waiting=True) for row in rows]


async def armed(pool: Pool, agent_id: int) -> int:
    """Hundredths of hours of an agent's logs that wait for a reply or note: nothing has been logged yet."""
    hours: int = await pool.fetchval(
        "SELECT coalesce(sum(hours), 0)::integer FROM log WHERE agent_id = $1 AND state = 'armed' AND timer_id IS NULL",
        agent_id,
    )
    return hours


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
