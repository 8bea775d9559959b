"""Correcting a time entry: what may be done about it, and doing it, through to Harvest."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.tokens import CannotRefresh, Tokens
from plugin_server.corrections import rules, store
from plugin_server.corrections.moving import Moving, Wish, called
from plugin_server.corrections.outbox import CORRECT_JOB, CorrectionOutbox
from plugin_server.corrections.rules import Access, Choices, Kind, Reason, Standing, Target, Values
from plugin_server.harvest import core, timezones
from plugin_server.helpdesk import base
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.outbox.service import AWAY
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.queue import Queue
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.intake import FIGURES_JOB
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket
from plugin_server.timelog import store as timelog_store
from plugin_server.timelog.rules import HoursRule
from plugin_server.timers import store as timers_store

ATTRIBUTED_WITHIN = 1.0
"""Seconds that an answer waits for the entry to count where it does now; the worker does it otherwise."""


@dataclass(frozen=True)
class View:
    """An entry as its correction sees it. ``ticket`` is the one it counts for; ``hindrance`` why it can't be corrected,
    by this caller or at all; ``accesses`` those that a correction may go with; ``notation`` of times of the day."""

    entry: store.Entry
    values: Values
    ticket: Ticket | None
    own: bool
    accesses: tuple[Access, ...]
    hindrance: Reason | None
    tasks: list[Task]
    start_end: bool
    notation: str
    pending: store.Correction | None
    history: list[store.Correction]

    @property
    def names(self) -> dict[str, str]:
        """What people call its person, project, task and ticket."""
        return {
            "person": self.entry.user_name,
            "project": self.entry.project,
            "task": self.entry.task,
            "ticket": called(self.ticket),
        }


class Corrections:
    """The use cases of corrections."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        mirror: Mirror,
        people: People,
        tokens: Tokens,
        attribute: Attribute,
        outbox: CorrectionOutbox,
        queue: Queue,
        clock: Clock,
        hours_rule: HoursRule,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self.moving = Moving(pool, tickets, mirror)
        self._people = people
        self._tokens = tokens
        self._attribute = attribute
        self._outbox = outbox
        self._queue = queue
        self._clock = clock
        self._hours_rule = hours_rule

    async def look(self, caller: Caller, entry_id: int) -> View:
        """An entry, for its own person and for who may see the ticket that it counts for.

        Raises :class:`NotFound` for one that is not known, and as :meth:`Tickets.require`.
        """
        entry = await store.entry(self._pool, entry_id)
        if entry is None:
            raise NotFound(_("There is no such time entry."))
        counted = await attribution_store.counts_for(self._pool, entry_id)
        ticket_id = counted[0] if counted else self._tickets.ticket_of(entry.external_id)
        # Whose grant is gone still is who they are.
        agent = await accounts_store.agent(self._pool, caller.agent_id)
        own = agent is not None and agent.harvest_user_id == entry.user_id
        if own:
            ticket = await self._tickets.known(ticket_id) if ticket_id is not None else None
        elif ticket_id is None:
            raise Forbidden(_("This is another person's entry, and it counts for no ticket."))
        else:
            ticket = await self._tickets.require(caller, ticket_id)
        company = await self._mirror.company()
        start_end = company is not None and company.wants_timestamp_timers
        pending = await store.pending(self._pool, entry_id)
        found = await self._accesses(caller, entry, own=own)
        hindrance = await self._hindrance(entry) or (found if isinstance(found, str) else None)
        return View(
            entry=entry,
            values=self._values(entry, start_end=start_end),
            ticket=ticket,
            own=own,
            accesses=() if isinstance(found, str) else found,
            hindrance=hindrance or ("pending" if pending else None),
            tasks=await store.tasks(self._pool, entry.project_id),
            start_end=start_end,
            notation=company.clock if company else "24h",
            pending=pending,
            history=(await store.history(self._pool, [entry_id])).get(entry_id, []),
        )

    async def change(self, caller: Caller, entry_id: int, wish: Wish) -> store.Correction | None:
        """Change what is typed; the correction as it stands then, done or waiting for Harvest. ``None``: it was so
        already.

        Raises :class:`Forbidden`, :class:`NotFound`, :class:`Invalid` with a reason by field, :class:`Conflict` for an
        entry that can't be corrected or was changed meanwhile, and what Harvest refuses.
        """
        view = await self.look(caller, entry_id)
        self._demand(view)
        target, after = await self._wanted(caller, view, wish)
        if after.same(view.values):
            return None
        if view.pending is not None and self._is_repeated(view.pending, caller, after):
            return await self._carry_out(view.pending)
        self._demand_same(view, wish.version)
        names = await self._names(view, after, target)
        return await self._ask(caller, view, "change", store.told(after, names))

    async def delete(self, caller: Caller, entry_id: int, version: str | None = None) -> store.Correction:
        """Delete the entry in Harvest, for good. Its values stay in the history. Raises as :meth:`change`."""
        view = await self.look(caller, entry_id)
        if view.entry.is_gone and view.history and view.history[0].kind == "delete":
            return view.history[0]  # asked again because the answer was lost
        self._demand(view)
        if view.pending is not None and self._is_repeated(view.pending, caller, None):
            return await self._carry_out(view.pending)
        self._demand_same(view, version)
        return await self._ask(caller, view, "delete", None)

    def _values(self, entry: store.Entry, *, start_end: bool) -> Values:
        values = Values(
            entry.project_id,
            entry.task_id,
            entry.spent_date,
            entry.hours,
            entry.notes,
            self._tickets.ticket_of(entry.external_id),
        )
        return rules.timed(values, entry.started_time, entry.ended_time) if start_end else values

    async def _hindrance(self, entry: store.Entry) -> Reason | None:
        standing = Standing(
            entry.is_running, entry.is_billed, entry.is_approved, entry.is_locked, entry.is_archived, entry.is_gone
        )
        if reason := rules.hindrance(standing):
            return reason
        timer = await timers_store.counted(self._pool, entry.id)
        return "timer" if timer is not None and not timer[1] else None

    async def _accesses(self, caller: Caller, entry: store.Entry, *, own: bool) -> tuple[Access, ...] | Reason:
        manages, in_harvest = await self._manages(caller, own=own), False
        if manages and not own and caller.harvest_user_id is not None:
            in_harvest = await store.may_change_others(self._pool, caller.harvest_user_id, entry.project_id)
        return rules.accesses(
            own=own,
            manages=manages,
            has_grant=caller.harvest_user_id is not None,
            may_in_harvest=in_harvest,
            substitutes=self._tokens.substitutes,
        )

    async def _manages(self, caller: Caller, *, own: bool) -> bool:
        """Whether the helpdesk says that the caller is a project manager or an administrator. For the own entry it is
        not waited for."""
        if own:
            return self._people.may_manage(await self._people.known(caller.helpdesk_user_id))
        try:
            return self._people.may_manage(await self._people.member(caller.helpdesk_user_id))
        except base.HelpdeskError as error:
            words = _("The helpdesk does not answer. Nothing was changed; try again in a moment.")
            raise Unavailable(words) from error

    def _demand(self, view: View) -> None:
        """Raises what stands in the way; a correction that waits is judged by who asks."""
        if view.hindrance is None or view.hindrance == "pending":
            return
        words = rules.words(view.hindrance)
        if view.hindrance == "not_yours":
            raise Forbidden(words)
        if view.hindrance == "gone":
            raise NotFound(words, code="gone")
        raise Conflict(words, code=view.hindrance)

    def _demand_same(self, view: View, version: str | None) -> None:
        if version is not None and version != view.values.version:
            raise Conflict(
                _("This entry has been changed since you saw it. Look at what stands there now, then correct that."),
                code="changed",
            )

    async def _wanted(self, caller: Caller, view: View, wish: Wish) -> tuple[Target | None, Values]:
        """Where the entry is to go and what it is to hold. Raises :class:`Invalid` with all that is wrong at once."""
        target, after, fields = None, view.values, {}
        try:
            target = await self.moving.target(caller, view.entry, view.ticket, wish)
        except rules.Unacceptable as error:
            fields = error.fields
        try:
            after = await self._corrected(caller, view, wish, target)
        except rules.Unacceptable as error:
            fields |= error.fields
        if fields:
            raise Invalid(_("The entry was not changed; some values can't be accepted."), fields=fields)
        return target, after

    async def _corrected(self, caller: Caller, view: View, wish: Wish, target: Target | None) -> Values:
        entry = view.entry
        tasks = view.tasks
        if target is not None and target.project_id != entry.project_id:
            tasks = await store.tasks(self._pool, target.project_id)
        zone = timezones.zone(entry.zone) if entry.zone else caller.zone
        choices = Choices(
            rule=self._hours_rule,
            today=clocks.today(self._clock, zone),
            tasks=tasks,
            names={entry.task_id: entry.task, **{task.id: task.name for task in view.tasks}},
            start_end=view.start_end,
            measured=await timers_store.counted(self._pool, entry.id) is not None,
        )
        return rules.corrected(view.values, wish.typed, choices, target)

    async def _names(self, view: View, after: Values, target: Target | None) -> dict[str, str]:
        """What people call what the entry is to hold."""
        names = view.names
        if target is not None:
            names |= {"project": target.project, "ticket": called(await self._tickets.known(target.ticket_id))}
        if after.task_id != view.values.task_id:
            tasks = {task.id: task.name for task in await store.tasks(self._pool, after.project_id)}
            names["task"] = tasks.get(after.task_id, "")
        return names

    def _is_repeated(self, pending: store.Correction, caller: Caller, after: Values | None) -> bool:
        """Whether the caller asks again for what is under way."""
        if pending.agent_id != caller.agent_id or (pending.after is None) != (after is None):
            return False
        return after is None or pending.after is None or store.values_of(pending.after).same(after)

    async def _ask(self, caller: Caller, view: View, kind: Kind, after: store.Named | None) -> store.Correction:
        """Write the wish down and carry it out."""
        access = view.accesses[0]
        now = self._clock.now()
        name = caller.name if access == "own" else await self._service_name()
        moved = after["ticket_id"] if after is not None else None
        tickets = {view.ticket.id if view.ticket else None, moved} - {None}
        timer = await timers_store.counted(self._pool, view.entry.id)
        async with self._pool.acquire() as connection, connection.transaction():
            if view.pending is not None and view.pending.agent_id == caller.agent_id:
                await store.withdraw(connection, view.pending.id, now)  # another one is wanted in its stead
            reason = await timelog_store.correct(connection, view.entry.id, timer[0] if timer else None, now)
            if reason is not None:
                raise Conflict(rules.words(reason), code=reason)
            correction_id = await store.ask(
                connection,
                entry_id=view.entry.id,
                kind=kind,
                agent_id=caller.agent_id,
                asked_by=caller.name,
                asked_by_user=caller.helpdesk_user_id,
                access=access,
                access_name=name,
                may_fall_back=access == "own" and "service" in view.accesses,
                before=store.told(view.values, view.names),
                after=after,
                tickets=sorted(ticket for ticket in tickets if ticket is not None),
                now=now,
            )
            if correction_id is None:
                raise Conflict(rules.words("pending"), code="pending")
            asked = await store.rows.get(connection, correction_id)
        assert asked is not None
        return await self._carry_out(asked)

    async def _service_name(self) -> str:
        try:
            return await self._outbox.service_name()
        except (core.HarvestError, CannotRefresh) as error:
            raise Unavailable(_("Harvest can't be reached. Nothing was changed; try again in a moment.")) from error

    async def _carry_out(self, asked: store.Correction) -> store.Correction:
        """Take the step now; what can't be done now is the worker's. Raises :class:`Conflict` for what was refused."""
        with i18n.speaking(i18n.DEFAULT):  # what holds it up is stored, and retold to each reader
            await self._outbox.step(str(asked.id))
        found = await store.rows.get(self._pool, asked.id) or asked
        if found.state == "done":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ATTRIBUTED_WITHIN):
                    await self._attribute.run()
            await self._queue.nudge(FIGURES_JOB)
        elif found.state == "asked" and found.problem is None:
            await self._queue.nudge(CORRECT_JOB, str(asked.id))
        elif found.state == "refused":
            words = i18n.retold(found.problem or AWAY)
            if found.problem_code == "gone":
                raise NotFound(words, code="gone")
            raise Conflict(words, code=found.problem_code)
        return found
