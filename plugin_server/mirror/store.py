"""The mirror's SQL. Rows are written so that doing it again changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import asyncpg

from plugin_server.harvest import wire
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Project:
    """A Harvest project; ``label`` as Harvest writes it, ``[CODE] Name``."""

    id: int
    name: str
    code: str | None
    client_name: str
    is_active: bool

    @property
    def label(self) -> str:
        return f"[{self.code}] {self.name}" if self.code else self.name


@dataclass(frozen=True)
class Task:
    """A task a person may track time on in a project."""

    id: int
    name: str
    billable: bool


@dataclass(frozen=True)
class Company:
    """The account: the address of its pages for people, whether time is entered by start and end
    (``wants_timestamp_timers``), the notation of such times (``12h`` or ``24h``), and the English name of the day on
    which weeks begin."""

    base_uri: str
    wants_timestamp_timers: bool
    clock: str
    week_start_day: str


@dataclass(frozen=True)
class Running:
    """A running timer. ``banked_hours`` in hundredths, without the part that runs since ``timer_started_at``."""

    id: int
    user_id: int
    project_id: int
    project_name: str | None
    project_code: str | None
    task_id: int
    spent_date: date
    notes: str | None
    timer_started_at: datetime
    banked_hours: int
    external_id: str | None


def hundredths(hours: Decimal) -> int:
    """Hours as integer hundredths, rounding half up; Harvest itself keeps two places."""
    return int((hours * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))


def ten_thousandths(rate: Decimal | None) -> int | None:
    """A rate per hour as integer ten-thousandths of the currency's unit."""
    return None if rate is None else int((rate * 10_000).quantize(Decimal(1), rounding="ROUND_HALF_UP"))


ENTRY = (
    "id", "project_id", "user_id", "task_id", "spent_date", "hours", "rounded_hours", "billable", "is_running",
    "is_locked", "is_billed", "updated_at", "created_at", "external_id", "external_group_id", "external_permalink",
    "notes", "timer_started_at", "banked_hours", "client_id", "billable_rate", "cost_rate", "budgeted",
    "approval_status", "invoice_id", "started_time", "ended_time",
)  # fmt: skip
"""The columns that come from Harvest, in their order here."""

# Rates are shown to few: who may not see one has not seen it gone.
_UNSEEN = {
    "billable_rate": "CASE WHEN excluded.billable THEN coalesce(excluded.billable_rate, t.billable_rate) END",
    "cost_rate": "coalesce(excluded.cost_rate, t.cost_rate)",
}
SAMPLE = 20
"""So many of a page's entries are looked for before it is taken for new."""

_OLD = ", ".join(f"t.{name}" for name in ENTRY[1:])
_NEW = ", ".join(_UNSEEN.get(name, f"excluded.{name}") for name in ENTRY[1:])
_SET = ", ".join(ENTRY[1:])
_UPSERT_ENTRIES = f"""
INSERT INTO time_entry AS t ({", ".join(ENTRY)})
SELECT {", ".join(ENTRY)} FROM entry_stage ORDER BY id
ON CONFLICT (id) DO UPDATE SET ({_SET}, deleted_at) = ROW ({_NEW},
    CASE WHEN t.deleted_at < $1 THEN NULL ELSE t.deleted_at END)
WHERE t.updated_at <= excluded.updated_at AND (({_OLD}) IS DISTINCT FROM ({_NEW}) OR t.deleted_at < $1)
"""


