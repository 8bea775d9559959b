"""A ticket's timeline: what its sources have, merged for one reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.web import store as web_store
from plugin_server.helpdesk import base
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.reading import reading
from plugin_server.runtime.timeline import Item, Person, Place, Request, Someone, Source
from plugin_server.tickets.articles.service import Articles
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.attribution.store import Unassigned
from plugin_server.tickets.entries import store as entries_store
from plugin_server.tickets.entries.source import EntrySource
from plugin_server.tickets.service import Tickets
from plugin_server.tickets.store import Ticket
from plugin_server.timeline import rules
from plugin_server.timeline.rules import Wanted

EXPORTED = 100_000
"""Lines of an export at most."""

UNASSIGNED = 20
"""Entries without a ticket that are offered at most; the dashboard has all of them."""


@dataclass(frozen=True)
class PersonSum:
    """One person's hours, in hundredths."""

    name: str
    billable: int = 0
    other: int = 0

    @property
    def hours(self) -> int:
        return self.billable + self.other


@dataclass(frozen=True)
class Loose:
    """An entry of the ticket's project that counts for no ticket, and whose it is."""

    entry: Unassigned
    name: str


@dataclass(frozen=True)
class Reader:
    """Who reads: their Harvest user, also of a grant that is gone, and whether they manage everybody's time."""

    harvest_user_id: int | None
    manages: bool


@dataclass(frozen=True)
class Timeline:
    """A page of a ticket's timeline as one reader may see it.

    ``sums`` are of all time entries that are asked for, on whatever page. ``unassigned`` are offered on a first page,
    the latest of them where there are more (``has_more_unassigned``).
    ``is_current``: the helpdesk's articles are all known; otherwise some may be missing for the moment.
    """

    ticket: Ticket
    wanted: Wanted
    items: Sequence[Item]
    after: str | None
    people: Sequence[Person]
    sums: Sequence[PersonSum]
    unassigned: Sequence[Loose]
    has_more_unassigned: bool
    is_current: bool
    reader: Reader

    def may_correct(self, item: Item) -> bool:
        """Whether correcting an entry is the reader's: agents correct their own, project managers all."""
        return self.reader.manages or (item.worker is not None and item.worker == self.reader.harvest_user_id)


@dataclass(frozen=True)
class Export:
    """All of a ticket's timeline that is asked for; ``is_cut``: but for what comes after :data:`EXPORTED` lines."""

    ticket: Ticket
    items: Sequence[Item]
    is_cut: bool


