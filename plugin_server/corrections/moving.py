"""Moving an entry to another ticket: which one is meant, and whether the entry's time can go there."""

from __future__ import annotations

from dataclasses import dataclass

from plugin_server.corrections import store
from plugin_server.corrections.rules import Target, Typed, Unacceptable
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, NotFound
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket


@dataclass(frozen=True)
class Wish:
    """A correction as asked for. ``version`` is that of the values that the person was shown; ``ticket_id`` or
    ``ticket_number`` name the ticket that the entry is to count for, where it is to be moved."""

    typed: Typed
    version: str | None = None
    ticket_id: int | None = None
    ticket_number: str | None = None

    @property
    def field(self) -> str:
        """The field that names the ticket."""
        return "ticket_number" if self.ticket_id is None else "ticket_id"


class Moving:
    """Finds the ticket that an entry is to be moved to."""

    def __init__(self, pool: Pool, tickets: Tickets, mirror: Mirror) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror

    async def target(self, caller: Caller, entry: store.Entry, present: Ticket | None, wish: Wish) -> Target | None:
        """Where the entry is to go; ``None`` when it stays where it is. A ticket locked over its budget is as good as
        any: the lock never refuses the truth about time that was worked.

        Raises :class:`~plugin_server.corrections.rules.Unacceptable` for a ticket that is unknown, that the caller may
        not see, or that no time of this person can go to.
        """
        ticket = await self._wanted(caller, wish)
        if ticket is None or (present is not None and ticket.id == present.id):
            return None
        return await self._accepted(entry, ticket, wish.field)

    async def tasks(self, caller: Caller, wish: Wish) -> list[Task] | None:
        """The tasks of the project of the ticket that is asked for, where it has one."""
        try:
            ticket = await self._wanted(caller, wish)
        except Unacceptable:
            return None
        if ticket is None or ticket.project_id is None:
            return None
        return await store.tasks(self._pool, ticket.project_id)

    async def _wanted(self, caller: Caller, wish: Wish) -> Ticket | None:
        """The ticket that is asked for, as far as the caller may see it."""
        number = (wish.ticket_number or "").strip().removeprefix("#").strip()
        ticket_id = wish.ticket_id
        if ticket_id is None and number:
            known = number.isprintable() and len(number) <= 50
            async with self._pool.acquire() as connection:
                ticket_id = (await attribution_store.numbers(connection, [number] * known)).get(number)
            if ticket_id is None:
                words = _("Deskhours knows no ticket #{number}. Check the number.").format(number=number)
                raise Unacceptable({wish.field: words})
        if ticket_id is None:
            return None
        try:
            return await self._tickets.require(caller, ticket_id)
        except (Forbidden, NotFound) as problem:
            raise Unacceptable({wish.field: problem.message}) from None

    async def _accepted(self, entry: store.Entry, ticket: Ticket, field: str) -> Target:
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


def called(ticket: Ticket | None) -> str:
    """What people call a ticket; nothing for none."""
    return f"#{ticket.number}" if ticket else ""
