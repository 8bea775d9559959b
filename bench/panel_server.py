"""Our server with people and tickets in it, and beside the panel a bare handler on the same pool to compare with.

``python -m bench.panel_server DATABASE_URL REDIS_URL FOLDER AGENTS`` prints its port, and for each agent a token and a
ticket.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from cryptography.fernet import Fernet

from bench.stand import ROOT, tell
from plugin_server import app as product
from plugin_server import manifest as manifests
from plugin_server.accounts import store as accounts
from plugin_server.accounts.sessions.service import Sessions
from plugin_server.manifest import Manifest, url_text
from plugin_server.runtime import log
from plugin_server.services import Services, running
from plugin_server.tickets import store as tickets

SEEN_EVERY = 20.0
"""Seconds; the helpdesk's yes for an agent and a ticket is kept for 60."""


NOBODY = "http://127.0.0.1:9"
"""An address at which nobody answers."""


def manifest(folder: Path, helpdesk: str = NOBODY, helpdesk_token: str = "token") -> Manifest:
    """The repository's manifest with keys of its own, for a helpdesk at this address; nobody is at Harvest's."""
    secrets = folder / "secrets"
    secrets.mkdir()
    for name in ("helpdesk_client_secret", "webhook_secret", "harvest_client_secret"):
        (secrets / name).write_text(name)
    (secrets / "helpdesk_token").write_text(helpdesk_token)
    (secrets / "harvest_token").write_text("token")
    (secrets / "jwt_key").write_text("a key for bench alone, of more than 32 bytes")
    (secrets / "token_key").write_text(Fernet.generate_key().decode())
    data = json.loads((ROOT / "manifest.json").read_text(encoding="utf-8"))
    data["helpdesk"]["url"], data["harvest"]["id_url"] = helpdesk, NOBODY
    data["harvest"]["api_url"] = f"{NOBODY}/v2"
    (folder / "manifest.json").write_text(json.dumps(data))
    return manifests.load(folder / "manifest.json")


async def _fill(services: Services, agents: int) -> list[tuple[str, int]]:
    """A ticket with a project, a budget and twenty entries for each agent, all figures computed by the product; and
    each agent's token and ticket."""
    pool, now = services.pool, services.clock.now()
    settings = services.manifest.server
    keys = [key.get_secret_value() for key in settings.jwt_keys]
    lifetimes = timedelta(minutes=settings.access_minutes), timedelta(days=1)
    sessions = Sessions(pool, keys, url_text(settings.public_url), *lifetimes, services.clock)
    made: list[tuple[str, int]] = []
    for number in range(1, agents + 1):
        agent = await accounts.upsert_agent(pool, number, f"Agent {number}", f"agent{number}@example.com", now)
        async with pool.acquire() as connection:
            await accounts.set_harvest_user(connection, agent.id, 2000 + number, "UTC")
            await accounts.put_token(connection, agent.id, "harvest", b"", b"", now + timedelta(days=1), now)
            await accounts.put_token(connection, agent.id, "helpdesk", b"", b"", now + timedelta(days=1), now)
        made.append(((await sessions.open(agent.id)).access, number))
    script = (Path(__file__).parent / "panel.sql").read_text(encoding="utf-8")
    await pool.execute(script.replace(":agents", str(agents)))
    await services.attribute.run()
    while await services.budgets.recompute():
        pass
    return made


async def _seen(services: Services) -> None:
    """Every agent may see the ticket, as the helpdesk said a moment ago."""
    rows = await services.pool.fetch("SELECT id, helpdesk_user_id FROM agent")
    async with services.pool.acquire() as connection:
        for row in rows:
            await tickets.allow(connection, row["id"], row["helpdesk_user_id"], services.clock.now())


@asynccontextmanager
async def _seeing(services: Services) -> AsyncIterator[None]:
    async def again() -> None:
        while True:
            await asyncio.sleep(SEEN_EVERY)
            await _seen(services)

    await _seen(services)
    task = asyncio.create_task(again())
    try:
        yield
    finally:
        task.cancel()


async def main(database_url: str, redis_url: str, folder: str, agents: str) -> None:
    """Serve until the standard input ends."""
    log.configure("ERROR")
    async with running(manifest(Path(folder)), database_url, redis_url) as services:
        people = await _fill(services, int(agents))
        app = product.create(services)

        async def bare(request: web.Request) -> web.Response:
            number = int(request.match_info["id"])
            row = await services.pool.fetchrow(
                "SELECT id, number, title, budget_text FROM ticket WHERE id = $1", number
            )
            return web.json_response(dict(row or {}))

        app.router.add_get("/bare/{id}", bare)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with _seeing(services):
            tell({"port": runner.addresses[0][1], "people": people})
            await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
