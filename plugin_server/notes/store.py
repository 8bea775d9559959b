"""SQL of the notes: how many a person has had written by the model on a day. Nothing of a text is kept."""

from __future__ import annotations

from datetime import date, timedelta

from plugin_server.runtime.database import Pool

KEPT = timedelta(days=7)
"""Counts of earlier days are of no use."""


async def take(pool: Pool, agent_id: int, day: date, limit: int) -> bool:
    """Count one more of the agent's questions to the model on that day; says whether it was within the limit. What is
    beyond it is not counted."""
    async with pool.acquire() as connection, connection.transaction():
        taken = await connection.fetchval(
            """INSERT INTO note_count AS counted (agent_id, day, asked) SELECT $1, $2, 1 WHERE $3 > 0
               ON CONFLICT (agent_id, day) DO UPDATE SET asked = counted.asked + 1 WHERE counted.asked < $3
               RETURNING asked""",
            agent_id,
            day,
            limit,
        )
        if taken == 1:
            await connection.execute("DELETE FROM note_count WHERE agent_id = $1 AND day < $2", agent_id, day - KEPT)
    return taken is not None
