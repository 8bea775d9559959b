"""What is to stand in the helpdesk's fields, written there: only what changed, and tried until it does."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from plugin_server.budgets import store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.outbox.rules import retry_delay
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets.intake import Intake

LEASE = timedelta(seconds=60)
AT_ONCE = 20

_logger = log.get(__name__)


class Writing:
    """Writes tickets' figures and states as the service user. Doing it twice changes nothing, so a write whose answer
    was lost is simply done again."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, token: str, intake: Intake, clock: Clock) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._intake = intake
        self._clock = clock

    async def step(self) -> int:
        """Write what is due; returns how many tickets were tried."""
        now = self._clock.now()
        due = await store.to_write(self._pool, now, now + LEASE, AT_ONCE)
        for number, one in enumerate(due):
            try:
                await self._write(one)
            except asyncio.CancelledError:  # the worker ends; another one need not wait for our lease
                left = [one.ticket_id for one in due[number:]]
                await asyncio.shield(store.leave_to_write(self._pool, left, now + LEASE, self._clock.now()))
                raise
        return len(due)

    async def _write(self, one: store.Budget) -> None:
        values: dict[base.Guarded, str | None] = {
            "hours_used": one.wanted_used or None,
            "utilization": one.wanted_utilization or None,
            "state": one.wanted_state or None,
        }
        if one.locked:
            values["release"] = None  # any agent may have filled it while the ticket was open
        if one.write_budget:
            values["budget_hours"] = one.accepted_budget or None
        try:
            seen = await self._helpdesk.write_fields(self._token, one.ticket_id, values)
        except base.Missing:
            await store.not_written(self._pool, one.ticket_id, later("The helpdesk no longer has the ticket."), None)
            await self._intake.read(one.ticket_id)
            return
        except base.HelpdeskError as error:
            _logger.warning("ticket fields not written", ticket=one.ticket_id, reason=str(error))
            await store.not_written(self._pool, one.ticket_id, str(error), await self._again(one.ticket_id))
            return
        if (seen.lock or "") != one.wanted_state:
            # A field that does not exist (yet) is dropped with a 200.
            words = later(
                "The helpdesk did not take the budget state “{state}”: is the field there, and migrated?"
            ).format(state=one.wanted_state)
            _logger.error("ticket fields dropped", ticket=one.ticket_id)
            await store.not_written(self._pool, one.ticket_id, words, await self._again(one.ticket_id))
            return
        if one.wanted_state == "locked":
            await store.watch_from(self._pool, one.ticket_id, seen.updated_at)
        await store.written(self._pool, one, self._clock.now())
        await self._intake.keep(seen)

    async def _again(self, ticket_id: int) -> datetime:
        return self._clock.now() + retry_delay(await store.attempts(self._pool, ticket_id) + 1)
