"""What is to be done so that a ticket's bookings are its time entries: pure, without a clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Unit = Literal["hour", "quarter", "minute"]

_PER_HOUR: dict[Unit, int] = {"hour": 1, "quarter": 4, "minute": 60}

MOST = Decimal("9999.99")
"""More than that no booking holds (Zammad's ``time_unit`` is a decimal of six digits, two of them places)."""


class TooMuch(ValueError):
    """An amount that the helpdesk can't hold."""


@dataclass(frozen=True)
class Worked:
    """A time entry that counts for the ticket; ``hours`` in hundredths, ``None`` while its timer runs."""

    entry_id: int
    hours: int | None


@dataclass(frozen=True)
class Booked:
    """What stands in the helpdesk for an entry, on whichever ticket."""

    entry_id: int
    ticket_id: int
    accounting_id: int
    units: Decimal


@dataclass(frozen=True)
class Book:
    """A booking is missing."""

    entry_id: int
    units: Decimal


@dataclass(frozen=True)
class Correct:
    """A booking has another amount than its entry."""

    booked: Booked
    units: Decimal


@dataclass(frozen=True)
class Remove:
    """A booking's entry no longer counts for its ticket."""

    booked: Booked


Step = Book | Correct | Remove


def units(hours: int, unit: Unit) -> Decimal:
    """Hundredths of hours in the helpdesk's unit, two places. Raises :class:`TooMuch`."""
    amount = (Decimal(hours) / 100 * _PER_HOUR[unit]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    if amount > MOST:
        raise TooMuch(f"{amount} is more than the helpdesk's time accounting holds ({MOST}).")
    return amount


def plan(ticket_id: int, worked: Iterable[Worked], booked: Iterable[Booked], unit: Unit) -> list[Step]:
    """The steps after which the ticket's bookings are its entries, one each; none for entries without time. What is
    booked of an entry stays as it is while its timer runs again, and is corrected when that stops.

    ``booked`` are the ticket's bookings and those of its entries on other tickets. What goes, goes first, so that no
    entry is ever booked twice. Raises :class:`TooMuch`.
    """
    worked, booked = list(worked), list(booked)
    wanted = {one.entry_id: units(one.hours, unit) for one in worked if one.hours is not None and one.hours > 0}
    running = {one.entry_id for one in worked if one.hours is None}
    stays = {
        one.entry_id: one for one in booked if one.ticket_id == ticket_id and one.entry_id in wanted.keys() | running
    }
    gone: list[Step] = [Remove(one) for one in booked if one.entry_id not in stays]
    wrong: list[Step] = [
        Correct(stays[entry_id], amount)
        for entry_id, amount in wanted.items()
        if entry_id in stays and stays[entry_id].units != amount
    ]
    missing: list[Step] = [Book(entry_id, amount) for entry_id, amount in wanted.items() if entry_id not in stays]
    return gone + wrong + missing
