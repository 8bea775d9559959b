"""Listing time entries so that none is passed over while others write.

Harvest pages time entries by offset, the latest ``spent_date`` first (its API documentation, "Pagination" and "Time
Entries"): a row deleted on an earlier page moves another one past the place where the next page begins. So pages are
not followed: the next request asks for everything up to the day at which this one ended, from its first row. Only
where one day fills a page is it read by pages, and that listing counts only if in the end the totals and the rows at
the pages' edges are still the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.i18n import later

PAGE = 2000
"""Entries of a page: Harvest's largest."""

TRIES = 3
"""How often a day is read by pages before the next run has to do it."""

_DAY = timedelta(days=1)
Filters = dict[str, str | int | datetime]


class Shifted(core.HarvestError):
    """A listing changed again and again while it was read."""


@dataclass(frozen=True)
class Batch:
    """Entries as one answer held them, asked for at ``asked_at``.

    ``whole``: the days (first and last, ``None`` is no bound) of which ``ids`` holds every entry; ``None`` while a day
    is being read by pages. ``reached``: the day to go on at, ``None`` when the listing is at its end; only to be
    remembered when ``whole``.
    """

    entries: list[wire.TimeEntry]
    asked_at: datetime
    whole: tuple[date | None, date | None] | None
    ids: frozenset[int]
    reached: date | None

    @property
    def last(self) -> bool:
        """Whether nothing comes after it."""
        return self.whole is not None and self.reached is None


class Listing:
    """Entries by Harvest's filters, between two days at will, from the latest to the earliest."""

    def __init__(self, client: HarvestClient, clock: Clock, page: int = PAGE) -> None:
        self._client = client
        self._clock = clock
        self._page = page

    async def read(
        self, filters: Filters, first: date | None = None, last: date | None = None
    ) -> AsyncGenerator[Batch]:
        """In batches; raises :class:`Shifted` when one day does not stand still."""
        while True:
            asked_at = self._clock.now()
            page = await self._ask(filters, first, last)
            entries = page.time_entries
            days = [entry.spent_date for entry in entries]
            if days != sorted(days, reverse=True) or (last and days and days[0] > last):
                raise core.Faulty(later("Harvest's list of time entries is not in the order of their days"))
            if page.links.next is None:
                yield Batch(entries, asked_at, (first, last), frozenset(entry.id for entry in entries), None)
                return
            reached = days[-1]
            if days[0] == reached:
                async for batch in self._by_pages(filters, first, last, reached):
                    yield batch
                    if batch.last:
                        return
                last = reached - _DAY
                continue
            ids = frozenset(entry.id for entry in entries if entry.spent_date > reached)
            yield Batch(entries, asked_at, (reached + _DAY, last), ids, reached)
            last = reached

    async def _ask(self, filters: Filters, first: date | None, last: date | None, **paging: int) -> wire.TimeEntryPage:
        asked: dict[str, str | int | date | datetime] = {"per_page": self._page, **filters}
        if first:
            asked["from_"] = first
        if last:
            asked["to"] = last
        return await self._client.time_entries_page(**asked | paging)

    async def _by_pages(
        self, filters: Filters, first: date | None, last: date | None, day: date
    ) -> AsyncGenerator[Batch]:
        """The one day, by pages. Their entries are handed on at once: to have read one is never wrong."""
        earlier = None if first is not None and day <= first else day - _DAY
        for _ in range(TRIES):
            ids: list[int] = []
            edges: list[int] = []
            totals: set[int | None] = set()
            number = 1
            while True:
                asked_at = self._clock.now()
                page = await self._ask(filters, day, day, page=number)
                totals.add(page.total_entries)
                ids += [entry.id for entry in page.time_entries]
                yield Batch(page.time_entries, asked_at, None, frozenset(), None)
                if page.links.next is None or not page.time_entries:
                    break
                edges.append(page.time_entries[-1].id)
                number += 1
            if len(set(ids)) == len(ids) and totals == {len(ids)} and await self._stands(filters, day, edges, len(ids)):
                yield Batch([], asked_at, (day, last), frozenset(ids), earlier)
                return
        raise Shifted(later("The entries of {day} changed each time while they were listed").format(day=day))

    async def _stands(self, filters: Filters, day: date, edges: list[int], total: int) -> bool:
        """Whether the rows at the pages' ends are those that were read there."""
        for number, edge in enumerate(edges, start=1):
            page = await self._ask(filters, day, day, page=number * self._page, per_page=1)
            if page.total_entries != total or [entry.id for entry in page.time_entries] != [edge]:
                return False
        return True


async def ahead(batches: AsyncGenerator[Batch]) -> AsyncGenerator[Batch]:
    """The same batches, each next one being read while the caller works on the one before. Who stops early has made
    one call for nothing; to be closed then (``contextlib.aclosing``)."""
    coming = asyncio.ensure_future(anext(batches, None))
    try:
        while (batch := await coming) is not None:
            coming = asyncio.ensure_future(anext(batches, None))
            yield batch
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await batches.aclose()
