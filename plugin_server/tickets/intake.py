"""What the helpdesk says of tickets, taken in: by webhook at once, by poll for certain, by a nightly pass for what is
gone. Whatever way a reading comes, the latest of a ticket stands and an older one changes nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import rules, store
from plugin_server.tickets.articles import store as articles_store
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.links import store as links_store

TAKE_JOB = "take_ticket"
"""Nudged with a ticket's id to have it read as the service user."""

FIGURES_JOB = "figures"
"""Nudged when entries are to be attributed or a ticket's figures computed anew."""

RELIST_JOB = "relist_ticket"
"""Nudged with a ticket's id to have its entries compared with Harvest's, deleted ones included."""

CALL_SECONDS = 10.0
OVERLAP = timedelta(minutes=15)
"""How far a poll reaches back behind the last one's start; the helpdesk's clock is not ours."""

POLL_LIMIT = 20_000
"""Tickets taken in one poll at most; one that finds more does not move on, and the next one takes them again."""

LOOK_BACK = 20
"""Tickets whose history is asked for again in one poll, because it could not be read before."""

FIRST_LIMIT = 100_000
"""Tickets with a project or a budget that the first poll takes at most."""

DELIVERIES_KEPT = timedelta(days=2)
"""The helpdesk gives up on a delivery within minutes."""

_POLL, _PASS = "helpdesk_tickets", "helpdesk_pass"
_PASS_EVERY = timedelta(hours=24)
_PASS_PAGE = 200

_logger = log.get(__name__)


