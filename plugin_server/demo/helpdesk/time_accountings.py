"""Zammad's own time accounting over REST: a ticket's entries, and all of them for administrators.

Source: ``app/controllers/time_accountings_controller.rb`` and its policy.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import events, inputs, ticket_store, time_store
from .auth import ACTOR
from .database import Record
from .errors import ForbiddenError
from .settings import POOL


async def _ticket(request: web.Request) -> Record | None:
    """The ticket in the address, if it names one."""
    if "ticket_id" not in request.match_info:
        return None
    number = inputs.path_id(request, "Ticket", "ticket_id")
    row = await ticket_store.find(request.app[POOL], number)
    if row is None:
        raise inputs.missing("Ticket", number)
    return row


async def _readable(request: web.Request) -> Record | None:
    ticket = await _ticket(request)
    if ticket is None:
        time_store.require_admin(request[ACTOR])
    elif not time_store.may_read(request[ACTOR], ticket):
        raise ForbiddenError
    return ticket


async def _entry(request: web.Request, ticket: Record | None) -> Record:
    number = inputs.path_id(request, "Ticket::TimeAccounting")
    row = await request.app[POOL].fetchrow(
        "SELECT * FROM time_accountings WHERE id = $1 AND ($2::int IS NULL OR ticket_id = $2)",
        number,
        ticket["id"] if ticket else None,
    )
    if row is None:
        raise inputs.missing("Ticket::TimeAccounting", number)
    return row


async def _index(request: web.Request) -> web.Response:
    ticket = await _readable(request)
    limit, offset = inputs.page(inputs.query(request), default=500, maximum=1000)
    rows = await request.app[POOL].fetch(
        "SELECT * FROM time_accountings WHERE $1::int IS NULL OR ticket_id = $1 ORDER BY id LIMIT $2 OFFSET $3",
        ticket["id"] if ticket else None,
        limit,
        offset,
    )
    return web.json_response([time_store.shape(row) for row in rows])


async def _show(request: web.Request) -> web.Response:
    return web.json_response(time_store.shape(await _entry(request, await _readable(request))))


async def _create(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    ticket = await _ticket(request)
    params = await inputs.body(request)
    if ticket is None:
        time_store.require_admin(actor)
        number = inputs.as_id(params.get("ticket_id"))
        ticket = await ticket_store.find(db, number) if number else None
        if ticket is None:
            raise inputs.missing("Ticket", params.get("ticket_id"))
    elif not actor.may("admin.time_accounting"):
        await time_store.require_create(db, actor, ticket)
    async with db.acquire() as connection, connection.transaction():
        before = (await ticket_store.lock(connection, ticket["id"]))["time_unit"]
        values = await _values(connection, params, ticket["id"], None)
        row = await time_store.add(connection, actor, ticket["id"], *values)
    await _tell(request, ticket["id"], before)
    return web.json_response(time_store.shape(row), status=201)


async def _values(connection: Any, params: dict[str, Any], ticket_id: int, own: int | None) -> tuple[Any, Any, Any]:
    return (
        time_store.amount(params.get("time_unit")),
        await time_store.kind(connection, params),
        await time_store.article(connection, params, ticket_id, own),
    )


async def _update(request: web.Request) -> web.Response:
    time_store.require_admin(request[ACTOR])
    entry = await _entry(request, await _ticket(request))
    params = {**dict(entry), **await inputs.body(request)}
    async with request.app[POOL].acquire() as connection, connection.transaction():
        before = (await ticket_store.lock(connection, entry["ticket_id"]))["time_unit"]
        number, type_id, article_id = await _values(connection, params, entry["ticket_id"], entry["id"])
        row = await connection.fetchrow(
            "UPDATE time_accountings SET time_unit = $2, type_id = $3, ticket_article_id = $4, "
            "updated_at = clock_timestamp() WHERE id = $1 RETURNING *",
            entry["id"],
            number,
            type_id,
            article_id,
        )
        assert row is not None
        await time_store.sum_up(connection, request[ACTOR], entry["ticket_id"])
    await _tell(request, entry["ticket_id"], before)
    return web.json_response(time_store.shape(row))


async def _delete(request: web.Request) -> web.Response:
    time_store.require_admin(request[ACTOR])
    entry = await _entry(request, await _ticket(request))
    async with request.app[POOL].acquire() as connection, connection.transaction():
        before = (await ticket_store.lock(connection, entry["ticket_id"]))["time_unit"]
        await connection.execute("DELETE FROM time_accountings WHERE id = $1", entry["id"])
        await time_store.sum_up(connection, request[ACTOR], entry["ticket_id"])
    await _tell(request, entry["ticket_id"], before)
    return web.json_response({})


async def _tell(request: web.Request, ticket_id: int, before: Any) -> None:
    """Booking saves the ticket: whoever watches tickets hears of it."""
    ticket = await ticket_store.find(request.app[POOL], ticket_id)
    assert ticket is not None
    if ticket["time_unit"] != before:
        changes = {"time_unit": (before, ticket["time_unit"])}
        await events.emit(request.app, events.TicketSaved(ticket_id, "update", request[ACTOR].id, None, changes))


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/time_accountings``, alone and below a ticket."""
    for root in ("/api/v1/tickets/{ticket_id}/time_accountings", "/api/v1/time_accountings"):
        app.router.add_get(root, _index)
        app.router.add_post(root, _create)
        app.router.add_get(f"{root}/{{id}}", _show)
        app.router.add_put(f"{root}/{{id}}", _update)
        app.router.add_delete(f"{root}/{{id}}", _delete)
