"""What may be corrected, by whom, and into what: pure decisions, no I/O, no clock.

The rule: an agent corrects the own entries; a project manager or
administrator of the helpdesk those that count for a ticket they may see. What Harvest has locked stays as it is,
whoever asks: it has been invoiced or approved as it stands. A ticket's budget lock stands in nobody's way, for it never
refuses the truth about time that was worked.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal, TypeVar

from plugin_server.harvest.notes import clean_notes, too_long
from plugin_server.mirror.store import Task
from plugin_server.runtime import i18n
from plugin_server.runtime.i18n import gettext as _
from plugin_server.timelog import rules as timelog_rules
from plugin_server.timelog.rules import HoursRule

Value = TypeVar("Value")

Kind = Literal["change", "delete"]
State = Literal["asked", "done", "refused", "withdrawn"]
Access = Literal["own", "service"]
"""Whose access to Harvest a correction goes with: the asker's, or the service's (an administrator's)."""

Reason = Literal[
    "gone", "not_yours", "not_connected", "pending", "running", "timer", "undoing", "settling", "invoiced", "approved",
    "archived", "locked",
]  # fmt: skip
"""Why an entry can't be corrected."""

MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True)
class Values:
    """What stands in an entry and may be corrected. ``hours`` with two places; ``started`` and ``ended`` are minutes of
    the day, ``None`` in accounts that count durations; ``ticket_id`` is the ticket that the entry names."""

    project_id: int
    task_id: int
    spent_date: date
    hours: Decimal
    notes: str
    ticket_id: int | None
    started: int | None = None
    ended: int | None = None

    @property
    def timed(self) -> bool:
        """Whether its hours are what lies between two times."""
        return self.started is not None and self.ended is not None

    def same(self, other: Values) -> bool:
        """Whether both say the same. Between the same two times lie the same hours, however they were rounded."""
        return self._told() == other._told()

    def _told(self) -> dict[str, Any]:
        told = {**asdict(self), "hours": f"{self.hours:.2f}", "notes": clean_notes(self.notes)}
        if self.timed:
            del told["hours"]
        return told

    @property
    def version(self) -> str:
        """Changes exactly when what is said does."""
        text = json.dumps(self._told(), default=str, sort_keys=True)
        return hashlib.blake2s(text.encode(), digest_size=8).hexdigest()


def timed(values: Values, started: str | None, ended: str | None) -> Values:
    """The values with an entry's times, in any account's notation; one without both is counted in hours alone."""
    try:
        return replace(values, started=minute(started or ""), ended=minute(ended or ""))
    except ValueError:
        return values


@dataclass(frozen=True)
class Standing:
    """How an entry stands, apart from its values."""

    is_running: bool = False
    is_billed: bool = False
    is_approved: bool = False
    is_locked: bool = False
    is_archived: bool = False
    is_gone: bool = False


def hindrance(standing: Standing) -> Reason | None:
    """What in the entry itself stands in the way of a correction; the reason that says most."""
    reasons: tuple[tuple[bool, Reason], ...] = (
        (standing.is_gone, "gone"),
        (standing.is_running, "running"),
        (standing.is_billed, "invoiced"),
        (standing.is_approved, "approved"),
        (standing.is_archived, "archived"),
        (standing.is_locked, "locked"),
    )
    return next((reason for holds, reason in reasons if holds), None)


def words(reason: Reason) -> str:
    """A reason as people are told of it: what is so, and what to do."""
    return {
        "gone": _("This entry is no longer in Harvest: somebody has deleted it."),
        "not_yours": _("This is another person's entry. Project managers correct those; ask yours."),
        "not_connected": _("Connect your Harvest account first; then you can correct your entries."),
        "pending": _("A correction of this entry waits for Harvest. The next one can be made when that is done."),
        "running": _("This timer is still running. Stop it first; then its time can be corrected."),
        "timer": _("This is the time of a timer that has not been logged yet. Log or discard it first."),
        "undoing": _("This entry is being taken back by Undo."),
        "settling": _("It is still being made sure that this was recorded once only. Try again in two minutes."),
        "invoiced": _("This entry is on an invoice, so it stays as it is. Take it off the invoice in Harvest first."),
        "approved": _("This entry has been approved, so it stays as it is. Withdraw the approval in Harvest first."),
        "archived": _("The entry's project is archived in Harvest. Restore it there first."),
        "locked": _(
            "Harvest has locked this entry: its time period is closed, or its task or person is archived. An"
            " administrator opens it in Harvest."
        ),
    }[reason]


