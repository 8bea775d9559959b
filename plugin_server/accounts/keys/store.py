"""The SQL of changing keys: stored tokens as they are, whoever's."""

from __future__ import annotations

from dataclasses import dataclass

from plugin_server.accounts.store import System
from plugin_server.runtime.database import Pool

FIRST = (0, "")
"""Comes before every grant."""


@dataclass(frozen=True)
class Sealed:
    """An agent's encrypted tokens to one system."""

    agent_id: int
    system: System
    access: bytes
    refresh: bytes

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands in the order in which they are read."""
        return self.agent_id, self.system


async def after(pool: Pool, place: tuple[int, str], limit: int) -> list[Sealed]:
    """The grants that come after a place, ``limit`` at most."""
    rows = await pool.fetch(
        "SELECT agent_id, system, access, refresh FROM agent_token WHERE (agent_id, system) > ($1, $2)"
        " ORDER BY agent_id, system LIMIT $3",
        *place,
        limit,
    )
    return [Sealed(**row) for row in rows]


async def replace(pool: Pool, old: Sealed, access: bytes, refresh: bytes) -> bool:
    """Store the same tokens sealed anew; False when they have been renewed, or are gone, since they were read. Waits
    for a renewal under way."""
    done = await pool.fetchval(
        "UPDATE agent_token SET access = $5, refresh = $6"
        " WHERE agent_id = $1 AND system = $2 AND access = $3 AND refresh = $4 RETURNING true",
        old.agent_id,
        old.system,
        old.access,
        old.refresh,
        access,
        refresh,
    )
    return bool(done)
