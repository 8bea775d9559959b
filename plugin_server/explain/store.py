"""The mirror's SQL for a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from plugin_server.runtime.database import Pool


@dataclass(frozen=True)
class Row:
    """An entry as last read, with its project and person as far as they are known; ``hours`` in hundredths, without a
    running part."""

    id: int
    project_id: int
    user_id: int
    spent_date: date
    hours: int
    billable: bool
    is_running: bool
    deleted_at: datetime | None
    external_id: str | None
    notes: str | None
    project_name: str | None
    project_code: str | None
    project_active: bool | None
    user_name: str | None


async def entry(pool: Pool, entry_id: int) -> Row | None:
    """One entry, deleted or not."""
    row = await pool.fetchrow(
        """
        SELECT e.id, e.project_id, e.user_id, e.spent_date,
            CASE WHEN e.is_running THEN e.banked_hours ELSE e.hours END AS hours, e.billable, e.is_running,
            e.deleted_at, e.external_id, e.notes, p.name AS project_name, p.code AS project_code,
            p.is_active AS project_active, u.name AS user_name
        FROM time_entry e LEFT JOIN harvest_project p ON p.id = e.project_id AND p.deleted_at IS NULL
            LEFT JOIN harvest_user u ON u.id = e.user_id
        WHERE e.id = $1
        """,
        entry_id,
    )
    return Row(**row) if row else None


async def twins(pool: Pool, entry_id: int) -> list[int]:
    """Other entries that say the same as this one: person, day, project, task, hours and notes."""
    rows = await pool.fetch(
        """
        SELECT e.id FROM time_entry one JOIN time_entry e
            ON e.user_id = one.user_id AND e.spent_date = one.spent_date AND e.project_id = one.project_id
            AND e.task_id = one.task_id AND e.hours = one.hours AND e.notes IS NOT DISTINCT FROM one.notes
        WHERE one.id = $1 AND e.id <> one.id AND e.deleted_at IS NULL AND NOT e.is_running AND NOT one.is_running
        ORDER BY e.id LIMIT 5
        """,
        entry_id,
    )
    return [row["id"] for row in rows]


async def oldest(pool: Pool, project_id: int) -> date | None:
    """The day of a project's first entry that has been read."""
    found: date | None = await pool.fetchval(
        "SELECT min(spent_date) FROM time_entry WHERE project_id = $1 AND deleted_at IS NULL", project_id
    )
    return found