class Intake:
    """Takes in what the helpdesk says of tickets. ``token`` is the service user's; tags are asked for where the
    manifest names some."""

    def __init__(
        self, pool: Pool, helpdesk: Helpdesk, token: str, queue: Queue, clock: Clock, *, with_tags: bool = False
    ) -> None:
        self._with_tags = with_tags
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._queue = queue
        self._clock = clock

    async def take(self, connection: Connection, ticket: base.Ticket) -> store.Written:
        """Write a reading, in the caller's transaction: the ticket, its link, and what depends on them."""
        project_id = rules.parse_project_id(ticket.project)
        written = await store.upsert(connection, ticket, project_id, self._clock.now())
        if not written.taken:
            return written
        await articles_store.changed(connection, ticket.id, ticket.updated_at)
        projects = await links_store.see(connection, ticket.id, project_id, ticket.updated_at, self._clock.now())
        await attribution_store.due(connection, "project", [one for one in projects if one is not None])
        if written.first:
            await attribution_store.due(connection, "ticket", [ticket.id])
        if written.changed:
            await attribution_store.mark_dirty(connection, [ticket.id])
        return written

    async def keep(self, ticket: base.Ticket) -> store.Written:
        """As :meth:`take`, in a transaction of its own, and have the figures follow."""
        async with self._pool.acquire() as connection, connection.transaction():
            written = await self.take(connection, ticket)
        if written.changed:
            await self._queue.nudge(FIGURES_JOB)
        return written

    async def read(self, ticket_id: int) -> store.Ticket | None:
        """Read a ticket as the service user; ``None`` when the helpdesk has it no more, which is noted."""
        try:
            seen = await self._helpdesk.ticket(self._token, ticket_id, seconds=CALL_SECONDS)
        except base.Missing:
            await self._gone(ticket_id)
            return None
        await self.keep(seen)
        await self._look_back(seen)
        return await store.ticket(self._pool, ticket_id)

    async def poll(self) -> int:
        """Take in every ticket that changed since the last poll began; returns how many there were."""
        began = self._clock.now()
        since = await mirror_store.watermark(self._pool, _POLL)
        reach = OVERLAP if since is None else min(began - since + OVERLAP, timedelta(days=30))
        seen = await self._helpdesk.changed_tickets(self._token, reach, POLL_LIMIT)
        if since is None:
            seen += await self._helpdesk.concerned_tickets(self._token, FIRST_LIMIT)
        for ticket in reversed(seen):
            written = await self.keep(ticket)
            if written.changed or (written.taken and self._with_tags):
                await self._try(ticket.id, lambda ticket=ticket: self._look_back(ticket))  # type: ignore[misc]
        for ticket_id in await store.incomplete(self._pool, LOOK_BACK):
            await self._try(ticket_id, lambda ticket_id=ticket_id: self.read(ticket_id))  # type: ignore[misc]
        if len(seen) < POLL_LIMIT or since is None:
            async with self._pool.acquire() as connection:
                await mirror_store.move_watermark(connection, _POLL, began)
        return len(seen)

    async def _try(self, ticket_id: int, look: Callable[[], Awaitable[object]]) -> None:
        """One ticket that can't be read holds up no other; it is tried again with the next poll."""
        try:
            await look()
        except base.HelpdeskError as error:
            _logger.warning("a ticket can't be read", ticket=ticket_id, reason=str(error))

    async def pass_over(self) -> None:
        """Once a day: read every ticket that a search no longer finds."""
        last = await mirror_store.watermark(self._pool, _PASS)
        if last is not None and self._clock.now() - last < _PASS_EVERY:
            return
        began, after = self._clock.now(), 0
        while page := await store.living(self._pool, after, _PASS_PAGE):
            there = await self._helpdesk.existing(self._token, page)
            for ticket_id in page:
                if ticket_id not in there:
                    await self._try(ticket_id, lambda ticket_id=ticket_id: self.read(ticket_id))  # type: ignore[misc]
            after = page[-1]
        await store.forget_deliveries(self._pool, began - DELIVERIES_KEPT)
        async with self._pool.acquire() as connection:
            await mirror_store.move_watermark(connection, _PASS, began)

    async def deliver(self, delivery: base.Delivery) -> bool:
        """A webhook's verified call: have its ticket read, once a delivery."""
        if not await store.take_delivery(self._pool, delivery.id, self._clock.now()):
            return False
        await self._queue.nudge(TAKE_JOB, delivery.ticket_id)
        return True

    async def _look_back(self, ticket: base.Ticket) -> None:
        """Ask the helpdesk's history for what a reading does not say: since when the project is named, and where a
        merged ticket went."""
        if self._with_tags:
            tags = await self._helpdesk.tags(self._token, ticket.id)
            if await store.set_tags(self._pool, ticket.id, list(tags)):
                await attribution_store.mark_dirty(self._pool, [ticket.id])
        known = await store.ticket(self._pool, ticket.id)
        merged = ticket.state_kind == "merged" and known is not None and known.merged_into is None
        undated = await links_store.undated(self._pool, ticket.id)
        if not merged and not undated:
            return
        history = await self._helpdesk.history(self._token, ticket.id)
        async with self._pool.acquire() as connection, connection.transaction():
            if undated:
                project_id = await links_store.date(connection, ticket.id, _named_at(history, ticket))
                await attribution_store.due(connection, "project", [project_id] if project_id else [])
            if (
                merged
                and history.merged_into is not None
                and await store.merge(connection, ticket.id, history.merged_into)
            ):
                await attribution_store.due(connection, "ticket", [ticket.id])
                if ticket.project and (project_id := rules.parse_project_id(ticket.project)):
                    await attribution_store.due(connection, "project", [project_id])
                await attribution_store.mark_dirty(connection, [ticket.id, history.merged_into])
        await self._queue.nudge(FIGURES_JOB)

    async def _gone(self, ticket_id: int) -> None:
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.delete(connection, ticket_id, now):
                return
            project_id = await links_store.end(connection, ticket_id, now)
            await attribution_store.due(connection, "project", [project_id] if project_id else [])
            await attribution_store.mark_dirty(connection, [ticket_id])
        _logger.info("the helpdesk no longer has a ticket", ticket=ticket_id)
        await self._queue.nudge(FIGURES_JOB)


def _named_at(history: base.History, ticket: base.Ticket) -> datetime | None:
    """When the project that the ticket names now was named; ``None`` when the history does not say: then it stands
    there since the ticket was made."""
    last = next((one for one in reversed(history.changes) if one.field == "project"), None)
    if last is None:
        return ticket.created_at
    return last.at if last.new == ticket.project else None
