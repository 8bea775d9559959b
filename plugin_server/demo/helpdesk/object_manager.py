"""The Object Manager: administrators add attributes to tickets, change them and take them away.

Nothing of it is in force before ``POST /object_manager_attributes_execute_migrations``: a new attribute has no column
until then, so a value sent for it is dropped without a word.

Source: ``app/controllers/object_manager_attributes_controller.rb``, ``app/models/object_manager/attribute.rb``.
"""

from __future__ import annotations

from typing import Any

import asyncpg
from aiohttp import web

from . import access, attributes, inputs, object_rules, records, trigger_conditions
from .auth import ACTOR
from .database import Connection, Db, Record
from .errors import MaskedError, UnprocessableError
from .settings import POOL

_TABLE = "object_attributes"
_TICKET_LOOKUP = 2
"""The id under which the real one's ``object_lookups`` keep the tickets."""


def _shape(row: Record) -> dict[str, Any]:
    """One record: with the number of its object, where the list has the object's name."""
    shown = {**records.plain(row), "editable": True, "object_lookup_id": _TICKET_LOOKUP}
    del shown["object"]
    return shown


async def _used_by(db: Db, name: str) -> str:
    """Who names the attribute in a condition, in the words of the refusal; empty when nobody does.

    Only conditions count, and core workflows don't: theirs go on, about a column that is gone.
    """
    rows = await db.fetch("SELECT name, condition FROM triggers ORDER BY name")
    names = [row["name"] for row in rows if name in trigger_conditions.attributes_in(row["condition"])]
    return f"Trigger: {','.join(names)}" if names else ""


