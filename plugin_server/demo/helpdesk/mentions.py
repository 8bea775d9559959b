"""Mentions: who follows a ticket, by his own wish, by an article that names him, or by a trigger.

Source: ``app/models/mention.rb``, ``app/controllers/mentions_controller.rb`` and its policy,
``app/models/ticket/article.rb#check_mentions``. The names are looked for in the body as it was sent, whatever its type.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from aiohttp import web

from . import access, history, inputs, records, shapes, ticket_store
from .access import Actor
from .auth import ACTOR
from .database import Connection, Db, Record
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

NO_ACCESS = "A mentioned user has no agent access to this ticket"


class _Names(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs).get("data-mention-user-id") if tag == "a" else None
        if named is not None:
            self.found.append(named)


def named_in(body: str) -> list[str]:
    """The values of ``data-mention-user-id`` of a body's links."""
    parser = _Names()
    parser.feed(body)
    parser.close()
    return parser.found


async def from_article(connection: Connection, actor: Actor, ticket: Any, body: str) -> None:
    """Subscribe everybody whom a body names. 403 when the author may not, 404 and 422 for whom he names."""
    wanted = named_in(body)
    if wanted:
        await subscribe_all(connection, actor, ticket, wanted)


async def subscribe_all(connection: Connection, actor: Actor, ticket: Any, wanted: list[Any]) -> None:
    """Subscribe users by their ids, on behalf of an agent who may read the ticket."""
    if not actor.on_group(ticket["group_id"], "read"):
        raise ForbiddenError("You have insufficient permissions to mention other users.")
    for one in wanted:
        number = inputs.as_id(one)
        user = await connection.fetchrow("SELECT * FROM users WHERE id = $1", number) if number else None
        if user is None:
            raise inputs.missing("User", one)
        if not await mentionable(connection, user, ticket):
            raise UnprocessableError(NO_ACCESS)
        await subscribe(connection, ticket["id"], user["id"], actor.id)


async def mentionable(db: Db, user: Record, ticket: Any) -> bool:
    """Whether a user is an agent who may read the ticket."""
    return bool(user["active"]) and (await access.load(db, user, "mention")).on_group(ticket["group_id"], "read")


async def subscribe(db: Db, ticket_id: int, user_id: int, by_id: int, source: history.Source | None = None) -> None:
    """Note a subscription, once, and touch the ticket."""
    number = await db.fetchval(
        "INSERT INTO mentions (ticket_id, user_id, created_by_id, updated_by_id) VALUES ($1, $2, $3, $3) "
        "ON CONFLICT DO NOTHING RETURNING id",
        ticket_id,
        user_id,
        by_id,
    )
    if number is not None:
        await history.related(
            db, "Mention", number, ticket_id, by_id, "created", values=(None, str(user_id)), source=source
        )
        await db.execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = $1", ticket_id)


async def unsubscribe(db: Db, mention: Record, by_id: int, source: history.Source | None = None) -> None:
    """Take a subscription away."""
    await db.execute("DELETE FROM mentions WHERE id = $1", mention["id"])
    values = (None, str(mention["user_id"]))
    await history.related(
        db, "Mention", mention["id"], mention["ticket_id"], by_id, "removed", values=values, source=source
    )
    await db.execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = $1", mention["ticket_id"])


async def of_ticket(db: Db, ticket_id: int) -> list[Record]:
    """A ticket's subscriptions."""
    return await db.fetch("SELECT * FROM mentions WHERE ticket_id = $1 ORDER BY id", ticket_id)


def _shape(row: Record) -> dict[str, Any]:
    shown = records.plain(row)
    return {**shown, "mentionable_type": "Ticket", "mentionable_id": shown.pop("ticket_id")}


async def _ticket(request: web.Request, params: dict[str, Any]) -> Record:
    if params.get("mentionable_type") != "Ticket":
        raise UnprocessableError("The parameter 'mentionable_type' is invalid.")
    number = inputs.as_id(params.get("mentionable_id"))
    row = await ticket_store.find(request.app[POOL], number) if number else None
    if row is None or not request[ACTOR].on_group(row["group_id"], "read"):
        raise ForbiddenError
    return row


async def _index(request: web.Request) -> web.Response:
    db, params = request.app[POOL], inputs.query(request)
    ticket = await _ticket(request, params)
    rows = await of_ticket(db, ticket["id"])
    if inputs.truthy(params.get("full")):
        assets = await shapes.assets(db, [ticket])
        people = await db.fetch("SELECT * FROM users WHERE id = ANY($1)", [row["user_id"] for row in rows])
        assets["User"] |= {str(one["id"]): one for one in await shapes.users(db, people)}
        assets["Mention"] = {str(row["id"]): _shape(row) for row in rows}
        return web.json_response({"record_ids": [row["id"] for row in rows], "assets": assets})
    return web.json_response({"mentions": [_shape(row) for row in rows]})


async def _create(request: web.Request) -> web.Response:
    # Whatever user is named: the caller subscribes himself.
    ticket = await _ticket(request, {**inputs.query(request), **await inputs.body(request)})
    await subscribe(request.app[POOL], ticket["id"], request[ACTOR].id, request[ACTOR].id)
    return web.json_response(True, status=201)


async def _delete(request: web.Request) -> web.Response:
    number = inputs.as_id(request.match_info["id"]) or 0
    row = await request.app[POOL].fetchrow("SELECT * FROM mentions WHERE id = $1", number)
    if row is None or row["user_id"] != request[ACTOR].id:
        raise ForbiddenError
    await unsubscribe(request.app[POOL], row, request[ACTOR].id)
    return web.json_response(True)


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/mentions``."""
    app.router.add_get("/api/v1/mentions", _index)
    app.router.add_post("/api/v1/mentions", _create)
    app.router.add_delete("/api/v1/mentions/{id}", _delete)
