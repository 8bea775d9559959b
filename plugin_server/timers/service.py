"""Timers from the person's side: starting one, stopping it, giving it up. Harvest is never called here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg

from plugin_server.harvest import notes as note_rules
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets.service import Tickets
from plugin_server.timers import rules, store
from plugin_server.timers.rules import Event

STEP_JOB = "step_timer"

_logger = log.get(__name__)

_HELD = later(
    "Your last log on this ticket is not in Harvest yet, and it holds this timer. It goes by itself, or needs you."
)


@dataclass(frozen=True)
class View:
    """A timer as shown. The time goes on from ``seconds`` since ``since``, or stands still there (``None``).

    ``hours`` are those up to now, two places; ``forgotten`` asks whether it is really meant to run; ``midnight``
    says that it ran past one.
    """

    timer: store.Timer
    entries: list[store.Entry]
    seconds: int
    since: datetime | None
    hours: Decimal
    forgotten: bool
    midnight: bool


@dataclass(frozen=True)
class Elsewhere:
    """Another running timer of the person: what for, since when, and whether the ticket can take it over."""

    entry_id: int
    label: str
    since: datetime
    adoptable: bool


class Timers:
    """The use cases of timers. ``forgotten_after``: a timer that runs so long asks; ``None``, never."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        mirror: Mirror,
        queue: Queue,
        clock: Clock,
        forgotten_after: timedelta | None,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._queue = queue
        self._clock = clock
        self._forgotten_after = forgotten_after

    async def start(self, caller: Caller, ticket_id: int, task_id: str, notes: str) -> store.Timer:
        """Start the caller's timer on the ticket, or let the stopped one go on. Starting a running one changes nothing.

        Raises :class:`Invalid`, :class:`Conflict`, and as :meth:`Tickets.require`.
        """
        ticket = await self._tickets.require(caller, ticket_id)
        tracking = await self._tickets.tracking(caller, ticket)
        if tracking.obstacle == "not_connected":
            raise Conflict(_("Connect your Harvest account first; then a timer can run."), code="harvest_not_connected")
        notes = note_rules.clean_notes(notes)
        fields = {}
        if words := tracking.refusal(ticket):
            fields["ticket_id"] = words
        task = next((task for task in tracking.tasks if str(task.id) == task_id.strip()), None)
        if task is None and not fields:
            fields["task_id"] = (
                _("This task isn't assigned to you in the ticket's Harvest project. Choose another one.")
                if task_id.strip()
                else _("Choose a task.")
            )
        if words := note_rules.too_long(notes):
            fields["notes"] = words
        if fields or task is None or ticket.project_id is None:
            raise Invalid(_("No timer was started."), fields=fields)
        now, today = self._clock.now(), clocks.today(self._clock, caller.zone)
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                found = await self._lock_live(connection, caller, ticket_id)
                if found and found.state in ("starting", "running"):
                    return found
                if found and found.state == "failed":
                    await self._move(connection, found, "dismiss", now)
                    found = None
                if found is None:
                    timer_id = await store.insert(
                        connection,
                        agent_id=caller.agent_id,
                        ticket_id=ticket_id,
                        project_id=ticket.project_id,
                        task_id=task.id,
                        task_name=task.name,
                        notes=notes,
                        spent_date=today,
                        now=now,
                    )
                else:
                    self._free(found)
                    await self._move(connection, found, "start", now)
                    await store.go_on(connection, found.id, (task.id, task.name), today, now)
                    timer_id = found.id
                displaced = await self._stop_others(connection, caller, timer_id, now)
        except asyncpg.UniqueViolationError:
            # Two tabs pressed Start at once; the other one was first.
            return await self.start(caller, ticket_id, task_id, notes)
        for stepped in (*displaced, timer_id):
            await self._queue.nudge(STEP_JOB, str(stepped))
        return await self._read(timer_id)

    async def _stop_others(self, connection: Connection, caller: Caller, timer_id: UUID, now: datetime) -> list[UUID]:
        """The person's time on anything else ends now, whenever Harvest learns of it: no minute counts twice."""
        stopped = []
        for other in await store.others(connection, caller.agent_id, timer_id):
            await self._move(connection, other, "stop", now)
            await store.want_stop(connection, other.id, now)
            await store.set_stop_called(connection, other.id, now)  # the start of the new one stops it there
            await store.tell(connection, other.id, "", "elsewhere")
            stopped.append(other.id)
        return stopped

    async def adopt(self, caller: Caller, ticket_id: int, entry_id: int) -> store.Timer:
        """Make a timer that the caller started in Harvest this ticket's. Raises :class:`Conflict`."""
        await self._tickets.require(caller, ticket_id)
        entry, offered = await self._running(caller), await self.elsewhere(caller, ticket_id)
        if entry is None or entry.id != entry_id or offered is None or not offered.adoptable:
            raise Conflict(_("This timer no longer runs on the ticket's project."), code="not_running")
        tasks = {task.id: task.name for task in await self._mirror.tasks(entry.user_id, entry.project_id)}
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                found = await self._lock_live(connection, caller, ticket_id)
                if found and found.state == "failed":
                    await self._move(connection, found, "dismiss", self._clock.now())
                elif found:
                    raise Conflict(
                        _("This ticket has a timer already. Log it or discard it first."), code="timer_there"
                    )
                timer_id = await store.insert(
                    connection,
                    agent_id=caller.agent_id,
                    ticket_id=ticket_id,
                    project_id=entry.project_id,
                    task_id=entry.task_id,
                    task_name=tasks.get(entry.task_id, f"#{entry.task_id}"),
                    notes=entry.notes or "",
                    spent_date=entry.spent_date,
                    now=self._clock.now(),
                    began_at=entry.timer_started_at,
                    banked_hours=entry.banked_hours,
                    state="running",
                )
                if not await store.add_entry(connection, timer_id, entry.id):
                    raise Conflict(_("This timer is another ticket's by now."), code="not_running")
        except asyncpg.UniqueViolationError:
            raise Conflict(
                _("This ticket has a timer already. Log it or discard it first."), code="timer_there"
            ) from None
        _logger.info("timer adopted", timer=str(timer_id), entry=entry_id)
        return await self._read(timer_id)

    async def change(self, caller: Caller, timer_id: UUID, event: Event) -> store.Timer:
        """Take a timer through ``stop``, ``keep``, ``delete``, ``retry`` or ``dismiss`` at the person's wish. Stopping
        one that is being stopped, or has, changes nothing. Raises :class:`Conflict`."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._own(connection, caller, timer_id)
            if event == "stop" and found.state in ("stopping", "stopped"):
                return found
            self._free(found)
            now = self._clock.now()
            if event == "stop":
                await store.want_stop(connection, timer_id, now)
            await self._move(connection, found, event, now)
        await self._queue.nudge(STEP_JOB, str(timer_id))
        return await self._read(timer_id)

    async def discard(self, caller: Caller, timer_id: UUID) -> store.Timer:
        """Give the timer up: it is stopped, and the person is asked what becomes of the time in Harvest."""
        async with self._pool.acquire() as connection, connection.transaction():
            found = await self._own(connection, caller, timer_id)
            self._free(found)
            now = self._clock.now()
            if found.state in ("starting", "running"):
                await store.want_stop(connection, timer_id, now)
                await self._move(connection, found, "stop", now)
            elif found.state == "failed":
                await self._move(connection, found, "dismiss", now)
            await store.set_flag(connection, timer_id, discarded=True)
        await self._queue.nudge(STEP_JOB, str(timer_id))
        return await self._read(timer_id)

    async def still_meant(self, caller: Caller, timer_id: UUID) -> store.Timer:
        """It runs for so long on purpose; ask again later."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._own(connection, caller, timer_id)
            await store.see(connection, timer_id, self._clock.now())
        return await self._read(timer_id)

    async def look(self, caller: Caller, timer_id: UUID) -> View:
        """A timer of the caller. Raises :class:`NotFound`, :class:`Forbidden`."""
        async with self._pool.acquire() as connection:
            found = await self._own(connection, caller, timer_id)
        return await self._view(caller, found)

    async def unsettled(self, agent_id: int) -> int:
        """How many of the agent's timers have time that is not logged yet."""
        return await store.unsettled(self._pool, agent_id)

    async def live(self, caller: Caller, ticket_id: int) -> View | None:
        """The caller's timer on the ticket, unless it has ended."""
        found = await store.live(self._pool, caller.agent_id, ticket_id)
        return await self._view(caller, found) if found else None

    async def elsewhere(self, caller: Caller, ticket_id: int) -> Elsewhere | None:
        """The caller's running timer when it is not this ticket's own; starting one here stops it."""
        entry = await self._running(caller)
        owner = await store.owner(self._pool, entry.id) if entry else None
        if entry is None or owner == ticket_id:
            return None
        ticket = await self._tickets.known(ticket_id)
        named = owner or self._tickets.ticket_of(entry.external_id)
        name = await self._tickets.name(named) if named else None
        project = f"[{entry.project_code}] {entry.project_name}" if entry.project_code else entry.project_name
        here = named == ticket_id or (named is None and ticket is not None and ticket.project_id == entry.project_id)
        label = name or entry.notes or project or f"#{entry.id}"
        return Elsewhere(entry.id, label, entry.timer_started_at, adoptable=here and owner is None)

    async def hold(
        self, connection: Connection, caller: Caller, timer_id: UUID, log_id: UUID, notes: str, pressed_at: datetime
    ) -> None:
        """A log records this timer: it is stopped as of ``pressed_at``, and can't be changed until the log gives it up.

        Inside the log's transaction. Raises :class:`Conflict` when another log holds it.
        """
        found = await self._own(connection, caller, timer_id)
        if found.held_by not in (None, log_id):
            raise Conflict(_("Another log records this timer already."), code="timer_held")
        if found.state in ("starting", "running"):
            now = self._clock.now()
            # An instant before the timer began can't be: the clock it was reckoned by was set in between.
            await store.want_stop(connection, timer_id, pressed_at if pressed_at >= found.start_wanted_at else now)
            await self._move(connection, found, "stop", now)
        elif found.state not in ("stopping", "stopped", "attention"):
            raise Conflict(_("This timer is {state}.").format(state=_(rules.WORDS[found.state])), code="timer_ended")
        await store.hold(connection, timer_id, log_id, notes)

    async def free(self, connection: Connection, timer_id: UUID, log_id: UUID, *, discarded: bool) -> None:
        """The log no longer records it; with ``discarded`` the person is asked what becomes of its time."""
        found = await store.rows.get(connection, timer_id, lock=True)
        if found and found.held_by == log_id and found.state != "ended":
            await store.hold(connection, timer_id, None)
            await store.forget_before(connection, timer_id)  # what stands in its entries now is the person's to undo
            await store.set_flag(connection, timer_id, discarded=discarded)

    async def stop_again(self, timer_id: UUID) -> None:
        """Somebody has let a timer go on that a log records: it ends now."""
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            found = await store.rows.get(connection, timer_id, lock=True)
            if found is None or found.state != "running":
                return
            await self._move(connection, found, "stop", now)
            await store.want_stop(connection, timer_id, now)
        await self._queue.nudge(STEP_JOB, str(timer_id))

    async def try_again(self, connection: Connection, timer_id: UUID, now: datetime) -> None:
        """Stop it once more, if Harvest would not."""
        found = await store.rows.get(connection, timer_id, lock=True)
        if found and found.state == "attention":
            await self._move(connection, found, "retry", now)

    async def _running(self, caller: Caller) -> mirror_store.Running | None:
        return await self._mirror.running(caller.harvest_user_id) if caller.harvest_user_id is not None else None

    async def _view(self, caller: Caller, timer: store.Timer) -> View:
        entries = await store.entries(self._pool, timer.id)
        counted = [entry.counted for entry in entries]
        now = self._clock.now()
        running = rules.running_since(timer.start_wanted_at, timer.timer_started_at, counted)
        since = running if timer.state in ("starting", "running") else None
        seconds = rules.seconds_banked(counted)
        ticking = max(0, int((now - since).total_seconds())) if since else 0
        if timer.state in ("stopping", "attention") and timer.stop_wanted_at:
            seconds += max(0, int((timer.stop_wanted_at - running).total_seconds()))
        return View(
            timer=timer,
            entries=entries,
            seconds=seconds,
            since=since,
            hours=(Decimal(seconds + ticking) / 3600).quantize(rules.HUNDREDTH),
            forgotten=rules.is_forgotten(timer.state, timer.seen_at, now, self._forgotten_after),
            midnight=rules.crossed_midnight(timer.start_wanted_at, timer.stop_wanted_at or now, caller.zone),
        )

    async def _lock_live(self, connection: Connection, caller: Caller, ticket_id: int) -> store.Timer | None:
        found = await store.live(connection, caller.agent_id, ticket_id)
        return await store.rows.get(connection, found.id, lock=True) if found else None

    async def _move(self, connection: Connection, timer: store.Timer, event: Event, now: datetime) -> None:
        try:
            end = rules.after(timer.state, event)
        except rules.WrongState:
            words = _("This timer is {state}; nothing was changed.").format(state=_(rules.WORDS[timer.state]))
            raise Conflict(words, code="wrong_state") from None
        await store.rows.move(connection, timer.id, timer.state, end, now)

    def _free(self, timer: store.Timer) -> None:
        if timer.held_by is not None:
            raise Conflict(_HELD, code="timer_held")

    async def _own(self, connection: Connection, caller: Caller, timer_id: UUID) -> store.Timer:
        found = await store.rows.get(connection, timer_id, lock=True)
        if found is None:
            raise NotFound(_("There is no such timer."))
        if found.agent_id != caller.agent_id:
            raise Forbidden(_("This timer belongs to another agent."))
        return found

    async def _read(self, timer_id: UUID) -> store.Timer:
        found = await store.rows.get(self._pool, timer_id)
        if found is None:
            raise NotFound(_("There is no such timer."))
        return found
