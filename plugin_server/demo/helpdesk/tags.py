"""A ticket's tags. Source: ``app/controllers/tags_controller.rb`` and its policy."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, history, inputs, simulation, ticket_store
from .auth import ACTOR
from .database import Db, Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

_LIMIT = 250


def split(value: Any) -> list[str]:
    """Tags out of ``"a,b"`` or a list."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    names = [one.strip()[:_LIMIT] for one in parts if isinstance(one, str)]
    return [one for one in dict.fromkeys(names) if one]


async def _ticket(request: web.Request, params: dict[str, Any]) -> Record:
    if params.get("object") != "Ticket":
        raise UnprocessableError("Tags are kept for tickets only.")
    number = inputs.as_id(params.get("o_id"))
    row = await ticket_store.find(request.app[POOL], number) if number else None
    if row is None:
        raise inputs.missing("Ticket", params.get("o_id"))
    return row


async def _list(request: web.Request) -> web.Response:
    row = await _ticket(request, inputs.query(request))
    await access.require_ticket(request.app[POOL], request[ACTOR], row)
    return web.json_response({"tags": await ticket_store.tags(request.app[POOL], row["id"])})


async def _change(request: web.Request) -> tuple[Record, str]:
    params = {**inputs.query(request), **await inputs.body(request)}
    row = await _ticket(request, params)
    if not request[ACTOR].on_group(row["group_id"], "change"):
        raise ForbiddenError
    item = (inputs.text(params.get("item"), "item", _LIMIT) or "").strip()
    if not item:
        raise UnprocessableError("The required parameter 'item' is missing.")
    return row, item


async def change(db: Db, ticket_id: int, user_id: int, name: str, *, remove: bool = False) -> None:
    """Add or remove a tag, with its history; the ticket is not touched."""
    if remove:
        done = await db.fetchval("DELETE FROM tags WHERE ticket_id = $1 AND name = $2 RETURNING true", ticket_id, name)
    else:
        done = await db.fetchval(
            "INSERT INTO tags VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true", ticket_id, name
        )
    if done:
        await history.tag(db, ticket_id, user_id, "removed" if remove else "added", name)


async def _add(request: web.Request) -> web.Response:
    row, item = await _change(request)
    db = request.app[POOL]
    free = await simulation.setting(db, "tag_new") or request[ACTOR].may("admin.tag")
    if not free and not await db.fetchval("SELECT EXISTS (SELECT FROM tags WHERE name = $1)", item):
        raise ForbiddenError("You are not allowed to create new tags.")
    await change(db, row["id"], request[ACTOR].id, item)
    await _touch(request, row["id"])
    return web.json_response(True, status=201)


async def _remove(request: web.Request) -> web.Response:
    row, item = await _change(request)
    await change(request.app[POOL], row["id"], request[ACTOR].id, item, remove=True)
    await _touch(request, row["id"])
    return web.json_response(True)


async def _touch(request: web.Request, ticket_id: int) -> None:
    await request.app[POOL].execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = $1", ticket_id)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/tags``."""
    app.router.add_get("/api/v1/tags", _list)
    app.router.add_post("/api/v1/tags/add", _add)
    app.router.add_delete("/api/v1/tags/remove", _remove)
