"""The digest: once a day, each project manager's tickets that have reached a level, and what has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from decimal import Decimal

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.alerts import rules, store
from plugin_server.alerts.sending import store as sending_store
from plugin_server.alerts.words import one_line
from plugin_server.budgets import store as budgets_store
from plugin_server.budgets.managers import Managers
from plugin_server.budgets.service import hours
from plugin_server.harvest import timezones
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import decimal, ngettext
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets import store as tickets_store

MOST = 1000
"""So many of the most pressing tickets are looked at."""

FRESH = timedelta(hours=24)
"""A level crossed so long ago at most is new."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Line:
    """A ticket in a digest; ``is_new``: it has reached its level since yesterday."""

    number: str
    title: str
    url: str
    band: str
    percent: int
    figures: str
    locked: bool
    is_new: bool


@dataclass(frozen=True)
class Digest:
    """What one person reads: the most pressing first."""

    lines: Sequence[Line]
    dashboard: str

    @property
    def subject(self) -> str:
        new = sum(1 for line in self.lines if line.is_new or line.locked)
        head = ngettext("{count} budget to look at", "{count} budgets to look at", len(self.lines)).format(
            count=len(self.lines)
        )
        return _("{head}, {new} of them new or locked").format(head=head, new=new) if new else head

    def text(self) -> list[str]:
        """As plain text."""
        told = []
        for line in self.lines:
            marks = [mark for mark in (_("locked") if line.locked else "", _("new") if line.is_new else "") if mark]
            told += [
                f"#{line.number} {line.title}",
                f"  {line.percent} % · {line.figures}{''.join(f' · {mark}' for mark in marks)}",
                f"  {line.url}",
                "",
            ]
        return [self.subject, "", *told, self.dashboard]


class Digests:
    """Says whose digest is due, and what stands in it. ``hour`` and ``weekdays`` are of each person's own zone."""

    def __init__(
        self,
        pool: Pool,
        people: People,
        managers: Managers,
        helpdesk: Helpdesk,
        public_url: str,
        hour: int,
        weekdays: frozenset[str],
        least_percent: Decimal,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._people = people
        self._managers = managers
        self._helpdesk = helpdesk
        self._dashboard = f"{public_url}/dashboard"
        self._hour = hour
        self._weekdays = frozenset(number for number, name in enumerate(_DAYS) if name in weekdays)
        self._least = least_percent
        self._clock = clock

    async def step(self) -> None:
        """A row for each digest that is due; doing it again changes nothing. None before what is old has been looked
        at: it would be told as if it were of today."""
        start = await store.start(self._pool)
        if start is None or start.live_at is None:
            return
        now = self._clock.now()
        zones = {
            agent.helpdesk_user_id: agent.harvest_timezone
            for agent, _granted_at in await accounts_store.agents_with_harvest(self._pool)
        }
        managers = await self._people.managers()
        wants = await store.people(self._pool, [one.id for one in managers])
        for one in managers:
            own = timezones.zone(zones[one.id]) if one.id in zones else UTC
            day = rules.digest_day(now, own, self._hour, self._weekdays)
            if day is not None and one.email and wants[one.id].email:
                # One that could not be sent by the next day is overtaken by that day's.
                end = now + timedelta(hours=20)
                await sending_store.add(self._pool, "digest", day.isoformat(), one.id, None, now, end)

    async def of(self, member: Member) -> Digest:
        """What somebody reads now."""
        pressing = await budgets_store.pressing(self._pool, self._least, MOST)
        tickets = {one.id: one for one in await tickets_store.tickets(self._pool, pressing)}
        fresh = await store.alerted(self._pool, pressing, self._clock.now() - FRESH)
        lines = []
        for ticket_id in pressing:
            ticket, budget = tickets.get(ticket_id), await budgets_store.budget(self._pool, ticket_id)
            if ticket is None or budget is None or ticket.state_kind != "open" or ticket.deleted_at is not None:
                continue
            told = await self._managers.known(ticket, budget.accepted_pm)
            if all(one.id != member.id for one in told.members):
                continue
            percent = int(budget.pressing)
            figures = _("of the Harvest project's budget")
            if budget.budget is not None and budget.percent == percent:
                figures = _("{used} of {budget} h").format(
                    used=decimal(hours(budget.used)), budget=decimal(hours(budget.budget))
                )
            lines.append(
                Line(
                    one_line(ticket.number),
                    one_line(ticket.title),
                    self._helpdesk.ticket_url(ticket.id),
                    budget.band,
                    percent,
                    figures,
                    budget.locked,
                    ticket_id in fresh,
                )
            )
        return Digest(lines, self._dashboard)
