"""Project assignments of a person: what a timer's picker is built from, open to every role for oneself."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.access import has_teammate
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import forbidden, not_found
from plugin_server.demo.harvest.paging import by_offset, newest_first
from plugin_server.demo.harvest.sql import Row, Select
from plugin_server.demo.harvest.wire import instant, number

_SOURCE = "user_assignment a JOIN project p ON p.id = a.project_id AND p.is_active JOIN client c ON c.id = p.client_id"
_COLUMNS = "a.*, p.name AS project_name, p.code AS project_code, c.id AS client_id, c.name AS client_name"


def _shape(call: Call, row: Row, tasks: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "is_active": row["is_active"],
        "is_project_manager": row["is_project_manager"],
        "use_default_rates": row["use_default_rates"],
        "hourly_rate": number(row["hourly_rate"]) if call.viewer.sees_rates else None,
        "budget": number(row["budget"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "project": {"id": row["project_id"], "name": row["project_name"], "code": row["project_code"]},
        "client": {"id": row["client_id"], "name": row["client_name"]},
        "task_assignments": tasks,
    }


async def _tasks(call: Call, user_id: int) -> dict[int, list[dict[str, Any]]]:
    """The active tasks of this person's projects, by project."""
    rows = await call.conn.fetch(
        "SELECT ta.*, t.name AS task_name FROM task_assignment ta JOIN task t ON t.id = ta.task_id"
        " WHERE ta.is_active AND t.is_active AND ta.project_id IN"
        " (SELECT project_id FROM user_assignment WHERE user_id = $1 AND is_active) ORDER BY t.name, ta.id",
        user_id,
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["project_id"], []).append(
            {
                "id": row["id"],
                "billable": row["billable"],
                "is_active": row["is_active"],
                "created_at": instant(row["created_at"]),
                "updated_at": instant(row["updated_at"]),
                "hourly_rate": number(row["hourly_rate"]) if call.viewer.sees_rates else None,
                "budget": number(row["budget"]),
                "task": {"id": row["task_id"], "name": row["task_name"]},
            }
        )
    return found


def _select(call: Call, user_id: int) -> Select:
    return Select(_COLUMNS, _SOURCE).where("a.user_id = {} AND a.is_active", user_id)


async def mine(call: Call) -> web.Response:
    """The caller's active assignments, by offset."""
    tasks = await _tasks(call, call.viewer.id)
    return await by_offset(
        call,
        _select(call, call.viewer.id),
        "project_assignments",
        lambda row: _shape(call, row, tasks.get(row["project_id"], [])),
        "a.created_at DESC, a.id DESC",
    )


async def of_user(call: Call) -> web.Response:
    """Somebody's, in cursor mode: one's own for anyone, others' for Administrators and their Manager."""
    user_id = call.path_id()
    viewer = call.viewer
    if user_id != viewer.id and not viewer.is_admin and not await has_teammate(call.conn, viewer, user_id):
        raise forbidden()
    if not await call.conn.fetchval("SELECT true FROM person WHERE id = $1", user_id):
        raise not_found()
    tasks = await _tasks(call, user_id)
    select = _select(call, user_id).also("a.updated_at > {}", call.query.datetime("updated_since"))
    return await newest_first(
        call,
        select,
        "project_assignments",
        lambda row: _shape(call, row, tasks.get(row["project_id"], [])),
        "a",
    )
