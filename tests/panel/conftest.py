"""A server whose database and queue a test can cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from plugin_server import worker
from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import Vault
from plugin_server.manifest import Manifest
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.queue import RedisQueue
from tests.support.cable import Cable, cable
from tests.support.server import Server, serving, write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass
class Stand:
    """One agent, connected; helpdesk and Harvest are nobody's ports."""

    server: Server
    clock: SetClock
    settings: Manifest
    postgres: Cable
    valkey: Cable
    agent: int
    token: str

    async def round(self, *names: str) -> None:
        """What the worker does by itself, each by its name."""
        _jobs, periodic = worker.jobs(self.server.services)
        for name in names:
            await next(item for item in periodic if item.name == name).run()

    async def popup(self) -> str:
        """The popup's fragment."""
        status, html = await self.server.call("GET", "/api/v1/me", token=self.token, Accept="text/html")
        assert status in (200, 503), html
        assert isinstance(html, str)
        return html

    async def health(self) -> dict[str, str]:
        """What the popup says of each part, as a program reads it."""
        _status, me = await self.server.call("GET", "/api/v1/me", token=self.token)
        return {name: part["state"] for name, part in me["details"]["health"].items()}


@pytest.fixture
async def stand(
    make_migrated: Callable[[], str], redis_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Stand]:
    def nobody_listens(data: dict[str, dict[str, object]]) -> None:
        nowhere = f"http://127.0.0.1:{free_port()}"
        data["harvest"] |= {"api_url": f"{nowhere}/v2", "id_url": nowhere}
        data["helpdesk"]["url"] = nowhere

    settings = write_manifest(tmp_path, "a key that is long enough for HS256 ....", change=nobody_listens)
    clock = SetClock(NOW)
    async with cable(make_migrated()) as postgres, cable(redis_url) as valkey:
        pool = await database.connect(postgres.url)
        queue = await RedisQueue.connect(valkey.url)
        agent = (await accounts_store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", NOW)).id
        vault = Vault([settings.server.token_keys[0].get_secret_value()])
        async with pool.acquire() as connection:
            await accounts_store.set_harvest_user(connection, agent, 2001, "Europe/Berlin")
            sealed, never = (vault.seal("access"), vault.seal("refresh")), NOW.replace(year=NOW.year + 1)
            await accounts_store.put_token(connection, agent, "harvest", *sealed, never, NOW)
            await accounts_store.put_token(connection, agent, "helpdesk", *sealed, never, NOW)
        async with serving(settings, pool, clock, queue) as server:
            token = (await server.sign_in(agent))["access_token"]
            yield Stand(server, clock, settings, postgres, valkey, agent, token)
        await queue.close()
        pool.terminate()
