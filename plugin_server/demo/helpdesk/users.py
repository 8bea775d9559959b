"""Users: me, one, all, search, create, change, preferences.

Source: ``app/controllers/users_controller.rb``, ``app/policies/user_policy.rb``.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, inputs, shapes
from .auth import ACTOR
from .database import Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL
from .user_params import read_access, read_fields

_TEXT_OPERATORS = str.maketrans({"*": "", "\\": "\\\\", "%": "\\%", "_": "\\_"})


async def _answer(
    request: web.Request, rows: list[Record], params: dict[str, Any], *, one: bool, status: int = 200
) -> web.Response:
    """Users in the shape the caller asked for; no total anywhere but in ``full``."""
    db = request.app[POOL]
    if inputs.truthy(params.get("expand")):
        found = await shapes.users(db, rows, expand=True)
    elif inputs.truthy(params.get("full")):
        users = {str(user["id"]): user for user in await shapes.users(db, rows)}
        if one:
            return web.json_response({"id": rows[0]["id"], "assets": {"User": users}}, status=status)
        ids = [row["id"] for row in rows]
        return web.json_response({"record_ids": ids, "assets": {"User": users}, "total_count": len(ids)})
    else:
        found = await shapes.users(db, rows)
    return web.json_response(found[0] if one else found, status=status)


async def _one(request: web.Request, number: int) -> Record:
    row = await request.app[POOL].fetchrow("SELECT * FROM users WHERE id = $1", number)
    if row is None:
        raise inputs.missing("User", number)
    return row


async def _me(request: web.Request) -> web.Response:
    row = await _one(request, request[ACTOR].id)
    return await _answer(request, [row], inputs.query(request), one=True)


async def _show(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    row = await _one(request, inputs.path_id(request, "User"))
    same = row["organization_id"] is not None and row["organization_id"] == actor.organization_id
    if not (actor.may("admin.*", "ticket.agent") or row["id"] == actor.id or (same and actor.may("ticket.customer"))):
        raise ForbiddenError
    return await _answer(request, [row], inputs.query(request), one=True)


async def _index(request: web.Request) -> web.Response:
    actor, params = request[ACTOR], inputs.query(request)
    limit, offset = inputs.page(params, default=500, maximum=1000)
    rows = await request.app[POOL].fetch(
        "SELECT * FROM users WHERE $1 OR id = $2 ORDER BY id LIMIT $3 OFFSET $4",
        actor.may("admin.user", "ticket.agent"),
        actor.id,
        limit,
        offset,
    )
    return await _answer(request, rows, params, one=False)


async def _search(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "ticket.agent", "admin.user")
    params = {**inputs.query(request), **await inputs.body(request)}
    limit, offset = inputs.page(params, default=50, maximum=200)
    wanted = inputs.text(params.get("query"), "query", 1000) or ""
    roles = params.get("role_ids")
    listed = roles if isinstance(roles, list) else [] if roles in (None, "") else [roles]
    role_ids = [inputs.as_id(one) or 0 for one in listed[:100]]
    rows = await request.app[POOL].fetch(
        "SELECT * FROM users WHERE id <> 1 AND (cardinality($2::int[]) = 0 OR role_ids && $2::int[]) "
        "AND concat_ws(' ', firstname, lastname, email, login) ILIKE '%' || $1 || '%' "
        "ORDER BY lastname, firstname, id LIMIT $3 OFFSET $4",
        wanted.strip().translate(_TEXT_OPERATORS),
        role_ids,
        limit,
        offset,
    )
    if inputs.truthy(params.get("label")):
        labels = [f"{row['firstname']} {row['lastname']} <{row['email']}>" for row in rows]
        return web.json_response(
            [{"id": row["id"], "label": name, "value": name} for row, name in zip(rows, labels, strict=True)]
        )
    return await _answer(request, rows, params, one=False)


async def _create(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, "admin.user")
    params = await inputs.body(request)
    db = request.app[POOL]
    fields = await read_fields(db, params)
    groups = await read_access(db, params)
    fields.setdefault("login", fields.get("email") or "")
    if not fields["login"]:
        raise UnprocessableError("At least one identifier (login or email) for user is required.")
    fields.setdefault("role_ids", [3])
    fields |= {"created_by_id": actor.id, "updated_by_id": actor.id}
    columns = ", ".join(fields)
    marks = ", ".join(f"${n}" for n in range(1, len(fields) + 1))
    async with db.acquire() as connection, connection.transaction():
        try:
            row = await connection.fetchrow(
                f"INSERT INTO users ({columns}) VALUES ({marks}) RETURNING *",  # noqa: S608 - columns are ours
                *fields.values(),
            )
        except asyncpg.UniqueViolationError:
            raise UnprocessableError(f"Email address '{fields['login']}' is already used for another user.") from None
        assert row is not None
        await _set_access(connection, row["id"], groups or {})
    return await _answer(request, [row], inputs.query(request), one=True, status=201)


async def _update(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, "admin.user")
    number = inputs.path_id(request, "User")
    await _one(request, number)
    params = await inputs.body(request)
    db = request.app[POOL]
    fields = {**await read_fields(db, params), "updated_by_id": actor.id}
    groups = await read_access(db, params)
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(fields, start=2))
    async with db.acquire() as connection, connection.transaction():
        try:
            row = await connection.fetchrow(
                f"UPDATE users SET {assignments}, updated_at = clock_timestamp() "  # noqa: S608 - columns are ours
                "WHERE id = $1 RETURNING *",
                number,
                *fields.values(),
            )
        except asyncpg.UniqueViolationError:
            raise UnprocessableError("Email address is already used for another user.") from None
        assert row is not None
        if groups is not None:
            await _set_access(connection, number, groups)
    return await _answer(request, [row], inputs.query(request), one=True)


async def _set_access(connection: Any, user_id: int, groups: dict[int, list[str]]) -> None:
    await connection.execute("DELETE FROM user_groups WHERE user_id = $1", user_id)
    for group_id, levels in groups.items():
        for level in dict.fromkeys(levels):
            await connection.execute("INSERT INTO user_groups VALUES ($1, $2, $3)", user_id, group_id, level)


async def _preferences(request: web.Request) -> web.Response:
    # Zammad takes any key here and asks for nothing but a valid session.
    wanted = await inputs.body(request)
    await request.app[POOL].execute(
        "UPDATE users SET preferences = preferences || $2, updated_at = clock_timestamp() WHERE id = $1",
        request[ACTOR].id,
        wanted,
    )
    return web.json_response({"message": "ok"})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/users``."""
    app.router.add_get("/api/v1/users/me", _me)
    app.router.add_get("/api/v1/users/search", _search)
    app.router.add_post("/api/v1/users/search", _search)
    app.router.add_put("/api/v1/users/preferences", _preferences)
    app.router.add_get("/api/v1/users", _index)
    app.router.add_post("/api/v1/users", _create)
    app.router.add_get("/api/v1/users/{id}", _show)
    app.router.add_put("/api/v1/users/{id}", _update)
