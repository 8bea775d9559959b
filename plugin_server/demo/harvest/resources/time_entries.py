"""Reading time entries, and making them vanish: there is no trace of a deleted one."""

from __future__ import annotations

from aiohttp import web

from plugin_server.demo.harvest.access import narrow_entries
from plugin_server.demo.harvest.context import Call
from plugin_server.demo.harvest.entries import COLUMNS, SOURCE, editable, find, shape
from plugin_server.demo.harvest.errors import unprocessable
from plugin_server.demo.harvest.paging import by_offset
from plugin_server.demo.harvest.sql import Select, update
from plugin_server.demo.harvest.time_rules import locked_reason
from plugin_server.demo.harvest.wire import reply


async def index(call: Call) -> web.Response:
    """What the caller may see, latest day first, by offset. A filter never says that it hid something."""
    query = call.query
    select = narrow_entries(Select(COLUMNS, SOURCE), call.viewer)
    for name, column in _BY_ID.items():
        select.also(f"{column} = {{}}", query.integer(name))
    select.also("e.reference_id = {}", query.text("external_reference_id"))
    select.also("e.is_billed = {}", query.boolean("is_billed"))
    select.also("(e.running_since IS NOT NULL) = {}", query.boolean("is_running"))
    select.also("e.approval_status = {}", query.choice("approval_status", ("unsubmitted", "submitted", "approved")))
    # Exclusive, and both sides hold whole seconds: a change within the same second is not returned.
    select.also("e.updated_at > {}", query.datetime("updated_since"))
    select.also("e.spent_date >= {}", query.date("from"))
    select.also("e.spent_date <= {}", query.date("to"))
    order = "e.spent_date DESC, e.created_at DESC, e.id DESC"
    return await by_offset(call, select, "time_entries", lambda row: shape(call, row), order)


_BY_ID = {"user_id": "e.user_id", "client_id": "c.id", "project_id": "e.project_id", "task_id": "e.task_id"}


async def retrieve(call: Call) -> web.Response:
    return reply(shape(call, await find(call, call.path_id())))


async def destroy(call: Call) -> web.Response:
    """Never in an archived project or task; a locked one only by an Administrator."""
    row = await editable(call, call.path_id())
    if row["archived"]:
        raise unprocessable("An archived time entry cannot be deleted")
    if locked_reason(row) and not call.viewer.is_admin:
        raise unprocessable("A locked time entry cannot be deleted")
    await call.conn.execute("DELETE FROM time_entry WHERE id = $1", row["id"])
    return reply({})


async def drop_reference(call: Call) -> web.Response:
    """The one way to clear it."""
    row = await editable(call, call.path_id())
    if locked_reason(row) and not call.viewer.is_admin:
        raise unprocessable("A locked time entry cannot be changed")
    cleared = dict.fromkeys(("reference_id", "reference_group_id", "reference_account_id", "reference_permalink"))
    await update(call.conn, "time_entry", row["id"], cleared, call.now)
    return reply({})
