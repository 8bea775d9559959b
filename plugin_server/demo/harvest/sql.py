"""The few places where SQL text is put together; names come from this package's code, values are always parameters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]

Row: TypeAlias = asyncpg.Record


class Select:
    """A SELECT being narrowed: ``where("a = {}", value)`` numbers the parameters."""

    def __init__(self, columns: str, source: str) -> None:
        self.columns = columns
        self.source = source
        self.conditions: list[str] = []
        self.values: list[object] = []

    def where(self, condition: str, *values: object) -> Select:
        """Narrow it; each ``{}`` takes one value."""
        first = len(self.values) + 1
        self.values.extend(values)
        self.conditions.append(condition.format(*(f"${first + i}" for i in range(len(values)))))
        return self

    def also(self, condition: str, value: object) -> Select:
        """Narrow it unless the value is None (a filter that was not given)."""
        return self if value is None else self.where(condition, value)

    def _tail(self) -> str:
        return f" FROM {self.source}" + (f" WHERE {' AND '.join(self.conditions)}" if self.conditions else "")

    async def count(self, conn: Connection) -> int:
        """How many rows there are."""
        return int(await conn.fetchval("SELECT count(*)" + self._tail(), *self.values))

    async def rows(self, conn: Connection, order: str, limit: int, offset: int = 0) -> list[Row]:
        """One window of the rows in this order."""
        text = f"SELECT {self.columns}{self._tail()} ORDER BY {order} LIMIT {limit:d} OFFSET {offset:d}"
        return list(await conn.fetch(text, *self.values))

    async def one(self, conn: Connection) -> Row | None:
        """The row, or None."""
        row: Row | None = await conn.fetchrow(f"SELECT {self.columns}{self._tail()}", *self.values)
        return row

    def copy(self) -> Select:
        """The same, to be narrowed on its own."""
        twin = Select(self.columns, self.source)
        twin.conditions, twin.values = [*self.conditions], [*self.values]
        return twin


async def insert(conn: Connection, table: str, values: Mapping[str, object], now: datetime) -> int:
    """A new row, created now; returns its id."""
    full = {**values, "created_at": now, "updated_at": now}
    places = ", ".join(f"${i}" for i in range(1, len(full) + 1))
    text = f"INSERT INTO {table} ({', '.join(full)}) VALUES ({places}) RETURNING id"  # noqa: S608 - names are ours
    return int(await conn.fetchval(text, *full.values()))


async def update(conn: Connection, table: str, row_id: int, changes: Mapping[str, object], now: datetime) -> None:
    """Set these columns and ``updated_at``; without a change nothing is touched."""
    if not changes:
        return
    full = {**changes, "updated_at": now}
    sets = ", ".join(f"{name} = ${i}" for i, name in enumerate(full, start=2))
    await conn.execute(f"UPDATE {table} SET {sets} WHERE id = $1", row_id, *full.values())  # noqa: S608 - names are ours
