"""The logs' SQL. A change of state names the state it starts from, so two who try it at once can't both succeed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg

from plugin_server.outbox.store import Rows
from plugin_server.runtime.database import Connection, Pool
from plugin_server.timelog.rules import SHOWN_FOR, TROUBLE_SHOWN_FOR, Entry, State


@dataclass(frozen=True)
class Log:
    """A log as stored; ``hours`` in hours, two places. One that records a timer (``timer_id``) has what it measured so
    far, or ``typed_hours`` in its stead. ``corrected_at``: its entry is no longer only what was logged."""

    id: UUID
    agent_id: int
    ticket_id: int
    state: State
    project_id: int
    task_id: int
    hours: Decimal
    typed_hours: Decimal | None
    timer_id: UUID | None
    spent_date: date
    notes: str
    after_article_id: int | None
    article_id: int | None
    entry_id: int | None
    problem: str | None
    problem_code: str | None
    called_at: datetime | None
    attempts: int
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    claim: UUID | None
    corrected_at: datetime | None


@dataclass(frozen=True)
class Recorded:
    """What an entry holds; ``hours`` with two places."""

    hours: Decimal
    task_id: int
    spent_date: date
    notes: str


_COLUMNS = (
    "id, agent_id, ticket_id, state, project_id, task_id, hours, typed_hours, timer_id, spent_date, notes,"
    " after_article_id, article_id, entry_id, problem, problem_code, called_at, attempts, created_at, changed_at,"
    " expires_at, claim, corrected_at"
)


def _log(row: asyncpg.Record) -> Log:
    values = dict(row)
    values["hours"] = Decimal(values["hours"]) / 100
    if values["typed_hours"] is not None:
        values["typed_hours"] = Decimal(values["typed_hours"]) / 100
    return Log(**values)


rows: Rows[Log] = Rows("log", _COLUMNS, _log, "check_twins_at")
"""What the outbox does with a log's row: claim it, mark a call, give it back, change its state."""


async def write(
    connection: Connection,
    log_id: UUID,
    *,
    agent_id: int,
    ticket_id: int,
    project_id: int,
    entry: Entry,
    state: State,
    after_article_id: int | None,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a log's values, new or over its earlier ones."""
    await connection.execute(
        """
        INSERT INTO log (id, agent_id, ticket_id, state, project_id, task_id, hours, spent_date, notes,
            after_article_id, next_try_at, created_at, changed_at, expires_at, typed_hours, timer_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11, $12, $13, $14)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, project_id = excluded.project_id,
            task_id = excluded.task_id, hours = excluded.hours, spent_date = excluded.spent_date,
            typed_hours = excluded.typed_hours, timer_id = excluded.timer_id,
            notes = excluded.notes, after_article_id = excluded.after_article_id, next_try_at = excluded.next_try_at,
            changed_at = excluded.changed_at, expires_at = excluded.expires_at, problem = NULL, problem_code = NULL
        """,
        log_id,
        agent_id,
        ticket_id,
        state,
        project_id,
        entry.task_id,
        int(entry.hours * 100),
        entry.spent_date,
        entry.notes,
        after_article_id,
        now,
        expires_at,
        None if entry.typed_hours is None else int(entry.typed_hours * 100),
        entry.timer_id,
    )


async def serialise(connection: Connection, agent_id: int, ticket_id: int) -> None:
    """Let one transaction at a time arm for this agent and ticket."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('log:' || $1::text || ':' || $2::text, 0))",
        str(agent_id),
        str(ticket_id),
    )


async def armed(pool: Connection | Pool, agent_id: int, ticket_id: int) -> list[Log]:
    """The agent's unconfirmed log on the ticket: one, or none."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM log WHERE agent_id = $1 AND ticket_id = $2 AND state = 'armed'", agent_id, ticket_id
    )
    return [_log(row) for row in rows]


async def replace_armed(
    connection: Connection, agent_id: int, ticket_id: int, log_id: UUID, after_article_id: int | None, now: datetime
) -> list[Log] | None:
    """Put aside the agent's other unconfirmed log on the ticket: the new one takes its place. What was put aside.

    ``None``, and nothing is put aside, when the other one was made later: it was armed after a later article.
    """
    newer = await connection.fetchval(
        "SELECT true FROM log WHERE agent_id = $1 AND ticket_id = $2 AND id <> $3 AND state = 'armed'"
        " AND after_article_id > $4",
        agent_id,
        ticket_id,
        log_id,
        after_article_id,
    )
    if newer:
        return None
    return await put_aside(connection, agent_id, ticket_id, log_id, now, armed_too=True)


