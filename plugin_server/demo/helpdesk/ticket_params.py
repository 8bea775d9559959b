"""What a caller may set on a ticket, by name or by id, read into columns.

Keys nobody knows are dropped without a word, as in the real one (``can_cleanup_param.rb``): writing an attribute that
does not exist looks like success.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from . import attributes, catalog, inputs
from .access import Actor
from .database import Db
from .errors import MaskedError, UnprocessableError

TITLE_LIMIT = 250


def _no_value(name: str, value: Any) -> UnprocessableError:
    return UnprocessableError(f"No lookup value found for '{name}': \"{str(value)[:200]}\"")


async def read(db: Db, actor: Actor, params: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
    """The columns to write for these parameters. ``current`` is the ticket as it stands, None for a new one."""
    agent = current is None or actor.on_group(current["group_id"], "change")
    fields: dict[str, Any] = {}
    title = inputs.text(params.get("title"), "title")
    if title is not None:
        if len(title) > TITLE_LIMIT:
            raise MaskedError(f"value too long for type character varying({TITLE_LIMIT})")
        fields["title"] = " ".join(title.split()) or "-"
    fields |= _from_table(params, "state", catalog.STATES)
    if agent and actor.may("ticket.agent"):
        fields |= _from_table(params, "priority", catalog.PRIORITIES)
        fields |= await _people(db, params)
        fields |= await _group(db, actor, params, current)
        note = inputs.text(params.get("note"), "note", TITLE_LIMIT)
        if note is not None:
            fields["note"] = note
        if isinstance(params.get("preferences"), dict):
            fields["preferences"] = {**(current or {}).get("preferences", {}), **params["preferences"]}
        fields |= await _custom(db, params, current)
    if "pending_time" in params:
        fields["pending_time"] = _instant(params["pending_time"])
    return fields


def _from_table(params: dict[str, Any], name: str, table: dict[int, str]) -> dict[str, Any]:
    if params.get(name) not in (None, ""):
        wanted = params[name]
        number = catalog.id_of(table, wanted) if isinstance(wanted, str) else None
        if number is None:
            raise _no_value(name, wanted)
        return {f"{name}_id": number}
    if params.get(f"{name}_id") not in (None, ""):
        number = inputs.as_id(params[f"{name}_id"])
        if number not in table:
            raise UnprocessableError(f"Invalid value for '{name}_id'")
        return {f"{name}_id": number}
    return {}


async def _people(db: Db, params: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("owner", "customer"):
        if params.get(name) not in (None, ""):
            wanted = inputs.text(params[name], name) or ""
            found = await db.fetchval(
                "SELECT id FROM users WHERE login = $1 OR (email = $1 AND email <> '') LIMIT 1", wanted.strip().lower()
            )
            if found is None:
                raise _no_value(name, wanted)
            fields[f"{name}_id"] = found
        elif f"{name}_id" in params:
            wanted_id = params[f"{name}_id"]
            if name == "owner" and wanted_id in (None, ""):
                fields["owner_id"] = catalog.SYSTEM_USER
                continue
            number = inputs.as_id(wanted_id)
            if number is None or not await db.fetchval("SELECT EXISTS (SELECT FROM users WHERE id = $1)", number):
                raise UnprocessableError(f"Invalid value for '{name}_id'")
            fields[f"{name}_id"] = number
    if "customer_id" in fields:
        fields["organization_id"] = await db.fetchval(
            "SELECT organization_id FROM users WHERE id = $1", fields["customer_id"]
        )
    return fields


async def _group(db: Db, actor: Actor, params: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
    if params.get("group") not in (None, ""):
        wanted = inputs.text(params["group"], "group") or ""
        number = await db.fetchval("SELECT id FROM groups WHERE name = $1 AND active", wanted)
        if number is None:
            raise _no_value("group", wanted)
    elif params.get("group_id") not in (None, ""):
        number = inputs.as_id(params["group_id"])
        known = number and await db.fetchval("SELECT EXISTS (SELECT FROM groups WHERE id = $1 AND active)", number)
        if not known:
            raise UnprocessableError("Invalid value for 'group_id'")
    else:
        return {}
    moved = current is not None and current["group_id"] != number
    if moved and not any(actor.on_group(number, level) for level in ("change", "create")):
        raise MaskedError(f"Invalid value '{number}' for field 'group_id'!")
    return {"group_id": number}


async def _custom(db: Db, params: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
    before = dict(current["custom"]) if current else {}
    after = dict(before)
    for attribute in await attributes.of_tickets(db):
        if current is None and attribute.column_default is not None:
            after[attribute.name] = attribute.column_default
        if attribute.name in params:
            after[attribute.name] = attributes.cast(attribute, params[attribute.name])
    return {"custom": after} if after != before else {}


def _instant(value: Any) -> datetime | None:
    if value in (None, ""):
        return None
    try:
        found = datetime.fromisoformat(str(value))
        # Also shifts into UTC, which fails for the ends of the calendar.
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnprocessableError("Invalid value for 'pending_time'") from None


async def keep_owner_valid(db: Db, fields: dict[str, Any], current: dict[str, Any] | None) -> None:
    """Reset the owner to nobody unless he is active and has ``full`` on the ticket's group (``check_owner_active``)."""
    owner = fields.get("owner_id", current["owner_id"] if current else catalog.SYSTEM_USER)
    group = fields.get("group_id", current["group_id"] if current else None)
    if owner == catalog.SYSTEM_USER or not {"owner_id", "group_id"} & fields.keys():
        return
    fits = await db.fetchval(
        "SELECT EXISTS (SELECT FROM users u JOIN group_access g ON g.user_id = u.id "
        "WHERE u.id = $1 AND u.active AND g.group_id = $2 AND g.access = 'full')",
        owner,
        group,
    )
    if not fits:
        fields["owner_id"] = catalog.SYSTEM_USER
