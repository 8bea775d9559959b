"""Calls carried out after all, though they had been given up, looked up and made again: entries and restarts."""

from __future__ import annotations

from decimal import Decimal

from plugin_server.accounts.tokens import Tokens
from plugin_server.harvest import lookup, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.outbox import late
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.service import Tickets
from plugin_server.timers import rules, store

_logger = log.get(__name__)


class LateEntries:
    """Finds them. Harvest runs one timer per person, so two entries of one timer never count the same minute: while
    the timer runs, a late one simply is one more of its entries. After Stop it holds time that nobody worked."""

    def __init__(self, pool: Pool, tickets: Tickets, mirror: Mirror, tokens: Tokens, clock: Clock) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._tokens = tokens
        self._clock = clock

    async def check(self) -> None:
        """Look at the timers whose calls are over by now."""
        await late.check(store.rows, self._settle, self._pool, self._tokens, self._clock)

    async def _settle(self, client: HarvestClient, suspect: store.Timer, user_id: int) -> None:
        entries = await store.entries(self._pool, suspect.id)
        known = {entry.entry_id for entry in entries}
        found = await lookup.made_for(
            client,
            reference=self._tickets.reference(suspect.ticket_id),
            user_id=user_id,
            day=suspect.spent_date,
            mark=str(suspect.id),
        )
        unknown = [entry for entry in found if entry.id not in known]
        # A late start has stopped them, or a late restart lets one run on.
        kept = [await self._mirror.reread(client, entry_id) for entry_id in sorted(known)]
        current = await store.rows.get(self._pool, suspect.id) or suspect
        if current.state not in rules.LIVE:
            running = {one.id for one in kept if one and one.is_running}
            for again in entries:
                if again.entry_id in running:
                    await self._undo_restart(client, current, again)
        for entry in unknown:
            # A run of which Harvest learnt only when it was over was written in one piece; twice is once too often.
            if current.timer_started_at is None and any(lookup.removable(one, entry) for one in kept if one):
                await self._remove(client, current, entry)
            else:
                await self._take(client, current, entry)
        await store.end_late_check(self._pool, suspect.id)

    async def _take(self, client: HarvestClient, timer: store.Timer, entry: wire.TimeEntry) -> None:
        ended = timer.stop_wanted_at
        if ended is not None and entry.is_running:
            stopped = await client.stop_time_entry(entry.id)
            # By durations alone: Harvest's clock is not ours.
            worked = stopped.hours - rules.hours_between(ended, self._clock.now())
            if worked * 3600 <= rules.UNNOTICEABLE.total_seconds():
                await self._remove(client, timer, entry)
                return
            entry = await client.change_time_entry(entry.id, wire.TimeEntryChange(hours=worked))
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.upsert_entries(connection, [entry])
            await store.add_entry(connection, timer.id, entry.id)
        _logger.warning("late entry of a timer", timer=str(timer.id), entry=entry.id)

    async def _undo_restart(self, client: HarvestClient, timer: store.Timer, entry: store.Entry) -> None:
        """Nobody wants it to run any more: it goes back to the hours it had."""
        await client.stop_time_entry(entry.entry_id)
        hours = Decimal(entry.banked_hours) / 100
        changed = await client.change_time_entry(entry.entry_id, wire.TimeEntryChange(hours=hours))
        await self._mirror.keep([changed])
        _logger.warning("late restart undone", timer=str(timer.id), entry=entry.entry_id)

    async def _remove(self, client: HarvestClient, timer: store.Timer, entry: wire.TimeEntry) -> None:
        await client.delete_time_entry(entry.id)
        async with self._pool.acquire() as connection:
            await mirror_store.mark_deleted(connection, entry.id, self._clock.now())
        _logger.warning("late entry removed", timer=str(timer.id), entry=entry.id)
