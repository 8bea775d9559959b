"""Accounted time: what may be stored, its SQL, and the ticket's sum.

Source: ``app/models/ticket/time_accounting.rb``, ``app/policies/ticket/time_accounting_policy.rb``. A ``time_unit`` is
a decimal(6,2) without a unit of its own; what it stands for is said in the setting ``time_accounting_unit`` alone.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from . import access, config, history, inputs
from .access import Actor
from .database import Connection, Db, Record
from .errors import ForbiddenError, MaskedError, UnprocessableError
from .shapes import Json, decimal, instant

NOT_ENABLED = "Time Accounting is not enabled"
_LIMIT = Decimal(10_000)


def shape(row: Record) -> Json:
    """An entry as the API shows it: the amount as text."""
    return {
        **{key: row[key] for key in ("id", "ticket_id", "ticket_article_id", "type_id", "created_by_id")},
        "time_unit": decimal(row["time_unit"]),
        "created_at": instant(row["created_at"]),
        "updated_at": instant(row["updated_at"]),
    }


async def require_create(db: Db, actor: Actor, ticket: Any) -> None:
    """Accounting must be on, and the agent hold ``change`` or ``create`` on the group; 403 otherwise."""
    if not await config.value(db, "time_accounting"):
        raise ForbiddenError(NOT_ENABLED)
    if not any(actor.on_group(ticket["group_id"], level) for level in ("change", "create")):
        raise ForbiddenError


def amount(value: Any) -> Decimal:
    """An amount as sent: a number or its text, also negative (that is how agents correct). 422 for anything else."""
    if value in (None, "") or isinstance(value, bool | list | dict):
        raise UnprocessableError("Validation failed: Time unit can't be blank")
    try:
        number = Decimal(str(value).strip()[:40])
    except InvalidOperation:
        raise UnprocessableError("Validation failed: Time unit is not a number") from None
    if not number.is_finite():
        raise UnprocessableError("Validation failed: Time unit is not a number")
    rounded = number.quantize(Decimal("0.01")) if abs(number) < _LIMIT else number
    if abs(rounded) >= _LIMIT:
        raise MaskedError("PG::NumericValueOutOfRange: numeric field overflow")
    return rounded


async def kind(db: Db, params: dict[str, Any]) -> int | None:
    """The type of activity named by ``type_id``, ``accounted_time_type_id`` or ``accounted_time_type``."""
    name = inputs.text(params.get("accounted_time_type"), "accounted_time_type")
    if name:
        number = await db.fetchval("SELECT id FROM time_accounting_types WHERE name = $1", name)
        if number is None:
            raise UnprocessableError(f"No lookup value found for 'accounted_time_type': \"{name[:100]}\"")
        return int(number)
    wanted = params.get("type_id") or params.get("accounted_time_type_id")
    if wanted in (None, ""):
        return None
    number = inputs.as_id(wanted)
    if not number or not await db.fetchval("SELECT EXISTS (SELECT FROM time_accounting_types WHERE id = $1)", number):
        raise UnprocessableError("Invalid value for 'type_id'")
    return number


async def article(db: Db, params: dict[str, Any], ticket_id: int, own: int | None) -> int | None:
    """The article an entry belongs to: of the same ticket, and no other entry's."""
    wanted = params.get("ticket_article_id")
    if wanted in (None, ""):
        return None
    number = inputs.as_id(wanted)
    if not number or await db.fetchval("SELECT ticket_id FROM articles WHERE id = $1", number) != ticket_id:
        raise UnprocessableError("Validation failed: This article is not part of the ticket.")
    taken = await db.fetchval(
        "SELECT true FROM time_accountings WHERE ticket_article_id = $1 AND id IS DISTINCT FROM $2", number, own
    )
    if taken:
        raise UnprocessableError("Validation failed: Ticket article has already been taken")
    return number


async def add(
    connection: Connection, actor: Actor, ticket_id: int, number: Decimal, type_id: int | None, article_id: int | None
) -> Record:
    """Write an entry and bring the ticket's sum up to date."""
    row = await connection.fetchrow(
        "INSERT INTO time_accountings (ticket_id, ticket_article_id, type_id, time_unit, created_by_id) "
        "VALUES ($1, $2, $3, $4, $5) RETURNING *",
        ticket_id,
        article_id,
        type_id,
        number,
        actor.id,
    )
    assert row is not None
    await sum_up(connection, actor, ticket_id)
    return row


async def sum_up(connection: Connection, actor: Actor, ticket_id: int) -> None:
    """The ticket's ``time_unit`` is the sum of its entries; saving it touches the ticket. 422 when it can't hold it."""
    total = await connection.fetchval("SELECT sum(time_unit) FROM time_accountings WHERE ticket_id = $1", ticket_id)
    if total is not None and abs(total) >= _LIMIT:
        raise MaskedError("PG::NumericValueOutOfRange: numeric field overflow")
    before = await connection.fetchval("SELECT time_unit FROM tickets WHERE id = $1", ticket_id)
    after = Decimal(0) if total is None else total
    if before != after:
        await history.updated(connection, ticket_id, actor.id, {"time_unit": (before, after)})
    await connection.execute(
        "UPDATE tickets SET time_unit = $2, updated_by_id = $3, updated_at = clock_timestamp() "
        "WHERE id = $1 AND time_unit IS DISTINCT FROM $2",
        ticket_id,
        after,
        actor.id,
    )


async def of_ticket(db: Db, ticket_id: int) -> list[Record]:
    """A ticket's entries, oldest first."""
    return await db.fetch("SELECT * FROM time_accountings WHERE ticket_id = $1 ORDER BY id", ticket_id)


def may_read(actor: Actor, ticket: Any) -> bool:
    """Whether an actor reads a ticket's entries: time administrators, and agents with ``change``."""
    return actor.may("admin.time_accounting") or actor.on_group(ticket["group_id"], "change")


def require_admin(actor: Actor) -> None:
    """Correcting and deleting are the time administrator's alone."""
    access.require(actor, "admin.time_accounting")
