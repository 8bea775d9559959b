"""What becomes of a project's entries when a ticket's link to it was changed, and assigning entries by hand."""

from __future__ import annotations

from collections.abc import Callable

from plugin_server.accounts.people.service import People
from plugin_server.harvest import wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.core import HarvestError, Missing, Refused
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, NotFound
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.intake import FIGURES_JOB
from plugin_server.tickets.links import store
from plugin_server.tickets.service import Tickets

_logger = log.get(__name__)


class Links:
    """Answers to changed links, and *Assign here*. ``administrator`` makes a Harvest client that may change everybody's
    entries."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        mirror: Mirror,
        people: People,
        administrator: Callable[[], HarvestClient],
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._people = people
        self._administrator = administrator
        self._queue = queue
        self._clock = clock

    async def answer(self, caller: Caller, change_id: int, chosen: store.Answer) -> int:
        """Choose what becomes of the old project's entries; returns the ticket.

        Raises :class:`Conflict` when somebody has chosen before, and as :meth:`Tickets.require`.
        """
        change = await store.change(self._pool, change_id)
        if change is None:
            raise NotFound(_("No such change."))
        ticket = await self._tickets.require(caller, change.ticket_id)
        await self._people.require_change(caller.helpdesk_user_id, ticket.group_id)
        if chosen == "move" and change.new_project_id is None:
            raise Conflict(_("The ticket names no project that the entries could be moved to."))
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.answer(connection, change_id, chosen, caller.agent_id, self._clock.now()):
                raise Conflict(_("Somebody has answered this before."))
            if chosen == "keep":
                await attribution_store.due(connection, "project", [change.old_project_id])
        await self._queue.nudge(FIGURES_JOB)
        return change.ticket_id

    async def assign(self, caller: Caller, entry_id: int, ticket_id: int) -> None:
        """*Assign here*: an entry that names no ticket counts for this one from now on.

        Raises :class:`Conflict` for an entry that names a ticket or belongs to one, and as :meth:`Tickets.require`.
        """
        ticket = await self._tickets.require(caller, ticket_id)
        await self._people.require_change(caller.helpdesk_user_id, ticket.group_id)
        found = await attribution_store.counts_for(self._pool, entry_id)
        if found is None:
            raise NotFound(_("No such time entry."))
        counts_for, rule, project_id = found
        if project_id != ticket.project_id:
            raise Conflict(_("This time entry belongs to another project than the ticket."))
        if rule in ("reference", "number") or (counts_for is not None and counts_for != ticket_id):
            raise Conflict(_("This time entry counts for a ticket already."))
        await attribution_store.assign(self._pool, entry_id, ticket_id, caller.agent_id, self._clock.now())
        await self._queue.nudge(FIGURES_JOB)

    async def step(self) -> int:
        """Move the entries of changes for which that was chosen; returns how many changes there were."""
        waiting = await store.to_move(self._pool)
        for change in waiting:
            await self._move(change)
        return len(waiting)

    async def _move(self, change: store.Change) -> None:
        assert change.new_project_id is not None
        moved, kept = 0, []
        client = self._administrator()
        for entry_id in await store.staying(self._pool, change.ticket_id, change.old_project_id):
            try:
                entry = await client.change_time_entry(entry_id, wire.TimeEntryChange(project_id=change.new_project_id))
            except Refused as error:
                kept.append(str(error))
            except Missing:
                continue
            except HarvestError as error:
                _logger.warning("entries not moved yet", change=change.id, reason=str(error))
                return  # the next round goes on; what has been moved is no longer among those that stay
            else:
                # Of a locked entry Harvest drops the change of project without a word.
                if entry.project.id == change.new_project_id:
                    moved += 1
                else:
                    kept.append(later("it is locked"))
                await self._mirror.keep([entry])
        told = later("{moved} moved in Harvest. {kept} not: {reasons}.") if kept else later("{moved} moved in Harvest.")
        words = told.format(moved=moved, kept=len(kept), reasons="; ".join(sorted(set(kept))))
        await store.settle(self._pool, change.id, words)
        _logger.info("entries moved", change=change.id, moved=moved, kept=len(kept))
