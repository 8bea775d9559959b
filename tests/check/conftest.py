"""Both simulated systems once for all tests of this folder, and a stand for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from plugin_server import app, manifest, services
from plugin_server.panel import store as panel_store
from plugin_server.runtime import database
from plugin_server.runtime.clock import SystemClock
from plugin_server.runtime.embedded import ports
from plugin_server.runtime.queue import NullQueue
from plugin_server.tickets import store as tickets_store
from tests.check.stand import Stand, Systems, write
from tests.demo_harvest import process as harvest_process
from tests.support.processes import wait_for

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def systems(postgres: TestPostgres) -> Iterator[Systems]:
    """The two systems, which know our server's address."""
    names = [postgres.make(), postgres.make()]
    product = f"http://127.0.0.1:{ports.free_port()}"
    harvest, harvest_url = harvest_process.start(names[0][1], "--product-url", product)
    port = str(ports.free_port())
    helpdesk_url = f"http://127.0.0.1:{port}"
    arguments = ["--database", names[1][1], "--port", port, "--product-url", product]
    helpdesk = subprocess.Popen([sys.executable, "-m", "plugin_server.demo.helpdesk", *arguments])
    try:
        wait_for(lambda: helpdesk.poll() is None and ports.trouble(int(port)) is not None, 30)
        yield Systems(helpdesk_url, harvest_url, product)
    finally:
        harvest_process.stop(harvest)
        harvest_process.stop(helpdesk)
        for name, _url in names:
            postgres.drop(name)


@pytest.fixture(scope="session")
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """A database with all our tables; each test empties what it fills."""
    name, url = postgres.make_migrated()
    yield url
    postgres.drop(name)


@pytest.fixture
async def stand(systems: Systems, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    """A chain that holds: our server answers, a worker has just been seen."""
    write(tmp_path, ROOT, systems)
    async with aiohttp.ClientSession() as http, await database.connect(database_url, maximum=4) as pool:
        settings = manifest.load(tmp_path / "manifest.json")
        stand = Stand(systems, tmp_path, pool, database_url, redis_url, http, settings)
        await pool.execute("TRUNCATE agent, ticket, helpdesk_member, webhook_delivery, check_result CASCADE")
        now = datetime.now(UTC)
        await panel_store.note(pool, "worker", now, None, False)
        # What earlier tests changed in the helpdesk has been told of, however long ago that was.
        await tickets_store.take_delivery(pool, "before this test", now)
        if not systems.is_set_up:
            await stand.set_up()
        built = services.build(settings, pool, NullQueue(), http, SystemClock())
        runner = web.AppRunner(app.create(built), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", int(systems.product.rpartition(":")[2])).start()
        yield stand
        await runner.cleanup()
