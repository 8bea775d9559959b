"""Writing a log's values into a timer's entries, and taking them out again. Each write may be repeated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.service import Stopped
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.timers import store


@dataclass(frozen=True)
class Values:
    """What a log says of a timer's time. ``hours`` replaces what was measured, ``None`` leaves it; ``reference`` goes
    to entries that name no ticket yet."""

    task_id: int
    notes: str
    hours: Decimal | None
    reference: wire.ExternalReference


def change_of(entry: store.Entry, values: Values) -> wire.TimeEntryChange | None:
    """What is to be changed in an entry; only what differs is sent, ``None`` when nothing does."""
    change = wire.TimeEntryChange()
    if entry.task_id != values.task_id:
        change.task_id = values.task_id
    if entry.notes != values.notes:
        change.notes = values.notes
    if values.hours is not None and entry.hours != values.hours:
        change.hours = values.hours
    if entry.external_id != values.reference.id:
        change.external_reference = values.reference
    return None if change == wire.TimeEntryChange() else change


def change_back(entry: store.Entry, typed: Decimal | None) -> wire.TimeEntryChange | None:
    """What restores an entry as it was before the log; ``None`` when nothing was changed. Hours go back only from those
    that the log had written (``typed``): what somebody has changed since stays.
    """
    if entry.hours_before is None:
        return None
    change = wire.TimeEntryChange()
    if entry.task_before is not None and entry.task_id != entry.task_before:
        change.task_id = entry.task_before
    if entry.notes != (entry.notes_before or ""):
        change.notes = entry.notes_before or ""
    if typed is not None and entry.hours == typed != entry.hours_before:
        change.hours = entry.hours_before
    return None if change == wire.TimeEntryChange() else change


class Recording:
    """Does it, one entry after the other."""

    def __init__(self, pool: Pool, mirror: Mirror, clock: Clock) -> None:
        self._pool = pool
        self._mirror = mirror
        self._clock = clock

    async def write(self, client: HarvestClient, timer: store.Timer, values: Values) -> list[store.Entry]:
        """Write the values into every entry of a stopped timer; the entries as they are then.

        Raises :class:`~plugin_server.outbox.service.Stopped` when nothing is left to write to, or Harvest won't have
        it, and :class:`~plugin_server.harvest.core.HarvestError` for the rest.
        """
        entries = await store.entries(self._pool, timer.id)
        worked = [entry for entry in entries if entry.hours] or entries[-1:]
        for entry in entries:
            if entry not in worked and await self._remove(client, entry):
                continue
            change = change_of(entry, values)
            await store.keep_before(self._pool, entry)
            if change is not None:
                try:
                    await self._change(client, entry, change)
                except core.Refused as error:
                    raise Stopped(
                        later(
                            "The time itself is in Harvest; only the note and task could not be written: {reason}."
                        ).format(reason=error),
                        "refused",
                    ) from error
        left = await store.entries(self._pool, timer.id)
        if not left:
            raise Stopped(later("The timer's entry is no longer in Harvest: somebody has deleted it there."), "gone")
        return left

    async def restore(self, client: HarvestClient, timer_id: UUID, typed: Decimal | None) -> None:
        """Make every entry what it was before the log, which had written ``typed`` hours into it; as :meth:`write`."""
        for entry in await store.entries(self._pool, timer_id):
            if (change := change_back(entry, typed)) is not None:
                await self._change(client, entry, change)

    async def _change(self, client: HarvestClient, entry: store.Entry, change: wire.TimeEntryChange) -> None:
        try:
            await self._mirror.keep([await client.change_time_entry(entry.entry_id, change)])
        except core.Missing:
            await self._gone(entry)

    async def _remove(self, client: HarvestClient, entry: store.Entry) -> bool:
        """A start that came to nothing: no time is lost with it. False when it does hold time, or has to stay."""
        found = await self._mirror.reread(client, entry.entry_id)
        if found is None:
            return True
        if found.hours or found.is_running:
            return False
        try:
            await client.delete_time_entry(entry.entry_id)
        except core.Refused:
            return False
        except core.Missing:
            pass
        await self._gone(entry)
        return True

    async def _gone(self, entry: store.Entry) -> None:
        async with self._pool.acquire() as connection:
            await mirror_store.mark_deleted(connection, entry.entry_id, self._clock.now())
