"""Zammad's selector conditions (``lib/selector/sql.rb``) as SQL on ``tickets t``: plain and grouped form, exact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from . import attributes, inputs
from .database import Db
from .errors import UnprocessableError

_IDS = (
    "id",
    "group_id",
    "state_id",
    "priority_id",
    "owner_id",
    "customer_id",
    "organization_id",
    "created_by_id",
    "updated_by_id",
)
_TEXTS = ("number", "title")
_INSTANTS = ("created_at", "updated_at", "close_at", "last_contact_at", "last_contact_agent_at", "pending_time")
_RANGES = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
    "year": timedelta(days=366),
}
_MAX_TERMS = 60

Add = Callable[[Any], str]
"""Notes an argument and answers its mark."""


def _invalid() -> UnprocessableError:
    return UnprocessableError("Invalid object selector conditions")


def build(condition: dict[str, Any], custom: set[str], arguments: list[Any]) -> str:
    """The SQL of a condition; its values are appended to ``arguments``. ``custom``: the Object Manager's names."""

    def add(value: Any) -> str:
        arguments.append(value)
        return f"${len(arguments)}"

    if not condition:
        raise _invalid()
    if isinstance(condition.get("conditions"), list):
        return _group(condition, custom, add, 0)
    return "(" + " AND ".join(_term(name, given, custom, add) for name, given in condition.items()) + ")"


def knows(attribute: str, custom: set[str]) -> bool:
    """Whether a ticket has an attribute of this name that conditions may ask about."""
    return attribute in (*_IDS, *_TEXTS, *_INSTANTS) or attribute in custom


async def fits(db: Db, ticket_id: int, condition: dict[str, Any]) -> bool:
    """Whether a stored ticket meets a condition."""
    arguments: list[Any] = [ticket_id]
    where = build(condition, {one.name for one in await attributes.of_tickets(db)}, arguments)
    # Values are arguments; the text is `build`'s.
    found = await db.fetchval(f"SELECT EXISTS (SELECT FROM tickets t WHERE t.id = $1 AND {where})", *arguments)  # noqa: S608
    return bool(found)


def _group(node: dict[str, Any], custom: set[str], add: Add, depth: int) -> str:
    operator, parts = node.get("operator"), node["conditions"]
    if operator not in ("AND", "OR", "NOT") or not parts or depth > 5 or len(parts) > _MAX_TERMS:
        raise _invalid()
    terms = []
    for part in parts:
        if not isinstance(part, dict):
            raise _invalid()
        if isinstance(part.get("conditions"), list):
            terms.append(_group(part, custom, add, depth + 1))
        else:
            terms.append(_term(str(part.get("name")), part, custom, add))
    if operator == "NOT":
        return "(NOT (" + " OR ".join(terms) + "))"
    return "(" + f" {operator} ".join(terms) + ")"


def _term(name: str, given: Any, custom: set[str], add: Add) -> str:
    model, _, attribute = name.partition(".")
    if model != "ticket" or not isinstance(given, dict):
        raise _invalid()
    operator, value = given.get("operator"), given.get("value")
    if attribute in _INSTANTS:
        return _instant(f"t.{attribute}", operator, value, given.get("range"), add)
    if attribute in _IDS:
        return _listed(f"t.{attribute}", operator, _ids(value), "int[]", add)
    if attribute in _TEXTS:
        return _text(f"t.{attribute}", operator, value, add)
    if attribute in custom:
        return _text(f"(t.custom ->> {add(attribute)}::text)", operator, value, add)
    raise _invalid()


def _as_list(value: Any) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    if not found or len(found) > 1000 or any(isinstance(one, dict | list | bool) for one in found):
        raise _invalid()
    return found


def _ids(value: Any) -> list[int]:
    # An id nobody can have matches nothing, as any other that is not there.
    return [inputs.as_id(one) or 0 for one in _as_list(value)]


def _listed(column: str, operator: Any, values: list[Any], kind: str, add: Add) -> str:
    if operator == "is":
        return f"{column} = ANY({add(values)}::{kind})"
    if operator == "is not":
        return f"({column} IS NULL OR NOT {column} = ANY({add(values)}::{kind}))"
    raise _invalid()


def _text(column: str, operator: Any, value: Any, add: Add) -> str:
    if operator in ("contains", "contains not"):
        if not isinstance(value, str) or not value:
            raise _invalid()
        found = f"position(lower({add(value)}::text) in lower(coalesce({column}, ''))) > 0"
        return found if operator == "contains" else f"NOT {found}"
    if operator in ("set", "not set", "is set"):
        found = f"coalesce({column}, '') <> ''"
        return f"NOT {found}" if operator == "not set" else found
    return _listed(column, operator, [str(one) for one in _as_list(value) if one is not None], "text[]", add)


def _instant(column: str, operator: Any, value: Any, span: Any, add: Add) -> str:
    if operator in ("before (absolute)", "after (absolute)"):
        try:
            moment = datetime.fromisoformat(str(value))
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, OverflowError):
            raise _invalid() from None
        return f"{column} {'<=' if operator.startswith('before') else '>='} {add(moment)}::timestamptz"
    number = inputs.as_id(value)
    if not isinstance(span, str) or span not in _RANGES or number is None or number > 100_000:
        raise _invalid()
    try:
        now = datetime.now(UTC)
        past, future = now - number * _RANGES[span], now + number * _RANGES[span]
    except OverflowError:
        raise _invalid() from None
    if operator == "within last (relative)":
        return f"({column} >= {add(past)}::timestamptz AND {column} <= now())"
    if operator == "within next (relative)":
        return f"({column} >= now() AND {column} <= {add(future)}::timestamptz)"
    if operator in ("before (relative)", "after (relative)", "till (relative)", "from (relative)"):
        return {
            "before (relative)": lambda: f"{column} <= {add(past)}::timestamptz",
            "after (relative)": lambda: f"{column} >= {add(future)}::timestamptz",
            "till (relative)": lambda: f"{column} <= {add(future)}::timestamptz",
            "from (relative)": lambda: f"{column} >= {add(past)}::timestamptz",
        }[operator]()
    raise _invalid()
