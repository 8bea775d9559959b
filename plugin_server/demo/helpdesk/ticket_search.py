"""Ticket search as without Elasticsearch: a substring, or an exact selector condition.

Source: ``app/controllers/concerns/can_search.rb``, ``app/models/ticket/search.rb``.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, attributes, inputs, selectors, shapes, simulation, ticket_store
from .auth import ACTOR
from .errors import UnprocessableError
from .settings import POOL

_SORTABLE = ("id", "number", "title", "created_at", "updated_at", "group_id", "state_id", "owner_id", "customer_id")
_LIKE = str.maketrans({"*": "", "\\": "\\\\", "%": "\\%", "_": "\\_"})


def _order(params: dict[str, Any]) -> str:
    wanted, direction = params.get("sort_by", "updated_at"), str(params.get("order_by", "desc")).lower()
    wanted = wanted if wanted in _SORTABLE else None
    if wanted is None or direction not in ("asc", "desc"):
        raise UnprocessableError("Invalid value for 'sort_by' or 'order_by'")
    return f"t.{wanted} {direction}, t.id {direction}"


async def _where(request: web.Request, params: dict[str, Any]) -> tuple[str, list[Any]]:
    """The condition for what is asked and may be seen."""
    where, arguments = access.readable(request[ACTOR], 1)
    condition = params.get("condition")
    if condition is not None:
        if not isinstance(condition, dict):
            raise UnprocessableError("Invalid object selector conditions")
        custom = {one.name for one in await attributes.of_tickets(request.app[POOL])}
        return f"{where} AND {selectors.build(condition, custom, arguments)}", arguments
    if isinstance(params.get("ids"), list):
        arguments.append([inputs.as_id(one) or 0 for one in params["ids"][:1000]])
        return f"{where} AND t.id = ANY(${len(arguments)}::int[])", arguments
    query = (inputs.text(params.get("query"), "query", 1000) or "").strip()
    if not query:
        return "false AND " + where, arguments
    # Field syntax (`state.name:open`) is Elasticsearch's; here it is looked for as it stands and found nowhere.
    arguments.append(f"%{query.translate(_LIKE)}%")
    mark = f"${len(arguments)}"
    hidden = "" if request[ACTOR].may("ticket.agent") else " AND NOT a.internal"
    return (
        f"{where} AND (t.title ILIKE {mark} OR t.number ILIKE {mark} OR EXISTS (SELECT FROM articles a "
        f"WHERE a.ticket_id = t.id{hidden} "
        f'AND concat_ws(\' \', a.body, a."from", a."to", a.subject) ILIKE {mark}))'
    ), arguments


async def _search(request: web.Request) -> web.Response:
    db = request.app[POOL]
    params = {**inputs.query(request), **await inputs.body(request)}
    limit, offset = inputs.page(params, default=50, maximum=200)
    order = _order(params)
    where, arguments = await _where(request, params)
    if inputs.truthy(params.get("only_total_count")):
        return web.json_response({"total_count": await ticket_store.count(db, where, arguments)})
    rows = await ticket_store.page(db, where, arguments, order, limit, offset)
    ids = [row["id"] for row in rows]
    if inputs.truthy(params.get("expand")):
        return web.json_response(await shapes.tickets(db, rows, expand=True))
    if inputs.truthy(params.get("full")):
        total = await ticket_store.count(db, where, arguments)
        return web.json_response({"record_ids": ids, "assets": await shapes.assets(db, rows), "total_count": total})
    if await simulation.setting(db, "search_shape") == "6.4":
        return web.json_response({"tickets": ids, "tickets_count": len(ids), "assets": await shapes.assets(db, rows)})
    return web.json_response(await shapes.tickets(db, rows))


def add_routes(app: web.Application) -> None:
    """Mount the search; before ``/tickets/{id}``, which would take its address."""
    app.router.add_get("/api/v1/tickets/search", _search)
    app.router.add_post("/api/v1/tickets/search", _search)
