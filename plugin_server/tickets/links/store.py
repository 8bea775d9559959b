"""The SQL of links from tickets to projects, and of what became of a link that was changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from plugin_server.mirror.store import Project
from plugin_server.runtime.database import Connection, Pool

Answer = Literal["move", "keep", "leave"]
"""What to do about the entries of a project that a ticket no longer names: move those that name the ticket to the new
project, in Harvest; keep them all, because the link was right until it was changed; or nothing."""


@dataclass(frozen=True)
class Change:
    """A ticket's project was changed. Entries and hours (hundredths) of the old project that no longer count for the
    ticket, and of the new one that do now; ``staying`` entries of the old project name the ticket."""

    id: int
    ticket_id: int
    old_project_id: int
    new_project_id: int | None
    changed_at: datetime
    left_entries: int
    left_hours: int
    came_entries: int
    came_hours: int
    counted_at: datetime | None
    answer: Answer | None
    outcome: str | None
    staying: int


@dataclass(frozen=True)
class Sums:
    """Entries and hundredths of hours that left tickets and came to them, by ticket and project."""

    left: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    came: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)


async def see(
    connection: Connection, ticket_id: int, project_id: int | None, at: datetime, now: datetime
) -> tuple[int | None, ...]:
    """Note which project a ticket names, as of ``at`` (the helpdesk's). Another one than before corrects the link.

    Returns the projects whose entries are to be attributed anew; empty when nothing changed.
    """
    present = await connection.fetchrow(
        "SELECT id, project_id, linked_at FROM ticket_link WHERE ticket_id = $1 AND ended_at IS NULL FOR UPDATE",
        ticket_id,
    )
    if (present["project_id"] if present else None) == project_id:
        return ()
    if present:
        await connection.execute(
            "UPDATE ticket_link SET ended_at = greatest(linked_at, $2), corrected = true WHERE id = $1",
            present["id"],
            at,
        )
        await connection.execute(
            "INSERT INTO link_change (ticket_id, link_id, old_project_id, new_project_id, changed_at)"
            " VALUES ($1, $2, $3, $4, $5)",
            ticket_id,
            present["id"],
            present["project_id"],
            project_id,
            now,
        )
    if project_id is not None:
        await connection.execute(
            "INSERT INTO ticket_link (ticket_id, project_id, linked_at) VALUES ($1, $2, $3)"
            " ON CONFLICT (ticket_id) WHERE ended_at IS NULL DO NOTHING",
            ticket_id,
            project_id,
            at,
        )
    return (present["project_id"] if present else None, project_id)


async def end(connection: Connection, ticket_id: int, at: datetime) -> int | None:
    """End a ticket's link because the ticket is gone; it was right until then. Returns its project."""
    project_id: int | None = await connection.fetchval(
        "UPDATE ticket_link SET ended_at = greatest(linked_at, $2) WHERE ticket_id = $1 AND ended_at IS NULL"
        " RETURNING project_id",
        ticket_id,
        at,
    )
    return project_id


async def undated(pool: Pool, ticket_id: int) -> bool:
    """Whether the present link's date is only that of the reading that showed it."""
    found = await pool.fetchval(
        "SELECT true FROM ticket_link WHERE ticket_id = $1 AND ended_at IS NULL AND NOT dated", ticket_id
    )
    return bool(found)


async def date(connection: Connection, ticket_id: int, linked_at: datetime | None) -> int | None:
    """Give the present link the helpdesk's own date (``None``: it has none, the reading's stays). Returns the project
    whose entries are to be attributed anew, if the date is another one."""
    project_id: int | None = await connection.fetchval(
        """
        WITH before AS (
            SELECT id, linked_at FROM ticket_link
            WHERE ticket_id = $1 AND ended_at IS NULL AND NOT dated FOR UPDATE)
        UPDATE ticket_link SET dated = true, linked_at = coalesce($2, before.linked_at) FROM before
        WHERE ticket_link.id = before.id
        RETURNING CASE WHEN ticket_link.linked_at <> before.linked_at THEN project_id END
        """,
        ticket_id,
        linked_at,
    )
    return project_id


_HOLDERS = """
SELECT coalesce(t.merged_into, l.ticket_id) AS ticket_id, l.linked_at
FROM ticket_link l JOIN ticket t ON t.id = l.ticket_id WHERE l.project_id = $1 AND l.ended_at IS NULL
ORDER BY l.linked_at, l.ticket_id
"""


async def holders(pool: Pool | Connection, project_id: int) -> list[tuple[int, datetime]]:
    """The tickets that name a project now, the first one first, each with the date of its link. For a ticket that was
    merged stands the one that it was merged into."""
    rows = await pool.fetch(_HOLDERS, project_id)
    return [(row["ticket_id"], row["linked_at"]) for row in rows]


async def standing(pool: Pool | Connection, project_id: int) -> tuple[Project | None, str | None, int | None]:
    """A project as last seen, the address of its page once the account's is known, and its first holder."""
    row = await pool.fetchrow(
        f"""
        SELECT p.id, p.name, p.code, p.client_name, p.is_active, c.base_uri, h.ticket_id AS holder
        FROM (SELECT $1::bigint AS project_id) asked
        LEFT JOIN harvest_project p ON p.id = asked.project_id AND p.deleted_at IS NULL
        LEFT JOIN harvest_company c ON true
        LEFT JOIN LATERAL ({_HOLDERS} LIMIT 1) h ON true
        """,
        project_id,
    )
    assert row is not None  # one is asked for
    *project, base_uri, holder = row
    url = f"{base_uri}/projects/{project_id}" if base_uri else None
    return (None if project[0] is None else Project(*project)), url, holder


async def uncounted(connection: Connection) -> list[tuple[int, int, int, int | None]]:
    """Changes whose entries have not all been attributed anew: id, ticket, old and new project. To be read before what
    is to be attributed is taken, or a change that comes between would count nothing."""
    rows = await connection.fetch(
        "SELECT id, ticket_id, old_project_id, new_project_id FROM link_change WHERE counted_at IS NULL ORDER BY id"
    )
    return [(row["id"], row["ticket_id"], row["old_project_id"], row["new_project_id"]) for row in rows]


async def count(
    connection: Connection, changes: Sequence[tuple[int, int, int, int | None]], sums: Sums, now: datetime
) -> None:
    """Add what the changes have moved; one is counted when nothing of its projects waits any more."""
    for change_id, ticket_id, old, new in changes:
        left = sums.left.get((ticket_id, old), (0, 0))
        came = sums.came.get((ticket_id, new or 0), (0, 0))
        await connection.execute(
            """
            UPDATE link_change SET left_entries = left_entries + $2, left_hours = left_hours + $3,
                came_entries = came_entries + $4, came_hours = came_hours + $5,
                counted_at = CASE WHEN NOT EXISTS (
                    SELECT FROM attribution_due WHERE kind = 'project' AND id IN (old_project_id, new_project_id))
                THEN $6::timestamptz END
            WHERE id = $1
            """,
            change_id,
            *left,
            *came,
            now,
        )


_CHANGE = """
SELECT c.id, c.ticket_id, c.old_project_id, c.new_project_id, c.changed_at, c.left_entries, c.left_hours,
    c.came_entries, c.came_hours, c.counted_at, c.answer, c.outcome,
    (SELECT count(*) FROM attribution a WHERE a.ticket_id = c.ticket_id AND a.project_id = c.old_project_id
        AND a.rule IN ('reference', 'number')) AS staying
FROM link_change c
"""


async def change(pool: Pool, change_id: int) -> Change | None:
    """One change."""
    row = await pool.fetchrow(f"{_CHANGE} WHERE c.id = $1", change_id)
    return Change(**row) if row else None


async def latest(pool: Pool, ticket_id: int) -> Change | None:
    """A ticket's latest change, once what it moved is counted."""
    row = await pool.fetchrow(
        f"{_CHANGE} WHERE c.ticket_id = $1 AND c.counted_at IS NOT NULL ORDER BY c.id DESC LIMIT 1", ticket_id
    )
    return Change(**row) if row else None


async def take_untold(connection: Connection, now: datetime, limit: int = 100) -> list[Change]:
    """Changes that have been counted and not been passed on yet; they are, with the caller's transaction."""
    rows = await connection.fetch(
        """
        UPDATE link_change SET told_at = $1 WHERE id IN (
            SELECT id FROM link_change WHERE counted_at IS NOT NULL AND told_at IS NULL
            ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING id
        """,
        now,
        limit,
    )
    found = await connection.fetch(
        f"{_CHANGE} WHERE c.id = ANY($1::bigint[]) ORDER BY c.id", [row["id"] for row in rows]
    )
    return [Change(**row) for row in found]


async def answer(connection: Connection, change_id: int, chosen: Answer, agent_id: int, now: datetime) -> bool:
    """Keep what somebody chose; ``False`` when somebody has chosen before."""
    row = await connection.fetchrow(
        "UPDATE link_change SET answer = $2, answered_by = $3, answered_at = $4 WHERE id = $1 AND answer IS NULL"
        " RETURNING link_id",
        change_id,
        chosen,
        agent_id,
        now,
    )
    if row is None:
        return False
    if chosen == "keep":
        await connection.execute("UPDATE ticket_link SET corrected = false WHERE id = $1", row["link_id"])
    return True


async def settle(pool: Pool, change_id: int, outcome: str) -> None:
    """Write down in words what became of a move."""
    await pool.execute("UPDATE link_change SET outcome = $2 WHERE id = $1", change_id, outcome)


async def to_move(pool: Pool, limit: int = 5) -> list[Change]:
    """Changes whose entries are to be moved in Harvest."""
    rows = await pool.fetch(f"{_CHANGE} WHERE c.answer = 'move' AND c.outcome IS NULL ORDER BY c.id LIMIT $1", limit)
    return [Change(**row) for row in rows]


async def staying(pool: Pool, ticket_id: int, project_id: int) -> list[int]:
    """Entries of a project that count for a ticket because they name it."""
    rows = await pool.fetch(
        "SELECT entry_id FROM attribution WHERE ticket_id = $1 AND project_id = $2 AND rule IN ('reference', 'number')"
        " ORDER BY entry_id",
        ticket_id,
        project_id,
    )
    return [row["entry_id"] for row in rows]
