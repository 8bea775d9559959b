"""What a caller may set on a user, read into columns and group access."""

from __future__ import annotations

import re
from typing import Any

from . import catalog, inputs
from .database import Db
from .digests import password_hash
from .errors import UnprocessableError

_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")


def is_email(text: str) -> bool:
    """Whether a text looks like an e-mail address."""
    return len(text) <= 255 and _EMAIL.fullmatch(text) is not None


async def read_fields(db: Db, params: dict[str, Any]) -> dict[str, Any]:
    """The columns to write; unknown keys are dropped without a word. 422 for wrong values."""
    fields: dict[str, Any] = {}
    for name in ("firstname", "lastname", "login", "email"):
        value = inputs.text(params.get(name), name, 255)
        if value is not None:
            fields[name] = value.strip().lower() if name in ("login", "email") else value.strip()
    if fields.get("email") and not is_email(fields["email"]):
        raise UnprocessableError("Invalid email")
    password = inputs.text(params.get("password"), "password", 255)
    if password:
        fields["password"] = password_hash(password)
    if isinstance(params.get("active"), bool):
        fields["active"] = params["active"]
    fields |= await _organization(db, params)
    roles = await _roles(db, params)
    if roles is not None:
        fields["role_ids"] = roles
    return fields


async def _organization(db: Db, params: dict[str, Any]) -> dict[str, Any]:
    if "organization_id" not in params and "organization" not in params:
        return {}
    number, name = params.get("organization_id"), params.get("organization")
    if number in (None, "") and name in (None, ""):
        return {"organization_id": None}
    found = await db.fetchval(
        "SELECT id FROM organizations WHERE id = $1 OR name = $2",
        inputs.as_id(number) or 0,
        inputs.text(name, "organization") or "",
    )
    if found is None:
        raise UnprocessableError(f"No lookup value found for 'organization': \"{str(name or number)[:100]}\"")
    return {"organization_id": found}


async def _roles(db: Db, params: dict[str, Any]) -> list[int] | None:
    ids, names = params.get("role_ids"), params.get("roles")
    if not isinstance(ids, list) and not isinstance(names, list):
        return None
    known = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM roles")}
    found = []
    for one in ids if isinstance(ids, list) else names or []:
        match = [key for key, name in known.items() if one in (key, name)] if isinstance(one, int | str) else []
        if not match:
            raise UnprocessableError(f"No lookup value found for 'roles': \"{str(one)[:100]}\"")
        found += match
    return sorted(set(found))


async def read_access(db: Db, params: dict[str, Any]) -> dict[int, list[str]] | None:
    """Group access out of ``group_ids`` (``{"1": ["full"]}``) or ``groups`` by name; None when neither is sent."""
    wanted = params.get("group_ids", params.get("groups"))
    if wanted is None:
        return None
    if not isinstance(wanted, dict):
        raise UnprocessableError("Invalid value for 'group_ids'")
    names = {row["name"]: row["id"] for row in await db.fetch("SELECT id, name FROM groups")}
    found: dict[int, list[str]] = {}
    for key, value in wanted.items():
        number = names.get(key) if key in names else inputs.as_id(key)
        if number not in names.values() or number is None:
            raise UnprocessableError(f"No lookup value found for 'groups': \"{key[:100]}\"")
        levels = value if isinstance(value, list) else [value]
        if any(level not in catalog.ACCESS for level in levels):
            raise UnprocessableError("Invalid group access")
        found[number] = [str(level) for level in levels]
    return found
