"""SQL of the browsers' reports."""

from __future__ import annotations

from datetime import datetime

from plugin_server.drift.rules import KEPT, MOST_A_DAY, RECENT, Drift, Report
from plugin_server.runtime.database import Pool


async def count(pool: Pool, report: Report, now: datetime) -> None:
    """Count a report; it is dropped where the day is full."""
    values = (report.site, report.part, report.expected, report.found, report.extension)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM page_drift WHERE day < $1", (now - KEPT).date())
        known = await connection.execute(
            "UPDATE page_drift SET reports = reports + 1, last_at = greatest(last_at, $2) WHERE day = $1 AND site = $3"
            " AND part = $4 AND expected = $5 AND found = $6 AND extension = $7",
            now.date(),
            now,
            *values,
        )
        if known == "UPDATE 0":
            await connection.execute(
                "INSERT INTO page_drift (day, site, part, expected, found, extension, reports, first_at, last_at)"
                " SELECT $1, $3, $4, $5, $6, $7, 1, $2, $2"
                f" WHERE (SELECT count(*) FROM page_drift WHERE day = $1) < {MOST_A_DAY}"
                " ON CONFLICT (day, site, part, expected, found, extension) DO UPDATE"
                " SET reports = page_drift.reports + 1, last_at = excluded.last_at",
                now.date(),
                now,
                *values,
            )


async def recent(pool: Pool, now: datetime) -> list[Drift]:
    """What was told lately, part by part, the most reported first."""
    rows = await pool.fetch(
        """
        SELECT site, part, (array_agg(expected ORDER BY last_at DESC))[1], (array_agg(found ORDER BY last_at DESC))[1],
            (array_agg(extension ORDER BY last_at DESC))[1], sum(reports)::int AS reports, min(first_at), max(last_at)
        FROM page_drift WHERE last_at > $1 GROUP BY site, part ORDER BY reports DESC, part
        """,
        now - RECENT,
    )
    return [Drift(Report(*list(row.values())[:5]), *list(row.values())[5:]) for row in rows]


async def reported(pool: Pool, now: datetime) -> int:
    """How many reports there were lately."""
    return int(await pool.fetchval("SELECT coalesce(sum(reports), 0) FROM page_drift WHERE last_at > $1", now - RECENT))
