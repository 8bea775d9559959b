"""What has changed in the entries. Triggers write it in the transaction that changes them (``0010_mirror_sync.sql``).

A reader does its own work and moves its position in one transaction::

    async with connection.transaction():
        found = await changes(connection, "tickets", 1000)
        ...
        if found:
            await move(connection, "tickets", found[-1])

So each change is worked on once, whichever worker does it and wherever one is killed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from plugin_server.runtime.database import Connection, Pool

KEEP = timedelta(days=7)
"""How long changes are kept at least, for a feature that is added to look back."""

PRUNE_AT_ONCE = 50_000
"""At most so many rows go in one statement."""


@dataclass(frozen=True, order=True)
class Position:
    """A place in the order of changes: the transaction's number, then the row's own."""

    xid: int
    position: int


class Change(NamedTuple):
    """One change of an entry. ``old_*`` are ``None`` for an entry that was not there before, ``new_*`` for one that is
    gone; ``*_reference`` also where the entry names nothing. Everything else is read from the entry as it is now."""

    xid: int
    position: int
    entry_id: int
    old_project_id: int | None
    new_project_id: int | None
    old_reference: str | None
    new_reference: str | None
    old_day: date | None
    new_day: date | None
    at: datetime

    @property
    def place(self) -> Position:
        """Where it stands."""
        return Position(self.xid, self.position)


async def changes(connection: Connection, reader: str, limit: int) -> list[Change]:
    """What came after the reader's position, in order, ``limit`` at most; the reader is held until the transaction
    ends. Empty also while another worker holds it.

    What a transaction that still runs has written, or one that began after it, comes later: never out of order. A
    reader that asks for the first time begins with the oldest change that is kept; what lies before that, and when it
    was added later all there is, it takes from the entries themselves.
    """
    place = await _hold(connection, reader)
    if place is None:
        return []
    rows = await connection.fetch(
        """
        SELECT xid::text::bigint AS xid, position, entry_id, old_project_id, new_project_id, old_reference,
            new_reference, old_day, new_day, at
        FROM changed_entry
        WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) AND (xid, position) > ($1::text::xid8, $2::bigint)
        ORDER BY changed_entry.xid, position LIMIT $3
        """,
        str(place.xid),
        place.position,
        limit,
    )
    return list(map(Change._make, rows))


async def _hold(connection: Connection, reader: str) -> Position | None:
    """The reader's position, held until the transaction ends; ``None`` when another one holds it. A lock by name, not
    its row's: the first to ask makes the row, and the second must not wait for that."""
    if not await connection.fetchval(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('change_reader ' || $1, 0))", reader
    ):
        return None
    await connection.execute("INSERT INTO change_reader (name) VALUES ($1) ON CONFLICT DO NOTHING", reader)
    row = await connection.fetchrow(
        "SELECT xid::text::bigint AS xid, position FROM change_reader WHERE name = $1", reader
    )
    return Position(**row) if row else None


async def move(connection: Connection, reader: str, last: Change) -> None:
    """The reader has done all up to ``last``; in the transaction that did it."""
    await connection.execute(
        "UPDATE change_reader SET xid = $2::text::xid8, position = $3 WHERE name = $1",
        reader,
        str(last.xid),
        last.position,
    )


async def prune(pool: Pool, older_than: timedelta = KEEP, at_once: int = PRUNE_AT_ONCE) -> int:
    """Remove changes older than that which every reader has passed, and say how many went; ``at_once`` at most."""
    done: str = await pool.execute(
        """
        DELETE FROM changed_entry WHERE (xid, position) IN (
            SELECT xid, position FROM changed_entry c
            WHERE at < now() - $1::interval
                AND NOT EXISTS (SELECT FROM change_reader r WHERE (r.xid, r.position) < (c.xid, c.position))
            ORDER BY xid, position LIMIT $2)
        """,
        older_than,
        at_once,
    )
    return int(done.split()[-1])


async def backlog(pool: Pool, most: int) -> dict[str, int]:
    """How many changes each reader has before it, ``most`` being as far as is counted."""
    rows = await pool.fetch(
        """
        SELECT name, (SELECT count(*) FROM (
            SELECT FROM changed_entry c WHERE (c.xid, c.position) > (r.xid, r.position) LIMIT $1) AS before) AS rows
        FROM change_reader r
        """,
        most,
    )
    return {row["name"]: row["rows"] for row in rows}
