"""Weeks, sums and gaps of a person's days: pure decisions. Days are dates in the person's zone; hours in hundredths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

LOOKED_BACK = 14
"""Days before today that are looked at for gaps."""

AWAY = timedelta(days=60)
"""Who has tracked nothing for so long was not at work, or is new: gaps begin with their first hours after it."""

WORKDAYS = 5
"""Days over which a weekly capacity is spread: Monday to Friday."""


@dataclass(frozen=True)
class Worked:
    """Hours of a day on a ticket (``None``: on none); ``waiting``: they are not in Harvest yet."""

    day: date
    ticket_id: int | None
    hours: int
    waiting: bool = False


@dataclass(frozen=True)
class Line:
    """What was worked on a ticket today and this week."""

    ticket_id: int | None
    today: int
    week: int


@dataclass(frozen=True)
class Sheet:
    """A week up to today: lines with the most hours first, those of no ticket last; ``waiting`` is the part of the week
    that is not in Harvest yet."""

    lines: tuple[Line, ...]
    today: int
    week: int
    waiting: int


@dataclass(frozen=True)
class Gap:
    """A day with fewer hours than it should have."""

    day: date
    hours: int
    target: int


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def start_of_weeks(name: str) -> int:
    """The day on which weeks begin, as :meth:`datetime.date.weekday` counts, by its English name (Harvest's
    ``week_start_day``); Monday for a name that is none."""
    return _DAYS.index(name.lower()) if name.lower() in _DAYS else 0


def week_of(today: date, start: int) -> tuple[date, date]:
    """The first and last day of a week that begins on the weekday ``start``."""
    first = today - timedelta(days=(today.weekday() - start) % 7)
    return first, first + timedelta(days=6)


def span(today: date, start: int) -> tuple[date, date]:
    """The days that are needed for both the week and the gaps."""
    first, last = week_of(today, start)
    return min(first, today - timedelta(days=LOOKED_BACK)), last


def sheet(worked: Iterable[Worked], today: date, start: int) -> Sheet:
    """The sums of a week that begins on the weekday ``start``."""
    first, last = week_of(today, start)
    rows = [one for one in worked if first <= one.day <= last]
    by_ticket: dict[int | None, list[Worked]] = {}
    for one in rows:
        by_ticket.setdefault(one.ticket_id, []).append(one)
    lines = [
        Line(ticket_id, _sum(one for one in some if one.day == today), _sum(some))
        for ticket_id, some in by_ticket.items()
    ]
    lines.sort(key=lambda line: (line.ticket_id is None, -line.week, line.ticket_id or 0))
    return Sheet(
        tuple(line for line in lines if line.week),
        _sum(one for one in rows if one.day == today),
        _sum(rows),
        _sum(one for one in rows if one.waiting),
    )


def _sum(worked: Iterable[Worked]) -> int:
    return sum(one.hours for one in worked)


def daily_target(weekly_capacity: int) -> int:
    """Hundredths of hours of a working day, by Harvest's weekly capacity in seconds."""
    return round(weekly_capacity / 36 / WORKDAYS)


def gaps(by_day: Mapping[date, int], today: date, weekly_capacity: int, begun: date | None) -> list[Gap]:
    """Days of the last two weeks with fewer hours than a fifth of the weekly capacity (seconds), the latest first.

    Today is not over and has none, and nobody owes a weekend. Before ``begun``, the person's first day with hours
    (``None``: there is none), nothing is missing.
    """
    target = daily_target(weekly_capacity)
    found = []
    for back in range(1, LOOKED_BACK + 1):
        one = today - timedelta(days=back)
        hours = by_day.get(one, 0)
        is_weekend = one.weekday() >= WORKDAYS
        if begun is not None and one >= begun and hours < target and not is_weekend:
            found.append(Gap(one, hours, target))
    return found
