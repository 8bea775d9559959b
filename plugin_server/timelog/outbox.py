"""The outbox: brings confirmed logs into Harvest exactly once, and takes undone ones out.

Harvest has no idempotency key. So a log is a row before any call; the row says *uncertain* while a call is out; and an
uncertain log is looked up by its UUID, after the call's own time limit has passed, before it is tried again. What has
to be done stands in the table: a nudge makes it quick, the sweep makes it certain.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from functools import partial
from uuid import UUID

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core, wire
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import rules, store
from plugin_server.timelog.service import PUSH_JOB, CannotRead, TimeLog
from plugin_server.timelog.twins import Twins

BATCH = 50
WATCH_JOB = "watch_log"
WATCH_AGAIN = timedelta(seconds=30)
"""When the articles are read again after they could not be read."""

_logger = log.get(__name__)


class Outbox:
    """What the worker does with logs."""

    def __init__(
        self,
        pool: Pool,
        timelog: TimeLog,
        tickets: Tickets,
        helpdesk: Helpdesk,
        tokens: Tokens,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
    ) -> None:
        self._pool = pool
        self._timelog = timelog
        self._tickets = tickets
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._queue = queue
        self._clock = clock
        self._twins = Twins(pool, tickets, tokens, clock)
        # After this long a call to Harvest is over, whatever happened to it, and a look-up tells the truth.
        self._settles = timedelta(seconds=request_seconds + 2)
        # A step is a token's refresh, a look-up and a write. It is cut off before its lease ends, so that never two
        # workers are at one log.
        self._step_seconds = 2 * request_seconds + 5
        self._lease = timedelta(seconds=self._step_seconds + 3)
        # A call may have been carried out even later than that; this much later nobody expects it any more.
        self._twins_after = timedelta(seconds=6 * request_seconds)

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        await self._wake_reconnected()
        for log_id, state in await store.due(self._pool, self._clock.now(), BATCH):
            await self._queue.nudge(WATCH_JOB if state == "armed" else PUSH_JOB, str(log_id))
        await self._twins.check()

    async def watch(self, log_id: str) -> None:
        """Look for an armed log's article. Only who has read the articles may say that it never came."""
        claimed = await store.claim(self._pool, UUID(log_id), ["armed"], self._clock.now(), self._lease)
        if claimed is None:
            return
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        try:
            if agent is None or await self._timelog.seek_article(claimed, agent.helpdesk_user_id):
                return
        except CannotRead as error:
            await store.release(self._pool, claimed, self._clock.now() + WATCH_AGAIN, str(error), "unread")
            return
        now = self._clock.now()
        if now < claimed.expires_at:
            await store.release(self._pool, claimed, now, None, None)
            return
        async with self._pool.acquire() as connection:
            await store.settle(connection, claimed, rules.after(claimed.state, "expire"), now)

    async def push(self, log_id: str) -> None:
        """Take one log a step on: into Harvest, or out of it."""
        claimed = await store.claim(self._pool, UUID(log_id), ["queued", "undoing"], self._clock.now(), self._lease)
        if claimed is None:
            return
        step = self._record if claimed.state == "queued" else self._remove
        try:
            async with asyncio.timeout(self._step_seconds):
                await step(claimed)
        except TimeoutError:
            await self._later(claimed, "Harvest is slow to answer.", "no_answer", self._settles)
        except NotConnected:
            await self._stop(claimed, "Harvest no longer accepts your sign-in.", "reconnect")
        except CannotRefresh as error:
            await self._later(claimed, f"Harvest does not answer ({error}).", "unreachable")
        except core.Throttled as error:
            await self._later(claimed, "Harvest is busy.", "busy", timedelta(seconds=error.retry_after))
        except core.UNCERTAIN as error:
            await self._later(claimed, f"{error}.", "no_answer", self._settles)
        except core.NotReached as error:
            await self._later(claimed, f"{error}.", "unreachable")
        except core.HarvestError as error:
            await self._stop(claimed, f"Harvest refused this: {error}", "refused")

    async def _record(self, claimed: store.Log) -> None:
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        if agent is None or agent.harvest_user_id is None:
            raise NotConnected("harvest")
        if claimed.called_at is not None:
            if self._clock.now() < claimed.called_at + self._settles:
                await self._later(claimed, "Harvest has not answered yet.", "no_answer", self._settles)
                return
            look = partial(self._twins.find, wanted=claimed, user_id=agent.harvest_user_id)
            if found := await self._tokens.with_harvest(claimed.agent_id, look):
                await self._finish(claimed, found[0])
                return
        new = await self._entry(claimed)
        if not await store.set_called(self._pool, claimed, self._clock.now()):
            return
        try:
            made = await self._tokens.with_harvest(claimed.agent_id, lambda client: client.create_time_entry(new))
        except core.UNCERTAIN:
            raise
        except (core.HarvestError, NotConnected, CannotRefresh):
            # A clear no: nothing was written.
            await store.set_called(self._pool, claimed, None)
            raise
        await self._finish(claimed, made)

    async def _remove(self, claimed: store.Log) -> None:
        entry_id = claimed.entry_id
        assert entry_id is not None
        # Who finds it gone already, by us or by somebody in Harvest, has nothing left to do.
        with contextlib.suppress(core.Missing):
            await self._tokens.with_harvest(claimed.agent_id, lambda client: client.delete_time_entry(entry_id))
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.mark_deleted(connection, entry_id, now)
            await store.settle(connection, claimed, rules.after(claimed.state, "removed"), now)
        _logger.info("log undone", log=str(claimed.id), entry=entry_id)

    async def _entry(self, claimed: store.Log) -> wire.NewTimeEntry:
        ticket = await tickets_store.ticket(self._pool, claimed.ticket_id)
        organisation = ticket.organisation_id if ticket else None
        return wire.NewTimeEntry(
            project_id=claimed.project_id,
            task_id=claimed.task_id,
            spent_date=claimed.spent_date,
            hours=claimed.hours,
            notes=claimed.notes,
            external_reference=wire.ExternalReference(
                id=self._tickets.reference(claimed.ticket_id),
                group_id=str(organisation) if organisation is not None else None,
                permalink=self._helpdesk.ticket_url(claimed.ticket_id, str(claimed.id)),
            ),
        )

    async def _finish(self, claimed: store.Log, entry: wire.TimeEntry) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.upsert_entries(connection, [entry])
            now = self._clock.now()
            # Only a log whose first call's outcome was unknown can have two entries.
            again = now + self._twins_after if claimed.called_at is not None else None
            await store.finish(connection, claimed, entry.id, now, again)
        _logger.info("log recorded", log=str(claimed.id), entry=entry.id)

    async def _later(self, claimed: store.Log, words: str, code: str, at_least: timedelta = timedelta()) -> None:
        wait = max(rules.retry_delay(claimed.attempts), at_least)
        _logger.warning("log waits", log=str(claimed.id), reason=words, seconds=wait.total_seconds())
        await store.release(self._pool, claimed, self._clock.now() + wait, words, code)
        await self._queue.nudge(PUSH_JOB, str(claimed.id), after=wait.total_seconds())

    async def _stop(self, claimed: store.Log, words: str, code: str) -> None:
        """Only a person can help: a log not recorded needs attention; an entry not removed stays logged."""
        if claimed.state == "undoing":
            end = rules.after(claimed.state, "kept")
            words = f"The entry was not removed. {words}"
        else:
            end = rules.after(claimed.state, "refused")
            if code == "reconnect":
                words += " Connect again; then this is logged by itself."
        _logger.warning("log needs attention", log=str(claimed.id), reason=words)
        async with self._pool.acquire() as connection:
            await store.settle(connection, claimed, end, self._clock.now(), words, code)

    async def _wake_reconnected(self) -> None:
        """Queue again what only waited for its agent to connect again, and whose agent has."""
        waiting = await store.waiting_for_grant(self._pool)
        if not waiting:
            return
        granted = {agent.id: at for agent, at in await accounts_store.agents_with_harvest(self._pool)}
        for log_id, agent_id, since in waiting:
            if agent_id in granted and granted[agent_id] > since:
                async with self._pool.acquire() as connection:
                    end = rules.after("attention", "retry")
                    await store.move(connection, log_id, "attention", end, self._clock.now())
