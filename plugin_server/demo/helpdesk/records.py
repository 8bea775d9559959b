"""What the administrator's records (macros, triggers, webhooks, types of time) have in common.

Names of tables and columns in here come from our own modules, never from a caller.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from . import inputs
from .database import Db, Record
from .errors import UnprocessableError
from .settings import POOL
from .shapes import instant


def plain(row: Record) -> dict[str, Any]:
    """A record as the API shows it."""
    return {key: instant(value) if isinstance(value, datetime) else value for key, value in row.items()}


def named(params: dict[str, Any], current: Record | None) -> dict[str, Any]:
    """The name to write, if one is given; 422 when it is blank, or missing on a new record."""
    if current is not None and "name" not in params:
        return {}
    name = (inputs.text(params.get("name"), "name", 250) or "").strip()
    if not name:
        raise UnprocessableError("Name can't be blank")
    return {"name": name}


def note(params: dict[str, Any], limit: int) -> dict[str, Any]:
    """The note to write, if one is given."""
    return {"note": inputs.text(params["note"], "note", limit)} if "note" in params else {}


async def find(request: web.Request, table: str, model: str) -> Record:
    """The record in the address, or 404."""
    number = inputs.path_id(request, model)
    row = await request.app[POOL].fetchrow(f"SELECT * FROM {table} WHERE id = $1", number)  # noqa: S608 - our names
    if row is None:
        raise inputs.missing(model, number)
    return row


async def insert(db: Db, table: str, fields: dict[str, Any], user_id: int) -> Record:
    """Write a new record."""
    columns = {**fields, "created_by_id": user_id, "updated_by_id": user_id}
    marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    row = await db.fetchrow(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) RETURNING *",  # noqa: S608 - our names
        *columns.values(),
    )
    assert row is not None
    return row


async def update(db: Db, table: str, number: int, fields: dict[str, Any], user_id: int) -> Record:
    """Write columns of a record."""
    columns = {**fields, "updated_by_id": user_id}
    assignments = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=2))
    row = await db.fetchrow(
        f"UPDATE {table} SET {assignments}, updated_at = clock_timestamp() "  # noqa: S608 - our names
        "WHERE id = $1 RETURNING *",
        number,
        *columns.values(),
    )
    assert row is not None
    return row