async def upsert_entries(
    connection: Connection, entries: Iterable[wire.TimeEntry], listed_at: datetime | None = None
) -> None:
    """Write entries; an older version of one never overwrites a newer, and one that is as it was stays untouched.

    ``listed_at`` is when they were asked for: whoever noted one as deleted before that was wrong. Written in the order
    of their ids; still, who writes pages has to expect a deadlock (:func:`~plugin_server.mirror.writing.again`).
    """
    newest: dict[int, wire.TimeEntry] = {}
    for entry in entries:
        if entry.id not in newest or newest[entry.id].updated_at <= entry.updated_at:
            newest[entry.id] = entry
    if not newest:
        return
    ids = sorted(newest)
    rows = entry_rows(map(newest.__getitem__, ids))
    async with connection.transaction():
        sample = ids[:: max(len(ids) // SAMPLE, 1)]
        known = await connection.fetchval(
            "SELECT EXISTS (SELECT FROM time_entry WHERE id = ANY($1::bigint[]))", [*sample, ids[-1]]
        )
        if known or not await _copied(connection, rows):
            await _merge(connection, rows, listed_at)


async def _copied(connection: Connection, rows: Sequence[tuple[object, ...]]) -> bool:
    """Write entries that are all new, the way a history comes in: straight into the table. False when one of them is
    there already."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table("time_entry", records=rows, columns=ENTRY)
    except asyncpg.UniqueViolationError:
        return False
    return True


async def _merge(connection: Connection, rows: Sequence[tuple[object, ...]], listed_at: datetime | None) -> None:
    # Made once for each connection; it is empty again when the transaction ends.
    await connection.execute("CREATE TEMP TABLE IF NOT EXISTS entry_stage (LIKE time_entry) ON COMMIT DELETE ROWS")
    await connection.execute("DELETE FROM entry_stage")
    await connection.copy_records_to_table("entry_stage", records=rows, columns=ENTRY)
    await connection.execute(_UPSERT_ENTRIES, listed_at)


class _Integers(dict[Decimal | None, int | None]):
    """Decimals as integers, each value converted once: a page of thousands of entries has few that differ."""

    def __init__(self, convert: Callable[[Decimal], int | None]) -> None:
        super().__init__()
        self._convert = convert

    def __missing__(self, value: Decimal | None) -> int | None:
        found = self[value] = None if value is None else self._convert(value)
        return found


def entry_rows(entries: Iterable[wire.TimeEntry]) -> list[tuple[object, ...]]:
    """Entries as rows for COPY, in the order of :data:`ENTRY`."""
    hours, rates = _Integers(hundredths), _Integers(ten_thousandths)
    return [
        (
            entry.id,
            entry.project.id,
            entry.user.id,
            entry.task.id,
            entry.spent_date,
            hours[entry.hours],
            hours[entry.rounded_hours],
            entry.billable,
            entry.is_running,
            entry.is_locked,
            entry.is_billed,
            entry.updated_at,
            entry.created_at,
            reference.id if (reference := entry.external_reference) else None,
            reference.group_id if reference else None,
            reference.permalink if reference else None,
            entry.notes,
            entry.timer_started_at if entry.is_running else None,
            hours[_banked(entry)],
            entry.client.id,
            rates[entry.billable_rate],
            rates[entry.cost_rate],
            entry.budgeted,
            entry.approval_status,
            entry.invoice.id if entry.invoice else None,
            entry.started_time,
            entry.ended_time,
        )
        for entry in entries
    ]


def _banked(entry: wire.TimeEntry) -> Decimal:
    """The hours without the part that is still running."""
    if not entry.is_running:
        return entry.hours
    return entry.hours_without_timer or Decimal(0)


async def mark_deleted(connection: Connection, entry_id: int, when: datetime) -> None:
    """Note that Harvest no longer has the entry; the row stays."""
    await connection.execute(
        "UPDATE time_entry SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL", entry_id, when
    )


async def owner(pool: Pool, entry_id: int) -> int | None:
    """Whose entry it is, by Harvest's user id; ``None`` when the entry is not known."""
    found: int | None = await pool.fetchval("SELECT user_id FROM time_entry WHERE id = $1", entry_id)
    return found


async def replace_assignments(
    connection: Connection, user_id: int, assignments: Sequence[wire.ProjectAssignment]
) -> None:
    """Make a person's assignments exactly these; a project not seen before is known from now on."""
    await connection.executemany(
        """
        INSERT INTO harvest_project (id, client_id, is_active, updated_at, name, code, client_name)
        VALUES ($1, $2, true, '-infinity', $3, $4, $5) ON CONFLICT (id) DO NOTHING
        """,
        [
            (item.project.id, item.client.id, item.project.name, item.project.code or None, item.client.name)
            for item in sorted(assignments, key=lambda item: item.project.id)
        ],
    )
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('project_assignment', $1))", user_id)
    await connection.execute("DELETE FROM project_assignment WHERE user_id = $1", user_id)
    rows = {
        (item.project.id, task.task.id): (
            user_id,
            item.project.id,
            task.task.id,
            task.billable,
            task.task.name,
            position,
        )
        for item in assignments
        if item.is_active
        for position, task in enumerate(item.task_assignments)
        if task.is_active
    }
    await connection.executemany("INSERT INTO project_assignment VALUES ($1, $2, $3, $4, $5, $6)", list(rows.values()))


async def admit_team(connection: Connection, project_id: int) -> None:
    """Let the people of a project that was just made track time on its tasks; their own next reading is what counts."""
    await connection.execute(
        """
        INSERT INTO project_assignment (user_id, project_id, task_id, billable, task_name, position)
        SELECT u.user_id, u.project_id, a.task_id, a.billable, t.name,
            row_number() OVER (PARTITION BY u.user_id ORDER BY a.id) - 1
        FROM harvest_user_assignment u
        JOIN harvest_task_assignment a ON a.project_id = u.project_id AND a.is_active
        JOIN harvest_task t ON t.id = a.task_id AND t.is_active
        WHERE u.project_id = $1 AND u.is_active ON CONFLICT DO NOTHING
        """,
        project_id,
    )


async def write_company(connection: Connection, company: wire.Company) -> None:
    """Remember the company."""
    await connection.execute(
        """
        INSERT INTO harvest_company (base_uri, wants_timestamp_timers, clock, week_start_day) VALUES ($1, $2, $3, $4)
        ON CONFLICT (only_row) DO UPDATE SET base_uri = excluded.base_uri,
            wants_timestamp_timers = excluded.wants_timestamp_timers, clock = excluded.clock,
            week_start_day = excluded.week_start_day
        """,
        company.base_uri.rstrip("/"),
        company.wants_timestamp_timers,
        company.clock,
        company.week_start_day,
    )


async def watermark(pool: Pool, name: str) -> datetime | None:
    """How far the sync ``name`` has come; ``None`` before its first run."""
    value: datetime | None = await pool.fetchval("SELECT reached_at FROM sync_watermark WHERE name = $1", name)
    return value


async def move_watermark(connection: Connection, name: str, reached_at: datetime) -> None:
    """Move a watermark forward; it never goes back."""
    await connection.execute(
        """
        INSERT INTO sync_watermark (name, reached_at) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET reached_at = greatest(sync_watermark.reached_at, excluded.reached_at)
        """,
        name,
        reached_at,
    )


async def project(pool: Pool, project_id: int) -> Project | None:
    """A project as last seen; one that Harvest no longer has is none."""
    row = await pool.fetchrow(
        "SELECT id, name, code, client_name, is_active FROM harvest_project WHERE id = $1 AND deleted_at IS NULL",
        project_id,
    )
    return Project(**row) if row else None


async def lost(pool: Pool, project_id: int) -> str | None:
    """The label of a project that was deleted in Harvest; ``None`` for any other."""
    row = await pool.fetchrow(
        "SELECT id, name, code, client_name, is_active FROM harvest_project WHERE id = $1 AND deleted_at IS NOT NULL",
        project_id,
    )
    return Project(**row).label if row else None


async def tasks(pool: Pool, user_id: int, project_id: int) -> list[Task]:
    """The tasks a person may track time on in a project, in Harvest's order; none means no assignment."""
    rows = await pool.fetch(
        "SELECT task_id AS id, task_name AS name, billable FROM project_assignment"
        " WHERE user_id = $1 AND project_id = $2 ORDER BY position, task_id",
        user_id,
        project_id,
    )
    return [Task(**row) for row in rows]


async def company(pool: Pool) -> Company | None:
    """The account's company, once known."""
    row = await pool.fetchrow("SELECT base_uri, wants_timestamp_timers, clock, week_start_day FROM harvest_company")
    return Company(**row) if row else None


_RUNNING = (
    "SELECT e.id, e.user_id, e.project_id, p.name AS project_name, p.code AS project_code, e.task_id, e.spent_date,"
    " e.notes, e.timer_started_at, e.banked_hours, e.external_id"
    " FROM time_entry e LEFT JOIN harvest_project p ON p.id = e.project_id"
    " WHERE e.is_running AND e.deleted_at IS NULL AND e.timer_started_at IS NOT NULL"
)


async def running(pool: Pool, user_id: int) -> Running | None:
    """A person's running timer as last seen. Harvest lets one run: of several the last one started is it, and the
    others have stopped since they were read."""
    row = await pool.fetchrow(f"{_RUNNING} AND e.user_id = $1 ORDER BY e.timer_started_at DESC LIMIT 1", user_id)
    return Running(**row) if row else None


async def running_ids(pool: Pool) -> list[int]:
    """Entries that ran when they were last read, whoever's they are."""
    rows = await pool.fetch("SELECT id FROM time_entry WHERE is_running AND deleted_at IS NULL ORDER BY id")
    return [row["id"] for row in rows]
