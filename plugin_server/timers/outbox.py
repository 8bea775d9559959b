"""Telling Harvest: the worker's side of timers. Each step may be cut off anywhere and is then taken again."""

from __future__ import annotations

import contextlib
from datetime import datetime
from decimal import Decimal
from functools import partial

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core, lookup, timezones, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.service import Outbox
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets
from plugin_server.timers import rules, store
from plugin_server.timers.follow import GONE, Follow
from plugin_server.timers.late import LateEntries
from plugin_server.timers.service import STEP_JOB

BATCH = 50
WORK: tuple[rules.State, ...] = ("starting", "stopping", "deleting")
"""States in which Harvest is still to be told."""

TOO_SHORT = later("The timer ran for less than half a minute; nothing was recorded.")

_logger = log.get(__name__)


class TimerOutbox:
    """What the worker does with timers."""

    def __init__(
        self,
        pool: Pool,
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
        self._tickets = tickets
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._queue = queue
        self._clock = clock
        self._outbox: Outbox[store.Timer] = Outbox(store.rows, STEP_JOB, pool, queue, clock, request_seconds, turns)
        self._follow = Follow(pool, clock)
        self._late = LateEntries(pool, tickets, mirror, tokens, clock)

    async def sweep(self) -> None:
        """Find everything that is due, also what lost its nudge or its worker."""
        await self.notice()
        for timer in await store.waiting_for_grant(self._pool):
            if await self._tokens.usable_since(timer.agent_id, timer.changed_at):
                async with self._pool.acquire() as connection:
                    end = rules.after(timer.state, "retry")
                    await store.rows.move(connection, timer.id, timer.state, end, self._clock.now())
        for timer_id, _state in await store.rows.due(self._pool, WORK, self._clock.now(), BATCH):
            await self._queue.nudge(STEP_JOB, str(timer_id))
        await self._late.check()

    async def notice(self) -> None:
        """Follow what was done to our timers in Harvest. To be called after a sync."""
        await self._follow.notice()

    async def step(self, timer_id: str) -> None:
        """Take one timer a step on. However long it has waited: its person still looks at it."""
        await self._outbox.step(timer_id, WORK, self._take, self._stop)

    async def _take(self, claimed: store.Timer) -> None:
        if claimed.state == "deleting":
            await self._delete(claimed)
            return
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        if agent is None or agent.harvest_user_id is None:
            raise NotConnected("harvest")
        self._outbox.check_settled(claimed)
        if claimed.state == "starting":
            await self._start(claimed, agent.harvest_user_id)
        else:
            await self._halt(claimed, agent.harvest_user_id)

    async def _start(self, claimed: store.Timer, user_id: int) -> None:
        before = await self._mirror.running(user_id)
        made, began_at = await self._begun_already(claimed, user_id), claimed.called_at or self._clock.now()
        if made is None:
            entry_id = await self._goes_on(claimed)
            call = (
                partial(_restart, entry_id=entry_id)
                if entry_id
                else partial(_create, new=await self._new(claimed, user_id))
            )
            began_at = self._clock.now()
            made = await self._outbox.make(claimed, lambda: self._tokens.for_agent(claimed.agent_id, call))
            if made is None:
                return
        if not await self._begin(claimed, made, began_at, "begun"):
            await self._queue.nudge(STEP_JOB, str(claimed.id))  # the person has pressed Stop meanwhile
        _logger.info("timer started", timer=str(claimed.id), entry=made.id)
        # Harvest's reply doesn't say whose timer it has stopped.
        if before is not None and before.id != made.id:
            with contextlib.suppress(core.HarvestError, NotConnected, CannotRefresh):
                await self._tokens.for_agent(claimed.agent_id, partial(self._mirror.reread, entry_id=before.id))
        await self.notice()

    async def _halt(self, claimed: store.Timer, user_id: int) -> None:
        wanted = claimed.stop_wanted_at or self._clock.now()
        if claimed.began_at is None:
            made = await self._begun_already(claimed, user_id)
            if made is None:
                await self._never_begun(claimed, user_id, wanted)
                return
            await self._begin(claimed, made, claimed.called_at or wanted, None)
            claimed = await store.rows.get(self._pool, claimed.id) or claimed
        entries = await store.entries(self._pool, claimed.id)
        current = next((entry for entry in entries if entry.is_running), entries[-1] if entries else None)
        stopped = None
        if current:
            halt = partial(self._stop_entry, claimed=claimed, entry_id=current.entry_id, wanted=wanted)
            stopped = await self._tokens.for_agent(claimed.agent_id, halt)
        async with self._pool.acquire() as connection, connection.transaction():
            if stopped is not None:
                await mirror_store.upsert_entries(connection, [stopped])
            left = stopped is not None or len(entries) > 1
            end = rules.after(claimed.state, "done" if left else "gone")
            told = (None, None) if claimed.problem_code != "elsewhere" else ("", "elsewhere")
            if stopped is None:
                told = (GONE, "gone")
            await store.rows.settle(connection, claimed, end, self._clock.now(), *told)
        _logger.info("timer stopped", timer=str(claimed.id), entry=stopped.id if stopped else None)

    async def _stop_entry(
        self, client: HarvestClient, claimed: store.Timer, entry_id: int, wanted: datetime
    ) -> wire.TimeEntry | None:
        """Stop the entry, and correct its hours when Harvest learnt too late; ``None`` when it is gone."""
        found = await self._mirror.reread(client, entry_id)
        if found is None:
            return None
        run = claimed.present_run(wanted)
        # Who changed the hours in Harvest while it ran has the last word.
        untouched = not found.is_running or (
            found.hours_without_timer == run.banked and found.timer_started_at == claimed.timer_started_at
        )
        # It may have stopped already: by a call of ours, or by somebody in Harvest; then the hours are theirs.
        stopped_at = self._clock.now() if found.is_running or claimed.stop_called_at else None
        if found.is_running:
            found = await self._tell_to_stop(client, claimed, entry_id)
        hours = rules.corrected_hours(run, found.hours, stopped_at) if untouched else None
        if hours is not None:
            _logger.info("timer corrected", timer=str(claimed.id), counted=str(found.hours), worked=str(hours))
            found = await client.change_time_entry(entry_id, await self._correction(claimed, hours))
        return found

    async def _tell_to_stop(self, client: HarvestClient, claimed: store.Timer, entry_id: int) -> wire.TimeEntry:
        """Stop a running entry; that it has stopped meanwhile is no refusal."""
        await store.set_stop_called(self._pool, claimed.id, self._clock.now())
        try:
            return await client.stop_time_entry(entry_id)
        except core.UNCERTAIN:
            raise
        except core.HarvestError as error:
            await store.set_stop_called(self._pool, claimed.id, claimed.stop_called_at)  # a clear no
            if not isinstance(error, core.Refused):
                raise
            found = await client.time_entry(entry_id)
            if found.is_running:
                raise
            return found

    async def _never_begun(self, claimed: store.Timer, user_id: int, wanted: datetime) -> None:
        """Harvest was away all the time: the run becomes an entry of its own, as if typed by hand."""
        hours = rules.hours_between(claimed.start_wanted_at, wanted)
        if hours:
            new = await self._new(claimed, user_id, hours)
            call = partial(_create, new=new)
            began_at = self._clock.now()
            made = await self._outbox.make(claimed, lambda: self._tokens.for_agent(claimed.agent_id, call))
            if made is not None:
                await self._begin(claimed, made, began_at, "done")
            return
        left = await store.entries(self._pool, claimed.id)
        end = rules.after(claimed.state, "done" if left else "gone")
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            if claimed.called_at is not None:
                await store.look_late(connection, claimed.id, now + self._outbox.late)
            await store.rows.settle(connection, claimed, end, now, TOO_SHORT, "too_short")

    async def _delete(self, claimed: store.Timer) -> None:
        for entry in await store.entries(self._pool, claimed.id):
            with contextlib.suppress(core.Missing):
                remove = partial(_remove, entry_id=entry.entry_id)
                await self._tokens.for_agent(claimed.agent_id, remove)
            async with self._pool.acquire() as connection:
                await mirror_store.mark_deleted(connection, entry.entry_id, self._clock.now())
        async with self._pool.acquire() as connection:
            end = rules.after(claimed.state, "removed")
            await store.rows.settle(connection, claimed, end, self._clock.now())
        _logger.info("timer deleted", timer=str(claimed.id))

    async def _begun_already(self, claimed: store.Timer, user_id: int) -> wire.TimeEntry | None:
        """The run's entry, when an earlier call whose answer was lost has made it or let it go on."""
        if claimed.called_at is None:
            return None
        if (entry_id := await self._goes_on(claimed)) is not None:
            known = (await store.entries(self._pool, claimed.id))[-1]
            again = await self._tokens.for_agent(claimed.agent_id, partial(self._mirror.reread, entry_id=entry_id))
            # It runs, or it has run and was stopped since.
            return again if again and (again.is_running or again.hours > known.hours) else None
        look = partial(
            lookup.made_for,
            reference=self._tickets.reference(claimed.ticket_id),
            user_id=user_id,
            day=claimed.spent_date,
            mark=rules.mark(claimed.id, claimed.run),
        )
        found = await self._tokens.for_agent(claimed.agent_id, look)
        return found[-1] if found else None

    async def _goes_on(self, claimed: store.Timer) -> int | None:
        """The entry that the run goes on with; ``None`` when it has one of its own."""
        entries = await store.entries(self._pool, claimed.id)
        if not entries:
            return None
        last = entries[-1]
        may = rules.may_go_on(
            last.spent_date, claimed.spent_date, start_end=await self._is_start_end(), locked=last.is_locked
        )
        return last.entry_id if may else None

    async def _begin(
        self, claimed: store.Timer, entry: wire.TimeEntry, began_at: datetime, event: rules.Event | None
    ) -> bool:
        """The run's entry is known, by a call made at ``began_at``; says whether the timer is in the state that follows
        ``event``. The call's outcome counts even when the claim, or the state, has passed on."""
        now = self._clock.now()
        # Only a run whose first call's outcome was unknown can have another entry.
        late = now + self._outbox.late if claimed.called_at is not None else None
        banked = mirror_store.hundredths(entry.hours_without_timer or Decimal(0))
        async with self._pool.acquire() as connection, connection.transaction():
            await mirror_store.upsert_entries(connection, [entry])
            await store.add_entry(connection, claimed.id, entry.id)
            await store.begin(connection, claimed, began_at, entry.timer_started_at, banked, late)
            if event is None:
                return True
            return await store.rows.settle(connection, claimed, rules.after(claimed.state, event), now)

    async def _new(self, claimed: store.Timer, user_id: int, hours: Decimal | None = None) -> wire.NewTimeEntry:
        ticket = await tickets_store.ticket(self._pool, claimed.ticket_id)
        organisation = ticket.organisation_id if ticket else None
        new = wire.NewTimeEntry(
            project_id=claimed.project_id,
            task_id=claimed.task_id,
            spent_date=claimed.spent_date,
            notes=claimed.notes or None,
            user_id=user_id if self._tokens.substitutes else None,
            external_reference=wire.ExternalReference(
                id=self._tickets.reference(claimed.ticket_id),
                group_id=str(organisation) if organisation is not None else None,
                permalink=self._helpdesk.ticket_url(claimed.ticket_id, rules.mark(claimed.id, claimed.run)),
            ),
        )
        if hours is not None:
            times = await self._times(claimed)
            if times:
                new.started_time, new.ended_time = times
            else:
                new.hours = hours
        return new

    async def _correction(self, claimed: store.Timer, hours: Decimal) -> wire.TimeEntryChange:
        times = None if claimed.banked_hours else await self._times(claimed)
        if times:
            return wire.TimeEntryChange(started_time=times[0], ended_time=times[1])
        return wire.TimeEntryChange(hours=hours)

    async def _times(self, claimed: store.Timer) -> tuple[str, str] | None:
        """The run by the person's clock, where the account wants start and end."""
        company = await self._mirror.company()
        agent = await accounts_store.agent(self._pool, claimed.agent_id)
        if company is None or not company.wants_timestamp_timers or agent is None or claimed.stop_wanted_at is None:
            return None
        zone = timezones.zone(agent.harvest_timezone)
        return rules.times_of(claimed.start_wanted_at, claimed.stop_wanted_at, zone, company.clock)

    async def _is_start_end(self) -> bool:
        company = await self._mirror.company()
        return company is not None and company.wants_timestamp_timers

    async def _stop(self, claimed: store.Timer, words: str, code: str) -> None:
        """Only a person can help. What earlier runs have counted is there to be logged whatever becomes of this one."""
        event: rules.Event = "refused"
        now = self._clock.now()
        if claimed.state == "starting":
            told = later("The timer was not started. {reason}")
            event = "not_continued" if await store.entries(self._pool, claimed.id) else "refused"
            if (hours := rules.hours_between(claimed.start_wanted_at, now)) * 3600 > rules.UNNOTICEABLE.total_seconds():
                told = later(
                    "The timer was not started. {reason} The {hours} h since you pressed Start are not in Harvest:"
                    " log them by hand."
                )
            words = told.format(reason=words, hours=hours)
        elif claimed.state == "stopping" and code == "reconnect":
            words = later(
                "The timer may still run in Harvest. {reason} Connect again; then it is stopped as of when you said."
            ).format(reason=words)
        elif claimed.state == "stopping":
            words = later(
                "The timer may still run in Harvest. {reason} Stop it there or ask an administrator, then try again."
            ).format(reason=words)
        else:
            words = later("The time was not deleted. {reason}").format(reason=words)
        _logger.warning("timer needs attention", timer=str(claimed.id), reason=words)
        async with self._pool.acquire() as connection, connection.transaction():
            if claimed.called_at is not None:
                await store.look_late(connection, claimed.id, now + self._outbox.late)
            await store.rows.settle(connection, claimed, rules.after(claimed.state, event), now, words, code)


async def _create(client: HarvestClient, new: wire.NewTimeEntry) -> wire.TimeEntry:
    return await client.create_time_entry(new)


async def _remove(client: HarvestClient, entry_id: int) -> None:
    await client.delete_time_entry(entry_id)


async def _restart(client: HarvestClient, entry_id: int) -> wire.TimeEntry:
    """Let it go on; that it does already is no refusal (an earlier call was carried out after all)."""
    try:
        return await client.restart_time_entry(entry_id)
    except core.Refused:
        found = await client.time_entry(entry_id)
        if not found.is_running:
            raise
        return found
