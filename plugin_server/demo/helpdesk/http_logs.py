"""The log of calls to other systems. Source: ``app/controllers/http_logs_controller.rb``: newest first, 50 of them."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, inputs, records
from .auth import ACTOR
from .database import Db
from .settings import POOL


async def write(db: Db, url: str, status: int | None, request: dict[str, Any], response: dict[str, Any]) -> None:
    """Note a webhook's call. ``status`` None: there was no answer, which the real one writes down as 0."""
    await db.execute(
        "INSERT INTO http_logs (direction, facility, method, url, status, request, response) "
        "VALUES ('out', 'webhook', 'POST', $1, $2, $3, $4)",
        url,
        str(status or 0),
        request,
        response,
    )


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.*")
    limit = inputs.as_id(inputs.query(request).get("limit")) or 50
    rows = await request.app[POOL].fetch(
        "SELECT * FROM http_logs WHERE $1::text IS NULL OR facility = $1 ORDER BY id DESC LIMIT $2",
        request.match_info.get("facility"),
        min(limit, 1000),
    )
    return web.json_response([records.plain(row) for row in rows])


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/http_logs``."""
    app.router.add_get("/api/v1/http_logs", _index)
    app.router.add_get("/api/v1/http_logs/{facility}", _index)
