"""Many time entries at once, for tests of long lists: ``POST /_sim/entries``."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.bodies import read_body
from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.errors import unprocessable
from plugin_server.demo.harvest.fields import BIGGEST, Fields
from plugin_server.demo.harvest.wire import reply

MOST = 1_000_000


async def add_entries(request: web.Request) -> web.Response:
    """``{"count": 9000, "project_id": 4001, "user_id": 2001, "task_id": 5001, "last_day": "2026-05-04", "days": 365}``:
    stopped entries, the first on the last day, each next one a day earlier, and round again after so many days (1).
    ``hours`` (1) and ``external_reference_id`` are the same for all. Answers the first and the last new id."""
    fields = Fields(await read_body(request))
    fields.integer("count", smallest=1, largest=MOST, required=True)
    for name in ("project_id", "user_id", "task_id"):
        fields.integer(name, smallest=1, largest=BIGGEST, required=True)
    fields.date("last_day", required=True)
    fields.integer("days", smallest=1, largest=10_000)
    fields.decimal("hours")
    fields.text("external_reference_id")
    values: dict[str, Any] = fields.done()
    server = request.app[SERVER]
    async with server.pool.acquire() as conn, conn.transaction():
        for name, table in (("project_id", "project"), ("user_id", "person"), ("task_id", "task")):
            text = f"SELECT true FROM {table} WHERE id = $1"  # noqa: S608 - one of the tables above
            if not await conn.fetchval(text, values[name]):
                raise unprocessable(f"{name} does not exist")
        row = await conn.fetchrow(
            "WITH made AS (INSERT INTO time_entry"
            " (project_id, user_id, task_id, spent_date, hours, reference_id, created_at, updated_at)"
            " SELECT $1, $2, $3, $4::date - (n % $5)::integer, $6, $7, $8, $8 FROM generate_series(0, $9::bigint - 1) n"
            " RETURNING id) SELECT min(id) AS first_id, max(id) AS last_id FROM made",
            values["project_id"],
            values["user_id"],
            values["task_id"],
            values["last_day"],
            values.get("days", 1),
            values.get("hours", Decimal(1)),
            values.get("external_reference_id"),
            server.clock.now(),
            values["count"],
            timeout=120,
        )
        assert row is not None
    first = values["last_day"] - timedelta(days=min(values["count"], values.get("days", 1)) - 1)
    return reply({**dict(row), "first_day": first, "last_day": values["last_day"]}, 201)
