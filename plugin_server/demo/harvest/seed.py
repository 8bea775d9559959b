"""Filling an empty database with the demo's people, projects and history."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from plugin_server.demo.harvest import tokens
from plugin_server.demo.harvest.settings import Settings
from plugin_server.demo.harvest.sql import insert

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection

_AGE = timedelta(days=90)
_IDENTITY = 900_000
_TABLES = ("person", "client", "task", "project")


async def seed(conn: Connection, settings: Settings, now: datetime) -> int:
    """Make sure that there is something to serve; returns the account's id.

    An existing account is left alone, but the application's redirect follows ``product_url``. Raises ValueError or
    KeyError when the file is not what it should be.
    """
    data = json.loads(settings.seed.read_text(encoding="utf-8"), parse_float=Decimal)
    if await conn.fetchval("SELECT id FROM company") is None:
        await _fill(conn, data, settings, now)
    oauth = data["oauth"]["harvest"]
    await conn.execute(
        "INSERT INTO oauth_client (id, secret, name, redirect_uri) VALUES ($1, $2, 'Deskhours', $3)"
        " ON CONFLICT (id) DO UPDATE SET secret = $2, redirect_uri = $3",
        oauth["client_id"],
        oauth["client_secret"],
        settings.product_url + oauth["redirect_path"],
    )
    return int(await conn.fetchval("SELECT id FROM company"))


async def _fill(conn: Connection, data: dict[str, Any], settings: Settings, now: datetime) -> None:
    born = now - _AGE
    account = data["account"]
    await conn.execute("INSERT INTO company (id, name) VALUES ($1, $2)", account["id"], account["name"])
    people = {person["email"]: person["harvest_id"] for person in data["people"]}
    for person in data["people"]:
        await _person(conn, person, data["password"], born)
    for client in data["organisations"]:
        row = {
            "id": client["client_id"],
            "name": client["name"],
            "currency": "EUR",
            "statement_key": secrets.token_hex(16),
        }
        await insert(conn, "client", row, born)
    for task in data["tasks"]:
        row = {"id": task["id"], "name": task["name"], "default_hourly_rate": Decimal(0)}
        await insert(
            conn, "task", {**row, "billable_by_default": task["billable"], "is_default": task["is_default"]}, born
        )
    for project in data["projects"]:
        await _project(conn, project, data, people, born)
    owners = {ticket["id"]: ticket for ticket in data["tickets"]}
    for entry in data["entries"]:
        await _entry(conn, entry, owners.get(entry["ticket"]), people[entry["user"]], settings, now)
    for table in _TABLES:
        # Rows of the file bring their ids; new ones go on behind them.
        text = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(max(id), nextval(pg_get_serial_sequence('{table}', 'id')))) FROM {table}"  # noqa: S608, E501
        await conn.execute(text)
    digest = tokens.digest(data["tokens"]["harvest"])
    owner = people[data["tokens"]["harvest_owner"]]
    await conn.execute("INSERT INTO token (digest, kind, user_id) VALUES ($1, 'personal', $2)", digest, owner)


async def _person(conn: Connection, person: dict[str, Any], password: str, born: datetime) -> None:
    # The demo's password is printed in the documentation: nothing is gained by hiding it here.
    row = {
        "id": person["harvest_id"],
        "identity_id": _IDENTITY + person["harvest_id"],
        "password": password,
        "default_hourly_rate": Decimal(person["default_hourly_rate"]),
        "cost_rate": Decimal(person["cost_rate"]),
        **{name: person[name] for name in ("email", "first_name", "last_name", "timezone", "access_roles")},
    }
    await insert(conn, "person", row, born)


async def _project(
    conn: Connection, project: dict[str, Any], data: dict[str, Any], people: dict[str, int], born: datetime
) -> None:
    budget = project["budget"]
    row = {
        **{name: project[name] for name in ("id", "client_id", "name", "code")},
        "is_billable": True,
        "bill_by": "People",
        "budget_by": "none" if budget is None else "project",
        "budget": None if budget is None else Decimal(budget),
    }
    await insert(conn, "project", row, born)
    for task in data["tasks"]:
        assignment = {"project_id": project["id"], "task_id": task["id"], "billable": task["billable"]}
        await insert(conn, "task_assignment", {**assignment, "hourly_rate": Decimal(0)}, born)
    for email in (project["manager"], *project["team"]):
        place = {
            "project_id": project["id"],
            "user_id": people[email],
            "is_project_manager": email == project["manager"],
        }
        await insert(conn, "user_assignment", {**place, "hourly_rate": Decimal(0)}, born)


async def _entry(
    conn: Connection,
    entry: dict[str, Any],
    ticket: dict[str, Any] | None,
    user_id: int,
    settings: Settings,
    now: datetime,
) -> None:
    spent = (now - timedelta(days=entry["days_ago"])).date()
    row = {
        **{name: entry[name] for name in ("project_id", "task_id", "notes")},
        "user_id": user_id,
        "spent_date": spent,
        "hours": Decimal(entry["hours"]),
    }
    if ticket is not None:
        row |= {
            "reference_id": f"{urlsplit(settings.helpdesk_url).netloc}:{ticket['id']}",
            "reference_group_id": str(ticket["organisation_id"]),
            "reference_permalink": f"{settings.helpdesk_url}/#ticket/zoom/{ticket['id']}",
        }
    await insert(conn, "time_entry", row, min(now, datetime.combine(spent, time(17), UTC)))
