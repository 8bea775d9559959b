"""Personal access tokens. Source: ``app/controllers/user_access_token_controller.rb``."""

from __future__ import annotations

import secrets
from datetime import date

from aiohttp import web

from . import access, catalog, inputs, shapes
from .auth import ACTOR
from .digests import digest
from .errors import UnprocessableError
from .settings import POOL

_NEEDED = "user_preferences.access_token"


async def _create(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, _NEEDED)
    params = await inputs.body(request)
    # `name`; up to 5.2 it was `label`.
    name = (inputs.text(params.get("name"), "name", 255) or "").strip()
    if not name:
        raise UnprocessableError("The required parameter 'name' is missing.")
    wanted = params.get("permission")
    if not isinstance(wanted, list) or not wanted:
        raise UnprocessableError("The required parameter 'permission' is missing.")
    if any(not isinstance(one, str) or one not in catalog.PERMISSIONS or not actor.may(one) for one in wanted):
        raise UnprocessableError("Invalid permission")
    expires = params.get("expires_at")
    try:
        ends = date.fromisoformat(expires) if expires else None
    except (ValueError, TypeError):
        raise UnprocessableError("Invalid value for 'expires_at'") from None
    token = secrets.token_urlsafe(48)
    await request.app[POOL].execute(
        "INSERT INTO access_tokens (digest, user_id, name, permissions, expires_at) VALUES ($1, $2, $3, $4, $5)",
        digest(token),
        actor.id,
        name,
        wanted,
        ends,
    )
    return web.json_response({"token": token})


async def _index(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, _NEEDED)
    rows = await request.app[POOL].fetch("SELECT * FROM access_tokens WHERE user_id = $1 ORDER BY id", actor.id)
    tokens = [
        {
            "id": row["id"],
            "name": row["name"],
            "preferences": {"permission": row["permissions"]},
            "last_used_at": shapes.instant(row["last_used_at"]),
            "expires_at": row["expires_at"].isoformat() if row["expires_at"] else None,
            "created_at": shapes.instant(row["created_at"]),
        }
        for row in rows
    ]
    permissions = [{"name": one} for one in catalog.PERMISSIONS if actor.may(one)]
    return web.json_response({"tokens": tokens, "permissions": permissions})


async def _delete(request: web.Request) -> web.Response:
    actor = request[ACTOR]
    access.require(actor, _NEEDED)
    number = inputs.path_id(request, "Token")
    gone = await request.app[POOL].fetchval(
        "DELETE FROM access_tokens WHERE id = $1 AND user_id = $2 RETURNING id", number, actor.id
    )
    if gone is None:
        raise inputs.missing("Token", number)
    return web.json_response({})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/user_access_token``."""
    app.router.add_get("/api/v1/user_access_token", _index)
    app.router.add_post("/api/v1/user_access_token", _create)
    app.router.add_delete("/api/v1/user_access_token/{id}", _delete)
