"""Merging a ticket into another, and deleting one.

Source: ``app/services/service/ticket/merge.rb``, ``app/models/ticket.rb#merge_to``. Articles, mentions and links go to
the target; time entries stay with the source, also those of articles that go. Core workflows are not asked.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, articles, catalog, events, history, inputs, links, shapes, ticket_store, ticket_writes
from .access import Actor
from .auth import ACTOR
from .database import Connection
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL


async def _merge(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    access.require(actor, "ticket.agent")
    target = await db.fetchrow("SELECT * FROM tickets WHERE number = $1", request.match_info["number"][:40])
    if target is None:
        return web.json_response({"result": "failed", "message": "The target ticket number could not be found."})
    number = inputs.as_id(request.match_info["id"])
    source = await ticket_store.find(db, number) if number else None
    if source is None:
        return web.json_response({"result": "failed", "message": "The source ticket could not be found."})
    for ticket in (source, target):
        if not actor.on_group(ticket["group_id"], "change"):
            raise ForbiddenError
    if target["state_id"] == catalog.MERGED:
        raise UnprocessableError("It is not possible to merge into an already merged ticket.")
    if source["id"] == target["id"]:
        raise UnprocessableError("A ticket cannot be merged into itself.")
    async with db.acquire() as connection, connection.transaction():
        # One order for all, so that two merges across each other don't wait for each other.
        for one in sorted((source["id"], target["id"])):
            await ticket_store.lock(connection, one)
        article_id, changes = await _move(connection, actor, source["id"], target["id"])
    for event in (
        events.TicketSaved(source["id"], "update", actor.id, article_id, changes),
        events.TicketSaved(target["id"], "update.received_merge", actor.id, None, {}),
        events.TicketSaved(source["id"], "update.merged_into", actor.id, None, {}),
    ):
        await events.emit(request.app, event)
    rows = [await ticket_store.find(db, one["id"]) for one in (target, source)]
    shown = await shapes.tickets(db, [row for row in rows if row is not None])
    return web.json_response({"result": "success", "target_ticket": shown[0], "source_ticket": shown[1]})


async def _move(
    connection: Connection, actor: Actor, source_id: int, target_id: int
) -> tuple[int, ticket_writes.Changes]:
    await connection.execute(
        "UPDATE articles SET ticket_id = $2, updated_at = clock_timestamp() WHERE ticket_id = $1", source_id, target_id
    )
    await connection.execute(
        "UPDATE histories SET related_o_id = $2 WHERE related_object = 'Ticket' AND related_o_id = $1 "
        "AND object = 'Mention'",
        source_id,
        target_id,
    )
    for one, kind in ((target_id, "received_merge"), (source_id, "merged_into")):
        await history.ticket_event(connection, one, actor.id, kind, (source_id, target_id))
    source = dict(await ticket_store.lock(connection, source_id))
    note = {"type": "note", "sender": "Agent", "body": "merged", "internal": False}
    article_id = await articles.add(connection, actor, source, note)
    await connection.execute(
        "DELETE FROM mentions a USING mentions b WHERE a.ticket_id = $1 AND b.ticket_id = $2 AND a.user_id = b.user_id",
        source_id,
        target_id,
    )
    await connection.execute("UPDATE mentions SET ticket_id = $2 WHERE ticket_id = $1", source_id, target_id)
    for side, other in (("source_id", "target_id"), ("target_id", "source_id")):
        # A link that both have already, or that would lead from the target to itself, is left behind.
        await connection.execute(
            f"UPDATE links l SET {side} = $2 WHERE {side} = $1 AND {other} <> $2 AND NOT EXISTS "  # noqa: S608 - ours
            f"(SELECT FROM links o WHERE o.link_type = l.link_type AND o.{side} = $2 AND o.{other} = l.{other})",
            source_id,
            target_id,
        )
    await links.add(connection, "parent", target_id, source_id)
    fields = {"state_id": catalog.MERGED, "owner_id": catalog.SYSTEM_USER}
    _, changes = await ticket_writes.store(connection, actor.id, source, fields)
    await connection.execute(
        "UPDATE tickets t SET article_count = (SELECT count(*) FROM articles a WHERE a.ticket_id = t.id), "
        "updated_at = clock_timestamp() WHERE id = ANY($1)",
        [source_id, target_id],
    )
    return article_id, changes


async def _delete(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    number = inputs.path_id(request, "Ticket")
    if await ticket_store.find(db, number) is None:
        raise inputs.missing("Ticket", number)
    if not actor.may("admin"):
        raise ForbiddenError("admin permission required")
    async with db.acquire() as connection, connection.transaction():
        await ticket_store.lock(connection, number)
        for statement in _GOES_ALONG:
            await connection.execute(statement, number)
    return web.Response(status=200)


_GOES_ALONG: tuple[Any, ...] = (
    "DELETE FROM links WHERE source_id = $1 OR target_id = $1",
    "DELETE FROM mentions WHERE ticket_id = $1",
    "DELETE FROM tags WHERE ticket_id = $1",
    "DELETE FROM time_accountings WHERE ticket_id = $1 "
    "OR ticket_article_id IN (SELECT id FROM articles WHERE ticket_id = $1)",
    "DELETE FROM histories WHERE object = 'Ticket' AND o_id = $1",
    "DELETE FROM histories WHERE related_object = 'Ticket' AND related_o_id = $1",
    "DELETE FROM articles WHERE ticket_id = $1",
    "DELETE FROM tickets WHERE id = $1",
)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/ticket_merge`` and the deletion of tickets."""
    app.router.add_put("/api/v1/ticket_merge/{id}/{number}", _merge)
    app.router.add_delete("/api/v1/tickets/{id}", _delete)
