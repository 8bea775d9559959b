"""Links between tickets. Source: ``app/controllers/links_controller.rb`` and its policy, ``app/models/link.rb``.

A link is stored in one direction: its source is the target's ``link_type``. Seen from the target it is told as it is
stored, seen from the source the other way round.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, inputs, records, shapes, ticket_store
from .access import Actor
from .auth import ACTOR
from .database import Connection, Db, Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

OPPOSITE = {"normal": "normal", "parent": "child", "child": "parent"}


async def of_ticket(db: Db, actor: Actor, ticket_id: int) -> list[dict[str, Any]]:
    """A ticket's links to tickets that the actor may read."""
    rows = await db.fetch("SELECT * FROM links WHERE source_id = $1 OR target_id = $1 ORDER BY id", ticket_id)
    outward = [(OPPOSITE[row["link_type"]], row["target_id"]) for row in rows if row["source_id"] == ticket_id]
    inward = [(row["link_type"], row["source_id"]) for row in rows if row["target_id"] == ticket_id]
    found = []
    for kind, number in outward + inward:
        ticket = await ticket_store.find(db, number)
        if ticket is not None and await access.may_see(db, actor, ticket):
            found.append({"link_type": kind, "link_object": "Ticket", "link_object_value": number})
    return found


async def add(db: Db, link_type: str, source_id: int, target_id: int) -> Record | None:
    """Store a link and touch both tickets; None when there is one already."""
    row = await db.fetchrow(
        "INSERT INTO links (link_type, source_id, target_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING *",
        link_type,
        source_id,
        target_id,
    )
    await _touch(db, source_id, target_id)
    return row


async def of_new_ticket(connection: Connection, ticket_id: int, value: Any) -> None:
    """The links sent along with a new ticket: ``{"Ticket": {"child": [ids]}}``, as a split sends them."""
    if value in (None, "", {}):
        return
    if not isinstance(value, dict) or set(value) != {"Ticket"} or not isinstance(value["Ticket"], dict):
        raise UnprocessableError("Invalid link structure")
    for link_type, ids in value["Ticket"].items():
        if link_type not in OPPOSITE or not isinstance(ids, list):
            raise UnprocessableError("Invalid link structure (Object → LinkType)")
        for one in ids:
            number = inputs.as_id(one)
            if number is None or await ticket_store.find(connection, number) is None:
                raise UnprocessableError("Invalid link structure")
            await add(connection, link_type, ticket_id, number)


async def _touch(db: Db, *ids: int) -> None:
    await db.execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = ANY($1)", list(ids))


async def _index(request: web.Request) -> web.Response:
    db, params = request.app[POOL], inputs.query(request)
    number = inputs.as_id(params.get("link_object_value"))
    if params.get("link_object") != "Ticket" or number is None:
        return web.json_response({"links": [], "assets": {}})
    found = await of_ticket(db, request[ACTOR], number)
    rows = await db.fetch("SELECT * FROM tickets WHERE id = ANY($1)", [one["link_object_value"] for one in found])
    return web.json_response({"links": found, "assets": await shapes.assets(db, rows)})


async def _side(request: web.Request, params: dict[str, Any], side: str, right: str) -> Record:
    if params.get(f"link_object_{side}") != "Ticket":
        raise UnprocessableError("Links are simulated between tickets only.")
    db = request.app[POOL]
    number = params.get(f"link_object_{side}_number")
    if side == "source" and number not in (None, ""):
        row = await db.fetchrow("SELECT * FROM tickets WHERE number = $1", str(number)[:40])
    else:
        wanted = inputs.as_id(params.get(f"link_object_{side}_value"))
        row = await ticket_store.find(db, wanted) if wanted else None
    if row is None:
        raise inputs.missing("Ticket", number or params.get(f"link_object_{side}_value"))
    if not await access.may_see(db, request[ACTOR], row, right):
        raise ForbiddenError
    return row


def _type(params: dict[str, Any]) -> str:
    kind = params.get("link_type")
    if not isinstance(kind, str) or kind not in OPPOSITE:
        raise UnprocessableError("Invalid value for 'link_type'")
    return kind


async def _add(request: web.Request) -> web.Response:
    params = {**inputs.query(request), **await inputs.body(request)}
    if params.get("link_object_source_number") in (None, ""):
        raise UnprocessableError("The object could not be found.")
    target = await _side(request, params, "target", "change")
    source = await _side(request, params, "source", "read")
    row = await add(request.app[POOL], _type(params), source["id"], target["id"])
    return web.json_response(None if row is None else records.plain(row), status=201)


async def _remove(request: web.Request) -> web.Response:
    # Both directions go: what is stored as parent may be asked for as child.
    params = {**inputs.query(request), **await inputs.body(request)}
    target = await _side(request, params, "target", "change")
    source, kind = inputs.as_id(params.get("link_object_source_value")) or 0, _type(params)
    rows = await request.app[POOL].fetch(
        "DELETE FROM links WHERE (link_type = $1 AND source_id = $3 AND target_id = $4) "
        "OR (link_type = $2 AND source_id = $4 AND target_id = $3) RETURNING *",
        kind,
        OPPOSITE[kind],
        source,
        target["id"],
    )
    await _touch(request.app[POOL], source, target["id"])
    return web.json_response([records.plain(row) for row in rows], status=201)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/links``."""
    app.router.add_get("/api/v1/links", _index)
    app.router.add_post("/api/v1/links/add", _add)
    app.router.add_delete("/api/v1/links/remove", _remove)
