"""The SQL of article heads: which messages, replies and notes a ticket has, without their texts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin_server.runtime.database import Connection, Pool
from plugin_server.tickets.articles.rules import Head


@dataclass(frozen=True)
class Reading:
    """How a ticket's heads stand: asked for when the ticket's ``updated_at`` was ``as_of`` (``None``: never), and
    whether it has changed since."""

    as_of: datetime | None
    stale: bool


@dataclass(frozen=True)
class Choice:
    """Which heads are asked for: of a ticket, within ``[since, until)``, by one of the ``writers`` where there are
    any to choose; internal ones only where the reader may see them."""

    ticket_id: int
    since: datetime
    until: datetime
    writers: Collection[int] | None
    internal: bool


_HEAD = ", ".join(Head._fields)
_NEWS = ", ".join(f"excluded.{name}" for name in Head._fields[1:])


async def changed(connection: Connection, ticket_id: int, updated_at: datetime) -> None:
    """A ticket has changed: its heads, if any are kept, are to be read again."""
    await connection.execute(
        "UPDATE article_reading SET stale = true, try_after = '-infinity'"
        " WHERE ticket_id = $1 AND as_of < $2 AND NOT stale",
        ticket_id,
        updated_at,
    )


async def opened(pool: Pool, ticket_id: int, now: datetime) -> Reading:
    """Somebody opens a ticket's timeline: from now on its heads are kept."""
    row = await pool.fetchrow(
        """
        INSERT INTO article_reading AS r (ticket_id, as_of, stale, opened_at) VALUES ($1, '-infinity', true, $2)
        ON CONFLICT (ticket_id) DO UPDATE SET opened_at = greatest(r.opened_at, excluded.opened_at)
        RETURNING nullif(as_of, '-infinity') AS as_of, stale
        """,
        ticket_id,
        now,
    )
    assert row is not None
    return Reading(**row)


async def replace(connection: Connection, ticket_id: int, as_of: datetime, heads: Sequence[Head]) -> bool:
    """Write all heads of a ticket as they were just read, the ticket being as of then; what is no longer among them is
    gone. ``False``, and nothing is written, when a later reading was here first."""
    async with connection.transaction():
        written = await connection.fetchval(
            "UPDATE article_reading SET as_of = $2, stale = false, try_after = '-infinity'"
            " WHERE ticket_id = $1 AND as_of <= $2 RETURNING true",
            ticket_id,
            as_of,
        )
        if not written:
            return False
        columns = list(zip(*heads, strict=True)) if heads else [()] * len(Head._fields)
        await connection.execute(
            f"""
            INSERT INTO article_head AS h ({_HEAD})
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[],
                $7::boolean[], $8::timestamptz[]) ORDER BY 1
            ON CONFLICT (id) DO UPDATE SET (ticket_id, writer_id, writer, sender, kind, internal, created_at)
                = ROW ({_NEWS})
            WHERE (h.ticket_id, h.writer_id, h.writer, h.sender, h.kind, h.internal, h.created_at)
                IS DISTINCT FROM ({_NEWS})
            """,
            *columns,
        )
        await connection.execute(
            "DELETE FROM article_head WHERE ticket_id = $1 AND id <> ALL($2::bigint[])", ticket_id, columns[0]
        )
    return True


async def forget(pool: Pool, article_id: int) -> None:
    """The helpdesk no longer has an article."""
    await pool.execute("DELETE FROM article_head WHERE id = $1", article_id)


async def stale(pool: Pool, now: datetime, since: datetime, limit: int) -> list[int]:
    """Tickets that have changed since their heads were read, of those whose timeline was opened ``since`` then. Grows
    with what has changed, not with what is kept."""
    rows = await pool.fetch(
        "SELECT ticket_id FROM article_reading WHERE stale AND try_after <= $1 AND opened_at >= $2"
        " ORDER BY try_after, ticket_id LIMIT $3",
        now,
        since,
        limit,
    )
    return [row["ticket_id"] for row in rows]


async def later(pool: Pool, ticket_id: int, after: datetime) -> None:
    """The heads could not be read; they are tried again then."""
    await pool.execute("UPDATE article_reading SET try_after = $2 WHERE ticket_id = $1", ticket_id, after)


async def writers(pool: Pool, ticket_id: int, *, internal: bool) -> dict[int, str]:
    """Who has written on a ticket, and the name each signed with last."""
    rows = await pool.fetch(
        "SELECT DISTINCT ON (writer_id) writer_id, writer FROM article_head"
        " WHERE ticket_id = $1 AND ($2 OR NOT internal) ORDER BY writer_id, created_at DESC, id DESC",
        ticket_id,
        internal,
    )
    return {row["writer_id"]: row["writer"] for row in rows}


async def heads(
    pool: Pool, choice: Choice, beyond: tuple[datetime, int], limit: int, *, newest_first: bool
) -> list[Head]:
    """Heads beyond a place in the order of instant and id, ``limit`` at most."""
    sign, order = ("<", "DESC") if newest_first else (">", "ASC")
    rows = await pool.fetch(
        f"""
        SELECT {_HEAD} FROM article_head
        WHERE ticket_id = $1 AND (created_at, id) {sign} ($2::timestamptz, $3::bigint)
            AND created_at >= $4 AND created_at < $5 AND ($6::bigint[] IS NULL OR writer_id = ANY($6))
            AND ($7 OR NOT internal)
        ORDER BY created_at {order}, id {order} LIMIT $8
        """,
        choice.ticket_id,
        *beyond,
        choice.since,
        choice.until,
        None if choice.writers is None else list(choice.writers),
        choice.internal,
        limit,
    )
    return [Head(**row) for row in rows]
