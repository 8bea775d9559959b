"""Rows that wait for a call: claimed by one worker at a time, marked while a call is out, given back to be tried again.

A feature's table holds such rows when it has the columns ``id, state, attempts, next_try_at, claim, lease_until,
called_at, problem, problem_code, changed_at``. A change of state names the state it starts from and the claim it is
made under, so who lost the claim changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar
from uuid import UUID

import asyncpg

from plugin_server.outbox import rules
from plugin_server.runtime.database import Connection, Pool


class Waiting(Protocol):
    """A row as the outbox sees it. ``called_at`` is when a call began whose outcome is not known."""

    @property
    def id(self) -> UUID: ...
    @property
    def agent_id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def claim(self) -> UUID | None: ...
    @property
    def called_at(self) -> datetime | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def changed_at(self) -> datetime: ...


Row = TypeVar("Row", bound=Waiting)


class Rows(Generic[Row]):
    """The outbox's part of one table. ``columns`` are read, ``make`` turns a record into the feature's own row, and the
    column ``check_at`` says when to look for what a late call has made; none where such a call makes nothing more."""

    def __init__(self, table: str, columns: str, make: Callable[[asyncpg.Record], Row], check_at: str = "") -> None:
        self._table = table
        self._columns = columns
        self._make = make
        self._check_at = check_at

    async def get(self, connection: Connection | Pool, row_id: UUID, *, lock: bool = False) -> Row | None:
        """A row; with ``lock`` it is held until the transaction ends."""
        found = await connection.fetchrow(
            f"SELECT {self._columns} FROM {self._table} WHERE id = $1{' FOR UPDATE' if lock else ''}", row_id
        )
        return self._make(found) if found else None

    async def due(self, pool: Pool, states: Sequence[str], now: datetime, limit: int) -> list[tuple[UUID, str]]:
        """Rows in these states that wait for us: what a person has only just asked for, then the longest waiting."""
        rows = await pool.fetch(
            f"""
            SELECT id, state FROM {self._table}
            WHERE state = ANY($1::text[]) AND next_try_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
            ORDER BY changed_at <= $4, next_try_at LIMIT $3
            """,
            list(states),
            now,
            limit,
            now - rules.FRESH,
        )
        return [(row["id"], row["state"]) for row in rows]

    async def claim(
        self, pool: Pool, row_id: UUID, states: Sequence[str], now: datetime, lease: timedelta
    ) -> Row | None:
        """Take a row that is due, so that no other worker works on it until the lease ends; counts the try."""
        found = await pool.fetchrow(
            f"""
            UPDATE {self._table} SET claim = gen_random_uuid(), lease_until = $4, attempts = attempts + 1
            WHERE id = $1 AND state = ANY($2::text[]) AND next_try_at <= $3
                AND (lease_until IS NULL OR lease_until <= $3)
            RETURNING {self._columns}
            """,
            row_id,
            list(states),
            now,
            now + lease,
        )
        return self._make(found) if found else None

    async def claim_next(self, pool: Pool, states: Sequence[str], now: datetime, lease: timedelta) -> Row | None:
        """Take the most pressing row that is due, as :meth:`due` orders them; never one that another worker takes."""
        found = await pool.fetchrow(
            f"""
            UPDATE {self._table} SET claim = gen_random_uuid(), lease_until = $3, attempts = attempts + 1
            WHERE id = (
                SELECT id FROM {self._table}
                WHERE state = ANY($1::text[]) AND next_try_at <= $2 AND (lease_until IS NULL OR lease_until <= $2)
                ORDER BY changed_at <= $4, next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING {self._columns}
            """,
            list(states),
            now,
            now + lease,
            now - rules.FRESH,
        )
        return self._make(found) if found else None

    async def take_checks(self, pool: Pool, now: datetime, again_at: datetime, limit: int) -> list[Row]:
        """Rows of which a late call may have made something; each is looked at again unless its check is ended."""
        found = await pool.fetch(
            f"""
            UPDATE {self._table} SET {self._check_at} = $2 WHERE id IN (
                SELECT id FROM {self._table} WHERE {self._check_at} <= $1
                ORDER BY {self._check_at} LIMIT $3 FOR UPDATE SKIP LOCKED)
            RETURNING {self._columns}
            """,
            now,
            again_at,
            limit,
        )
        return [self._make(row) for row in found]

    async def waiting(self, pool: Pool, states: Sequence[str]) -> dict[str, tuple[int, datetime]]:
        """How many rows are in each of these states, and since when the one that has been longest. The states are
        written out, so that an index on just them serves."""
        listed = ", ".join(f"'{state}'" for state in states)
        rows = await pool.fetch(
            f"SELECT state, count(*) AS rows, min(changed_at) AS since FROM {self._table}"
            f" WHERE state IN ({listed}) GROUP BY state"
        )
        return {row["state"]: (row["rows"], row["since"]) for row in rows}

    async def release(
        self,
        pool: Pool,
        claimed: Row,
        next_try_at: datetime,
        problem: str | None,
        code: str | None,
        *,
        tried: bool = True,
    ) -> None:
        """Give a claimed row back, to be tried again at an instant; the problem is shown meanwhile. Without ``tried``
        it does not count as a try: nothing was called."""
        await pool.execute(
            f"UPDATE {self._table} SET claim = NULL, lease_until = NULL, next_try_at = $4, problem = $5,"
            " problem_code = $6, attempts = attempts - $7 WHERE id = $1 AND state = $2 AND claim = $3",
            claimed.id,
            claimed.state,
            claimed.claim,
            next_try_at,
            problem,
            code,
            0 if tried else 1,
        )

    async def set_called(self, pool: Pool, claimed: Row, called_at: datetime | None) -> bool:
        """Note, before a call to Harvest, when it begins; and after, with ``None``, that its outcome is known.

        False when the claim has passed to somebody else: then the call must not be made.
        """
        done = await pool.fetchval(
            f"UPDATE {self._table} SET called_at = $3 WHERE id = $1 AND claim = $2 RETURNING true",
            claimed.id,
            claimed.claim,
            called_at,
        )
        return bool(done)

    async def settle(
        self,
        connection: Connection,
        claimed: Row,
        end: str,
        now: datetime,
        problem: str | None = None,
        code: str | None = None,
    ) -> bool:
        """Change the state of a claimed row and end the claim; False when the claim has passed to somebody else."""
        done = await connection.fetchval(
            f"""
            UPDATE {self._table} SET state = $4, changed_at = $5, next_try_at = $5, claim = NULL, lease_until = NULL,
                attempts = 0, problem = $6, problem_code = $7
            WHERE id = $1 AND state = $2 AND claim = $3 RETURNING true
            """,
            claimed.id,
            claimed.state,
            claimed.claim,
            end,
            now,
            problem,
            code,
        )
        return bool(done)

    async def move(self, connection: Connection, row_id: UUID, start: str, end: str, now: datetime) -> bool:
        """Change the state at a person's wish, if it still is ``start``; says whether it was."""
        done = await connection.fetchval(
            f"""
            UPDATE {self._table} SET state = $3, changed_at = $4, next_try_at = $4, claim = NULL, lease_until = NULL,
                attempts = 0, problem = NULL, problem_code = NULL
            WHERE id = $1 AND state = $2 RETURNING true
            """,
            row_id,
            start,
            end,
            now,
        )
        return bool(done)
