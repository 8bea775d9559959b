"""Entries of one log in Harvest: found by the log's UUID, and what to do when there are two.

A call that was given up may still be carried out, even after it was looked up and made again. The second entry is
removed only when nothing is lost by it; otherwise it stays and the agent is told.
"""

from __future__ import annotations

from plugin_server.accounts.tokens import Tokens
from plugin_server.harvest import lookup, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store as mirror_store
from plugin_server.outbox import late
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import store

_logger = log.get(__name__)


class Twins:
    """Looks for a log's entries, and for second ones after uncertain calls."""

    def __init__(self, pool: Pool, tickets: Tickets, tokens: Tokens, clock: Clock) -> None:
        self._pool = pool
        self._tickets = tickets
        self._tokens = tokens
        self._clock = clock

    async def find(self, client: HarvestClient, wanted: store.Log, user_id: int) -> list[wire.TimeEntry]:
        """The log's entries, the oldest first."""
        return await lookup.made_for(
            client,
            reference=self._tickets.reference(wanted.ticket_id),
            user_id=user_id,
            day=wanted.spent_date,
            mark=str(wanted.id),
        )

    async def check(self) -> None:
        """Look at the logs whose calls are over by now."""
        await late.check(store.rows, self._settle, self._pool, self._tokens, self._clock)

    async def _settle(self, client: HarvestClient, suspect: store.Log, user_id: int) -> None:
        found = await self.find(client, suspect, user_id)
        kept = next((entry for entry in found if entry.id == suspect.entry_id), None)
        problem = None
        for twin in found:
            if kept is not None and twin.id == kept.id:
                continue
            # What was undone is to be in Harvest not at all.
            undone = suspect.state == "undone" and not (twin.is_running or twin.is_locked or twin.is_billed)
            if undone or (kept is not None and lookup.removable(kept, twin)):
                await client.delete_time_entry(twin.id)
                async with self._pool.acquire() as connection:
                    await mirror_store.mark_deleted(connection, twin.id, self._clock.now())
                _logger.warning("second entry removed", log=str(suspect.id), entry=twin.id)
            else:
                problem = later("Harvest holds this time twice, and the two differ. Delete the wrong one in Harvest.")
                _logger.warning("second entry stays", log=str(suspect.id), entry=twin.id)
        async with self._pool.acquire() as connection:
            await store.end_twin_check(connection, suspect.id, problem)
