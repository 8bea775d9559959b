"""Filters, order and pages of a timeline: pure decisions, no I/O, no clock.

Pages go on after the last place shown (keyset), so what comes in between neither repeats nor hides anything that stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from plugin_server.runtime.errors import Problem
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.timeline import Group, Item, Person, Place, Someone

Order = Literal["oldest", "newest"]
"""Which end of the timeline comes first."""

SIZE = 50
"""Items of a page."""

MOST = 200
"""Items of a page at most."""

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2999, 12, 31)
"""Nothing happens outside these."""

_CURSOR = re.compile(r"([on])\.(\d{1,17})\.(\d{1,2})\.(\d{1,18})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wanted:
    """What of a timeline is asked for. No ``groups``: all of them. ``person`` is a :class:`Person`'s key; ``cursor`` a
    page's."""

    groups: frozenset[Group] = frozenset()
    person: str = ""
    billable: bool | None = None
    first: date | None = None
    last: date | None = None
    order: Order = "oldest"
    size: int = SIZE
    cursor: str = ""

    def has(self, group: Group) -> bool:
        """Whether items of this group are asked for. Only time is billable or not."""
        return (not self.groups or group in self.groups) and (self.billable is None or group == "time")

    @property
    def is_filtered(self) -> bool:
        return bool(self.groups or self.person or self.first or self.last) or self.billable is not None


def wanted(query: Iterable[tuple[str, str]], default: Order = "oldest") -> Wanted:
    """What a query string asks for; words that mean nothing here are passed over."""
    pairs = list(query)
    last_of = dict(pairs)
    order = last_of.get("order", "")
    size = last_of.get("size", "")
    return Wanted(
        groups=frozenset(value for name, value in pairs if name == "what" and value in get_args(Group)),  # type: ignore[misc]
        person=last_of.get("person", "")[:40],
        billable={"yes": True, "no": False}.get(last_of.get("billable", "")),
        first=_day(last_of.get("from", "")),
        last=_day(last_of.get("to", "")),
        order="newest" if order == "newest" else "oldest" if order == "oldest" else default,
        size=min(max(int(size), 1), MOST) if re.fullmatch(r"[0-9]{1,4}", size) else SIZE,
        cursor=last_of.get("cursor", ""),
    )


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None
    return None if found is None else min(max(found, FIRST_DAY), LAST_DAY)


def query(wanted: Wanted, **changes: object) -> list[tuple[str, str]]:
    """The words of an address that ask for this; a cursor only where it is given anew."""
    billable = None if wanted.billable is None else "yes" if wanted.billable else "no"
    words: dict[str, object] = {
        "person": wanted.person,
        "billable": billable,
        "from": wanted.first,
        "to": wanted.last,
        "order": wanted.order if wanted.order != "oldest" else None,
        **changes,
    }
    return [
        *(("what", group) for group in sorted(wanted.groups)),
        *((name, str(value)) for name, value in words.items() if value not in (None, "")),
    ]


def instants(first: date, last: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From the beginning of the first day to the end of the last one, there."""
    begin = datetime.combine(first, time(), zone).astimezone(UTC)
    return begin, datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)


def cursor(place: Place, order: Order) -> str:
    """A place as part of an address."""
    microseconds = (place.at - _EPOCH) // timedelta(microseconds=1)
    return f"{order[0]}.{microseconds}.{place.rank}.{place.id}"


def place(text: str, order: Order) -> Place | None:
    """The place that a cursor names; none for no cursor. Raises :class:`Problem` for what is none of this order."""
    if not text:
        return None
    match = _CURSOR.fullmatch(text)
    try:
        if match is None or match[1] != order[0]:
            raise ValueError(text)
        return Place(_EPOCH + timedelta(microseconds=int(match[2])), int(match[3]), int(match[4]))
    except (ValueError, OverflowError):
        words = _("This is not the address of a page of this timeline. Begin with its first page.")
        raise Problem(words, code="bad_cursor") from None


def page(sources: Sequence[Sequence[Item]], size: int, order: Order) -> tuple[list[Item], Place | None]:
    """What the sources have next, each at least ``size + 1`` of it if there is so much, merged: a page, and the place
    after which the next one begins, if there is one."""
    newest = order == "newest"
    merged = list(merge(*sources, key=lambda item: item.place, reverse=newest))
    shown = merged[:size]
    return shown, shown[-1].place if len(merged) > size else None


def people(known: Iterable[Someone], names: Mapping[int, str], harvest_users: Mapping[int, int]) -> list[Person]:
    """Everyone once, by name: ``harvest_users`` says which Harvest user is which helpdesk user, ``names`` what helpdesk
    users are called now."""
    owner = {harvest_id: user_id for user_id, harvest_id in harvest_users.items()}
    found: dict[str, tuple[str, set[int], set[int]]] = {}
    for one in known:
        user_id = one.helpdesk_id if one.helpdesk_id is not None else owner.get(one.harvest_id or 0)
        key = f"u{user_id}" if user_id is not None else f"h{one.harvest_id}"
        name, helpdesk_ids, harvest_ids = found.setdefault(key, (one.name, set(), set()))
        if user_id is not None:
            helpdesk_ids.add(user_id)
            found[key] = names.get(user_id) or name or one.name, helpdesk_ids, harvest_ids
        if one.harvest_id is not None:
            harvest_ids.add(one.harvest_id)
        if user_id is not None and user_id in harvest_users:
            harvest_ids.add(harvest_users[user_id])
    everyone = [Person(key, name, frozenset(here), frozenset(there)) for key, (name, here, there) in found.items()]
    return sorted(everyone, key=lambda one: (one.name.casefold(), one.key))