async def _index(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    db = request.app[POOL]
    found = []
    for row in await db.fetch("SELECT * FROM object_attributes ORDER BY position, name"):
        used = await _used_by(db, row["name"])
        reason = {"not_deletable_reason": f"This attribute is referenced by {used} and thus cannot be deleted!"}
        shown = _shape(row)
        del shown["object_lookup_id"]
        found.append({**shown, "object": row["object"], "deletable": not used, **(reason if used else {})})
    return web.json_response(found)


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    return web.json_response(_shape(await records.find(request, _TABLE, "ObjectManager::Attribute")))


def _name(params: dict[str, Any]) -> str:
    if params.get("object") != "Ticket":
        raise UnprocessableError("Attributes are simulated for tickets only.")
    name = (inputs.text(params.get("name"), "name", 250) or "").lower()
    if not name:
        raise UnprocessableError("Name can't be blank")
    return name


async def _named(db: Db, name: str) -> Record | None:
    return await db.fetchrow("SELECT * FROM object_attributes WHERE object = 'Ticket' AND name = $1", name)


def _common(params: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if "display" in params:
        fields["display"] = inputs.text(params["display"], "display", 200) or ""
    if "active" in params:
        fields["active"] = inputs.truthy(params["active"])
    if "screens" in params:
        fields["screens"] = object_rules.screens(params["screens"])
    if params.get("position") not in (None, ""):
        position = inputs.as_id(params["position"])
        if position is None:
            raise UnprocessableError("Invalid value for 'position'")
        fields["position"] = position
    return fields


async def _create(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    db = request.app[POOL]
    params = await inputs.body(request)
    name = _name(params)
    if await _named(db, name) is not None:
        raise UnprocessableError(object_rules.EXISTS)
    data_type = object_rules.kind(params.get("data_type"))
    object_rules.check_name(name, new=True)
    fields = {
        "display": "",
        "screens": {},
        "position": await db.fetchval("SELECT coalesce(max(position), 0) + 1 FROM object_attributes"),
        **_common(params),
        "name": name,
        "data_type": data_type,
        "data_option": object_rules.options(data_type, params.get("data_option")),
        "to_create": True,
        "to_migrate": True,
    }
    try:
        row = await records.insert(db, _TABLE, fields, request[ACTOR].id)
    except asyncpg.UniqueViolationError:
        # Somebody else was faster; the database says so, not the model.
        raise MaskedError("Database error: the name is taken") from None
    return web.json_response(_shape(row), status=201)


async def _update(request: web.Request) -> web.Response:
    # The id in the address is not looked at: object and name in the body say which one is meant.
    access.require(request[ACTOR], "admin.object")
    db = request.app[POOL]
    params = await inputs.body(request)
    name = _name(params)
    current = await _named(db, name)
    if current is None:
        raise UnprocessableError("does not exist")
    data_type = object_rules.kind(params.get("data_type"))
    object_rules.may_become(current["data_type"], data_type)
    option = object_rules.options(data_type, params.get("data_option"))
    fields = {**_common(params), "data_type": data_type}
    if fields.get("active") is False and (used := await _used_by(db, name)):
        raise UnprocessableError(f"Ticket.{name} is referenced by {used} and thus cannot be set to inactive!")
    told = {"display": params.get("display"), "position": params.get("position"), "active": params.get("active")}
    other = any(current[key] != value for key, value in told.items()) or current["data_type"] != data_type
    if other or option != current["data_option"]:
        fields |= {"to_config": True, "data_option_new": option}
        lengths = [str(one["maxlength"]) for one in (current["data_option"], option) if one.get("maxlength")]
        if len(set(lengths)) == 2:
            fields["to_migrate"] = True
    row = await records.update(db, _TABLE, current["id"], fields, request[ACTOR].id)
    return web.json_response(_shape(row))


async def _delete(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    db = request.app[POOL]
    row = await records.find(request, _TABLE, "ObjectManager::Attribute")
    if used := await _used_by(db, row["name"]):
        raise UnprocessableError(f"Ticket.{row['name']} is referenced by {used} and thus cannot be deleted!")
    if row["to_create"]:
        await db.execute("DELETE FROM object_attributes WHERE id = $1", row["id"])
    else:
        await records.update(db, _TABLE, row["id"], {"to_delete": True}, request[ACTOR].id)
    return web.json_response({})


async def _discard(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    async with request.app[POOL].acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM object_attributes WHERE to_create")
        await connection.execute(
            "UPDATE object_attributes SET to_migrate = false, to_delete = false, to_config = false, "
            "data_option_new = '{}' WHERE to_delete OR to_config"
        )
    return web.json_response({})


async def _execute(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin.object")
    async with request.app[POOL].acquire() as connection, connection.transaction():
        rows = await connection.fetch(
            "SELECT * FROM object_attributes WHERE to_create OR to_migrate OR to_delete OR to_config "
            "ORDER BY id FOR UPDATE"
        )
        for row in rows:
            await _migrate(connection, row)
    return web.json_response({})


async def _migrate(connection: Connection, row: Record) -> None:
    if row["to_delete"]:
        await connection.execute("UPDATE tickets SET custom = custom - $1::text WHERE custom ? $1", row["name"])
        await connection.execute("DELETE FROM object_attributes WHERE id = $1", row["id"])
        return
    option = row["data_option_new"] if row["to_config"] else row["data_option"]
    if row["data_type"] == "select":
        # Labels of options that are no longer offered stay readable.
        old = [_labels(one.get("historical_options") or one.get("options")) for one in (row["data_option"], option)]
        option = {**option, "historical_options": {**old[0], **old[1], **_labels(option.get("options"))}}
    default = option.get("default")
    if row["to_create"] and row["data_type"] in attributes.WITH_COLUMN_DEFAULT and default is not None:
        # A new column with a default is filled; what a ticket already keeps under the name comes first.
        await connection.execute(
            "UPDATE tickets SET custom = $1::jsonb || custom WHERE NOT custom ? $2", {row["name"]: default}, row["name"]
        )
    await connection.execute(
        "UPDATE object_attributes SET data_option = $2, data_option_new = '{}', to_create = false, to_migrate = false, "
        "to_delete = false, to_config = false, updated_at = clock_timestamp() WHERE id = $1",
        row["id"],
        option,
    )


def _labels(offered: Any) -> dict[str, Any]:
    if isinstance(offered, list):
        return {one["value"]: one.get("name", one["value"]) for one in offered}
    return dict(offered or {})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/object_manager_attributes``."""
    root = "/api/v1/object_manager_attributes"
    app.router.add_get(root, _index)
    app.router.add_post(root, _create)
    app.router.add_get(f"{root}/{{id}}", _show)
    app.router.add_put(f"{root}/{{id}}", _update)
    app.router.add_delete(f"{root}/{{id}}", _delete)
    app.router.add_post(f"{root}_discard_changes", _discard)
    app.router.add_post(f"{root}_execute_migrations", _execute)
