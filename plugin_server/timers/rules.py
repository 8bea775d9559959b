"""The life of a timer, and what its hours are: pure decisions, no I/O, no clock.

``starting`` (Harvest is being told) → ``running`` → ``stopping`` → ``stopped`` → ``ended`` (recorded by a log, kept as
it is, or deleted). ``failed``: Harvest would not start it, or has its entry no more; there is nothing left to record.
``attention``: Harvest would not stop it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from plugin_server.runtime.i18n import later

State = Literal["starting", "running", "stopping", "stopped", "deleting", "attention", "failed", "ended"]
Event = Literal[
    "begun", "stop", "done", "start", "refused", "retry", "elsewhere", "gone", "keep", "delete", "removed", "recorded",
    "restored", "dismiss", "resumed", "not_continued",
]  # fmt: skip

_TRANSITIONS: Mapping[tuple[State, Event], State] = {
    ("starting", "begun"): "running",
    ("starting", "refused"): "failed",
    ("starting", "not_continued"): "stopped",  # what earlier runs have counted is there to be logged
    ("starting", "stop"): "stopping",
    ("running", "stop"): "stopping",
    ("running", "elsewhere"): "stopped",  # in Harvest, or because another one was started
    ("running", "gone"): "failed",
    ("stopping", "done"): "stopped",
    ("stopping", "gone"): "failed",
    ("stopping", "refused"): "attention",
    ("attention", "retry"): "stopping",
    ("attention", "elsewhere"): "stopped",
    ("attention", "gone"): "failed",
    ("stopped", "start"): "starting",
    ("stopped", "resumed"): "running",  # in Harvest
    ("stopped", "gone"): "failed",
    ("stopped", "keep"): "ended",
    ("stopped", "delete"): "deleting",
    ("stopped", "recorded"): "ended",
    ("deleting", "removed"): "ended",
    ("deleting", "refused"): "stopped",
    ("ended", "restored"): "stopped",  # the log that had recorded it was undone
    ("failed", "dismiss"): "ended",
}

LIVE: frozenset[State] = frozenset({"starting", "running", "stopping"})
"""States in which time is passing, or Harvest is still to be told that it no longer does."""

UNNOTICEABLE = timedelta(minutes=1)
"""Harvest's own count stands unless a call came later than this after the person's wish."""

HUNDREDTH = Decimal("0.01")


class WrongState(Exception):
    """The event makes no sense in the timer's state."""


def after(state: State, event: Event) -> State:
    """The state after ``event``. Raises :class:`WrongState`."""
    try:
        return _TRANSITIONS[state, event]
    except KeyError:
        raise WrongState(f"a timer that is {state} can't be taken through {event}") from None


def accepts(state: State, event: Event) -> bool:
    """Whether ``event`` makes sense in ``state``."""
    return (state, event) in _TRANSITIONS


