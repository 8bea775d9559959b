"""Whom to tell about a ticket's budget: its PM field, else the organisation's PM, else Harvest's project manager, else
everyone who holds the PM role. A person named without the role is skipped, and that is said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.budgets import store
from plugin_server.runtime.database import Pool
from plugin_server.tickets.store import Ticket


@dataclass(frozen=True)
class Told:
    """Who is told, and whom the ticket or Harvest names without their holding the role."""

    members: tuple[Member, ...]
    skipped: tuple[str, ...]

    def and_also(self, member: Member | None) -> Told:
        """With one more, unless it is one of them already."""
        if member is None or any(one.id == member.id for one in self.members):
            return self
        return Told((*self.members, member), self.skipped)


class Managers:
    """Finds a ticket's project managers. ``by_organisation`` maps the helpdesk's organisation to a login or e-mail."""

    def __init__(self, pool: Pool, people: People, by_organisation: Mapping[int, str]) -> None:
        self._pool = pool
        self._people = people
        self._by_organisation = by_organisation

    async def known(self, ticket: Ticket, pm_text: str) -> Told:
        """As :meth:`of`, by what is known here alone: for a panel, on whose path nobody else is asked."""
        return await self._of(ticket, pm_text, self._people.seen)

    async def of(self, ticket: Ticket, pm_text: str) -> Told:
        """Whom to tell. Raises :class:`~plugin_server.helpdesk.base.HelpdeskError` when the helpdesk does not
        answer and nothing is known."""
        return await self._of(ticket, pm_text, self._people.find)

    async def owner(self, ticket: Ticket) -> Member | None:
        """The agent that the ticket is assigned to. Raises as :meth:`of`."""
        member = None if ticket.owner_id is None else await self._people.member(ticket.owner_id)
        return member if member is not None and member.active and not self._people.is_service(member) else None

    async def _of(self, ticket: Ticket, pm_text: str, find: Callable[[str], Awaitable[Member | None]]) -> Told:
        skipped: list[str] = []
        named: list[list[str]] = [[pm_text.strip()] if pm_text.strip() else []]
        if (mapped := self._by_organisation.get(ticket.organisation_id or 0)) is not None:
            named.append([mapped])
        if ticket.project_id is not None:
            named.append(await store.project_managers(self._pool, ticket.project_id))
        for names in named:
            found = []
            for name in names:
                member = await find(name)
                if member is not None and self._people.may_manage(member):
                    found.append(member)
                else:
                    skipped.append(name)
            if found:
                return Told(tuple(found), tuple(skipped))
        return Told(tuple(await self._people.managers()), tuple(skipped))
