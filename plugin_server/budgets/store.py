"""The budgets' SQL: figures, what is to be written to the helpdesk, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class ProjectBudget:
    """A project that time is tracked on, with its own budget in hundredths of an hour if it has one for the whole
    project; ``monthly``: of each calendar month."""

    limit: int | None
    monthly: bool


@dataclass(frozen=True)
class Budget:
    """A ticket's figures as computed, and what the helpdesk is to show of them. Hours in hundredths."""

    ticket_id: int
    used: int
    budget: int | None
    quoted: int | None
    percent: int | None
    band: str
    pressing: Decimal
    ends_on: date | None
    locked: bool
    lock_source: str | None
    lock_used: int | None
    lock_limit: int | None
    lock_point: int | None
    crossing: UUID | None
    locked_at: datetime | None
    reopens_at: datetime | None
    accepted_budget: str
    accepted_quoted: str
    accepted_pm: str
    wanted_used: str
    wanted_utilization: str
    wanted_state: str
    write_budget: bool
    written_state: str | None
    written_used: str | None
    written_utilization: str | None
    written_at: datetime | None
    write_due_at: datetime | None
    computed_at: datetime


@dataclass(frozen=True)
class Event:
    """A row of the ledger. Hours in hundredths."""

    ticket_id: int
    at: datetime
    kind: str
    by_user: int | None = None
    by_name: str = ""
    reason: str = ""
    field: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    used: int | None = None
    budget: int | None = None
    ceiling: int | None = None
    expires_at: datetime | None = None
    crossing: UUID | None = None
    article_id: int | None = None


_BUDGET = ", ".join(field.name for field in fields(Budget))
_EVENT = ", ".join(field.name for field in fields(Event))


async def budget(connection: Connection | Pool, ticket_id: int) -> Budget | None:
    """A ticket's figures as last computed."""
    row = await connection.fetchrow(f"SELECT {_BUDGET} FROM ticket_budget WHERE ticket_id = $1", ticket_id)
    return Budget(**row) if row else None


async def budgets(connection: Connection, ticket_ids: Sequence[int], *, lock: bool = True) -> dict[int, Budget]:
    """The figures of tickets, with ``lock`` held for a change."""
    rows = await connection.fetch(
        f"SELECT {_BUDGET} FROM ticket_budget WHERE ticket_id = ANY($1::bigint[]) ORDER BY ticket_id"
        f"{' FOR UPDATE' if lock else ''}",
        ticket_ids,
    )
    return {row["ticket_id"]: Budget(**row) for row in rows}


async def put(connection: Connection, one: Budget) -> None:
    """Write a ticket's figures."""
    values = asdict(one)
    names = list(values)
    places = ", ".join(f"${place}" for place in range(1, len(names) + 1))
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name != "ticket_id")
    await connection.execute(
        f"INSERT INTO ticket_budget ({_BUDGET}) VALUES ({places}) ON CONFLICT (ticket_id) DO UPDATE SET {sets}",
        *values.values(),
    )


async def project_budget(connection: Connection | Pool, project_id: int) -> ProjectBudget | None:
    """A project that Harvest has and that is not archived."""
    row = await connection.fetchrow(
        "SELECT CASE WHEN budget_by = 'project' AND budget > 0 THEN budget END AS \"limit\","
        " budget_is_monthly AS monthly FROM harvest_project WHERE id = $1 AND is_active AND deleted_at IS NULL",
        project_id,
    )
    return ProjectBudget(**row) if row else None


async def write_down(connection: Connection | Pool, event: Event) -> bool:
    """Add a row to the ledger; the same article is a bypass only once (``False`` the second time)."""
    values = asdict(event)
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    done = await connection.fetchval(
        f"INSERT INTO budget_event ({_EVENT}) VALUES ({places}) ON CONFLICT DO NOTHING RETURNING true",
        *values.values(),
    )
    return bool(done)


