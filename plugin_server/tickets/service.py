"""Tickets: may this agent see this one, and what do we know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Forbidden, NotFound, Problem, Unauthenticated, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.runtime.section import PanelRequest
from plugin_server.tickets import rules, store
from plugin_server.tickets.attribution import rules as attribution_rules
from plugin_server.tickets.intake import TAKE_JOB, Intake
from plugin_server.tickets.links import store as links_store

UNCHECKED = later(
    "The helpdesk does not answer, so it can't be checked whether you may see this ticket. Try again in a moment."
)


@dataclass(frozen=True)
class TicketView:
    """A ticket with its project as last seen. ``budget`` and ``quoted`` in hours; no budget is ``None``. ``holder`` is
    the other ticket that the project is dedicated to, if it is."""

    ticket: store.Ticket
    project: mirror_store.Project | None
    project_url: str | None
    budget: Decimal | None
    quoted: Decimal | None
    holder: int | None


@dataclass(frozen=True)
class Tracking:
    """Where an agent's time on a ticket goes: the project, the tasks the agent may use in it, or what stands in the
    way."""

    project: mirror_store.Project | None
    tasks: list[mirror_store.Task]
    obstacle: rules.Obstacle | None
    lost: str | None = None
    """What the ticket's project was called, when it was deleted in Harvest."""

    def refusal(self, ticket: store.Ticket) -> str | None:
        """The obstacle in words, for who asks without looking at the panel."""
        label = self.project.label if self.project else ""
        words: dict[str, str] = {
            "no_project": _("This ticket has no Harvest project, so there is nothing to log time on."),
            "bad_project": _("The ticket's Harvest Project ID “{text}” is not a project's number.").format(
                text=ticket.project_text
            ),
            "unknown_project": _("Harvest project {number} is not known in this account.").format(
                number=ticket.project_id
            ),
            "archived": _("The Harvest project {label} is archived.").format(label=label),
            "not_assigned": _("You are not assigned to the Harvest project {label}.").format(label=label),
            "deleted_project": _("The Harvest project {label} was deleted in Harvest.").format(label=self.lost),
        }
        return words.get(self.obstacle or "")


