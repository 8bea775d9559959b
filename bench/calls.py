"""How many calls a minute's sync makes for fifty changes, by how many tickets are linked: none more for more tickets.

The simulated Harvest counts them itself. Each ticket has a project of its own, with an entry in it; what has changed is
entries of fifty of them (of all, where there are fewer).
"""

from __future__ import annotations

import asyncpg
from aiohttp import ClientSession

from bench.line import Line
from bench.stand import Stand, simulated
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import database
from plugin_server.runtime.clock import SystemClock

SIZES = 10, 1000, 10_000
CHANGES = 50
FIRST = 1_000_000
"""Id of the first project made here."""

# Long ago, so that the minute that is measured has nothing to do with their making.
_PROJECTS = """
INSERT INTO project (id, client_id, name, is_billable, bill_by, budget_by, created_at, updated_at)
SELECT $1::integer + n, 3001, 'Project ' || n, true, 'People', 'project', '2026-01-02', '2026-01-02'
FROM generate_series(0, $2::integer - 1) n
"""
_ENTRIES = """
INSERT INTO time_entry (user_id, project_id, task_id, spent_date, hours, created_at, updated_at)
SELECT 2001, id, 5001, '2026-01-02', 1, '2026-01-02', '2026-01-02' FROM project WHERE id >= $1
"""
_CHANGE = """
UPDATE time_entry SET hours = 2, updated_at = now()
WHERE id IN (SELECT id FROM time_entry WHERE project_id >= $1 ORDER BY id LIMIT $2)
"""
_TICKETS = """
INSERT INTO ticket (id, number, title, group_id, project_text, project_id, budget_text, quoted_text, pm_text,
    updated_at, seen_at)
SELECT n, n::text, 'Ticket ' || n, 1, ($1::integer + n)::text, $1::integer + n, '10', '', '', now(), now()
FROM generate_series(0, $2::integer - 1) n
"""


async def lines(stand: Stand) -> list[Line]:
    """For each size the calls of one minute; the ratio is to the smallest."""
    counted = [await _calls(stand, size) for size in SIZES]
    return [
        Line(f"incremental_sync_calls_{size}", calls, "calls", calls / counted[0], f"{SIZES[0]} tickets", "1")
        for size, calls in zip(SIZES, counted, strict=True)
    ]


async def _calls(stand: Stand, size: int) -> int:
    async with (
        stand.database(migrated=False) as theirs,
        stand.database() as ours,
        simulated("harvest", theirs) as url,
        ClientSession() as session,
    ):
        account = await asyncpg.connect(theirs)
        await account.execute(_PROJECTS, FIRST, size)
        await account.execute(_ENTRIES, FIRST)
        pool = await database.connect(ours)
        await pool.execute(_TICKETS, FIRST, size)
        await pool.execute(
            "INSERT INTO ticket_link (ticket_id, project_id, linked_at) SELECT id, project_id, '2026-01-01' FROM ticket"
        )
        clock = SystemClock()
        name = "Deskhours bench (admin@example.com)"
        client = HarvestClient(session, f"{url}/v2", 1, name, "demo-harvest-token", 15, clock, UNLIMITED)
        mirror = Mirror(pool, client, clock)
        await mirror.sync_now()
        await account.execute(_CHANGE, FIRST, CHANGES)
        before = await _counted(session, url)
        await mirror.sync_now()
        after = await _counted(session, url)
        seen = await pool.fetchval("SELECT count(*) FROM time_entry WHERE hours = 200 AND project_id >= $1", FIRST)
        await pool.close()
        await account.close()
        if seen != min(CHANGES, size):
            raise RuntimeError(f"{seen} of {min(CHANGES, size)} changes were read")
        return after - before


async def _counted(session: ClientSession, url: str) -> int:
    async with session.get(f"{url}/_sim/state") as response:
        return sum((await response.json())["calls"].values())
