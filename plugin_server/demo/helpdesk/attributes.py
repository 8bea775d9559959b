"""The Object Manager's ticket attributes: their list, and how a value sent becomes the value stored.

Source: ``app/models/object_manager/attribute.rb``, ``app/models/core_workflow/attributes.rb``; casts as in Rails.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import access
from .auth import ACTOR
from .database import Db, Record
from .errors import MaskedError
from .settings import POOL

_INTEGER = re.compile(r"\s*[+-]?\d+")


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


def _attribute(row: Record) -> Attribute:
    return Attribute(row["name"], row["display"], row["data_type"], row["data_option"], row["screens"], row["position"])


async def of_tickets(db: Db) -> list[Attribute]:
    """The active attributes of tickets, in the order of the form."""
    rows = await db.fetch("SELECT * FROM object_attributes WHERE object = 'Ticket' AND active ORDER BY position, id")
    return [_attribute(row) for row in rows]


def cast(attribute: Attribute, value: Any, current: Any) -> Any:
    """The value to store for what was sent. 422 for what its column can't hold or its options don't offer."""
    if value is None:
        return None
    if isinstance(value, dict | list):
        raise MaskedError(f"Invalid value for field '{attribute.name}'!")
    if attribute.data_type == "integer":
        return _integer(attribute, value)
    if isinstance(value, bool):
        value = "t" if value else "f"
    value = str(value)
    if len(value) > int(attribute.option.get("maxlength", 255)):
        raise MaskedError(f"value too long for type character varying({attribute.option.get('maxlength', 255)})")
    # Blank values pass Zammad's check of the offered options, unchanged ones aren't looked at.
    options = attribute.option.get("options", {})
    if attribute.data_type == "select" and value and value != current and value not in options:
        raise MaskedError(f"Invalid value '{value}' for field '{attribute.name}'!")
    return value


def _integer(attribute: Attribute, value: Any) -> int | None:
    if isinstance(value, str):
        if not value.strip():
            return None
        digits = _INTEGER.match(value[:40])
        value = int(digits[0]) if digits else 0
    number = int(value)
    low, high = attribute.option.get("min", -(2**31)), attribute.option.get("max", 2**31 - 1)
    if not low <= number <= high:
        raise MaskedError(f"{number} is out of range for field '{attribute.name}'")
    return number


def definition(attribute: Attribute) -> dict[str, Any]:
    """How the page is told of an attribute."""
    return {
        "name": attribute.name,
        "display": attribute.display,
        "tag": attribute.data_type,
        **attribute.option,
        "shown": attribute.shown(),
    }


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    rows = await request.app[POOL].fetch("SELECT * FROM object_attributes ORDER BY position, id")
    return web.json_response(
        [
            {
                **{key: row[key] for key in ("id", "name", "display", "data_type", "data_option", "screens", "object")},
                "position": row["position"],
                "active": row["active"],
                "editable": True,
                "deletable": True,
                "to_create": False,
                "to_migrate": False,
                "to_delete": False,
                "to_config": False,
            }
            for row in rows
        ]
    )


def add_routes(app: web.Application) -> None:
    """Mount the list of attributes."""
    app.router.add_get("/api/v1/object_manager_attributes", _index)
