"""What people do about a budget from the ticket: unlock it, and, while it is locked, what the helpdesk would refuse.

The helpdesk's gate stops every change of a locked ticket by an agent, so Deskhours does what a lock is not about: an
internal note with the agent's own token, assigning and closing as the service user, only where the agent's own rights
would allow it.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from markupsafe import escape

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.budgets import store
from plugin_server.budgets.notices import store as notices_store
from plugin_server.budgets.service import Budgets, hundredths
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import i18n, log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, Unauthenticated, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets.intake import FIGURES_JOB, Intake
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket

Result = TypeVar("Result")

LONGEST = timedelta(days=366)
"""An unlock may be given for so long at most; a larger budget is the way to go on for longer."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class UnlockWish:
    """An unlock as asked for, as typed: hours, and the last day as YYYY-MM-DD."""

    reason: str
    ceiling_hours: str = ""
    expires_on: str = ""
    budget_hours: str = ""


class Desk:
    """Actions of people on tickets' budgets."""

    def __init__(
        self,
        pool: Pool,
        budgets: Budgets,
        tickets: Tickets,
        intake: Intake,
        people: People,
        tokens: Tokens,
        helpdesk: Helpdesk,
        service_token: str,
        queue: Queue,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._budgets = budgets
        self._tickets = tickets
        self._intake = intake
        self._people = people
        self._tokens = tokens
        self._helpdesk = helpdesk
        self._service_token = service_token
        self._queue = queue
        self._clock = clock

    async def manager(self, caller: Caller) -> Member | None:
        """The caller, if a holder of the PM role or an administrator, as last seen."""
        member = await self._people.known(caller.helpdesk_user_id)
        return member if self._people.may_manage(member) else None

    async def unlock(self, caller: Caller, ticket_id: int, wish: UnlockWish) -> None:
        """Let work on a ticket go on, up to so many hours or until the end of a day in the caller's zone.

        Raises :class:`Forbidden` for who is no project manager, :class:`Invalid` naming every value that can't be
        accepted.
        """
        ticket = await self._tickets.require(caller, ticket_id)
        member = await self._require_manager(caller)
        view = await self._tickets.describe(ticket)
        one = await store.budget(self._pool, ticket_id)
        budget = ticket_rules.parse_budget(one.accepted_budget if one else ticket.budget_text)
        figures = await self._budgets.figures(ticket, budget)
        now = self._clock.now()
        ceiling, expires_at, raised = self._check(wish, figures.hours, now, caller)
        async with self._pool.acquire() as connection, connection.transaction():
            await self._budgets.compute(connection, [ticket_id])
            event = store.Event(
                ticket_id,
                now,
                "unlocked",
                by_user=member.id,
                by_name=member.name,
                reason=wish.reason.strip(),
                used=figures.used.stopped,
                budget=hundredths(raised if raised is not None else view.budget),
                ceiling=hundredths(ceiling),
                expires_at=expires_at,
            )
            await store.write_down(connection, event)
            if raised is not None:
                text = f"{raised:f}"
                await store.set_budget(connection, ticket_id, text, now)
                change = store.Event(
                    ticket_id,
                    now,
                    "changed",
                    by_user=member.id,
                    by_name=member.name,
                    reason=wish.reason.strip(),
                    field="budget_hours",
                    old_value=one.accepted_budget if one else ticket.budget_text,
                    new_value=text,
                )
                await store.write_down(connection, change)
        _logger.info("ticket unlocked", ticket=ticket_id, by=member.id)
        await self._budgets.recompute_now(ticket_id)
        await self._queue.nudge(FIGURES_JOB)

    async def note(self, caller: Caller, ticket_id: int, body: str) -> None:
        """Add an internal note, as the caller. The gate does not touch it, and a note is no reply."""
        await self._tickets.require(caller, ticket_id)
        text = body.strip()
        if not text:
            raise Invalid(_("Write the note first."), fields={"note_body": _("The note is empty.")})
        html = "<br>".join(str(escape(line)) for line in text.splitlines())
        try:
            article = await self._tokens.with_helpdesk(
                caller.agent_id, lambda token: self._helpdesk.add_note(token, ticket_id, html)
            )
        except NotConnected:
            raise Unauthenticated(_("The helpdesk no longer accepts your sign-in. Connect again.")) from None
        except (base.Denied, base.Refused, base.Missing) as error:
            raise Conflict(
                _("The helpdesk did not take the note: {reason}").format(reason=i18n.retold(str(error))),
                fields={"note_body": i18n.retold(str(error))},
            ) from None
        except (base.HelpdeskError, CannotRefresh) as error:
            words = _(
                "The helpdesk does not answer, so it is not known whether the note is there."
                " Look at the ticket before you add it again; what you wrote is kept here."
            )
            raise Unavailable(words, fields={"note_body": words}) from error
        await self._write_down(ticket_id, "note", await self._member(caller), article_id=article)

    async def assign(self, caller: Caller, ticket_id: int, owner_id: int) -> None:
        """Give a locked ticket to somebody."""
        ticket, member = await self._require_change(caller, ticket_id)
        owner = await _asked(self._people.member(owner_id))
        if owner is None or not owner.may_own(ticket.group_id):
            raise Invalid(
                _("Nobody in this ticket's group."), fields={"owner_id": _("This person can't own the ticket.")}
            )
        seen = await _asked(self._helpdesk.assign(self._service_token, ticket_id, owner_id))
        await self._intake.keep(seen)
        await self._write_down(ticket_id, "assigned", member, new_value=owner.name)

    async def close(self, caller: Caller, ticket_id: int) -> None:
        """Close a locked ticket."""
        _ticket, member = await self._require_change(caller, ticket_id)
        seen = await _asked(self._helpdesk.close(self._service_token, ticket_id))
        await self._intake.keep(seen)
        await self._write_down(ticket_id, "closed", member)

    async def ask(self, caller: Caller, ticket_id: int, message: str) -> None:
        """Ask the ticket's project manager to unlock it, in a note that mentions them; once for each lock."""
        await self._tickets.require(caller, ticket_id)
        one = await self._require_lock(ticket_id)
        earlier = await store.asked(self._pool, one)
        if earlier is not None:
            raise Conflict(
                _("{name} has asked for this already; the project manager was told.").format(
                    name=earlier.by_name or _("Somebody")
                )
            )
        text = " ".join(message.split())
        asks = later("{name} asks for this ticket to be unlocked.")
        if text:
            asks = later("{name} asks for this ticket to be unlocked: “{text}”")
        words = asks.format(name=caller.name, text=text)
        now = self._clock.now()
        await notices_store.tell(self._pool, ticket_id, "asked", words, now)
        member = await self._member(caller)
        await self._write_down(ticket_id, "asked", member, reason=text, crossing=one.crossing)
        await self._queue.nudge(FIGURES_JOB)

    async def owners(self, ticket: Ticket) -> list[Member]:
        """Whom the ticket may be given to, as last seen."""
        return await self._people.owners(ticket.group_id)

    def _check(
        self, wish: UnlockWish, used: Decimal, now: datetime, caller: Caller
    ) -> tuple[Decimal | None, datetime | None, Decimal | None]:
        """Ceiling, expiry and new budget, all mistakes told at once."""
        wrong: dict[str, str] = {}
        if not wish.reason.strip():
            wrong["reason"] = _("Say why work may go on; it is kept with the unlock.")
        ceiling = raised = None
        if wish.ceiling_hours.strip():
            ceiling = ticket_rules.parse_budget(wish.ceiling_hours)
            if ceiling is None:
                wrong["ceiling_hours"] = _("Expected hours above 0, such as 12 or 12.5.")
            elif ceiling < used:
                wrong["ceiling_hours"] = _(
                    "The ticket has used {used} hours already; it would lock again at once."
                ).format(used=i18n.decimal(used))
        if wish.budget_hours.strip():
            raised = ticket_rules.parse_budget(wish.budget_hours)
            if raised is None:
                wrong["budget_hours"] = _("Expected hours above 0, such as 12 or 12.5.")
        expires_at = None
        if wish.expires_on.strip():
            try:
                expires_at = self._end_of(wish.expires_on.strip(), now, caller)
            except ValueError as error:
                wrong["expires_on"] = str(error)
        elif not wish.ceiling_hours.strip():
            if raised is not None and raised >= used:
                ceiling = raised  # the new budget is the ceiling
            else:
                wrong.setdefault("ceiling_hours", _("Give the hours or the day up to which work may go on."))
        if wrong:
            raise Invalid(_("The ticket was not unlocked."), fields=wrong)
        return ceiling, expires_at, raised

    def _end_of(self, day: str, now: datetime, caller: Caller) -> datetime:
        """The end of a day in the caller's zone. Raises :class:`ValueError` with the reason in words."""
        try:
            last = date.fromisoformat(day)
        except ValueError:
            raise ValueError(_("Expected a day, YYYY-MM-DD.")) from None
        if not now.date() - timedelta(days=2) <= last <= now.date() + LONGEST:
            over = _("This day is over.")
            far = _("At most a year from now; a larger budget is the way to go on for longer.")
            raise ValueError(over if last < now.date() else far)
        end = datetime.combine(last + timedelta(days=1), time(), tzinfo=caller.zone).astimezone(UTC)
        if end <= now:
            raise ValueError(_("This day is over."))
        return end

    async def _require_manager(self, caller: Caller) -> Member:
        member = await _asked(self._people.member(caller.helpdesk_user_id))
        if member is None or not self._people.may_manage(member):
            raise Forbidden(_("Only project managers and administrators of the helpdesk unlock tickets."))
        return member

    async def _require_change(self, caller: Caller, ticket_id: int) -> tuple[Ticket, Member]:
        ticket = await self._tickets.require(caller, ticket_id)
        await self._require_lock(ticket_id)
        member = await _asked(self._people.member(caller.helpdesk_user_id))
        if member is None or not member.may_change(ticket.group_id):
            raise Forbidden(_("The helpdesk does not let you change tickets of this group."))
        return ticket, member

    async def _require_lock(self, ticket_id: int) -> store.Budget:
        """What the helpdesk does by itself for an open ticket, Deskhours does for a locked one only."""
        one = await store.budget(self._pool, ticket_id)
        if one is None or not one.locked:
            raise Conflict(_("The ticket is not locked: do it in the helpdesk."))
        return one

    async def _member(self, caller: Caller) -> Member | None:
        try:
            return await self._people.member(caller.helpdesk_user_id)
        except base.HelpdeskError:
            return None

    async def _write_down(
        self,
        ticket_id: int,
        kind: str,
        member: Member | None,
        *,
        reason: str = "",
        new_value: str | None = None,
        article_id: int | None = None,
        crossing: UUID | None = None,
    ) -> None:
        event = store.Event(
            ticket_id,
            self._clock.now(),
            kind,
            by_user=member.id if member else None,
            by_name=member.name if member else "",
            reason=reason,
            new_value=new_value,
            article_id=article_id,
            crossing=crossing,
        )
        await store.write_down(self._pool, event)


async def _asked(call: Awaitable[Result]) -> Result:
    """What the helpdesk answers; its failures in words for people."""
    try:
        return await call
    except base.Missing:
        raise Conflict(_("The helpdesk no longer has this ticket.")) from None
    except (base.Denied, base.Refused) as error:
        raise Conflict(_("The helpdesk refused: {reason}").format(reason=i18n.retold(str(error)))) from None
    except base.HelpdeskError as error:
        raise Unavailable(_("The helpdesk does not answer. Nothing was changed; try again in a moment.")) from error
