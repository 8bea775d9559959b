"""Budget changes, locks and unlocks in a ticket's timeline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from plugin_server.budgets.history import store
from plugin_server.budgets.service import hours
from plugin_server.budgets.store import Event
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import day, decimal, later, number, retold
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.timeline import Doings, Group, Item, Place, Request

_LABELS = {
    "locked": later("Locked"),
    "reopened": later("No longer locked"),
    "unlocked": later("Unlocked"),
    "changed": later("Changed"),
    "put_back": later("Put back"),
    "bypassed": later("Past the lock"),
    "project_changed": later("Project changed"),
    "assigned": later("Assigned"),
    "closed": later("Closed"),
    "asked": later("Unlock asked for"),
}
_FIELDS = {
    "budget_hours": later("Budget"),
    "quoted_hours": later("Quoted hours"),
    "hours_used": later("Hours used"),
    "pm": later("Project manager"),
    "project": later("Harvest project"),
    "utilization": later("Utilization"),
    "state": later("Budget state"),
    "release": later("Release"),
}
_STATES = {"open": later("open"), "warn": later("nearly used up"), "locked": later("locked")}
"""What stands in the field of the budget's state."""

_NUMBERS = frozenset({"budget_hours", "quoted_hours", "hours_used", "utilization"})


class LedgerSource(Doings):
    """The budget's ledger."""

    group: Group = "budget"
    rank = 3

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def doers(self, ticket_id: int) -> Mapping[int, str]:
        """Who changed, locked or unlocked something."""
        return await store.people(self._pool, ticket_id)

    async def done(
        self, request: Request, user_ids: Collection[int] | None, beyond: tuple[datetime, int], limit: int
    ) -> list[Item]:
        """The ledger in order."""
        found = await store.rows(
            self._pool,
            request.ticket_id,
            request.since,
            request.until,
            user_ids,
            beyond,
            limit,
            newest_first=request.newest_first,
        )
        return [self._item(request, one) for one in found]

    def _item(self, request: Request, row: store.Row) -> Item:
        event = row.event
        return Item(
            Place(event.at, self.rank, row.id),
            self.group,
            event.kind,
            _(_LABELS[event.kind]),
            by=event.by_name or (_("Deskhours") if event.by_user is None else ""),
            text=retold(event.reason),
            facts=list(_facts(event, request)),
        )


def _value(field: str, text: str | None) -> str:
    """What stood in a field, for people; what is no number of ours stays as somebody typed it."""
    if not text:
        return "–"
    if field == "state":
        return _(_STATES.get(text, text))
    try:
        value = Decimal(text) if field in _NUMBERS else None
    except InvalidOperation:
        value = None
    return text if value is None or not value.is_finite() else number(value)


def _facts(event: Event, request: Request) -> list[str]:
    """What was before and after, and how far an unlock reaches."""
    facts = []
    if event.field is not None:
        name = _(_FIELDS.get(event.field, event.field))
        before, after = _value(event.field, event.old_value), _value(event.field, event.new_value)
        facts.append(_("{field}: {before} → {after}").format(field=name, before=before, after=after))
    elif event.new_value is not None:
        facts.append(event.new_value if event.old_value is None else f"{event.old_value} → {event.new_value}")
    if event.used is not None and event.budget is not None:
        used, budget = decimal(hours(event.used)), decimal(hours(event.budget))
        facts.append(_("{used} h used of {budget} h").format(used=used, budget=budget))
    elif event.used is not None:
        facts.append(_("{used} h used").format(used=decimal(hours(event.used))))
    if event.ceiling is not None:
        facts.append(_("up to {hours} h").format(hours=decimal(hours(event.ceiling))))
    if event.expires_at is not None:
        last = (event.expires_at - timedelta(microseconds=1)).astimezone(request.caller.zone).date()
        facts.append(_("until {day}").format(day=day(last)))
    return facts
