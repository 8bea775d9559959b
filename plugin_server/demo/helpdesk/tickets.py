"""Tickets: show, list, change, create.

Source: ``app/controllers/tickets_controller.rb``, ``spec/requests/ticket_spec.rb``.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import (
    access,
    articles,
    attributes,
    catalog,
    config,
    events,
    history,
    inputs,
    links,
    mentions,
    shapes,
    tags,
    ticket_params,
    ticket_store,
    ticket_writes,
    time_store,
    workflow_world,
)
from .access import Actor
from .auth import ACTOR
from .database import Db, Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL


async def load(request: web.Request, ticket_id: int) -> Record:
    """One ticket, or 404."""
    row = await ticket_store.find(request.app[POOL], ticket_id)
    if row is None:
        raise inputs.missing("Ticket", ticket_id)
    return row


async def _whole(db: Db, actor: Actor, row: Record) -> dict[str, Any]:
    """The shape of ``all=true``, which the page lives on."""
    found = await ticket_store.articles(db, row["id"], internal=access.reads_internal(actor, row))
    times = await time_store.of_ticket(db, row["id"]) if time_store.may_read(actor, row) else []
    return {
        "ticket_id": row["id"],
        "ticket_article_ids": [one["id"] for one in found],
        "assets": await shapes.assets(db, [row], found),
        "links": await links.of_ticket(db, actor, row["id"]),
        "tags": await ticket_store.tags(db, row["id"]),
        "mentions": [one["id"] for one in await mentions.of_ticket(db, row["id"])],
        "time_accountings": [time_store.shape(one) for one in times],
        "form_meta": {
            "configure_attributes": [attributes.definition(one) for one in await attributes.in_forms(db)],
            # In the real one a core workflow finds it out; the page only asks whether it is to show its time dialog.
            "flags": {"time_accounting": await config.accounts_time(db, row["id"])},
        },
    }


async def _answer(request: web.Request, row: Record, *, wrote: bool = False, status: int = 200) -> web.Response:
    db, params = request.app[POOL], inputs.query(request)
    if inputs.truthy(params.get("all")):
        return web.json_response(await _whole(db, request[ACTOR], row), status=status)
    if inputs.truthy(params.get("full")):
        return web.json_response({"id": row["id"], "assets": await shapes.assets(db, [row])}, status=status)
    ticket = (await shapes.tickets(db, [row], expand=inputs.truthy(params.get("expand"))))[0]
    if wrote:
        # Only answers to writes carry the articles' ids; reading a ticket plainly does not tell them.
        internal = access.reads_internal(request[ACTOR], row)
        ticket["article_ids"] = [one["id"] for one in await ticket_store.articles(db, row["id"], internal=internal)]
        times = await time_store.of_ticket(db, row["id"]) if time_store.may_read(request[ACTOR], row) else []
        ticket["ticket_time_accounting_ids"] = [one["id"] for one in times]
    return web.json_response(ticket, status=status)


async def _show(request: web.Request) -> web.Response:
    row = await load(request, inputs.path_id(request, "Ticket"))
    await access.require_ticket(request.app[POOL], request[ACTOR], row)
    return await _answer(request, row)


async def _index(request: web.Request) -> web.Response:
    db, params = request.app[POOL], inputs.query(request)
    limit, offset = inputs.page(params, default=100, maximum=100)
    condition, arguments = access.readable(request[ACTOR], 1)
    rows = await ticket_store.page(db, condition, arguments, "t.id", limit, offset)
    if inputs.truthy(params.get("full")):
        ids = [row["id"] for row in rows]
        return web.json_response({"record_ids": ids, "assets": await shapes.assets(db, rows)})
    return web.json_response(await shapes.tickets(db, rows, expand=inputs.truthy(params.get("expand"))))


async def _update(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    row = await load(request, inputs.path_id(request, "Ticket"))
    await access.require_follow_up(db, actor, row)
    params = await inputs.body(request)
    article_id = None
    async with db.acquire() as connection, connection.transaction():
        saved, changes = await ticket_writes.change(connection, actor, row["id"], params)
        if params.get("article"):
            article_id = await articles.add(connection, actor, saved, params["article"])
    if changes or article_id:
        await events.emit(request.app, events.TicketSaved(row["id"], "update", actor.id, article_id, changes))
    return await _answer(request, await load(request, row["id"]), wrote=True)


async def _create(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    params = await inputs.body(request)
    if not isinstance(params.get("article"), dict) or not params["article"]:
        raise UnprocessableError("Need at least an 'article body' field.")
    if not inputs.text(params.get("title"), "title"):
        raise UnprocessableError("The required value 'title' is missing.")
    async with db.acquire() as connection, connection.transaction():
        fields = await _new_fields(connection, actor, params)
        await workflow_world.check(connection, actor, workflow_world.CREATE, None, workflow_world.flat(fields))
        ticket_id = await ticket_store.insert(connection, fields)
        ticket = dict(await ticket_store.lock(connection, ticket_id))
        await history.ticket_event(connection, ticket_id, actor.id, "created")
        if isinstance(params.get("mentions"), list):
            await mentions.subscribe_all(connection, actor, ticket, params["mentions"])
        article_id = await articles.add(connection, actor, ticket, params["article"])
        await connection.execute(
            "UPDATE tickets t SET create_article_type_id = a.type_id, create_article_sender_id = a.sender_id "
            "FROM articles a WHERE a.id = $2 AND t.id = $1",
            ticket_id,
            article_id,
        )
        for name in tags.split(params.get("tags")):
            await tags.change(connection, ticket_id, actor.id, name)
        await links.of_new_ticket(connection, ticket_id, params.get("links"))
    await events.emit(request.app, events.TicketSaved(ticket_id, "create", actor.id, article_id, {}))
    return await _answer(request, await load(request, ticket_id), wrote=True, status=201)


async def _new_fields(db: Db, actor: Actor, params: dict[str, Any]) -> dict[str, Any]:
    """A new ticket's columns. Agents need ``create`` on the group; a customer's ticket is his own."""
    agent = actor.may("ticket.agent")
    if not agent and not actor.may("ticket.customer"):
        raise ForbiddenError
    guess = params.get("customer_id")
    if isinstance(guess, str) and guess.startswith("guess:"):
        params = {**params, "customer": guess.removeprefix("guess:"), "customer_id": None}
    fields = await ticket_params.read(db, actor, params, None)
    if agent:
        if "group_id" not in fields:
            raise UnprocessableError("The required value 'group_id' is missing.")
        if not actor.on_group(fields["group_id"], "create"):
            raise ForbiddenError
        if "customer_id" not in fields:
            raise UnprocessableError("The required value 'customer_id' is missing.")
    else:
        group = inputs.as_id(params.get("group_id"))
        fields["group_id"] = await db.fetchval(
            "SELECT id FROM groups WHERE active AND (id = $1 OR name = $2) LIMIT 1",
            group or 0,
            inputs.text(params.get("group"), "group") or "",
        )
        if fields["group_id"] is None:
            raise UnprocessableError("The required value 'group_id' is missing.")
        fields |= {"customer_id": actor.id, "organization_id": actor.organization_id}
    await ticket_params.keep_owner_valid(db, fields, None)
    return {
        "state_id": 1,
        "priority_id": 2,
        "owner_id": catalog.SYSTEM_USER,
        **fields,
        "created_by_id": actor.id,
        "updated_by_id": actor.id,
    }


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/tickets``."""
    app.router.add_get("/api/v1/tickets", _index)
    app.router.add_post("/api/v1/tickets", _create)
    app.router.add_get("/api/v1/tickets/{id}", _show)
    app.router.add_put("/api/v1/tickets/{id}", _update)
