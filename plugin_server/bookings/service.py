"""Keeps the helpdesk's time accounting in step with the time entries that count for its tickets."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from plugin_server.bookings import rules, store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.outbox.rules import retry_delay
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution import store as attribution

AT_ONCE = 20
"""Tickets taken in one step."""

SETTLES = timedelta(seconds=15)
"""After this long a call is over, whatever happened to it, and a look-up tells the truth."""

APART = timedelta(minutes=2)
"""So far the helpdesk's clock may be from ours."""

NOT_ALLOWED = (
    "The helpdesk lets the service user correct no accounted time: its token and role need the permission"
    " admin.time_accounting."
)

_logger = log.get(__name__)


class _Unsettled(Exception):
    """A call is out whose outcome can't be known yet."""


class Bookings:
    """Books as the service user; one worker at a time does it.

    The helpdesk has no idempotency key: a row is written before the call that makes a booking, and after an outcome
    that is not known the ticket's bookings are looked through for it. Corrections and removals may be made twice.
    """

    def __init__(self, pool: Pool, helpdesk: Helpdesk, token: str, unit: rules.Unit, since: date, clock: Clock) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._unit = unit
        self._since = since
        self._clock = clock

    async def step(self) -> int:
        """Book the tickets whose turn it is; returns how many were tried."""
        async with self._pool.acquire() as connection:
            if not await store.begin(connection):
                return 0
            try:
                due = await store.due(self._pool, self._clock.now(), AT_ONCE)
                for one in due:
                    await self._try(one)
                return len(due)
            finally:
                await store.end(connection)

    async def _try(self, one: store.Due) -> None:
        try:
            await self._book(one.ticket_id)
        except _Unsettled:
            await store.not_done(self._pool, one, "The helpdesk has not answered.", self._clock.now() + SETTLES)
        except base.Denied:
            await self._later(one, NOT_ALLOWED)
        except (base.HelpdeskError, rules.TooMuch) as error:
            await self._later(one, str(error))
        else:
            await store.done(self._pool, one)

    async def _later(self, one: store.Due, problem: str) -> None:
        _logger.warning("time not booked in the helpdesk", ticket=one.ticket_id, reason=problem)
        await store.not_done(self._pool, one, problem, self._clock.now() + retry_delay(one.attempts + 1))

    async def _book(self, ticket_id: int) -> None:
        hours = await attribution.hours_by_entry(self._pool, ticket_id, self._since)
        entries, worked = list(hours), [rules.Worked(*one) for one in hours.items()]
        await self._settle(await store.unknown(self._pool, ticket_id, entries))
        booked = await store.booked(self._pool, ticket_id, entries)
        for step in rules.plan(ticket_id, worked, booked, self._unit):
            match step:
                case rules.Remove(one):
                    await self._remove(one)
                case rules.Correct(one, units):
                    await self._correct(one, units)
                case rules.Book(entry_id, units):
                    if not await self._make(entry_id, ticket_id, units):
                        return

    async def _make(self, entry_id: int, ticket_id: int, units: Decimal) -> bool:
        """False when the helpdesk no longer has the ticket."""
        await store.calling(self._pool, entry_id, ticket_id, units, self._clock.now())
        try:
            number = await self._helpdesk.book_time(self._token, ticket_id, units)
        except base.Unreachable:
            raise  # it may have been booked: looked up next time
        except base.HelpdeskError as error:
            await store.removed(self._pool, entry_id)
            if isinstance(error, base.Missing):
                return False
            raise
        await store.made(self._pool, entry_id, number)
        return True

    async def _correct(self, one: rules.Booked, units: Decimal) -> None:
        try:
            await self._helpdesk.correct_time(self._token, one.accounting_id, units)
        except base.Missing:  # somebody has taken it out of the helpdesk
            await store.removed(self._pool, one.entry_id)
            await self._make(one.entry_id, one.ticket_id, units)
        else:
            await store.corrected(self._pool, one.entry_id, units)

    async def _remove(self, one: rules.Booked) -> None:
        with contextlib.suppress(base.Missing):  # gone already, perhaps with its ticket
            await self._helpdesk.remove_time(self._token, one.accounting_id)
        await store.removed(self._pool, one.entry_id)

    async def _settle(self, unknown: Sequence[store.Unknown]) -> None:
        """Find out what became of calls without an answer."""
        if not unknown:
            return
        if any(self._clock.now() < one.called_at + SETTLES for one in unknown):
            raise _Unsettled
        me = (await self._helpdesk.person(self._token)).id
        for one in unknown:
            try:
                found = await self._helpdesk.booked_time(self._token, one.ticket_id)
            except base.Missing:
                found = []
            taken = await store.known(self._pool, [other.id for other in found])
            number = next(
                (
                    other.id
                    for other in found
                    if other.id not in taken
                    and other.created_by == me
                    and other.units == one.units
                    and other.created_at >= one.called_at - APART
                ),
                None,
            )
            if number is None:
                await store.removed(self._pool, one.entry_id)
            else:
                await store.made(self._pool, one.entry_id, number)
