"""Carrying a correction out: exactly what was asked for, once, and only while the entry is what the person saw.

The row is there first (:mod:`plugin_server.corrections.service`). A step looks at the entry in Harvest, compares,
writes. After a call of unknown outcome the next look tells: what was asked for stands there, or is gone, and it is
done; what stood there before still does, and it is called again; anything else, and somebody was faster.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

from plugin_server.accounts.tokens import NotConnected, Tokens
from plugin_server.corrections import rules, store
from plugin_server.corrections.ports import Follower
from plugin_server.corrections.rules import Standing, Values
from plugin_server.harvest import core, limiter, lookup, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.service import Outbox, Stopped
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timers import rules as timer_rules

Result = TypeVar("Result")

CORRECT_JOB = "correct_entry"
OPEN = ("asked",)
BATCH = 50

_logger = log.get(__name__)


class CorrectionOutbox:
    """What is done with a correction's row, by the server at once and by the worker afterwards. ``service`` makes a
    Harvest client that may change everybody's entries."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        mirror: Mirror,
        helpdesk: Helpdesk,
        tokens: Tokens,
        service: Callable[[], HarvestClient],
        follower: Follower,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
        turns: limiter.Limiter = limiter.UNLIMITED,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._service = service
        self._service_name: str | None = None
        self._follower = follower
        self._queue = queue
        self._clock = clock
        self._outbox: Outbox[store.Correction] = Outbox(
            store.rows, CORRECT_JOB, pool, queue, clock, request_seconds, turns
        )

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        for correction_id, _state in await store.rows.due(self._pool, OPEN, self._clock.now(), BATCH):
            await self._queue.nudge(CORRECT_JOB, str(correction_id))

    async def step(self, correction_id: str) -> None:
        """Take one correction a step on."""
        await self._outbox.step(correction_id, OPEN, self._take, self._stop)

    async def service_name(self) -> str:
        """Whom Harvest takes the service for. Raises :class:`~plugin_server.harvest.core.HarvestError`."""
        if self._service_name is None:
            with limiter.working("person"):
                self._service_name = (await self._service().me()).name
        return self._service_name

    def seen(self, entry: wire.TimeEntry, *, start_end: bool) -> Values:
        """The values of an entry as a reply shows it."""
        reference = entry.external_reference.id if entry.external_reference else None
        values = Values(
            entry.project.id,
            entry.task.id,
            entry.spent_date,
            entry.hours,
            entry.notes or "",
            self._tickets.ticket_of(reference),
        )
        return rules.timed(values, entry.started_time, entry.ended_time) if start_end else values

    async def _take(self, claimed: store.Correction) -> None:
        self._outbox.check_settled(claimed)
        before = store.values_of(claimed.before)
        after = store.values_of(claimed.after) if claimed.after is not None else None
        found, claimed = await self._go(claimed, lambda client: self._mirror.reread(client, claimed.entry_id))
        if found is None:
            if after is not None:
                raise Stopped(rules.words("gone"), "gone")
            await self._finish(claimed, None)
            return
        present = self.seen(found, start_end=(after or before).timed)
        if after is not None and present.same(after):
            await self._finish(claimed, found)
            return
        if not present.same(before):
            words = _("Somebody has changed this entry meanwhile. Look at what stands there now, and correct that.")
            raise Stopped(words, "changed")
        standing = Standing(found.is_running, found.is_billed, found.approval_status == "approved", found.is_locked)
        if reason := rules.hindrance(standing):
            raise Stopped(rules.words(reason), reason)
        if after is None:
            await self._delete(claimed)
        else:
            await self._change(claimed, before, after, found)

    async def _change(self, claimed: store.Correction, before: Values, after: Values, found: wire.TimeEntry) -> None:
        change = await self._body(before, after, found)

        async def call() -> tuple[wire.TimeEntry, store.Correction]:
            return await self._go(claimed, lambda client: client.change_time_entry(claimed.entry_id, change))

        try:
            made = await self._outbox.make(claimed, call)
        except core.Missing:
            await self._mark_deleted(claimed.entry_id)
            raise Stopped(rules.words("gone"), "gone") from None
        if made is None:
            return
        answered, claimed = made
        if self.seen(answered, start_end=after.timed).same(after):
            await self._finish(claimed, answered)
            return
        # Of a locked entry Harvest drops changes of project, task and day without a word.
        await self._mirror.keep([answered])
        raise Stopped(_("Harvest has not taken all of this over. Look at what stands there now."), "kept")

    async def _delete(self, claimed: store.Correction) -> None:
        async def call() -> store.Correction:
            with contextlib.suppress(core.Missing):  # who finds it gone already has nothing left to do
                _done, now = await self._go(claimed, lambda client: client.delete_time_entry(claimed.entry_id))
                return now
            return claimed

        made = await self._outbox.make(claimed, call)
        if made is not None:
            await self._finish(made, None)

    async def _go(
        self, claimed: store.Correction, call: Callable[[HarvestClient], Awaitable[Result]]
    ) -> tuple[Result, store.Correction]:
        """The call's result, with the access that the row names; with the service's where Harvest denies that and a
        project manager asks. The row as it is then."""
        if claimed.access == "own":
            try:
                return await self._tokens.with_harvest(claimed.agent_id, call), claimed
            except (core.Denied, core.Missing, NotConnected) as error:
                if not claimed.may_fall_back:
                    if isinstance(error, core.Denied):
                        words = _("Harvest does not let you change this entry. Ask your project manager.")
                        raise Stopped(words, "denied") from error
                    raise
            name = await self.service_name()
            await store.go_as(self._pool, claimed, "service", name)
            claimed = await store.rows.get(self._pool, claimed.id) or claimed
        try:
            return await call(self._service()), claimed
        except (core.Denied, core.Unauthorized) as error:
            words = _("Harvest does not let Deskhours change this entry. An administrator has to look at its access.")
            raise Stopped(words, "denied") from error

    async def _body(self, before: Values, after: Values, found: wire.TimeEntry) -> wire.TimeEntryChange:
        """What differs. An entry that moves keeps its mark, by which its log or timer finds it."""
        change = wire.TimeEntryChange()
        if after.project_id != before.project_id:
            change.project_id = after.project_id
        if after.task_id != before.task_id or after.project_id != before.project_id:
            change.task_id = after.task_id
        if after.spent_date != before.spent_date:
            change.spent_date = after.spent_date
        if after.notes != before.notes:
            change.notes = after.notes
        if after.started is not None and after.ended is not None:
            if (after.started, after.ended) != (before.started, before.ended):
                company = await self._mirror.company()
                notation = company.clock if company else "24h"
                change.started_time = timer_rules.clock_time(after.started, notation)
                change.ended_time = timer_rules.clock_time(after.ended, notation)
        elif after.hours != before.hours:
            change.hours = after.hours
        if after.ticket_id is not None and after.ticket_id != before.ticket_id:
            ticket = await tickets_store.ticket(self._pool, after.ticket_id)
            organisation = ticket.organisation_id if ticket else None
            link = found.external_reference.permalink if found.external_reference else None
            change.external_reference = wire.ExternalReference(
                id=self._tickets.reference(after.ticket_id),
                group_id=str(organisation) if organisation is not None else None,
                permalink=self._helpdesk.ticket_url(after.ticket_id, lookup.mark_of(link)),
            )
        return change

    async def _finish(self, claimed: store.Correction, entry: wire.TimeEntry | None) -> None:
        """It is done; ``entry`` as it is now, ``None``: deleted. Written down once, however often it is found done."""
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            if entry is None:
                await mirror_store.mark_deleted(connection, claimed.entry_id, now)
            else:
                await mirror_store.upsert_entries(connection, [entry])
            if await store.rows.settle(connection, claimed, "done", now):
                await self._follower.corrected(connection, claimed)
        _logger.info("entry corrected", correction=str(claimed.id), entry=claimed.entry_id, kind=claimed.kind)

    async def _stop(self, claimed: store.Correction, words: str, code: str) -> None:
        """Only a person can help; the entry is as it was, or as somebody else has made it."""
        if code == "reconnect":
            words = _("Harvest no longer accepts your sign-in. Connect again, then correct the entry.")
        _logger.warning("entry not corrected", correction=str(claimed.id), entry=claimed.entry_id, reason=words)
        async with self._pool.acquire() as connection:
            await store.rows.settle(connection, claimed, "refused", self._clock.now(), words, code)

    async def _mark_deleted(self, entry_id: int) -> None:
        async with self._pool.acquire() as connection:
            await mirror_store.mark_deleted(connection, entry_id, self._clock.now())
