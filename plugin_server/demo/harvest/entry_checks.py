"""What must be true before time may be entered on a project: people, tasks and days."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from plugin_server.demo.harvest.errors import unprocessable

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection


async def check_assigned(conn: Connection, user_id: int, project_id: int, task_id: int) -> None:
    """422 unless project and task are active, the task is in the project, and the person works on it."""
    row = await conn.fetchrow(
        "SELECT p.is_active AND c.is_active AS project, t.is_active AND ta.is_active AS task, ua.is_active AS person,"
        " u.is_active AS user"
        " FROM project p JOIN client c ON c.id = p.client_id"
        " LEFT JOIN task t ON t.id = $2 LEFT JOIN task_assignment ta ON ta.project_id = p.id AND ta.task_id = t.id"
        " LEFT JOIN user_assignment ua ON ua.project_id = p.id AND ua.user_id = $3 LEFT JOIN person u ON u.id = $3"
        " WHERE p.id = $1",
        project_id,
        task_id,
        user_id,
    )
    if row is None:
        raise unprocessable("Project does not exist")
    if not row["user"]:
        raise unprocessable("User does not exist or is archived")
    if not row["project"]:
        raise unprocessable("Project is archived")
    if row["task"] is None:
        raise unprocessable("Task is not assigned to this project")
    if not row["task"]:
        raise unprocessable("Task is archived")
    if not row["person"]:
        raise unprocessable("User is not assigned to this project")


async def check_day(conn: Connection, project_id: int, day: date) -> None:
    """422 when the day is locked for the project: nothing may be entered there, by anybody."""
    if await conn.fetchval(
        "SELECT true FROM period_lock WHERE (project_id IS NULL OR project_id = $1)"
        " AND $2 BETWEEN first_day AND last_day LIMIT 1",
        project_id,
        day,
    ):
        raise unprocessable("The project is locked for this time period")
