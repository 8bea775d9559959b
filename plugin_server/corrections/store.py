"""The corrections' SQL, and what the mirror knows of an entry that is to be corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from plugin_server.corrections.rules import Access, Kind, State, Values
from plugin_server.mirror.store import Task
from plugin_server.outbox.store import Rows
from plugin_server.runtime.database import Connection, Pool

Named = Mapping[str, Any]
"""An entry's values with the names that people knew its project, task and ticket by at that time."""


@dataclass(frozen=True)
class Correction:
    """A correction as asked for, and what became of it. ``before`` and ``after`` are as :func:`told` makes them;
    ``after`` is ``None`` for a deletion. ``tickets``: those whose figures it bears on."""

    id: UUID
    entry_id: int
    kind: Kind
    state: State
    agent_id: int
    asked_by: str
    asked_by_user: int
    asked_at: datetime
    access: Access
    access_name: str
    may_fall_back: bool
    before: Named
    after: Named | None
    tickets: tuple[int, ...]
    position: int
    problem: str | None
    problem_code: str | None
    called_at: datetime | None
    attempts: int
    claim: UUID | None
    changed_at: datetime

    @property
    def counted_for(self) -> int | None:
        """The ticket that the entry counted for when this was over, as far as it is known."""
        kept = self.after if self.state == "done" and self.after is not None else self.before
        return kept.get("counts_for") or kept["ticket_id"] or next(iter(self.tickets), None)


@dataclass(frozen=True)
class Entry:
    """A time entry as last seen. Times are the account's own notation; ``external_*`` its reference. ``is_archived``:
    its project is, ``zone`` is Harvest's name of its person's zone."""

    id: int
    user_id: int
    user_name: str
    zone: str | None
    project_id: int
    project: str
    task_id: int
    task: str
    spent_date: date
    hours: Decimal
    started_time: str | None
    ended_time: str | None
    notes: str
    external_id: str | None
    external_group_id: str | None
    external_permalink: str | None
    is_running: bool
    is_locked: bool
    is_billed: bool
    is_approved: bool
    is_archived: bool
    is_gone: bool


COLUMNS = (
    "id, entry_id, kind, state, agent_id, asked_by, asked_by_user, asked_at, access, access_name, may_fall_back,"
    " before, after, tickets, position, problem, problem_code, called_at, attempts, claim, changed_at"
)


def correction(row: asyncpg.Record) -> Correction:
    """A row of :data:`COLUMNS`."""
    return Correction(**{**row, "tickets": tuple(row["tickets"])})


rows: Rows[Correction] = Rows("entry_correction", COLUMNS, correction)
"""What the outbox does with a correction's row."""


def told(values: Values, names: Mapping[str, str], counts_for: int | None = None) -> dict[str, Any]:
    """Values as they are kept; ``names`` of ``person``, ``project``, ``task`` and ``ticket``. ``counts_for`` is the
    ticket that the entry counts for with them, whatever it names itself."""
    return {
        "project_id": values.project_id,
        "task_id": values.task_id,
        "spent_date": values.spent_date.isoformat(),
        "hours": f"{values.hours:.2f}",
        "notes": values.notes,
        "ticket_id": values.ticket_id,
        "counts_for": counts_for,
        "started": values.started,
        "ended": values.ended,
        **names,
    }


def values_of(kept: Named) -> Values:
    """The values that :func:`told` has kept."""
    return Values(
        kept["project_id"],
        kept["task_id"],
        date.fromisoformat(kept["spent_date"]),
        Decimal(kept["hours"]),
        kept["notes"],
        kept["ticket_id"],
        kept["started"],
        kept["ended"],
    )


async def entry(pool: Pool | Connection, entry_id: int) -> Entry | None:
    """An entry as last seen, also one that Harvest no longer has."""
    row = await pool.fetchrow(
        """
        SELECT e.id, e.user_id, coalesce(u.name, '') AS user_name, u.timezone AS zone, e.project_id,
            coalesce(CASE WHEN p.code <> '' THEN '[' || p.code || '] ' END, '') || coalesce(p.name, '') AS project,
            e.task_id, coalesce(t.name, a.task_name, '') AS task, e.spent_date, e.hours, e.started_time, e.ended_time,
            coalesce(e.notes, '') AS notes, e.external_id, e.external_group_id, e.external_permalink, e.is_running,
            e.is_locked, e.is_billed, coalesce(e.approval_status = 'approved', false) AS is_approved,
            NOT coalesce(p.is_active, true) AS is_archived, e.deleted_at IS NOT NULL AS is_gone
        FROM time_entry e LEFT JOIN harvest_project p ON p.id = e.project_id
        LEFT JOIN harvest_user u ON u.id = e.user_id LEFT JOIN harvest_task t ON t.id = e.task_id
        LEFT JOIN LATERAL (
            SELECT task_name FROM project_assignment WHERE task_id = e.task_id AND project_id = e.project_id LIMIT 1
        ) a ON true
        WHERE e.id = $1
        """,
        entry_id,
    )
    return Entry(**{**row, "hours": Decimal(row["hours"]) / 100}) if row else None


