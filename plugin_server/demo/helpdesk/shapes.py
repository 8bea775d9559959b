"""How records look in answers: plain, with names (``expand``), and as assets by model and id (``full``, ``all``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from . import attributes, catalog
from .database import Db, Record

Json = dict[str, Any]


def instant(value: datetime | None) -> str | None:
    """An instant as Zammad writes it, to the millisecond."""
    if value is None:
        return None
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def decimal(value: Decimal | None) -> str | None:
    """A decimal as Rails writes it into JSON: text, with one place at least."""
    if value is None:
        return None
    text = f"{value:.2f}"
    return text[:-1] if text.endswith("0") else text


def _plain(row: Record, leave_out: Iterable[str] = ()) -> Json:
    return {
        key: instant(value) if isinstance(value, datetime) else value
        for key, value in row.items()
        if key not in leave_out
    }


async def users(db: Db, rows: Sequence[Record], *, expand: bool = False) -> list[Json]:
    """Users with their group access, never with a password."""
    access: dict[int, dict[str, list[str]]] = {}
    for row in await db.fetch(
        "SELECT user_id, group_id, access FROM user_groups WHERE user_id = ANY($1) ORDER BY group_id, access",
        [row["id"] for row in rows],
    ):
        access.setdefault(row["user_id"], {}).setdefault(str(row["group_id"]), []).append(row["access"])
    found = [
        {
            **_plain(row, ["password"]),
            "organization_ids": [],
            "group_ids": access.get(row["id"], {}),
            "verified": False,
            "vip": False,
            "out_of_office": False,
            "note": "",
        }
        for row in rows
    ]
    if expand:
        roles = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM roles")}
        groups = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM groups")}
        names = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM organizations")}
        for user in found:
            user["roles"] = [roles[key] for key in user["role_ids"] if key in roles]
            user["groups"] = {groups[int(key)]: value for key, value in user["group_ids"].items()}
            user["organization"] = names.get(user["organization_id"])
            user["organizations"] = []
    return found


def group(row: Record) -> Json:
    """A group."""
    return {**_plain(row, ["email_address"]), "email_address_id": row["id"] if row["email_address"] else None}


def organization(row: Record) -> Json:
    """An organization."""
    return {**_plain(row), "domain": "", "domain_assignment": False}


async def roles(db: Db, rows: Sequence[Record], *, expand: bool = False) -> list[Json]:
    """Roles; permissions and groups by number, ``expand`` adds their names."""
    groups: dict[int, dict[str, list[str]]] = {}
    for row in await db.fetch(
        "SELECT role_id, group_id, access FROM role_groups WHERE role_id = ANY($1) ORDER BY group_id, access",
        [row["id"] for row in rows],
    ):
        groups.setdefault(row["role_id"], {}).setdefault(str(row["group_id"]), []).append(row["access"])
    names = {str(row["id"]): row["name"] for row in await db.fetch("SELECT id, name FROM groups")} if expand else {}
    found = []
    for row in rows:
        held = groups.get(row["id"], {})
        role = _plain(row, ["permissions"]) | {"default_at_signup": row["name"] == "Customer", "group_ids": held}
        role["permission_ids"] = [catalog.PERMISSION_IDS[name] for name in row["permissions"]]
        if expand:
            role["permissions"] = list(row["permissions"])
            role["groups"] = {names[key]: value for key, value in held.items()}
        found.append(role)
    return found


async def tickets(db: Db, rows: Sequence[Record], *, expand: bool = False) -> list[Json]:
    """Tickets with every attribute of the Object Manager, null where it was never set."""
    names = [one.name for one in await attributes.of_tickets(db)]
    found = []
    for row in rows:
        custom = row["custom"]
        ticket = _plain(row, ["custom"])
        ticket["time_unit"] = decimal(row["time_unit"])
        ticket.update({"type": None, "escalation_at": None, "first_response_at": None})
        ticket.update({name: custom.get(name) for name in names})
        found.append(ticket)
    if expand:
        await _name_ticket_references(db, found)
    return found


async def _logins(db: Db, ids: Iterable[int | None]) -> dict[int | None, str]:
    rows = await db.fetch("SELECT id, login FROM users WHERE id = ANY($1)", [one for one in set(ids) if one])
    return {row["id"]: row["login"] for row in rows}


async def _name_ticket_references(db: Db, found: list[Json]) -> None:
    keys = ("owner", "customer", "created_by", "updated_by")
    logins = await _logins(db, (ticket[f"{key}_id"] for ticket in found for key in keys))
    groups = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM groups")}
    organizations = {row["id"]: row["name"] for row in await db.fetch("SELECT id, name FROM organizations")}
    for ticket in found:
        for key in keys:
            ticket[key] = logins.get(ticket[f"{key}_id"])
        ticket["group"] = groups.get(ticket["group_id"])
        ticket["organization"] = organizations.get(ticket["organization_id"])
        ticket["state"] = catalog.STATES.get(ticket["state_id"])
        ticket["priority"] = catalog.PRIORITIES.get(ticket["priority_id"])
        ticket["create_article_type"] = catalog.TYPES.get(ticket["create_article_type_id"])
        ticket["create_article_sender"] = catalog.SENDERS.get(ticket["create_article_sender_id"])


async def articles(db: Db, rows: Sequence[Record]) -> list[Json]:
    """Articles; they carry names beside ids in every mode."""
    logins = await _logins(db, (row[key] for row in rows for key in ("created_by_id", "updated_by_id", "origin_by_id")))
    accounted = await db.fetch(
        "SELECT ticket_article_id, time_unit FROM time_accountings WHERE ticket_article_id = ANY($1)",
        [row["id"] for row in rows],
    )
    units = {row["ticket_article_id"]: row["time_unit"] for row in accounted}
    return [
        {
            **_plain(row),
            "type": catalog.TYPES[row["type_id"]],
            "sender": catalog.SENDERS[row["sender_id"]],
            "reply_to": None,
            "message_id_md5": None,
            "references": None,
            "attachments": [],
            "created_by": logins.get(row["created_by_id"]),
            "updated_by": logins.get(row["updated_by_id"]),
            "origin_by": logins.get(row["origin_by_id"]),
            "time_unit": decimal(units.get(row["id"])),
        }
        for row in rows
    ]


def _by_id(found: Iterable[Json]) -> dict[str, Json]:
    return {str(one["id"]): one for one in found}


async def assets(db: Db, ticket_rows: Sequence[Record], article_rows: Sequence[Record] = ()) -> Json:
    """Tickets and articles with everything they refer to, by model and id."""
    found: Json = {"Ticket": _by_id(await tickets(db, ticket_rows))}
    if article_rows:
        found["TicketArticle"] = _by_id(await articles(db, article_rows))
    people = {row[key] for row in ticket_rows for key in ("owner_id", "customer_id", "created_by_id", "updated_by_id")}
    people |= {row[key] for row in article_rows for key in ("created_by_id", "origin_by_id") if row[key]}
    user_rows = await db.fetch("SELECT * FROM users WHERE id = ANY($1) ORDER BY id", list(people))
    found["User"] = _by_id(await users(db, user_rows))
    group_rows = await db.fetch("SELECT * FROM groups WHERE id = ANY($1)", [row["group_id"] for row in ticket_rows])
    found["Group"] = _by_id(group(row) for row in group_rows)
    organization_rows = await db.fetch(
        "SELECT * FROM organizations WHERE id = ANY($1)",
        [row["organization_id"] for row in ticket_rows if row["organization_id"]],
    )
    found["Organization"] = _by_id(organization(row) for row in organization_rows)
    return found
