"""Roles: what they permit, and the access to groups that comes with them.

Source: ``app/models/role.rb``, ``app/controllers/roles_controller.rb`` and its policy: everybody reads them.
Permissions are taken by number (``permission_ids``) or by name (``permissions``), and shown by number; ``expand`` adds
the names. A role without ``ticket.agent`` loses its groups when it is saved.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, catalog, inputs, records, shapes, user_params
from .auth import ACTOR
from .database import Connection, Record
from .errors import UnprocessableError
from .settings import POOL

_READERS = ("ticket.agent", "admin.role", "ticket.customer")


async def _answer(request: web.Request, rows: list[Record], *, one: bool, status: int = 200) -> web.Response:
    expand = inputs.truthy(inputs.query(request).get("expand"))
    found = await shapes.roles(request.app[POOL], rows, expand=expand)
    return web.json_response(found[0] if one else found, status=status)


def _permissions(params: dict[str, Any]) -> list[str] | None:
    """The permissions asked for; None when none are named."""
    key = next((key for key in ("permission_ids", "permissions") if isinstance(params.get(key), list)), None)
    if key is None:
        return None
    names = {number: name for name, number in catalog.PERMISSION_IDS.items()}
    found = []
    for one in params[key]:
        name = names.get(inputs.as_id(one) or 0) if key == "permission_ids" else one
        if not isinstance(name, str) or name not in catalog.PERMISSION_IDS:
            raise UnprocessableError(f"No lookup value found for '{key}': \"{str(one)[:100]}\"")
        found.append(name)
    return list(dict.fromkeys(found))


async def _save(request: web.Request, current: Record | None) -> Record:
    db, user_id = request.app[POOL], request[ACTOR].id
    params = await inputs.body(request)
    fields = records.named(params, current) | records.note(params, 250)
    if "active" in params:
        fields["active"] = inputs.truthy(params["active"])
    permissions = _permissions(params)
    if permissions is not None:
        fields["permissions"] = permissions
    groups = await user_params.read_access(db, params)
    async with db.acquire() as connection, connection.transaction():
        try:
            if current is None:
                row = await records.insert(connection, "roles", fields, user_id)
            else:
                row = await records.update(connection, "roles", current["id"], fields, user_id)
        except asyncpg.UniqueViolationError:
            raise UnprocessableError("Name has already been taken") from None
        await _set_groups(connection, row, groups)
        if not await connection.fetchval(
            "SELECT EXISTS (SELECT FROM users u JOIN roles r ON r.id = ANY(u.role_ids) AND r.active "
            "WHERE u.active AND r.permissions && '{admin,admin.user}')"
        ):
            raise UnprocessableError("At least one user needs to have admin permissions.")
    return row


async def _set_groups(connection: Connection, role: Record, groups: dict[int, list[str]] | None) -> None:
    if "ticket.agent" not in role["permissions"]:
        groups = {}
    if groups is None:
        return
    await connection.execute("DELETE FROM role_groups WHERE role_id = $1", role["id"])
    for group_id, levels in groups.items():
        for level in dict.fromkeys(levels):
            await connection.execute("INSERT INTO role_groups VALUES ($1, $2, $3)", role["id"], group_id, level)


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], *_READERS)
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch("SELECT * FROM roles ORDER BY id LIMIT $1 OFFSET $2", limit, offset)
    return await _answer(request, rows, one=False)


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], *_READERS)
    return await _answer(request, [await records.find(request, "roles", "Role")], one=True)


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.role")
    return await _answer(request, [await _save(request, None)], one=True, status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.role")
    row = await _save(request, await records.find(request, "roles", "Role"))
    return await _answer(request, [row], one=True)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/roles``."""
    app.router.add_get("/api/v1/roles", _index)
    app.router.add_post("/api/v1/roles", _create)
    app.router.add_get("/api/v1/roles/{id}", _show)
    app.router.add_put("/api/v1/roles/{id}", _update)
