"""The sessions' SQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from plugin_server.accounts.store import Agent
from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Stored:
    """What is kept of a live session's refresh tokens; see the migration."""

    id: UUID
    agent_id: int
    generation: int
    refresh_hash: bytes
    next_hash: bytes | None
    next_salt: bytes | None


async def open_session(
    pool: Pool, agent_id: int, family_hash: bytes, refresh_hash: bytes, now: datetime, expires_at: datetime
) -> UUID:
    """Make a session; sessions that ended a day ago are swept out on the way."""
    await pool.execute("DELETE FROM session WHERE expires_at < $1::timestamptz - interval '1 day'", now)
    identity: UUID = await pool.fetchval(
        "INSERT INTO session (agent_id, family_hash, refresh_hash, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5) RETURNING id",
        agent_id,
        family_hash,
        refresh_hash,
        now,
        expires_at,
    )
    return identity


async def session_agent(pool: Pool, session_id: UUID, now: datetime) -> tuple[Agent, int] | None:
    """The agent of a session that is neither over nor revoked, and the generation of the session's token in use."""
    row = await pool.fetchrow(
        # A Harvest user whose grant is gone or broken can't be acted for: to the session it is not connected.
        # Days of who has none connected are those of the Harvest user with the same address.
        "SELECT s.generation, a.id, a.helpdesk_user_id, a.name, a.email,"
        " CASE WHEN a.harvest_user_id IS NOT NULL THEN a.harvest_timezone ELSE coalesce(("
        " SELECT u.timezone FROM harvest_user u WHERE lower(u.email) = lower(a.email) AND u.is_active LIMIT 1"
        "), a.harvest_timezone) END AS harvest_timezone, CASE WHEN EXISTS ("
        " SELECT FROM agent_token t WHERE t.agent_id = a.id AND t.system = 'harvest' AND t.broken_at IS NULL"
        ") THEN a.harvest_user_id END AS harvest_user_id"
        " FROM session s JOIN agent a ON a.id = s.agent_id"
        " WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2",
        session_id,
        now,
    )
    if row is None:
        return None
    values = dict(row)
    generation: int = values.pop("generation")
    return Agent(**values), generation


async def lock(connection: Connection, family_hash: bytes, now: datetime) -> Stored | None:
    """The live session whose refresh tokens are of this family, held until the transaction ends."""
    row = await connection.fetchrow(
        "SELECT id, agent_id, generation, refresh_hash, next_hash, next_salt FROM session"
        " WHERE family_hash = $1 AND revoked_at IS NULL AND expires_at > $2 FOR UPDATE",
        family_hash,
        now,
    )
    return Stored(**row) if row else None


async def hand_out(
    connection: Connection,
    session_id: UUID,
    generation: int,
    refresh_hash: bytes,
    next_hash: bytes,
    next_salt: bytes,
    expires_at: datetime,
) -> None:
    """Note the token in use and the one that was handed out to follow it; the session lives on until ``expires_at``."""
    await connection.execute(
        "UPDATE session SET generation = $2, refresh_hash = $3, next_hash = $4, next_salt = $5, expires_at = $6"
        " WHERE id = $1",
        session_id,
        generation,
        refresh_hash,
        next_hash,
        next_salt,
        expires_at,
    )


async def adopt(pool: Pool, session_id: UUID, generation: int) -> None:
    """The token handed out as this generation has reached its owner: it takes the place of the one before it."""
    await pool.execute(
        "UPDATE session SET generation = $2, refresh_hash = next_hash, next_hash = NULL, next_salt = NULL"
        " WHERE id = $1 AND generation = $2 - 1 AND next_hash IS NOT NULL",
        session_id,
        generation,
    )


async def revoke_session(connection: Connection, session_id: UUID, now: datetime) -> int:
    """End a session; returns how many live ones the agent has left."""
    agent_id = await connection.fetchval(
        "UPDATE session SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING agent_id", session_id, now
    )
    left: int = await connection.fetchval(
        "SELECT count(*) FROM session WHERE agent_id = $1 AND revoked_at IS NULL AND expires_at > $2", agent_id, now
    )
    return left
