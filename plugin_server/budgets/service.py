"""Computing what tickets cost and whether they are locked; what is to stand in the helpdesk follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from plugin_server.budgets import locking, rules, store
from plugin_server.budgets.changes import store as changes_store
from plugin_server.budgets.notices import store as notices_store
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.attribution.store import Counting, Used
from plugin_server.tickets.links import store as links_store

AT_ONCE = 200
"""Tickets computed in one transaction."""

FIGURES_EVERY = timedelta(minutes=1)
"""Figures go to the helpdesk at most so often for a ticket; a change of state goes at once."""

_BANDS: tuple[rules.Band, ...] = ("none", "green", "yellow", "orange", "red")
_logger = log.get(__name__)


@dataclass(frozen=True)
class Policy:
    """The manifest's word on budgets: colours, counting, locks, and the tickets that never lock."""

    thresholds: rules.Thresholds
    counting: Counting
    lock: locking.Policy
    never_tags: frozenset[str]
    never_priorities: frozenset[str]


@dataclass(frozen=True)
class Figures:
    """A ticket's constraints now, the running timers' hours beside the stopped ones. ``may_lock``: it is not one of
    those that never do, whatever they have used."""

    used: Used
    constraints: tuple[locking.Constraint, ...]
    running: Decimal
    lock: locking.Lock | None
    may_lock: bool

    @property
    def hours(self) -> Decimal:
        """The ticket's own stopped hours."""
        return hours(self.used.stopped)


def hours(hundredths: int) -> Decimal:
    """Hundredths of hours as hours, two places."""
    return Decimal(hundredths) / 100


def hundredths(value: Decimal | None) -> int | None:
    """Hours as whole hundredths."""
    return None if value is None else int((value * 100).to_integral_value())


