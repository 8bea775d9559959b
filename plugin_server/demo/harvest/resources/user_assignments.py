"""User assignments: who works on a project, and who manages it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.access import narrow_projects
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.paging import by_offset, newest_first
from plugin_server.demo.harvest.resources.projects import managed
from plugin_server.demo.harvest.sql import Row, Select, insert, update
from plugin_server.demo.harvest.wire import instant, number, reply

_SOURCE = "user_assignment a JOIN project p ON p.id = a.project_id JOIN person u ON u.id = a.user_id"
_COLUMNS = "a.*, p.name AS project_name, p.code AS project_code, u.first_name || ' ' || u.last_name AS user_name"


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields."""
    return {
        "id": row["id"],
        "project": {"id": row["project_id"], "name": row["project_name"], "code": row["project_code"]},
        "user": {"id": row["user_id"], "name": row["user_name"]},
        "is_active": row["is_active"],
        "is_project_manager": row["is_project_manager"],
        "use_default_rates": row["use_default_rates"],
        "hourly_rate": number(row["hourly_rate"]) if call.viewer.sees_rates else None,
        "budget": number(row["budget"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _select(call: Call) -> Select:
    select = Select(_COLUMNS, _SOURCE)
    select.also("a.user_id = {}", call.query.integer("user_id"))
    select.also("a.is_active = {}", call.query.boolean("is_active"))
    return select.also("a.updated_at > {}", call.query.datetime("updated_since"))


async def _find(call: Call, project_id: int, assignment_id: int) -> Row:
    """Looked up under another project it is not found."""
    select = Select(_COLUMNS, _SOURCE).where("a.project_id = {} AND a.id = {}", project_id, assignment_id)
    row = await select.one(call.conn)
    if row is None:
        raise not_found()
    return row


async def everywhere(call: Call) -> web.Response:
    """Of all projects, in cursor mode."""
    call.viewer.require_staff()
    select = narrow_projects(_select(call), call.viewer, "a.project_id")
    return await newest_first(call, select, "user_assignments", lambda row: shape(call, row), "a")


async def index(call: Call) -> web.Response:
    """Of one project, still by offset."""
    project = await managed(call, call.path_id("project_id"))
    select = _select(call).where("a.project_id = {}", project["id"])
    order = "a.created_at DESC, a.id DESC"
    return await by_offset(call, select, "user_assignments", lambda row: shape(call, row), order)


async def retrieve(call: Call) -> web.Response:
    project = await managed(call, call.path_id("project_id"))
    return reply(shape(call, await _find(call, project["id"], call.path_id())))


def _read(fields: Fields) -> None:
    fields.boolean("is_active")
    fields.boolean("is_project_manager")
    fields.boolean("use_default_rates")
    fields.decimal("hourly_rate", nullable=True)
    fields.decimal("budget", nullable=True)


async def create(call: Call) -> web.Response:
    """Managers and Administrators become project managers unless told otherwise."""
    project = await managed(call, call.path_id("project_id"))
    fields = Fields(call.body)
    fields.integer("user_id", required=True)
    _read(fields)
    values = fields.done()
    user = await call.conn.fetchrow("SELECT is_active, access_roles FROM person WHERE id = $1", values["user_id"])
    if user is None:
        raise unprocessable("User does not exist")
    if not user["is_active"]:
        raise unprocessable("An archived user cannot be assigned")
    if await call.conn.fetchval(
        "SELECT true FROM user_assignment WHERE project_id = $1 AND user_id = $2", project["id"], values["user_id"]
    ):
        raise unprocessable("User has already been assigned to this project")
    values.setdefault("is_project_manager", "member" not in user["access_roles"])
    values.setdefault("hourly_rate", Decimal(0))
    new_id = await insert(call.conn, "user_assignment", {"project_id": project["id"], **values}, call.now)
    return reply(shape(call, await _find(call, project["id"], new_id)), 201)


async def change(call: Call) -> web.Response:
    """The user itself cannot change."""
    project = await managed(call, call.path_id("project_id"))
    row = await _find(call, project["id"], call.path_id())
    fields = Fields(call.body, partial=True)
    _read(fields)
    await update(call.conn, "user_assignment", row["id"], fields.done(), call.now)
    return reply(shape(call, await _find(call, project["id"], row["id"])))


async def destroy(call: Call) -> web.Response:
    """Only without time entries."""
    project = await managed(call, call.path_id("project_id"))
    row = await _find(call, project["id"], call.path_id())
    if await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE project_id = $1 AND user_id = $2 LIMIT 1", project["id"], row["user_id"]
    ):
        raise unprocessable("The user assignment has time entries and cannot be deleted")
    await call.conn.execute("DELETE FROM user_assignment WHERE id = $1", row["id"])
    return reply({})
