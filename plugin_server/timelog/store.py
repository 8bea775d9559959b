"""The logs' SQL. A change of state names the state it starts from, so two who try it at once can't both succeed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from plugin_server.runtime.database import Connection, Pool
from plugin_server.timelog.rules import SHOWN_FOR, Entry, State


@dataclass(frozen=True)
class Log:
    """A log as stored; ``hours`` in hours, two places."""

    id: UUID
    agent_id: int
    ticket_id: int
    state: State
    project_id: int
    task_id: int
    hours: Decimal
    spent_date: date
    notes: str
    after_article_id: int | None
    article_id: int | None
    entry_id: int | None
    problem: str | None
    problem_code: str | None
    uncertain: bool
    attempts: int
    created_at: datetime
    changed_at: datetime
    expires_at: datetime


_COLUMNS = (
    "id, agent_id, ticket_id, state, project_id, task_id, hours, spent_date, notes, after_article_id, article_id,"
    " entry_id, problem, problem_code, uncertain, attempts, created_at, changed_at, expires_at"
)


def _log(row: asyncpg.Record) -> Log:
    values = dict(row)
    values["hours"] = Decimal(values["hours"]) / 100
    return Log(**values)


async def get(connection: Connection | Pool, log_id: UUID, *, lock: bool = False) -> Log | None:
    """A log; with ``lock`` it is held until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM log WHERE id = $1{' FOR UPDATE' if lock else ''}",
        log_id,
    )
    return _log(row) if row else None


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
            after_article_id, next_try_at, created_at, changed_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $11, $12)
        ON CONFLICT (id) DO UPDATE SET state = excluded.state, project_id = excluded.project_id,
            task_id = excluded.task_id, hours = excluded.hours, spent_date = excluded.spent_date,
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
    )


async def serialise(connection: Connection, agent_id: int, ticket_id: int) -> None:
    """Let one transaction at a time arm for this agent and ticket."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('log:' || $1::text || ':' || $2::text, 0))",
        str(agent_id),
        str(ticket_id),
    )


async def armed(pool: Pool, agent_id: int, ticket_id: int) -> list[Log]:
    """The agent's unconfirmed log on the ticket: one, or none."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM log WHERE agent_id = $1 AND ticket_id = $2 AND state = 'armed'", agent_id, ticket_id
    )
    return [_log(row) for row in rows]


async def replace_armed(connection: Connection, agent_id: int, ticket_id: int, log_id: UUID, now: datetime) -> None:
    """Put aside the agent's other unconfirmed log on the ticket: the new one takes its place."""
    await connection.execute(
        "UPDATE log SET state = 'discarded', changed_at = $4"
        " WHERE agent_id = $1 AND ticket_id = $2 AND id <> $3 AND state IN ('armed', 'disarmed', 'expired')",
        agent_id,
        ticket_id,
        log_id,
        now,
    )


async def move(
    connection: Connection,
    log_id: UUID,
    start: State,
    end: State,
    now: datetime,
    *,
    problem: str | None = None,
    problem_code: str | None = None,
) -> bool:
    """Change the state if it still is ``start``; says whether it was. The problem is what is given, none by default."""
    done = await connection.fetchval(
        """
        UPDATE log SET state = $3, changed_at = $4, next_try_at = $4, lease_until = NULL, attempts = 0,
            problem = $5, problem_code = $6
        WHERE id = $1 AND state = $2 RETURNING true
        """,
        log_id,
        start,
        end,
        now,
        problem,
        problem_code,
    )
    return bool(done)


