"""The SQL of organisations and the Harvest clients that they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from plugin_server.outbox.store import Rows
from plugin_server.projects.clients.rules import Client
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.i18n import retold


@dataclass(frozen=True)
class Making:
    """A wish that an organisation gets a Harvest client of its own; ``state`` is making, stopped or made."""

    id: UUID
    agent_id: int
    agent_name: str
    organisation_id: int
    name: str
    state: str
    problem: str | None
    problem_code: str | None
    called_at: datetime | None
    attempts: int
    changed_at: datetime
    claim: UUID | None

    @property
    def words(self) -> str:
        """What holds it up, for people, in the language of what is under way."""
        return retold(self.problem or "")


_COLUMNS = (
    "id, agent_id, agent_name, organisation_id, name, state, problem, problem_code, called_at, attempts, changed_at,"
    " claim"
)


def _making(row: asyncpg.Record) -> Making:
    return Making(**row)


rows: Rows[Making] = Rows("client_making", _COLUMNS, _making, "check_late_at")
"""What the outbox does with a wish."""


async def wish(
    connection: Connection, organisation_id: int, name: str, agent_id: int, agent_name: str, now: datetime
) -> Making:
    """The wish that an organisation gets a client; one that is under way stays the only one, one that was refused
    begins anew."""
    row = await connection.fetchrow(
        f"""
        INSERT INTO client_making (organisation_id, name, agent_id, agent_name, state, next_try_at, changed_at)
        VALUES ($1, $2, $3, $4, 'making', $5, $5)
        ON CONFLICT (organisation_id) WHERE state IN ('making', 'stopped') DO UPDATE SET state = 'making',
            name = CASE WHEN client_making.called_at IS NULL THEN excluded.name ELSE client_making.name END,
            problem = NULL, problem_code = NULL, next_try_at = least(client_making.next_try_at, $5)
        RETURNING {_COLUMNS}
        """,
        organisation_id,
        name,
        agent_id,
        agent_name,
        now,
    )
    assert row is not None  # it is inserted or updated
    return _making(row)


async def makings(pool: Pool) -> dict[int, Making]:
    """Wishes that are under way or were refused, by organisation."""
    found = await pool.fetch(f"SELECT {_COLUMNS} FROM client_making WHERE state IN ('making', 'stopped')")
    return {row["organisation_id"]: _making(row) for row in found}


async def organisations(pool: Pool, ids: Collection[int]) -> dict[int, str]:
    """Names of organisations, as far as they have been read."""
    found = await pool.fetch("SELECT id, name FROM helpdesk_organisation WHERE id = ANY($1::bigint[])", list(ids))
    return {row["id"]: row["name"] for row in found}


async def unread(pool: Pool, ids: Sequence[int], before: datetime, limit: int) -> list[int]:
    """Those of the organisations whose name was never read, then those read before an instant."""
    found = await pool.fetch(
        "SELECT asked.id FROM unnest($1::bigint[]) AS asked (id) LEFT JOIN helpdesk_organisation o ON o.id = asked.id"
        " WHERE o.id IS NULL OR o.seen_at < $2 ORDER BY o.seen_at NULLS FIRST, asked.id LIMIT $3",
        ids,
        before,
        limit,
    )
    return [row["id"] for row in found]


async def name_organisation(pool: Pool, organisation_id: int, name: str, now: datetime) -> None:
    """Write the name of an organisation as just read."""
    await pool.execute(
        "INSERT INTO helpdesk_organisation (id, name, seen_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at",
        organisation_id,
        name,
        now,
    )


async def chosen(pool: Pool, organisation_id: int) -> int | None:
    """The client that somebody has chosen for an organisation."""
    found: int | None = await pool.fetchval(
        "SELECT client_id FROM organisation_client WHERE organisation_id = $1", organisation_id
    )
    return found


async def all_chosen(pool: Pool) -> Mapping[int, tuple[int, str]]:
    """The client that somebody has chosen for each organisation, and who that was."""
    found = await pool.fetch("SELECT organisation_id, client_id, chosen_by FROM organisation_client")
    return {row["organisation_id"]: (row["client_id"], row["chosen_by"]) for row in found}


async def choose(
    connection: Connection | Pool, organisation_id: int, client_id: int, by: str, now: datetime, *, anew: bool = True
) -> None:
    """Keep which client an organisation is, by a person's name, or none where its first project was made for the only
    client of its name; without ``anew`` only if nobody has chosen before."""
    await connection.execute(
        "INSERT INTO organisation_client (organisation_id, client_id, chosen_by, chosen_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (organisation_id) DO UPDATE SET client_id = excluded.client_id, chosen_by = excluded.chosen_by,"
        " chosen_at = excluded.chosen_at WHERE $5",
        organisation_id,
        client_id,
        by,
        now,
        anew,
    )


async def forget_wish(connection: Connection, organisation_id: int) -> None:
    """A client was chosen by hand: one that was refused is no longer wished for."""
    await connection.execute(
        "DELETE FROM client_making WHERE organisation_id = $1 AND state = 'stopped'", organisation_id
    )


async def clients(pool: Pool, ids: Iterable[int] | None = None) -> list[Client]:
    """The account's clients by name, archived ones too; or those of them that are asked for."""
    found = await pool.fetch(
        "SELECT id, name, is_active FROM harvest_client WHERE $1::bigint[] IS NULL OR id = ANY($1::bigint[])"
        " ORDER BY lower(name), id",
        None if ids is None else list(ids),
    )
    return [Client(**row) for row in found]
