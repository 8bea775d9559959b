"""Projects: budgets, billing, archiving. Deleting one destroys its time entries without a trace."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.access import manages_project, narrow_projects
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import forbidden, not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields
from plugin_server.demo.harvest.paging import newest_first
from plugin_server.demo.harvest.project_rules import BILL_BY, BUDGET_BY, contradiction, settle
from plugin_server.demo.harvest.sql import Row, Select, insert, update
from plugin_server.demo.harvest.wire import instant, number, reply

_SOURCE = "project p JOIN client c ON c.id = p.client_id"
_COLUMNS = "p.*, c.name AS client_name, c.currency AS client_currency"


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields; money is null for who may not see rates."""
    money = number if call.viewer.sees_rates else lambda _: None
    return {
        "id": row["id"],
        "client": {"id": row["client_id"], "name": row["client_name"], "currency": row["client_currency"]},
        "name": row["name"],
        "code": row["code"],
        "is_active": row["is_active"],
        "is_billable": row["is_billable"],
        "is_fixed_fee": row["is_fixed_fee"],
        "bill_by": row["bill_by"],
        "hourly_rate": money(row["hourly_rate"]),
        "budget_by": row["budget_by"],
        "budget_is_monthly": row["budget_is_monthly"],
        "budget": number(row["budget"]),
        "cost_budget": money(row["cost_budget"]),
        "cost_budget_include_expenses": row["cost_budget_include_expenses"],
        "notify_when_over_budget": row["notify_when_over_budget"],
        "over_budget_notification_percentage": number(row["over_budget_notification_percentage"]),
        "over_budget_notification_date": row["over_budget_notification_date"],
        "show_budget_to_all": row["show_budget_to_all"],
        "fee": money(row["fee"]),
        "notes": row["notes"],
        "starts_on": row["starts_on"],
        "ends_on": row["ends_on"],
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _read(call: Call, *, partial: bool) -> dict[str, object]:
    fields = Fields(call.body, partial=partial)
    fields.integer("client_id", required=True)
    fields.text("name", required=True)
    fields.text("code", nullable=True)
    fields.boolean("is_active")
    fields.boolean("is_billable", required=True)
    fields.boolean("is_fixed_fee")
    fields.choice("bill_by", BILL_BY, required=True)
    fields.decimal("hourly_rate", nullable=True)
    fields.choice("budget_by", BUDGET_BY, required=True)
    fields.boolean("budget_is_monthly")
    fields.decimal("budget", nullable=True)
    fields.decimal("cost_budget", nullable=True)
    fields.boolean("cost_budget_include_expenses")
    fields.boolean("notify_when_over_budget")
    fields.decimal("over_budget_notification_percentage", nullable=True, largest=Decimal(9999))
    fields.boolean("show_budget_to_all")
    fields.decimal("fee", nullable=True)
    fields.text("notes", nullable=True, longest=65_535)
    fields.date("starts_on", nullable=True)
    fields.date("ends_on", nullable=True)
    return fields.done()


async def find(call: Call, project_id: int) -> Row:
    """The project, or 404."""
    row = await Select(_COLUMNS, _SOURCE).where("p.id = {}", project_id).one(call.conn)
    if row is None:
        raise not_found()
    return row


async def managed(call: Call, project_id: int) -> Row:
    """The project, if the viewer manages it: Members 403 whether it exists or not, then 404, then 403."""
    call.viewer.require_staff()
    row = await find(call, project_id)
    if not await manages_project(call.conn, call.viewer, project_id):
        raise forbidden()
    return row


async def _check(call: Call, values: dict[str, object], except_id: int = 0) -> None:
    """What needs a look at other rows: the client, and the name, unique within the client."""
    active = await call.conn.fetchval("SELECT is_active FROM client WHERE id = $1", values["client_id"])
    if active is None:
        raise unprocessable("Client does not exist")
    if not active and not except_id:
        raise unprocessable("Client is archived")
    if await call.conn.fetchval(
        "SELECT true FROM project WHERE client_id = $1 AND name = $2 AND id <> $3",
        values["client_id"],
        values["name"],
        except_id,
    ):
        raise unprocessable("Name has already been taken")
    if text := contradiction(values):
        raise unprocessable(text)


async def index(call: Call) -> web.Response:
    """All projects, or those a Manager manages; Members have their project assignments instead."""
    call.viewer.require_staff()
    select = narrow_projects(Select(_COLUMNS, _SOURCE), call.viewer, "p.id")
    select.also("p.is_active = {}", call.query.boolean("is_active"))
    select.also("p.client_id = {}", call.query.integer("client_id"))
    select.also("p.updated_at > {}", call.query.datetime("updated_since"))
    return await newest_first(call, select, "projects", lambda row: shape(call, row), "p")


async def retrieve(call: Call) -> web.Response:
    return reply(shape(call, await managed(call, call.path_id())))


async def create(call: Call) -> web.Response:
    """A new project gets every default task, everybody with access to all future projects, and its Manager."""
    if not call.viewer.may("project_creator"):
        raise forbidden()
    values = _read(call, partial=False)
    await _check(call, values)
    new_id = await insert(call.conn, "project", settle(values), call.now)
    await call.conn.execute(
        "INSERT INTO task_assignment (project_id, task_id, billable, hourly_rate, created_at, updated_at)"
        " SELECT p.id, t.id, t.billable_by_default AND p.is_billable,"
        " CASE WHEN p.bill_by = 'Tasks' THEN t.default_hourly_rate ELSE 0 END, $2, $2"
        " FROM task t, project p WHERE t.is_default AND t.is_active AND p.id = $1 ORDER BY t.id",
        new_id,
        call.now,
    )
    await call.conn.execute(
        "INSERT INTO user_assignment (project_id, user_id, is_project_manager, hourly_rate, created_at, updated_at)"
        " SELECT $1, u.id, NOT 'member' = ANY(u.access_roles), 0, $2, $2 FROM person u"
        " WHERE u.is_active AND (u.has_access_to_all_future_projects OR (u.id = $3 AND $4)) ORDER BY u.id",
        new_id,
        call.now,
        call.viewer.id,
        call.viewer.is_manager,
    )
    return reply(shape(call, await find(call, new_id)), 201)


async def change(call: Call) -> web.Response:
    """Archiving is ``is_active: false``; a running timer on the project refuses it."""
    row = await managed(call, call.path_id())
    changes = _read(call, partial=True)
    merged = {name: row[name] for name in _WRITABLE} | changes
    await _check(call, merged, row["id"])
    if (
        row["is_active"]
        and merged["is_active"] is False
        and await call.conn.fetchval(
            "SELECT true FROM time_entry WHERE project_id = $1 AND running_since IS NOT NULL LIMIT 1", row["id"]
        )
    ):
        raise unprocessable("The project has a running timer and cannot be archived")
    if changes:
        await update(call.conn, "project", row["id"], settle(merged), call.now)
    return reply(shape(call, await find(call, row["id"])))


async def destroy(call: Call) -> web.Response:
    """Its time entries, running ones too, and its assignments are gone with it."""
    row = await managed(call, call.path_id())
    await call.conn.execute("DELETE FROM project WHERE id = $1", row["id"])
    return reply({})


_WRITABLE = (
    "client_id", "name", "code", "is_active", "is_billable", "is_fixed_fee", "bill_by", "hourly_rate", "budget_by",
    "budget_is_monthly", "budget", "cost_budget", "cost_budget_include_expenses", "notify_when_over_budget",
    "over_budget_notification_percentage", "show_budget_to_all", "fee", "notes", "starts_on", "ends_on",
)  # fmt: skip