async def tasks(pool: Pool, project_id: int) -> list[Task]:
    """The tasks that may be used in a project, by name: those of the account's directory, and those that a person has
    been told of."""
    found = await pool.fetch(
        """
        SELECT DISTINCT ON (id) id, name, billable FROM (
            SELECT a.task_id AS id, t.name, a.billable
            FROM harvest_task_assignment a JOIN harvest_task t ON t.id = a.task_id
            WHERE a.project_id = $1 AND a.is_active AND t.is_active
            UNION ALL SELECT task_id, task_name, billable FROM project_assignment WHERE project_id = $1) known
        ORDER BY id, name
        """,
        project_id,
    )
    return sorted((Task(**row) for row in found), key=lambda task: (task.name.casefold(), task.id))


async def is_assigned(pool: Pool, user_id: int, project_id: int) -> bool | None:
    """Whether a person works on a project; ``None`` when nothing is known of that project's people."""
    found = await pool.fetchrow(
        """
        SELECT bool_or(user_id = $1 AND is_active) AS listed FROM (
            SELECT user_id, is_active FROM harvest_user_assignment WHERE project_id = $2
            UNION ALL SELECT user_id, true FROM project_assignment WHERE project_id = $2) known
        """,
        user_id,
        project_id,
    )
    return None if found is None else found["listed"]


async def may_change_others(pool: Pool, user_id: int, project_id: int) -> bool:
    """Whether a person's Harvest role lets them change others' entries of a project: administrators everywhere,
    managers with that permission on the projects they manage (Harvest's API documentation, "Users")."""
    found = await pool.fetchval(
        """
        SELECT 'administrator' = ANY(u.access_roles) OR ('time_and_expenses_manager' = ANY(u.access_roles) AND EXISTS (
            SELECT FROM harvest_user_assignment a
            WHERE a.user_id = u.id AND a.project_id = $2 AND a.is_active AND a.is_project_manager))
        FROM harvest_user u WHERE u.id = $1 AND u.is_active
        """,
        user_id,
        project_id,
    )
    return bool(found)


async def ask(
    connection: Connection,
    *,
    entry_id: int,
    kind: Kind,
    agent_id: int,
    asked_by: str,
    asked_by_user: int,
    access: Access,
    access_name: str,
    may_fall_back: bool,
    before: Named,
    after: Named | None,
    tickets: Sequence[int],
    now: datetime,
) -> UUID | None:
    """Write down that a correction is wanted; ``None`` when another one of the entry is under way."""
    found: UUID | None = await connection.fetchval(
        """
        INSERT INTO entry_correction (entry_id, kind, state, agent_id, asked_by, asked_at, access, access_name,
            may_fall_back, before, after, tickets, asked_by_user, next_try_at, changed_at)
        VALUES ($1, $2, 'asked', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $5, $5)
        ON CONFLICT (entry_id) WHERE state = 'asked' DO NOTHING RETURNING id
        """,
        entry_id,
        kind,
        agent_id,
        asked_by,
        now,
        access,
        access_name,
        may_fall_back,
        before,
        after,
        tickets,
        asked_by_user,
    )
    return found


async def withdraw(connection: Connection | Pool, correction_id: UUID, now: datetime, words: str | None = None) -> bool:
    """Give up one that nobody has called Harvest for yet, nor is about to; says whether that was so. ``words`` say who
    did; without any, another one takes its place."""
    done = await connection.fetchval(
        "UPDATE entry_correction SET state = 'withdrawn', changed_at = $2, problem = $3,"
        " problem_code = CASE WHEN $3::text IS NOT NULL THEN 'withdrawn' END WHERE id = $1 AND state = 'asked'"
        " AND called_at IS NULL AND (lease_until IS NULL OR lease_until <= $2) RETURNING true",
        correction_id,
        now,
        words,
    )
    return bool(done)


async def go_as(pool: Pool, claimed: Correction, access: Access, access_name: str) -> None:
    """It goes with another access than it began with."""
    await pool.execute(
        "UPDATE entry_correction SET access = $3, access_name = $4 WHERE id = $1 AND claim = $2",
        claimed.id,
        claimed.claim,
        access,
        access_name,
    )


async def pending(pool: Pool | Connection, entry_id: int) -> Correction | None:
    """The correction of an entry that is under way."""
    row = await pool.fetchrow(
        f"SELECT {COLUMNS} FROM entry_correction WHERE entry_id = $1 AND state = 'asked'", entry_id
    )
    return correction(row) if row else None


async def history(pool: Pool, entry_ids: Sequence[int]) -> dict[int, list[Correction]]:
    """What was asked for in Deskhours of each entry, the latest first, without what another wish of the same person has
    taken the place of; entries without any are left out."""
    found: dict[int, list[Correction]] = {}
    for row in await pool.fetch(
        f"SELECT {COLUMNS} FROM entry_correction WHERE entry_id = ANY($1::bigint[])"
        " AND (state <> 'withdrawn' OR problem_code = 'withdrawn') ORDER BY asked_at DESC, id",
        list(entry_ids),
    ):
        found.setdefault(row["entry_id"], []).append(correction(row))
    return found
