"""The administrator's settings that the page and its users feel, as ``/api/v1/settings`` has them.

Source: ``app/controllers/settings_controller.rb``, ``app/policies/setting_policy.rb``: who may not change a setting
does not see it either.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from . import access, attributes, inputs, selectors
from .auth import ACTOR
from .database import Db
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

TAB_BEHAVIOURS = ("closeTab", "closeTabOnTicketClose", "closeNextInOverview", "stayOnTab")
"""What becomes of a ticket's tab after an update; a user's preference ``secondaryAction`` comes before the setting."""

_EPOCH = "2024-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class Setting:
    """One setting. ``fits`` says whether a value may be stored; ``permission`` is needed to see and change it."""

    id: int
    name: str
    title: str
    default: Any
    permission: str
    fits: Callable[[Any], bool]


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _selector(value: Any) -> bool:
    return isinstance(value, dict)


def _text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 50


_TIME = "admin.time_accounting"
ALL = (
    Setting(101, "time_accounting", "Time Accounting", False, _TIME, _flag),
    Setting(102, "time_accounting_selector", "Time Accounting Selector", {}, _TIME, _selector),
    Setting(103, "time_accounting_unit", "Time Accounting Unit", "", _TIME, _text),
    Setting(104, "time_accounting_unit_custom", "Custom Time Accounting Unit", "", _TIME, _text),
    Setting(105, "time_accounting_types", "Time Accounting Types", False, _TIME, _flag),
    Setting(
        106,
        "ticket_secondary_action",
        "Tab behaviour after ticket action",
        "stayOnTab",
        "admin.channel_web",
        lambda value: value in TAB_BEHAVIOURS,
    ),
)  # fmt: skip
"""Every setting there is here, with the defaults of a fresh installation."""

_BY_NAME = {one.name: one for one in ALL}


async def values(db: Db) -> dict[str, Any]:
    """All settings by name, for the page."""
    stored = {row["name"]: row["value"] for row in await db.fetch("SELECT name, value FROM settings")}
    return {one.name: stored.get(one.name, one.default) for one in ALL}


async def value(db: Db, name: str) -> Any:
    """One setting's value."""
    row = await db.fetchrow("SELECT value FROM settings WHERE name = $1", name)
    return _BY_NAME[name].default if row is None else row["value"]


def _shape(one: Setting, current: Any) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "title": one.title,
        "state_current": {"value": current},
        "state_initial": {"value": one.default},
        "frontend": True,
        "preferences": {"permission": [one.permission]},
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }


async def _index(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, "admin.*")
    current = await values(request.app[POOL])
    return web.json_response([_shape(one, current[one.name]) for one in ALL if actor.may(one.permission)])


async def _find(request: web.Request) -> Setting:
    access.require(request[ACTOR], "admin.*")
    number = inputs.path_id(request, "Setting")
    found = next((one for one in ALL if one.id == number), None)
    if found is None:
        raise inputs.missing("Setting", number)
    if not request[ACTOR].may(found.permission):
        raise ForbiddenError
    return found


async def _show(request: web.Request) -> web.Response:
    found = await _find(request)
    return web.json_response(_shape(found, await value(request.app[POOL], found.name)))


async def _update(request: web.Request) -> web.Response:
    found = await _find(request)
    state = (await inputs.body(request)).get("state_current")
    if not isinstance(state, dict) or "value" not in state or not found.fits(state["value"]):
        raise UnprocessableError(f"Invalid value for '{found.name}'")
    db = request.app[POOL]
    if found.name == "time_accounting_selector":
        await _check_selector(db, state["value"])
    await db.execute(
        "INSERT INTO settings VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value, "
        "updated_at = clock_timestamp()",
        found.name,
        state["value"],
    )
    return web.json_response(_shape(found, state["value"]))


async def _check_selector(db: Db, selector: dict[str, Any]) -> None:
    condition = selector.get("condition") or {}
    if not isinstance(condition, dict):
        raise UnprocessableError("Invalid object selector conditions")
    if condition:
        selectors.build(condition, {one.name for one in await attributes.of_tickets(db)}, [])


async def accounts_time(db: Db, ticket_id: int) -> bool:
    """Whether the page is to ask for the time spent on a ticket: accounting is on and the selector fits it."""
    if not await value(db, "time_accounting"):
        return False
    condition = (await value(db, "time_accounting_selector")).get("condition")
    return not condition or await selectors.fits(db, ticket_id, condition)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/settings``."""
    app.router.add_get("/api/v1/settings", _index)
    app.router.add_get("/api/v1/settings/{id}", _show)
    app.router.add_put("/api/v1/settings/{id}", _update)
