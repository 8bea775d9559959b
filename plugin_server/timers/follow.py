"""Following what is done to our timers in Harvest: stopped, deleted, started again."""

from __future__ import annotations

from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.timers import rules, store

GONE = later("The timer's entry is no longer in Harvest: somebody has deleted it there.")


class Follow:
    """Compares our timers with the mirror's entries."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def notice(self) -> None:
        """Follow what was done to our timers in Harvest: stopped, deleted, started again. To be called after a sync."""
        now = self._clock.now()
        for timer in await store.no_longer_running(self._pool):
            left = await store.entries(self._pool, timer.id)
            late = timer.state == "running" and left and timer.began_at and timer.present_run(now).begun_late
            async with self._pool.acquire() as connection, connection.transaction():
                # What Harvest missed because it was told too late is still owed.
                event: rules.Event = "stop" if late else "elsewhere" if left else "gone"
                if await store.rows.move(connection, timer.id, timer.state, rules.after(timer.state, event), now):
                    await store.want_stop(connection, timer.id, now)
                    await store.tell(connection, timer.id, *(("", "elsewhere") if left else (GONE, "gone")))
        for found, began_at, banked in await store.resumed(self._pool):
            async with self._pool.acquire() as connection, connection.transaction():
                timer = await store.rows.get(connection, found.id, lock=True) or found
                if timer.held_by is None and rules.accepts(timer.state, "resumed"):
                    await store.rows.move(connection, timer.id, timer.state, rules.after(timer.state, "resumed"), now)
                    await store.resume(connection, timer.id, began_at, banked)
