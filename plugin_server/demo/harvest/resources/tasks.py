"""Tasks: kinds of work, the same for the whole account; a project uses one through a task assignment."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.paging import newest_first
from plugin_server.demo.harvest.sql import Row, Select, insert, update
from plugin_server.demo.harvest.wire import instant, number, reply


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields; the rate only for who may see rates."""
    return {
        "id": row["id"],
        "name": row["name"],
        "billable_by_default": row["billable_by_default"],
        "default_hourly_rate": number(row["default_hourly_rate"]) if call.viewer.sees_rates else None,
        "is_default": row["is_default"],
        "is_active": row["is_active"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _read(call: Call, *, partial: bool) -> dict[str, object]:
    fields = Fields(call.body, partial=partial)
    fields.text("name", required=True)
    fields.boolean("billable_by_default")
    fields.decimal("default_hourly_rate", nullable=True)
    fields.boolean("is_default")
    fields.boolean("is_active")
    return fields.done()


async def _find(call: Call, task_id: int) -> Row:
    row = await Select("t.*", "task t").where("t.id = {}", task_id).one(call.conn)
    if row is None:
        raise not_found()
    return row


async def _check_name(call: Call, name: object, except_id: int = 0) -> None:
    if await call.conn.fetchval("SELECT true FROM task WHERE name = $1 AND id <> $2", name, except_id):
        raise unprocessable("Name has already been taken")


async def index(call: Call) -> web.Response:
    """All tasks; Members read theirs from their project assignments."""
    call.viewer.require_staff()
    select = Select("t.*", "task t")
    select.also("t.is_active = {}", call.query.boolean("is_active"))
    select.also("t.updated_at > {}", call.query.datetime("updated_since"))
    return await newest_first(call, select, "tasks", lambda row: shape(call, row), "t")


async def retrieve(call: Call) -> web.Response:
    call.viewer.require_staff()
    return reply(shape(call, await _find(call, call.path_id())))


async def create(call: Call) -> web.Response:
    call.viewer.require_admin()
    values = _read(call, partial=False)
    await _check_name(call, values["name"])
    new_id = await insert(call.conn, "task", {"default_hourly_rate": Decimal(0), **values}, call.now)
    return reply(shape(call, await _find(call, new_id)), 201)


async def change(call: Call) -> web.Response:
    """Archiving is refused while a timer runs on the task."""
    call.viewer.require_admin()
    row = await _find(call, call.path_id())
    values = _read(call, partial=True)
    if "name" in values:
        await _check_name(call, values["name"], row["id"])
    if values.get("is_active") is False and await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE task_id = $1 AND running_since IS NOT NULL LIMIT 1", row["id"]
    ):
        raise unprocessable("The task has a running timer and cannot be archived")
    await update(call.conn, "task", row["id"], values, call.now)
    return reply(shape(call, await _find(call, row["id"])))


async def destroy(call: Call) -> web.Response:
    """Only a task without time entries; its assignments go with it."""
    call.viewer.require_admin()
    row = await _find(call, call.path_id())
    if await call.conn.fetchval("SELECT true FROM time_entry WHERE task_id = $1 LIMIT 1", row["id"]):
        raise unprocessable("The task has time entries and cannot be deleted")
    await call.conn.execute("DELETE FROM task_assignment WHERE task_id = $1", row["id"])
    await call.conn.execute("DELETE FROM task WHERE id = $1", row["id"])
    return reply({})
