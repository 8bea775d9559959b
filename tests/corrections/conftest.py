"""A server beside the simulated Harvest; the helpdesk is away, and what it has said is known."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock, SystemClock
from tests.corrections.bench import Bench
from tests.dashboard.office import offline
from tests.demo_harvest.client import ADMIN, Harvest
from tests.demo_harvest.process import start, stop
from tests.support.server import serving, write_manifest

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture(scope="session")
def harvest_url(postgres: TestPostgres) -> Iterator[str]:
    name, database_url = postgres.make()
    process, url = start(database_url)
    yield url
    stop(process)
    postgres.drop(name)


@pytest.fixture(scope="session")
def shared_harvest(harvest_url: str) -> Harvest:
    return Harvest(harvest_url)


@pytest.fixture
async def bench(
    make_migrated: Callable[[], str], shared_harvest: Harvest, tmp_path: Path, free_port: Callable[[], int]
) -> AsyncIterator[Bench]:
    """Ada, Bo and a project manager, tickets 1 and 2 with a project each; Harvest as it is after its own start."""

    def change(data: dict[str, Any]) -> None:
        offline(data)
        data["server"]["public_url"] = f"http://127.0.0.1:{port}"
        (tmp_path / "secrets" / "service").write_text(ADMIN)
        data["harvest"] |= {"api_url": f"{shared_harvest.url}/v2", "account_id": 1, "request_seconds": 3}
        data["harvest"]["token"] = {"file": "secrets/service"}

    port = free_port()
    harvest = shared_harvest
    pool = await database.connect(make_migrated())
    settings = write_manifest(tmp_path, "a signing key, long enough for HS256", change=change)
    async with (
        aiohttp.ClientSession(skip_auto_headers=["User-Agent"], cookie_jar=aiohttp.DummyCookieJar()) as harvest.session,
        serving(settings, pool, SetClock(SystemClock().now()), port=port) as server,
    ):
        made = Bench(server, harvest)
        await made.furnish()
        yield made
        await made.clear()
        assert (await harvest.call("POST", "/_sim/reset")).status == 200
    await pool.close()
