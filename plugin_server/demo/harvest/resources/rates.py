"""Billable and cost rates of people: dated, added to, never changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.context import Call, Handler
from plugin_server.demo.harvest.errors import forbidden, not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.paging import by_offset
from plugin_server.demo.harvest.sql import Row, Select, insert
from plugin_server.demo.harvest.wire import instant, number, reply

_DEFAULTS = {"billable": "default_hourly_rate", "cost": "cost_rate"}


def _shape(row: Row) -> dict[str, Any]:
    """The end of a rate is the day before the next one begins."""
    end = row["next_start"] - timedelta(days=1) if row["next_start"] else None
    return {
        "id": row["id"],
        "amount": number(row["amount"]),
        "start_date": row["start_date"],
        "end_date": end,
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


async def _person(call: Call, kind: str) -> int:
    """Whose rates are asked for: costs are for Administrators, billable rates also for Managers who may see them."""
    if not (call.viewer.sees_costs if kind == "cost" else call.viewer.sees_rates):
        raise forbidden()
    user_id = call.path_id("user_id")
    row = await call.conn.fetchrow("SELECT * FROM person WHERE id = $1 FOR UPDATE", user_id)
    if row is None:
        raise not_found()
    # A person has a rate from the beginning: that of the profile.
    if not await call.conn.fetchval("SELECT true FROM rate WHERE user_id = $1 AND kind = $2 LIMIT 1", user_id, kind):
        values = {"user_id": user_id, "kind": kind, "amount": row[_DEFAULTS[kind]]}
        await insert(call.conn, "rate", values, row["created_at"])
    return user_id


def index(kind: str) -> Handler:
    """The rates of a person, the earliest first."""

    async def handle(call: Call) -> web.Response:
        user_id = await _person(call, kind)
        columns = "r.*, lead(r.start_date) OVER (ORDER BY r.start_date NULLS FIRST) AS next_start"
        select = Select(columns, "rate r").where("r.user_id = {}", user_id).where("r.kind = {}", kind)
        return await by_offset(call, select, f"{kind}_rates", _shape, "r.start_date NULLS FIRST")

    return handle


def create(kind: str) -> Handler:
    """A new rate replaces those that begin on its day or later; without a day, all."""

    async def handle(call: Call) -> web.Response:
        call.viewer.require_admin()
        user_id = await _person(call, kind)
        fields = Fields(call.body)
        fields.decimal("amount")
        fields.date("start_date", nullable=True)
        values: dict[str, Any] = fields.done()
        if "amount" not in values:
            raise unprocessable("Amount can't be blank")
        start = values.get("start_date")
        if start is not None and start > call.now.date():
            raise unprocessable("Start date can't be in the future")
        await call.conn.execute(
            "DELETE FROM rate WHERE user_id = $1 AND kind = $2 AND ($3::date IS NULL OR start_date >= $3)",
            user_id,
            kind,
            start,
        )
        new_id = await insert(call.conn, "rate", {"user_id": user_id, "kind": kind, **values}, call.now)
        await call.conn.execute(
            f"UPDATE person SET {_DEFAULTS[kind]} = $2, updated_at = $3 WHERE id = $1",  # noqa: S608 - one of two names
            user_id,
            values["amount"],
            call.now,
        )
        row = await call.conn.fetchrow("SELECT r.*, NULL::date AS next_start FROM rate r WHERE id = $1", new_id)
        assert row is not None
        return reply(_shape(row), 201)

    return handle