def hours_between(start: datetime, end: datetime) -> Decimal:
    """Hours from one instant to another, two places, half up; none when the end lies before the start."""
    # In UTC: within one zone Python subtracts what the clocks on the wall show, whatever night it is.
    seconds = max(Decimal(0), Decimal(int((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds())))
    return (seconds / 3600).quantize(HUNDREDTH, ROUND_HALF_UP)


@dataclass(frozen=True)
class Run:
    """One stretch between Start and Stop, by our clock (an adopted timer's start is Harvest's word). ``wanted_at`` and
    ``stop_wanted_at`` are when the person pressed, ``began_at`` when Harvest was told; ``banked`` hours stood in the
    entry before."""

    wanted_at: datetime
    began_at: datetime
    stop_wanted_at: datetime
    banked: Decimal

    @property
    def begun_late(self) -> bool:
        """Whether Start reached Harvest so late that somebody would miss the time."""
        return self.began_at - self.wanted_at > UNNOTICEABLE


def corrected_hours(run: Run, counted: Decimal, stopped_at: datetime | None) -> Decimal | None:
    """What the entry's hours should be, when Harvest was told too late and counted otherwise; else ``None``.

    ``counted`` is what Harvest shows after the stop, which we had carried out at ``stopped_at`` at the latest, or
    somebody else (``None``): then only the time before a late start is missing. A start or stop that reached Harvest
    within a minute is left as Harvest counted it.
    """
    if stopped_at is None:
        return counted + hours_between(run.wanted_at, run.began_at) if run.begun_late else None
    if not run.begun_late and stopped_at - run.stop_wanted_at <= UNNOTICEABLE:
        return None
    worked = run.banked + hours_between(run.wanted_at, run.stop_wanted_at)
    return None if abs(worked - counted) * 3600 <= UNNOTICEABLE.total_seconds() else worked


def may_go_on(spent_date: date, today: date, *, start_end: bool, locked: bool) -> bool:
    """Whether Continue lets the same entry run on. Not in start/end accounts, where Harvest makes a new entry; and not
    on another day, for today's time must not count for yesterday."""
    return not start_end and not locked and spent_date == today


def is_forgotten(state: State, seen_at: datetime, now: datetime, limit: timedelta | None) -> bool:
    """Whether a running timer asks if it is still meant to run; no limit, no question."""
    return state == "running" and limit is not None and now - seen_at >= limit


def crossed_midnight(start: datetime, end: datetime, zone: ZoneInfo) -> bool:
    """Whether a run's end lies on another day than its start, for the person; all of it counts for the first."""
    return start.astimezone(zone).date() != end.astimezone(zone).date()


def clock_times(day: date, hours: Decimal, made_at: datetime, zone: ZoneInfo, notation: str) -> tuple[str, str]:
    """Start and end, as a start/end account wants them, for hours that were typed by hand; never across midnight.

    Today's time ends when it was logged (or later, when the day is younger than the hours); that of an earlier day
    begins at nine, or as much earlier as it must. The same log always gets the same times. Raises
    :class:`ValueError` when the hours don't fit between two midnights.
    """
    minutes = int((hours * 60).quantize(Decimal(1), ROUND_HALF_UP))
    last = 24 * 60 - 1
    if minutes > last:
        raise ValueError(later("In an account with start and end times, at most 23.98 hours fit into a day."))
    local = made_at.astimezone(zone)
    now = local.hour * 60 + local.minute
    start = max(0, now - minutes) if local.date() == day else min(9 * 60, last - minutes)
    return clock_time(start, notation), clock_time(start + minutes, notation)


def times_of(start: datetime, end: datetime, zone: ZoneInfo, notation: str) -> tuple[str, str] | None:
    """A run as a start/end account writes it, in the person's zone; ``None`` when it crosses midnight, or when the
    clocks were set back in it so that it would seem to end before it began."""
    begin, finish = start.astimezone(zone), end.astimezone(zone)
    first, last = begin.hour * 60 + begin.minute, finish.hour * 60 + finish.minute
    if begin.date() != finish.date() or last < first:
        return None
    return clock_time(first, notation), clock_time(last, notation)


def clock_time(minute: int, notation: str) -> str:
    """A minute of the day in an account's notation: ``14:59`` (``24h``) or ``2:59pm`` (``12h``)."""
    hour, rest = divmod(minute, 60)
    if notation == "12h":
        return f"{(hour - 1) % 12 + 1}:{rest:02}{'am' if hour < 12 else 'pm'}"
    return f"{hour:02}:{rest:02}"


WORDS: Mapping[State, str] = {
    "starting": later("being started"),
    "running": later("running"),
    "stopping": later("being stopped"),
    "stopped": later("stopped"),
    "deleting": later("being deleted"),
    "attention": later("waiting for you: it could not be stopped"),
    "failed": later("over: there is nothing to log"),
    "ended": later("logged, kept or deleted"),
}
"""A state as people are told of it: *This timer is …*"""


def mark(timer_id: object, run: int) -> str:
    """What names a run in its entry's permalink; the timer's id is part of it."""
    return f"{timer_id}.{run}"


@dataclass(frozen=True)
class Counted:
    """An entry of a timer as the mirror knows it. ``banked_hours`` in hundredths."""

    entry_id: int
    banked_hours: int
    is_running: bool
    timer_started_at: datetime | None


def seconds_banked(entries: Sequence[Counted]) -> int:
    """Seconds in all of a timer's entries, without the part that is running."""
    return sum(entry.banked_hours for entry in entries) * 36


def running_since(wanted_at: datetime, started_at: datetime | None, entries: Sequence[Counted]) -> datetime:
    """The instant from which the shown time goes on: when the person pressed Start, by our clock; but Harvest's instant
    when it is no longer the one that the run began with (``started_at``), because somebody changed the entry there."""
    running = next((entry.timer_started_at for entry in entries if entry.is_running), None)
    changed = running is not None and started_at is not None and running != started_at
    return running if changed and running else wanted_at


def instant(moment: datetime) -> str:
    """For the page: ISO 8601 in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
