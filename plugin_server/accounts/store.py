"""The accounts' SQL: agents, their encrypted tokens, sign-ins under way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import asyncpg

from plugin_server.runtime.database import Connection, Pool

System = Literal["helpdesk", "harvest"]


@dataclass(frozen=True)
class Agent:
    """An agent as stored."""

    id: int
    helpdesk_user_id: int
    harvest_user_id: int | None
    name: str
    email: str
    harvest_timezone: str


@dataclass(frozen=True)
class StoredToken:
    """An encrypted grant. ``broken_at`` is set once the system refused it for good."""

    access: bytes
    refresh: bytes
    expires_at: datetime
    granted_at: datetime
    broken_at: datetime | None


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way."""

    id: UUID
    step: str
    redirect_uri: str
    client_state: str
    code_challenge: str
    agent_id: int | None
    browser_hash: bytes


class HarvestUserTaken(Exception):
    """Another agent has connected this Harvest user."""


_AGENT = "id, helpdesk_user_id, harvest_user_id, name, email, harvest_timezone"


async def upsert_agent(pool: Pool, helpdesk_user_id: int, name: str, email: str, now: datetime) -> Agent:
    """The agent for a helpdesk user, made at first sight, name and address kept current."""
    row = await pool.fetchrow(
        f"""
        INSERT INTO agent (helpdesk_user_id, name, email, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (helpdesk_user_id) DO UPDATE SET name = excluded.name, email = excluded.email
        RETURNING {_AGENT}
        """,
        helpdesk_user_id,
        name,
        email,
        now,
    )
    assert row is not None
    return Agent(**row)


async def agent(pool: Pool, agent_id: int) -> Agent | None:
    """One agent."""
    row = await pool.fetchrow(f"SELECT {_AGENT} FROM agent WHERE id = $1", agent_id)
    return Agent(**row) if row else None


async def agents_with_harvest(pool: Pool) -> list[tuple[Agent, datetime]]:
    """Agents whose Harvest grant is usable, each with the instant it was granted."""
    rows = await pool.fetch(
        f"""
        SELECT {_AGENT}, granted_at FROM agent JOIN agent_token t ON t.agent_id = agent.id
        WHERE t.system = 'harvest' AND t.broken_at IS NULL AND harvest_user_id IS NOT NULL ORDER BY id
        """
    )
    return [(Agent(*list(row.values())[:-1]), row["granted_at"]) for row in rows]


async def grants(pool: Pool, system: System) -> list[tuple[Agent, bool]]:
    """Agents who have granted us a system, each with whether that still holds as far as is known."""
    rows = await pool.fetch(
        f"SELECT {_AGENT}, t.broken_at IS NULL AS usable FROM agent JOIN agent_token t ON t.agent_id = agent.id"
        " WHERE t.system = $1 ORDER BY id",
        system,
    )
    return [(Agent(*list(row.values())[:-1]), row["usable"]) for row in rows]


async def set_timezone(pool: Pool, agent_id: int, timezone: str) -> None:
    """Keep a person's Harvest time zone current."""
    await pool.execute(
        "UPDATE agent SET harvest_timezone = $2 WHERE id = $1 AND harvest_timezone <> $2", agent_id, timezone
    )


async def set_harvest_user(connection: Connection, agent_id: int, harvest_user_id: int, timezone: str) -> None:
    """Tie a Harvest user to an agent; raises :class:`HarvestUserTaken`.

    An agent who holds the user without a usable grant (disconnected, revoked) lets go of it.
    """
    await connection.execute(
        "UPDATE agent SET harvest_user_id = NULL WHERE harvest_user_id = $2 AND id <> $1 AND NOT EXISTS ("
        " SELECT FROM agent_token t WHERE t.agent_id = agent.id AND t.system = 'harvest' AND t.broken_at IS NULL)",
        agent_id,
        harvest_user_id,
    )
    try:
        await connection.execute(
            "UPDATE agent SET harvest_user_id = $2, harvest_timezone = $3 WHERE id = $1",
            agent_id,
            harvest_user_id,
            timezone,
        )
    except asyncpg.UniqueViolationError:
        raise HarvestUserTaken from None


