"""The simulator's own endpoints under ``/_sim/``: what no Harvest has, for tests and the demo.

They look inside, set the clock, ask for faults, and stand for what at Harvest only the web pages can do: preferences,
approval, invoicing, locking a period.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.bodies import read_body
from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.errors import not_found, unprocessable
from plugin_server.demo.harvest.faults import KINDS, Fault
from plugin_server.demo.harvest.fields import BIGGEST, Fields, read_datetime, read_integer
from plugin_server.demo.harvest.ratelimit import Limiter
from plugin_server.demo.harvest.settings import RateLimit
from plugin_server.demo.harvest.time_rules import total_hours
from plugin_server.demo.harvest.wire import instant, number, reply


async def health(_: web.Request) -> web.Response:
    """200 once everything is there."""
    return reply({"ok": True})


async def state(request: web.Request) -> web.Response:
    """Everything a test wants to compare: all entries whoever may see them, people, projects, calls, 429s since the
    limit was set, faults."""
    server = request.app[SERVER]
    now = server.clock.now()
    async with server.pool.acquire() as conn:
        entries = await conn.fetch("SELECT * FROM time_entry ORDER BY id")
        users = await conn.fetch(
            "SELECT id, email, first_name, last_name, is_active, access_roles FROM person ORDER BY id"
        )
        projects = await conn.fetch("SELECT id, client_id, name, code, is_active FROM project ORDER BY id")
    return reply(
        {
            "now": instant(now),
            "users": [dict(row) for row in users],
            "projects": [dict(row) for row in projects],
            "time_entries": [_entry(dict(row), now) for row in entries],
            "calls": dict(sorted(server.calls.items())),
            "throttled": server.limiter.refused if server.limiter else 0,
            "faults": server.faults.listed(),
        }
    )


def _entry(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    reference = {name: row[f"reference_{name}"] for name in ("id", "group_id", "account_id", "permalink")}
    same = ("id", "user_id", "project_id", "task_id", "spent_date", "notes", "approval_status", "is_billed")
    return {
        **{name: row[name] for name in same},
        "hours": number(total_hours(row["hours"], row["running_since"], now)),
        "is_running": row["running_since"] is not None,
        "external_reference": reference if row["reference_id"] is not None else None,
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


async def reset(request: web.Request) -> web.Response:
    """Faults, clock, limit, locks and preferences as they were at the first start; entries and people stay."""
    server = request.app[SERVER]
    server.faults.clear()
    server.clock.reset()
    server.limiter = Limiter(server.settings.rate_limit) if server.settings.rate_limit else None
    async with server.pool.acquire() as conn:
        await conn.execute("DELETE FROM period_lock")
        await conn.execute(
            "UPDATE company SET wants_timestamp_timers = DEFAULT, weekly_capacity = DEFAULT, clock = DEFAULT,"
            " week_start_day = DEFAULT, time_format = DEFAULT, rounding_minutes = DEFAULT, rounding_mode = DEFAULT,"
            " admin_only = DEFAULT"
        )
    return reply({})


async def add_fault(request: web.Request) -> web.Response:
    """``times`` of null strikes for ever; without ``times`` once."""
    body = await read_body(request)
    fields = Fields(body)
    fields.text("match", required=True)
    fields.choice("kind", KINDS, required=True)
    fields.integer("times", smallest=1)
    fields.integer("status", smallest=400, largest=599)
    fields.decimal("seconds")
    values: dict[str, Any] = fields.done()
    if "times" in body and body["times"] is None:
        values["times"] = None
    if "seconds" in values:
        values["seconds"] = float(values["seconds"])
    request.app[SERVER].faults.add(Fault(**values))
    return reply({"faults": request.app[SERVER].faults.listed()}, 201)


async def clear_faults(request: web.Request) -> web.Response:
    request.app[SERVER].faults.clear()
    return reply({"faults": []})


async def set_clock(request: web.Request) -> web.Response:
    """``{"now": "2026-03-29T00:59:00Z"}`` or ``{"advance_seconds": 3600}``; time goes on from there."""
    clock = request.app[SERVER].clock
    body = await read_body(request)
    text, step = body.get("now"), read_integer(body.get("advance_seconds"))
    moment = read_datetime(text) if isinstance(text, str) else None
    try:
        if moment is None and step is not None:
            moment = clock.now() + timedelta(seconds=step)
        if moment is None or not datetime(2000, 1, 1, tzinfo=UTC) <= moment < datetime(2200, 1, 1, tzinfo=UTC):
            raise unprocessable("Give now (an instant of this or the next century) or advance_seconds")
    except OverflowError:
        raise unprocessable("Advance seconds is out of range") from None
    clock.set(moment)
    return reply({"now": instant(clock.now())})


async def reset_clock(request: web.Request) -> web.Response:
    request.app[SERVER].clock.reset()
    return reply({"now": instant(request.app[SERVER].clock.now())})


async def set_rate_limit(request: web.Request) -> web.Response:
    """``{"limit": "100/15"}`` or ``{"limit": "off"}``; counting begins anew."""
    text = (await read_body(request)).get("limit")
    try:
        limit = RateLimit.parse(text if isinstance(text, str) else "")
    except ValueError as error:
        raise unprocessable(str(error)) from None
    request.app[SERVER].limiter = Limiter(limit) if limit else None
    return reply({"limit": text})


async def set_preferences(request: web.Request) -> web.Response:
    """The company's preferences that no API changes."""
    fields = Fields(await read_body(request), partial=True)
    fields.choice("clock", ("12h", "24h"))
    fields.choice("week_start_day", ("Saturday", "Sunday", "Monday"))
    fields.choice("time_format", ("decimal", "hours_minutes"))
    fields.integer("rounding_minutes", smallest=0, largest=60)
    fields.choice("rounding_mode", ("up", "nearest"))
    fields.boolean("admin_only")
    values = fields.done()
    async with request.app[SERVER].pool.acquire() as conn:
        for name, value in values.items():
            await conn.execute(f"UPDATE company SET {name} = $1", value)  # noqa: S608 - one of the names above
    return reply(values)