def accesses(
    *, own: bool, manages: bool, has_grant: bool, may_in_harvest: bool, substitutes: bool
) -> tuple[Access, ...] | Reason:
    """Whose access to Harvest a correction may go with, the first to be tried first; or why with none.

    ``manages``: a project manager or administrator of the helpdesk. ``may_in_harvest``: their Harvest role lets them
    change others' entries. ``substitutes``: the service stands in for agents whose grant is gone.
    """
    if not own and not manages:
        return "not_yours"
    found: list[Access] = []
    if has_grant and (own or may_in_harvest):
        found.append("own")
    if manages or (own and substitutes and not has_grant):
        found.append("service")
    return tuple(found) or "not_connected"


@dataclass(frozen=True)
class Typed:
    """What came from the form or the API, as text; ``None`` leaves a value as it is."""

    hours: str | None = None
    started_time: str | None = None
    ended_time: str | None = None
    task_id: str | None = None
    spent_date: str | None = None
    notes: str | None = None


@dataclass(frozen=True)
class Target:
    """The ticket an entry is to be moved to, and where its time goes there."""

    ticket_id: int
    project_id: int
    project: str


@dataclass(frozen=True)
class Choices:
    """What an entry's values may become. ``today`` is its person's day; ``tasks`` are those of the project that it is
    to be in; ``names`` of all tasks known, by id; ``measured``: a timer has counted its hours."""

    rule: HoursRule
    today: date
    tasks: Sequence[Task]
    names: Mapping[int, str]
    start_end: bool
    measured: bool = False


class Unacceptable(Exception):
    """Typed values that can't be written: the reason by field, all at once."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = dict(fields)


def corrected(before: Values, typed: Typed, choices: Choices, target: Target | None = None) -> Values:
    """What the entry is to hold. What is typed as it stood is never refused: it was good enough until now.

    Raises :class:`Unacceptable` with a reason for every field that is wrong.
    """
    reasons: dict[str, str] = {}
    after = before
    if target is not None:
        after = replace(after, ticket_id=target.ticket_id, project_id=target.project_id)
    task_id = _read(reasons, "task_id", lambda: _task(before, typed.task_id, choices, target), before.task_id)
    day = _read(reasons, "spent_date", lambda: _day(before, typed.spent_date, choices.today), before.spent_date)
    notes = _read(reasons, "notes", lambda: _notes(before, typed.notes), before.notes)
    after = replace(after, task_id=task_id, spent_date=day, notes=notes)
    after = _times(reasons, after, typed, choices) if choices.start_end else _hours(reasons, after, typed, choices)
    if reasons:
        raise Unacceptable(reasons)
    return after


def _read(reasons: dict[str, str], name: str, parse: Callable[[], Value], otherwise: Value) -> Value:
    """What ``parse`` makes of a field; or ``otherwise``, with the reason noted."""
    try:
        return parse()
    except ValueError as error:
        reasons[name] = str(error)
        return otherwise


def _hours(reasons: dict[str, str], values: Values, typed: Typed, choices: Choices) -> Values:
    if typed.hours is None:
        return values
    text = typed.hours
    return replace(values, hours=_read(reasons, "hours", lambda: _number(values.hours, text, choices), values.hours))


def _number(present: Decimal, text: str, choices: Choices) -> Decimal:
    """Hours by the manifest's rule; those that a timer has counted, or that do not follow it now, to the hundredth."""
    rule = choices.rule
    if choices.measured or present % rule.step:
        return timelog_rules.parse_hours(text, timelog_rules.MEASURED)
    try:
        if timelog_rules.parse_hours(text, timelog_rules.MEASURED) == present:
            return present
    except ValueError:
        pass  # told in the rule's own words
    return timelog_rules.parse_hours(text, rule)


