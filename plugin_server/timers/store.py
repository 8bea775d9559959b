"""The timers' SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import asyncpg

from plugin_server.outbox.store import Rows
from plugin_server.runtime.database import Connection, Pool
from plugin_server.timers.rules import Counted, Run, State


@dataclass(frozen=True)
class Timer:
    """A timer as stored; instants in UTC, ``banked_hours`` in hundredths."""

    id: UUID
    agent_id: int
    ticket_id: int
    project_id: int
    task_id: int
    task_name: str
    notes: str
    state: State
    run: int
    spent_date: date
    start_wanted_at: datetime
    stop_wanted_at: datetime | None
    stop_called_at: datetime | None
    began_at: datetime | None
    timer_started_at: datetime | None
    banked_hours: int
    seen_at: datetime
    discarded: bool
    held_by: UUID | None
    problem: str | None
    problem_code: str | None
    called_at: datetime | None
    attempts: int
    changed_at: datetime
    claim: UUID | None

    def present_run(self, stopped_at: datetime) -> Run:
        """Its present run; ``stopped_at`` counts while the person has not stopped it."""
        stop_wanted_at = self.stop_wanted_at or stopped_at
        banked = Decimal(self.banked_hours) / 100
        return Run(self.start_wanted_at, self.began_at or stop_wanted_at, stop_wanted_at, banked)


_COLUMNS = (
    "id, agent_id, ticket_id, project_id, task_id, task_name, notes, state, run, spent_date, start_wanted_at,"
    " stop_wanted_at, stop_called_at, began_at, timer_started_at, banked_hours, seen_at, discarded, held_by, problem,"
    " problem_code, called_at, attempts, changed_at, claim"
)


def _timer(row: asyncpg.Record) -> Timer:
    return Timer(**row)


rows: Rows[Timer] = Rows("timer", _COLUMNS, _timer, "check_late_at")
"""What the outbox does with a timer's row."""


@dataclass(frozen=True)
class Entry:
    """An entry of a timer, with what the mirror knows of it; ``hours`` in hours. ``recorded`` says that a log's values
    were written into it; ``notes_before``, ``task_before`` and ``hours_before`` are what stood there until then."""

    entry_id: int
    task_id: int
    spent_date: date
    hours: Decimal
    notes: str
    external_id: str | None
    is_running: bool
    is_locked: bool
    timer_started_at: datetime | None
    banked_hours: int
    notes_before: str | None
    task_before: int | None
    hours_before: Decimal | None

    @property
    def recorded(self) -> bool:
        return self.hours_before is not None

    @property
    def counted(self) -> Counted:
        return Counted(self.entry_id, self.banked_hours, self.is_running, self.timer_started_at)


async def entries(connection: Connection | Pool, timer_id: UUID) -> list[Entry]:
    """The timer's entries that Harvest still has, the oldest first."""
    found = await connection.fetch(
        """
        SELECT t.entry_id, e.task_id, e.spent_date, e.hours, coalesce(e.notes, '') AS notes, e.external_id,
            e.is_running, e.is_locked, e.timer_started_at, e.banked_hours, t.notes_before, t.task_before, t.hours_before
        FROM timer_entry t JOIN time_entry e ON e.id = t.entry_id AND e.deleted_at IS NULL
        WHERE t.timer_id = $1 ORDER BY t.entry_id
        """,
        timer_id,
    )
    result = []
    for row in found:
        values = dict(row)
        values["hours"] = Decimal(values["hours"]) / 100
        if values["hours_before"] is not None:
            values["hours_before"] = Decimal(values["hours_before"]) / 100
        result.append(Entry(**values))
    return result


async def live(connection: Connection | Pool, agent_id: int, ticket_id: int) -> Timer | None:
    """The agent's timer on the ticket that has not ended."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM timer WHERE agent_id = $1 AND ticket_id = $2 AND state <> 'ended'", agent_id, ticket_id
    )
    return _timer(row) if row else None


async def unlogged(pool: Pool, agent_id: int) -> list[Timer]:
    """The agent's timers that run or have time to be logged, the latest first; not those that a log records."""
    found = await pool.fetch(
        f"SELECT {_COLUMNS} FROM timer WHERE agent_id = $1 AND held_by IS NULL"
        " AND state IN ('starting', 'running', 'stopping', 'stopped', 'attention')"
        " ORDER BY start_wanted_at DESC LIMIT 20",
        agent_id,
    )
    return [_timer(row) for row in found]


