"""Reading what a caller sent: every value is checked before it comes near the database.

Harvest answers 422 with one text; all problems of a request are collected and joined. Numbers may come as text, as
forms send them and Harvest takes; ``"1:20"`` may not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from plugin_server.demo.harvest.errors import unprocessable

BIGGEST = 2**63 - 1
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold this text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def read_integer(value: object) -> int | None:
    """An id or a count up to 64 bits, or None when it is none."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,19}", value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= BIGGEST:
        return value
    return None


def read_boolean(value: object) -> bool | None:
    """True, false, or their text; None when it is neither."""
    if isinstance(value, bool):
        return value
    return _TRUTH.get(value) if isinstance(value, str) else None


def read_decimal(value: object) -> Decimal | None:
    """A finite number below ten million, rounded to two places half up, or None."""
    if isinstance(value, str):
        if not re.fullmatch(r"-?[0-9]{0,12}(\.[0-9]{0,20})?", value) or not re.search("[0-9]", value):
            return None
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    try:
        number = Decimal(value)
        if not number.is_finite() or abs(number) >= 10_000_000:
            return None
        return number.quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")
    except InvalidOperation:
        return None


def read_date(value: object) -> date | None:
    """``YYYY-MM-DD`` and nothing else."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def read_datetime(value: str) -> datetime | None:
    """ISO 8601, cut to whole seconds; a value without zone is UTC, a date is its midnight."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None


def read_time(value: object) -> time | None:
    """``14:59`` or ``2:59pm``; both are read whatever the account's clock says."""
    match = (
        re.fullmatch(r"([0-9]{1,2}):([0-9]{2})(?:\s?([ap])m)?", value.strip().lower())
        if isinstance(value, str)
        else None
    )
    if match is None:
        return None
    hour, minute = int(match[1]), int(match[2])
    if match[3]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match[3] == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


class Fields:
    """The body of a POST or PATCH; collects the known fields that were sent, and what is wrong with them.

    ``partial`` is a PATCH: a field left out stays as it is. ``nullable`` fields may be set to null; null in any other
    field counts as not sent, unless it is required.
    """

    def __init__(self, body: Mapping[str, object], *, partial: bool = False) -> None:
        self.body = body
        self.partial = partial
        self.values: dict[str, object] = {}
        self.problems: list[str] = []

    def problem(self, name: str, text: str) -> None:
        """Note that something is wrong with a field."""
        self.problems.append(f"{name.replace('_', ' ').capitalize()} {text}")

    def _sent(self, name: str, required: bool, nullable: bool) -> object:
        """The value, or None when there is nothing to read any further."""
        value = self.body.get(name)
        if isinstance(value, str) and value == "" and (required or nullable):
            value = None
        if value is None:
            if name in self.body and nullable:
                self.values[name] = None
            elif required and (name in self.body or not self.partial):
                self.problem(name, "can't be blank")
        return value

    def text(self, name: str, *, required: bool = False, nullable: bool = False, longest: int = 255) -> None:
        value = self._sent(name, required, nullable)
        if value is None:
            return
        if not isinstance(value, str) or not storable(value):
            self.problem(name, "is invalid")
        elif len(value) > longest:
            self.problem(name, f"is too long (maximum is {longest} characters)")
        elif required and not value.strip():
            self.problem(name, "can't be blank")
        else:
            self.values[name] = value

    def choice(self, name: str, options: Collection[str], *, required: bool = False) -> None:
        value = self._sent(name, required, nullable=False)
        if value is None:
            return
        if isinstance(value, str) and value in options:
            self.values[name] = value
        else:
            self.problem(name, "is not included in the list")

    def integer(self, name: str, *, required: bool = False, smallest: int = -BIGGEST, largest: int = BIGGEST) -> None:
        value = self._sent(name, required, nullable=False)
        if value is None:
            return
        number = read_integer(value)
        if number is None or not smallest <= number <= largest:
            self.problem(name, "is not a valid number")
        else:
            self.values[name] = number

    def decimal(self, name: str, *, nullable: bool = False, largest: Decimal = Decimal(9_999_999)) -> None:
        """Two places, not negative."""
        value = self._sent(name, False, nullable)
        if value is None:
            return
        number = read_decimal(value)
        if number is None or number > largest:
            self.problem(name, "is not a valid number")
        elif number < 0:
            self.problem(name, "must be greater than or equal to 0")
        else:
            self.values[name] = number

    def boolean(self, name: str, *, required: bool = False) -> None:
        value = self._sent(name, required, nullable=False)
        if value is None:
            return
        truth = read_boolean(value)
        if truth is None:
            self.problem(name, "must be true or false")
        else:
            self.values[name] = truth

    def date(self, name: str, *, required: bool = False, nullable: bool = False) -> None:
        value = self._sent(name, required, nullable)
        if value is None:
            return
        day = read_date(value)
        if day is None:
            self.problems.append(f"Invalid {name} parameter: a date is written YYYY-MM-DD")
        else:
            self.values[name] = day

    def clock_time(self, name: str) -> None:
        value = self._sent(name, required=False, nullable=False)
        if value is None:
            return
        moment = read_time(value)
        if moment is None:
            self.problem(name, "is not a valid time")
        else:
            self.values[name] = moment

    def done(self) -> dict[str, object]:
        """The fields that were sent; raises 422 naming everything that is wrong."""
        if self.problems:
            raise unprocessable(", ".join(self.problems))
        return self.values


class Query:
    """The parameters of a list; an empty one counts as not sent, a wrong one is 422."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params

    def _wrong(self, name: str) -> Exception:
        return unprocessable(f"Invalid {name} parameter")

    def text(self, name: str) -> str | None:
        value = self.params.get(name) or None
        if value is not None and not storable(value):
            raise self._wrong(name)
        return value

    def integer(self, name: str, *, smallest: int = -BIGGEST, largest: int = BIGGEST) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        number = read_integer(value)
        if number is None or not smallest <= number <= largest:
            raise self._wrong(name)
        return number

    def boolean(self, name: str) -> bool | None:
        value = self.text(name)
        truth = read_boolean(value)
        if value is not None and truth is None:
            raise self._wrong(name)
        return truth

    def date(self, name: str) -> date | None:
        value = self.text(name)
        day = read_date(value)
        if value is not None and day is None:
            raise self._wrong(name)
        return day

    def datetime(self, name: str) -> datetime | None:
        value = self.text(name)
        moment = None if value is None else read_datetime(value)
        if value is not None and moment is None:
            raise self._wrong(name)
        return moment

    def choice(self, name: str, options: Collection[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in options:
            raise self._wrong(name)
        return value
