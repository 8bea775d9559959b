"""The life of a log, and what may be typed into one: pure decisions, no I/O, no clock.

``armed`` (waits for its article) → ``queued`` (confirmed, on its way to Harvest) → ``logged``; or ``expired``,
``disarmed``, ``discarded``, ``attention`` (a person must act), and after Undo ``undoing`` → ``undone``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Literal, TypeVar
from uuid import UUID

from plugin_server.harvest.notes import clean_notes, too_long
from plugin_server.runtime import i18n
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later

Value = TypeVar("Value")

State = Literal["armed", "queued", "logged", "attention", "disarmed", "expired", "discarded", "undoing", "undone"]
Event = Literal[
    "arm", "send", "confirm", "disarm", "expire", "pushed", "refused", "retry", "discard", "undo", "removed", "kept"
]

ARMED_FOR = timedelta(minutes=15)
"""An armed log that no article confirms in this time expires, visibly."""

UNDO_FOR = timedelta(seconds=60)
"""Undo is offered for so long after a log reached Harvest."""

SHOWN_FOR = timedelta(minutes=3)
"""A finished log stays in the panel for so long."""

TROUBLE_SHOWN_FOR = timedelta(days=1)
"""A finished log that its person has to look at in Harvest stays for so long."""

MAXIMUM_HOURS = Decimal(24)
HUNDREDTH = Decimal("0.01")

_TRANSITIONS: Mapping[tuple[State, Event], State] = {
    ("armed", "arm"): "armed",
    ("disarmed", "arm"): "armed",
    ("expired", "arm"): "armed",
    ("attention", "arm"): "armed",
    ("armed", "send"): "queued",  # "Log now" after all
    ("disarmed", "send"): "queued",
    ("expired", "send"): "queued",
    ("attention", "send"): "queued",
    ("armed", "confirm"): "queued",
    ("armed", "disarm"): "disarmed",
    ("expired", "disarm"): "disarmed",
    ("attention", "disarm"): "disarmed",
    ("armed", "expire"): "expired",
    ("queued", "pushed"): "logged",
    ("queued", "refused"): "attention",
    ("attention", "retry"): "queued",
    ("armed", "discard"): "discarded",
    ("expired", "discard"): "discarded",
    ("disarmed", "discard"): "discarded",
    ("attention", "discard"): "discarded",
    ("logged", "undo"): "undoing",
    ("undoing", "removed"): "undone",
    ("undoing", "kept"): "logged",
}

OPEN: frozenset[State] = frozenset({"armed", "queued", "undoing", "attention", "expired"})
"""States in which something is still to happen, by us or by a person; shown until it has."""

OURS: tuple[State, ...] = ("armed", "queued", "undoing")
"""States in which it is the worker's turn."""


WORDS: Mapping[State, str] = {
    "armed": later("waiting for your reply or note"),
    "queued": later("on its way to Harvest"),
    "logged": later("in Harvest already"),
    "attention": later("waiting for you"),
    "disarmed": later("taken back"),
    "expired": later("expired"),
    "discarded": later("discarded"),
    "undoing": later("being undone"),
    "undone": later("undone"),
}
"""A state as people are told of it: *This log is …*"""


class WrongState(Exception):
    """The event makes no sense in the log's state."""


def after(state: State, event: Event) -> State:
    """The state after ``event``. Raises :class:`WrongState`."""
    try:
        return _TRANSITIONS[state, event]
    except KeyError:
        raise WrongState(f"a log that is {state} can't be taken through {event}") from None


def accepts(state: State, event: Event) -> bool:
    """Whether ``event`` makes sense in ``state``."""
    return (state, event) in _TRANSITIONS


Rounding = Literal["refuse", "up", "nearest"]
"""What becomes of typed hours that are no multiple of the step."""


@dataclass(frozen=True)
class HoursRule:
    """What hours typed by hand may be."""

    minimum: Decimal
    step: Decimal
    rounding: Rounding = "refuse"


MEASURED = HoursRule(HUNDREDTH, HUNDREDTH, "nearest")
"""What a person may make of hours that a timer measured."""


@dataclass(frozen=True)
class Typed:
    """What came from the form or the API, as text."""

    hours: str
    task_id: str
    spent_date: str
    notes: str


@dataclass(frozen=True)
class Entry:
    """What is to be recorded, ``hours`` with two places. Of a timer (``timer_id``) they are what it measured so far;
    ``typed_hours`` are the person's correction of that."""

    hours: Decimal
    task_id: int
    spent_date: date
    notes: str
    timer_id: UUID | None = None
    typed_hours: Decimal | None = None


