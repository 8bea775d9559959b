"""The one source of "now": everything asks a :class:`Clock`, so tests and the demo can set the time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SetClock:
    """A clock that stands still until it is moved; for tests."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        """Move on by the given ``timedelta`` arguments, such as ``seconds=60``."""
        self._now += timedelta(**by)


def today(clock: Clock, zone: ZoneInfo) -> date:
    """The calendar day it is now in ``zone``; a person's day is never the server's."""
    return clock.now().astimezone(zone).date()