async def insert(
    connection: Connection,
    *,
    agent_id: int,
    ticket_id: int,
    project_id: int,
    task_id: int,
    task_name: str,
    notes: str,
    spent_date: date,
    now: datetime,
    began_at: datetime | None = None,
    banked_hours: int = 0,
    state: State = "starting",
) -> UUID:
    """A new timer, wanted now; or one that runs already, since ``began_at``."""
    identity: UUID = await connection.fetchval(
        """
        INSERT INTO timer (agent_id, ticket_id, project_id, task_id, task_name, notes, state, spent_date,
            start_wanted_at, began_at, timer_started_at, banked_hours, seen_at, next_try_at, created_at, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($10::timestamptz, $9::timestamptz), $10,
            $10, $11, $9, $9, $9, $9)
        RETURNING id
        """,
        agent_id,
        ticket_id,
        project_id,
        task_id,
        task_name,
        notes,
        state,
        spent_date,
        now,
        began_at,
        banked_hours,
    )
    return identity


async def go_on(connection: Connection, timer_id: UUID, task: tuple[int, str], day: date, now: datetime) -> None:
    """A new run is wanted of a stopped timer."""
    await connection.execute(
        """
        UPDATE timer SET run = run + 1, task_id = $2, task_name = $3, spent_date = $4, start_wanted_at = $5,
            stop_wanted_at = NULL, stop_called_at = NULL, began_at = NULL, timer_started_at = NULL, called_at = NULL,
            seen_at = $5, discarded = false
        WHERE id = $1
        """,
        timer_id,
        *task,
        day,
        now,
    )


async def want_stop(connection: Connection, timer_id: UUID, now: datetime) -> None:
    """The person's time ends now, whenever Harvest learns of it."""
    await connection.execute(
        "UPDATE timer SET stop_wanted_at = $2 WHERE id = $1 AND stop_wanted_at IS NULL", timer_id, now
    )


async def begin(
    connection: Connection,
    claimed: Timer,
    began_at: datetime,
    timer_started_at: datetime | None,
    banked_hours: int,
    check_late_at: datetime | None,
) -> None:
    """The run has begun, by our clock and by Harvest's. The call's outcome is known from here on, and who waited for it
    may go on."""
    await connection.execute(
        "UPDATE timer SET began_at = $2, timer_started_at = $3, banked_hours = $4, called_at = NULL,"
        " check_late_at = coalesce($5, check_late_at), next_try_at = least(next_try_at, changed_at) WHERE id = $1",
        claimed.id,
        began_at,
        timer_started_at,
        banked_hours,
        check_late_at,
    )


async def set_stop_called(connection: Connection | Pool, timer_id: UUID, called_at: datetime | None) -> None:
    """Harvest may have been told to stop it; ``None``: it certainly has not."""
    await connection.execute("UPDATE timer SET stop_called_at = $2 WHERE id = $1", timer_id, called_at)


async def look_late(connection: Connection | Pool, timer_id: UUID, check_at: datetime) -> None:
    """A call that was given up may still be carried out: look then."""
    await connection.execute(
        "UPDATE timer SET check_late_at = coalesce(check_late_at, $2), called_at = NULL WHERE id = $1",
        timer_id,
        check_at,
    )


async def set_flag(connection: Connection, timer_id: UUID, *, discarded: bool) -> None:
    """Whether the person gave it up and is to be asked what becomes of its entries."""
    await connection.execute("UPDATE timer SET discarded = $2 WHERE id = $1", timer_id, discarded)


async def see(connection: Connection, timer_id: UUID, now: datetime) -> None:
    """The person says that it is meant to run."""
    await connection.execute("UPDATE timer SET seen_at = $2 WHERE id = $1", timer_id, now)


async def hold(connection: Connection, timer_id: UUID, log_id: UUID | None, notes: str | None = None) -> None:
    """The log that records it, and with it the notes; ``None`` sets it free again."""
    await connection.execute(
        "UPDATE timer SET held_by = $2, notes = coalesce($3, notes), discarded = false WHERE id = $1",
        timer_id,
        log_id,
        notes,
    )


async def add_entry(connection: Connection, timer_id: UUID, entry_id: int) -> bool:
    """The entry is one of the timer's, also when it was one of a timer that has ended; False when a live one has it."""
    done = await connection.fetchval(
        """
        INSERT INTO timer_entry AS t (entry_id, timer_id) VALUES ($1, $2)
        ON CONFLICT (entry_id) DO UPDATE SET timer_id = excluded.timer_id, notes_before = NULL, task_before = NULL,
            hours_before = NULL
        WHERE EXISTS (SELECT FROM timer m WHERE m.id = t.timer_id AND m.state = 'ended') AND t.timer_id <> $2
        RETURNING true
        """,
        entry_id,
        timer_id,
    )
    return bool(done)


async def keep_before(connection: Connection | Pool, entry: Entry) -> None:
    """Remember what stands in an entry before a log's values go into it; the first time counts."""
    await connection.execute(
        "UPDATE timer_entry SET notes_before = $2, task_before = $3, hours_before = $4"
        " WHERE entry_id = $1 AND hours_before IS NULL",
        entry.entry_id,
        entry.notes,
        entry.task_id,
        int(entry.hours * 100),
    )


