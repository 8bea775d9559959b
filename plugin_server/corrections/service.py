"""Correcting a time entry, through to Harvest: changing, moving and deleting it, and thinking better of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from plugin_server.accounts.people.service import People
from plugin_server.accounts.tokens import CannotRefresh, Tokens
from plugin_server.corrections import rules, shown, store
from plugin_server.corrections.moving import Move, Moving, Unsure, Wish, called
from plugin_server.corrections.outbox import CORRECT_JOB, CorrectionOutbox
from plugin_server.corrections.rules import Choices, Kind, Target, Values
from plugin_server.corrections.viewing import View, Viewing
from plugin_server.harvest import core, timezones
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
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.intake import FIGURES_JOB
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import store as timelog_store
from plugin_server.timelog.rules import HoursRule
from plugin_server.timers import store as timers_store

CHECKED_WITHIN = 4.0
"""Seconds that helpdesk and Harvest have to say whether a correction may be; nothing is written down before."""

CARRIED_WITHIN = 5.0
"""Seconds after the beginning of a request until which Harvest is waited for; the worker goes on then. With what comes
before and after, who asks is answered within eight: the extension gives up after ten."""

CARRIED_FOR = 1.0
"""Seconds that Harvest is given in any case."""

ATTRIBUTED_WITHIN = 1.0
"""Seconds that an answer waits for the entry to count where it does now; the worker does it otherwise."""


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
        self._moving = Moving(pool, tickets, mirror, people)
        self._viewing = Viewing(pool, tickets, mirror, people, tokens, attribute)
        self._attribute = attribute
        self._outbox = outbox
        self._queue = queue
        self._clock = clock
        self._hours_rule = hours_rule

    async def look(self, caller: Caller, entry_id: int) -> View:
        """An entry, for its own person and for who may see the ticket that it counts for.

        Raises :class:`NotFound` for one that is not known, and as :meth:`Tickets.require`.
        """
        return await self._viewing.look(caller, entry_id)

    async def tasks(self, caller: Caller, view: View, wish: Wish | None) -> list[Task] | None:
        """The tasks of another ticket that was asked for; ``None`` where it is none, or not for the caller."""
        return None if wish is None else await self._moving.tasks(caller, wish, view.counts_for)

    async def change(self, caller: Caller, entry_id: int, wish: Wish) -> store.Correction | None:
        """Change what is typed; the correction as it stands then, done or waiting for Harvest. ``None``: it was so
        already.

        Raises :class:`Forbidden`, :class:`NotFound`, :class:`Invalid` with a reason by field, :class:`Conflict` for an
        entry that can't be corrected or was changed meanwhile, :class:`~plugin_server.corrections.moving.Unsure` where
        a person is to be asked first, and what Harvest refuses.
        """
        began = _now()
        async with _checking():
            view = await self.look(caller, entry_id)
            self._demand(view)
            target, after = await self._wanted(caller, view, wish)
            if after.same(view.values):
                return None
            repeated = self._repeated(view, caller, after)
            if repeated is None:
                self._demand_same(view, wish.version)
                move = await self._move(caller, view, after, wish)
                await self._warn(view, after, move, wish)
                names = await self._names(view, after, target, move)
                access_name = await self._access_name(caller, view)
        if repeated is None:
            counts_for = (move.ticket.id if move.ticket else None) if move else view.counts_for
            wanted = store.told(after, names, counts_for)
            repeated = await self._ask(caller, view, access_name, "change", wanted)
        return await self._carry_out(repeated, began)

    async def delete(self, caller: Caller, entry_id: int, version: str | None = None) -> store.Correction:
        """Delete the entry in Harvest, for good. Its values stay in the history. Raises as :meth:`change`."""
        began = _now()
        async with _checking():
            view = await self.look(caller, entry_id)
            if view.entry.is_gone and view.history and view.history[0].kind == "delete":
                return view.history[0]  # asked again because the answer was lost
            self._demand(view)
            repeated = self._repeated(view, caller, None)
            if repeated is None:
                self._demand_same(view, version)
                access_name = await self._access_name(caller, view)
        if repeated is None:
            repeated = await self._ask(caller, view, access_name, "delete", None)
        return await self._carry_out(repeated, began)

    async def withdraw(self, caller: Caller, entry_id: int) -> store.Correction:
        """Think better of a correction that waits: for who has asked for it, and for project managers.

        Raises as :meth:`look`, :class:`Forbidden` for anybody else, and :class:`Conflict` when nothing waits any more,
        or Harvest is being asked.
        """
        view = await self.look(caller, entry_id)
        if view.pending is None:
            raise Conflict(_("No correction of this entry waits any more. Look at what stands there now."), code="over")
        if not view.may_withdraw:
            raise Forbidden(_("A correction is withdrawn by who has asked for it, or by a project manager."))
        words = later("Withdrawn by {name}.").format(name=caller.name)
        if not await store.withdraw(self._pool, view.pending.id, self._clock.now(), words):
            raise Conflict(_("It is too late to withdraw this: Harvest has been asked for it."), code="too_late")
        return await store.rows.get(self._pool, view.pending.id) or view.pending

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
        if version is not None and not shown.is_of(version, view.values):
            raise Conflict(
                _("This entry has been changed since you saw it. Look at what stands there now, then correct that."),
                code="changed",
            )

    async def _wanted(self, caller: Caller, view: View, wish: Wish) -> tuple[Target | None, Values]:
        """Where the entry is to go and what it is to hold. Raises :class:`Invalid` with all that is wrong at once."""
        target, after, fields = None, view.values, {}
        try:
            target = await self._moving.target(caller, view.entry, view.counts_for, wish, named=view.ticket is not None)
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

    async def _move(self, caller: Caller, view: View, after: Values, wish: Wish) -> Move | None:
        """Where the entry comes to count by this correction, also without that ticket being named in its field;
        ``None`` when it counts where it did. Raises :class:`Invalid` for a ticket that the caller may not bring time
        to."""
        ticket_id = await self._attribute.foresee(
            view.entry.id, after.project_id, after.spent_date, after.ticket_id, after.notes
        )
        if ticket_id == view.counts_for:
            return None
        cause = wish.field
        if after.ticket_id == view.values.ticket_id:
            cause = "notes" if after.notes != view.values.notes else "spent_date"
        try:
            return Move(None if ticket_id is None else await self._moving.demand(caller, ticket_id, cause), cause)
        except rules.Unacceptable as error:
            raise Invalid(_("The entry was not changed; some values can't be accepted."), fields=error.fields) from None

    async def _warn(self, view: View, after: Values, move: Move | None, wish: Wish) -> None:
        """Raises :class:`Unsure` where a person has not been told yet what else this does."""
        if move is None or wish.confirmed in (None, move.confirmed):
            return
        if words := await self._moving.warning(move, view.ticket, after.hours):
            raise Unsure(words, move.confirmed)

    async def _names(self, view: View, after: Values, target: Target | None, move: Move | None) -> dict[str, str]:
        """What people call what the entry is to hold."""
        names = view.names
        if target is not None:
            names |= {"project": target.project}
        if move is not None:
            names |= {"ticket": called(move.ticket)}
        if after.task_id != view.values.task_id:
            tasks = {task.id: task.name for task in await store.tasks(self._pool, after.project_id)}
            names["task"] = tasks.get(after.task_id, "")
        return names

    async def _access_name(self, caller: Caller, view: View) -> str:
        """Whom Harvest takes the access for that the correction goes with."""
        if view.accesses[0] == "own":
            return caller.name
        try:
            return await self._outbox.service_name()
        except (core.HarvestError, CannotRefresh) as error:
            raise Unavailable(_("Harvest can't be reached. Nothing was changed; try again in a moment.")) from error

    def _repeated(self, view: View, caller: Caller, after: Values | None) -> store.Correction | None:
        """The correction that is under way, where the caller asks for the same again."""
        pending = view.pending
        if pending is None or pending.agent_id != caller.agent_id or (pending.after is None) != (after is None):
            return None
        same = after is None or pending.after is None or store.values_of(pending.after).same(after)
        return pending if same else None

    async def _ask(
        self, caller: Caller, view: View, access_name: str, kind: Kind, after: store.Named | None
    ) -> store.Correction:
        """Write the wish down."""
        access = view.accesses[0]
        now = self._clock.now()
        tickets = {view.counts_for, after["counts_for"] if after is not None else None}
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
                access_name=access_name,
                may_fall_back=access == "own" and "service" in view.accesses,
                before=store.told(view.values, view.names, view.counts_for),
                after=after,
                tickets=sorted(ticket for ticket in tickets if ticket is not None),
                now=now,
            )
            if correction_id is None:
                raise Conflict(rules.words("pending"), code="pending")
            asked = await store.rows.get(connection, correction_id)
        assert asked is not None
        return asked

    async def _carry_out(self, asked: store.Correction, began: float) -> store.Correction:
        """Take the step now; what can't be done now is the worker's: a step that takes too long gives its row back.
        Raises :class:`Conflict` for what was refused."""
        until = max(began + CARRIED_WITHIN, _now() + CARRIED_FOR)
        with contextlib.suppress(TimeoutError), i18n.speaking(i18n.DEFAULT):  # problems are stored, and retold to each
            async with asyncio.timeout_at(until):
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


def _now() -> float:
    """Of the loop's clock: people wait by the real one."""
    return asyncio.get_running_loop().time()


@contextlib.asynccontextmanager
async def _checking() -> AsyncIterator[None]:
    """What is asked before anything is written down; who can't be asked in time is not waited for."""
    try:
        async with asyncio.timeout(CHECKED_WITHIN):
            yield
    except TimeoutError:
        words = _("The helpdesk or Harvest takes too long to answer. Nothing was changed; try again in a moment.")
        raise Unavailable(words) from None
