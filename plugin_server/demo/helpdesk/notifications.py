"""Who is told of what happened to a ticket: by the bell of the page, and by e-mail.

Source: ``app/models/transaction/notification.rb``, ``lib/notification_factory/mailer.rb#notification_settings``.
Members with ``full`` on the group, the owner and those who follow the ticket come into question; a person's preferences
decide, and by default speak for own tickets, tickets that nobody owns, and tickets that are followed. The author hears
nothing.
Nothing but such an event makes a notification: no call of the API does.
"""

from __future__ import annotations

from typing import Any

from aiohttp import web

from . import access, catalog, inputs, records, ticket_store
from .auth import ACTOR
from .database import Db, Record
from .errors import ForbiddenError
from .events import LISTENERS, TicketSaved
from .settings import POOL

_CRITERIA = {"owned_by_me": True, "owned_by_nobody": True, "subscribed": True, "no": False}
_DEFAULT = {name: {"criteria": _CRITERIA, "channel": {"email": True, "online": True}} for name in ("create", "update")}
"""What a new agent's preferences hold."""


async def tell(app: web.Application, event: TicketSaved) -> None:
    """Make the notifications of one event. Called after the commit."""
    db = app[POOL]
    ticket = await ticket_store.find(db, event.ticket_id)
    article = await db.fetchrow("SELECT * FROM articles WHERE id = $1", event.article_id) if event.article_id else None
    if ticket is None or event.quiet or (event.action == "update" and article is None and not event.changes):
        return
    if article and article["sender_id"] == catalog.SYSTEM and not article["preferences"].get("notification"):
        return
    author = article["updated_by_id"] if article else event.user_id
    for user in await _candidates(db, ticket):
        channels = await _channels(db, user, ticket, event.action)
        if channels and user["id"] != author and user["active"]:
            await _notify(db, user, ticket, event, channels)


async def _candidates(db: Db, ticket: Record) -> list[Record]:
    return await db.fetch(
        "SELECT DISTINCT u.* FROM users u JOIN group_access g ON g.user_id = u.id AND g.group_id = $1 "
        "WHERE u.id <> $2 AND (g.access = 'full' OR u.id = $3 OR (g.access = 'read' AND EXISTS "
        "(SELECT FROM mentions m WHERE m.ticket_id = $4 AND m.user_id = u.id))) ORDER BY u.id",
        ticket["group_id"],
        catalog.SYSTEM_USER,
        ticket["owner_id"],
        ticket["id"],
    )


async def _channels(db: Db, user: Record, ticket: Record, action: str) -> dict[str, Any]:
    """The channels by which a person is to hear of this; none when his preferences don't speak for it."""
    if not (await access.load(db, user, "notification")).may("ticket.agent"):
        return {}
    config = user["preferences"].get("notification_config", {"matrix": _DEFAULT})
    rule = _part(_part(config, "matrix"), action.partition(".")[0])
    mine = ticket["owner_id"] == user["id"]
    followed = not mine and await db.fetchval(
        "SELECT EXISTS (SELECT FROM mentions WHERE ticket_id = $1 AND user_id = $2)", ticket["id"], user["id"]
    )
    chosen = config.get("group_ids") if isinstance(config, dict) else None
    groups = [str(one) for one in chosen] if isinstance(chosen, list) and chosen not in ([], ["-"]) else None
    if not mine and not followed and groups is not None and str(ticket["group_id"]) not in groups:
        return {}
    facts = {
        "owned_by_me": mine,
        "owned_by_nobody": ticket["owner_id"] == catalog.SYSTEM_USER,
        "subscribed": followed,
        "no": True,
    }
    criteria = _part(rule, "criteria")
    return _part(rule, "channel") if any(criteria.get(key) and fact for key, fact in facts.items()) else {}


def _part(value: Any, key: str) -> dict[str, Any]:
    """A part of somebody's preferences, which may hold anything."""
    part = value.get(key) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


