"""How fast a history comes in, against what Harvest can hand out and against a plain COPY, and in how much memory.

Harvest lets 100 requests through in 15 seconds, of 2,000 entries each: 13,333 entries a second is the most that
anybody can be sent (its API documentation, "Rate limiting" and "Pagination").
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

from bench.line import Line
from bench.pages import PROJECTS, TICKETS
from bench.stand import Stand, child
from plugin_server.runtime import database

CEILING = 100 / 15 * 2000
ROUNDS = 3


@dataclass(frozen=True)
class Import:
    """One import: seconds from the first request to the last commit, and the peak of memory of its processes."""

    seconds: float
    peak_mb: float


async def lines(stand: Stand) -> list[Line]:
    """Rounds of both ways, one after the other, so that a slow minute of the machine meets both."""
    small, many = 100_000, 1_000_000
    ours: list[Import] = []
    plain: list[tuple[float, float]] = []
    async with child("bench.pages", "--entries", str(small)) as pages:
        api = f"http://127.0.0.1:{await pages.hear()}"
        for _ in range(ROUNDS):
            ours.append(await _import(stand, api, small))
            plain.append(await _copy(stand, api))
    async with child("bench.pages", "--entries", str(many)) as pages:
        large = await _import(stand, f"http://127.0.0.1:{await pages.hear()}", many)
    rate = small / statistics.median(one.seconds for one in ours)
    memory = statistics.median(one.peak_mb for one in ours)
    read_and_copied = small / statistics.median(whole for whole, _alone in plain)
    copied = small / statistics.median(alone for _whole, alone in plain)
    return [
        Line("import_100k_vs_harvest_ceiling", rate, "rows/s", rate / CEILING, "13,333 rows/s", "3"),
        Line("import_100k_vs_copy", rate, "rows/s", rate / read_and_copied, "pages, then copy_records_to_table", "0.6"),
        Line("import_100k_vs_copy_alone", rate, "rows/s", rate / copied, "that copy_records_to_table without pages"),
        Line("import_1m_vs_100k", many / large.seconds, "rows/s", many / large.seconds / rate, "100,000 entries"),
        Line("import_1m_memory_vs_100k", large.peak_mb, "MB", large.peak_mb / memory, "100,000 entries", "at most 1.2"),
    ]


async def _import(stand: Stand, api: str, count: int) -> Import:
    """Sync and attribution into empty tables, with tickets that entries count for."""
    async with stand.database() as url:
        await _tickets(url)
        async with (
            child("bench.importer", "follow", url, str(count)) as follower,
            child("bench.importer", "read", url, api) as reader,
        ):
            await follower.hear()
            await reader.hear()
            await stand.checkpoint()
            await follower.say()
            await reader.say()
            reading, following = await reader.hear(), await follower.hear()
        seconds = max(reading["ended"], following["ended"]) - reading["began"]
        return Import(seconds, reading["peak_mb"] + following["peak_mb"])


async def _copy(stand: Stand, api: str) -> tuple[float, float]:
    """Seconds from the first request to the commit, and of the COPY alone."""
    async with stand.database() as url, child("bench.importer", "copy", url, api) as copier:
        await copier.hear()
        await stand.checkpoint()
        await copier.say()
        decoded, outcome = await copier.hear(), await copier.hear()
        return outcome["ended"] - outcome["began"], outcome["ended"] - decoded


async def _tickets(url: str) -> None:
    """Tickets that entries name, each with a project of its own; so each project in ten is a ticket's."""
    pool = await database.connect(url, maximum=1)
    await pool.execute(
        """
        INSERT INTO ticket (id, number, title, group_id, project_text, project_id, budget_text, quoted_text, pm_text,
            updated_at, seen_at)
        SELECT n, (90000 + n)::text, 'Ticket ' || n, 1, (10000 + n)::text, 10000 + n, '10', '', '', now(), now()
        FROM generate_series(1, $1::integer) n
        """,
        min(TICKETS, PROJECTS),
    )
    await pool.execute(
        "INSERT INTO ticket_link (ticket_id, project_id, linked_at) SELECT id, project_id, '2023-01-01' FROM ticket"
    )
    await pool.close()