class Unacceptable(Exception):
    """Typed values that can't be recorded: the reason by field, all at once."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = dict(fields)


def check(typed: Typed, rule: HoursRule, today: date, tasks: Sequence[int]) -> Entry:
    """The entry that was typed. ``today`` is the person's own day, ``tasks`` those the person may use.

    Raises :class:`Unacceptable` with a reason for every field that is wrong.
    """
    reasons: dict[str, str] = {}
    hours = _read(reasons, "hours", lambda: parse_hours(typed.hours, rule), Decimal(0))
    task_id = _read(reasons, "task_id", lambda: _task(typed.task_id, tasks), 0)
    day = _read(reasons, "spent_date", lambda: _day(typed.spent_date, today), today)
    notes = _read(reasons, "notes", lambda: _notes(typed.notes), "")
    if reasons:
        raise Unacceptable(reasons)
    return Entry(hours, task_id, day, notes)


@dataclass(frozen=True)
class Timed:
    """A timer that is to be recorded: what it ``measured`` so far, and the day it counts for. ``correctable``: it has
    stopped and has one entry, so that other hours can be written into it."""

    timer_id: UUID
    measured: Decimal
    day: date
    correctable: bool


def check_timed(typed: Typed, timed: Timed, tasks: Sequence[int]) -> Entry:
    """The entry of a timer's log. Its hours and day are the timer's, unless a correction was typed.

    Raises :class:`Unacceptable` as :func:`check`.
    """
    reasons: dict[str, str] = {}
    correction = _read(reasons, "hours", lambda: _correction(typed.hours, timed), None)
    task_id = _read(reasons, "task_id", lambda: _task(typed.task_id, tasks), 0)
    notes = _read(reasons, "notes", lambda: _notes(typed.notes), "")
    if reasons:
        raise Unacceptable(reasons)
    return Entry(correction or timed.measured, task_id, timed.day, notes, timed.timer_id, correction)


def _read(reasons: dict[str, str], name: str, parse: Callable[[], Value], otherwise: Value) -> Value:
    """What ``parse`` makes of a field; or ``otherwise``, with the reason noted."""
    try:
        return parse()
    except ValueError as error:
        reasons[name] = str(error)
        return otherwise


def _correction(text: str, timed: Timed) -> Decimal | None:
    """Hours typed in place of those measured; ``None`` when none were, or the very same."""
    if not text.strip():
        return None
    hours = parse_hours(text, MEASURED)
    if hours == timed.measured:
        return None
    if not timed.correctable:
        raise ValueError(_("A timer's hours can be corrected once it has stopped, and while it is a single entry."))
    return hours


def _notes(text: str) -> str:
    notes = clean_notes(text)
    if words := too_long(notes):
        raise ValueError(words)
    return notes


def parse_hours(text: str, rule: HoursRule) -> Decimal:
    """Hours as ``0.5``, ``0,5``, ``.5`` or ``1:30``. Raises :class:`ValueError` with the reason in words."""
    text = text.strip()
    if not text:
        raise ValueError(_("Enter the hours, such as {minimum} or 1:30.").format(minimum=i18n.number(rule.minimum)))
    if match := re.fullmatch(r"(\d{1,3}):([0-5]\d)", text, re.ASCII):
        minutes = int(match.group(1)) * 60 + int(match.group(2))
        exact = Decimal(minutes) / 60
    elif re.fullmatch(r"-?(\d{1,6}([.,]\d{0,10})?|[.,]\d{1,10})", text, re.ASCII):
        exact = Decimal(text.replace(",", "."))
    else:
        raise ValueError(_("Enter hours as a number such as 0.5, or as hours and minutes such as 1:30."))
    if exact <= 0 or (exact < rule.minimum and rule.rounding == "refuse"):
        raise ValueError(_("At least {minimum} hours.").format(minimum=i18n.number(rule.minimum)))
    if exact > MAXIMUM_HOURS:
        raise ValueError(_("At most {maximum} hours a day.").format(maximum=i18n.number(MAXIMUM_HOURS)))
    if exact % rule.step:
        if rule.rounding == "refuse":
            raise ValueError(
                _("In steps of {step} hours: {options}.").format(
                    step=i18n.number(rule.step), options=_neighbours(exact, rule)
                )
            )
        exact = _rounded(exact, rule)
    return max(exact, rule.minimum).quantize(HUNDREDTH)


def _rounded(exact: Decimal, rule: HoursRule) -> Decimal:
    """To a multiple of the step, as the rule says; a day's limit is kept."""
    how = ROUND_CEILING if rule.rounding == "up" else ROUND_HALF_UP
    steps = (exact / rule.step).quantize(Decimal(1), how)
    return min(steps * rule.step, MAXIMUM_HOURS // rule.step * rule.step)


def _neighbours(exact: Decimal, rule: HoursRule) -> str:
    below = exact // rule.step * rule.step
    options = [value for value in (below, below + rule.step) if rule.minimum <= value <= MAXIMUM_HOURS]
    if len(options) == 1:
        return i18n.decimal(options[0])
    return _("{less} or {more}").format(less=i18n.decimal(options[0]), more=i18n.decimal(options[1]))


def _task(text: str, tasks: Sequence[int]) -> int:
    text = text.strip()
    if not text:
        raise ValueError(_("Choose a task."))
    if not re.fullmatch(r"\d{1,18}", text, re.ASCII) or int(text) not in tasks:
        raise ValueError(_("This task isn't assigned to you in the ticket's Harvest project. Choose another one."))
    return int(text)


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text.strip()) if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(_("Enter a day such as 2026-01-31."))
    if day > today:
        raise ValueError(
            _("Time can't be logged for the future; today is {today} in your time zone.").format(today=i18n.day(today))
        )
    if day.year < 2000:
        raise ValueError(_("This day is too long ago to be meant."))
    return day
