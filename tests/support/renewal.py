"""A used test database made as new, in a tenth of the time that another copy takes. What can't be, is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[asyncpg.Record]
else:
    Connection = asyncpg.Connection

_TABLES = "SELECT format('%I', relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
_SEQUENCES = """SELECT format('SELECT setval(%L, %s, false)', format('%I.%I', schemaname, sequencename), start_value)
    FROM pg_sequences"""

# Whatever changes a row of a catalogue writes it anew, by a younger transaction; what PostgreSQL notes by itself
# (statistics, vacuum) is written in place.
_CATALOGUES = (
    *("pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_namespace", "pg_proc", "pg_trigger"),
    *("pg_type", "pg_enum", "pg_extension", "pg_sequence", "pg_statistic_ext"),
)
_SHAPE = " UNION ALL ".join(
    f"SELECT concat(count(*), ' ', max(xmin::text::bigint)) FROM {name}" for name in _CATALOGUES
)
_OWN_SETTINGS = (
    "SELECT count(*)::text FROM pg_db_role_setting JOIN pg_database ON oid = setdatabase"
    " WHERE datname = current_database()"
)


@dataclass(frozen=True)
class Pristine:
    """What a database is as long as nobody has used it."""

    empty: str
    """Statements that take out all that was put into its tables, and begin its sequences anew."""
    look: str
    """A query for what these leave alone: its tables' shape, and the rows that were in them from the start."""
    seen: list[str]
    """The answer."""

    @classmethod
    async def of(cls, connection: Connection) -> Pristine:
        """What this one is; the connection is a superuser's."""
        tables = [str(row[0]) for row in await connection.fetch(_TABLES)]
        filled = [name for name in tables if await connection.fetchval(f"SELECT EXISTS (TABLE {name})")]
        sequences = [str(row[0]) for row in await connection.fetch(_SEQUENCES)]
        # As a replica does: without triggers, which would fill other tables, and without asking who refers to the rows.
        empty = ["SET session_replication_role = replica"]
        empty += [f"DELETE FROM {name}" for name in tables if name not in filled]
        rows = [f"SELECT md5(string_agg(one::text, ' ' ORDER BY one::text)) FROM {name} AS one" for name in filled]
        look = " UNION ALL ".join([_SHAPE, _OWN_SETTINGS, *rows])
        return cls(";".join([*empty, *sequences]), look, await _answers(connection, look))

    async def renew(self, connection: Connection) -> bool:
        """Make a copy of it as new that was used; the connection is a superuser's to that copy. False when it is not as
        new then: a table was made or changed, or its rows that were there from the start were."""
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        await connection.execute(f"SELECT pg_terminate_backend(pid, 1000) {others} AND backend_type = 'client backend'")
        try:
            await connection.execute(self.empty)
        except asyncpg.PostgresError:  # one of the tables is no more
            return False
        return await _answers(connection, self.look) == self.seen


async def _answers(connection: Connection, query: str) -> list[Any]:
    return [row[0] for row in await connection.fetch(query)]