class Tickets:
    """Tickets as we know them; who may see one is the helpdesk's word, asked as that agent."""

    def __init__(
        self, pool: Pool, helpdesk: Helpdesk, tokens: Tokens, mirror: Mirror, intake: Intake, queue: Queue, clock: Clock
    ) -> None:
        self._pool = pool
        self._intake = intake
        self._queue = queue
        self._helpdesk = helpdesk
        self._tokens = tokens
        self._mirror = mirror
        self._clock = clock
        self._silent_until = datetime.min.replace(tzinfo=UTC)

    def reference(self, ticket_id: int) -> str:
        """The external reference id by which a time entry names a ticket of this helpdesk."""
        return f"{self._helpdesk.host}:{ticket_id}"

    async def require(self, caller: Caller, ticket_id: int, *, fresh: bool = False) -> store.Ticket:
        """The ticket, for an agent who may see it; ``fresh`` reads it again though it was just read.

        Raises :class:`Forbidden`, :class:`NotFound`, :class:`Unauthenticated` when the helpdesk no longer knows the
        agent's grant, :class:`Unavailable` when the helpdesk does not answer and no recent yes stands.
        """
        now = self._clock.now()
        ticket, allowed_at = await store.seen_by(self._pool, caller.agent_id, ticket_id)
        access = rules.Access(allowed_at)
        if fresh or not access.fresh(now):
            try:
                await self._ask(caller, ticket_id)
            except (base.HelpdeskError, CannotRefresh, TimeoutError) as error:
                if not access.stands(now):
                    raise Unavailable(_(UNCHECKED)) from error
            ticket = await store.ticket(self._pool, ticket_id)
        if ticket is None:
            raise NotFound(_("Ticket {ticket} is not known.").format(ticket=ticket_id))
        return ticket

    async def titles(self, caller: Caller, ticket_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Number and title of those of the tickets that the agent may see now, for a list of them.

        Where the last yes no longer stands the helpdesk is asked again, for a few at the same time; of what it does not
        answer for, nothing is told. A ticket that the agent was never shown is not asked for.
        """
        await self._ask_again(caller, ticket_ids)
        return await store.titles(self._pool, caller.agent_id, ticket_ids, self._clock.now() - rules.ACCESS_STANDS)

    async def _ask_again(self, caller: Caller, ticket_ids: Sequence[int]) -> None:
        now = self._clock.now()
        if now < self._silent_until:
            return
        stale = await store.last_allowed_before(
            self._pool, caller.agent_id, ticket_ids, now - rules.ACCESS_STANDS, rules.ASKED_AT_ONCE
        )
        asked = (self._ask(caller, ticket_id) for ticket_id in stale)
        for outcome in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(outcome, (base.HelpdeskError, CannotRefresh, TimeoutError)):
                self._silent_until = now + rules.SILENT_FOR
            elif outcome is not None and not isinstance(outcome, Problem):
                raise outcome

    async def view(self, caller: Caller, ticket_id: int) -> TicketView:
        """The ticket with its figures; raises as :meth:`require`."""
        return await self.describe(await self.require(caller, ticket_id))

    async def shown(self, request: PanelRequest) -> TicketView:
        """The ticket of a panel, described once for all its sections; raises as :meth:`require`."""
        return await request.once("ticket view", lambda: self._shown(request))

    async def open(self, request: PanelRequest) -> store.Ticket:
        """The ticket of a panel, before it is composed; raises as :meth:`require`."""
        return await request.once("ticket", lambda: self.require(request.caller, request.ticket_id))

    async def _shown(self, request: PanelRequest) -> TicketView:
        return await self.describe(await self.open(request))

    async def describe(self, ticket: store.Ticket) -> TicketView:
        """A ticket with its figures as last seen; who may see it is not asked."""
        project = url = holder = None
        if ticket.project_id is not None:
            project, url, first = await links_store.standing(self._pool, ticket.project_id)
            holder = first if first != ticket.id else None
        budget, quoted = rules.parse_budget(ticket.budget_text), rules.parse_budget(ticket.quoted_text)
        return TicketView(ticket, project, url, budget, quoted, holder)

    async def tracking(self, caller: Caller, ticket: store.Ticket) -> Tracking:
        """Where the caller's time on this ticket goes."""
        project = await self._mirror.project(ticket.project_id) if ticket.project_id is not None else None
        return await self.tracking_on(caller, ticket, project)

    async def tracking_on(self, caller: Caller, ticket: store.Ticket, project: mirror_store.Project | None) -> Tracking:
        """The same, for who has the ticket's project at hand."""
        tasks: list[mirror_store.Task] = []
        if ticket.project_id is not None and caller.harvest_user_id is not None:
            tasks = await self._mirror.tasks(caller.harvest_user_id, ticket.project_id)
        obstacle: rules.Obstacle | None = None
        lost = None
        if ticket.project_id is not None and project is None:
            lost = await self._mirror.lost(ticket.project_id)
        if ticket.project_id is None:
            obstacle = "bad_project" if ticket.project_text else "no_project"
        elif lost is not None:
            obstacle = "deleted_project"
        elif caller.harvest_user_id is None:
            obstacle = "not_connected"
        elif project is None:
            obstacle = "unknown_project"
        elif not project.is_active:
            obstacle = "archived"
        elif not tasks:
            obstacle = "not_assigned"
        return Tracking(project, tasks, obstacle, lost)

    async def known(self, ticket_id: int) -> store.Ticket | None:
        """The ticket as last seen by anyone; who may see it is not asked."""
        return await store.ticket(self._pool, ticket_id)

    async def name(self, ticket_id: int) -> str | None:
        """What people call a ticket, ``#number title``, when it has been seen."""
        ticket = await store.ticket(self._pool, ticket_id)
        return f"#{ticket.number} {ticket.title}" if ticket else None

    def ticket_of(self, reference: str | None) -> int | None:
        """The ticket of this helpdesk that an external reference names."""
        return attribution_rules.referenced(reference, f"{self._helpdesk.host}:")

    async def _ask(self, caller: Caller, ticket_id: int) -> None:
        """Read the ticket as the agent and keep what was read."""
        try:
            # The limit covers a token's refresh too; that goes on by itself and serves the next request.
            async with asyncio.timeout(rules.HELPDESK_SECONDS):
                seen = await self._tokens.with_helpdesk(
                    caller.agent_id,
                    lambda token: self._helpdesk.ticket(token, ticket_id, seconds=rules.HELPDESK_SECONDS),
                )
        except base.Missing:
            await store.forbid(self._pool, caller.agent_id, ticket_id)
            await self._queue.nudge(TAKE_JOB, ticket_id)  # the service user finds out whether it is gone for all
            raise NotFound(_("The helpdesk has no ticket {ticket}.").format(ticket=ticket_id)) from None
        except base.Denied:
            await store.forbid(self._pool, caller.agent_id, ticket_id)
            raise Forbidden(_("The helpdesk does not let you see ticket {ticket}.").format(ticket=ticket_id)) from None
        except NotConnected:
            raise Unauthenticated(_("The helpdesk no longer accepts your sign-in. Connect again.")) from None
        async with self._pool.acquire() as connection, connection.transaction():
            written = await self._intake.take(connection, seen)
            await store.allow(connection, caller.agent_id, ticket_id, self._clock.now())
        if written.changed:
            await self._queue.nudge(TAKE_JOB, ticket_id)
