"""A migrated database of its own for each test, and one simulated Harvest for all tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from tests.demo_harvest.client import Harvest
from tests.demo_harvest.process import start, stop
from tests.mirror.stand import Stand

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres

OURS = 4100
"""Projects from this id on are made by tests."""


@pytest.fixture
def database_url(make_migrated: Callable[[], str]) -> str:
    return make_migrated()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await database.connect(database_url)
    yield pool
    await pool.close()


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
async def stand(pool: Pool, shared_harvest: Harvest) -> AsyncIterator[Stand]:
    """The mirror beside a Harvest that holds the demo's entries; what a test adds goes with its projects."""
    harvest = shared_harvest
    async with aiohttp.ClientSession(
        skip_auto_headers=["User-Agent"], cookie_jar=aiohttp.DummyCookieJar()
    ) as harvest.session:
        for who in ("ada", "bo"):
            await harvest.token_of(who)
        yield Stand(pool, harvest)
        assert (await harvest.call("POST", "/_sim/reset")).status == 200
        state = (await harvest.call("GET", "/_sim/state")).body
        for project in state["projects"]:
            if project["id"] >= OURS:
                assert (await harvest.call("DELETE", f"/v2/projects/{project['id']}")).status == 200