async def forget_before(connection: Connection, timer_id: UUID) -> None:
    """The entries hold again what they held before the log."""
    await connection.execute(
        "UPDATE timer_entry SET notes_before = NULL, task_before = NULL, hours_before = NULL WHERE timer_id = $1",
        timer_id,
    )


async def owner(pool: Pool, entry_id: int) -> int | None:
    """The ticket whose timer, not ended yet, has the entry."""
    found: int | None = await pool.fetchval(
        "SELECT m.ticket_id FROM timer_entry t JOIN timer m ON m.id = t.timer_id"
        " WHERE t.entry_id = $1 AND m.state <> 'ended'",
        entry_id,
    )
    return found


async def counted(pool: Pool | Connection, entry_id: int) -> tuple[UUID, bool] | None:
    """The timer that has counted an entry, and whether it has ended, with nothing left to look for; ``None``: it is no
    timer's."""
    row = await pool.fetchrow(
        "SELECT m.id, m.state = 'ended' AND m.check_late_at IS NULL AS over"
        " FROM timer_entry t JOIN timer m ON m.id = t.timer_id WHERE t.entry_id = $1",
        entry_id,
    )
    return (row["id"], row["over"]) if row else None


async def unsettled(pool: Pool, agent_id: int) -> int:
    """How many of the agent's timers have time that is not logged yet."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM timer WHERE agent_id = $1 AND (state NOT IN ('failed', 'ended')"
        " OR check_late_at IS NOT NULL)",
        agent_id,
    )
    return count


async def waiting_for_grant(pool: Pool) -> list[Timer]:
    """Timers that only wait for their agent to connect Harvest again."""
    found = await pool.fetch(f"SELECT {_COLUMNS} FROM timer WHERE state = 'attention' AND problem_code = 'reconnect'")
    return [_timer(row) for row in found]


async def others(connection: Connection, agent_id: int, timer_id: UUID) -> list[Timer]:
    """The agent's other timers that run, or are being started, held until the transaction ends."""
    found = await connection.fetch(
        f"SELECT {_COLUMNS} FROM timer WHERE agent_id = $1 AND id <> $2 AND state IN ('starting', 'running')"
        " ORDER BY id FOR UPDATE",
        agent_id,
        timer_id,
    )
    return [_timer(row) for row in found]


async def no_longer_running(pool: Pool) -> list[Timer]:
    """Timers that should run, or could not be stopped, and none of whose entries runs in Harvest any more."""
    found = await pool.fetch(
        f"""
        SELECT {_COLUMNS} FROM timer WHERE state IN ('running', 'attention') AND NOT EXISTS (
            SELECT FROM timer_entry t JOIN time_entry e ON e.id = t.entry_id
            WHERE t.timer_id = timer.id AND e.is_running AND e.deleted_at IS NULL)
        """
    )
    return [_timer(row) for row in found]


async def resumed(pool: Pool) -> list[tuple[Timer, datetime, int]]:
    """Stopped timers, held by no log, one of whose entries runs in Harvest again: since when, and the hundredths it
    held before."""
    columns = ", ".join(f"timer.{name}" for name in _COLUMNS.split(", "))
    found = await pool.fetch(
        f"""
        SELECT {columns}, e.timer_started_at AS again_at, e.banked_hours AS again_banked
        FROM timer JOIN timer_entry t ON t.timer_id = timer.id JOIN time_entry e ON e.id = t.entry_id
        WHERE timer.state = 'stopped' AND timer.held_by IS NULL AND timer.check_late_at IS NULL AND e.is_running
            AND e.deleted_at IS NULL AND e.timer_started_at IS NOT NULL
        """
    )
    result = []
    for row in found:
        *values, again_at, again_banked = row.values()
        result.append((Timer(*values), again_at, again_banked))
    return result


async def resume(connection: Connection, timer_id: UUID, began_at: datetime, banked_hours: int) -> None:
    """It runs again, since an instant that Harvest names."""
    await connection.execute(
        "UPDATE timer SET start_wanted_at = $2, began_at = $2, timer_started_at = $2, banked_hours = $3,"
        " stop_wanted_at = NULL, stop_called_at = NULL, seen_at = $2, discarded = false WHERE id = $1",
        timer_id,
        began_at,
        banked_hours,
    )


async def tell(connection: Connection, timer_id: UUID, words: str, code: str) -> None:
    """Something about the timer that its person should know."""
    await connection.execute("UPDATE timer SET problem = $2, problem_code = $3 WHERE id = $1", timer_id, words, code)


async def end_late_check(pool: Pool, timer_id: UUID) -> None:
    """Every entry of the timer is known."""
    await pool.execute("UPDATE timer SET check_late_at = NULL WHERE id = $1", timer_id)