def _times(reasons: dict[str, str], values: Values, typed: Typed, choices: Choices) -> Values:
    """Start and end in an account that has them; hours typed instead count from the start. An entry that has none stays
    one of hours alone until both are typed."""
    started, ended = values.started, values.ended
    if not values.timed and not any((text or "").strip() for text in (typed.started_time, typed.ended_time)):
        return _hours(reasons, values, typed, choices)
    if typed.started_time is not None:
        text = typed.started_time
        started = _read(reasons, "started_time", lambda: minute(text), started)
    if typed.ended_time is not None:
        end_text = typed.ended_time
        ended = _read(reasons, "ended_time", lambda: minute(end_text), ended)
    if typed.hours is not None and typed.started_time is None and typed.ended_time is None:
        hours = _hours(reasons, values, typed, choices).hours
        if hours == values.hours:
            return values
        ended = (started or 0) + int((hours * 60).quantize(Decimal(1), ROUND_HALF_UP))
        if ended >= MINUTES_A_DAY:
            reasons["hours"] = _("So many hours from its start would go beyond midnight.")
    if (started, ended) == (values.started, values.ended) or reasons:
        return values
    if started is None or ended is None:
        reasons["started_time" if started is None else "ended_time"] = _("Say when it began and ended.")
        return values
    if ended <= started:
        reasons["ended_time"] = _("The end has to be after the start, on the same day.")
        return values
    return replace(values, started=started, ended=ended, hours=between(started, ended))


def between(started: int, ended: int) -> Decimal:
    """Hours between two minutes of a day, two places."""
    return (Decimal(ended - started) / 60).quantize(Decimal("0.01"), ROUND_HALF_UP)


def minute(text: str) -> int:
    """The minute of the day that a time names: ``14:59``, ``2:59pm``, ``9``. Raises :class:`ValueError` in words."""
    match = re.fullmatch(r"(\d{1,2})(?:[:.]([0-5]\d))?\s*(?:([ap])\.?m?\.?)?", text.strip().lower(), re.ASCII)
    if match is None:
        raise ValueError(_("Enter a time such as 14:30 or 2:30pm."))
    hour, rest, half = int(match[1]), int(match[2] or 0), match[3]
    if hour > 23 or (half and not 1 <= hour <= 12):
        raise ValueError(_("Enter a time such as 14:30 or 2:30pm."))
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 60 + rest


def clock(value: int | None) -> str:
    """A minute of the day as ``HH:MM``; nothing for none."""
    return "" if value is None else f"{value // 60:02}:{value % 60:02}"


def _task(before: Values, text: str | None, choices: Choices, target: Target | None) -> int:
    """The task; one of the same name where the ticket that the entry goes to has another project."""
    chosen = before.task_id if text is None or not text.strip() else _id(text)
    moved = target is not None and target.project_id != before.project_id
    if chosen == before.task_id and not moved:
        return chosen
    if any(task.id == chosen for task in choices.tasks):
        return chosen
    named = next((task.id for task in choices.tasks if task.name == choices.names.get(chosen)), None)
    if moved and named is not None:
        return named
    if moved and target is not None:
        raise ValueError(_("Choose a task of the project {project}.").format(project=target.project))
    raise ValueError(_("This task can't be used in the entry's project. Choose another one."))


def _id(text: str) -> int:
    text = text.strip()
    return int(text) if re.fullmatch(r"\d{1,18}", text, re.ASCII) else 0


def _day(before: Values, text: str | None, today: date) -> date:
    if text is None:
        return before.spent_date
    try:
        day = date.fromisoformat(text.strip()) if re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip(), re.ASCII) else None
    except ValueError:
        day = None
    if day is None:
        raise ValueError(_("Enter a day such as 2026-01-31."))
    if day > today and day != before.spent_date:
        raise ValueError(_("Time can't be moved into the future; today is {day}.").format(day=i18n.day(today)))
    if day.year < 2000:
        raise ValueError(_("This day is too long ago to be meant."))
    return day


def _notes(before: Values, text: str | None) -> str:
    if text is None or clean_notes(text) == clean_notes(before.notes):
        return before.notes
    notes = clean_notes(text)
    if reason := too_long(notes):
        raise ValueError(reason)
    return notes
