"""Filters, order and pages of the dashboard's tables: pure decisions, no I/O, no clock.

Pages go on after the last row shown, by its own place in the order (keyset), so rows that come, go or change in between
neither repeat nor hide others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from plugin_server.runtime.errors import Problem
from plugin_server.runtime.i18n import gettext as _

Row = TypeVar("Row")
Place = tuple[int, int]
"""A row's place in an order: what it is sorted by, then its id."""

Sort = Literal["utilization", "number", "used"]
Band = Literal["green", "yellow", "orange", "red", "none"]
State = Literal["open", "closed", "all"]

SIZE = 50
"""Rows of a page."""

_CURSOR = re.compile(r"([a-z]+)\.(-?\d{1,18})\.(\d{1,18})")


@dataclass(frozen=True)
class Wanted:
    """What of the tickets is asked for. ``text`` stands in number, title or project; ``after`` is a page's cursor."""

    text: str = ""
    band: Band | None = None
    locked: bool = False
    project: int | None = None
    mine: bool = False
    state: State = "open"
    sort: Sort = "utilization"
    after: str = ""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A page of a list of ``total`` rows; ``after`` leads to the next one, if there is one."""

    rows: tuple[Row, ...]
    total: int
    after: str | None


def wanted(query: Mapping[str, str], default_state: State = "open") -> Wanted:
    """What a query string asks for; words that mean nothing here are passed over."""
    number = query.get("project", "").strip()
    return Wanted(
        text=query.get("q", "").strip()[:200],
        band=_one_of(Band, query.get("band", ""), None),
        locked=query.get("locked", "") in ("1", "true"),
        project=int(number) if re.fullmatch(r"[0-9]{1,18}", number) else None,
        mine=query.get("mine", "") in ("1", "true"),
        state=_one_of(State, query.get("state", ""), default_state),
        sort=_one_of(Sort, query.get("sort", ""), "utilization"),
        after=query.get("after", "") or query.get("cursor", ""),
    )


def _one_of(words: Any, text: str, default: str | None) -> Any:
    return text if text in get_args(words) else default


def page(
    rows: Iterable[Row], place: Callable[[Row], Place], order: str, after: str, size: int | None = SIZE
) -> Page[Row]:
    """The rows in their order, from after the cursor on; ``size`` ``None``: all of them.

    Raises :class:`Problem` for a cursor that is none of this order.
    """
    ordered = sorted(rows, key=place)
    total = len(ordered)
    if after:
        beyond = _place(after, order)
        ordered = [row for row in ordered if place(row) > beyond]
    if size is None or len(ordered) <= size:
        return Page(tuple(ordered), total, None)
    shown = ordered[:size]
    value, identity = place(shown[-1])
    return Page(tuple(shown), total, f"{order}.{value}.{identity}")


def _place(cursor: str, order: str) -> Place:
    match = _CURSOR.fullmatch(cursor)
    if match is None or match[1] != order:
        raise Problem(
            _("This is not the address of a page of this list. Begin with its first page."), code="bad_cursor"
        )
    return int(match[2]), int(match[3])


def number_place(number: str) -> int:
    """Where a ticket's number comes in an order by number, the latest first."""
    return -int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else 0


def contains(text: str, *places: str) -> bool:
    """Whether every word of a text is found in one of the places, whatever the case; a number with or without #."""
    found = " ".join(places).casefold()
    return all(word.removeprefix("#") in found for word in text.casefold().split())
