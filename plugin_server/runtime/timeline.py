"""What a feature shows in a ticket's timeline.

A feature offers a :class:`Source`; ``app.py`` lists the sources and ``timeline/`` merges what they return. So no
feature imports ``timeline/``, and the timeline knows no feature's rules.

The order is total: by instant, then by the source's rank, then by the item's own number. A cursor is a place in that
order (keyset), so every source finds what comes after it by itself, and a page costs as much as it shows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple, Protocol

from plugin_server.runtime.caller import Caller

Group = Literal["messages", "time", "budget"]
"""What people filter by."""

_LAST = 2**63 - 1
_BEGINNING, _END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """Where an item stands."""

    at: datetime
    rank: int
    id: int


@dataclass(frozen=True)
class Someone:
    """A person as one source knows them: by the helpdesk's number or by Harvest's."""

    name: str
    helpdesk_id: int | None = None
    harvest_id: int | None = None


@dataclass(frozen=True)
class Person:
    """A person as the timeline knows them: all that is the same human being. ``key`` names them in an address."""

    key: str
    name: str
    helpdesk_ids: frozenset[int] = frozenset()
    harvest_ids: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Request:
    """What of a ticket's timeline is asked for, and by whom.

    Items lie within the days ``first`` to ``last``, in the reader's zone: ``[since, until)`` as instants. ``billable``
    chooses time entries, and nothing else then. ``internal``: the reader may see what customers don't. ``names`` of
    helpdesk users by id, ``harvest_names`` of Harvest's.
    """

    caller: Caller
    ticket_id: int
    since: datetime
    until: datetime
    first: date
    last: date
    person: Person | None = None
    billable: bool | None = None
    internal: bool = False
    newest_first: bool = False
    after: Place | None = None
    names: Mapping[int, str] = field(default_factory=dict)
    harvest_names: Mapping[int, str] = field(default_factory=dict)

    def beyond(self, rank: int) -> tuple[datetime, int]:
        """The instant and number beyond which the items of a source of this rank come next: greater ones, or lesser
        where the newest come first."""
        if self.after is None:
            return (_END if self.newest_first else _BEGINNING), -1
        at, of, number = self.after
        return at, number if of == rank else _LAST if rank < of else -1


@dataclass(frozen=True)
class Item:
    """One line of a timeline.

    ``kind`` is a word for programs, ``label`` one for people. ``is_exact`` is whether the instant is known, or only the
    ``day``. ``series`` says what the number is of, where that is not the whole group's. ``text`` is what was said,
    without markup; ``trouble`` says in words why it is missing. ``hours`` in hundredths, and ``total`` those that count
    for the ticket up to here, whatever is filtered; ``worker`` is the Harvest user whose they are. ``facts`` are
    further things to say, in words. ``url`` leads to the thing itself.
    """

    place: Place
    group: Group
    kind: str
    label: str
    by: str = ""
    day: date | None = None
    is_exact: bool = True
    text: str = ""
    is_cut: bool = False
    trouble: str = ""
    facts: Sequence[str] = ()
    url: str = ""
    hours: int | None = None
    total: int | None = None
    worker: int | None = None
    task: str = ""
    billable: bool | None = None
    running_since: datetime | None = None
    internal: bool = False
    series: str = ""

    @property
    def id(self) -> str:
        """Names the item among all of its ticket."""
        return f"{self.series or self.group}-{self.place.id}"


class Source(Protocol):
    """One feature's part of timelines. Each has a rank of its own."""

    @property
    def group(self) -> Group: ...

    @property
    def rank(self) -> int: ...

    async def people(self, ticket_id: int, *, internal: bool) -> Sequence[Someone]:
        """Who has to do with a ticket; ``internal`` ones too, if so."""

    async def items(self, request: Request, limit: int) -> list[Item]:
        """What comes next, in order, ``limit`` at most."""

    async def complete(self, request: Request, items: Sequence[Item], *, whole: bool) -> Sequence[Item]:
        """The source's items as they are shown, with what is too costly to be read for those that are not; an item may
        turn out not to be for the reader, and is left out. ``whole``: for an export, texts at full length."""


class Doings(ABC):
    """A source of what helpdesk users have done, in the order in which it was done. None of it is a time entry, so a
    filter by billable leaves it out; nothing has to be read anew to be shown."""

    group: Group
    rank: int

    async def people(self, ticket_id: int, *, internal: bool) -> Sequence[Someone]:
        """Who has done something; that is nothing internal."""
        return [Someone(name, helpdesk_id=user_id) for user_id, name in (await self.doers(ticket_id)).items()]

    async def items(self, request: Request, limit: int) -> list[Item]:
        """What was done, in order."""
        if request.billable is not None:
            return []
        user_ids = None if request.person is None else request.person.helpdesk_ids
        return await self.done(request, user_ids, request.beyond(self.rank), limit)

    async def complete(self, request: Request, items: Sequence[Item], *, whole: bool) -> Sequence[Item]:
        """Nothing is missing."""
        return items

    @abstractmethod
    async def doers(self, ticket_id: int) -> Mapping[int, str]:
        """Helpdesk users who did something about a ticket, with their names."""

    @abstractmethod
    async def done(
        self, request: Request, user_ids: Collection[int] | None, beyond: tuple[datetime, int], limit: int
    ) -> list[Item]:
        """What comes next beyond a place, in order, ``limit`` at most; by these users alone where there are any to
        choose."""
