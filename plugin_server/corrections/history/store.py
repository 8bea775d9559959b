"""The SQL of the corrections in a ticket's timeline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from plugin_server.corrections.store import COLUMNS, Correction, correction
from plugin_server.runtime.database import Pool


async def people(pool: Pool, ticket_id: int) -> dict[int, str]:
    """Who has corrected entries of a ticket: their latest name, by helpdesk user."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (asked_by_user) asked_by_user, asked_by FROM entry_correction"
        " WHERE tickets @> ARRAY[$1::bigint] AND state IN ('asked', 'done') ORDER BY asked_by_user, asked_at DESC",
        ticket_id,
    )
    return {row["asked_by_user"]: row["asked_by"] for row in rows}


async def rows(
    pool: Pool,
    ticket_id: int,
    since: datetime,
    until: datetime,
    user_ids: Collection[int] | None,
    beyond: tuple[datetime, int],
    limit: int,
    *,
    newest_first: bool,
) -> list[Correction]:
    """Corrections that bear on a ticket, done or waiting, in the order in which they were asked for. ``user_ids``: by
    these alone; ``beyond`` an instant and position."""
    compared, order = ("<", "DESC") if newest_first else (">", "ASC")
    found = await pool.fetch(
        f"""
        SELECT {COLUMNS} FROM entry_correction
        WHERE tickets @> ARRAY[$1::bigint] AND state IN ('asked', 'done') AND asked_at >= $2 AND asked_at < $3
            AND ($4::bigint[] IS NULL OR asked_by_user = ANY($4)) AND (asked_at, position) {compared} ($5, $6)
        ORDER BY asked_at {order}, position {order} LIMIT $7
        """,
        ticket_id,
        since,
        until,
        None if user_ids is None else list(user_ids),
        *beyond,
        limit,
    )
    return [correction(row) for row in found]


async def waiting(pool: Pool, ticket_id: int) -> list[Correction]:
    """Corrections that bear on a ticket and wait for Harvest, the oldest first; 20 at most."""
    found = await pool.fetch(
        f"SELECT {COLUMNS} FROM entry_correction WHERE tickets @> ARRAY[$1::bigint] AND state = 'asked'"
        " ORDER BY asked_at, position LIMIT 20",
        ticket_id,
    )
    return [correction(row) for row in found]
