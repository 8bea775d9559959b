"""What people do about a ticket's project: have one made, link one that is there, or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.budgets import store as budgets_store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Projects as Settings
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Project
from plugin_server.projects import store
from plugin_server.projects.jobs import MAKE_JOB
from plugin_server.projects.planning import Planner
from plugin_server.projects.rules import Hindrance, Plan
from plugin_server.runtime import i18n, log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.intake import Intake
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket

FOUND = 12
"""Projects that the picker offers at once."""

FIELD = "project_query"
"""The picker's field."""

_logger = log.get(__name__)


class Projects:
    """Actions of people on tickets' projects."""

    def __init__(
        self,
        pool: Pool,
        settings: Settings,
        tickets: Tickets,
        intake: Intake,
        mirror: Mirror,
        people: People,
        tokens: Tokens,
        helpdesk: Helpdesk,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._settings = settings
        self.planner = Planner(pool, settings)
        self._tickets = tickets
        self._intake = intake
        self._mirror = mirror
        self._people = people
        self._tokens = tokens
        self._helpdesk = helpdesk
        self._queue = queue
        self._clock = clock

    def may_ask(self, member: Member | None, ticket: Ticket) -> bool:
        """Whether this person may have a project made for the ticket, by the manifest and by their own rights."""
        if member is None or not member.may_change(ticket.group_id):
            return False
        allowed = self._settings.asked_by
        return allowed == "agents" or (allowed == "managers" and self._people.may_manage(member))

    async def ask(self, caller: Caller, ticket_id: int) -> None:
        """Have a project made. Asking again while it is being made is the same wish.

        Raises :class:`Forbidden`, and :class:`Conflict` in words for what can be seen to be impossible.
        """
        ticket, member = await self._require_change(caller, ticket_id)
        if not self.may_ask(member, ticket):
            raise Forbidden(_("Here, no projects are made by a click, or not by yours: ask a project manager."))
        latest = await store.of_ticket(self._pool, ticket_id)
        if latest is not None and latest.state == "making":
            return
        if latest is not None and latest.state == "stopped":
            await self._go_on(latest)
            return
        plan = await self.planner.plan(ticket)
        if isinstance(plan, Hindrance):
            raise Conflict(plan.words)
        making_id = await store.wish(self._pool, ticket_id, caller.agent_id, self._clock.now())
        if making_id is not None:
            _logger.info("a project is asked for", ticket=ticket_id, by=member.id)
            await self._queue.nudge(MAKE_JOB, str(making_id))

    async def plan(self, caller: Caller, ticket_id: int) -> Plan | Hindrance:
        """What would be made for the ticket, or why nothing would."""
        return await self.planner.plan(await self._tickets.require(caller, ticket_id))

    async def retry(self, caller: Caller, ticket_id: int) -> None:
        """Go on with a project that could not be made."""
        await self._require_change(caller, ticket_id)
        latest = await store.of_ticket(self._pool, ticket_id)
        if latest is None or latest.state != "stopped":
            raise Conflict(_("Nothing waits to be tried again here."))
        await self._go_on(latest)

    async def drop(self, caller: Caller, ticket_id: int) -> None:
        """Give up a project that could not be made, or leave one as it is that could not be completed."""
        await self._require_change(caller, ticket_id)
        latest = await store.of_ticket(self._pool, ticket_id)
        if latest is None or not await store.drop(self._pool, latest.id, self._clock.now()):
            raise Conflict(_("This can't be given up now: it is over, or it is not known yet what Harvest has made."))

    async def find(self, caller: Caller, ticket_id: int, text: str) -> Sequence[Project]:
        """Active projects whose name, code, client or number hold what was typed; for who may link one."""
        await self._require_change(caller, ticket_id)
        return await store.search(self._pool, text.split()[:8], FOUND)

    async def link(self, caller: Caller, ticket_id: int, typed: str) -> None:
        """Name a project on the ticket, as the caller: what was chosen from the list, a number, a link to the project,
        or words that only one project has.

        Raises :class:`Forbidden`, :class:`Conflict` on a locked ticket, :class:`Invalid` for what is no active project.
        """
        ticket, member = await self._require_change(caller, ticket_id)
        await self._require_open(ticket, member)
        number = await self._chosen(typed)
        if ticket.project_id != number:
            await self._write(caller, ticket, str(number))

    async def unlink(self, caller: Caller, ticket_id: int) -> None:
        """Name no project on the ticket any more. Raises as :meth:`link`."""
        ticket, member = await self._require_change(caller, ticket_id)
        await self._require_open(ticket, member)
        if ticket.project_text:
            await self._write(caller, ticket, None)

    async def _chosen(self, typed: str) -> int:
        text = typed.replace("\x00", "").strip()
        picked = re.search(r"· (\d{1,18})$", text, re.ASCII)
        number = int(picked[1]) if picked else ticket_rules.parse_project_id(text)
        if number is None:
            found = await store.search(self._pool, text.split()[:8], 2) if text else []
            if len(found) != 1:
                several = _("Several projects are like that: choose one from the list.")
                none = _("No active project is like that: choose one from the list.")
                empty = _("Type a name, code or client, and choose a project from the list.")
                raise _wrong(several if found else none if text else empty)
            number = found[0].id
        project = await self._mirror.project(number)
        if project is None:
            raise _wrong(_("Harvest project {number} is not known in this account.").format(number=number))
        if not project.is_active:
            raise _wrong(_("The Harvest project {project} is archived.").format(project=project.label))
        return number

    async def _write(self, caller: Caller, ticket: Ticket, project: str | None) -> None:
        """As the caller, so that the helpdesk's own rights hold and its history says who it was."""
        try:
            seen = await self._tokens.with_helpdesk(
                caller.agent_id, lambda token: self._helpdesk.write_fields(token, ticket.id, {"project": project})
            )
        except NotConnected:
            raise Unauthenticated(_("The helpdesk no longer accepts your sign-in. Connect again.")) from None
        except base.Denied:
            raise Forbidden(_("The helpdesk does not let you change this ticket.")) from None
        except (base.Refused, base.Missing) as error:
            raise Conflict(_("The helpdesk did not take it: {reason}").format(reason=i18n.retold(str(error)))) from None
        except (base.HelpdeskError, CannotRefresh) as error:
            raise _silent() from error
        await self._intake.keep(seen)
        if seen.project != (project or ""):
            raise Conflict(Hindrance("not_taken").words)
        latest = await store.of_ticket(self._pool, ticket.id)
        if latest is not None and latest.state == "stopped" and project != str(latest.project_id):
            await store.drop(self._pool, latest.id, self._clock.now())

    async def _go_on(self, making: store.Making) -> None:
        async with self._pool.acquire() as connection:
            await store.retry(connection, making.id, self._clock.now())
        await self._queue.nudge(MAKE_JOB, str(making.id))

    async def _require_change(self, caller: Caller, ticket_id: int) -> tuple[Ticket, Member]:
        ticket = await self._tickets.require(caller, ticket_id)
        try:
            member = await self._people.member(caller.helpdesk_user_id)
        except base.HelpdeskError as error:
            raise _silent() from error
        if member is None or not member.may_change(ticket.group_id):
            raise Forbidden(_("The helpdesk does not let you change tickets of this group."))
        return ticket, member

    async def _require_open(self, ticket: tickets_store.Ticket, member: Member) -> None:
        """A lock must not be got rid of by naming another project."""
        one = await budgets_store.budget(self._pool, ticket.id)
        if one is not None and one.locked and not self._people.may_manage(member):
            raise Conflict(_("The ticket is locked over its budget: only a project manager changes its project."))


def _wrong(words: str) -> Invalid:
    return Invalid(_("The ticket's project was not changed."), fields={FIELD: words})


def _silent() -> Unavailable:
    return Unavailable(_("The helpdesk does not answer. Look at the ticket before you try again in a moment."))
