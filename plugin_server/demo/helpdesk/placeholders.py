"""``#{...}`` in the texts that administrators write: webhooks' payloads, and the notes and e-mails of triggers.

Source: ``app/jobs/trigger_webhook_job/custom_payload/{parser,validator}.rb``. What can't be found is told in its place.
Of ``notification`` only ``changes`` is known here, and there is no ``user`` or ``current_user``: who made a change is
``ticket.updated_by``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import attributes, catalog, history, shapes
from .database import Db, Record
from .errors import UnprocessableError

_VARIABLE = re.compile(r"#\{([a-z0-9_.?!]+)\}")
_KEPT_BACK = ("password", "preferences", "last_login")

Tracks = Mapping[str, Any]


def check(text: str) -> None:
    """422 for a placeholder that is not simulated."""
    for name in _VARIABLE.findall(text):
        root, _, rest = name.partition(".")
        if root in ("config", "webhook") or (root == "notification" and rest != "changes"):
            raise UnprocessableError(f"Placeholder '{name[:100]}' is not simulated.")


def render(text: str, tracks: Tracks) -> str:
    """A text with its placeholders filled."""
    return _VARIABLE.sub(lambda match: _plain(find(match[1], tracks)), text)


def payload(text: str, tracks: Tracks) -> Any:
    """The JSON that a payload's text makes. A placeholder that fills a whole string keeps its value's own type."""
    for name in dict.fromkeys(_VARIABLE.findall(text)):
        value = find(name, tracks)
        mark = "#{" + name + "}"
        whole = json.dumps(_plain(value)) if isinstance(value, str | datetime) else json.dumps(value, default=_plain)
        text = text.replace(f'"{mark}"', whole).replace(mark, json.dumps(_plain(value))[1:-1])
    try:
        return json.loads(text)
    except ValueError as error:
        return {"error": str(error)}


def find(name: str, tracks: Tracks) -> Any:
    """The value that a placeholder stands for, or the words that tell why there is none."""
    root, *parts = name.split(".")
    if root not in tracks:
        return f"#{{{root} / no such object}}"
    if not parts:
        return f"#{{{root} / missing method}}"
    found, shown = tracks[root], root
    for part in parts:
        shown += f".{part}"
        if not isinstance(found, dict) or part not in found:
            return f"#{{{shown} / no such method}}"
        found = found[part]
        if found is None:
            return ""
    return f"#{{{shown} / no such method}}" if isinstance(found, dict) else found


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return str(shapes.decimal(value)) if isinstance(value, Decimal) else str(value)


async def tracks(db: Db, ticket: Record, article: Record | None, changes: Mapping[str, Any]) -> Tracks:
    """What placeholders may ask about: ``changes`` maps an attribute's label to its old and new text."""
    lines = [f"{label}: {old} -> {new}" for label, (old, new) in changes.items()]
    return {
        "ticket": await _ticket(db, ticket),
        "article": None if article is None else await _article(db, article),
        "notification": {"changes": "\n".join(lines)},
    }


async def labelled(db: Db, changes: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[str, str]]:
    """Changes by label, with names in place of ids."""
    labels = {one.name: one.display for one in await attributes.of_tickets(db)}
    found = {}
    for name, (old, new) in changes.items():
        if name not in history.IGNORED:
            plain = name.removesuffix("_id").replace("_", " ").capitalize()
            found[labels.get(name, plain)] = (await history.value(db, name, old), await history.value(db, name, new))
    return found


async def _person(db: Db, number: int | None) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM users WHERE id = $1", number) if number else None
    if row is None:
        return None
    shown = {key: value for key, value in row.items() if key not in _KEPT_BACK}
    return {**shown, "fullname": f"{row['firstname']} {row['lastname']}".strip()}


async def _ticket(db: Db, row: Record) -> dict[str, Any]:
    found = {key: value for key, value in row.items() if key not in ("custom", "preferences")}
    for one in await attributes.of_tickets(db):
        found[one.name] = row["custom"].get(one.name)
    for name in ("owner", "customer", "created_by", "updated_by"):
        found[name] = await _person(db, row[f"{name}_id"])
    group = await db.fetchrow("SELECT id, name FROM groups WHERE id = $1", row["group_id"])
    organization = await db.fetchrow("SELECT id, name FROM organizations WHERE id = $1", row["organization_id"])
    found["group"] = dict(group) if group else None
    found["organization"] = dict(organization) if organization else None
    found["state"] = {"id": row["state_id"], "name": catalog.STATES[row["state_id"]]}
    found["priority"] = {"id": row["priority_id"], "name": catalog.PRIORITIES[row["priority_id"]]}
    return found


async def _article(db: Db, row: Record) -> dict[str, Any]:
    found = {key: value for key, value in row.items() if key != "preferences"}
    for name in ("created_by", "updated_by", "origin_by"):
        found[name] = await _person(db, row[f"{name}_id"])
    found["type"] = {"id": row["type_id"], "name": catalog.TYPES[row["type_id"]]}
    found["sender"] = {"id": row["sender_id"], "name": catalog.SENDERS[row["sender_id"]]}
    return found
