"""Users: the account's people, their roles and capacities."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from plugin_server.demo.harvest.access import ACCESS_ROLES, PERMISSIONS
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.errors import forbidden, not_found, unprocessable
from plugin_server.demo.harvest.fields import Fields, storable
from plugin_server.demo.harvest.paging import newest_first
from plugin_server.demo.harvest.sql import Row, Select, insert, update
from plugin_server.demo.harvest.wire import instant, number, reply
from plugin_server.demo.harvest.zones import IANA

_COLUMNS = "u.*, EXISTS (SELECT FROM teammate tm WHERE tm.manager_id = u.id) AS has_teammates"


def shape(call: Call, row: Row) -> dict[str, Any]:
    """The documented fields; rates are null for who may not see them."""
    roles = list(row["access_roles"])
    if row["has_teammates"]:
        roles.append("people_manager")
    return {
        "id": row["id"],
        "first_name": row["first_name"],
        "last_name": row["last_name"],
        "email": row["email"],
        "telephone": row["telephone"],
        "timezone": row["timezone"],
        "has_access_to_all_future_projects": row["has_access_to_all_future_projects"],
        "is_contractor": row["is_contractor"],
        "is_active": row["is_active"],
        "weekly_capacity": row["weekly_capacity"],
        "default_hourly_rate": number(row["default_hourly_rate"]) if call.viewer.sees_rates else None,
        "cost_rate": number(row["cost_rate"]) if call.viewer.sees_costs else None,
        "roles": list(row["roles"]),
        "access_roles": roles,
        "avatar_url": f"{call.server.settings.public_url}/avatar.svg",
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _names(fields: Fields, name: str) -> list[str] | None:
    """A list of short texts."""
    value = fields.body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > 100:
        fields.problem(name, "is invalid")
        return None
    texts = [item for item in value if isinstance(item, str) and storable(item) and len(item) <= 255]
    if len(texts) != len(value):
        fields.problem(name, "is invalid")
    return texts


def _read(call: Call, *, partial: bool) -> dict[str, object]:
    fields = Fields(call.body, partial=partial)
    fields.text("first_name", required=True)
    fields.text("last_name", required=True)
    fields.text("email", required=True)
    fields.text("telephone")
    fields.choice("timezone", IANA)
    fields.boolean("has_access_to_all_future_projects")
    fields.boolean("is_contractor")
    fields.boolean("is_active")
    fields.integer("weekly_capacity", smallest=0, largest=604_800)
    if not partial:  # afterwards rates change through their own endpoints only
        fields.decimal("default_hourly_rate")
        fields.decimal("cost_rate")
    roles = _names(fields, "roles")
    if roles is not None:
        fields.values["roles"] = roles
    access = _names(fields, "access_roles")
    if access is not None:
        kinds = [role for role in access if role not in PERMISSIONS]
        if len(kinds) != 1 or not set(access) <= set(ACCESS_ROLES) or (kinds != ["manager"] and len(access) > 1):
            fields.problem("access_roles", "are not valid")
        fields.values["access_roles"] = list(dict.fromkeys(access))
    email = fields.values.get("email")
    if isinstance(email, str) and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        fields.problem("email", "is invalid")
    return fields.done()


async def _find(call: Call, person_id: int) -> Row:
    row = await Select(_COLUMNS, "person u").where("u.id = {}", person_id).one(call.conn)
    if row is None:
        raise not_found()
    return row


async def _check_email(call: Call, email: object, except_id: int = 0) -> None:
    if await call.conn.fetchval("SELECT true FROM person WHERE email = $1 AND id <> $2", email, except_id):
        raise unprocessable("Email has already been taken")


async def me(call: Call) -> web.Response:
    """The caller, whatever the role."""
    return reply(shape(call, await _find(call, call.viewer.id)))


async def index(call: Call) -> web.Response:
    """Everybody for an Administrator; a Manager with teammates sees them and himself."""
    viewer = call.viewer
    select = Select(_COLUMNS, "person u")
    if not viewer.is_admin:
        if not viewer.is_manager or not await _teammates(call, viewer.id):
            raise forbidden()
        select.where(
            "(u.id = {} OR u.id IN (SELECT tm.person_id FROM teammate tm WHERE tm.manager_id = {}))",
            viewer.id,
            viewer.id,
        )
    select.also("u.is_active = {}", call.query.boolean("is_active"))
    select.also("u.updated_at > {}", call.query.datetime("updated_since"))
    return await newest_first(call, select, "users", lambda row: shape(call, row), "u")


async def retrieve(call: Call) -> web.Response:
    """Members have /users/me; a Manager reaches his teammates."""
    call.viewer.require_staff()
    row = await _find(call, call.path_id())
    if not call.viewer.is_admin and row["id"] != call.viewer.id and row["id"] not in await _teammate_ids(call):
        raise forbidden()
    return reply(shape(call, row))


async def create(call: Call) -> web.Response:
    """The invitation mail of the real one is not sent; who is created this way has no password here."""
    call.viewer.require_admin()
    values = _read(call, partial=False)
    await _check_email(call, values["email"])
    top = await call.conn.fetchval("SELECT max(identity_id) FROM person")
    values = {
        "timezone": call.company["timezone"],
        "weekly_capacity": call.company["weekly_capacity"],
        "identity_id": top + 1,
        **values,
    }
    new_id = await insert(call.conn, "person", values, call.now)
    return reply(shape(call, await _find(call, new_id)), 201)


async def change(call: Call) -> web.Response:
    """Name and mail cannot be changed while inactive; a running timer keeps a person from being archived."""
    call.viewer.require_admin()
    row = await _find(call, call.path_id())
    values = _read(call, partial=True)
    if not (row["is_active"] or values.get("is_active")) and {"first_name", "last_name", "email"} & set(values):
        raise unprocessable("Name and email cannot be changed while the user is inactive")
    if "email" in values:
        await _check_email(call, values["email"], row["id"])
    if values.get("is_active") is False and await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE user_id = $1 AND running_since IS NOT NULL", row["id"]
    ):
        raise unprocessable("The user has a running timer and cannot be archived")
    await update(call.conn, "person", row["id"], values, call.now)
    return reply(shape(call, await _find(call, row["id"])))


async def destroy(call: Call) -> web.Response:
    """Only somebody without time, and not oneself."""
    call.viewer.require_admin()
    row = await _find(call, call.path_id())
    if row["id"] == call.viewer.id or await call.conn.fetchval(
        "SELECT true FROM time_entry WHERE user_id = $1 LIMIT 1", row["id"]
    ):
        raise unprocessable("The user has time entries and cannot be deleted")
    await call.conn.execute("DELETE FROM user_assignment WHERE user_id = $1", row["id"])
    await call.conn.execute("DELETE FROM person WHERE id = $1", row["id"])
    return reply({})


async def _teammates(call: Call, manager_id: int) -> list[dict[str, Any]]:
    rows = await call.conn.fetch(
        "SELECT u.id, u.first_name, u.last_name, u.email FROM teammate tm JOIN person u ON u.id = tm.person_id"
        " WHERE tm.manager_id = $1 ORDER BY u.id",
        manager_id,
    )
    return [dict(row) for row in rows]


async def _teammate_ids(call: Call) -> set[int]:
    return {mate["id"] for mate in await _teammates(call, call.viewer.id)}


async def teammates(call: Call) -> web.Response:
    """The people assigned to a Manager; for Administrators."""
    call.viewer.require_admin()
    await _find(call, call.path_id())
    select = Select("u.*", "teammate tm JOIN person u ON u.id = tm.person_id")
    select.where("tm.manager_id = {}", call.path_id())
    mate = ("id", "first_name", "last_name", "email")
    return await newest_first(call, select, "teammates", lambda row: {name: row[name] for name in mate}, "u")


async def set_teammates(call: Call) -> web.Response:
    """The full list replaces the old one; the target must be a Manager."""
    call.viewer.require_admin()
    manager = await _find(call, call.path_id())
    ids = call.body.get("teammate_ids")
    if "manager" not in manager["access_roles"]:
        raise unprocessable("Only a Manager can have teammates")
    if not isinstance(ids, list) or not all(isinstance(i, int) and 0 < i < 2**63 for i in ids):
        raise unprocessable("Teammate ids are not valid")
    known = await call.conn.fetchval("SELECT count(*) FROM person WHERE id = ANY($1::bigint[])", ids)
    if known != len(set(ids)) or manager["id"] in ids:
        raise unprocessable("Teammate ids are not valid")
    await call.conn.execute("DELETE FROM teammate WHERE manager_id = $1", manager["id"])
    for person_id in sorted(set(ids)):
        await call.conn.execute("INSERT INTO teammate VALUES ($1, $2)", manager["id"], person_id)
    return reply({"teammates": await _teammates(call, manager["id"])})
