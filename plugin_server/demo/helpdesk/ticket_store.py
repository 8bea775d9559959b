"""The tickets' SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .database import Connection, Db, Record


async def find(db: Db, ticket_id: int) -> Record | None:
    """One ticket."""
    return await db.fetchrow("SELECT * FROM tickets WHERE id = $1", ticket_id)


async def lock(connection: Connection, ticket_id: int) -> Record:
    """One ticket under a row lock, as the real one takes it around every update."""
    row = await connection.fetchrow("SELECT * FROM tickets WHERE id = $1 FOR UPDATE", ticket_id)
    assert row is not None
    return row


async def update(connection: Connection, ticket_id: int, columns: Mapping[str, Any], user_id: int) -> None:
    """Write columns; who and when go along."""
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, start=3))
    await connection.execute(
        f"UPDATE tickets SET updated_by_id = $2, updated_at = clock_timestamp(), {names} "  # noqa: S608 - ours
        "WHERE id = $1",
        ticket_id,
        user_id,
        *columns.values(),
    )


async def insert(connection: Connection, columns: Mapping[str, Any]) -> int:
    """A new ticket's id; it gets the next number."""
    names = ", ".join(columns)
    marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    number: int = await connection.fetchval(
        f"INSERT INTO tickets (number, {names}) VALUES (nextval('ticket_number')::text, {marks}) "  # noqa: S608 - ours
        "RETURNING id",
        *columns.values(),
    )
    return number


async def articles(db: Db, ticket_id: int, *, internal: bool) -> list[Record]:
    """A ticket's articles, oldest first; with the internal ones or without."""
    return await db.fetch(
        "SELECT * FROM articles WHERE ticket_id = $1 AND ($2 OR NOT internal) ORDER BY id", ticket_id, internal
    )


async def tags(db: Db, ticket_id: int) -> list[str]:
    """A ticket's tags in the order they were added."""
    rows = await db.fetch("SELECT name FROM tags WHERE ticket_id = $1 ORDER BY added_at, name", ticket_id)
    return [row["name"] for row in rows]


async def page(db: Db, condition: str, arguments: Sequence[Any], order: str, limit: int, offset: int) -> list[Record]:
    """Tickets ``t`` that meet a condition built by ``access`` and ``selectors``; values are arguments, never text."""
    return await db.fetch(
        f"SELECT t.* FROM tickets t WHERE {condition} ORDER BY {order} "  # noqa: S608 - see above
        f"LIMIT ${len(arguments) + 1} OFFSET ${len(arguments) + 2}",
        *arguments,
        limit,
        offset,
    )


async def count(db: Db, condition: str, arguments: Sequence[Any]) -> int:
    """How many tickets meet a condition."""
    found: int = await db.fetchval(f"SELECT count(*) FROM tickets t WHERE {condition}", *arguments)  # noqa: S608 - ours
    return found
