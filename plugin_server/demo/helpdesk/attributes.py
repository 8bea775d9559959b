"""The Object Manager's ticket attributes: which there are, and how a value sent becomes the value stored.

Source: ``app/models/object_manager/attribute.rb``, ``app/models/object_manager/object.rb``; casts as in Rails. What
administrators do with attributes is in ``object_manager``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .database import Db, Record
from .errors import MaskedError

_INTEGER = re.compile(r"\s*[+-]?\d+")
_FALSE = ("false", "f", "0", "off")
WITH_COLUMN_DEFAULT = ("integer", "boolean", "datetime")
"""Types whose column gets ``data_option.default``; texts and selects get none, whatever their options say."""


@dataclass(frozen=True)
class Attribute:
    """One attribute. ``option`` is Zammad's ``data_option`` (maxlength, min, max, options, nulloption)."""

    name: str
    display: str
    data_type: str
    option: Mapping[str, Any]
    screens: Mapping[str, Any]
    position: int

    def shown(self, screen: str = "edit") -> bool:
        """Whether agents see it on a screen; the API lets them write it all the same."""
        return bool(self.screens.get(screen, {}).get("ticket.agent", {}).get("shown"))

    @property
    def column_default(self) -> Any:
        """What its column holds where nothing was written."""
        return self.option.get("default") if self.data_type in WITH_COLUMN_DEFAULT else None


def _attribute(row: Record) -> Attribute:
    return Attribute(row["name"], row["display"], row["data_type"], row["data_option"], row["screens"], row["position"])


async def of_tickets(db: Db) -> list[Attribute]:
    """The attributes that tickets have a column for, in the order of the form: all whose migration has run."""
    rows = await db.fetch(
        "SELECT * FROM object_attributes WHERE object = 'Ticket' AND NOT to_create ORDER BY position, name"
    )
    return [_attribute(row) for row in rows]


async def in_forms(db: Db) -> list[Attribute]:
    """Those of them that forms and core workflows know: active, and not about to be deleted."""
    rows = await db.fetch(
        "SELECT * FROM object_attributes WHERE object = 'Ticket' AND active AND NOT to_create AND NOT to_delete "
        "ORDER BY position, name"
    )
    return [_attribute(row) for row in rows]


def cast(attribute: Attribute, value: Any) -> Any:
    """The value to store for what was sent; 422 for what its column can't hold.

    Which options a select offers is no business of its column: core workflows restrict that.
    """
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise MaskedError(f"Invalid value for field '{attribute.name}'!")
    if attribute.data_type == "integer":
        return _integer(attribute, value)
    if attribute.data_type == "boolean":
        return None if value == "" else str(value).lower() not in _FALSE
    if attribute.data_type == "datetime":
        return _instant(value)
    if isinstance(value, bool):
        value = "t" if value else "f"
    value = str(value)
    limit = int(attribute.option.get("maxlength") or 255)
    if len(value) > limit:
        raise MaskedError(f"value too long for type character varying({limit})")
    return value


def _integer(attribute: Attribute, value: Any) -> int | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        digits = _INTEGER.match(value[:40])
        value = int(digits[0]) if digits else 0
    number = int(value)
    # The real one's limits are those of the form alone; a caller that relies on that would rely on a leak.
    low, high = attribute.option.get("min", -(2**31)), attribute.option.get("max", 2**31 - 1)
    if not low <= number <= high:
        raise MaskedError(f"{number} is out of range for field '{attribute.name}'")
    return number


def _instant(value: Any) -> str | None:
    """What can't be read as an instant becomes null, as in Rails."""
    try:
        found = datetime.fromisoformat(str(value)[:40])
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


def definition(attribute: Attribute) -> dict[str, Any]:
    """How the page is told of an attribute."""
    return {
        "name": attribute.name,
        "display": attribute.display,
        "tag": attribute.data_type,
        **attribute.option,
        "shown": attribute.shown(),
    }
