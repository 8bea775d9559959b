"""A ticket's time entries in its timeline, and their sums."""

from __future__ import annotations

from collections.abc import Sequence

from plugin_server.harvest import timezones
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Company
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.timeline import Group, Item, Place, Request, Someone
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.entries import store
from plugin_server.tickets.entries.store import Choice, Entry, Sum


class EntrySource:
    """Time entries. Hours are those that count, as budgets count them."""

    group: Group = "time"
    rank = 2

    def __init__(self, pool: Pool, mirror: Mirror, counting: Counting) -> None:
        self._pool = pool
        self._mirror = mirror
        self._counting = counting

    async def people(self, ticket_id: int, *, internal: bool) -> Sequence[Someone]:
        """Who has tracked time; that is nothing internal."""
        found = await store.workers(self._pool, ticket_id)
        return [Someone(name or _unknown(user_id), harvest_id=user_id) for user_id, name in found.items()]

    async def items(self, request: Request, limit: int) -> list[Item]:
        """Entries in order; their days, not their instants, are what a filter by days is about."""
        zones = await store.timezones(self._pool)
        found = await store.entries(
            self._pool,
            choice(request),
            self._counting,
            {user_id: str(timezones.zone(name)) for user_id, name in zones.items()},
            request.beyond(self.rank),
            limit,
            newest_first=request.newest_first,
        )
        company = await self._mirror.company() if found else None
        names = request.harvest_names
        return [self._item(one, names.get(one.user_id) or _unknown(one.user_id), company) for one in found]

    async def complete(self, request: Request, items: Sequence[Item], *, whole: bool) -> Sequence[Item]:
        """Nothing is missing."""
        return items

    async def sums(self, request: Request) -> list[Sum]:
        """The hours of all entries that are asked for, on whatever page."""
        return await store.sums(self._pool, choice(request), self._counting)

    def _item(self, entry: Entry, name: str, company: Company | None) -> Item:
        day = entry.spent_date
        facts = []
        if entry.is_billed:
            facts.append(_("invoiced"))
        elif entry.is_locked:
            facts.append(_("locked in Harvest"))
        running = entry.running_since is not None
        return Item(
            Place(entry.at, self.rank, entry.id),
            self.group,
            "timer" if running else "entry",
            _("Running timer") if running else _("Time entry"),
            by=name,
            day=day,
            is_exact=entry.is_exact,
            text=entry.notes,
            facts=facts,
            url=f"{company.base_uri}/time/day/{day:%Y/%m/%d}/{entry.user_id}" if company else "",
            hours=entry.hours,
            total=entry.total,
            worker=entry.user_id,
            task=entry.task,
            billable=entry.billable,
            running_since=entry.running_since,
        )


def choice(request: Request) -> Choice:
    """Which entries a request is about."""
    workers = None if request.person is None else request.person.harvest_ids
    return Choice(request.ticket_id, request.first, request.last, workers, request.billable)


def _unknown(user_id: int) -> str:
    return _("Harvest user {number}").format(number=user_id)
