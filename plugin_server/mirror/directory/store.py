"""The directory's SQL. Rows are written so that doing it again changes nothing; an older version never overwrites."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal

from plugin_server.harvest import wire
from plugin_server.mirror.store import hundredths, ten_thousandths
from plugin_server.runtime.database import Connection, Pool

Row = tuple[object, ...]
Kind = Literal["clients", "projects", "tasks", "users", "user_assignments", "task_assignments"]

_TABLES: dict[Kind, tuple[str, str]] = {
    "clients": ("INSERT INTO harvest_client AS t", "id, is_active, updated_at, name, currency"),
    "projects": (
        "INSERT INTO harvest_project AS t",
        "id, client_id, is_active, updated_at, name, code, client_name, budget_by, budget, budget_is_monthly,"
        " cost_budget, is_billable, bill_by, hourly_rate, is_fixed_fee, fee, starts_on, ends_on",
    ),
    "tasks": (
        "INSERT INTO harvest_task AS t",
        "id, billable_by_default, default_hourly_rate, is_default, is_active, updated_at, name",
    ),
    "users": (
        "INSERT INTO harvest_user AS t",
        "id, is_active, is_contractor, weekly_capacity, updated_at, name, email, timezone, access_roles",
    ),
    "user_assignments": (
        "INSERT INTO harvest_user_assignment AS t",
        "id, project_id, user_id, is_active, is_project_manager, use_default_rates, hourly_rate, budget, updated_at",
    ),
    "task_assignments": (
        "INSERT INTO harvest_task_assignment AS t",
        "id, project_id, task_id, is_active, billable, hourly_rate, budget, updated_at",
    ),
}
_GONE: dict[Kind, str] = {
    "clients": "DELETE FROM harvest_client",
    "tasks": "DELETE FROM harvest_task",
    "users": "DELETE FROM harvest_user",
    "user_assignments": "DELETE FROM harvest_user_assignment",
    "task_assignments": "DELETE FROM harvest_task_assignment",
}


def _statement(kind: Kind) -> str:
    into, columns = _TABLES[kind]
    names = columns.split(", ")
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    old = ", ".join(f"t.{name}" for name in names[1:])
    new = ", ".join(f"excluded.{name}" for name in names[1:])
    return (
        f"{into} ({columns}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET ({', '.join(names[1:])}) = ROW ({new})"
        f" WHERE t.updated_at <= excluded.updated_at AND ({old}) IS DISTINCT FROM ({new})"
    )


_UPSERTS: dict[Kind, str] = {kind: _statement(kind) for kind in _TABLES}


async def write(connection: Connection, kind: Kind, rows: Sequence[Row]) -> None:
    """Write rows as the functions below make them, in the order of their ids."""
    await connection.executemany(_UPSERTS[kind], sorted(rows, key=lambda row: int(str(row[0]))))


def client(item: wire.ClientRecord) -> Row:
    return (item.id, item.is_active, item.updated_at, item.name, item.currency)


def project(item: wire.Project) -> Row:
    return (
        item.id,
        item.client.id,
        item.is_active,
        item.updated_at,
        item.name,
        item.code or None,
        item.client.name,
        item.budget_by,
        _amount(item.budget),
        item.budget_is_monthly,
        _amount(item.cost_budget),
        item.is_billable,
        item.bill_by,
        ten_thousandths(item.hourly_rate),
        item.is_fixed_fee,
        _amount(item.fee),
        item.starts_on,
        item.ends_on,
    )


def task(item: wire.TaskRecord) -> Row:
    rate = ten_thousandths(item.default_hourly_rate)
    return (item.id, item.billable_by_default, rate, item.is_default, item.is_active, item.updated_at, item.name)


def user(item: wire.User) -> Row:
    return (
        item.id,
        item.is_active,
        item.is_contractor,
        item.weekly_capacity,
        item.updated_at or datetime.fromtimestamp(0, UTC),
        item.name,
        item.email,
        item.timezone,
        item.access_roles,
    )


def user_assignment(item: wire.UserAssignment) -> Row:
    return (
        item.id,
        item.project.id,
        item.user.id,
        item.is_active,
        item.is_project_manager,
        item.use_default_rates,
        ten_thousandths(item.hourly_rate),
        _amount(item.budget),
        item.updated_at,
    )


def task_assignment(item: wire.TaskAssignment) -> Row:
    return (
        item.id,
        item.project.id,
        item.task.id,
        item.is_active,
        item.billable,
        ten_thousandths(item.hourly_rate),
        _amount(item.budget),
        item.updated_at,
    )


def _amount(value: Decimal | None) -> int | None:
    return None if value is None else hundredths(value)


async def forget(connection: Connection, kind: Kind, listed: Iterable[int], before: datetime) -> None:
    """Remove rows that a whole listing did not hold, unless they were changed after ``before``, when it began."""
    await connection.execute(
        f"{_GONE[kind]} WHERE NOT (id = ANY($1::bigint[])) AND updated_at < $2", list(listed), before
    )


async def missing_projects(pool: Pool, listed: Iterable[int]) -> list[int]:
    """Projects that a whole listing did not hold and that are not known as deleted."""
    rows = await pool.fetch(
        "SELECT id FROM harvest_project WHERE deleted_at IS NULL AND NOT (id = ANY($1::bigint[])) ORDER BY id",
        list(listed),
    )
    return [row["id"] for row in rows]


async def mark_project_deleted(connection: Connection, project_id: int, when: datetime) -> None:
    """Note that Harvest no longer has the project; the row stays."""
    await connection.execute(
        "UPDATE harvest_project SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL", project_id, when
    )


async def active_users(pool: Pool) -> list[int]:
    """People who are not archived."""
    return [row["id"] for row in await pool.fetch("SELECT id FROM harvest_user WHERE is_active ORDER BY id")]


async def replace_rates(connection: Connection, user_id: int, kind: str, rates: Iterable[wire.Rate]) -> None:
    """Make a person's rates of a kind, ``billable`` or ``cost``, exactly these."""
    await connection.execute("DELETE FROM harvest_rate WHERE user_id = $1 AND kind = $2", user_id, kind)
    # asyncpg writes the least of Python's dates as -infinity.
    rows = {rate.start_date or date.min: ten_thousandths(rate.amount) for rate in rates}
    await connection.executemany(
        "INSERT INTO harvest_rate (user_id, kind, start_date, amount) VALUES ($1, $2, $3, $4)",
        [(user_id, kind, start, amount) for start, amount in rows.items()],
    )
