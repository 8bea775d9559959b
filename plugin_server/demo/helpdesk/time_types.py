"""Types of activity that accounted time can carry: administrators' records, which every agent's page offers.

Source: ``app/controllers/time_accounting/types_controller.rb``.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import inputs, records, time_store
from .auth import ACTOR
from .database import Record
from .errors import UnprocessableError
from .settings import POOL


def _read(params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    fields = records.named(params, current) | records.note(params, 250)
    if "active" in params:
        fields["active"] = inputs.truthy(params["active"])
    return fields


async def _index(request: web.Request) -> web.Response:
    time_store.require_admin(request[ACTOR])
    rows = await request.app[POOL].fetch("SELECT * FROM time_accounting_types ORDER BY id")
    return web.json_response([records.plain(row) for row in rows])


async def _create(request: web.Request) -> web.Response:
    time_store.require_admin(request[ACTOR])
    fields = _read(await inputs.body(request), None)
    try:
        row = await records.insert(request.app[POOL], "time_accounting_types", fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row), status=201)


async def _update(request: web.Request) -> web.Response:
    time_store.require_admin(request[ACTOR])
    current = await records.find(request, "time_accounting_types", "Ticket::TimeAccounting::Type")
    fields = _read(await inputs.body(request), current)
    try:
        row = await records.update(request.app[POOL], "time_accounting_types", current["id"], fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(records.plain(row))


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/time_accounting/types``."""
    app.router.add_get("/api/v1/time_accounting/types", _index)
    app.router.add_post("/api/v1/time_accounting/types", _create)
    app.router.add_put("/api/v1/time_accounting/types/{id}", _update)
