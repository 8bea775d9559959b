"""Changing many tickets at once, all or none.

Source: ``app/controllers/tickets_mass_controller.rb``, ``app/models/concerns/can_perform_changes.rb``. Core workflows
are asked where attributes are sent, and where a macro changes something; an article alone passes them by.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import articles, events, inputs, macros, shapes, tags, ticket_store, ticket_writes
from .access import Actor
from .auth import ACTOR
from .database import Connection
from .errors import MaskedError
from .events import TicketSaved
from .settings import POOL


class _Failed(Exception):
    """One of the tickets can't be saved."""

    def __init__(self, ticket_id: int) -> None:
        super().__init__(ticket_id)
        self.ticket_id = ticket_id


def _refusal(ticket_id: int) -> web.Response:
    """All that is told: which ticket it was, not why."""
    return web.json_response({"error": True, "ticket_id": ticket_id}, status=422)


async def _tickets(request: web.Request, params: dict[str, Any]) -> list[int]:
    """The ids asked for; 404 when one is not there."""
    wanted = params.get("ticket_ids")
    listed = wanted if isinstance(wanted, list) else [wanted]
    ids = [inputs.as_id(one) for one in listed[:2000]]
    known = {row["id"] for row in await request.app[POOL].fetch("SELECT id FROM tickets WHERE id = ANY($1)", ids)}
    for one, number in zip(listed, ids, strict=False):
        if number not in known:
            raise inputs.missing("Ticket", one)
    return [one for one in dict.fromkeys(ids) if one]


async def _blocked(request: web.Request, ids: list[int]) -> int | None:
    """The first ticket that this person may not change."""
    rows = await request.app[POOL].fetch("SELECT id, group_id FROM tickets WHERE id = ANY($1)", ids)
    groups = {row["id"]: row["group_id"] for row in rows}
    return next((one for one in ids if not request[ACTOR].on_group(groups[one], "change")), None)


async def _done(request: web.Request, ids: list[int], told: list[TicketSaved]) -> web.Response:
    for event in told:
        await events.emit(request.app, event)
    rows = await request.app[POOL].fetch("SELECT * FROM tickets WHERE id = ANY($1)", ids)
    return web.json_response({"ticket_ids": ids, "assets": await shapes.assets(request.app[POOL], rows)})


async def _update(request: web.Request) -> web.Response:
    params = await inputs.body(request)
    ids = await _tickets(request, params)
    if (blocked := await _blocked(request, ids)) is not None:
        return _refusal(blocked)
    attributes = params.get("attributes")
    # What is blank is left as it is: nothing can be emptied this way.
    wanted = {k: v for k, v in attributes.items() if v not in (None, "", False)} if isinstance(attributes, dict) else {}
    given = isinstance(attributes, dict) and bool(attributes)
    told: list[TicketSaved] = []
    try:
        async with request.app[POOL].acquire() as connection, connection.transaction():
            for number in ids:
                told += await _change(connection, request[ACTOR], number, wanted if given else None, params)
    except _Failed as error:
        return _refusal(error.ticket_id)
    return await _done(request, ids, told)


async def _change(
    connection: Connection, actor: Actor, number: int, wanted: dict[str, Any] | None, params: dict[str, Any]
) -> list[TicketSaved]:
    row = dict(await ticket_store.lock(connection, number))
    changes: ticket_writes.Changes = {}
    article_id = None
    try:
        if wanted is not None:
            row, changes = await ticket_writes.change(connection, actor, number, wanted)
    except MaskedError:
        raise _Failed(number) from None
    if params.get("article"):
        article_id = await articles.add(connection, actor, row, params["article"])
    if not changes and article_id is None:
        return []
    return [TicketSaved(number, "update", actor.id, article_id, changes)]


async def _macro(request: web.Request) -> web.Response:
    params = await inputs.body(request)
    ids = await _tickets(request, params)
    if (blocked := await _blocked(request, ids)) is not None:
        return _refusal(blocked)
    db = request.app[POOL]
    number = inputs.as_id(params.get("macro_id"))
    macro = await db.fetchrow("SELECT * FROM macros WHERE id = $1", number) if number else None
    if macro is None:
        raise inputs.missing("Macro", params.get("macro_id"))
    outside = [
        row["id"]
        for row in await db.fetch("SELECT id, group_id FROM tickets WHERE id = ANY($1) ORDER BY id", ids)
        if macro["group_ids"] and row["group_id"] not in macro["group_ids"]
    ]
    if outside:
        words = "Macro group restrictions do not cover all tickets"
        return web.json_response({"error": words, "blocking_tickets": outside}, status=422)
    told: list[TicketSaved] = []
    try:
        async with db.acquire() as connection, connection.transaction():
            for one in ids:
                told += await _perform(connection, request[ACTOR], one, macros.shape(macro))
    except _Failed as error:
        return _refusal(error.ticket_id)
    return await _done(request, ids, told)


async def _perform(connection: Connection, actor: Actor, number: int, macro: dict[str, Any]) -> list[TicketSaved]:
    wanted = {
        key.removeprefix("ticket."): rule["value"]
        for key, rule in macro["perform"].items()
        if key.startswith("ticket.") and key != "ticket.tags"
    }
    await ticket_store.lock(connection, number)
    changes: ticket_writes.Changes = {}
    # With any action on the ticket it is saved, and the workflows are asked; a note alone passes them by.
    if any(key.startswith("ticket.") for key in macro["perform"]):
        try:
            _, changes = await ticket_writes.change(connection, actor, number, wanted)
        except MaskedError:
            raise _Failed(number) from None
    rule = macro["perform"].get("ticket.tags")
    for name in tags.split(rule.get("value")) if rule else []:
        await tags.change(connection, number, actor.id, name, remove=rule.get("operator") == "remove")
    note = macro["perform"].get("article.note")
    # The note of a macro that runs on the server is the system's, whoever set it off.
    article_id = await articles.system_note(connection, number, note) if note else None
    if not changes and article_id is None:
        return []
    return [TicketSaved(number, "update", actor.id, article_id, changes)]


def add_routes(app: web.Application) -> None:
    """Mount the mass changes; before ``/tickets/{id}``, which would take their addresses."""
    app.router.add_post("/api/v1/tickets/mass_update", _update)
    app.router.add_post("/api/v1/tickets/mass_macro", _macro)