async def unlocks(connection: Connection | Pool, ticket_ids: Sequence[int]) -> dict[int, list[Event]]:
    """The unlocks of tickets, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_EVENT} FROM budget_event WHERE kind = 'unlocked' AND ticket_id = ANY($1::bigint[]) ORDER BY id",
        ticket_ids,
    )
    found: dict[int, list[Event]] = {}
    for row in rows:
        found.setdefault(row["ticket_id"], []).append(Event(**row))
    return found


async def events(pool: Pool, ticket_id: int, limit: int) -> list[Event]:
    """The ledger of a ticket, newest first."""
    rows = await pool.fetch(
        f"SELECT {_EVENT} FROM budget_event WHERE ticket_id = $1 ORDER BY id DESC LIMIT $2", ticket_id, limit
    )
    return [Event(**row) for row in rows]


async def asked(pool: Pool, one: Budget) -> Event | None:
    """Who has asked for an unlock since the ticket was locked, first."""
    row = await pool.fetchrow(
        f"SELECT {_EVENT} FROM budget_event WHERE ticket_id = $1 AND crossing = $2 AND kind = 'asked'"
        " ORDER BY id LIMIT 1",
        one.ticket_id,
        one.crossing,
    )
    return Event(**row) if row else None


async def due_again(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Tickets whose unlock has just run out, and those not computed today: a month may have begun, a pace changed."""
    rows = await connection.fetch(
        """
        UPDATE ticket_budget SET reopens_at = NULL, computed_at = $1 WHERE ticket_id IN (
            SELECT ticket_id FROM ticket_budget
            WHERE reopens_at <= $1 OR computed_at < date_trunc('day', $1::timestamptz, 'UTC')
            LIMIT $2 FOR UPDATE SKIP LOCKED)
        RETURNING ticket_id
        """,
        now,
        limit,
    )
    return [row["ticket_id"] for row in rows]


async def changed_projects(connection: Connection) -> list[int]:
    """Projects whose budget in Harvest, or whose being there at all, is not what figures were computed with."""
    rows = await connection.fetch(
        """
        WITH now AS (
            SELECT id, concat_ws(' ', budget_by, budget, budget_is_monthly, is_active, deleted_at IS NULL) AS rests_on
            FROM harvest_project)
        INSERT INTO budget_project (project_id, rests_on)
        SELECT now.id, now.rests_on FROM now LEFT JOIN budget_project b ON b.project_id = now.id
        WHERE b.rests_on IS DISTINCT FROM now.rests_on ORDER BY now.id
        ON CONFLICT (project_id) DO UPDATE SET rests_on = excluded.rests_on
        RETURNING project_id
        """
    )
    return [row["project_id"] for row in rows]


async def accept(connection: Connection | Pool, ticket_id: int, field: str, value: str) -> None:
    """What a project manager has set in the helpdesk holds from now on."""
    column = {"budget_hours": "accepted_budget", "quoted_hours": "accepted_quoted", "pm": "accepted_pm"}[field]
    await connection.execute(f"UPDATE ticket_budget SET {column} = $2 WHERE ticket_id = $1", ticket_id, value)


async def set_budget(connection: Connection, ticket_id: int, text: str, now: datetime) -> None:
    """A budget set through Deskhours: it holds at once and is written to the helpdesk."""
    await connection.execute(
        "UPDATE ticket_budget SET accepted_budget = $2, write_budget = true, write_due_at = $3 WHERE ticket_id = $1",
        ticket_id,
        text,
        now,
    )


async def to_write(pool: Pool, now: datetime, lease: datetime, limit: int) -> list[Budget]:
    """Tickets whose fields are due to be written; nobody else gets them until ``lease``."""
    rows = await pool.fetch(
        f"""
        UPDATE ticket_budget SET write_due_at = $2 WHERE ticket_id IN (
            SELECT ticket_id FROM ticket_budget WHERE write_due_at <= $1
            ORDER BY wanted_state IS NOT DISTINCT FROM written_state, write_due_at -- locks and unlocks first
            LIMIT $3 FOR UPDATE SKIP LOCKED)
        RETURNING {_BUDGET}
        """,
        now,
        lease,
        limit,
    )
    return [Budget(**row) for row in rows]


async def leave_to_write(pool: Pool, ticket_ids: Sequence[int], lease: datetime, now: datetime) -> None:
    """Who took these by :func:`to_write` does not come to it; another worker may at once."""
    await pool.execute(
        "UPDATE ticket_budget SET write_due_at = $3 WHERE ticket_id = ANY($1::bigint[]) AND write_due_at = $2",
        list(ticket_ids),
        lease,
        now,
    )


async def written(pool: Pool, one: Budget, now: datetime) -> None:
    """The helpdesk shows what was wanted; what is wanted anew meanwhile is due at once."""
    await pool.execute(
        """
        UPDATE ticket_budget SET written_state = $2::text, written_used = $3::text, written_utilization = $4::text,
            written_at = $5::timestamptz, write_attempts = 0, write_problem = NULL,
            write_budget = write_budget AND accepted_budget <> $6::text,
            write_due_at = CASE WHEN (wanted_state, wanted_used, wanted_utilization, accepted_budget)
                IS DISTINCT FROM ($2::text, $3::text, $4::text, $6::text) THEN $5::timestamptz END
        WHERE ticket_id = $1
        """,
        one.ticket_id,
        one.wanted_state,
        one.wanted_used,
        one.wanted_utilization,
        now,
        one.accepted_budget,
    )


