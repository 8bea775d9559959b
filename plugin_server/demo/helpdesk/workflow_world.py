"""What a run of the core workflows looks at, read from the database; and the two checks that a run can fail.

Source: ``app/models/concerns/checks_core_workflow.rb``, ``app/models/core_workflow/attributes.rb`` with
``attributes/*.rb``, ``app/models/object_manager/element/*.rb``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import access, attributes, catalog
from .access import Actor
from .attributes import Attribute
from .database import Db, Record
from .errors import MaskedError
from .workflow_conditions import text
from .workflow_engine import Field, Row, Run, Workflow, World

CREATE, EDIT = "create_middle", "edit"
"""The screens on which tickets are checked."""

_AGENT = {"ticket.agent": {"null": False}}
_BUILT_IN: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("title", {"null": False}, {}),
    ("customer_id", {"null": False}, {}),
    ("group_id", {"null": False, "nulloption": True}, {CREATE: {"-all-": {"null": False}}, EDIT: _AGENT}),
    ("owner_id", {"null": True, "nulloption": True}, {EDIT: {"-all-": {"null": True}}}),
    ("state_id", {"null": False, "nulloption": True}, {CREATE: _AGENT, EDIT: _AGENT}),
    ("pending_time", {"null": True}, {CREATE: {"-all-": {"null": False}}, EDIT: {"-all-": {"null": False}}}),
    ("priority_id", {"null": False, "nulloption": False}, {CREATE: _AGENT, EDIT: _AGENT}),
)
"""Name, options and screens of what every ticket has, in the order of the form."""


def flat(row: Record | Mapping[str, Any]) -> Row:
    """A row of ``tickets`` with the Object Manager's values beside the others."""
    found = dict(row)
    custom = found.pop("custom", None) or {}
    return found | custom


async def check(db: Db, actor: Actor, screen: str, before: Row | None, after: Row) -> None:
    """422 for a ticket that may not be saved by this person like this; the text is for administrators alone.

    ``before``: the flat row as it is stored, None for a new one; ``after``: as it would be stored. Only changed values
    that are not blank are held against the values allowed. Whether a mandatory field is empty doesn't depend on what
    was changed.
    """
    ticket_attributes = await attributes.in_forms(db)
    world = await read(db, actor, screen, before, after, ticket_attributes, validating=True)
    result = Run(world, after)()
    for name, value in after.items():
        allowed = result.restrict_values.get(name)
        changed = value != (before or {}).get(name)
        if changed and allowed and value is not False and not _blank(value) and text(value) not in allowed:
            raise MaskedError(f"Invalid value '{text(value)}' for field '{name}'!")
    defaults = {one.name: one.column_default for one in await attributes.of_tickets(db)}
    for name, mandatory in result.mandatory.items():
        hidden = result.visibility.get(name) in ("hide", "remove")
        if mandatory and not hidden and _blank(after.get(name)) and defaults.get(name) is None:
            raise MaskedError(f"Missing required value for field '{name}'!")


def _blank(value: Any) -> bool:
    """Rails' idea of it, but that a flag is never blank."""
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})


async def read(
    db: Db,
    actor: Actor,
    screen: str,
    saved: Row | None,
    params: Row,
    ticket_attributes: list[Attribute],
    *,
    validating: bool,
    last_changed: str | None = None,
) -> World:
    """The world of one run. ``validating``: nobody may own a ticket too, which forms show as an empty value."""
    user = await db.fetchrow("SELECT * FROM users WHERE id = $1", actor.id)
    assert user is not None
    session = dict(user) | {"role_ids": list(actor.role_ids)}
    session |= {f"group_ids_{level}": actor.groups_with(level) for level in catalog.ACCESS}
    built_in = await _built_in(db, actor, screen, saved, params, validating=validating)
    fields = built_in + [_field(one, actor, screen, saved) for one in ticket_attributes]
    return World(
        screen=screen,
        fields={one.name: one for one in fields},
        workflows=tuple([_workflow(row) for row in await _active(db)]),
        session=session,
        related=await _related(db, [saved or {}, params, session]),
        saved=saved,
        last_changed=last_changed,
    )


async def _active(db: Db) -> list[Record]:
    return await db.fetch(
        "SELECT * FROM core_workflows WHERE active AND coalesce(object, 'Ticket') = 'Ticket' ORDER BY priority, id"
    )


