"""Which crossings are told, and to whom: looks at each ticket whose figures were computed anew.

A crossing is a row before anything is sent. The note in the ticket goes the way of all notices; for the other ways each
person gets a row of their own, once it is known who they are.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from uuid import uuid4

from plugin_server.accounts.people.store import Member
from plugin_server.alerts import rules, store, words
from plugin_server.alerts.rules import Level, Seen
from plugin_server.alerts.sending import store as sending_store
from plugin_server.alerts.store import Alert
from plugin_server.budgets import store as budgets_store
from plugin_server.budgets.changes import store as changes_store
from plugin_server.budgets.locking import Constraint
from plugin_server.budgets.managers import Managers
from plugin_server.budgets.notices import store as notices_store
from plugin_server.budgets.notices.service import ALERT
from plugin_server.budgets.service import Budgets, hundredths
from plugin_server.helpdesk.base import HelpdeskError
from plugin_server.mirror.changes import store as mirror_changes
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution import service as attribution
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.store import Ticket

AT_ONCE = 500
"""Tickets looked at in one transaction."""

ROOM = 0
"""The recipient of what goes to a chat's room, and not to a person."""

_AGAIN = timedelta(minutes=1)
_logger = log.get(__name__)


@dataclass(frozen=True)
class Ways:
    """Which levels are told of, and in which ways."""

    levels: frozenset[Level]
    note: bool
    email: bool
    chat: bool
    desktop: bool


