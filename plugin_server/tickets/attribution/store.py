"""Attribution's SQL: links, what is to be attributed anew, the outcomes, and the sums over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from plugin_server.runtime.database import Connection, Pool
from plugin_server.tickets.attribution.rules import Link

_LOCK = 0x61747472
"""Key of the advisory lock by which entries are attributed by one worker at a time ("attr")."""


class Row(NamedTuple):
    """An entry as the mirror has it, with its outcome so far and where a person ``assigned`` it. ``hours`` in
    hundredths, without a running part."""

    id: int
    project_id: int
    spent_date: date
    external_id: str | None
    notes: str | None
    hours: int
    deleted: bool
    counted_project: int | None
    ticket_id: int | None
    rule: str | None
    named_number: str | None
    assigned: int | None


class Counted(NamedTuple):
    """An outcome to be written; ``rule`` ``None`` takes it away."""

    entry_id: int
    project_id: int
    ticket_id: int | None
    rule: str | None
    named_number: str | None


@dataclass(frozen=True)
class Unassigned:
    """An entry that counts for no ticket, offered to be assigned. ``hours`` in hundredths."""

    id: int
    project_id: int
    user_id: int
    spent_date: date
    hours: int
    notes: str | None


async def lock(connection: Connection) -> None:
    """Wait until no other worker attributes; until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def due(connection: Connection | Pool, kind: str, ids: Iterable[int]) -> None:
    """Have entries attributed anew: those of projects, those that count for or name tickets, or single ones.

    A mark that is there already is written again, so that who takes it waits for this transaction and sees its facts.
    """
    await connection.execute(
        "INSERT INTO attribution_due (kind, id) SELECT $1, id FROM unnest($2::bigint[]) AS id"
        " ON CONFLICT (kind, id) DO UPDATE SET kind = excluded.kind",
        kind,
        sorted(set(ids)),
    )


async def take_due(connection: Connection, limit: int) -> list[tuple[str, int]]:
    """Take a part of what is to be attributed anew; what somebody is just marking waits for the next time."""
    rows = await connection.fetch(
        """
        DELETE FROM attribution_due WHERE (kind, id) IN (
            SELECT kind, id FROM attribution_due ORDER BY kind, id LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING kind, id
        """,
        limit,
    )
    return [(row["kind"], row["id"]) for row in rows]


_ROW = """
SELECT e.id, e.project_id, e.spent_date, e.external_id, e.notes,
    CASE WHEN e.is_running THEN e.banked_hours ELSE e.hours END AS hours,
    e.deleted_at IS NOT NULL AS deleted, a.project_id AS counted_project, a.ticket_id, a.rule, a.named_number,
    s.ticket_id AS assigned
FROM time_entry e LEFT JOIN attribution a ON a.entry_id = e.id LEFT JOIN entry_assignment s ON s.entry_id = e.id
"""


