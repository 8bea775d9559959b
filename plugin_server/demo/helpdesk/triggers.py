"""Triggers: the administrator's records. What they do is in ``trigger_perform``.

Source: ``app/models/trigger.rb``, ``app/models/concerns/checks_condition_validation.rb``.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, inputs, records, trigger_conditions, trigger_perform
from .auth import ACTOR
from .database import Db, Record
from .errors import UnprocessableError
from .settings import POOL

_CHOICES = {"activator": ("action",), "execution_condition_mode": ("selective", "always")}


async def _read(db: Db, params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    """The columns to write. Keys nobody knows are dropped without a word, as everywhere."""
    fields = records.named(params, current) | records.note(params, 250)
    for name in ("active", "disable_notification"):
        if name in params:
            fields[name] = inputs.truthy(params[name])
    for name, choices in _CHOICES.items():
        if name in params:
            # The real one also knows triggers of time; nothing here would ever set one off.
            if params[name] not in choices:
                raise UnprocessableError(f"{name.replace('_', ' ').capitalize()} is not included in the list")
            fields[name] = params[name]
    if "condition" in params or current is None:
        fields["condition"] = await trigger_conditions.check(db, params.get("condition"))
    if "perform" in params or current is None:
        fields["perform"] = await trigger_perform.check(db, params.get("perform"))
    return fields


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.trigger")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch("SELECT * FROM triggers ORDER BY id LIMIT $1 OFFSET $2", limit, offset)
    return web.json_response([records.plain(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.trigger")
    return web.json_response(records.plain(await records.find(request, "triggers", "Trigger")))


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.trigger")
    db = request.app[POOL]
    fields = await _read(db, await inputs.body(request), None)
    try:
        row = await records.insert(db, "triggers", fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row), status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.trigger")
    db = request.app[POOL]
    current = await records.find(request, "triggers", "Trigger")
    fields = await _read(db, await inputs.body(request), current)
    try:
        row = await records.update(db, "triggers", current["id"], fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.trigger")
    row = await records.find(request, "triggers", "Trigger")
    await request.app[POOL].execute("DELETE FROM triggers WHERE id = $1", row["id"])
    return web.json_response({})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/triggers``."""
    app.router.add_get("/api/v1/triggers", _index)
    app.router.add_post("/api/v1/triggers", _create)
    app.router.add_get("/api/v1/triggers/{id}", _show)
    app.router.add_put("/api/v1/triggers/{id}", _update)
    app.router.add_delete("/api/v1/triggers/{id}", _delete)
