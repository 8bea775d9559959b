"""The outbox of logs: brings confirmed logs into Harvest exactly once, and takes undone ones out.

A log of hours typed by hand makes an entry; one of a timer writes into the entries that the timer has made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import NotConnected, Tokens
from plugin_server.harvest import core, timezones, wire
from plugin_server.harvest.limiter import UNLIMITED, Kind, Limiter
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.drain import drain
from plugin_server.outbox.rules import is_fresh
from plugin_server.outbox.service import Later, Outbox, Stopped
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import rules, store
from plugin_server.timelog.service import PUSH_JOB, CannotRead, TimeLog
from plugin_server.timelog.twins import Twins
from plugin_server.timers import rules as timer_rules
from plugin_server.timers import store as timers_store
from plugin_server.timers.recording import Recording, Values

BATCH = 50
WAITING = ("queued", "undoing")
DRAIN_JOB = "drain_logs"
DRAIN_SECONDS = 13.0
"""One drain ends before the next sweep begins another, which may be another worker's."""
WATCH_JOB = "watch_log"
WATCH_AGAIN = timedelta(seconds=30)
"""When the articles are read again after they could not be read."""

_logger = log.get(__name__)


class LogOutbox:
    """What the worker does with logs."""

    def __init__(
        self,
        pool: Pool,
        timelog: TimeLog,
        tickets: Tickets,
        mirror: Mirror,
        helpdesk: Helpdesk,
        tokens: Tokens,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
        turns: Limiter = UNLIMITED,
    ) -> None:
        self._pool = pool
        self._timelog = timelog
        self._tickets = tickets
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._queue = queue
        self._clock = clock
        self._turns = turns
        self._outbox: Outbox[store.Log] = Outbox(store.rows, PUSH_JOB, pool, queue, clock, request_seconds, turns)
        self._twins = Twins(pool, tickets, tokens, clock)
        self._recording = Recording(pool, mirror, clock)

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        await self._wake_reconnected()
        for log_id in await self._due(["armed"], BATCH):
            await self._queue.nudge(WATCH_JOB, str(log_id))
        if await self._due(WAITING, 1):
            await self._queue.nudge(DRAIN_JOB)
        await self._twins.check()

    async def drain(self) -> None:
        """Bring what waits into Harvest, as fast as its limit allows and no faster."""
        await drain(
            self._turns,
            lambda: self._outbox.claim_next(WAITING),
            lambda claimed: self._outbox.run(claimed, self._take, self._stop, "batch", reserved=1),
            DRAIN_SECONDS,
        )

    async def watch(self, log_id: str) -> None:
        """Look for an armed log's article. Only who has read the articles may say that it never came."""
        claimed = await store.rows.claim(self._pool, UUID(log_id), ["armed"], self._clock.now(), self._outbox.lease)
        if claimed is not None:
            async with self._outbox.given_back(claimed):
                await self._watch(claimed)

    async def _watch(self, claimed: store.Log) -> None:
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        try:
            if agent is None or await self._timelog.seek_article(claimed, agent.helpdesk_user_id):
                return
        except CannotRead as error:
            await store.rows.release(self._pool, claimed, self._clock.now() + WATCH_AGAIN, str(error), "unread")
            return
        now = self._clock.now()
        if now < claimed.expires_at:
            await store.rows.release(self._pool, claimed, now, None, None)
            return
        async with self._pool.acquire() as connection, connection.transaction():
            if await store.rows.settle(connection, claimed, rules.after(claimed.state, "expire"), now):
                await self._timelog.free_timer(connection, claimed)

    async def push(self, log_id: str) -> None:
        """Take one log a step on: into Harvest, or out of it. One for which nobody waits any more leaves its turn to
        others when there are few: the drain will take it."""
        found = await store.rows.get(self._pool, UUID(log_id))
        if found is not None and is_fresh(found.changed_at, self._clock.now()):
            await self._step(log_id, "person")
        elif found is not None and await self._turns.wait("batch") == 0:
            await self._step(log_id, "batch")

    async def _step(self, log_id: str, kind: Kind) -> None:
        await self._outbox.step(log_id, WAITING, self._take, self._stop, kind)

    async def _due(self, states: Sequence[str], limit: int) -> list[UUID]:
        return [log_id for log_id, _state in await store.rows.due(self._pool, states, self._clock.now(), limit)]

    async def timer_moved(self, timer_id: str) -> None:
        """A log may have waited for this timer."""
        timer = await timers_store.rows.get(self._pool, UUID(timer_id))
        if timer and timer.held_by and timer.state not in timer_rules.LIVE:
            await store.due_now(self._pool, timer.held_by, self._clock.now())
            await self._queue.nudge(PUSH_JOB, str(timer.held_by))

    async def _take(self, claimed: store.Log) -> None:
        if claimed.state == "undoing":
            await (self._restore if claimed.timer_id else self._remove)(claimed)
        else:
            await (self._record_timer if claimed.timer_id else self._record)(claimed)

    async def _record(self, claimed: store.Log) -> None:
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        if agent is None or agent.harvest_user_id is None:
            raise NotConnected("harvest")
        self._outbox.check_settled(claimed)
        if claimed.called_at is not None:
            look = partial(self._twins.find, wanted=claimed, user_id=agent.harvest_user_id)
            if found := await self._tokens.for_agent(claimed.agent_id, look):
                await self._finish(claimed, found[0])
                return
        new = await self._entry(claimed, agent)
        made = await self._outbox.make(
            claimed, lambda: self._tokens.for_agent(claimed.agent_id, lambda client: client.create_time_entry(new))
        )
        if made is not None:
            await self._finish(claimed, made)

    async def _record_timer(self, claimed: store.Log) -> None:
        assert claimed.timer_id is not None
        timer = await timers_store.rows.get(self._pool, claimed.timer_id)
        if timer is not None and timer.held_by != claimed.id:
            raise Stopped(later("Its timer is another log's by now."), "timer")
        if timer is not None and timer.state == "running":
            # Somebody has let it go on in Harvest, though it is to be logged.
            await self._timelog.stop_timer(timer.id)
        if timer is None or timer.state == "failed":
            raise Stopped((timer.problem if timer else None) or later("There is no timer to log."), "timer")
        if timer.state == "attention":
            raise Stopped(timer.problem or later("The timer could not be stopped."), timer.problem_code or "timer")
        if timer.state != "stopped":
            raise Later(timer.problem or later("The timer is being stopped."), "timer")
        values = Values(
            task_id=claimed.task_id,
            notes=claimed.notes,
            hours=claimed.typed_hours,
            reference=await self._reference(claimed),
        )
        entries = await self._tokens.for_agent(
            claimed.agent_id, partial(self._recording.write, timer=timer, values=values)
        )
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            hours = sum((entry.hours for entry in entries), Decimal(0))
            if await store.finish_timer(connection, claimed, entries[-1].entry_id, hours, now):
                end = timer_rules.after(timer.state, "recorded")
                await timers_store.rows.move(connection, timer.id, timer.state, end, now)
        _logger.info("timer recorded", log=str(claimed.id), entries=[entry.entry_id for entry in entries])

    async def _remove(self, claimed: store.Log) -> None:
        entry_id = claimed.entry_id
        assert entry_id is not None
        # Who finds it gone already, by us or by somebody in Harvest, has nothing left to do.
        with contextlib.suppress(core.Missing):
            await self._tokens.for_agent(claimed.agent_id, lambda client: client.delete_time_entry(entry_id))
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.mark_deleted(connection, entry_id, now)
            await store.rows.settle(connection, claimed, rules.after(claimed.state, "removed"), now)
        _logger.info("log undone", log=str(claimed.id), entry=entry_id)

    async def _restore(self, claimed: store.Log) -> None:
        """Undo a timer's log: its entries stay, as they were before, and the timer can be logged again."""
        assert claimed.timer_id is not None
        await self._tokens.for_agent(
            claimed.agent_id, partial(self._recording.restore, timer_id=claimed.timer_id, typed=claimed.typed_hours)
        )
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            if not await store.rows.settle(connection, claimed, rules.after(claimed.state, "removed"), now):
                return
            await store.forget_entry(connection, claimed.id)
            await timers_store.forget_before(connection, claimed.timer_id)
            await timers_store.hold(connection, claimed.timer_id, None)
            # With a new timer on the ticket there is no place for the old one; its time stays in Harvest.
            if await timers_store.live(connection, claimed.agent_id, claimed.ticket_id) is None:
                end = timer_rules.after("ended", "restored")
                await timers_store.rows.move(connection, claimed.timer_id, "ended", end, now)
        _logger.info("log undone", log=str(claimed.id), timer=str(claimed.timer_id))

    async def _reference(self, claimed: store.Log) -> wire.ExternalReference:
        ticket = await tickets_store.ticket(self._pool, claimed.ticket_id)
        organisation = ticket.organisation_id if ticket else None
        return wire.ExternalReference(
            id=self._tickets.reference(claimed.ticket_id),
            group_id=str(organisation) if organisation is not None else None,
            permalink=self._helpdesk.ticket_url(claimed.ticket_id, str(claimed.id)),
        )

    async def _entry(self, claimed: store.Log, agent: accounts_store.Agent) -> wire.NewTimeEntry:
        new = wire.NewTimeEntry(
            project_id=claimed.project_id,
            task_id=claimed.task_id,
            spent_date=claimed.spent_date,
            notes=claimed.notes,
            external_reference=await self._reference(claimed),
            # Harvest takes the token's user unless told otherwise; the administrator's entry is to be the agent's.
            user_id=agent.harvest_user_id if self._tokens.substitutes else None,
        )
        company = await self._mirror.company()
        if company is None or not company.wants_timestamp_timers:
            new.hours = claimed.hours
            return new
        zone = timezones.zone(agent.harvest_timezone)
        try:
            new.started_time, new.ended_time = timer_rules.clock_times(
                claimed.spent_date, claimed.hours, claimed.created_at, zone, company.clock
            )
        except ValueError as error:
            raise Stopped(str(error), "refused") from error
        return new

    async def _finish(self, claimed: store.Log, entry: wire.TimeEntry) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.upsert_entries(connection, [entry])
            now = self._clock.now()
            # Only a log whose first call's outcome was unknown can have two entries.
            again = now + self._outbox.late if claimed.called_at is not None else None
            await store.finish(connection, claimed, entry.id, now, again)
        _logger.info("log recorded", log=str(claimed.id), entry=entry.id)

    async def _stop(self, claimed: store.Log, words: str, code: str) -> None:
        """Only a person can help: a log not recorded needs attention; an entry not removed stays logged."""
        if claimed.state == "undoing":
            end = rules.after(claimed.state, "kept")
            words = later("It was not undone. {reason}").format(reason=words)
        else:
            end = rules.after(claimed.state, "refused")
            if code == "reconnect":
                words = later("Harvest no longer accepts your sign-in. Connect again; then this is logged by itself.")
        _logger.warning("log needs attention", log=str(claimed.id), reason=words)
        async with self._pool.acquire() as connection:
            await store.rows.settle(connection, claimed, end, self._clock.now(), words, code)

    async def _wake_reconnected(self) -> None:
        """Queue again what only waited for its agent to connect again, and whose agent has."""
        for log_id, agent_id, since in await store.waiting_for_grant(self._pool):
            if await self._tokens.usable_since(agent_id, since):
                async with self._pool.acquire() as connection:
                    end = rules.after("attention", "retry")
                    await store.rows.move(connection, log_id, "attention", end, self._clock.now())
