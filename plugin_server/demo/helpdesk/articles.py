"""Articles: list, show, create, and the switch between internal and public.

Source: ``app/controllers/ticket_articles_controller.rb``, ``app/controllers/concerns/creates_ticket_articles.rb``,
``app/policies/ticket/article_policy.rb``.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import getaddresses
from typing import Any

from aiohttp import web

from . import (
    access,
    catalog,
    events,
    history,
    inputs,
    mentions,
    notifications,
    sanitize,
    shapes,
    ticket_store,
    time_store,
)
from .access import Actor
from .auth import ACTOR
from .database import Connection, Record
from .errors import BrokenError, ForbiddenError, MaskedError, UnprocessableError
from .settings import POOL
from .user_params import is_email

BODY_LIMIT = 1_500_000
"""Characters; Zammad's own limit."""


async def add(connection: Connection, actor: Actor, ticket: Mapping[str, Any], params: Any) -> int:
    """Write a new article on a locked ticket, with the time accounted for it, and touch the ticket; the article's id.

    422 for what Zammad refuses, 403 for time where accounting is off.
    """
    columns = await _columns(connection, actor, ticket, params)
    await mentions.from_article(connection, actor, ticket, str(params["body"]))
    unit = params.get("time_unit")
    if unit not in (None, ""):
        await time_store.require_create(connection, actor, ticket)
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    article_id: int = await connection.fetchval(
        f"INSERT INTO articles ({names}) VALUES ({marks}) RETURNING id",  # noqa: S608 - the columns are ours
        *columns.values(),
    )
    await history.related(connection, "Ticket::Article", article_id, ticket["id"], actor.id, "created")
    if columns["type_id"] == catalog.EMAIL and columns["sender_id"] == catalog.AGENT:
        to, subject = columns["to"] or "", columns["subject"] or ""
        await notifications.mail(connection, "article", to, subject, columns["body"], ticket["id"], article_id)
    contact = {catalog.AGENT: "agent", catalog.CUSTOMER: "customer"}.get(columns["sender_id"])
    if columns["type_id"] != catalog.NOTE and contact:
        stamps = f", last_contact_at = clock_timestamp(), last_contact_{contact}_at = clock_timestamp()"
    else:
        stamps = ""
    await connection.execute(
        "UPDATE tickets SET article_count = article_count + 1, updated_at = clock_timestamp(), "  # noqa: S608 - ours
        f"updated_by_id = $2{stamps} WHERE id = $1",
        ticket["id"],
        actor.id,
    )
    if unit not in (None, ""):
        kind = await time_store.kind(connection, {**params, "type_id": None})
        await time_store.add(connection, actor, ticket["id"], time_store.amount(unit), kind, article_id)
    return article_id


async def system_note(
    connection: Connection,
    ticket_id: int,
    note: Mapping[str, Any],
    source: history.Source | None = None,
    to: str | None = None,
) -> int:
    """A note of the system's, out of a trigger or a macro: no person writes it. Its id. With ``to`` it is an e-mail."""
    article_id: int = await connection.fetchval(
        "INSERT INTO articles (ticket_id, type_id, sender_id, subject, body, content_type, internal, preferences, "
        "created_by_id, updated_by_id, \"to\") VALUES ($1, $2, $3, $4, $5, 'text/html', $6, $7, $8, $8, $9) "
        "RETURNING id",
        ticket_id,
        catalog.EMAIL if to else catalog.NOTE,
        catalog.SYSTEM,
        inputs.text(note.get("subject"), "subject", 3000),
        sanitize.clean(inputs.text(note.get("body"), "body", BODY_LIMIT) or ""),
        inputs.truthy(note.get("internal")),
        {"perform_origin": "trigger" if source else "macro", "notification": True},
        catalog.SYSTEM_USER,
        to,
    )
    await history.related(
        connection, "Ticket::Article", article_id, ticket_id, catalog.SYSTEM_USER, "created", source=source
    )
    await connection.execute(
        "UPDATE tickets SET article_count = article_count + 1, updated_at = clock_timestamp(), updated_by_id = $2 "
        "WHERE id = $1",
        ticket_id,
        catalog.SYSTEM_USER,
    )
    return article_id


