"""The look ahead: what a ticket's budget comes to with the hours that somebody is about to log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from plugin_server.budgets import rules, store
from plugin_server.budgets.service import Budgets
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets.service import Tickets


@dataclass(frozen=True)
class Seen:
    """Utilization now and with the hours, in whole percent (``None`` without a budget), the band they lead to, and
    whether they would lock a ticket that is open."""

    percent: int | None
    percent_after: int | None
    band: rules.Band
    locks: bool


class Ahead:
    """Looks ahead, by the same rules that will decide afterwards."""

    def __init__(self, pool: Pool, budgets: Budgets, tickets: Tickets) -> None:
        self._pool = pool
        self._budgets = budgets
        self._tickets = tickets

    async def look(self, caller: Caller, ticket_id: int, extra: Decimal) -> Seen:
        """With ``extra`` hours more; raises as :meth:`Tickets.require`."""
        ticket = await self._tickets.require(caller, ticket_id)
        one = await store.budget(self._pool, ticket_id)
        budget = ticket_rules.parse_budget(one.accepted_budget if one else ticket.budget_text)
        figures = await self._budgets.figures(ticket, budget)
        after = [replace(constraint, used=constraint.used + extra) for constraint in figures.constraints]
        locks = figures.lock is None and await self._budgets.would_lock(ticket, figures, after, figures.hours + extra)
        thresholds = self._budgets.policy.thresholds
        now = [rules.utilization(one.used, one.limit, thresholds) for one in figures.constraints]
        then = [rules.utilization(one.used, one.limit, thresholds) for one in after]
        worst = max(range(len(then)), key=lambda place: then[place].percent or 0, default=None)
        if worst is None:
            return Seen(None, None, "none", locks=False)
        return Seen(now[worst].percent, then[worst].percent, then[worst].band, locks)