async def put_aside(
    connection: Connection, agent_id: int, ticket_id: int, log_id: UUID, now: datetime, *, armed_too: bool = False
) -> list[Log]:
    """Discard the agent's other logs on the ticket that were given up a moment ago: the new one was made of them, or in
    their stead. One that still waits for its article goes only with ``armed_too``; one that expired long ago stays
    until its person has dealt with it. What was put aside."""
    rows = await connection.fetch(
        f"UPDATE log SET state = 'discarded', changed_at = $4"
        f" WHERE agent_id = $1 AND ticket_id = $2 AND id <> $3 AND (state = 'disarmed'"
        f" OR (state = 'expired' AND changed_at > $6) OR state = ANY($5::text[])) RETURNING {_COLUMNS}",
        agent_id,
        ticket_id,
        log_id,
        now,
        ["armed"] if armed_too else [],
        now - SHOWN_FOR,
    )
    return [_log(row) for row in rows]


async def confirm(connection: Connection, log_id: UUID, article_id: int, now: datetime) -> bool:
    """Tie the article to the armed log and queue it. False when the log is no longer armed, or when the article has
    confirmed another log (then the log stays armed)."""
    try:
        async with connection.transaction():
            done = await connection.fetchval(
                "UPDATE log SET state = 'queued', article_id = $2, changed_at = $3, next_try_at = $3,"
                " claim = NULL, lease_until = NULL, attempts = 0"
                " WHERE id = $1 AND state = 'armed' RETURNING true",
                log_id,
                article_id,
                now,
            )
    except asyncpg.UniqueViolationError:
        return False
    return bool(done)


async def used_articles(pool: Pool, article_ids: list[int]) -> set[int]:
    """Those of the articles that have confirmed a log."""
    rows = await pool.fetch("SELECT article_id FROM log WHERE article_id = ANY($1::bigint[])", article_ids)
    return {row["article_id"] for row in rows}


async def finish(
    connection: Connection, claimed: Log, entry_id: int, now: datetime, check_twins_at: datetime | None
) -> None:
    """The log is in Harvest as this entry. Where an earlier call's outcome was unknown, look again at an instant."""
    await connection.execute(
        "UPDATE log SET state = 'logged', entry_id = $2, called_at = NULL, problem = NULL, problem_code = NULL,"
        " claim = NULL, lease_until = NULL, attempts = 0, changed_at = $3, check_twins_at = $4"
        " WHERE id = $1 AND state = 'queued'",
        claimed.id,
        entry_id,
        now,
        check_twins_at,
    )


async def finish_timer(connection: Connection, claimed: Log, entry_id: int, hours: Decimal, now: datetime) -> bool:
    """The log stands in its timer's entries, ``hours`` in all; False when the claim has passed to somebody else."""
    done = await connection.fetchval(
        "UPDATE log SET state = 'logged', entry_id = $2, hours = $3, problem = NULL, problem_code = NULL, claim = NULL,"
        " lease_until = NULL, attempts = 0, changed_at = $4 WHERE id = $1 AND state = 'queued' AND claim = $5"
        " RETURNING true",
        claimed.id,
        entry_id,
        int(hours * 100),
        now,
        claimed.claim,
    )
    return bool(done)


async def forget_entry(connection: Connection, log_id: UUID) -> None:
    """The entry is no longer the log's; another one may be written into it."""
    await connection.execute("UPDATE log SET entry_id = NULL WHERE id = $1", log_id)