async def _columns(connection: Connection, actor: Actor, ticket: Mapping[str, Any], params: Any) -> dict[str, Any]:
    if not isinstance(params, dict):
        raise UnprocessableError("Need at least an 'article body' field.")
    body = inputs.text(params.get("body"), "body")
    if not body or not body.strip():
        raise UnprocessableError("Need at least an 'article body' field.")
    if len(body) > BODY_LIMIT:
        raise MaskedError(f"Body is too long (maximum is {BODY_LIMIT} characters)")
    agent = any(actor.on_group(ticket["group_id"], level) for level in ("read", "create", "change"))
    kind = _kind(params, catalog.NOTE if agent else catalog.WEB)
    sender = _sender(params) if agent else catalog.CUSTOMER
    html = "html" in (inputs.text(params.get("content_type"), "content_type") or "")
    columns: dict[str, Any] = {
        "ticket_id": ticket["id"],
        "type_id": kind if agent else catalog.WEB,
        "sender_id": sender,
        "from": actor.name or actor.login,
        "content_type": "text/html" if html else "text/plain",
        "body": sanitize.clean(body) if html else body,
        "internal": agent and inputs.truthy(params.get("internal")),
        "created_by_id": actor.id,
        "updated_by_id": actor.id,
    }
    for name in ("to", "cc", "subject", "in_reply_to"):
        columns[name] = inputs.text(params.get(name), name, 3000)
    if isinstance(params.get("preferences"), dict) and agent:
        columns["preferences"] = params["preferences"]
    if agent and sender == catalog.CUSTOMER:
        # It carries the name of whose words they are (`fillup_from_origin_by_id.rb`).
        columns["origin_by_id"] = ticket["customer_id"]
        columns["from"] = await connection.fetchval(
            "SELECT coalesce(nullif(trim(firstname || ' ' || lastname), ''), login) FROM users WHERE id = $1",
            ticket["customer_id"],
        )
    if columns["type_id"] == catalog.EMAIL and sender == catalog.AGENT:
        await _address(connection, actor, ticket, columns)
    return columns


def _kind(params: dict[str, Any], default: int) -> int:
    wanted = params.get("type")
    if wanted not in (None, ""):
        found = catalog.id_of(catalog.TYPES, wanted) if isinstance(wanted, str) else None
        if found is None:
            raise UnprocessableError(f"No lookup value found for 'type': \"{str(wanted)[:100]}\"")
        return found
    number = params.get("type_id")
    if number in (None, ""):
        return default
    found = inputs.as_id(number)
    if found not in catalog.TYPES:
        raise UnprocessableError("Invalid value for 'type_id'")
    return found or default


def _sender(params: dict[str, Any]) -> int:
    wanted = params.get("sender")
    if wanted in (None, ""):
        number = inputs.as_id(params.get("sender_id"))
        return number if number in catalog.SENDERS and number is not None else catalog.AGENT
    found = catalog.id_of(catalog.SENDERS, wanted) if isinstance(wanted, str) else None
    if found is None:
        raise UnprocessableError(f"No lookup value found for 'sender': \"{str(wanted)[:100]}\"")
    return found


async def _address(connection: Connection, actor: Actor, ticket: Mapping[str, Any], columns: dict[str, Any]) -> None:
    """An outgoing e-mail: its sender is the group's address, its recipients must be addresses."""
    group = await connection.fetchrow("SELECT name, email_address FROM groups WHERE id = $1", ticket["group_id"])
    assert group is not None
    if not group["email_address"]:
        # Documented: a plain exception in the real one's code, so 500.
        raise BrokenError(f"No email address found for group '{group['name']}' ({ticket['group_id']})")
    for name in ("to", "cc"):
        for _, address in getaddresses([columns[name] or ""]):
            if address and not is_email(address):
                raise UnprocessableError(f"Invalid recipient '{address[:100]}' in '{name}'")
    columns["from"] = f'"{actor.name} via {group["name"]}" <{group["email_address"]}>'


