"""What has happened to a ticket, row by row.

Source: ``app/models/concerns/has_history.rb``, ``app/models/history.rb``. A reference is noted by name and by id, its
attribute without ``_id``. Articles and mentions belong to their ticket's history as related objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from aiohttp import web

from . import access, catalog, inputs, shapes, ticket_store
from .auth import ACTOR
from .database import Db, Record
from .settings import POOL

IGNORED = ("preferences", "article_count", "create_article_type_id", "create_article_sender_id")
_NAMES = {"state_id": catalog.STATES, "priority_id": catalog.PRIORITIES}
_TABLES = {"group_id": "groups", "organization_id": "organizations"}


@dataclass(frozen=True)
class Source:
    """The trigger behind a change, if it was one."""

    id: int
    name: str
    type: str = "Trigger"


async def ticket_event(
    db: Db, ticket_id: int, user_id: int, kind: str, ids: tuple[int, int] | None = None, source: Source | None = None
) -> None:
    """A ticket was ``created``, ``merged_into`` another or ``received_merge``: ids go from the source to the target."""
    await _add(db, "Ticket", ticket_id, user_id, kind, ids=ids or (None, None), source=source)


async def related(
    db: Db,
    model: str,
    o_id: int,
    ticket_id: int,
    user_id: int,
    kind: str,
    *,
    attribute: str | None = None,
    values: tuple[str | None, str | None] = (None, None),
    source: Source | None = None,
) -> None:
    """Something happened to an article or a mention of a ticket."""
    await _add(db, model, o_id, user_id, kind, attribute, values, related=("Ticket", ticket_id), source=source)


async def tag(db: Db, ticket_id: int, user_id: int, kind: str, name: str) -> None:
    """A tag was ``added`` or ``removed``."""
    await _add(db, "Ticket", ticket_id, user_id, kind, "tag", (None, name))


async def updated(
    db: Db,
    ticket_id: int,
    user_id: int,
    changes: Mapping[str, tuple[Any, Any]],
    source: Source | None = None,
) -> None:
    """A row for each attribute that was changed from one value to another."""
    for name, (old, new) in changes.items():
        if name in IGNORED:
            continue
        if not name.endswith("_id"):
            await _add(db, "Ticket", ticket_id, user_id, "updated", name, (_text(old), _text(new)), source=source)
            continue
        # Names are looked up by what the attribute refers to now; where that is nothing, numbers must do.
        values = (_text(old), _text(new))
        if new is not None:
            values = (await _name(db, name, old), await _name(db, name, new))
        await _add(
            db, "Ticket", ticket_id, user_id, "updated", name.removesuffix("_id"), values, (old, new), source=source
        )


async def value(db: Db, attribute: str, number: Any) -> str:
    """What is read of an attribute's value: the name of what it refers to, or the value as text."""
    return await _name(db, attribute, number) if attribute.endswith("_id") else _text(number)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return str(shapes.decimal(value)) if isinstance(value, Decimal) else str(value)


async def _name(db: Db, attribute: str, number: int | None) -> str:
    if number is None:
        return ""
    if attribute in _NAMES:
        return _NAMES[attribute].get(number, "")
    if attribute in _TABLES:
        table = _TABLES[attribute]
        return str(await db.fetchval(f"SELECT name FROM {table} WHERE id = $1", number) or "")  # noqa: S608 - ours
    found = await db.fetchval("SELECT concat_ws(' ', firstname, lastname) FROM users WHERE id = $1", number)
    return str(found or "").strip()


async def _add(
    db: Db,
    model: str,
    o_id: int,
    user_id: int,
    kind: str,
    attribute: str | None = None,
    values: tuple[str | None, str | None] = (None, None),
    ids: tuple[int | None, int | None] = (None, None),
    related: tuple[str | None, int | None] = (None, None),
    source: Source | None = None,
) -> None:
    await db.execute(
        "INSERT INTO histories (object, o_id, created_by_id, type, attribute, value_from, value_to, id_from, id_to, "
        "related_object, related_o_id, sourceable_type, sourceable_id, sourceable_name) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        model,
        o_id,
        user_id,
        kind,
        attribute,
        *values,
        *ids,
        *related,
        *((source.type, source.id, source.name) if source else (None, None, None)),
    )


def _shape(row: Record) -> dict[str, Any]:
    found = {key: shapes.instant(value) if isinstance(value, datetime) else value for key, value in row.items()}
    for pair in (("id_from", "id_to"), ("value_from", "value_to")):
        if all(found[key] is None for key in pair):
            for key in pair:
                del found[key]
    for key in ("attribute", "related_object", "related_o_id"):
        if found[key] is None:
            del found[key]
    return found


async def _show(request: web.Request) -> web.Response:
    db, actor = request.app[POOL], request[ACTOR]
    access.require(actor, "ticket.agent")
    number = inputs.path_id(request, "Ticket")
    ticket = await ticket_store.find(db, number)
    if ticket is None:
        raise inputs.missing("Ticket", number)
    await access.require_ticket(db, actor, ticket)
    rows = await db.fetch(
        "SELECT * FROM histories WHERE (object = 'Ticket' AND o_id = $1) OR (related_object = 'Ticket' AND "
        "related_o_id = $1) ORDER BY created_at, id",
        number,
    )
    articles = await ticket_store.articles(db, number, internal=True)
    assets = await shapes.assets(db, [ticket], articles)
    people = await db.fetch("SELECT * FROM users WHERE id = ANY($1)", [row["created_by_id"] for row in rows])
    assets["User"] |= {str(one["id"]): one for one in await shapes.users(db, people)}
    return web.json_response({"history": [_shape(row) for row in rows], "assets": assets})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/ticket_history``."""
    app.router.add_get("/api/v1/ticket_history/{id}", _show)