async def confirm(connection: Connection, log_id: UUID, article_id: int, now: datetime) -> bool:
    """Tie the article to the armed log and queue it. False when the log is no longer armed, or when the article has
    confirmed another log (then the log stays armed)."""
    try:
        async with connection.transaction():
            done = await connection.fetchval(
                "UPDATE log SET state = 'queued', article_id = $2, changed_at = $3, next_try_at = $3,"
                " lease_until = NULL, attempts = 0"
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


async def claim(pool: Pool, log_id: UUID, states: list[State], now: datetime, lease: timedelta) -> Log | None:
    """Take a log that is due, so that no other worker works on it until the lease ends; counts the try."""
    row = await pool.fetchrow(
        f"""
        UPDATE log SET lease_until = $4, attempts = attempts + 1
        WHERE id = $1 AND state = ANY($2::text[]) AND next_try_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)
        RETURNING {_COLUMNS}
        """,
        log_id,
        states,
        now,
        now + lease,
    )
    return _log(row) if row else None


async def release(pool: Pool, log_id: UUID, next_try_at: datetime, problem: str | None, code: str | None) -> None:
    """Give a claimed log back, to be tried again at an instant; the problem is shown meanwhile."""
    await pool.execute(
        "UPDATE log SET lease_until = NULL, next_try_at = $2, problem = $3, problem_code = $4 WHERE id = $1",
        log_id,
        next_try_at,
        problem,
        code,
    )


async def set_uncertain(connection: Connection | Pool, log_id: UUID, uncertain: bool) -> None:
    """Note, before a call to Harvest, that its outcome is not known; and after, that it is."""
    await connection.execute("UPDATE log SET uncertain = $2 WHERE id = $1", log_id, uncertain)


async def finish(connection: Connection, log_id: UUID, entry_id: int, now: datetime) -> None:
    """The log is in Harvest as this entry."""
    await connection.execute(
        "UPDATE log SET state = 'logged', entry_id = $2, uncertain = false, problem = NULL, problem_code = NULL,"
        " lease_until = NULL, attempts = 0, changed_at = $3 WHERE id = $1 AND state = 'queued'",
        log_id,
        entry_id,
        now,
    )


async def due(pool: Pool, now: datetime, limit: int) -> list[tuple[UUID, State]]:
    """Logs that wait for us, the longest waiting first."""
    rows = await pool.fetch(
        """
        SELECT id, state FROM log
        WHERE state IN ('armed', 'queued', 'undoing') AND next_try_at <= $1
            AND (lease_until IS NULL OR lease_until <= $1)
        ORDER BY next_try_at LIMIT $2
        """,
        now,
        limit,
    )
    return [(row["id"], row["state"]) for row in rows]


async def waiting_for_grant(pool: Pool, agent_id: int) -> list[UUID]:
    """An agent's logs that only wait for the agent to connect Harvest again."""
    rows = await pool.fetch(
        "SELECT id FROM log WHERE agent_id = $1 AND state = 'attention' AND problem_code = 'reconnect'", agent_id
    )
    return [row["id"] for row in rows]


async def agents_waiting(pool: Pool) -> set[int]:
    """Agents who have logs that wait for a new grant."""
    rows = await pool.fetch(
        "SELECT DISTINCT agent_id FROM log WHERE state = 'attention' AND problem_code = 'reconnect'"
    )
    return {row["agent_id"] for row in rows}


async def shown(pool: Pool, agent_id: int, ticket_id: int, now: datetime) -> list[Log]:
    """The agent's logs that the ticket's panel shows or takes values from: what is open, and the latest."""
    rows = await pool.fetch(
        f"""
        SELECT {_COLUMNS} FROM log WHERE agent_id = $1 AND ticket_id = $2 AND state <> 'discarded'
            AND (state IN ('armed', 'queued', 'undoing', 'attention', 'expired', 'disarmed') OR changed_at > $3)
        ORDER BY created_at DESC LIMIT 10
        """,
        agent_id,
        ticket_id,
        now - SHOWN_FOR,
    )
    return [_log(row) for row in rows]


async def last_task(pool: Pool, agent_id: int, project_id: int) -> int | None:
    """The task the agent used last in a project."""
    value: int | None = await pool.fetchval(
        "SELECT task_id FROM log WHERE agent_id = $1 AND project_id = $2 ORDER BY created_at DESC LIMIT 1",
        agent_id,
        project_id,
    )
    return value