async def _notify(db: Db, user: Record, ticket: Record, event: TicketSaved, channels: dict[str, Any]) -> None:
    if channels.get("online"):
        settled = ticket["state_id"] in (catalog.CLOSED, catalog.MERGED)
        await db.execute(
            "INSERT INTO online_notifications (o_id, type, seen, user_id, created_by_id, updated_by_id) "
            "VALUES ($1, $2, $3, $4, $5, $5)",
            ticket["id"],
            event.action,
            settled and (event.action == "create" or "state_id" in event.changes),
            user["id"],
            event.user_id,
        )
    if channels.get("email") and user["email"]:
        await mail(
            db, "notification", user["email"], f"[{event.action}] {ticket['title']}", "", ticket["id"], event.article_id
        )


async def mail(
    db: Db, kind: str, recipient: str, subject: str, body: str, ticket_id: int, article_id: int | None
) -> None:
    """Note an e-mail that would leave."""
    await db.execute(
        "INSERT INTO mails (kind, recipient, subject, body, ticket_id, article_id) VALUES ($1, $2, $3, $4, $5, $6)",
        kind,
        recipient,
        subject,
        body,
        ticket_id,
        article_id,
    )


_TYPES = ("create", "update", "update.merged_into", "update.received_merge")


def _shape(row: Record, *, expand: bool) -> dict[str, Any]:
    shown = records.plain(row)
    kind = shown.pop("type")
    if expand:
        return {**shown, "object": "Ticket", "type": kind}
    return {**shown, "object_lookup_id": 2, "type_lookup_id": _TYPES.index(kind) + 1}


async def _index(request: web.Request) -> web.Response:
    rows = await request.app[POOL].fetch(
        "SELECT * FROM online_notifications WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200",
        request[ACTOR].id,
    )
    params = inputs.query(request)
    if inputs.truthy(params.get("full")):
        assets = {"OnlineNotification": {str(row["id"]): _shape(row, expand=True) for row in rows}}
        return web.json_response({"record_ids": [row["id"] for row in rows], "assets": assets})
    expand = inputs.truthy(params.get("expand"))
    return web.json_response([_shape(row, expand=expand) for row in rows])


async def _own(request: web.Request) -> Record:
    row = await records.find(request, "online_notifications", "OnlineNotification")
    if row["user_id"] != request[ACTOR].id:
        raise ForbiddenError
    return row


async def _show(request: web.Request) -> web.Response:
    return web.json_response(_shape(await _own(request), expand=inputs.truthy(inputs.query(request).get("expand"))))


async def _update(request: web.Request) -> web.Response:
    row, params = await _own(request), await inputs.body(request)
    seen = inputs.truthy(params["seen"]) if "seen" in params else row["seen"]
    row = await records.update(request.app[POOL], "online_notifications", row["id"], {"seen": seen}, request[ACTOR].id)
    return web.json_response(_shape(row, expand=False))


async def _delete(request: web.Request) -> web.Response:
    row = await _own(request)
    await request.app[POOL].execute("DELETE FROM online_notifications WHERE id = $1", row["id"])
    return web.json_response({})


async def _all_read(request: web.Request) -> web.Response:
    await request.app[POOL].execute(
        "UPDATE online_notifications SET seen = true, updated_at = clock_timestamp() WHERE user_id = $1 AND NOT seen",
        request[ACTOR].id,
    )
    return web.json_response({})


async def _mails(request: web.Request) -> web.Response:
    rows = await request.app[POOL].fetch("SELECT * FROM mails ORDER BY id")
    return web.json_response([records.plain(row) for row in rows])


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/online_notifications`` and ``/_sim/mails``, and listen to what happens to tickets."""
    app[LISTENERS].append(tell)
    root = "/api/v1/online_notifications"
    app.router.add_get(root, _index)
    app.router.add_put(f"{root}/mark_all_as_read", _all_read)
    app.router.add_get(f"{root}/{{id}}", _show)
    app.router.add_put(f"{root}/{{id}}", _update)
    app.router.add_delete(f"{root}/{{id}}", _delete)
    app.router.add_get("/_sim/mails", _mails)