class Budgets:
    """Figures and locks of tickets."""

    def __init__(self, pool: Pool, policy: Policy, clock: Clock) -> None:
        self._pool = pool
        self.policy = policy
        self._clock = clock

    async def recompute(self) -> int:
        """Compute every ticket whose figures may have changed; returns how many there were."""
        total = 0
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                again = await store.due_again(connection, self._clock.now(), AT_ONCE)
                projects = await store.changed_projects(connection)
                await attribution_store.mark_dirty(connection, again, projects)
                taken = await attribution_store.take_dirty(connection, AT_ONCE)
                await self.compute(connection, taken)
            if not taken:
                return total
            total += len(taken)

    async def recompute_now(self, ticket_id: int) -> None:
        """Compute one ticket, for somebody who waits for it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self.compute(connection, [ticket_id])

    async def figures(self, ticket: tickets_store.Ticket, budget: Decimal | None) -> Figures:
        """A ticket's constraints as they are at this moment, running timers included, against a budget in hours."""
        return await self._figures(self._pool, ticket, budget)

    async def daily(self, ticket_id: int, today: date) -> dict[date, Decimal]:
        """Hours by day within the window of the pace."""
        found = await attribution_store.daily(
            self._pool, ticket_id, today - rules.WINDOW + timedelta(days=1), self.policy.counting
        )
        return {day: hours(some) for day, some in found.items()}

    async def compute(self, connection: Connection, ticket_ids: Sequence[int]) -> None:
        """Compute tickets in the caller's transaction; their rows are held until it ends."""
        before = await store.budgets(connection, ticket_ids)
        computed = []
        for ticket in await tickets_store.tickets(connection, ticket_ids):
            previous = before.get(ticket.id)
            now = await self._computed(connection, ticket, previous)
            if now is None:
                continue
            await store.put(connection, now)
            computed.append(now)
            if now.locked and (previous is None or not previous.locked):
                await self._lock_begins(connection, now)
                _logger.info("ticket locked", ticket=ticket.id, used=now.lock_used, limit=now.lock_limit)
            elif previous is not None and previous.locked and not now.locked:
                event = store.Event(
                    ticket.id, now.computed_at, "reopened", used=now.used, budget=now.budget, crossing=previous.crossing
                )
                await store.write_down(connection, event)
                await notices_store.drop(connection, previous.crossing)
                await self._report_merge(connection, ticket)
                await self._report_exemption(connection, ticket)
                _logger.info("ticket no longer locked", ticket=ticket.id)
        await changes_store.note(connection, computed)

    async def _lock_begins(self, connection: Connection, now: store.Budget) -> None:
        """The ledger says so, and the project manager is to be told, once."""
        words = _locked_words(now)
        event = store.Event(
            now.ticket_id,
            now.computed_at,
            "locked",
            reason=words,
            used=now.used,
            budget=now.budget,
            crossing=now.crossing,
        )
        await store.write_down(connection, event)
        await notices_store.tell(connection, now.ticket_id, "locked", words, now.computed_at, now.crossing)
        await store.watch_anew(connection, now.ticket_id)

    async def _report_merge(self, connection: Connection, ticket: tickets_store.Ticket) -> None:
        """Merging is a way out of a locked ticket: its conversation goes on in the other one."""
        if ticket.merged_into is None:
            return
        now = self._clock.now()
        words = later(
            "Ticket #{number} was locked over its budget and has been merged into this one. Its hours count here now."
        ).format(number=ticket.number)
        await store.write_down(connection, store.Event(ticket.merged_into, now, "bypassed", reason=words))
        await notices_store.tell(connection, ticket.merged_into, "bypassed", words, now)

    async def _report_exemption(self, connection: Connection, ticket: tickets_store.Ticket) -> None:
        """Any agent may set a tag before the lock, or by another way; the project manager hears that it opened one."""
        if not self._is_spared(ticket):
            return
        words = later("This ticket was locked over its budget; one of its tags, or its priority, has opened it.")
        now = self._clock.now()
        await store.write_down(connection, store.Event(ticket.id, now, "bypassed", reason=words))
        await notices_store.tell(connection, ticket.id, "bypassed", words, now)

    async def _computed(
        self, connection: Connection, ticket: tickets_store.Ticket, previous: store.Budget | None
    ) -> store.Budget | None:
        """The ticket's row; ``None`` for a ticket that has nothing to do with budgets."""
        if previous is None and not ticket.is_checked:
            return None  # the guard looks first at who has set what stands there, and has it computed then
        clock = self._clock.now()
        accepted = previous.accepted_budget if previous else ticket.budget_text
        budget = ticket_rules.parse_budget(accepted)
        figures = await self._figures(connection, ticket, budget)
        concerned = bool(ticket.project_text or accepted or figures.used.stopped)
        if previous is None and not concerned:
            return None
        own = rules.utilization(figures.hours, budget, self.policy.thresholds)
        all_of_them = [rules.utilization(one.used, one.limit, self.policy.thresholds) for one in figures.constraints]
        band = max((one.band for one in all_of_them), key=_BANDS.index, default="none")
        pressing = max((one.used * 100 / one.limit for one in figures.constraints), default=Decimal(0))
        lock = figures.lock
        crossing = (previous.crossing if previous and previous.locked else uuid4()) if lock else None
        state = ("locked" if lock else "open" if band in ("none", "green") else "warn") if concerned else ""
        daily = await attribution_store.daily(
            connection, ticket.id, clock.date() - rules.WINDOW + timedelta(days=1), self.policy.counting
        )
        by_day = {day: hours(some) for day, some in daily.items()}
        row = store.Budget(
            ticket_id=ticket.id,
            used=figures.used.stopped,
            budget=hundredths(budget),
            quoted=hundredths(ticket_rules.parse_budget(previous.accepted_quoted if previous else ticket.quoted_text)),
            percent=own.percent,
            band=band,
            pressing=pressing.quantize(Decimal("0.01")),
            ends_on=rules.runs_out(by_day, figures.hours, budget, clock.date()),
            locked=lock is not None,
            lock_source=lock.constraint.source if lock else None,
            lock_used=hundredths(lock.constraint.used) if lock else None,
            lock_limit=hundredths(lock.constraint.limit) if lock else None,
            lock_point=hundredths(lock.point) if lock else None,
            crossing=crossing,
            locked_at=(previous.locked_at if previous and previous.locked else clock) if lock else None,
            reopens_at=await self._reopens_at(connection, ticket.id, clock),
            accepted_budget=accepted,
            accepted_quoted=previous.accepted_quoted if previous else ticket.quoted_text,
            accepted_pm=previous.accepted_pm if previous else ticket.pm_text,
            wanted_used=f"{figures.hours:.2f}" if concerned else "",
            wanted_utilization="" if own.percent is None else str(min(own.percent, 1_000_000)),
            wanted_state=state,
            write_budget=previous.write_budget if previous else False,
            written_state=previous.written_state if previous else None,
            written_used=previous.written_used if previous else None,
            written_utilization=previous.written_utilization if previous else None,
            written_at=previous.written_at if previous else None,
            write_due_at=previous.write_due_at if previous else None,
            computed_at=clock,
        )
        return replace(row, write_due_at=_due(row, ticket, clock))

    async def _figures(
        self, connection: Connection | Pool, ticket: tickets_store.Ticket, budget: Decimal | None
    ) -> Figures:
        now, counting = self._clock.now(), self.policy.counting
        used = (await attribution_store.used(connection, [ticket.id], now, counting))[ticket.id]
        tracked = None if ticket.project_id is None else await store.project_budget(connection, ticket.project_id)
        constraints = []
        if budget is not None:
            constraints.append(locking.Constraint("ticket", hours(used.stopped), budget))
        if tracked is not None and (project := await self._project(connection, ticket, tracked, now)) is not None:
            constraints.append(project)
        may_lock = _stands(ticket, tracked) and not self._is_exempt(ticket)
        figures = Figures(used, tuple(constraints), hours(used.running), None, may_lock)
        return replace(figures, lock=await self._lock(connection, ticket, figures, constraints, figures.hours))

    async def would_lock(
        self,
        ticket: tickets_store.Ticket,
        figures: Figures,
        constraints: Sequence[locking.Constraint],
        used: Decimal,
    ) -> bool:
        """Whether a ticket of these figures would be locked under other constraints, having used so many hours
        itself."""
        return await self._lock(self._pool, ticket, figures, constraints, used) is not None

    async def _lock(
        self,
        connection: Connection | Pool,
        ticket: tickets_store.Ticket,
        figures: Figures,
        constraints: Sequence[locking.Constraint],
        used: Decimal,
    ) -> locking.Lock | None:
        now = self._clock.now()
        # Most tickets are far from it: what would unlock them need not be read.
        if not figures.may_lock or locking.lock(constraints, self.policy.lock, [], used, now) is None:
            return None
        events = (await store.unlocks(connection, [ticket.id])).get(ticket.id, [])
        return locking.lock(constraints, self.policy.lock, [_unlock(event) for event in events], used, now)

    async def _project(
        self,
        connection: Connection | Pool,
        ticket: tickets_store.Ticket,
        budget: store.ProjectBudget,
        now: datetime,
    ) -> locking.Constraint | None:
        """The budget of the project that is dedicated to the ticket, if it has one in Harvest."""
        if ticket.project_id is None or budget.limit is None:
            return None
        holders = await links_store.holders(connection, ticket.project_id)
        if not holders or holders[0][0] != ticket.id:
            return None
        since = now.date().replace(day=1) if budget.monthly else None
        used = await attribution_store.used_by_project(
            connection, [ticket.project_id], now, self.policy.counting, since
        )
        stopped = used.get(ticket.project_id, Used()).stopped
        return locking.Constraint("project", hours(stopped), hours(budget.limit))

    def _is_exempt(self, ticket: tickets_store.Ticket) -> bool:
        """What has ended, and what the manifest says, is never locked. A merged ticket has ended once it is known where
        it went: then that is told, too."""
        return ticket.deleted_at is not None or ticket.merged_into is not None or self._is_spared(ticket)

    def _is_spared(self, ticket: tickets_store.Ticket) -> bool:
        """Whether the manifest says that this one never locks."""
        return ticket.priority in self.policy.never_priorities or bool(self.policy.never_tags & set(ticket.tags))

    async def _reopens_at(self, connection: Connection, ticket_id: int, now: datetime) -> datetime | None:
        events = (await store.unlocks(connection, [ticket_id])).get(ticket_id, [])
        ends = [event.expires_at for event in events if event.expires_at is not None and event.expires_at > now]
        return min(ends, default=None)


