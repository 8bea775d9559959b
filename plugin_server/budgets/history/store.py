"""The SQL of a ticket's ledger in the order in which things happened."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime

from plugin_server.budgets.store import Event
from plugin_server.runtime.database import Pool

SHOWN = (
    "locked", "reopened", "unlocked", "changed", "put_back", "bypassed", "project_changed", "assigned", "closed",
    "asked",
)  # fmt: skip
"""Notes and notices stand among the ticket's articles already."""

_EVENT = ", ".join(field.name for field in fields(Event))


@dataclass(frozen=True)
class Row:
    """A row of the ledger and its number."""

    id: int
    event: Event


async def people(pool: Pool, ticket_id: int) -> dict[int, str]:
    """The helpdesk users who did something about a ticket's budget, by the name each had last."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (by_user) by_user, by_name FROM budget_event"
        " WHERE ticket_id = $1 AND by_user IS NOT NULL AND kind = ANY($2::text[]) ORDER BY by_user, id DESC",
        ticket_id,
        SHOWN,
    )
    return {row["by_user"]: row["by_name"] for row in rows}


async def rows(
    pool: Pool,
    ticket_id: int,
    since: datetime,
    until: datetime,
    people: Collection[int] | None,
    beyond: tuple[datetime, int],
    limit: int,
    *,
    newest_first: bool,
) -> list[Row]:
    """The ledger within ``[since, until)`` beyond a place in the order of instant and number, ``limit`` at most; by one
    of the ``people`` where there are any to choose."""
    sign, order = ("<", "DESC") if newest_first else (">", "ASC")
    found = await pool.fetch(
        f"SELECT id, {_EVENT} FROM budget_event"
        f" WHERE ticket_id = $1 AND kind = ANY($2::text[]) AND (at, id) {sign} ($3::timestamptz, $4::bigint)"
        " AND at >= $5 AND at < $6 AND ($7::bigint[] IS NULL OR by_user = ANY($7))"
        f" ORDER BY at {order}, id {order} LIMIT $8",
        ticket_id,
        SHOWN,
        *beyond,
        since,
        until,
        None if people is None else list(people),
        limit,
    )
    return [Row(row["id"], Event(**{name: value for name, value in row.items() if name != "id"})) for row in found]
