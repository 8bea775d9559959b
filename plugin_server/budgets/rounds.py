"""One round of everything that keeps budgets true, in the order in which each thing rests on the one before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from plugin_server.budgets import store
from plugin_server.budgets.guard import Guard
from plugin_server.budgets.notices import store as notices_store
from plugin_server.budgets.notices.service import Notices
from plugin_server.budgets.service import Budgets
from plugin_server.budgets.watch import Watch
from plugin_server.budgets.writing import Writing
from plugin_server.helpdesk.base import HelpdeskError
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.links import store as links_store
from plugin_server.tickets.links.service import Links

Step = Callable[[], Awaitable[object]]

_logger = log.get(__name__)


class Rounds:
    """Runs when nudged and every few seconds, in one worker at a time; whichever it is, the outcome is the same.

    ``follower`` looks at the figures once they are computed; it stands above.
    """

    def __init__(
        self,
        pool: Pool,
        guard: Guard,
        attribute: Attribute,
        budgets: Budgets,
        writing: Writing,
        watch: Watch,
        links: Links,
        notices: Notices,
        mirror: Mirror,
        clock: Clock,
        follower: Step | None = None,
    ) -> None:
        self._pool = pool
        self._mirror = mirror
        self._clock = clock
        self._running = self._again = False
        self._steps: tuple[tuple[str, Step], ...] = (
            ("guard", guard.step),
            ("attribute", attribute.run),
            ("recompute", budgets.recompute),
            ("write", writing.step),
            ("watch", watch.step),
            ("move", links.step),
            ("changes", self._tell_changes),
            *((("follow", follower),) if follower else ()),
            ("notices", notices.step),
        )

    async def run(self) -> None:
        """Do what waits. A round that is asked for while one runs, here or in another worker, follows it: two at once
        would judge and tell the same thing twice."""
        if self._running:
            self._again = True
            return
        self._running = True
        try:
            async with self._pool.acquire() as connection:
                if not await store.begin_round(connection):
                    return  # another worker is at it, and the next round is seconds away
                try:
                    self._again = True
                    while self._again:
                        self._again = False
                        await self._round()
                finally:
                    await store.end_round(connection)
        finally:
            self._running = False

    async def _round(self) -> None:
        """A helpdesk that does not answer holds up only what needs it."""
        for name, step in self._steps:
            try:
                await step()
            except HelpdeskError as error:
                _logger.warning("a step waits for the helpdesk", step=name, reason=str(error))
            except Exception:
                _logger.exception("a step failed, the next round tries it again", step=name)

    async def _tell_changes(self) -> None:
        """A ticket's project was changed: its project manager hears of it, with the hours that moved."""
        async with self._pool.acquire() as connection, connection.transaction():
            for change in await links_store.take_untold(connection, self._clock.now()):
                words = await self._words(change)
                await notices_store.tell(connection, change.ticket_id, "project_changed", words, self._clock.now())
                event = store.Event(
                    change.ticket_id,
                    change.changed_at,
                    "project_changed",
                    reason=words,
                    field="project",
                    old_value=str(change.old_project_id),
                    new_value="" if change.new_project_id is None else str(change.new_project_id),
                )
                await store.write_down(connection, event)

    async def _words(self, change: links_store.Change) -> str:
        old, new = await self._name(change.old_project_id), await self._name(change.new_project_id)
        told = later(
            "The ticket's Harvest project was changed from {old} to {new}: {left} entries ({left_hours} h) no longer"
            " count here, {came} entries ({came_hours} h) do now."
        )
        return told.format(
            old=old,
            new=new,
            left=change.left_entries,
            left_hours=f"{change.left_hours / 100:.2f}",
            came=change.came_entries,
            came_hours=f"{change.came_hours / 100:.2f}",
        )

    async def _name(self, project_id: int | None) -> str:
        if project_id is None:
            return later("none")
        project = await self._mirror.project(project_id)
        return project.label if project else str(project_id)