async def entries(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Entries by id."""
    return _rows(await connection.fetch(f"{_ROW} WHERE e.id = ANY($1::bigint[])", ids))


async def entries_of_projects(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """All entries of projects."""
    return _rows(await connection.fetch(f"{_ROW} WHERE e.project_id = ANY($1::bigint[])", ids))


async def entries_of_tickets(connection: Connection, ids: Sequence[int], prefix: str) -> list[Row]:
    """Entries that count for tickets, or name them: by reference or by number."""
    references = [f"{prefix}{ticket_id}" for ticket_id in ids]
    return _rows(
        await connection.fetch(
            f"""
            {_ROW} WHERE e.id IN (
                SELECT id FROM time_entry WHERE external_id = ANY($2::text[])
                UNION SELECT entry_id FROM attribution WHERE ticket_id = ANY($1::bigint[])
                UNION SELECT entry_id FROM attribution JOIN ticket ON ticket.number = named_number
                      WHERE ticket.id = ANY($1::bigint[])
                UNION SELECT entry_id FROM entry_assignment WHERE ticket_id = ANY($1::bigint[]))
            """,
            ids,
            references,
        )
    )


def _rows(records: Iterable[Any]) -> list[Row]:
    return list(map(Row._make, records))


async def links(connection: Connection | Pool, project_ids: Sequence[int]) -> list[Link]:
    """Every link that any ticket ever had to these projects."""
    rows = await connection.fetch(
        "SELECT ticket_id, project_id, linked_at, ended_at, corrected FROM ticket_link"
        " WHERE project_id = ANY($1::bigint[])",
        project_ids,
    )
    return [Link(**row) for row in rows]


async def merges(connection: Connection) -> dict[int, int]:
    """Every merged ticket with the one it was merged into."""
    rows = await connection.fetch("SELECT id, merged_into FROM ticket WHERE merged_into IS NOT NULL")
    return {row["id"]: row["merged_into"] for row in rows}


async def numbers(connection: Connection, named: Sequence[str]) -> dict[str, int]:
    """The tickets with these numbers."""
    rows = await connection.fetch("SELECT number, id FROM ticket WHERE number = ANY($1::text[])", named)
    return {row["number"]: row["id"] for row in rows}


async def assign(pool: Pool, entry_id: int, ticket_id: int, agent_id: int, now: datetime) -> None:
    """Keep a person's word, and have the entry attributed anew."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            """
            INSERT INTO entry_assignment (entry_id, ticket_id, assigned_by, assigned_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (entry_id) DO UPDATE SET ticket_id = excluded.ticket_id, assigned_by = excluded.assigned_by,
                assigned_at = excluded.assigned_at
            """,
            entry_id,
            ticket_id,
            agent_id,
            now,
        )
        await due(connection, "entry", [entry_id])


async def write_first(connection: Connection, outcomes: Sequence[Counted]) -> None:
    """Write outcomes of entries that have none yet, the way a history comes in; who attributes holds the lock, so
    nobody else gives them one."""
    await connection.copy_records_to_table("attribution", records=outcomes, columns=Counted._fields)


async def write(connection: Connection, outcomes: Sequence[Counted]) -> None:
    """Write outcomes over those that are there, and take away those of deleted entries."""
    kept = [one for one in outcomes if one.rule is not None]
    await connection.execute(
        """
        INSERT INTO attribution (entry_id, project_id, ticket_id, rule, named_number)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])
        ON CONFLICT (entry_id) DO UPDATE SET project_id = excluded.project_id, ticket_id = excluded.ticket_id,
            rule = excluded.rule, named_number = excluded.named_number
        """,
        [one.entry_id for one in kept],
        [one.project_id for one in kept],
        [one.ticket_id for one in kept],
        [one.rule for one in kept],
        [one.named_number for one in kept],
    )
    await connection.execute(
        "DELETE FROM attribution WHERE entry_id = ANY($1::bigint[])",
        [one.entry_id for one in outcomes if one.rule is None],
    )


async def mark_dirty(connection: Connection | Pool, ticket_ids: Iterable[int], project_ids: Iterable[int] = ()) -> None:
    """Have the figures of tickets computed anew, and of those that name one of the projects now. A mark that is there
    already is written again, so that who takes it waits for this transaction and sees its facts."""
    await connection.execute(
        """
        INSERT INTO dirty_ticket (ticket_id)
        SELECT id FROM unnest($1::bigint[]) AS id
        UNION SELECT id FROM ticket WHERE project_id = ANY($2::bigint[])
        ORDER BY 1
        ON CONFLICT (ticket_id) DO UPDATE SET since = dirty_ticket.since
        """,
        sorted(set(ticket_ids)),
        sorted(set(project_ids)),
    )


async def take_dirty(connection: Connection, limit: int) -> list[int]:
    """Take tickets whose figures may have changed. The rows are gone with the transaction's end; who changes
    something meanwhile waits for it and marks the ticket again."""
    rows = await connection.fetch(
        """
        DELETE FROM dirty_ticket WHERE ticket_id IN (
            SELECT ticket_id FROM dirty_ticket ORDER BY since FOR UPDATE SKIP LOCKED LIMIT $1)
        RETURNING ticket_id
        """,
        limit,
    )
    return sorted(row["ticket_id"] for row in rows)


async def hours_by_entry(pool: Pool, ticket_id: int, since: date) -> dict[int, int | None]:
    """The ticket's time entries from a day on, with their hours in hundredths; ``None`` while a timer runs."""
    rows = await pool.fetch(
        """
        SELECT e.id, CASE WHEN NOT e.is_running THEN e.hours END AS hours
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = $1 AND e.spent_date >= $2 AND e.deleted_at IS NULL ORDER BY e.id
        """,
        ticket_id,
        since,
    )
    return {row["id"]: row["hours"] for row in rows}


async def unassigned(pool: Pool, project_id: int, limit: int) -> list[Unassigned]:
    """Entries of a project that count for no ticket, newest first; without those just assigned by hand."""
    rows = await pool.fetch(
        """
        SELECT e.id, e.project_id, e.user_id, e.spent_date,
            CASE WHEN e.is_running THEN e.banked_hours ELSE e.hours END AS hours, e.notes
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.project_id = $1 AND a.ticket_id IS NULL AND e.deleted_at IS NULL
            AND NOT EXISTS (SELECT FROM entry_assignment s WHERE s.entry_id = a.entry_id)
        ORDER BY e.spent_date DESC, e.id DESC LIMIT $2
        """,
        project_id,
        limit,
    )
    return [Unassigned(**row) for row in rows]


