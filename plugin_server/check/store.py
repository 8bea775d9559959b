"""The check's SQL: what was found, and what PostgreSQL says of itself."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin_server.check.rules import Result, State
from plugin_server.runtime.database import Pool


@dataclass(frozen=True)
class Server:
    """PostgreSQL as our role finds it. ``unwritable`` are tables that the role may not write; ``now`` is the server's
    own clock."""

    version: int
    role: str
    read_only: bool
    may_create: bool
    unwritable: list[str]
    now: datetime


@dataclass(frozen=True)
class Found:
    """A row that is not as it should be, as kept; ``since`` is when it was first found so."""

    name: str
    state: State
    words: str
    todo: str
    since: datetime


async def server(pool: Pool) -> Server:
    """Ask PostgreSQL about itself and our role."""
    row = await pool.fetchrow(
        """
        SELECT current_setting('server_version_num')::int AS version, current_user::text AS role,
            pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only,
            coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create,
            ARRAY(
                SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema() AND NOT
                (SELECT bool_and(has_table_privilege(format('%I.%I', schemaname, tablename), wanted))
                 FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) wanted)
                ORDER BY tablename
            ) AS unwritable,
            clock_timestamp() AS now
        """
    )
    assert row is not None
    return Server(*row.values())


async def keep(pool: Pool, names: Collection[str], results: Sequence[Result], now: datetime) -> None:
    """Put what was found about these rows in place of what is kept of them."""
    async with pool.acquire() as connection, connection.transaction():
        # Two that check at the same time must not mix their rows.
        await connection.execute("LOCK TABLE check_result IN EXCLUSIVE MODE")
        rows = await connection.fetch(
            "SELECT name, min(since) AS since FROM check_result WHERE state = 'fail' GROUP BY 1"
        )
        failing = {row["name"]: row["since"] for row in rows}
        await connection.execute("DELETE FROM check_result WHERE name = ANY($1::text[])", list(names))
        places: dict[str, int] = {}
        for one in results:
            if one.name in names:
                place = places[one.name] = places.get(one.name, -1) + 1
                since = failing.get(one.name, now) if one.state == "fail" else now
                await connection.execute(
                    "INSERT INTO check_result (name, place, state, words, todo, since, checked_at)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                    one.name,
                    place,
                    one.state,
                    one.words,
                    one.todo,
                    since,
                    now,
                )


async def failures(pool: Pool) -> list[Found]:
    """What failed when it was last looked at, the longest first."""
    rows = await pool.fetch(
        "SELECT name, state, words, todo, since FROM check_result WHERE state = 'fail' ORDER BY since, name, place"
    )
    return [Found(*row.values()) for row in rows]


async def last(pool: Pool) -> tuple[datetime | None, bool]:
    """When a check last kept anything, and whether something failed then."""
    row = await pool.fetchrow("SELECT max(checked_at) AS at, bool_or(state = 'fail') AS failing FROM check_result")
    assert row is not None
    return row["at"], bool(row["failing"])
