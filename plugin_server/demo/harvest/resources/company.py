"""The account's one company. Harvest keeps its id, zone and rounding rule to itself."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.sql import Row
from plugin_server.demo.harvest.wire import reply


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields."""
    settings = call.server.settings
    return {
        "base_uri": settings.public_url,
        "full_domain": settings.domain,
        "name": row["name"],
        "is_active": True,
        "week_start_day": row["week_start_day"],
        "wants_timestamp_timers": row["wants_timestamp_timers"],
        "time_format": row["time_format"],
        "date_format": row["date_format"],
        "plan_type": "simple-v4",
        "clock": row["clock"],
        "currency_code_display": "iso_code_none",
        "currency_symbol_display": "symbol_before",
        "decimal_symbol": ".",
        "thousands_separator": ",",
        "color_scheme": "orange",
        "weekly_capacity": row["weekly_capacity"],
        "expense_feature": False,
        "invoice_feature": False,
        "estimate_feature": False,
        "approval_feature": True,
        "team_feature": True,
    }


async def retrieve(call: Call) -> web.Response:
    """Copies of the docs disagree whether this is for Administrators only; ``admin_only`` makes it so."""
    if call.company["admin_only"]:
        call.viewer.require_admin()
    return reply(shape(call, call.company))


async def change(call: Call) -> web.Response:
    """Only these two can be changed by the API."""
    call.viewer.require_admin()
    fields = Fields(call.body, partial=True)
    fields.boolean("wants_timestamp_timers")
    fields.integer("weekly_capacity", smallest=0, largest=604_800)
    changes = fields.done()
    await call.conn.execute(
        "UPDATE company SET wants_timestamp_timers = $1, weekly_capacity = $2",
        changes.get("wants_timestamp_timers", call.company["wants_timestamp_timers"]),
        changes.get("weekly_capacity", call.company["weekly_capacity"]),
    )
    row = await call.conn.fetchrow("SELECT * FROM company")
    assert row is not None
    return reply(shape(call, row))
