"""When a time entry happened: a pure decision, made the same in SQL (``store.py``).

Harvest says of an entry on which day it counts, of some the start (wall clock in its person's zone), of all when they
were created. So its instant is

1. its start on its day, in its person's zone, where it has one;
2. else when it was created, if that was on its day there: who logs while working on it logs at its end;
3. else the end of its day there: logged later or ahead, nobody knows when on that day it was.

Of a wall-clock time that a change of the clocks makes twice, or leaves out, the reading by standard time counts, which
is PostgreSQL's own rule (its documentation, appendix B.4, "Handling of Invalid or Ambiguous Timestamps").
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOCK = r"^(([01]?\d|2[0-3]):[0-5]\d|(0?[1-9]|1[0-2]):[0-5]\d ?[ap]m)$"
"""A start as Harvest writes it, in either notation: ``13:05``, ``1:05pm``. Anything else is none."""


def instant(day: date, started: str | None, created_at: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """When an entry happened, in UTC, and whether that is known to the minute."""
    if started is not None and re.fullmatch(CLOCK, started, re.ASCII):
        return _utc(datetime.combine(day, _clock(started)), zone), True
    if created_at.astimezone(zone).date() == day:
        return created_at.astimezone(UTC), True
    return _utc(datetime.combine(day + timedelta(days=1), time()), zone) - timedelta(microseconds=1), False


def _clock(text: str) -> time:
    match = re.fullmatch(r"(\d+):(\d+) ?([ap]m)?", text)
    assert match
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute)


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    """Standard time is the reading with the lesser offset: the later instant of the two."""
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
