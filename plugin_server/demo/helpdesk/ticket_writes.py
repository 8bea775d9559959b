"""Writing a ticket that stands already: what every way of changing one has in common.

Source: ``app/controllers/tickets_controller.rb#update``; the check by core workflows belongs to people's ways alone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from . import catalog, history, ticket_params, ticket_store, workflow_world
from .access import Actor
from .database import Connection

Changes = dict[str, tuple[Any, Any]]


async def change(
    connection: Connection, actor: Actor, ticket_id: int, params: dict[str, Any]
) -> tuple[dict[str, Any], Changes]:
    """Let a person change a ticket: the row as it stands then, and what has changed.

    Locks the row, and asks the core workflows even when nothing changes. 422 as ``ticket_params`` and
    ``workflow_world.check`` tell.
    """
    current = dict(await ticket_store.lock(connection, ticket_id))
    fields = await ticket_params.read(connection, actor, params, current)
    await ticket_params.keep_owner_valid(connection, fields, current)
    before, after = workflow_world.flat(current), workflow_world.flat(current | fields)
    await workflow_world.check(connection, actor, workflow_world.EDIT, before, after)
    return await store(connection, actor.id, current, fields)


async def store(
    connection: Connection,
    user_id: int,
    current: dict[str, Any],
    fields: dict[str, Any],
    source: history.Source | None = None,
) -> tuple[dict[str, Any], Changes]:
    """Write the columns that differ, and their history."""
    changed = {name: value for name, value in fields.items() if value != current[name]}
    if changed.get("state_id") == catalog.CLOSED:
        changed["close_at"] = datetime.now(UTC)
    if changed:
        await ticket_store.update(connection, current["id"], changed, user_id)
    changes = differences(current, changed)
    await history.updated(connection, current["id"], user_id, changes, source)
    return current | changed, changes


def differences(before: dict[str, Any], changed: dict[str, Any]) -> Changes:
    """Attribute by attribute: old and new, also for each of the Object Manager's own."""
    found = {name: (before[name], value) for name, value in changed.items() if name != "custom"}
    old, new = before["custom"], changed.get("custom", before["custom"])
    return found | {name: (old.get(name), new.get(name)) for name in {*old, *new} if old.get(name) != new.get(name)}
