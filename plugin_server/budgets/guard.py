"""Who changed what budgets rest on: a project manager's word holds, anybody else's is put back and reported.

The helpdesk lets every agent who may change a ticket write any of its fields through the API, hidden or not.
So each ticket that has changed is looked at: where a field is not as it should be, its history says whose doing it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from plugin_server.accounts.people.service import People
from plugin_server.budgets import store
from plugin_server.budgets.notices import store as notices_store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Guarded, Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.intake import Intake

AT_ONCE = 50
AGAIN = timedelta(seconds=30)
"""A ticket whose history can't be read waits so long for its next turn."""

LABELS: dict[Guarded, str] = {
    "budget_hours": later("Budget Hours"),
    "quoted_hours": later("Quoted Hours"),
    "pm": later("the budget PM"),
    "hours_used": later("Hours Used"),
    "utilization": later("Utilization"),
    "state": later("the budget state"),
    "release": later("the release field"),
}
MANAGED: frozenset[Guarded] = frozenset({"budget_hours", "quoted_hours", "pm"})
"""Fields that project managers and administrators set; the others are ours alone."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Difference:
    """A field that is not as it should be."""

    field: Guarded
    expected: str
    seen: str


def differences(ticket: tickets_store.Ticket, one: store.Budget) -> list[Difference]:
    """What stands on the ticket otherwise than what was accepted, or than what we wrote."""
    pairs: list[tuple[Guarded, str | None, str]] = [
        ("quoted_hours", one.accepted_quoted, ticket.quoted_text),
        ("pm", one.accepted_pm, ticket.pm_text),
        ("release", "", ticket.release_text),
    ]
    if not one.write_budget:
        pairs.insert(0, ("budget_hours", one.accepted_budget, ticket.budget_text))
    if one.written_at is not None:
        pairs.append(("hours_used", one.written_used, ticket.used_text))
        pairs.append(("utilization", one.written_utilization, ticket.utilization_text))
        pairs.append(("state", one.written_state, ticket.lock_text))
    return [Difference(field, expected or "", seen) for field, expected, seen in pairs if (expected or "") != seen]


class Guard:
    """Looks at tickets that have changed."""

    def __init__(
        self, pool: Pool, helpdesk: Helpdesk, token: str, people: People, intake: Intake, clock: Clock
    ) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._people = people
        self._intake = intake
        self._clock = clock

    async def step(self) -> int:
        """Look at the tickets that wait for it; returns how many there were."""
        count = 0
        while waiting := await tickets_store.unchecked(self._pool, self._clock.now(), AT_ONCE):
            for ticket in waiting:
                try:
                    await self._look(ticket)
                except base.HelpdeskError as error:
                    # One ticket that can't be looked at holds up no other.
                    _logger.warning("a ticket's changes can't be judged", ticket=ticket.id, reason=str(error))
                    await tickets_store.check_later(self._pool, ticket.id, self._clock.now() + AGAIN)
                    if isinstance(error, base.Missing):
                        await self._intake.read(ticket.id)
            count += len(waiting)
        return count

    async def _look(self, ticket: tickets_store.Ticket) -> None:
        one = await store.budget(self._pool, ticket.id)
        typed = ticket.budget_text or ticket.quoted_text or ticket.pm_text or ticket.release_text
        found = differences(ticket, one) if one is not None else []
        back: list[tuple[Difference, base.FieldChange]] = []
        if found or (one is None and typed):
            history = await self._helpdesk.history(self._token, ticket.id)
            if one is None:
                found = await self._at_first_sight(ticket, history)
            for difference in found:
                change = _author(history, difference)
                if change is None:
                    continue
                if await self._may(change.by, difference):
                    await self._accept(ticket, difference, change)
                else:
                    back.append((difference, change))
        await self._put_back(ticket, back)
        async with self._pool.acquire() as connection, connection.transaction():
            await tickets_store.checked(connection, ticket.id, ticket.updated_at)
            # Whoever computed it meanwhile has left the writing until it was looked at.
            await attribution_store.mark_dirty(connection, [ticket.id])

    async def _at_first_sight(self, ticket: tickets_store.Ticket, history: base.History) -> list[Difference]:
        """What was set on a ticket before it was ever looked at: the last value that a project manager set, or that it
        was made with, is what counts."""
        seen: dict[Guarded, str] = {
            "budget_hours": ticket.budget_text,
            "quoted_hours": ticket.quoted_text,
            "pm": ticket.pm_text,
            "release": ticket.release_text,
        }
        found = []
        for field, value in seen.items():
            changes = [change for change in history.changes if change.field == field]
            if not changes:
                continue
            expected = changes[0].old
            for change in changes:
                if await self._may(change.by, Difference(field, "", change.new)):
                    expected = change.new
            if expected != value:
                found.append(Difference(field, expected, value))
        return found

    async def _may(self, user_id: int, difference: Difference) -> bool:
        """Whether this person's change of this field holds. The helpdesk's own user runs the administrators' triggers
        and schedulers."""
        member = await self._people.member(user_id)
        if member is not None and self._people.is_service(member):
            return True
        if difference.field not in MANAGED:
            return False
        return self._people.may_manage(member) or user_id == SYSTEM

    async def _accept(self, ticket: tickets_store.Ticket, difference: Difference, change: base.FieldChange) -> None:
        if difference.field not in MANAGED:
            return  # our own write, whose answer was lost
        member = await self._people.member(change.by)
        await store.accept(self._pool, ticket.id, difference.field, difference.seen)
        event = store.Event(
            ticket.id,
            change.at,
            "changed",
            by_user=change.by,
            by_name=member.name if member else "",
            field=difference.field,
            old_value=difference.expected,
            new_value=difference.seen,
        )
        await store.write_down(self._pool, event)

    async def _put_back(self, ticket: tickets_store.Ticket, back: list[tuple[Difference, base.FieldChange]]) -> None:
        if not back:
            return
        for difference, change in back:
            await self._report(ticket, difference, change)
        # Reported first: a put-back whose answer is lost is done again, and must not go untold.
        values: dict[Guarded, str | None] = {one.field: one.expected or None for one, _change in back}
        await self._intake.keep(await self._helpdesk.write_fields(self._token, ticket.id, values))

    async def _report(self, ticket: tickets_store.Ticket, difference: Difference, change: base.FieldChange) -> None:
        member = await self._people.member(change.by)
        name = member.name if member else later("user {id}").format(id=change.by)
        told = later(
            "{name} changed {field} from “{old}” to “{new}”. Deskhours has put it back: Deskhours alone writes it."
        )
        if difference.field in MANAGED:
            told = later(
                "{name} changed {field} from “{old}” to “{new}”. Deskhours has put it back: project managers and"
                " administrators set it."
            )
        words = told.format(name=name, field=LABELS[difference.field], old=difference.expected, new=difference.seen)
        event = store.Event(
            ticket.id,
            change.at,
            "put_back",
            by_user=change.by,
            by_name=name,
            reason=words,
            field=difference.field,
            old_value=difference.expected,
            new_value=difference.seen,
        )
        async with self._pool.acquire() as connection, connection.transaction():
            if await store.write_down(connection, event):
                await notices_store.tell(connection, ticket.id, "put_back", words, self._clock.now())
                _logger.warning("a change is put back", ticket=ticket.id, field=difference.field, by=change.by)


SYSTEM = 1
"""The helpdesk's own user."""


def _author(history: base.History, difference: Difference) -> base.FieldChange | None:
    """The last change of the field, if it left what is seen."""
    last = next((one for one in reversed(history.changes) if one.field == difference.field), None)
    return last if last is not None and last.new == difference.seen else None