def _workflow(row: Record) -> Workflow:
    screens = row["preferences"].get("screen") or []
    return Workflow(
        id=row["id"],
        screens=tuple(screens if isinstance(screens, list) else [screens]),
        saved=row["condition_saved"],
        selected=row["condition_selected"],
        perform=row["perform"],
        stop_after_match=row["stop_after_match"],
        builtin=not row["changeable"],
    )


def _field(one: Attribute, actor: Actor, screen: str, saved: Row | None) -> Field:
    offered = one.option.get("options") or {}
    values = [str(each["value"]) for each in offered] if isinstance(offered, list) else [str(key) for key in offered]
    return Field(one.name, one.option, _screen(one.screens, actor, screen, saved), tuple(values) or None)


def _screen(screens: Mapping[str, Any], actor: Actor, screen: str, saved: Row | None) -> Mapping[str, Any]:
    """What a screen says to this person: a yes of one of his permissions comes before a no of another."""
    by_permission = screens.get(screen) or {}
    if by_permission.get("-all-"):
        return dict(by_permission["-all-"])
    agent = actor.may("ticket.agent")
    reads = saved is None or access.reads_internal(actor, saved)
    found: dict[str, Any] = {}
    for permission, options in by_permission.items():
        if permission == "ticket.agent" and not (agent and reads):
            continue
        if permission == "ticket.customer" and agent and reads:
            continue
        if not actor.may(permission):
            continue
        for key, value in options.items():
            if not (isinstance(found.get(key), bool) and not value):
                found[key] = value
    return found


async def _built_in(
    db: Db, actor: Actor, screen: str, saved: Row | None, params: Row, *, validating: bool
) -> list[Field]:
    offered = {
        "group_id": (await _groups(db, actor, screen), None),
        "owner_id": (await _owners(db, params.get("group_id") or (saved or {}).get("group_id"), validating), None),
        "state_id": (_states(screen), str(next(iter(catalog.STATES)))),
        "priority_id": (tuple(str(number) for number in catalog.PRIORITIES), "2"),
    }
    return [
        Field(name, option, _screen(screens, actor, screen, saved), *offered.get(name, (None, None)))
        for name, option, screens in _BUILT_IN
    ]


def _states(screen: str) -> tuple[str, ...]:
    """Nobody merges by choosing a state, and a ticket is new only once."""
    hidden = ("merged",) if screen == CREATE else ("merged", "new")
    return tuple(str(number) for number, kind in catalog.STATE_TYPES.items() if kind not in hidden)


async def _groups(db: Db, actor: Actor, screen: str) -> tuple[str, ...]:
    if actor.may("ticket.agent"):
        levels = ("create",) if screen == CREATE else ("create", "change")
        return tuple(sorted({str(one) for level in levels for one in actor.groups_with(level)})) or ("",)
    return tuple(str(row["id"]) for row in await db.fetch("SELECT id FROM groups WHERE active"))


async def _owners(db: Db, group_id: Any, validating: bool) -> tuple[str, ...]:
    rows = await db.fetch(
        "SELECT DISTINCT u.id FROM users u JOIN group_access g ON g.user_id = u.id "
        "WHERE u.active AND g.group_id::text = $1 AND g.access = 'full'",
        text(group_id),
    )
    nobody = [str(catalog.SYSTEM_USER)] if validating else []
    return tuple(nobody + [str(row["id"]) for row in rows]) or ("",)


async def _related(db: Db, rows: list[Row]) -> dict[tuple[str, str], Row]:
    """The people, organizations and groups that these rows refer to, and the organizations of the people."""
    found: dict[tuple[str, str], Row] = {}
    people = [row.get(key) for row in rows for key in ("customer_id", "owner_id", "created_by_id", "updated_by_id")]
    for row in await db.fetch("SELECT * FROM users WHERE id = ANY($1::int[])", _numbers(people)):
        found["users", str(row["id"])] = dict(row)
    organizations = [row.get("organization_id") for row in [*rows, *found.values()]]
    for row in await db.fetch("SELECT * FROM organizations WHERE id = ANY($1::int[])", _numbers(organizations)):
        found["organizations", str(row["id"])] = dict(row)
    groups = [row.get("group_id") for row in rows]
    for row in await db.fetch("SELECT * FROM groups WHERE id = ANY($1::int[])", _numbers(groups)):
        found["groups", str(row["id"])] = dict(row)
    return found


def _numbers(values: list[Any]) -> list[int]:
    return [int(one) for one in {text(one) for one in values} if one.isascii() and one.isdigit() and len(one) < 10]