async def counts_for(pool: Pool, entry_id: int) -> tuple[int | None, str, int] | None:
    """Where an entry counts: ticket, rule, project. ``None`` for one that is not known."""
    row = await pool.fetchrow("SELECT ticket_id, rule, project_id FROM attribution WHERE entry_id = $1", entry_id)
    return (row["ticket_id"], row["rule"], row["project_id"]) if row else None


@dataclass(frozen=True)
class Counting:
    """Which hours count: after Harvest's time rounding or as tracked, all entries or billable ones only."""

    rounded: bool = False
    billable_only: bool = False

    @property
    def hours(self) -> str:
        """The SQL of an entry's stopped hours, in hundredths."""
        whole = "coalesce(e.rounded_hours, e.hours)" if self.rounded else "e.hours"
        return f"CASE WHEN e.is_running THEN e.banked_hours ELSE {whole} END"

    @property
    def entries(self) -> str:
        """The SQL that chooses the entries."""
        return "e.deleted_at IS NULL AND e.billable" if self.billable_only else "e.deleted_at IS NULL"


@dataclass(frozen=True)
class Used:
    """Hundredths of hours: ``stopped`` without running timers, which is what locks look at; ``running`` what timers
    have added until now."""

    stopped: int = 0
    running: int = 0


_RUNNING = (
    "CASE WHEN e.is_running AND e.timer_started_at IS NOT NULL"
    " THEN greatest(0, floor(extract(epoch FROM $2::timestamptz - e.timer_started_at) / 36))::integer ELSE 0 END"
)


async def used(
    connection: Connection | Pool, ticket_ids: Sequence[int], now: datetime, counting: Counting
) -> dict[int, Used]:
    """What counts for each ticket."""
    rows = await connection.fetch(
        f"""
        SELECT a.ticket_id, sum({counting.hours})::bigint AS stopped, sum({_RUNNING})::bigint AS running
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = ANY($1::bigint[]) AND {counting.entries}
        GROUP BY a.ticket_id
        """,
        ticket_ids,
        now,
    )
    found = {row["ticket_id"]: Used(row["stopped"], row["running"]) for row in rows}
    return {ticket_id: found.get(ticket_id, Used()) for ticket_id in ticket_ids}


async def used_by_project(
    connection: Connection | Pool, project_ids: Sequence[int], now: datetime, counting: Counting, since: date | None
) -> dict[int, Used]:
    """What was tracked on each project, whichever ticket it counts for; from a day on, where one is given."""
    rows = await connection.fetch(
        f"""
        SELECT e.project_id, sum({counting.hours})::bigint AS stopped, sum({_RUNNING})::bigint AS running
        FROM time_entry e
        WHERE e.project_id = ANY($1::bigint[]) AND {counting.entries} AND ($3::date IS NULL OR e.spent_date >= $3)
        GROUP BY e.project_id
        """,
        project_ids,
        now,
        since,
    )
    return {row["project_id"]: Used(row["stopped"], row["running"]) for row in rows}


async def daily(connection: Connection | Pool, ticket_id: int, since: date, counting: Counting) -> dict[date, int]:
    """What counts for a ticket by day, in hundredths, from a day on; days without hours are left out."""
    rows = await connection.fetch(
        f"""
        SELECT e.spent_date, sum({counting.hours})::bigint AS hours
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = $1 AND e.spent_date >= $2 AND {counting.entries}
        GROUP BY e.spent_date HAVING sum({counting.hours}) > 0
        """,
        ticket_id,
        since,
    )
    return {row["spent_date"]: row["hours"] for row in rows}


async def count_unassigned(pool: Pool) -> int:
    """How many entries count for no ticket."""
    count: int = await pool.fetchval("SELECT count(*) FROM attribution WHERE ticket_id IS NULL")
    return count


async def acted_at(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, datetime]:
    """When people last had hours count for each ticket: made or changed one of its entries (by Harvest's clock),
    assigned one by hand, or merged another ticket into it (the helpdesk's last word of that one)."""
    rows = await connection.fetch(
        """
        SELECT a.ticket_id, greatest(max(e.updated_at), max(s.assigned_at),
            (SELECT max(t.updated_at) FROM ticket t WHERE t.merged_into = a.ticket_id)) AS at
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
            LEFT JOIN entry_assignment s ON s.entry_id = a.entry_id AND a.rule = 'assigned'
        WHERE a.ticket_id = ANY($1::bigint[]) AND e.deleted_at IS NULL GROUP BY a.ticket_id
        """,
        list(ticket_ids),
    )
    return {row["ticket_id"]: row["at"] for row in rows}


async def is_settled(connection: Connection) -> bool:
    """Whether no ticket waits to be computed anew, and nothing to be attributed anew."""
    value: bool = await connection.fetchval(
        "SELECT NOT EXISTS (SELECT FROM dirty_ticket) AND NOT EXISTS (SELECT FROM attribution_due)"
    )
    return value