async def _find(request: web.Request) -> tuple[Record, Record]:
    """The article in the address and its ticket, if the actor may see both."""
    db, actor = request.app[POOL], request[ACTOR]
    number = inputs.path_id(request, "Ticket::Article")
    article = await db.fetchrow("SELECT * FROM articles WHERE id = $1", number)
    if article is None:
        raise inputs.missing("Ticket::Article", number)
    ticket = await ticket_store.find(db, article["ticket_id"])
    assert ticket is not None
    await access.require_ticket(db, actor, ticket)
    if article["internal"] and not access.reads_internal(actor, ticket):
        raise ForbiddenError
    return article, ticket


async def _show(request: web.Request) -> web.Response:
    article, _ = await _find(request)
    return web.json_response((await shapes.articles(request.app[POOL], [article]))[0])


async def _by_ticket(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    number = inputs.path_id(request, "Ticket", "ticket_id")
    ticket = await ticket_store.find(db, number)
    if ticket is None:
        raise inputs.missing("Ticket", number)
    await access.require_ticket(db, actor, ticket)
    rows = await ticket_store.articles(db, number, internal=access.reads_internal(actor, ticket))
    return web.json_response(await shapes.articles(db, rows))


async def _create(request: web.Request) -> web.Response:
    # Asks for `create` on the group, where an update of the ticket asks for `change`.
    db, actor = request.app[POOL], request[ACTOR]
    params = await inputs.body(request)
    number = inputs.as_id(params.get("ticket_id"))
    ticket = await ticket_store.find(db, number) if number else None
    if ticket is None:
        raise inputs.missing("Ticket", params.get("ticket_id"))
    await access.require_ticket(db, actor, ticket, "create")
    async with db.acquire() as connection, connection.transaction():
        await ticket_store.lock(connection, ticket["id"])
        article_id = await add(connection, actor, dict(ticket), params)
    await events.emit(request.app, events.TicketSaved(ticket["id"], "update", actor.id, article_id, {}))
    row = await db.fetchrow("SELECT * FROM articles WHERE id = $1", article_id)
    assert row is not None
    return web.json_response((await shapes.articles(db, [row]))[0], status=201)


async def _update(request: web.Request) -> web.Response:
    # Nothing but the visibility can be changed afterwards.
    db, actor = request.app[POOL], request[ACTOR]
    article, ticket = await _find(request)
    if not actor.on_group(ticket["group_id"], "change"):
        raise ForbiddenError
    params = await inputs.body(request)
    if isinstance(params.get("internal"), bool):
        async with db.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE articles SET internal = $2, updated_by_id = $3, updated_at = clock_timestamp() WHERE id = $1",
                article["id"],
                params["internal"],
                actor.id,
            )
            await connection.execute("UPDATE tickets SET updated_at = clock_timestamp() WHERE id = $1", ticket["id"])
            if article["internal"] != params["internal"]:
                values = ("false", "true") if params["internal"] else ("true", "false")
                await history.related(
                    connection,
                    "Ticket::Article",
                    article["id"],
                    ticket["id"],
                    actor.id,
                    "updated",
                    attribute="internal",
                    values=values,
                )
    row, _ = await _find(request)
    return web.json_response((await shapes.articles(db, [row]))[0])


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/ticket_articles``."""
    app.router.add_post("/api/v1/ticket_articles", _create)
    app.router.add_get("/api/v1/ticket_articles/by_ticket/{ticket_id}", _by_ticket)
    app.router.add_get("/api/v1/ticket_articles/{id}", _show)
    app.router.add_put("/api/v1/ticket_articles/{id}", _update)
