"""The simulator's own door, ``/_sim``: health, a summary of the state, and switches a real administrator has.

It opens for callers on this machine alone. Faults have a module of their own, and so have the webhooks' jobs.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from . import inputs
from .database import Db
from .errors import ForbiddenError, UnprocessableError
from .settings import POOL

SWITCHES: dict[str, tuple[Any, ...]] = {
    "api_token_access": (True, False),
    "api_password_access": (True, False),
    "tag_new": (True, False),
    # What a bare ticket search looks like: an array of tickets since 6.5, an object with ids up to 6.4.
    "search_shape": ("6.5", "6.4"),
    # What ``GET /version`` says; nothing else changes with it.
    "version": ("6.5.0", "6.4.1", "7.0.0"),
    # Seconds, times the number of the attempt, until a webhook that failed is tried again.
    "webhook_wait": (10, 1, 0),
}
"""Every switch with its values, the default first."""


async def setting(db: Db, name: str) -> Any:
    """A switch's value."""
    value = await db.fetchval("SELECT value FROM simulation WHERE name = $1", name)
    return SWITCHES[name][0] if value is None else value


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """``/_sim`` is for this machine: 403 for a caller from anywhere else."""
    if request.path.startswith("/_sim") and not _is_here(request.remote):
        raise ForbiddenError("This is for callers on this machine.")
    return await handler(request)


def _is_here(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


async def _health(request: web.Request) -> web.Response:
    await request.app[POOL].fetchval("SELECT 1")
    return web.json_response({"ok": True})


_LISTED = {
    "mentions": "id, ticket_id, user_id, created_by_id",
    "online_notifications": "id, o_id AS ticket_id, type, user_id, seen, created_by_id",
    "links": "id, link_type, source_id, target_id",
    "mails": "id, kind, recipient, subject, body, ticket_id, article_id",
    "core_workflows": "id, name, active, priority, stop_after_match, preferences, condition_saved, "
    "condition_selected, perform",
    "object_attributes": "id, name, data_type, active, to_create, to_migrate, to_delete, to_config",
}
"""What the summary tells besides tickets and articles, by table."""


async def _state(request: web.Request) -> web.Response:
    db = request.app[POOL]
    tickets = await db.fetch(
        "SELECT id, number, title, group_id, state_id, owner_id, customer_id, organization_id, custom, "
        'to_char(updated_at, \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') AS updated_at FROM tickets ORDER BY id'
    )
    articles = await db.fetch(
        "SELECT id, ticket_id, created_by_id, internal, type_id, content_type, body FROM articles ORDER BY id"
    )
    found = {"tickets": tickets, "articles": articles}
    for name, columns in _LISTED.items():
        found[name] = await db.fetch(f"SELECT {columns} FROM {name} ORDER BY id")  # noqa: S608 - our names
    return web.json_response({name: [dict(row) for row in rows] for name, rows in found.items()})


async def _switch(request: web.Request) -> web.Response:
    wanted = await inputs.body(request)
    for name, value in wanted.items():
        if name not in SWITCHES or value not in SWITCHES[name]:
            raise UnprocessableError(f"unknown switch or value: {name}")
    for name, value in wanted.items():
        await request.app[POOL].execute(
            "INSERT INTO simulation VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            name,
            value,
        )
    return web.json_response({name: await setting(request.app[POOL], name) for name in SWITCHES})


def add_routes(app: web.Application) -> None:
    """Mount ``/_sim``."""
    app.router.add_get("/_sim/health", _health)
    app.router.add_get("/_sim/state", _state)
    app.router.add_put("/_sim/settings", _switch)