class Judging:
    """Looks at what was computed, one transaction for each batch of tickets."""

    def __init__(self, pool: Pool, budgets: Budgets, managers: Managers, ways: Ways, clock: Clock) -> None:
        self._pool = pool
        self._budgets = budgets
        self._managers = managers
        self._ways = ways
        self._clock = clock
        bands = budgets.policy.thresholds
        self._thresholds = f"{bands.yellow:f} {bands.orange:f} {bands.red:f}"
        self._knows_bands = False

    async def step(self) -> int:
        """Look at every ticket that waits for it, then find out who is told of what; returns how many alerts came."""
        async with self._pool.acquire() as connection, connection.transaction():
            start = await store.start(connection)
            if start is None:
                await changes_store.note_all(connection, self._clock.now())
                start = await store.begin(connection, self._clock.now())
        is_live = start.live_at is not None
        if not self._knows_bands:
            await self._look_by_new_bands(is_live=is_live)
            self._knows_bands = True
        found = 0
        while (count := await self._look(is_live=is_live)) is not None:
            found += count
        if not is_live:
            await self._go_live(start.began_at)
        while await self._spread():
            pass
        return found

    async def _look_by_new_bands(self, *, is_live: bool) -> None:
        """Once the manifest has the bands begin elsewhere, every ticket is computed and looked at by them before
        anything more is done on it: else the next crossing would be taken for a first look."""
        last = 0
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                stale = await store.seen_otherwise(connection, self._thresholds, last, AT_ONCE)
                if not stale:
                    return
                await self._budgets.compute(connection, stale)
            await self._look(is_live=is_live)
            last = stale[-1]

    async def _look(self, *, is_live: bool) -> int | None:
        async with self._pool.acquire() as connection, connection.transaction():
            taken = await changes_store.take(connection, AT_ONCE)
            if not taken:
                return None
            now = self._clock.now()
            # Not held: who computes holds them already, and may wait for what we have just taken.
            budgets = await budgets_store.budgets(connection, list(taken), lock=False)
            tickets = {one.id: one for one in await tickets_store.tickets(connection, list(taken))}
            before = await store.seen(connection, list(taken))
            looked: dict[int, Seen] = {}
            crossings: dict[int, Level] = {}
            for ticket_id in budgets.keys() & tickets.keys():
                seen = self._seen(budgets[ticket_id], tickets[ticket_id])
                looked[ticket_id] = seen
                last = before.get(ticket_id)
                level = rules.crossed(last[0] if last else None, seen, self._ways.levels, was_locked=taken[ticket_id])
                if level is not None and is_live and _lives(tickets[ticket_id]):
                    crossings[ticket_id] = level
            await store.note(connection, sorted(looked.items()), now)
            acted = await attribution_store.acted_at(connection, list(crossings)) if crossings else {}
            told = 0
            for ticket_id, level in sorted(crossings.items()):
                seen_before, seen_at = before[ticket_id]
                if rules.is_news(seen_before, looked[ticket_id], acted.get(ticket_id), seen_at):
                    told += await self._tell(connection, tickets[ticket_id], budgets[ticket_id], level)
            return told

    def _seen(self, budget: budgets_store.Budget, ticket: Ticket) -> Seen:
        band = next(band for band in rules.BANDS if band == budget.band)
        return Seen(band, budget.budget, ticket.project_id, self._thresholds)

    async def _tell(self, connection: Connection, ticket: Ticket, budget: budgets_store.Budget, level: Level) -> bool:
        figures = await self._budgets.figures(ticket, ticket_rules.parse_budget(budget.accepted_budget))
        if not figures.constraints:
            return False  # its budget has gone this moment; that is looked at next
        pressing = max(figures.constraints, key=_utilization)
        alert = Alert(
            uuid4(),
            ticket.id,
            level,
            pressing.source,
            int(_utilization(pressing).to_integral_value(ROUND_FLOOR)),
            hundredths(pressing.used) or 0,
            hundredths(pressing.limit) or 0,
            budget.ends_on if pressing.source == "ticket" else None,
            self._clock.now(),
        )
        await store.add(connection, alert)
        if self._ways.note:
            await notices_store.tell(connection, ticket.id, ALERT, words.note(alert), alert.at, alert.id)
        _logger.info("budget level crossed", ticket=ticket.id, level=level, percent=alert.percent)
        return True

    async def _go_live(self, began_at: datetime) -> None:
        """What is old has been looked at once Harvest was read to its end since and all of it has come through."""
        async with self._pool.acquire() as connection, connection.transaction():
            entries = await progress.state(self._pool, Mirror.TIME_ENTRIES)
            if entries is None or entries.succeeded_at is None or entries.succeeded_at < began_at:
                return
            backlog = await mirror_changes.backlog(self._pool, 1)
            if backlog.get(attribution.READER, 0) or not await attribution_store.is_settled(connection):
                return
            if await changes_store.is_drained(connection):
                await store.go_live(connection, self._clock.now())
                _logger.info("alerts begin: what was there before has been looked at")

    async def _spread(self) -> bool:
        """A row for each person and way of one alert; says whether there was an alert."""
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            alert = await store.unspread(connection, now)
            if alert is None:
                return False
            ticket = await tickets_store.ticket(connection, alert.ticket_id)
            budget = await budgets_store.budget(connection, alert.ticket_id)
            people: list[Member] = []
            if ticket is not None and budget is not None and (self._ways.email or self._ways.desktop):
                try:
                    told = await self._managers.of(ticket, budget.accepted_pm)
                    people += told.and_also(await self._managers.owner(ticket)).members
                except HelpdeskError as error:
                    _logger.warning("who is told of an alert is not known yet", alert=str(alert.id), reason=str(error))
                    await store.spread_later(connection, alert.id, now + _AGAIN)
                    return True
            await self._address(connection, alert, people)
            await store.spread(connection, alert.id, now)
        return True

    async def _address(self, connection: Connection, alert: Alert, people: list[Member]) -> None:
        now, told = self._clock.now(), str(alert.id)
        if self._ways.chat:
            await sending_store.add(connection, "chat", told, ROOM, alert.id, now, now + rules.GIVE_UP)
        wants = await store.people(connection, [one.id for one in people])
        for one in people:
            if self._ways.email and wants[one.id].email:
                problem = (
                    None if one.email else _("The helpdesk knows no e-mail address of {name}.").format(name=one.name)
                )
                await sending_store.add(
                    connection, "email", told, one.id, alert.id, now, now + rules.GIVE_UP, problem=problem
                )
            if self._ways.desktop and wants[one.id].desktop:
                await sending_store.add(connection, "desktop", told, one.id, alert.id, now, now + rules.DESKTOP)


def _utilization(one: Constraint) -> Decimal:
    return one.used * 100 / one.limit


def _lives(ticket: Ticket) -> bool:
    return ticket.deleted_at is None and ticket.merged_into is None


def levels(wanted: Set[str]) -> frozenset[Level]:
    """Levels by their names."""
    return frozenset(level for level in rules.LEVELS if level in wanted)
