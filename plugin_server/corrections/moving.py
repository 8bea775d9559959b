"""Moving an entry to another ticket: which one is meant, whether the entry's time can go there, and what that does."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from plugin_server.accounts.people.service import People
from plugin_server.budgets import store as budgets_store
from plugin_server.corrections import store
from plugin_server.corrections.rules import Target, Typed, Unacceptable
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, NotFound, Problem
from plugin_server.runtime.i18n import decimal
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket

Cause = Literal["ticket_number", "ticket_id", "notes", "spent_date"]
"""The field by which an entry comes to count for another ticket."""


@dataclass(frozen=True)
class Wish:
    """A correction as asked for. ``version`` is that of the values that the person was shown; ``ticket_id`` or
    ``ticket_number`` name the ticket that the entry is to count for, where it is to be moved. ``confirmed`` is the
    ticket that the person has been warned of, ``0`` for none; ``None``: a program, which is not asked."""

    typed: Typed
    version: str | None = None
    ticket_id: int | None = None
    ticket_number: str | None = None
    confirmed: str | None = None

    @property
    def field(self) -> Cause:
        """The field that names the ticket."""
        return "ticket_number" if self.ticket_id is None else "ticket_id"


@dataclass(frozen=True)
class Move:
    """An entry is to count for another ticket, or with ``None`` for none any more."""

    ticket: Ticket | None
    cause: Cause

    @property
    def confirmed(self) -> str:
        """What a form says that was sent again after the warning."""
        return str(self.ticket.id if self.ticket else 0)


class Unsure(Conflict):
    """Nothing was done yet: the person is told what else a correction does, and asked whether to do it."""

    def __init__(self, message: str, confirmed: str) -> None:
        super().__init__(message, code="confirm")
        self.confirmed = confirmed


class Moving:
    """Finds the ticket that an entry is to be moved to."""

    def __init__(self, pool: Pool, tickets: Tickets, mirror: Mirror, people: People) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._people = people

    async def target(
        self, caller: Caller, entry: store.Entry, counts_for: int | None, wish: Wish, *, named: bool
    ) -> Target | None:
        """Where the entry is to go; ``None`` when it stays where it is, and then the helpdesk is not asked. ``named``:
        the form held the ticket that it ``counts_for``. A ticket locked over its budget is as good as any: the lock
        never refuses the truth about time that was worked.

        Raises :class:`~plugin_server.corrections.rules.Unacceptable` for a ticket that is unknown, that the caller may
        not change, or that no time of this person can go to.
        """
        if named and wish.ticket_number is not None and not _number(wish) and wish.ticket_id is None:
            words = _("An entry can't be taken off its ticket here. Name another ticket, or delete the entry.")
            raise Unacceptable({wish.field: words})
        ticket_id = await self._wanted(wish)
        if ticket_id is None or ticket_id == counts_for:
            return None
        return await self._accepted(entry, await self.demand(caller, ticket_id, wish.field), wish.field)

    async def tasks(self, caller: Caller, wish: Wish, counts_for: int | None) -> list[Task] | None:
        """The tasks of the project of another ticket that is asked for, where it has one."""
        try:
            ticket_id = await self._wanted(wish)
            if ticket_id is None or ticket_id == counts_for:
                return None
            ticket = await self._tickets.require(caller, ticket_id)
        except (Unacceptable, Problem):
            return None
        return None if ticket.project_id is None else await store.tasks(self._pool, ticket.project_id)

    async def demand(self, caller: Caller, ticket_id: int, field: Cause) -> Ticket:
        """The ticket, for who may bring time to it: who may change it, as for *Assign here*. Raises
        :class:`~plugin_server.corrections.rules.Unacceptable` with the reason at a field."""
        try:
            ticket = await self._tickets.require(caller, ticket_id)
            await self._people.require_change(caller.helpdesk_user_id, ticket.group_id)
        except (Forbidden, NotFound) as problem:
            raise Unacceptable({field: problem.message}) from None
        return ticket

    async def warning(self, move: Move, present: Ticket | None, hours: Decimal) -> str:
        """What a person should know before so many hours of the ticket ``present`` count for another one: that it is
        not what they asked for, that its budget does not hold them. Nothing where there is nothing to say."""
        said = [_unasked(move)] if move.cause in ("notes", "spent_date") else []
        if move.ticket is not None:
            said += await self._budget(move.ticket, hours)
        if said and present is not None:
            lost = _("{ticket} will have {hours} hours less.")
            said.append(lost.format(ticket=called(present), hours=decimal(hours)))
        return " ".join(said)

    async def _budget(self, ticket: Ticket, hours: Decimal) -> list[str]:
        said = []
        figures = await budgets_store.budget(self._pool, ticket.id)
        if figures is None:
            return []
        if figures.locked:
            said.append(_("{ticket} is locked.").format(ticket=called(ticket)))
        if figures.budget is not None and figures.used + hours * 100 > figures.budget:
            over = _("{ticket} has used {used} of its {budget} hours, and {hours} more would come on top.")
            used, budget = (decimal(Decimal(value) / 100) for value in (figures.used, figures.budget))
            said.append(over.format(ticket=called(ticket), used=used, budget=budget, hours=decimal(hours)))
        return said

    async def _wanted(self, wish: Wish) -> int | None:
        """The ticket that is asked for."""
        number = _number(wish)
        if wish.ticket_id is not None or not number:
            return wish.ticket_id
        known = number.isprintable() and len(number) <= 50
        async with self._pool.acquire() as connection:
            ticket_id = (await attribution_store.numbers(connection, [number] * known)).get(number)
        if ticket_id is None:
            words = _("Deskhours knows no ticket #{number}. Check the number.").format(number=number)
            raise Unacceptable({wish.field: words})
        return ticket_id

    async def _accepted(self, entry: store.Entry, ticket: Ticket, field: Cause) -> Target:
        """The ticket as a place for this entry."""
        project = await self._mirror.project(ticket.project_id) if ticket.project_id is not None else None
        words = ""
        if ticket.deleted_at is not None:
            words = _("The helpdesk no longer has ticket {number}.")
        elif ticket.merged_into is not None:
            words = _("Ticket {number} was merged into another one. Move the entry to that.")
        elif project is None:
            words = _("Ticket {number} has no Harvest project, so no time can go there.")
        elif not project.is_active:
            words = _("The Harvest project of ticket {number} is archived.")
        elif project.id != entry.project_id and (
            await store.is_assigned(self._pool, entry.user_id, project.id) is False
        ):
            words = _("{name} is not assigned to the Harvest project of ticket {number}.")
        if words or project is None:
            name = entry.user_name or _("The entry's person")
            raise Unacceptable({field: words.format(number=called(ticket), name=name)})
        return Target(ticket.id, project.id, project.label)


def _number(wish: Wish) -> str:
    return (wish.ticket_number or "").strip().removeprefix("#").strip()


def _unasked(move: Move) -> str:
    """Where an entry comes to count though nobody has named that ticket in its field."""
    if move.cause == "notes":
        if move.ticket is None:
            return _("With these notes the entry counts for no ticket any more.")
        return _("With these notes the entry will count for {ticket}.").format(ticket=called(move.ticket))
    if move.ticket is None:
        return _("On this day the entry counts for no ticket any more.")
    return _("On this day the entry will count for {ticket}.").format(ticket=called(move.ticket))


def called(ticket: Ticket | None) -> str:
    """What people call a ticket; nothing for none."""
    return f"#{ticket.number}" if ticket else ""
