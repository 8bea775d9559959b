"""An entry as its correction sees it: what may be done about it, by whom, and what has been."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.tokens import Tokens
from plugin_server.corrections import rules, shown, store
from plugin_server.corrections.moving import called
from plugin_server.corrections.rules import Access, Reason, Standing, Values
from plugin_server.helpdesk import base
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, NotFound, Problem, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket
from plugin_server.timers import store as timers_store

NAMED_WITHIN = 1.0
"""Seconds that the helpdesk has to say whether an entry's person may see its ticket; the entry is theirs anyway."""


@dataclass(frozen=True)
class View:
    """An entry as its correction sees it. ``counts_for`` is the ticket that it counts for, ``ticket`` the same where
    the caller may see it, ``unnamed`` why it is not named; ``hindrance`` why the entry can't be corrected, by this
    caller or at all; ``accesses`` those that a correction may go with; ``may_withdraw``: the one that waits;
    ``notation`` of times of the day."""

    entry: store.Entry
    values: Values
    counts_for: int | None
    ticket: Ticket | None
    unnamed: str
    own: bool
    accesses: tuple[Access, ...]
    hindrance: Reason | None
    tasks: list[Task]
    start_end: bool
    notation: str
    pending: store.Correction | None
    may_withdraw: bool
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

    @property
    def version(self) -> str:
        """What a form carries, by which a change meanwhile is noticed."""
        return shown.version(self.values, called(self.ticket))


class Viewing:
    """Looks at entries. ``attribute`` says where one counts that has only just come."""

    def __init__(
        self, pool: Pool, tickets: Tickets, mirror: Mirror, people: People, tokens: Tokens, attribute: Attribute
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._people = people
        self._tokens = tokens
        self._attribute = attribute

    async def look(self, caller: Caller, entry_id: int) -> View:
        """An entry, for its own person and for who may see the ticket that it counts for.

        Raises :class:`NotFound` for one that is not known, and as :meth:`Tickets.require`.
        """
        entry = await store.entry(self._pool, entry_id)
        if entry is None:
            raise NotFound(_("There is no such time entry."))
        history = (await store.history(self._pool, [entry_id])).get(entry_id, [])
        company = await self._mirror.company()
        start_end = company is not None and company.wants_timestamp_timers
        values = self._values(entry, start_end=start_end)
        ticket_id = await self._counts_for(entry, values, history)
        # Whose grant is gone still is who they are.
        agent = await accounts_store.agent(self._pool, caller.agent_id)
        own = agent is not None and agent.harvest_user_id == entry.user_id
        ticket, unnamed = None, ""
        if ticket_id is not None and own:
            ticket, unnamed = await self._named(caller, ticket_id)
        elif ticket_id is not None:
            ticket = await self._tickets.require(caller, ticket_id)
        elif not own:
            raise Forbidden(_("This is another person's entry, and it counts for no ticket."))
        pending = await store.pending(self._pool, entry_id)
        manages = await self._manages(caller, own=own)
        found = await self._accesses(caller, entry, own=own, manages=manages)
        hindrance = await self._hindrance(entry) or (found if isinstance(found, str) else None)
        return View(
            entry=entry,
            values=values,
            counts_for=ticket_id,
            ticket=ticket,
            unnamed=unnamed,
            own=own,
            accesses=() if isinstance(found, str) else found,
            hindrance=hindrance or ("pending" if pending else None),
            tasks=await store.tasks(self._pool, entry.project_id),
            start_end=start_end,
            notation=company.clock if company else "24h",
            pending=pending,
            may_withdraw=pending is not None and (manages or pending.agent_id == caller.agent_id),
            history=history,
        )

    async def _counts_for(self, entry: store.Entry, values: Values, history: list[store.Correction]) -> int | None:
        """The ticket that an entry counts for; of one that is gone, the one that it counted for when it was corrected
        last, for attribution knows it no more."""
        counted = await attribution_store.counts_for(self._pool, entry.id)
        if counted is not None:
            return counted[0]
        if entry.is_gone:
            return next((one.counted_for for one in history[:1]), None) or values.ticket_id
        return await self._attribute.foresee(
            entry.id, entry.project_id, entry.spent_date, values.ticket_id, entry.notes
        )

    async def _named(self, caller: Caller, ticket_id: int) -> tuple[Ticket | None, str]:
        """The ticket of an own entry, or why it is not named: an entry may name tickets that are not for its person."""
        try:
            async with asyncio.timeout(NAMED_WITHIN):
                return await self._tickets.require(caller, ticket_id), ""
        except (Forbidden, NotFound):
            return None, _("a ticket that you may not see")
        except (Problem, TimeoutError):
            return None, _("not named while the helpdesk does not answer")

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

    async def _accesses(
        self, caller: Caller, entry: store.Entry, *, own: bool, manages: bool
    ) -> tuple[Access, ...] | Reason:
        in_harvest = False
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
