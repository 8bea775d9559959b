"""The SQL of lists of tickets: what a board of many shows, read at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution.store import Counting, Unassigned


class Listed(NamedTuple):
    """A ticket as last seen, as far as a list shows it; the texts are as people typed them. Of these there are
    thousands at once; a tuple is made several times faster than a frozen dataclass."""

    id: int
    number: str
    title: str
    group_id: int
    organisation_id: int | None
    owner_id: int | None
    state: str
    state_kind: str
    project_text: str
    project_id: int | None
    budget_text: str


_LISTED = ", ".join(Listed._fields)


async def listed(pool: Pool, ticket_ids: Collection[int], group_ids: Collection[int]) -> list[Listed]:
    """Those of the tickets that are in one of the groups; deleted and merged ones are left out."""
    rows = await pool.fetch(
        f"SELECT {_LISTED} FROM ticket WHERE id = ANY($1::bigint[]) AND group_id = ANY($2::bigint[])"
        " AND deleted_at IS NULL AND state_kind <> 'merged'",
        list(ticket_ids),
        list(group_ids),
    )
    return [Listed._make(row) for row in rows]


async def worked_on(pool: Pool, harvest_user_id: int) -> set[int]:
    """The tickets for which entries of a Harvest user count."""
    rows = await pool.fetch(
        "SELECT DISTINCT a.ticket_id FROM time_entry e JOIN attribution a ON a.entry_id = e.id"
        " WHERE e.user_id = $1 AND e.deleted_at IS NULL AND a.ticket_id IS NOT NULL",
        harvest_user_id,
    )
    return {row["ticket_id"] for row in rows}


async def naming(pool: Pool, project_ids: Collection[int]) -> dict[int, list[int]]:
    """The living tickets that name each project now, by project."""
    rows = await pool.fetch(
        "SELECT project_id, array_agg(id ORDER BY id) AS ids FROM ticket WHERE project_id = ANY($1::bigint[])"
        " AND deleted_at IS NULL AND state_kind <> 'merged' GROUP BY project_id",
        list(project_ids),
    )
    return {row["project_id"]: row["ids"] for row in rows}


async def once_linked(pool: Pool, ticket_ids: Collection[int]) -> set[int]:
    """The projects that tickets name, or rightly named once."""
    rows = await pool.fetch(
        "SELECT DISTINCT project_id FROM ticket_link WHERE ticket_id = ANY($1::bigint[]) AND NOT corrected",
        list(ticket_ids),
    )
    return {row["project_id"] for row in rows}


async def unassigned(
    pool: Pool, project_ids: Collection[int], harvest_user_id: int | None, limit: int
) -> tuple[list[Unassigned], int]:
    """Entries of projects that count for no ticket, the newest first, and how many there are; of one Harvest user where
    one is given."""
    where = (
        "FROM attribution a JOIN time_entry e ON e.id = a.entry_id"
        " WHERE a.project_id = ANY($1::bigint[]) AND a.ticket_id IS NULL AND e.deleted_at IS NULL"
        " AND ($2::bigint IS NULL OR e.user_id = $2)"
    )
    rows = await pool.fetch(
        "SELECT e.id, e.project_id, e.user_id, e.spent_date,"
        f" CASE WHEN e.is_running THEN e.banked_hours ELSE e.hours END AS hours, e.notes {where}"
        " ORDER BY e.spent_date DESC, e.id DESC LIMIT $3",
        list(project_ids),
        harvest_user_id,
        limit,
    )
    count: int = len(rows)
    if count == limit:
        count = await pool.fetchval(f"SELECT count(*) {where}", list(project_ids), harvest_user_id)
    return [Unassigned(**row) for row in rows], count


async def unassigned_hours(pool: Pool, project_ids: Sequence[int], counting: Counting) -> dict[int, int]:
    """Stopped hours of each project that count for no ticket, in hundredths; projects without any are left out."""
    rows = await pool.fetch(
        f"""
        SELECT a.project_id, sum({counting.hours})::bigint AS hours
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id IS NULL AND a.project_id = ANY($1::bigint[]) AND {counting.entries}
        GROUP BY a.project_id
        """,
        project_ids,
    )
    return {row["project_id"]: row["hours"] for row in rows}


async def organisations(pool: Pool) -> dict[int, int]:
    """How many living tickets each organisation has."""
    rows = await pool.fetch(
        "SELECT organisation_id, count(*) AS tickets FROM ticket WHERE organisation_id IS NOT NULL"
        " AND deleted_at IS NULL AND state_kind <> 'merged' GROUP BY organisation_id"
    )
    return {row["organisation_id"]: row["tickets"] for row in rows}


async def without_project(pool: Pool, since: datetime) -> list[int]:
    """Living tickets without a word on their project that changed since then, and of which it is known who changed
    them."""
    rows = await pool.fetch(
        "SELECT id FROM ticket WHERE project_text = '' AND updated_at >= $1 AND checked_at >= updated_at"
        " AND deleted_at IS NULL AND merged_into IS NULL AND state_kind <> 'merged' ORDER BY id",
        since,
    )
    return [row["id"] for row in rows]
