"""OAuth applications: the administrator's records. Ids and secrets are made here, and shown to who may see the records.

Source: ``app/controllers/applications_controller.rb`` and its policy, ``config/initializers/doorkeeper.rb``; what is
validated is Doorkeeper's. Names need not differ.
"""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from . import access, inputs, oauth_store, records
from .auth import ACTOR
from .database import Record
from .errors import UnprocessableError
from .settings import POOL

_TABLE = "oauth_applications"
_MODEL = "Doorkeeper::Application"


def _shape(row: Record) -> dict[str, Any]:
    shown = records.plain(row)
    del shown["secret_digest"]
    return {**shown, "scopes": ""}


def _read(params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    fields = records.named(params, current)
    if "redirect_uri" in params or current is None:
        addresses = (inputs.text(params.get("redirect_uri"), "redirect_uri", 5000) or "").split()
        if not addresses:
            raise UnprocessableError("Redirect URI can't be blank")
        if not all(map(oauth_store.is_secure, addresses)):
            raise UnprocessableError("Redirect URI must be an HTTPS/SSL URI.")
        fields["redirect_uri"] = "\n".join(addresses)
    if "confidential" in params:
        fields["confidential"] = inputs.truthy(params["confidential"])
    return fields


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.api")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch(f"SELECT * FROM {_TABLE} ORDER BY id LIMIT $1 OFFSET $2", limit, offset)  # noqa: S608
    return web.json_response([_shape(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.api")
    return web.json_response(_shape(await records.find(request, _TABLE, _MODEL)))


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.api")
    fields = _read(await inputs.body(request), None)
    row = await oauth_store.add_application(
        request.app[POOL], fields, uid=secrets.token_urlsafe(32), secret=secrets.token_urlsafe(32)
    )
    return web.json_response(_shape(row), status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.api")
    current = await records.find(request, _TABLE, _MODEL)
    fields = _read(await inputs.body(request), current)
    return web.json_response(_shape(await oauth_store.change_application(request.app[POOL], current, fields)))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.api")
    row = await records.find(request, _TABLE, _MODEL)
    async with request.app[POOL].acquire() as connection, connection.transaction():
        await oauth_store.delete_application(connection, row["id"])
    return web.json_response({})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/applications``."""
    app.router.add_get("/api/v1/applications", _index)
    app.router.add_post("/api/v1/applications", _create)
    app.router.add_get("/api/v1/applications/{id}", _show)
    app.router.add_put("/api/v1/applications/{id}", _update)
    app.router.add_delete("/api/v1/applications/{id}", _delete)
