"""Hours, timers and locks of a time entry: pure decisions without I/O and without a clock of their own."""

from __future__ import annotations

from datetime import datetime, time
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from urllib.parse import urlsplit

from plugin_server.demo.harvest.sql import Row

CENT = Decimal("0.01")


def elapsed(since: datetime, now: datetime) -> Decimal:
    """Hours between two instants in two places; none when the clock was set back."""
    seconds = max(0, int((now - since).total_seconds()))
    return (Decimal(seconds) / 3600).quantize(CENT, ROUND_HALF_UP)


def total_hours(banked: Decimal, running_since: datetime | None, now: datetime) -> Decimal:
    """What ``hours`` shows: with the running part as of this request. It has no bound at midnight."""
    return banked if running_since is None else banked + elapsed(running_since, now)


def rounded(hours: Decimal, minutes: int, mode: str) -> Decimal:
    """The account's Time Rounding: to steps of so many minutes, ``up`` or to the nearest; 0 minutes is off."""
    if minutes == 0:
        return hours
    steps = (hours * 60 / minutes).quantize(Decimal(1), ROUND_CEILING if mode == "up" else ROUND_HALF_UP)
    return (steps * minutes / 60).quantize(CENT, ROUND_HALF_UP)


def between(start: time, end: time) -> Decimal:
    """Hours from one wall-clock time to another; an end before the start lies behind midnight."""
    minutes = (end.hour * 60 + end.minute) - (start.hour * 60 + start.minute)
    return (Decimal(minutes % 1440) / 60).quantize(CENT, ROUND_HALF_UP)


def shifted(start: time, hours: Decimal) -> time:
    """The wall-clock time so many hours later (or earlier, if negative), to the nearest minute."""
    minutes = int((hours * 60).quantize(Decimal(1), ROUND_HALF_UP))
    total = (start.hour * 60 + start.minute + minutes) % 1440
    return time(total // 60, total % 60)


def running_from(start: time, local_now: datetime, now: datetime) -> datetime:
    """The instant from which a timer with this start time counts: today's, never one that is still to come.

    A timer lives in wall-clock minutes there, so its first minute may already have begun.
    """
    begun = datetime.combine(local_now.date(), start, local_now.tzinfo)
    return min(begun, now) if begun.replace(second=0) != local_now else now


def locked_reason(row: Row) -> str | None:
    """Why an entry cannot be edited freely, in the words seen from the live API; None when it can.

    The row carries ``is_billed``, ``approval_status``, ``period_locked`` and ``archived``.
    """
    parts = ["Invoiced"] if row["is_billed"] else []
    approved = row["approval_status"] == "approved"
    if approved:
        parts.append("Approved")
    if row["archived"]:
        parts.append("Archived")
    if approved or row["period_locked"]:
        parts.append("Locked for this Time Period")
    return f"Item {' and '.join(parts)}" if parts else None


def service_of(permalink: str | None) -> str | None:
    """The host that a reference leads to."""
    try:
        return urlsplit(permalink or "").hostname
    except ValueError:
        return None


def is_link(text: str) -> bool:
    """Whether it is an absolute web address."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
