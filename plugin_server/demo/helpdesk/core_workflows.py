"""Core workflows: the administrator's records, and the dry run that forms ask for.

Source: ``app/controllers/core_workflows_controller.rb`` and its policy, ``app/models/core_workflow.rb``. The real one
stores what it is sent; here a rule that could not be carried out is refused.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import asyncpg
from aiohttp import web

from . import access, attributes, inputs, records, ticket_store, workflow_world
from .auth import ACTOR
from .database import Record
from .errors import NotFoundError, UnprocessableError
from .settings import POOL
from .workflow_conditions import OF_CHANGES, OPERATORS
from .workflow_engine import Run

_TABLE = "core_workflows"
_MODELS = ("ticket", "session", "article", "customer", "organization", "owner", "group")
_EFFECTS = (
    "show",
    "hide",
    "remove",
    "set_mandatory",
    "set_optional",
    "set_readonly",
    "unset_readonly",
    "set_fixed_to",
    "add_option",
    "remove_option",
    "select",
    "fill_in",
    "fill_in_empty",
    "auto_select",
)


def _read(params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    fields = records.named(params, current)
    if "object" in params:
        # Blank means every object.
        fields["object"] = params["object"] or None
        if fields["object"] not in ("Ticket", None):
            raise UnprocessableError("Core workflows are simulated for tickets only.")
    for name in ("active", "stop_after_match"):
        if name in params:
            fields[name] = inputs.truthy(params[name])
    if "priority" in params:
        priority = params["priority"]
        if isinstance(priority, str) and priority.isascii() and priority.isdigit():
            priority = int(priority[:9])
        if not isinstance(priority, int) or isinstance(priority, bool) or abs(priority) > inputs.MAX_ID:
            raise UnprocessableError("Invalid value for 'priority'")
        fields["priority"] = priority
    for name in ("preferences", "condition_saved", "condition_selected", "perform"):
        if name in params:
            value = params[name] or {}
            if not isinstance(value, dict):
                raise UnprocessableError(f"Invalid value for '{name}'")
            fields[name] = value
    for name in ("condition_saved", "condition_selected"):
        _check_condition(fields.get(name, {}), saved=name == "condition_saved")
    _check_perform(fields.get("perform", {}))
    _check_screens(fields.get("preferences", {}).get("screen"))
    return fields


def _check_screens(value: Any) -> None:
    listed = value if isinstance(value, list) else [value] if value else []
    if any(one not in (workflow_world.CREATE, workflow_world.EDIT) for one in listed):
        raise UnprocessableError("Screens other than create_middle and edit are not simulated.")


def _check_condition(condition: dict[str, Any], *, saved: bool) -> None:
    for key, term in condition.items():
        model, _, name = key.partition(".")
        known = model in _MODELS and name and name != "tags" and not (saved and model == "article")
        operator = term.get("operator") if isinstance(term, dict) else None
        if not known or operator not in (*OPERATORS, *OF_CHANGES):
            raise UnprocessableError(f"Condition '{key[:100]}' is not simulated.")
        if term.get("pre_condition") not in (None, "specific", "current_user.id", "not_set"):
            raise UnprocessableError(f"Condition '{key[:100]}' has a pre-condition that is not simulated.")


def _check_perform(perform: dict[str, Any]) -> None:
    for key, config in perform.items():
        operators = config.get("operator") if isinstance(config, dict) else None
        listed = operators if isinstance(operators, list) else [operators]
        if not key.startswith("ticket.") or not listed or any(one not in _EFFECTS for one in listed):
            raise UnprocessableError(f"Action '{key[:100]}' is not simulated.")


async def _find(request: web.Request) -> Record:
    row = await records.find(request, _TABLE, "CoreWorkflow")
    if not row["changeable"]:
        raise NotFoundError(f"Couldn't find CoreWorkflow with 'id'={row['id']}")
    return row


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.core_workflow")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch(
        "SELECT * FROM core_workflows WHERE changeable ORDER BY priority, id LIMIT $1 OFFSET $2", limit, offset
    )
    return web.json_response([records.plain(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.core_workflow")
    return web.json_response(records.plain(await _find(request)))


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.core_workflow")
    fields = _read(await inputs.body(request), None)
    try:
        row = await records.insert(request.app[POOL], _TABLE, fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row), status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.core_workflow")
    current = await _find(request)
    fields = _read(await inputs.body(request), current)
    try:
        row = await records.update(request.app[POOL], _TABLE, current["id"], fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.core_workflow")
    row = await _find(request)
    await request.app[POOL].execute("DELETE FROM core_workflows WHERE id = $1", row["id"])
    return web.json_response({})


async def _perform(request: web.Request) -> web.Response:
    """What the workflows make of a form. Without object and screen the answer is empty, as in the real one."""
    access.require(request[ACTOR], "ticket.agent", "ticket.customer")
    db, payload = request.app[POOL], await inputs.body(request)
    screen, params = payload.get("screen"), payload.get("params")
    if not payload.get("class_name") or not isinstance(screen, str) or not screen:
        return web.json_response({})
    if payload["class_name"] != "Ticket":
        raise UnprocessableError("Core workflows are simulated for tickets only.")
    values: dict[str, Any] = dict(params) if isinstance(params, dict) else {}
    number = inputs.as_id(values.get("id"))
    row = await ticket_store.find(db, number) if number else None
    world = await workflow_world.read(
        db,
        request[ACTOR],
        screen,
        None if row is None else workflow_world.flat(row),
        values,
        await attributes.in_forms(db),
        validating=False,
        last_changed=inputs.text(payload.get("last_changed_attribute"), "last_changed_attribute", 100),
    )
    found = asdict(Run(world, values)())
    return web.json_response({"request_id": payload.get("request_id"), **found, "eval": [], "assets": {}})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/core_workflows``."""
    root = "/api/v1/core_workflows"
    app.router.add_get(root, _index)
    app.router.add_post(root, _create)
    app.router.add_post(f"{root}/perform", _perform)
    app.router.add_get(f"{root}/{{id}}", _show)
    app.router.add_put(f"{root}/{{id}}", _update)
    app.router.add_delete(f"{root}/{{id}}", _delete)
