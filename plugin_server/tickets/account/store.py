"""The SQL of an account of hours: what counts for a ticket by which rule, and where its project's others count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from plugin_server.runtime.database import Pool
from plugin_server.tickets.account.rules import Share
from plugin_server.tickets.attribution.rules import Rule
from plugin_server.tickets.attribution.store import Counting


@dataclass(frozen=True)
class Of:
    """What a ticket's entries are: those that ``count``, by rule; those that would but for the manifest's
    ``billable_only``; those that run; those that are deleted in Harvest and named the ticket."""

    counts: dict[Rule, Share]
    not_billable: Share
    running: int
    deleted: Share


_HOURS = "CASE WHEN e.is_running THEN e.banked_hours ELSE e.hours END"


async def of_ticket(pool: Pool, ticket_id: int, reference: str, counting: Counting) -> Of:
    """The account of one ticket; ``reference`` is how entries name it."""
    rows = await pool.fetch(
        f"""
        SELECT a.rule, {counting.entries} AS counts, count(*)::integer AS entries,
            sum({counting.hours})::bigint AS hours, count(*) FILTER (WHERE e.is_running)::integer AS running
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = $1 AND e.deleted_at IS NULL GROUP BY 1, 2
        """,
        ticket_id,
    )
    other = [Share(row["entries"], row["hours"]) for row in rows if not row["counts"]]
    gone = await pool.fetchrow(
        f"SELECT count(*)::integer AS entries, coalesce(sum({_HOURS}), 0)::bigint AS hours FROM time_entry e"
        " WHERE e.external_id = $1 AND e.deleted_at IS NOT NULL",
        reference,
    )
    assert gone is not None, "an aggregate has a row"
    return Of(
        counts={row["rule"]: Share(row["entries"], row["hours"]) for row in rows if row["counts"]},
        not_billable=Share(sum(one.entries for one in other), sum(one.hours for one in other)),
        running=sum(row["running"] for row in rows),
        deleted=Share(gone["entries"], gone["hours"]),
    )


async def elsewhere(pool: Pool, project_id: int, ticket_id: int) -> dict[int | None, Share]:
    """A project's entries that do not count for a ticket, by the ticket for which they do; ``None``: for none."""
    rows = await pool.fetch(
        f"""
        SELECT a.ticket_id, count(*)::integer AS entries, sum({_HOURS})::bigint AS hours
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.project_id = $1 AND a.ticket_id IS DISTINCT FROM $2 AND e.deleted_at IS NULL GROUP BY 1
        """,
        project_id,
        ticket_id,
    )
    return {row["ticket_id"]: Share(row["entries"], row["hours"]) for row in rows}


@dataclass(frozen=True)
class Standing:
    """Where an entry stands: for which ticket it counts and why, the ticket number that its notes carry, and who
    assigned it by hand. ``rule`` is ``None`` while it is not attributed."""

    ticket_id: int | None
    rule: Rule | None
    named_number: str | None
    assigned_to: int | None
    assigned_by: int | None
    assigned_at: datetime | None


async def standing(pool: Pool, entry_id: int) -> Standing:
    """Where one entry stands."""
    row = await pool.fetchrow(
        "SELECT a.ticket_id, a.rule, a.named_number, s.ticket_id AS assigned_to, s.assigned_by, s.assigned_at"
        " FROM (SELECT $1::bigint AS id) AS one LEFT JOIN attribution a ON a.entry_id = one.id"
        " LEFT JOIN entry_assignment s ON s.entry_id = one.id",
        entry_id,
    )
    assert row is not None, "the left side has a row"
    return Standing(**row)


