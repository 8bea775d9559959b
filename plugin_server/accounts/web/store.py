"""The SQL of browser sign-ins and their sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from plugin_server.accounts.store import Agent
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class WebSession:
    """A live session."""

    id: UUID
    used_at: datetime
    ends_at: datetime


async def begin(
    pool: Pool, *, state_hash: bytes, browser_hash: bytes, return_to: str, now: datetime, expires_at: datetime
) -> None:
    """Remember a sign-in that begins; old ones are swept out on the way."""
    await pool.execute("DELETE FROM web_attempt WHERE expires_at < $1", now)
    await pool.execute(
        "INSERT INTO web_attempt (state_hash, browser_hash, return_to, expires_at) VALUES ($1, $2, $3, $4)",
        state_hash,
        browser_hash,
        return_to,
        expires_at,
    )


async def take(pool: Pool, state_hash: bytes, now: datetime) -> tuple[bytes, str] | None:
    """The hash of the browser and the page to return to of the sign-in with this state; nobody can take it twice."""
    row = await pool.fetchrow(
        "DELETE FROM web_attempt WHERE state_hash = $1 AND expires_at > $2 RETURNING browser_hash, return_to",
        state_hash,
        now,
    )
    return (row["browser_hash"], row["return_to"]) if row else None


async def open_session(
    connection: Connection, agent_id: int, token_hash: bytes, now: datetime, expires_at: datetime, ends_at: datetime
) -> None:
    """Make a session; those that are over are swept out on the way."""
    await connection.execute("DELETE FROM web_session WHERE expires_at < $1", now)
    await connection.execute(
        "INSERT INTO web_session (agent_id, token_hash, created_at, used_at, expires_at, ends_at)"
        " VALUES ($1, $2, $3, $3, $4, $5)",
        agent_id,
        token_hash,
        now,
        expires_at,
        ends_at,
    )


async def session(pool: Pool, token_hash: bytes, now: datetime) -> tuple[WebSession, Agent] | None:
    """The live session with this token, and its agent."""
    row = await pool.fetchrow(
        # A Harvest user whose grant is gone or broken can't be acted for: to the session it is not connected.
        "SELECT s.id AS session_id, s.used_at, s.ends_at, a.id, a.helpdesk_user_id, a.name, a.email,"
        # Who has connected no Harvest account is still in a zone, where Harvest knows their address.
        " CASE WHEN a.harvest_user_id IS NOT NULL THEN a.harvest_timezone ELSE coalesce(("
        " SELECT u.timezone FROM harvest_user u WHERE lower(u.email) = lower(a.email) AND u.is_active LIMIT 1"
        "), a.harvest_timezone) END AS harvest_timezone, CASE WHEN EXISTS ("
        " SELECT FROM agent_token t WHERE t.agent_id = a.id AND t.system = 'harvest' AND t.broken_at IS NULL"
        ") THEN a.harvest_user_id END AS harvest_user_id"
        " FROM web_session s JOIN agent a ON a.id = s.agent_id WHERE s.token_hash = $1 AND s.expires_at > $2",
        token_hash,
        now,
    )
    if row is None:
        return None
    values = dict(row)
    live = WebSession(values.pop("session_id"), values.pop("used_at"), values.pop("ends_at"))
    return live, Agent(**values)


async def used(pool: Pool, session_id: UUID, now: datetime, expires_at: datetime) -> None:
    """A session is in use: its end moves."""
    await pool.execute(
        "UPDATE web_session SET used_at = $2, expires_at = $3 WHERE id = $1 AND used_at < $2",
        session_id,
        now,
        expires_at,
    )


async def close_session(connection: Connection, token_hash: bytes) -> int | None:
    """End a session; its agent, or ``None`` when there was none."""
    agent_id: int | None = await connection.fetchval(
        "DELETE FROM web_session WHERE token_hash = $1 RETURNING agent_id", token_hash
    )
    return agent_id


async def sessions_left(connection: Connection, agent_id: int, now: datetime) -> int:
    """How many live sessions an agent has, those of the extension included."""
    left: int = await connection.fetchval(
        "SELECT (SELECT count(*) FROM web_session WHERE agent_id = $1 AND expires_at > $2)"
        " + (SELECT count(*) FROM session WHERE agent_id = $1 AND revoked_at IS NULL AND expires_at > $2)",
        agent_id,
        now,
    )
    return left


async def agents(pool: Pool, agent_ids: Sequence[int]) -> dict[int, str]:
    """The names of agents, by our own id."""
    rows = await pool.fetch("SELECT id, name FROM agent WHERE id = ANY($1::bigint[])", agent_ids)
    return {row["id"]: row["name"] for row in rows}


async def names(pool: Pool, helpdesk_user_ids: Sequence[int]) -> dict[int, str]:
    """The names of helpdesk users, as far as they have been seen."""
    rows = await pool.fetch(
        "SELECT helpdesk_user_id AS id, name FROM agent WHERE helpdesk_user_id = ANY($1::bigint[])"
        " UNION ALL SELECT id, name FROM helpdesk_member WHERE id = ANY($1::bigint[])",
        helpdesk_user_ids,
    )
    return {row["id"]: row["name"] for row in rows}


async def who_may_manage(pool: Pool, roles: Sequence[str]) -> dict[str, str]:
    """Names of active people who hold one of these roles, as last seen, by login and by e-mail address in lower
    case."""
    rows = await pool.fetch(
        "SELECT lower(login) AS login, lower(email) AS email, name FROM helpdesk_member"
        " WHERE active AND roles && $1::text[]",
        list(roles),
    )
    return {row[key]: row["name"] for row in rows for key in ("login", "email") if row[key]}
