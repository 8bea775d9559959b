"""Macros: what an agent does to a ticket with one click. The page applies them; the server only keeps them.

Source: ``app/models/macro.rb``, ``app/policies/controllers/macros_controller_policy.rb``. The page sends what a macro
makes of ticket and article through the same ``PUT /tickets/:id?all=true`` as its Update button.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, attributes, inputs, records
from .auth import ACTOR
from .database import Db, Record
from .errors import UnprocessableError
from .settings import POOL

FLOWS = ("none", "next_task", "next_task_on_close", "next_from_overview")
"""What becomes of the tab afterwards: stays, closes, closes if the ticket is closed now, goes on to the next ticket."""

SEEDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Close", {"ticket.state_id": {"value": "4"}}),
    (
        "Note: waiting for the customer",
        {
            "ticket.state_id": {"value": "2"},
            "article.note": {"subject": "", "body": "Waiting for the customer's answer.", "internal": "true"},
        },
    ),
)
"""Name and effect of the macros of a fresh demo."""

_PLAIN = ("title", "group_id", "owner_id", "state_id", "priority_id", "customer_id", "pending_time", "tags")
_NOTE = ("body", "subject", "internal")


def shape(row: Record) -> dict[str, Any]:
    """A macro as the API and the page have it."""
    return records.plain(row)


async def active(db: Db) -> list[Record]:
    """The macros that the page offers, in the order of their names."""
    return await db.fetch("SELECT * FROM macros WHERE active ORDER BY lower(name), id")


async def _read(db: Db, params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    fields = records.named(params, current)
    fields |= records.note(params, 250)
    if "active" in params:
        fields["active"] = inputs.truthy(params["active"])
    if "perform" in params or current is None:
        fields["perform"] = await _perform(db, params.get("perform"))
    flow = params.get("ux_flow_next_up", current["ux_flow_next_up"] if current else "none")
    if flow not in FLOWS:
        raise UnprocessableError("Ux flow next up is not included in the list")
    fields["ux_flow_next_up"] = flow
    if "group_ids" in params:
        fields["group_ids"] = await _groups(db, params["group_ids"])
    return fields


async def _perform(db: Db, value: Any) -> dict[str, Any]:
    """What a macro does: ``ticket.<attribute>`` with a value, ``article.note`` with a body. 422 for anything else."""
    if not isinstance(value, dict) or not value:
        raise UnprocessableError("The required parameter 'perform' is missing.")
    known = {*_PLAIN, *(one.name for one in await attributes.of_tickets(db))}
    for key, given in value.items():
        model, _, name = key.partition(".")
        content = given if isinstance(given, dict) else {}
        if model == "ticket" and name in known and "value" in content:
            continue
        if key == "article.note" and content.get("body") and set(content) <= set(_NOTE):
            continue
        raise UnprocessableError(f"Invalid perform rule: '{key[:100]}'")
    return value


async def _groups(db: Db, value: Any) -> list[int]:
    wanted = [inputs.as_id(one) or 0 for one in value] if isinstance(value, list) else [0]
    if await db.fetchval("SELECT count(*) FROM groups WHERE id = ANY($1::int[])", wanted) != len(set(wanted)):
        raise UnprocessableError("Invalid value for 'group_ids'")
    return wanted


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.macro", "ticket.agent")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch("SELECT * FROM macros ORDER BY id LIMIT $1 OFFSET $2", limit, offset)
    return web.json_response([shape(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.macro", "ticket.agent")
    return web.json_response(shape(await records.find(request, "macros", "Macro")))


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.macro")
    db = request.app[POOL]
    fields = await _read(db, await inputs.body(request), None)
    try:
        row = await records.insert(db, "macros", fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(shape(row), status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.macro")
    db = request.app[POOL]
    current = await records.find(request, "macros", "Macro")
    fields = await _read(db, await inputs.body(request), current)
    try:
        row = await records.update(db, "macros", current["id"], fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Name has already been taken") from None
    return web.json_response(shape(row))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.macro")
    row = await records.find(request, "macros", "Macro")
    await request.app[POOL].execute("DELETE FROM macros WHERE id = $1", row["id"])
    return web.json_response({})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/macros``."""
    app.router.add_get("/api/v1/macros", _index)
    app.router.add_post("/api/v1/macros", _create)
    app.router.add_get("/api/v1/macros/{id}", _show)
    app.router.add_put("/api/v1/macros/{id}", _update)
    app.router.add_delete("/api/v1/macros/{id}", _delete)
