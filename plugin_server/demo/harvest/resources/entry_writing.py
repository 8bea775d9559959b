"""Creating and changing time entries, in duration and in start/end accounts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.access import may_enter_for
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.entries import editable, find, shape
from plugin_server.demo.harvest.entry_checks import check_assigned, check_day
from plugin_server.demo.harvest.errors import forbidden, unprocessable
from plugin_server.demo.harvest.fields import Fields, storable
from plugin_server.demo.harvest.resources.timers import stop_running
from plugin_server.demo.harvest.sql import Row, insert, update
from plugin_server.demo.harvest.time_rules import between, is_link, locked_reason, running_from, shifted
from plugin_server.demo.harvest.wire import reply
from plugin_server.demo.harvest.zones import local

LONGEST_NOTES = 16_777_215


def _reference(fields: Fields) -> None:
    """Replaces the whole reference; an id that is a number becomes text. Without an id there is none to refer to."""
    value = fields.body.get("external_reference")
    if value is None:
        return  # null clears nothing: that is a DELETE of its own
    if not isinstance(value, Mapping):
        fields.problem("external_reference", "is invalid")
        return
    for name in ("id", "group_id", "account_id", "permalink"):
        part = value.get(name)
        if isinstance(part, int) and not isinstance(part, bool) and abs(part) < 10**30:
            part = str(part)
        if part == "":
            part = None
        if part is not None and (not isinstance(part, str) or not storable(part) or len(part) > 2000):
            fields.problem(f"external_reference {name}", "is invalid")
        elif name != "permalink" and part is not None and len(part) > 255:
            fields.problem(f"external_reference {name}", "is too long (maximum is 255 characters)")
        elif name == "permalink" and part is not None and not is_link(part):
            fields.problem(f"external_reference {name}", "is not a web address")
        elif name == "id" and part is None:
            fields.problem("external_reference id", "can't be blank")
        fields.values[f"reference_{name}"] = part


def _read(call: Call, *, partial: bool) -> dict[str, Any]:
    fields = Fields(call.body, partial=partial)
    fields.integer("project_id", required=True)
    fields.integer("task_id", required=True)
    fields.date("spent_date", required=True)
    if not partial:
        fields.integer("user_id")
    fields.decimal("hours")
    fields.clock_time("started_time")
    fields.clock_time("ended_time")
    fields.text("notes", nullable=True, longest=LONGEST_NOTES)
    _reference(fields)
    return fields.done()


async def create(call: Call) -> web.Response:
    """Without ``hours`` (or, in start/end accounts, without ``ended_time``) the entry is a running timer."""
    values = _read(call, partial=False)
    user_id: int = values.setdefault("user_id", call.viewer.id)
    project_id, task_id, day = values["project_id"], values["task_id"], values["spent_date"]
    if not await may_enter_for(call.conn, call.viewer, user_id, project_id):
        raise forbidden()
    # The person's row serialises whatever starts or stops timers of one person.
    zone = await call.conn.fetchval("SELECT timezone FROM person WHERE id = $1 FOR UPDATE", user_id)
    await check_assigned(call.conn, user_id, project_id, task_id)
    await check_day(call.conn, project_id, day)
    wall = local(call.now, zone)
    times = (
        _start_end(values, wall, call.now) if call.company["wants_timestamp_timers"] else _duration(values, wall, call)
    )
    for name in ("hours", "started_time", "ended_time"):
        values.pop(name, None)
    if times.get("running_since") is not None:
        await stop_running(call, user_id)
    new_id = await insert(call.conn, "time_entry", {**values, **times}, call.now)
    return reply(shape(call, await find(call, new_id)), 201)


def _duration(values: Mapping[str, Any], wall: datetime, call: Call) -> dict[str, object]:
    """Times are the other kind's and are not looked at: sent without hours they leave a running timer."""
    if "hours" in values:
        return {"hours": values["hours"]}
    return {"hours": Decimal(0), "running_since": call.now, "started_time": wall.time()}


def _start_end(values: Mapping[str, Any], wall: datetime, now: datetime) -> dict[str, object]:
    """``hours`` is the wrong variant, yet accepted: the start is derived from the end."""
    start: time | None = values.get("started_time")
    end: time | None = values.get("ended_time")
    if "hours" in values and (start is None or end is None):
        if start is None:
            end = end or wall.time()
            start = shifted(end, -values["hours"])
        else:
            end = shifted(start, values["hours"])
        return {"hours": values["hours"], "started_time": start, "ended_time": end}
    start = start or wall.time()
    if end is not None:
        return {"hours": between(start, end), "started_time": start, "ended_time": end}
    return {"hours": Decimal(0), "running_since": running_from(start, wall, now), "started_time": start}


async def change(call: Call) -> web.Response:
    """Only what is sent changes. On a locked entry an Administrator changes notes and times; the rest is dropped."""
    row = await editable(call, call.path_id())
    values = _read(call, partial=True)
    if locked_reason(row):
        if not call.viewer.is_admin:
            raise unprocessable("A locked time entry cannot be changed")
        for name in ("project_id", "task_id", "spent_date"):
            values.pop(name, None)
    moved = {name for name in ("project_id", "task_id", "spent_date") if values.get(name, row[name]) != row[name]}
    project_id = values.get("project_id", row["project_id"])
    if moved & {"project_id", "task_id"}:
        if not await may_enter_for(call.conn, call.viewer, row["user_id"], project_id):
            raise forbidden()
        await check_assigned(call.conn, row["user_id"], project_id, values.get("task_id", row["task_id"]))
    if moved & {"project_id", "spent_date"}:
        await check_day(call.conn, project_id, values.get("spent_date", row["spent_date"]))
    times = _changed_times(call, row, values)
    for name in ("hours", "started_time", "ended_time"):
        values.pop(name, None)
    await update(call.conn, "time_entry", row["id"], {**values, **times}, call.now)
    return reply(shape(call, await find(call, row["id"])))


def _changed_times(call: Call, row: Row, values: Mapping[str, Any]) -> dict[str, object]:
    """New hours and times; a running timer goes on from new hours, and stops at an ``ended_time``."""
    running = row["running_since"] is not None
    if not call.company["wants_timestamp_timers"]:
        if "hours" not in values:
            return {}
        return {"hours": values["hours"], **({"running_since": call.now} if running else {})}
    start, end = values.get("started_time", row["started_time"]), values.get("ended_time", row["ended_time"])
    if "started_time" in values or "ended_time" in values:
        if end is None or start is None:
            since = running_from(start, local(call.now, row["timezone"]), call.now) if running and start else None
            return {"started_time": start, "ended_time": end, **({"running_since": since} if since else {})}
        return {"started_time": start, "ended_time": end, "hours": between(start, end), "running_since": None}
    if "hours" in values:
        if running:
            return {"hours": values["hours"], "running_since": call.now}
        return {"hours": values["hours"], "ended_time": shifted(start, values["hours"]) if start else None}
    return {}
