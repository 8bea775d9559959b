"""Time entries as rows: how they are read, what they look like on the wire, and who may touch one."""

from __future__ import annotations

from typing import Any

from plugin_server.demo.harvest import time_rules
from plugin_server.demo.harvest.access import may_enter_for, narrow_entries
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import forbidden, not_found
from plugin_server.demo.harvest.sql import Row, Select
from plugin_server.demo.harvest.wire import clock_time, instant, number

SOURCE = (
    "time_entry e JOIN person u ON u.id = e.user_id JOIN project p ON p.id = e.project_id"
    " JOIN client c ON c.id = p.client_id JOIN task t ON t.id = e.task_id"
    " LEFT JOIN user_assignment ua ON ua.project_id = e.project_id AND ua.user_id = e.user_id"
    " LEFT JOIN task_assignment ta ON ta.project_id = e.project_id AND ta.task_id = e.task_id"
)
COLUMNS = (
    "e.*, u.first_name || ' ' || u.last_name AS user_name, u.cost_rate, u.timezone,"
    " c.id AS client_id, c.name AS client_name, c.currency AS client_currency,"
    " p.name AS project_name, p.code AS project_code, t.name AS task_name,"
    " ua.id AS ua_id, ua.is_project_manager AS ua_manager, ua.is_active AS ua_active,"
    " ua.use_default_rates AS ua_default, ua.budget AS ua_budget, ua.hourly_rate AS ua_rate,"
    " ua.created_at AS ua_created, ua.updated_at AS ua_updated,"
    " ta.id AS ta_id, ta.billable AS ta_billable, ta.is_active AS ta_active, ta.hourly_rate AS ta_rate,"
    " ta.budget AS ta_budget, ta.created_at AS ta_created, ta.updated_at AS ta_updated,"
    " (p.is_billable AND coalesce(ta.billable, false)) AS billable,"
    " CASE p.bill_by WHEN 'Project' THEN p.hourly_rate WHEN 'Tasks' THEN ta.hourly_rate"
    " WHEN 'People' THEN CASE WHEN coalesce(ua.use_default_rates, true) THEN u.default_hourly_rate"
    " ELSE ua.hourly_rate END END AS billable_rate,"
    " CASE p.budget_by WHEN 'none' THEN false WHEN 'person' THEN ua.budget IS NOT NULL"
    " WHEN 'task' THEN ta.budget IS NOT NULL WHEN 'task_fees' THEN ta.budget IS NOT NULL ELSE true END AS budgeted,"
    " NOT (p.is_active AND c.is_active AND t.is_active AND u.is_active AND coalesce(ta.is_active, true)) AS archived,"
    " EXISTS (SELECT FROM period_lock l WHERE (l.project_id IS NULL OR l.project_id = e.project_id)"
    " AND e.spent_date BETWEEN l.first_day AND l.last_day) AS period_locked"
)


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields, the live extras (client currency, project code, explicit lock), rates by right."""
    company, viewer = call.company, call.viewer
    hours = time_rules.total_hours(row["hours"], row["running_since"], call.now)
    reason = time_rules.locked_reason(row)
    return {
        "id": row["id"],
        "spent_date": row["spent_date"],
        "hours": number(hours),
        "hours_without_timer": number(row["hours"]),
        "rounded_hours": number(time_rules.rounded(hours, company["rounding_minutes"], company["rounding_mode"])),
        "notes": row["notes"],
        "is_locked": reason is not None,
        "locked_reason": reason,
        "is_explicitly_locked": row["period_locked"],
        "is_closed": row["approval_status"] == "approved",
        "approval_status": row["approval_status"],
        "is_billed": row["is_billed"],
        "timer_started_at": instant(row["running_since"]),
        "started_time": clock_time(row["started_time"], company["clock"]),
        "ended_time": clock_time(row["ended_time"], company["clock"]),
        "is_running": row["running_since"] is not None,
        "billable": row["billable"],
        "budgeted": row["budgeted"],
        "billable_rate": number(row["billable_rate"]) if row["billable"] and viewer.sees_rates else None,
        "cost_rate": number(row["cost_rate"]) if viewer.sees_costs else None,
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
        "user": {"id": row["user_id"], "name": row["user_name"]},
        "client": {"id": row["client_id"], "name": row["client_name"], "currency": row["client_currency"]},
        "project": {"id": row["project_id"], "name": row["project_name"], "code": row["project_code"]},
        "task": {"id": row["task_id"], "name": row["task_name"]},
        "user_assignment": _user_assignment(call, row),
        "task_assignment": _task_assignment(call, row),
        "external_reference": _reference(row),
        "invoice": {"id": row["invoice_id"], "number": row["invoice_number"]} if row["invoice_id"] else None,
    }


def _user_assignment(call: Call, row: Row) -> dict[str, Any] | None:
    if row["ua_id"] is None:
        return None
    return {
        "id": row["ua_id"],
        "is_project_manager": row["ua_manager"],
        "is_active": row["ua_active"],
        "use_default_rates": row["ua_default"],
        "budget": number(row["ua_budget"]),
        "created_at": instant(row["ua_created"]),
        "updated_at": instant(row["ua_updated"]),
        "hourly_rate": number(row["ua_rate"]) if call.viewer.sees_rates else None,
    }


def _task_assignment(call: Call, row: Row) -> dict[str, Any] | None:
    if row["ta_id"] is None:
        return None
    return {
        "id": row["ta_id"],
        "billable": row["ta_billable"],
        "is_active": row["ta_active"],
        "created_at": instant(row["ta_created"]),
        "updated_at": instant(row["ta_updated"]),
        "hourly_rate": number(row["ta_rate"]) if call.viewer.sees_rates else None,
        "budget": number(row["ta_budget"]),
    }


def _reference(row: Row) -> dict[str, Any] | None:
    """Harvest adds the host of the permalink, and an icon for hosts that it knows: it knows none of the demo's."""
    if row["reference_id"] is None:
        return None
    return {
        "id": row["reference_id"],
        "group_id": row["reference_group_id"],
        "account_id": row["reference_account_id"],
        "permalink": row["reference_permalink"],
        "service": time_rules.service_of(row["reference_permalink"]),
        "service_icon_url": None,
    }


async def find(call: Call, entry_id: int) -> Row:
    """The entry, or 404. The docs answer 403 for one that exists beyond the caller's sight."""
    select = Select(COLUMNS, SOURCE).where("e.id = {}", entry_id)
    row = await narrow_entries(select.copy(), call.viewer).one(call.conn)
    if row is None:
        raise forbidden() if await select.count(call.conn) else not_found()
    return row


async def editable(call: Call, entry_id: int) -> Row:
    """The entry locked against other writers, if the caller may change this person's time; else 403 or 404."""
    await call.conn.execute("SELECT FROM time_entry WHERE id = $1 FOR UPDATE", entry_id)
    row = await find(call, entry_id)
    if not await may_enter_for(call.conn, call.viewer, row["user_id"], row["project_id"]):
        raise forbidden()
    return row