async def set_entry(request: web.Request) -> web.Response:
    """Approve, submit or invoice one entry: ``{"approval_status": "approved", "invoice_number": "1001"}``."""
    fields = Fields(await read_body(request), partial=True)
    fields.choice("approval_status", ("unsubmitted", "submitted", "approved"))
    fields.text("invoice_number", nullable=True)
    values = fields.done()
    if "invoice_number" in values:
        billed = values["invoice_number"] is not None
        values |= {"is_billed": billed, "invoice_id": 8_000_001 if billed else None}
    entry_id = read_integer(request.match_info["id"]) or 0
    server = request.app[SERVER]
    async with server.pool.acquire() as conn, conn.transaction():
        for name, value in {**values, "updated_at": server.clock.now()}.items():
            text = f"UPDATE time_entry SET {name} = $1 WHERE id = $2"  # noqa: S608 - one of the names above
            if await conn.execute(text, value, entry_id) == "UPDATE 0":
                raise not_found()
    return reply(values)


async def add_lock(request: web.Request) -> web.Response:
    """Lock the days ``first_day`` to ``last_day`` of a project, or of all without ``project_id``."""
    fields = Fields(await read_body(request))
    fields.integer("project_id", smallest=1, largest=BIGGEST)
    fields.date("first_day", required=True)
    fields.date("last_day", required=True)
    values = fields.done()
    async with request.app[SERVER].pool.acquire() as conn:
        project_id = values.get("project_id")
        if project_id is not None and not await conn.fetchval("SELECT true FROM project WHERE id = $1", project_id):
            raise unprocessable("Project does not exist")
        await conn.execute(
            "INSERT INTO period_lock (project_id, first_day, last_day) VALUES ($1, $2, $3)",
            project_id,
            values["first_day"],
            values["last_day"],
        )
    return reply(values, 201)


async def clear_locks(request: web.Request) -> web.Response:
    async with request.app[SERVER].pool.acquire() as conn:
        await conn.execute("DELETE FROM period_lock")
    return reply({})