async def not_written(pool: Pool, ticket_id: int, problem: str, again: datetime | None) -> None:
    """The helpdesk did not take it; it is tried again then (``None``: not by itself)."""
    await pool.execute(
        "UPDATE ticket_budget SET write_due_at = $3, write_attempts = write_attempts + 1, write_problem = $2"
        " WHERE ticket_id = $1",
        ticket_id,
        problem,
        again,
    )


async def attempts(pool: Pool, ticket_id: int) -> int:
    """How often in a row writing has failed."""
    value: int | None = await pool.fetchval("SELECT write_attempts FROM ticket_budget WHERE ticket_id = $1", ticket_id)
    return value or 0


_ROUND = 0x726E6473
"""Key of the advisory lock by which one worker at a time runs a round ("rnds")."""


async def begin_round(connection: Connection) -> bool:
    """Whether no other worker is at it; then none is until :func:`end_round`, or until the connection ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", _ROUND))


async def end_round(connection: Connection) -> None:
    """Let others begin."""
    await connection.execute("SELECT pg_advisory_unlock($1)", _ROUND)


async def watch_anew(connection: Connection, ticket_id: int) -> None:
    """A ticket has just been locked: what it holds then is where watching it begins."""
    await connection.execute(
        "UPDATE ticket_budget SET watched_at = NULL, watched_article = NULL, watched_from = NULL,"
        " watch_after = '-infinity' WHERE ticket_id = $1",
        ticket_id,
    )


@dataclass(frozen=True)
class Watched:
    """What a locked ticket held when its articles were last looked at."""

    ticket_id: int
    crossing: UUID
    locked_at: datetime | None
    watched_from: datetime | None
    watched_at: datetime | None
    watched_article: int | None
    internal_articles: tuple[int, ...]
    linked_tickets: tuple[int, ...]


async def watched(pool: Pool, now: datetime) -> dict[int, Watched]:
    """The tickets that the helpdesk keeps locked for us."""
    rows = await pool.fetch(
        "SELECT ticket_id, crossing, locked_at, watched_from, watched_at, watched_article, internal_articles,"
        " linked_tickets FROM ticket_budget WHERE locked AND written_state = 'locked' AND watch_after <= $1",
        now,
    )
    return {
        row["ticket_id"]: Watched(
            **{
                **row,
                "internal_articles": tuple(row["internal_articles"]),
                "linked_tickets": tuple(row["linked_tickets"]),
            }
        )
        for row in rows
    }


async def watch_later(pool: Pool, ticket_id: int, after: datetime) -> None:
    """It could not be looked at; it is tried again then."""
    await pool.execute("UPDATE ticket_budget SET watch_after = $2 WHERE ticket_id = $1", ticket_id, after)


async def watch_from(pool: Pool, ticket_id: int, instant: datetime) -> None:
    """The helpdesk keeps the ticket locked since then, by its own clock."""
    await pool.execute(
        "UPDATE ticket_budget SET watched_from = $2 WHERE ticket_id = $1 AND watched_from IS NULL", ticket_id, instant
    )


async def watch(
    pool: Pool,
    ticket_id: int,
    watched_at: datetime,
    article: int,
    internal_articles: Sequence[int],
    linked_tickets: Sequence[int],
) -> None:
    """A locked ticket has been looked at as it was then."""
    await pool.execute(
        "UPDATE ticket_budget SET watched_at = $2, watched_article = $3, internal_articles = $4, linked_tickets = $5"
        " WHERE ticket_id = $1",
        ticket_id,
        watched_at,
        article,
        list(internal_articles),
        list(linked_tickets),
    )


async def project_managers(pool: Pool, project_id: int) -> list[str]:
    """E-mail addresses of those who manage a project in Harvest."""
    rows = await pool.fetch(
        "SELECT u.email FROM harvest_user_assignment a JOIN harvest_user u ON u.id = a.user_id"
        " WHERE a.project_id = $1 AND a.is_active AND a.is_project_manager AND u.is_active ORDER BY u.id",
        project_id,
    )
    return [row["email"] for row in rows]


async def pressing(pool: Pool, percent: Decimal, limit: int) -> list[int]:
    """Tickets that have used at least so much of a budget, or are locked; the most pressing first."""
    rows = await pool.fetch(
        "SELECT ticket_id FROM ticket_budget WHERE pressing >= $1 OR locked ORDER BY pressing DESC, ticket_id LIMIT $2",
        percent,
        limit,
    )
    return [row["ticket_id"] for row in rows]
