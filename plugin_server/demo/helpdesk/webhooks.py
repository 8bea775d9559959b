"""Webhooks: the administrator's records of where to call. Source: ``app/models/webhook.rb``."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from . import access, inputs, placeholders, records
from .auth import ACTOR
from .database import Record
from .errors import UnprocessableError
from .settings import POOL

_TEXTS = ("signature_token", "basic_auth_username", "basic_auth_password")


def shape(row: Record) -> dict[str, Any]:
    """A webhook as the API shows it, with its secrets: who may see webhooks may see these too."""
    return {**records.plain(row), "pre_defined_webhook_type": None}


def _read(params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    fields = records.named(params, current) | records.note(params, 500)
    if "endpoint" in params or current is None:
        fields["endpoint"] = _endpoint(inputs.text(params.get("endpoint"), "endpoint", 2000) or "")
    for name in _TEXTS:
        if name in params:
            fields[name] = inputs.text(params[name], name, 250) or None
    for name in ("active", "ssl_verify"):
        if name in params:
            fields[name] = inputs.truthy(params[name])
    if isinstance(params.get("preferences"), dict):
        fields["preferences"] = params["preferences"]
    if params.get("pre_defined_webhook_type"):
        raise UnprocessableError("Payloads made for other systems are not simulated.")
    if "customized_payload" in params:
        fields["customized_payload"] = inputs.truthy(params["customized_payload"])
    if "custom_payload" in params:
        fields["custom_payload"] = _custom_payload(inputs.text(params["custom_payload"], "custom_payload", 50_000))
    if not fields.get("customized_payload", current["customized_payload"] if current else False):
        # Without the switch the text is not kept.
        fields["custom_payload"] = None
    return fields


def _custom_payload(text: str | None) -> str | None:
    if not text:
        return None
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise UnprocessableError("Custom payload The provided payload is invalid. Please check your syntax.") from None
    placeholders.check(text)
    return text


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        known, host = parts.scheme in ("http", "https"), parts.hostname
        _ = parts.port
    except ValueError:
        raise UnprocessableError("The provided endpoint is invalid.") from None
    if not known:
        raise UnprocessableError("The provided endpoint is invalid, no http or https protocol was specified.")
    if not host:
        raise UnprocessableError("The provided endpoint is invalid, no hostname was specified.")
    return text


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.webhook")
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch("SELECT * FROM webhooks ORDER BY id LIMIT $1 OFFSET $2", limit, offset)
    return web.json_response([shape(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.webhook")
    return web.json_response(shape(await records.find(request, "webhooks", "Webhook")))


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.webhook")
    fields = _read(await inputs.body(request), None)
    row = await records.insert(request.app[POOL], "webhooks", fields, request[ACTOR].id)
    return web.json_response(shape(row), status=201)


async def _update(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.webhook")
    current = await records.find(request, "webhooks", "Webhook")
    fields = _read(await inputs.body(request), current)
    row = await records.update(request.app[POOL], "webhooks", current["id"], fields, request[ACTOR].id)
    return web.json_response(shape(row))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.webhook")
    db = request.app[POOL]
    row = await records.find(request, "webhooks", "Webhook")
    user = await db.fetchrow(
        "SELECT name, id FROM triggers WHERE perform -> 'notification.webhook' ->> 'webhook_id' = $1 LIMIT 1",
        str(row["id"]),
    )
    if user is not None:
        raise UnprocessableError(
            f"This object is referenced by other object(s) and thus cannot be deleted: Trigger / {user['name']}"
            f" (#{user['id']})"
        )
    await db.execute("DELETE FROM webhooks WHERE id = $1", row["id"])
    return web.json_response({})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/webhooks``."""
    app.router.add_get("/api/v1/webhooks", _index)
    app.router.add_post("/api/v1/webhooks", _create)
    app.router.add_get("/api/v1/webhooks/{id}", _show)
    app.router.add_put("/api/v1/webhooks/{id}", _update)
    app.router.add_delete("/api/v1/webhooks/{id}", _delete)
