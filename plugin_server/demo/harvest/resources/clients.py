"""Clients: whom the work is for."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import forbidden, not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.paging import newest_first
from plugin_server.demo.harvest.sql import Row, Select, insert, update
from plugin_server.demo.harvest.wire import instant, reply


def shape(row: Row) -> dict[str, Any]:
    """The documented fields."""
    return {
        "id": row["id"],
        "name": row["name"],
        "is_active": row["is_active"],
        "address": row["address"],
        "statement_key": row["statement_key"],
        "currency": row["currency"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _read(call: Call, *, partial: bool) -> dict[str, object]:
    fields = Fields(call.body, partial=partial)
    fields.text("name", required=True)
    fields.boolean("is_active")
    fields.text("address", nullable=True, longest=10_000)
    fields.text("currency", longest=3)
    values = fields.done()
    currency = values.get("currency")
    if isinstance(currency, str) and not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise unprocessable("Currency is not included in the list")
    return values


async def _find(call: Call) -> Row:
    row = await Select("c.*", "client c").where("c.id = {}", call.path_id()).one(call.conn)
    if row is None:
        raise not_found()
    return row


def _require_writer(call: Call) -> None:
    if not call.viewer.may("client_and_task_manager"):
        raise forbidden()


async def _check_name(call: Call, name: object, except_id: int = 0) -> None:
    if await call.conn.fetchval("SELECT true FROM client WHERE name = $1 AND id <> $2", name, except_id):
        raise unprocessable("Name has already been taken")


async def index(call: Call) -> web.Response:
    """All clients; closed to Members, as projects and users are."""
    call.viewer.require_staff()
    select = Select("c.*", "client c")
    select.also("c.is_active = {}", call.query.boolean("is_active"))
    select.also("c.updated_at > {}", call.query.datetime("updated_since"))
    return await newest_first(call, select, "clients", shape, "c")


async def retrieve(call: Call) -> web.Response:
    call.viewer.require_staff()
    return reply(shape(await _find(call)))


async def create(call: Call) -> web.Response:
    _require_writer(call)
    values = _read(call, partial=False)
    await _check_name(call, values["name"])
    values = {"currency": call.company["currency"], "statement_key": secrets.token_hex(16), **values}
    new_id = await insert(call.conn, "client", values, call.now)
    row = await Select("c.*", "client c").where("c.id = {}", new_id).one(call.conn)
    assert row is not None
    return reply(shape(row), 201)


async def change(call: Call) -> web.Response:
    _require_writer(call)
    row = await _find(call)
    values = _read(call, partial=True)
    if "name" in values:
        await _check_name(call, values["name"], row["id"])
    await update(call.conn, "client", row["id"], values, call.now)
    return reply(shape(await _find(call)))


async def destroy(call: Call) -> web.Response:
    """Only a client without projects."""
    _require_writer(call)
    row = await _find(call)
    if await call.conn.fetchval("SELECT true FROM project WHERE client_id = $1 LIMIT 1", row["id"]):
        raise unprocessable("The client has projects and cannot be deleted")
    await call.conn.execute("DELETE FROM client WHERE id = $1", row["id"])
    return reply({})