async def put_token(
    connection: Connection | Pool,
    agent_id: int,
    system: System,
    access: bytes,
    refresh: bytes,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Store what a person has just granted; the grant counts as whole again."""
    await connection.execute(
        """
        INSERT INTO agent_token (agent_id, system, access, refresh, expires_at, granted_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (agent_id, system) DO UPDATE SET access = excluded.access, refresh = excluded.refresh,
            expires_at = excluded.expires_at, granted_at = excluded.granted_at, broken_at = NULL
        """,
        agent_id,
        system,
        access,
        refresh,
        expires_at,
        now,
    )


async def renew_token(
    connection: Connection, agent_id: int, system: System, access: bytes, refresh: bytes, expires_at: datetime
) -> None:
    """Store a refreshed token of the same grant."""
    await connection.execute(
        "UPDATE agent_token SET access = $3, refresh = $4, expires_at = $5 WHERE agent_id = $1 AND system = $2",
        agent_id,
        system,
        access,
        refresh,
        expires_at,
    )


async def token(
    connection: Connection | Pool, agent_id: int, system: System, *, lock: bool = False
) -> StoredToken | None:
    """A grant; with ``lock`` the row is held until the transaction ends, so that one refreshes at a time."""
    row = await connection.fetchrow(
        "SELECT access, refresh, expires_at, granted_at, broken_at FROM agent_token WHERE agent_id = $1 AND system = $2"
        + (" FOR UPDATE" if lock else ""),
        agent_id,
        system,
    )
    return StoredToken(**row) if row else None


async def mark_broken(connection: Connection, agent_id: int, system: System, now: datetime) -> None:
    """Note that the system refuses this grant for good."""
    await connection.execute(
        "UPDATE agent_token SET broken_at = $3 WHERE agent_id = $1 AND system = $2", agent_id, system, now
    )


async def delete_tokens(connection: Connection, agent_id: int) -> None:
    """Forget all grants of an agent."""
    await connection.execute("DELETE FROM agent_token WHERE agent_id = $1", agent_id)


async def begin_attempt(
    pool: Pool,
    *,
    state_hash: bytes,
    browser_hash: bytes,
    redirect_uri: str,
    client_state: str,
    code_challenge: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Remember a sign-in that begins; old ones are swept out on the way."""
    await pool.execute("DELETE FROM connect_attempt WHERE expires_at < $1", now)
    await pool.execute(
        """
        INSERT INTO connect_attempt
            (step, state_hash, browser_hash, redirect_uri, client_state, code_challenge, created_at, expires_at)
        VALUES ('helpdesk', $1, $2, $3, $4, $5, $6, $7)
        """,
        state_hash,
        browser_hash,
        redirect_uri,
        client_state,
        code_challenge,
        now,
        expires_at,
    )


async def take_attempt(pool: Pool, step: str, state_hash: bytes, replacement: bytes, now: datetime) -> Attempt | None:
    """The attempt waiting at ``step`` with this state; its state is replaced, so nobody can take it twice."""
    row = await pool.fetchrow(
        """
        UPDATE connect_attempt SET state_hash = $3 WHERE step = $1 AND state_hash = $2 AND expires_at > $4
        RETURNING id, step, redirect_uri, client_state, code_challenge, agent_id, browser_hash
        """,
        step,
        state_hash,
        replacement,
        now,
    )
    return Attempt(**row) if row else None


async def advance_attempt(
    pool: Pool, attempt_id: UUID, step: str, state_hash: bytes, agent_id: int, expires_at: datetime
) -> None:
    """Move an attempt to its next step under a new state."""
    await pool.execute(
        "UPDATE connect_attempt SET step = $2, state_hash = $3, agent_id = $4, expires_at = $5 WHERE id = $1",
        attempt_id,
        step,
        state_hash,
        agent_id,
        expires_at,
    )


async def end_attempt(pool: Pool, attempt_id: UUID) -> None:
    """Forget an attempt."""
    await pool.execute("DELETE FROM connect_attempt WHERE id = $1", attempt_id)
