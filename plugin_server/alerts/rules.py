"""When a budget's level is told of, and when what could not be delivered is tried again: pure decisions, no I/O, no
clock.

The levels are the bands (``budgets.bands``). A level is crossed when the band rises to it or past it; a jump over
several is told once, as the highest. It is told of again only after the figure has fallen below it, since the band must
rise once more.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Literal

from plugin_server.budgets.rules import Band

Level = Literal["yellow", "orange", "red"]
LEVELS: tuple[Level, ...] = ("yellow", "orange", "red")

LATE = timedelta(days=7)
"""Work that reached us so long after it was done is still news; what is older is history that was imported or linked
afterwards. Assigning an entry or merging a ticket counts as done when somebody does it, however old the hours."""

GIVE_UP = timedelta(days=3)
"""After so long what can't be delivered is given up. It is shown from its first failure on."""

DESKTOP = timedelta(hours=16)
"""A desktop notification that no browser has fetched by then comes too late to be of use."""

BANDS: tuple[Band, ...] = ("none", "green", *LEVELS)

_RANK: dict[Band, int] = {"none": 0, "green": 0, "yellow": 1, "orange": 2, "red": 3}
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Seen:
    """A ticket's budget at one look. ``budget`` in hundredths of an hour; ``thresholds`` name where the bands begin."""

    band: Band
    budget: int | None
    project_id: int | None
    thresholds: str


def is_first_look(before: Seen | None, now: Seen) -> bool:
    """Whether there is nothing to compare with: the ticket is new to us, had no budget, names another project, or the
    bands began elsewhere. Whoever did that sees the figures; nobody has used anything up meanwhile."""
    return (
        before is None
        or before.band == "none"
        or before.project_id != now.project_id
        or before.thresholds != now.thresholds
    )


def crossed(before: Seen | None, now: Seen, levels: Set[Level], *, was_locked: bool) -> Level | None:
    """The level to tell of. ``was_locked``: the ticket is locked, or was since the last look; then the lock's note has
    told it all. ``levels`` are those that are told of at all."""
    if before is None or is_first_look(before, now) or was_locked:
        return None
    risen = [level for level in LEVELS if _RANK[before.band] < _RANK[level] <= _RANK[now.band] and level in levels]
    return risen[-1] if risen else None


def is_news(before: Seen, now: Seen, acted_at: datetime | None, looked_at: datetime) -> bool:
    """Whether somebody has brought a crossing about, and not just old hours that were found. ``acted_at`` is when
    people last had hours count for the ticket, ``looked_at`` the look before this one."""
    if before.budget != now.budget:
        return True
    return acted_at is not None and acted_at >= looked_at - LATE


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries: 5 s, then twice as long each time, an hour at most."""
    return min(_FIRST_PAUSE * (1 << min(max(attempts, 1) - 1, 20)), _LONGEST_PAUSE)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """``Retry-After`` of an answer: seconds, or an HTTP date (RFC 9110, 10.2.3); an hour at most, ``None`` for none."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:6])), _LONGEST_PAUSE)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max(at - now, timedelta()), _LONGEST_PAUSE)


def digest_day(now: datetime, zone: tzinfo, hour: int, weekdays: Set[int]) -> date | None:
    """The day whose digest is due in somebody's zone; ``weekdays`` as :meth:`datetime.date.weekday` counts."""
    local = now.astimezone(zone)
    return local.date() if local.hour >= hour and local.weekday() in weekdays else None