class Timelines:
    """Reads timelines from their sources, in the order of their ranks."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        articles: Articles,
        people: People,
        entries: EntrySource,
        sources: Sequence[Source],
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._articles = articles
        self._people = people
        self._entries = entries
        self._sources = [entries, *sources]

    async def read(self, caller: Caller, ticket_id: int, wanted: Wanted) -> Timeline:
        """A page. Raises as :meth:`~plugin_server.tickets.service.Tickets.require`, and
        :class:`~plugin_server.runtime.errors.Problem` for a cursor that is none."""
        after = rules.place(wanted.cursor, wanted.order)
        ticket, is_current, internal = await self._open(caller, ticket_id, wanted)
        async with reading(self._pool):
            everyone, request = await self._request(caller, ticket, wanted, internal=internal)
            request = replace(request, after=after)
            found = [await one.items(request, wanted.size + 1) for one in self._chosen(wanted)]
            sums = await self._sums(request, everyone) if wanted.has("time") else []
            unassigned = await self._unassigned(ticket) if after is None else []
            has_more = len(unassigned) > UNASSIGNED
        shown, last = rules.page(found, wanted.size, wanted.order)
        items = await self._completed(request, shown, whole=False)
        next_cursor = rules.cursor(last, wanted.order) if last else None
        reader = await self._reader(caller)
        loose = unassigned[:UNASSIGNED]
        return Timeline(ticket, wanted, items, next_cursor, everyone, sums, loose, has_more, is_current, reader)

    async def export(self, caller: Caller, ticket_id: int, wanted: Wanted) -> Export:
        """All that is asked for, texts at full length. Raises as :meth:`read`."""
        ticket, _is_current, internal = await self._open(caller, ticket_id, wanted)
        _everyone, request = await self._request(caller, ticket, wanted, internal=internal)
        found = [await one.items(request, EXPORTED + 1) for one in self._chosen(wanted)]
        shown, last = rules.page(found, EXPORTED, wanted.order)
        return Export(ticket, await self._completed(request, shown, whole=True), is_cut=last is not None)

    def _chosen(self, wanted: Wanted) -> list[Source]:
        return [one for one in self._sources if wanted.has(one.group)]

    async def _open(self, caller: Caller, ticket_id: int, wanted: Wanted) -> tuple[Ticket, bool, bool]:
        """What asks the helpdesk: the ticket, whether its articles are all known, and whether the reader may see
        internal ones."""
        ticket = await self._tickets.require(caller, ticket_id)
        is_current = not wanted.has("messages") or await self._articles.opened(ticket_id)
        try:
            member = await self._people.member(caller.helpdesk_user_id)
        except base.HelpdeskError:
            member = None  # without its word, what customers see
        return ticket, is_current, member is not None and member.may_read(ticket.group_id)

    async def _reader(self, caller: Caller) -> Reader:
        agent = await accounts_store.agent(self._pool, caller.agent_id)
        member = await self._people.known(caller.helpdesk_user_id)  # asked for when the ticket was opened
        return Reader(agent.harvest_user_id if agent else None, self._people.may_manage(member))

    async def _request(
        self, caller: Caller, ticket: Ticket, wanted: Wanted, *, internal: bool
    ) -> tuple[list[Person], Request]:
        known: list[Someone] = []
        for source in self._sources:
            known += await source.people(ticket.id, internal=internal)
        user_ids = sorted({one.helpdesk_id for one in known if one.helpdesk_id is not None})
        harvest_ids = [one.harvest_id for one in known if one.harvest_id is not None]
        same = await people_store.same_people(self._pool, user_ids, harvest_ids)
        names = await web_store.names(self._pool, [*user_ids, *same])
        everyone = rules.people(known, names, same)
        person = None
        if wanted.person:
            nobody = Person(wanted.person, wanted.person)
            person = next((one for one in everyone if one.key == wanted.person), nobody)
        first, last = wanted.first or rules.FIRST_DAY, wanted.last or rules.LAST_DAY
        since, until = rules.instants(first, last, caller.zone)
        return everyone, Request(
            caller,
            ticket.id,
            since,
            until,
            first,
            last,
            person=person,
            billable=wanted.billable,
            internal=internal,
            newest_first=wanted.order == "newest",
            names=names,
            harvest_names={number: one.name for one in everyone for number in one.harvest_ids},
        )

    async def _completed(self, request: Request, shown: Sequence[Item], *, whole: bool) -> Sequence[Item]:
        """The items with what their sources add to what is shown, in their order."""
        completed: dict[Place, Item] = {}
        for source in self._sources:
            mine = [item for item in shown if item.place.rank == source.rank]
            completed |= {item.place: item for item in await source.complete(request, mine, whole=whole)}
        return [completed[item.place] for item in shown if item.place in completed]

    async def _sums(self, request: Request, everyone: Sequence[Person]) -> list[PersonSum]:
        owners = {number: one.key for one in everyone for number in one.harvest_ids}
        found: dict[str, PersonSum] = {}
        for one in await self._entries.sums(request):
            key = owners.get(one.user_id, str(one.user_id))
            so_far = found.get(key, PersonSum(request.harvest_names.get(one.user_id, "")))
            found[key] = (
                replace(so_far, billable=so_far.billable + one.hours)
                if one.billable
                else replace(so_far, other=so_far.other + one.hours)
            )
        return sorted(found.values(), key=lambda one: (-one.hours, one.name))

    async def _unassigned(self, ticket: Ticket) -> list[Loose]:
        if ticket.project_id is None:
            return []
        found = await attribution_store.unassigned(self._pool, ticket.project_id, UNASSIGNED + 1)
        names = await entries_store.names(self._pool, {one.user_id for one in found})
        return [Loose(one, names.get(one.user_id, "")) for one in found]
