"""The panel's SQL: how the parts were last found."""

from __future__ import annotations

from datetime import datetime

from plugin_server.panel.rules import Seen
from plugin_server.runtime.database import Pool


async def note(pool: Pool, name: str, now: datetime, problem: str | None, refused: bool) -> None:
    """A part was looked at: well, or with a problem. A later look is never overruled by an earlier one."""
    await pool.execute(
        """
        INSERT INTO component_health AS h (name, looked_at, answered_at, failing_since, refused, problem)
        VALUES ($1, $2::timestamptz, CASE WHEN $3::text IS NULL THEN $2 END, CASE WHEN $3 IS NOT NULL THEN $2 END,
            $4, $3)
        ON CONFLICT (name) DO UPDATE SET looked_at = excluded.looked_at, refused = excluded.refused,
            problem = excluded.problem, answered_at = coalesce(excluded.answered_at, h.answered_at),
            failing_since = CASE WHEN $3 IS NOT NULL THEN coalesce(h.failing_since, excluded.failing_since) END
        WHERE h.looked_at <= excluded.looked_at
        """,
        name,
        now,
        problem,
        refused,
    )


async def seen(pool: Pool) -> dict[str, Seen]:
    """What was noted, by the part's name."""
    rows = await pool.fetch(
        "SELECT name, looked_at, answered_at, failing_since, refused, problem FROM component_health"
    )
    return {row["name"]: Seen(*list(row.values())[1:]) for row in rows}
