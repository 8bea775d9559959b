"""The SQL of alerts: what was looked at, what was crossed, and what people want to hear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from uuid import UUID

from plugin_server.alerts.rules import Level, Seen
from plugin_server.runtime import i18n
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Alert:
    """A level that a ticket's budget has crossed. ``used`` and ``budget`` in hundredths of an hour, ``percent`` whole
    and rounded down; ``source`` says whose budget: the ``ticket``'s own or its ``project``'s."""

    id: UUID
    ticket_id: int
    band: Level
    source: str
    percent: int
    used: int
    budget: int
    ends_on: date | None
    at: datetime


@dataclass(frozen=True)
class Person:
    """What somebody wants to hear, and in which language."""

    user_id: int
    lang: str = i18n.DEFAULT
    email: bool = True
    desktop: bool = True


_ALERT = ", ".join(field.name for field in fields(Alert))
_PERSON = ", ".join(field.name for field in fields(Person))


@dataclass(frozen=True)
class Start:
    """When looking began, and since when crossings are told of; ``None``: everything is still a first look."""

    began_at: datetime
    live_at: datetime | None


async def start(pool: Pool | Connection) -> Start | None:
    """How it began; ``None`` before it has."""
    row = await pool.fetchrow("SELECT began_at, live_at FROM alert_start")
    return Start(**row) if row else None


async def begin(connection: Connection, now: datetime) -> Start:
    """The first look at everything begins."""
    await connection.execute("INSERT INTO alert_start (began_at) VALUES ($1) ON CONFLICT DO NOTHING", now)
    return Start(now, None)


async def go_live(connection: Connection, now: datetime) -> None:
    """Everything old has been looked at: crossings are told of from now on."""
    await connection.execute("UPDATE alert_start SET live_at = $1 WHERE live_at IS NULL", now)


async def seen(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, tuple[Seen, datetime]]:
    """How tickets stood at the last look, and when that was."""
    rows = await connection.fetch(
        "SELECT ticket_id, band, budget, project_id, thresholds, seen_at FROM alert_seen"
        " WHERE ticket_id = ANY($1::bigint[])",
        list(ticket_ids),
    )
    return {
        row["ticket_id"]: (Seen(row["band"], row["budget"], row["project_id"], row["thresholds"]), row["seen_at"])
        for row in rows
    }


async def seen_otherwise(connection: Connection, thresholds: str, after: int, limit: int) -> list[int]:
    """Tickets that were last looked at when the bands began elsewhere, by number from ``after`` on."""
    rows = await connection.fetch(
        "SELECT ticket_id FROM alert_seen WHERE thresholds <> $1 AND ticket_id > $2 ORDER BY ticket_id LIMIT $3",
        thresholds,
        after,
        limit,
    )
    return [row["ticket_id"] for row in rows]


async def note(connection: Connection, found: Sequence[tuple[int, Seen]], now: datetime) -> None:
    """Tickets were looked at."""
    await connection.executemany(
        """
        INSERT INTO alert_seen (ticket_id, band, budget, project_id, thresholds, seen_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (ticket_id) DO UPDATE SET band = excluded.band, budget = excluded.budget,
            project_id = excluded.project_id, thresholds = excluded.thresholds, seen_at = excluded.seen_at
        """,
        [(ticket, one.band, one.budget, one.project_id, one.thresholds, now) for ticket, one in found],
    )


async def add(connection: Connection, one: Alert) -> None:
    """A level was crossed; who is told is found out next."""
    await connection.execute(
        f"INSERT INTO alert ({_ALERT}, next_try_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        one.id,
        one.ticket_id,
        one.band,
        one.source,
        one.percent,
        one.used,
        one.budget,
        one.ends_on,
        one.at,
    )


async def unspread(connection: Connection, now: datetime) -> Alert | None:
    """An alert of which it is not known yet who is told, held until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_ALERT} FROM alert WHERE spread_at IS NULL AND next_try_at <= $1"
        " ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED",
        now,
    )
    return Alert(**row) if row else None


async def spread(connection: Connection, alert_id: UUID, now: datetime) -> None:
    """Everybody who is told of it has a row now."""
    await connection.execute("UPDATE alert SET spread_at = $2 WHERE id = $1", alert_id, now)


async def spread_later(connection: Connection, alert_id: UUID, again: datetime) -> None:
    """Who is told could not be found out; it is tried again then."""
    await connection.execute("UPDATE alert SET next_try_at = $2 WHERE id = $1", alert_id, again)


async def alert(pool: Pool, alert_id: UUID) -> Alert | None:
    """An alert."""
    row = await pool.fetchrow(f"SELECT {_ALERT} FROM alert WHERE id = $1", alert_id)
    return Alert(**row) if row else None


async def alerted(pool: Pool, ticket_ids: Sequence[int], since: datetime) -> dict[int, Alert]:
    """The latest alert of each ticket since then."""
    rows = await pool.fetch(
        f"SELECT DISTINCT ON (ticket_id) {_ALERT} FROM alert WHERE ticket_id = ANY($1::bigint[]) AND at >= $2"
        " ORDER BY ticket_id, at DESC",
        list(ticket_ids),
        since,
    )
    return {row["ticket_id"]: Alert(**row) for row in rows}


async def forget(pool: Pool, before: datetime) -> None:
    """Forget alerts of long ago, and what became of them."""
    await pool.execute("DELETE FROM alert WHERE at < $1", before)


async def people(pool: Pool | Connection, user_ids: Sequence[int], lang: str = i18n.DEFAULT) -> dict[int, Person]:
    """What people want; who never said has the defaults, and reads ``lang``."""
    rows = await pool.fetch(f"SELECT {_PERSON} FROM alert_person WHERE user_id = ANY($1::bigint[])", list(user_ids))
    found = {row["user_id"]: Person(**row) for row in rows}
    return {user_id: found.get(user_id) or Person(user_id, lang) for user_id in user_ids}


async def speaks(pool: Pool, user_id: int, lang: str) -> None:
    """Somebody's language, as their browser asks for it."""
    await pool.execute(
        "INSERT INTO alert_person (user_id, lang) VALUES ($1, $2)"
        " ON CONFLICT (user_id) DO UPDATE SET lang = excluded.lang WHERE alert_person.lang <> excluded.lang",
        user_id,
        lang,
    )


async def want(pool: Pool, user_id: int, channel: str, *, wanted: bool) -> None:
    """Whether somebody wants to hear by ``email`` or on the ``desktop``."""
    column = {"email": "email", "desktop": "desktop"}[channel]
    await pool.execute(
        f"INSERT INTO alert_person (user_id, {column}) VALUES ($1, $2)"
        f" ON CONFLICT (user_id) DO UPDATE SET {column} = excluded.{column}",
        user_id,
        wanted,
    )
