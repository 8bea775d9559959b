"""The SQL of a ticket's time entries in the order in which they happened, with running totals."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.entries.rules import CLOCK


@dataclass(frozen=True)
class Choice:
    """Which entries are asked for: those that count for a ticket, of the days ``first`` to ``last``, by one of the
    ``workers`` and billable or not where that is chosen."""

    ticket_id: int
    first: date
    last: date
    workers: Collection[int] | None = None
    billable: bool | None = None


class Entry(NamedTuple):
    """An entry in its place. ``hours`` as they count, in hundredths, without a running part; ``total`` is all that
    counts for the ticket up to here, whatever was chosen. ``is_exact``: the instant is known, not only the day."""

    id: int
    at: datetime
    is_exact: bool
    user_id: int
    task: str
    spent_date: date
    hours: int
    total: int
    billable: bool
    running_since: datetime | None
    is_billed: bool
    is_locked: bool
    notes: str


@dataclass(frozen=True)
class Sum:
    """Hours of one person, billable or not, in hundredths."""

    user_id: int
    billable: bool
    hours: int
    entries: int


async def workers(pool: Pool, ticket_id: int) -> dict[int, str]:
    """Everyone of whom an entry counts for a ticket, by name; an empty one for who is not in Harvest's directory."""
    rows = await pool.fetch(
        """
        SELECT w.user_id, coalesce(u.name, '') AS name
        FROM (SELECT e.user_id FROM attribution a JOIN time_entry e ON e.id = a.entry_id
              WHERE a.ticket_id = $1 AND e.deleted_at IS NULL GROUP BY e.user_id) w
            LEFT JOIN harvest_user u ON u.id = w.user_id
        ORDER BY w.user_id
        """,
        ticket_id,
    )
    return {row["user_id"]: row["name"] for row in rows}


async def timezones(pool: Pool) -> dict[int, str]:
    """Harvest's own name for the zone of each person in its directory."""
    return {row["id"]: row["timezone"] for row in await pool.fetch("SELECT id, timezone FROM harvest_user")}


async def names(pool: Pool, user_ids: Collection[int]) -> dict[int, str]:
    """The names of Harvest users, as far as they are in its directory."""
    rows = await pool.fetch("SELECT id, name FROM harvest_user WHERE id = ANY($1::bigint[])", list(user_ids))
    return {row["id"]: row["name"] for row in rows}


# The rule of rules.py. CASE keeps text that is no clock time from being read as one; what is used several times is
# computed once for each row (OFFSET 0).
_WALL = f"""
    SELECT CASE WHEN e.started_time ~ '{CLOCK}' THEN e.started_time::time END AS start, z.zone,
        (e.created_at AT TIME ZONE z.zone)::date = e.spent_date AS created_then
    FROM (SELECT coalesce($6::jsonb ->> e.user_id::text, 'UTC') AS zone OFFSET 0) z OFFSET 0"""
_AT = """
    CASE WHEN s.start IS NOT NULL THEN (e.spent_date + s.start) AT TIME ZONE s.zone
         WHEN s.created_then THEN e.created_at
         ELSE (e.spent_date + 1)::timestamp AT TIME ZONE s.zone - interval '1 microsecond' END"""
_CHOSEN = """
    spent_date BETWEEN $2 AND $3 AND ($4::bigint[] IS NULL OR user_id = ANY($4))
    AND ($5::boolean IS NULL OR billable = $5)"""


async def entries(
    pool: Pool,
    choice: Choice,
    counting: Counting,
    zones: Mapping[int, str],
    beyond: tuple[datetime, int],
    limit: int,
    *,
    newest_first: bool,
) -> list[Entry]:
    """Entries beyond a place in the order of instant and id, ``limit`` at most. ``zones`` are people's own, by
    their names in the IANA database; who has none lives by UTC."""
    sign, order = ("<", "DESC") if newest_first else (">", "ASC")
    counts = "e.billable" if counting.billable_only else "true"
    rows = await pool.fetch(
        f"""
        WITH placed AS (
            SELECT e.id, e.user_id, e.spent_date, e.billable, {counting.hours} AS hours, {counts} AS counts,
                {_AT} AS at, s.start IS NOT NULL OR s.created_then AS is_exact
            FROM attribution a JOIN time_entry e ON e.id = a.entry_id
                CROSS JOIN LATERAL ({_WALL}) s
            WHERE a.ticket_id = $1 AND e.deleted_at IS NULL
        ), totalled AS (
            SELECT *, (sum(hours) FILTER (WHERE counts) OVER (ORDER BY at, id ROWS UNBOUNDED PRECEDING))::bigint
                AS total
            FROM placed
        ), chosen AS (
            SELECT * FROM totalled
            WHERE {_CHOSEN} AND (at, id) {sign} ($7::timestamptz, $8::bigint)
            ORDER BY at {order}, id {order} LIMIT $9
        )
        SELECT c.id, c.at, c.is_exact, c.user_id, coalesce(t.name, '') AS task, c.spent_date, c.hours,
            coalesce(c.total, 0) AS total, c.billable,
            CASE WHEN e.is_running THEN coalesce(e.timer_started_at, e.created_at) END AS running_since, e.is_billed,
            e.is_locked, coalesce(e.notes, '') AS notes
        FROM chosen c JOIN time_entry e ON e.id = c.id LEFT JOIN harvest_task t ON t.id = e.task_id
        ORDER BY c.at {order}, c.id {order}
        """,
        *_values(choice),
        {str(user_id): zone for user_id, zone in zones.items()},
        *beyond,
        limit,
    )
    return [Entry(**row) for row in rows]


async def sums(pool: Pool, choice: Choice, counting: Counting) -> list[Sum]:
    """The hours of the chosen entries, by person and by being billable."""
    rows = await pool.fetch(
        f"""
        SELECT user_id, billable, sum({counting.hours})::bigint AS hours, count(*) AS entries
        FROM attribution a JOIN time_entry e ON e.id = a.entry_id
        WHERE a.ticket_id = $1 AND e.deleted_at IS NULL AND {_CHOSEN}
        GROUP BY user_id, billable ORDER BY user_id, billable DESC
        """,
        *_values(choice),
    )
    return [Sum(**row) for row in rows]


def _values(choice: Choice) -> tuple[object, ...]:
    workers = None if choice.workers is None else list(choice.workers)
    return choice.ticket_id, choice.first, choice.last, workers, choice.billable
