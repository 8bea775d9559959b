"""One simulated helpdesk, started by its own command line on a fresh database, for all tests of this folder."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

from plugin_server.runtime.embedded import ports
from tests.demo_helpdesk.client import Helpdesk
from tests.demo_helpdesk.lock import EVERYDAY, RELEASE, STATE, ensure_attributes

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture(scope="session")
def helpdesk_url(postgres: TestPostgres) -> Iterator[str]:
    name, database = postgres.make()
    port = str(ports.free_port())
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "plugin_server.demo.helpdesk", "--database", database, "--port", port]
    process = subprocess.Popen(command)
    try:
        _wait(url, process)
        asyncio.run(_prepare(url))
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        started = time.monotonic()
        code = process.wait(10)
        took = time.monotonic() - started
        postgres.drop(name)
    assert code == 0
    assert took < 3


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the server did not start"
        try:
            with urllib.request.urlopen(f"{url}/_sim/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("the server did not get ready in 30 s")


async def _prepare(url: str) -> None:
    """Tests don't mind who has made the attributes."""
    async with aiohttp.ClientSession() as http:
        await ensure_attributes(Helpdesk(url, http), *EVERYDAY, STATE, RELEASE)


@pytest.fixture
async def desk(helpdesk_url: str) -> AsyncIterator[Helpdesk]:
    # An unsafe jar keeps the cookies of bare addresses.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, headers={"Accept": "application/json"}) as http:
        yield Helpdesk(helpdesk_url, http)
