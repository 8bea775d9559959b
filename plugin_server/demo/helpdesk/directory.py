"""Groups, organizations, ticket states and priorities."""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, catalog, inputs, shapes
from .auth import ACTOR
from .database import Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

_EPOCH = "2024-01-01T00:00:00.000Z"


async def _groups(request: web.Request) -> web.Response:
    # Agents learn of groups by assets and by their own group_ids; the list is the administrator's.
    access.require(request[ACTOR], "admin.group")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch("SELECT * FROM groups ORDER BY id LIMIT $1 OFFSET $2", limit, offset)
    return web.json_response([shapes.group(row) for row in rows])


async def _group(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.group")
    row = await _find(request, "groups", "Group")
    return web.json_response(shapes.group(row))


async def _create_group(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.group")
    params = await inputs.body(request)
    name = (inputs.text(params.get("name"), "name", 160) or "").strip()
    if not name:
        raise UnprocessableError("Name can't be blank")
    follow_up = inputs.text(params.get("follow_up_possible"), "follow_up_possible") or "yes"
    if follow_up not in ("yes", "new_ticket"):
        raise UnprocessableError("Invalid value for 'follow_up_possible'")
    # Without an address of its own a group can send no e-mail; here there is but one address.
    address = "support@example.com" if inputs.as_id(params.get("email_address_id")) else None
    try:
        row = await request.app[POOL].fetchrow(
            "INSERT INTO groups (name, email_address, follow_up_possible) VALUES ($1, $2, $3) RETURNING *",
            name,
            address,
            follow_up,
        )
    except asyncpg.UniqueViolationError:
        raise UnprocessableError("Object already exists!") from None
    assert row is not None
    return web.json_response(shapes.group(row), status=201)


async def _organizations(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    everybody = actor.may("ticket.agent", "admin.organization")
    rows = await request.app[POOL].fetch(
        "SELECT * FROM organizations WHERE $1 OR id = $2 ORDER BY id LIMIT $3 OFFSET $4",
        everybody,
        actor.organization_id,
        limit,
        offset,
    )
    return web.json_response([shapes.organization(row) for row in rows])


async def _organization(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    number = inputs.path_id(request, "Organization")
    if not actor.may("ticket.agent", "admin.organization") and number != actor.organization_id:
        raise ForbiddenError
    return web.json_response(shapes.organization(await _find(request, "organizations", "Organization")))


async def _find(request: web.Request, table: str, model: str) -> Record:
    number = inputs.path_id(request, model)
    row = await request.app[POOL].fetchrow(f"SELECT * FROM {table} WHERE id = $1", number)  # noqa: S608 - our names
    if row is None:
        raise inputs.missing(model, number)
    return row


def state(number: int) -> dict[str, Any]:
    """A ticket state."""
    return {
        "id": number,
        "name": catalog.STATES[number],
        "state_type_id": number,
        "next_state_id": None,
        "ignore_escalation": number >= 3,
        "default_create": number == 1,
        "default_follow_up": number == 2,
        "active": True,
        "note": None,
        "created_by_id": 1,
        "updated_by_id": 1,
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }


def priority(number: int) -> dict[str, Any]:
    """A ticket priority."""
    return {
        "id": number,
        "name": catalog.PRIORITIES[number],
        "default_create": number == 2,
        "active": True,
        "created_at": _EPOCH,
        "updated_at": _EPOCH,
    }


async def _states(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "ticket.agent", "ticket.customer", "admin.ticket_state")
    return web.json_response([state(number) for number in catalog.STATES])


async def _state(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "ticket.agent", "ticket.customer", "admin.ticket_state")
    number = inputs.path_id(request, "Ticket::State")
    if number not in catalog.STATES:
        raise inputs.missing("Ticket::State", number)
    return web.json_response(state(number))


async def _priorities(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "ticket.agent", "ticket.customer", "admin.object")
    return web.json_response([priority(number) for number in catalog.PRIORITIES])


def add_routes(app: web.Application) -> None:
    """Mount the lists."""
    app.router.add_get("/api/v1/groups", _groups)
    app.router.add_post("/api/v1/groups", _create_group)
    app.router.add_get("/api/v1/groups/{id}", _group)
    app.router.add_get("/api/v1/organizations", _organizations)
    app.router.add_get("/api/v1/organizations/{id}", _organization)
    app.router.add_get("/api/v1/ticket_states", _states)
    app.router.add_get("/api/v1/ticket_states/{id}", _state)
    app.router.add_get("/api/v1/ticket_priorities", _priorities)
