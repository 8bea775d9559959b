"""A server of the test's own beside one simulated helpdesk, and a database to try the SQL on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.embedded import ports
from tests.support.demo import Demo
from tests.support.processes import wait_for
from tests.support.server import serving, write_manifest
from tests.support.world import World
from tests.timeline.scene import Scene

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture(scope="session")
def helpdesk(postgres: TestPostgres) -> Iterator[str]:
    """The simulated helpdesk's address."""
    name, url = postgres.make()
    port = ports.free_port()
    command = [sys.executable, "-m", "plugin_server.demo.helpdesk", "--database", url, "--port", str(port)]
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: process.poll() is None and ports.trouble(port) is not None, 30)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        postgres.drop(name)


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_migrated())
    yield pool
    await pool.close()


@pytest.fixture
async def scene(pool: Pool, helpdesk: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """Ada, Bo and their project manager, signed in; a ticket with a question of its customer."""

    def here(data: dict[str, Any]) -> None:
        data["helpdesk"]["url"] = helpdesk
        data["helpdesk"].pop("webhook_secret", None)
        data["server"]["public_url"] = "http://127.0.0.1:8800"

        (tmp_path / "secrets" / "helpdesk_token").write_text("demo-zammad-token")

    settings = write_manifest(tmp_path, "a signing key, long enough for HS256", change=here)
    clock = SetClock(datetime.now(UTC))
    async with serving(settings, pool, clock) as server, aiohttp.ClientSession() as session:
        scene = Scene(server, helpdesk, session)
        await scene.begin()
        yield scene


@pytest.fixture
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems of the running demo."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)