async def correct(
    connection: Connection, entry_id: int, timer_id: UUID | None, now: datetime
) -> Literal["undoing", "settling"] | None:
    """Note, with the caller's transaction, that the entry of a log is being corrected: Undo of it is over. Nothing is
    noted, and why is said, while the log is being undone, or while a second entry of it may still turn up."""
    rows = await connection.fetch(
        "SELECT id, state, check_twins_at FROM log WHERE entry_id = $1 OR timer_id = $2 ORDER BY id FOR UPDATE",
        entry_id,
        timer_id,
    )
    if any(row["state"] == "undoing" for row in rows):
        return "undoing"
    if any(row["check_twins_at"] is not None for row in rows):
        return "settling"
    await connection.execute(
        "UPDATE log SET corrected_at = $2 WHERE id = ANY($1::uuid[]) AND state = 'logged'",
        [row["id"] for row in rows],
        now,
    )
    return None


async def recorded(pool: Pool, entry_id: int) -> Recorded | None:
    """What stands in an entry by now; ``None`` when Harvest no longer has it, or it has not been seen."""
    row = await pool.fetchrow(
        "SELECT hours, task_id, spent_date, coalesce(notes, '') AS notes FROM time_entry"
        " WHERE id = $1 AND deleted_at IS NULL",
        entry_id,
    )
    return Recorded(**{**row, "hours": Decimal(row["hours"]) / 100}) if row else None


async def due_now(pool: Pool, log_id: UUID, now: datetime) -> None:
    """What the log waited for has happened."""
    await pool.execute(
        "UPDATE log SET next_try_at = $2 WHERE id = $1 AND state = 'queued' AND claim IS NULL", log_id, now
    )


async def end_twin_check(connection: Connection, log_id: UUID, problem: str | None) -> None:
    """No second entry is left, or a person has to look at it: then the problem says so."""
    await connection.execute(
        "UPDATE log SET check_twins_at = NULL, problem = coalesce($2, problem),"
        " problem_code = CASE WHEN $2::text IS NULL THEN problem_code ELSE 'twin' END WHERE id = $1",
        log_id,
        problem,
    )


async def unsettled(pool: Pool, agent_id: int) -> int:
    """How many of the agent's logs may still go to Harvest."""
    count: int = await pool.fetchval(
        "SELECT count(*) FROM log WHERE agent_id = $1 AND (state IN ('armed', 'queued', 'attention', 'undoing')"
        " OR check_twins_at IS NOT NULL)",
        agent_id,
    )
    return count


async def waiting_for_grant(pool: Pool) -> list[tuple[UUID, int, datetime]]:
    """Logs that only wait for their agent to connect Harvest again: id, agent, and since when."""
    rows = await pool.fetch(
        "SELECT id, agent_id, changed_at FROM log WHERE state = 'attention' AND problem_code = 'reconnect'"
    )
    return [(row["id"], row["agent_id"], row["changed_at"]) for row in rows]


async def shown(pool: Pool, agent_id: int, ticket_id: int, now: datetime) -> list[Log]:
    """The agent's logs that the ticket's panel shows or takes values from: what is open, and what is recent."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS} FROM log WHERE agent_id = $1 AND ticket_id = $2 AND state <> 'discarded'
            AND (state IN ('armed', 'queued', 'undoing', 'attention', 'expired') OR changed_at > $3
                OR (problem_code = 'twin' AND changed_at > $4))
        ORDER BY created_at DESC LIMIT 10
        """,
        agent_id,
        ticket_id,
        now - SHOWN_FOR,
        now - TROUBLE_SHOWN_FOR,
    )
    return [_log(row) for row in rows]


async def last_tasks(pool: Pool, agent_id: int, project_id: int) -> list[int]:
    """The tasks the agent used last: in this project, and anywhere."""
    rows = await pool.fetch(
        """
        (SELECT task_id FROM log WHERE agent_id = $1 AND project_id = $2 ORDER BY created_at DESC LIMIT 1)
        UNION ALL (SELECT task_id FROM log WHERE agent_id = $1 ORDER BY created_at DESC LIMIT 1)
        """,
        agent_id,
        project_id,
    )
    return [row["task_id"] for row in rows]


async def under_way(pool: Pool, agent_id: int, limit: int) -> list[Log]:
    """The agent's logs on any ticket that are still to become something, those that need the agent first."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS} FROM log
        WHERE agent_id = $1 AND state IN ('armed', 'queued', 'undoing', 'attention', 'expired')
        ORDER BY state NOT IN ('attention', 'expired'), created_at DESC LIMIT $2
        """,
        agent_id,
        limit,
    )
    return [_log(row) for row in rows]
