"""How long a timeline takes to open for who has not looked at the ticket yet, on a long ticket and on a short one.

The long ticket has 5,000 articles and as many time entries, the short one 50 of each. Everyone opens both, in turns in
either order, so that no text is known from before: the helpdesk is asked whether they may see the ticket, and for the
texts of the page. The article heads are there; a worker reads them when a ticket changes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp
import asyncpg
from aiohttp import web

from bench.line import Line
from bench.panel_server import manifest
from bench.stand import Stand, simulated
from plugin_server import app as product
from plugin_server.accounts import store as accounts
from plugin_server.accounts.sessions.service import Sessions
from plugin_server.manifest import url_text
from plugin_server.services import Services, running

LONG, SHORT = 5000, 50
TOKEN = "demo-zammad-token"
PROJECT = 4001


async def lines(stand: Stand) -> list[Line]:
    """The median over all people, of both tickets."""
    folder = stand.folder / "timeline"
    folder.mkdir()
    async with (
        stand.database() as url,
        stand.database(migrated=False) as helpdesk_url,
        simulated("helpdesk", helpdesk_url) as helpdesk,
        running(manifest(folder, helpdesk, TOKEN), url, stand.valkey.url(0)) as services,
        aiohttp.ClientSession() as session,
        _served(services) as base,
    ):
        tickets = {count: await _ticket(services, session, helpdesk, helpdesk_url, count) for count in (LONG, SHORT)}
        await services.attribute.run()
        took: dict[int, list[float]] = {LONG: [], SHORT: []}
        for turn, token in enumerate(await _people(services, session, helpdesk)):
            for count in (LONG, SHORT) if turn % 2 else (SHORT, LONG):
                seconds = await _open(session, f"{base}/api/v1/tickets/{tickets[count]}/timeline?order=newest", token)
                if turn > 1:  # the first ones warm everything up
                    took[count].append(seconds)
    long, short = (statistics.median(took[count]) for count in (LONG, SHORT))
    return [Line("timeline_5000_vs_50", long * 1000, "ms", long / short, "the same of a short ticket", "at most 2")]


@asynccontextmanager
async def _served(services: Services) -> AsyncIterator[str]:
    runner = web.AppRunner(product.create(services), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _ticket(
    services: Services, session: aiohttp.ClientSession, helpdesk: str, helpdesk_url: str, count: int
) -> int:
    """A ticket with so many articles, and as many entries; its heads are read."""
    wish = {"title": "The oven restarts", "group": "Support", "customer": "acorn@example.com"}
    article = {"body": "It restarts at night", "type": "note"}
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with session.post(f"{helpdesk}/api/v1/tickets", json={**wish, "article": article}, headers=headers) as answer:
        ticket = int((await answer.json())["id"])
    connection = await asyncpg.connect(helpdesk_url)
    await connection.execute(
        """
        INSERT INTO articles (ticket_id, type_id, sender_id, "from", content_type, body, internal, created_by_id,
            updated_by_id, created_at)
        SELECT ticket_id, type_id, sender_id, "from", 'text/html', repeat('<p>It restarts at night.</p>', 12),
            n % 3 = 0, created_by_id, updated_by_id, created_at - n * interval '5 hours'
        FROM articles, generate_series(2, $2) n WHERE ticket_id = $1
        """,
        ticket,
        count,
    )
    await connection.close()
    values = {"ticket": ticket, "project": PROJECT, "entries": count, "reference": services.tickets.reference(ticket)}
    script = (Path(__file__).parent / "timeline.sql").read_text(encoding="utf-8")
    for name, value in values.items():
        script = script.replace(f":{name}", str(value))
    await services.pool.execute(script)
    await services.intake.read(ticket)
    await services.articles.opened(ticket)
    await services.articles.read(ticket)
    return ticket


async def _people(services: Services, session: aiohttp.ClientSession, helpdesk: str) -> list[str]:
    """Everyone who works in the helpdesk, with a session of ours; we act for them by tokens of their own making."""
    settings = services.manifest.server
    keys = [key.get_secret_value() for key in settings.jwt_keys]
    lifetimes = timedelta(minutes=settings.access_minutes), timedelta(days=1)
    sessions = Sessions(services.pool, keys, url_text(settings.public_url), *lifetimes, services.clock)
    made = []
    for member in await _members(session, helpdesk):
        agent = await accounts.upsert_agent(services.pool, member, f"Agent {member}", "", services.clock.now())
        await services.tokens.put(services.pool, agent.id, "helpdesk", TOKEN, TOKEN, 86_400)
        made.append((await sessions.open(agent.id)).access)
    return made


async def _members(session: aiohttp.ClientSession, helpdesk: str) -> list[int]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with session.get(f"{helpdesk}/api/v1/users/search?query=*&limit=50", headers=headers) as answer:
        return [one["id"] for one in await answer.json()]


async def _open(session: aiohttp.ClientSession, url: str, token: str) -> float:
    began = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
    async with session.get(url, headers=headers) as response:
        text = await response.text()
        if response.status != 200 or "data-entry" not in text or 'class="tl-text"' not in text:
            raise RuntimeError(f"{response.url}: {response.status} {text[:500]}")
    return time.perf_counter() - began
