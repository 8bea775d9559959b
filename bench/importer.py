"""The two halves of an import, each a process, as ``deskhours sync`` runs beside the worker.

``python -m bench.importer read DATABASE_URL API_URL`` is the sync; ``follow DATABASE_URL COUNT`` is the attribution of
the worker, until so many entries have their outcome. ``copy DATABASE_URL API_URL`` is the plain way to compare with: it
reads and decodes the same pages and hands their rows to asyncpg's ``copy_records_to_table``, all at once, into the same
table; no outcomes, nothing that could be run twice or gone on with.

Each prints one line when it is ready, waits for a line, and prints what came of it: instants of beginning and end, its
seconds of CPU and its peak of memory in MB.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
import time

import aiohttp

from bench.pages import HOST
from bench.stand import tell, told
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED
from plugin_server.mirror import store
from plugin_server.mirror.listing import Listing
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import collector, database, log
from plugin_server.runtime.clock import SystemClock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution.service import Attribute

NUMBER = re.compile(r"(?:#|\bTicket\s?#?)\s?(\d{4,})\b")
CLOCK = SystemClock()


def _client(session: aiohttp.ClientSession, api_url: str) -> HarvestClient:
    name = "Deskhours bench (admin@example.com)"
    return HarvestClient(session, f"{api_url}/v2", 1, name, "token", 15, CLOCK, UNLIMITED)


async def read(pool: Pool, api_url: str) -> tuple[float, float]:
    """The sync, from its first request to its last commit; a long one takes several of the worker's runs."""
    async with aiohttp.ClientSession() as session:
        mirror = Mirror(pool, _client(session, api_url), CLOCK)
        began = await _start()
        await mirror.sync()
        while await progress.unfinished(pool, mirror.TIME_ENTRIES):
            await mirror.sync()
    return began, time.time()


async def follow(pool: Pool, count: str) -> tuple[float, float]:
    """Attribution, which looks for work more often than it would in an idle worker, whom the sync nudges."""
    attribute = Attribute(pool, f"{HOST}:", NUMBER, CLOCK)
    began = await _start()
    done = 0
    async with asyncio.timeout(600):
        while done < int(count):
            found = await attribute.run()
            done += found
            if not found:
                await asyncio.sleep(0.02)
    return began, time.time()


async def copy(pool: Pool, api_url: str) -> tuple[float, float]:
    """Every page, then one COPY."""
    async with aiohttp.ClientSession() as session:
        listing = Listing(_client(session, api_url), CLOCK)
        began = await _start()
        entries = {entry.id: entry async for batch in listing.read({}) for entry in batch.entries}
    rows = store.entry_rows(entries[number] for number in sorted(entries))
    decoded = time.time()
    async with pool.acquire() as connection:
        await connection.copy_records_to_table("time_entry", records=rows, columns=store.ENTRY, timeout=300)
    tell(decoded)
    return began, time.time()


async def _start() -> float:
    collector.settle()
    tell("ready")
    await told()
    return time.time()


async def main(what: str, database_url: str, argument: str) -> None:
    """Do it and tell."""
    log.configure("ERROR")
    pool = await database.connect(database_url)
    work = {"read": read, "follow": follow, "copy": copy}[what]
    began, ended = await work(pool, argument)
    await pool.close()
    used = resource.getrusage(resource.RUSAGE_SELF)
    tell({"began": began, "ended": ended, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024})


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
