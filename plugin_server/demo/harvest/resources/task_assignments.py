"""Task assignments: which tasks a project uses, and whether they are billable there."""

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

_SOURCE = "task_assignment a JOIN project p ON p.id = a.project_id JOIN task t ON t.id = a.task_id"
_COLUMNS = "a.*, p.name AS project_name, p.code AS project_code, t.name AS task_name"


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields."""
    return {
        "id": row["id"],
        "project": {"id": row["project_id"], "name": row["project_name"], "code": row["project_code"]},
        "task": {"id": row["task_id"], "name": row["task_name"]},
        "is_active": row["is_active"],
        "billable": row["billable"],
        "hourly_rate": number(row["hourly_rate"]) if call.viewer.sees_rates else None,
        "budget": number(row["budget"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _select(call: Call) -> Select:
    select = Select(_COLUMNS, _SOURCE)
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
    return await newest_first(call, select, "task_assignments", lambda row: shape(call, row), "a")


async def index(call: Call) -> web.Response:
    """Of one project, still by offset."""
    project = await managed(call, call.path_id("project_id"))
    select = _select(call).where("a.project_id = {}", project["id"])
    order = "a.created_at DESC, a.id DESC"
    return await by_offset(call, select, "task_assignments", lambda row: shape(call, row), order)


async def retrieve(call: Call) -> web.Response:
    project = await managed(call, call.path_id("project_id"))
    return reply(shape(call, await _find(call, project["id"], call.path_id())))


async def create(call: Call) -> web.Response:
    """An archived task, a task already there, or an assignment born archived is refused."""
    project = await managed(call, call.path_id("project_id"))
    fields = Fields(call.body)
    fields.integer("task_id", required=True)
    _read(fields)
    values = fields.done()
    active = await call.conn.fetchval("SELECT is_active FROM task WHERE id = $1", values["task_id"])
    if active is None:
        raise unprocessable("Task does not exist")
    if not active or values.get("is_active") is False:
        raise unprocessable("An archived task cannot be assigned")
    if await call.conn.fetchval(
        "SELECT true FROM task_assignment WHERE project_id = $1 AND task_id = $2", project["id"], values["task_id"]
    ):
        raise unprocessable("Task has already been assigned to this project")
    values.setdefault("hourly_rate", None if project["bill_by"] == "Tasks" else Decimal(0))
    new_id = await insert(call.conn, "task_assignment", {"project_id": project["id"], **values}, call.now)
    return reply(shape(call, await _find(call, project["id"], new_id)), 201)


def _read(fields: Fields) -> None:
    fields.boolean("is_active")
    fields.boolean("billable")
    fields.decimal("hourly_rate", nullable=True)
    fields.decimal("budget", nullable=True)


async def change(call: Call) -> web.Response:
    """The task itself cannot change. A running timer keeps the assignment from being archived."""
    project = await managed(call, call.path_id("project_id"))
    row = await _find(call, project["id"], call.path_id())
    fields = Fields(call.body, partial=True)
    _read(fields)
    changes = fields.done()
    if changes.get("is_active") is False and await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE project_id = $1 AND task_id = $2 AND running_since IS NOT NULL LIMIT 1",
        project["id"],
        row["task_id"],
    ):
        raise unprocessable("The task has a running timer on this project and cannot be archived")
    await update(call.conn, "task_assignment", row["id"], changes, call.now)
    return reply(shape(call, await _find(call, project["id"], row["id"])))


async def destroy(call: Call) -> web.Response:
    """Only without time entries."""
    project = await managed(call, call.path_id("project_id"))
    row = await _find(call, project["id"], call.path_id())
    if await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE project_id = $1 AND task_id = $2 LIMIT 1", project["id"], row["task_id"]
    ):
        raise unprocessable("The task assignment has time entries and cannot be deleted")
    await call.conn.execute("DELETE FROM task_assignment WHERE id = $1", row["id"])
    return reply({})
