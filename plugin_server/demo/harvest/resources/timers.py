"""Timers: one runs per person, and starting one stops the other without the reply saying so."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.entries import editable, find, shape
from plugin_server.demo.harvest.entry_checks import check_assigned, check_day
from plugin_server.demo.harvest.errors import unprocessable
from plugin_server.demo.harvest.sql import Row, insert, update
from plugin_server.demo.harvest.time_rules import locked_reason, total_hours
from plugin_server.demo.harvest.wire import reply
from plugin_server.demo.harvest.zones import local


def _stopped(call: Call, row: Row, zone: str) -> dict[str, object]:
    return {
        "hours": total_hours(row["hours"], row["running_since"], call.now),
        "running_since": None,
        "ended_time": local(call.now, zone).time(),
    }


async def stop_running(call: Call, user_id: int) -> None:
    """Bank the hours of whatever this person has running; the caller holds the person's row."""
    row: Row | None = await call.conn.fetchrow(
        "SELECT e.*, u.timezone FROM time_entry e JOIN person u ON u.id = e.user_id"
        " WHERE e.user_id = $1 AND e.running_since IS NOT NULL FOR UPDATE OF e",
        user_id,
    )
    if row is not None:
        await update(call.conn, "time_entry", row["id"], _stopped(call, row, row["timezone"]), call.now)


async def stop(call: Call) -> web.Response:
    """Only a running one."""
    row = await editable(call, call.path_id())
    if row["running_since"] is None:
        raise unprocessable("The time entry is not running")
    if locked_reason(row) and not call.viewer.is_admin:
        raise unprocessable("A locked time entry cannot be changed")
    await update(call.conn, "time_entry", row["id"], _stopped(call, row, row["timezone"]), call.now)
    return reply(shape(call, await find(call, row["id"])))


async def restart(call: Call) -> web.Response:
    """Only a stopped one. In start/end accounts it makes a new entry of today with a new id and no hours.

    Whether the external reference is copied there is not known; here it is not, so that nobody counts on it.
    """
    entry_id = call.path_id()
    owner = await call.conn.fetchval("SELECT user_id FROM time_entry WHERE id = $1", entry_id)
    await call.conn.execute("SELECT FROM person WHERE id = $1 FOR UPDATE", owner)
    row = await editable(call, entry_id)
    if row["running_since"] is not None:
        raise unprocessable("The time entry is already running")
    if locked_reason(row):
        raise unprocessable("A locked time entry cannot be restarted")
    await check_assigned(call.conn, row["user_id"], row["project_id"], row["task_id"])
    await stop_running(call, row["user_id"])
    wall = local(call.now, row["timezone"])
    if not call.company["wants_timestamp_timers"]:
        running = {"running_since": call.now, "started_time": wall.time(), "ended_time": None}
        await update(call.conn, "time_entry", row["id"], running, call.now)
        return reply(shape(call, await find(call, row["id"])))
    await check_day(call.conn, row["project_id"], wall.date())
    copied = {name: row[name] for name in ("user_id", "project_id", "task_id", "notes")}
    fresh = {"spent_date": wall.date(), "hours": Decimal(0), "running_since": call.now, "started_time": wall.time()}
    new_id = await insert(call.conn, "time_entry", {**copied, **fresh}, call.now)
    return reply(shape(call, await find(call, new_id)))