def _stands(ticket: tickets_store.Ticket, tracked: store.ProjectBudget | None) -> bool:
    """Whether the project that the ticket names, if it names one, is one that time is tracked on: a ticket whose
    project is unknown, archived or deleted, or no project's number, says so and is never locked."""
    return not ticket.project_text if ticket.project_id is None else tracked is not None


def _unlock(event: store.Event) -> locking.Unlock:
    return locking.Unlock(None if event.ceiling is None else hours(event.ceiling), event.expires_at)


def _locked_words(one: store.Budget) -> str:
    """The note's sentence for the PM."""
    told = later(
        "This ticket's budget is used up: {used} of {limit} hours. Replies wait until a project manager unlocks the"
        " ticket; logging time and internal notes go on."
    )
    if one.lock_source == "project":
        told = later(
            "The Harvest project's budget is used up: {used} of {limit} hours. Replies wait until a project manager"
            " unlocks the ticket; logging time and internal notes go on."
        )
    return told.format(used=f"{hours(one.lock_used or 0):.2f}", limit=f"{hours(one.lock_limit or 0):.2f}")


def _due(row: store.Budget, ticket: tickets_store.Ticket, now: datetime) -> datetime | None:
    """When the helpdesk's fields are to be written. Not before it is known who changed what stands there now."""
    if ticket.deleted_at is not None:
        return None
    if row.write_budget:
        return now
    if not ticket.is_checked:
        return row.write_due_at
    if ticket.lock_text != row.wanted_state or (row.locked and ticket.release_text):
        return now
    if (ticket.used_text, ticket.utilization_text) != (row.wanted_used, row.wanted_utilization):
        return now if row.written_at is None else max(now, row.written_at + FIGURES_EVERY)
    return None