async def uncounted(pool: Pool, project_id: int | None, reference: str) -> int:
    """Entries of a project, or that name a ticket, that are read and not yet attributed."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM time_entry e LEFT JOIN attribution a ON a.entry_id = e.id"
        " WHERE (e.project_id = $1 OR e.external_id = $2) AND e.deleted_at IS NULL AND a.entry_id IS NULL",
        project_id,
        reference,
    )
    return count


async def same_twice(pool: Pool, ticket_id: int) -> list[list[int]]:
    """Entries of a ticket that say the same: one person's, of one day, project and task, with the same hours and notes;
    the ids of each such group, the latest first."""
    rows = await pool.fetch(
        """
        SELECT array_agg(e.id ORDER BY e.id) AS ids FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = $1 AND e.deleted_at IS NULL AND NOT e.is_running AND e.hours > 0
        GROUP BY e.user_id, e.spent_date, e.project_id, e.task_id, e.hours, coalesce(e.notes, '') HAVING count(*) > 1
        ORDER BY max(e.spent_date) DESC LIMIT 5
        """,
        ticket_id,
    )
    return [row["ids"] for row in rows]


async def removed_twins(pool: Pool, reference: str) -> int:
    """Second entries of a ticket's logs that an uncertain call had made and that were removed: deleted ones whose mark
    another entry still carries."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM time_entry gone WHERE gone.external_id = $1 AND gone.deleted_at IS NOT NULL AND EXISTS ("
        "SELECT FROM time_entry e WHERE e.external_id = $1 AND e.deleted_at IS NULL"
        " AND e.external_permalink = gone.external_permalink)",
        reference,
    )
    return count


@dataclass(frozen=True)
class Named:
    """What people call a ticket, and where it went when it was merged."""

    id: int
    number: str
    project_id: int | None
    merged_into: int | None


async def named(pool: Pool, ticket_ids: Sequence[int]) -> dict[int, Named]:
    """Tickets by id; who may see them is not asked."""
    rows = await pool.fetch(
        "SELECT id, number, project_id, merged_into FROM ticket WHERE id = ANY($1::bigint[])", list(ticket_ids)
    )
    return {row["id"]: Named(**row) for row in rows}


async def by_number(pool: Pool, number: str) -> int | None:
    """The ticket with this number."""
    found: int | None = await pool.fetchval("SELECT id FROM ticket WHERE number = $1 ORDER BY id LIMIT 1", number)
    return found


async def of_day(pool: Pool, harvest_user_id: int, day: date, limit: int) -> list[int]:
    """A person's entries of a day, by id; deleted ones too."""
    rows = await pool.fetch(
        "SELECT id FROM time_entry WHERE user_id = $1 AND spent_date = $2 ORDER BY id LIMIT $3",
        harvest_user_id,
        day,
        limit,
    )
    return [row["id"] for row in rows]


async def worked(
    pool: Pool, harvest_user_id: int, first: date, last: date, now: datetime
) -> list[tuple[date, int | None, int]]:
    """A person's hours by day and ticket (``None``: none), in hundredths, what runs up to now included."""
    rows = await pool.fetch(
        f"""
        SELECT e.spent_date, a.ticket_id, sum({_HOURS} + CASE WHEN e.is_running AND e.timer_started_at IS NOT NULL
            THEN greatest(0, floor(extract(epoch FROM $4::timestamptz - e.timer_started_at) / 36))::integer
            ELSE 0 END)::integer AS hours
        FROM time_entry e LEFT JOIN attribution a ON a.entry_id = e.id
        WHERE e.user_id = $1 AND e.spent_date BETWEEN $2 AND $3 AND e.deleted_at IS NULL GROUP BY 1, 2
        """,
        harvest_user_id,
        first,
        last,
        now,
    )
    return [(row["spent_date"], row["ticket_id"], row["hours"]) for row in rows]


async def last_seen(pool: Pool, agent_id: int, limit: int) -> list[int]:
    """The tickets that an agent has looked at last, the latest first: working on one shows it, too."""
    rows = await pool.fetch(
        "SELECT a.ticket_id FROM ticket_access a JOIN ticket t ON t.id = a.ticket_id"
        " WHERE a.agent_id = $1 AND t.deleted_at IS NULL AND t.state_kind <> 'merged'"
        " ORDER BY a.allowed_at DESC, a.ticket_id LIMIT $2",
        agent_id,
        limit,
    )
    return [row["ticket_id"] for row in rows]
