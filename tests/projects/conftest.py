"""A migrated database for each test, one simulated Harvest for all tests of this folder, a helpdesk in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from tests.demo_harvest.client import Harvest
from tests.demo_harvest.process import start, stop
from tests.projects.office import Office

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_migrated())
    yield pool
    await pool.close()


@pytest.fixture(scope="session")
def harvest_url(postgres: TestPostgres) -> Iterator[str]:
    name, database_url = postgres.make()
    process, url = start(database_url)
    yield url
    stop(process)
    postgres.drop(name)


@pytest.fixture
async def office(pool: Pool, harvest_url: str) -> AsyncIterator[Office]:
    """A ticket of an organisation whose client and template project stand in Harvest and in the mirror."""
    harvest = Harvest(harvest_url)
    async with aiohttp.ClientSession(
        skip_auto_headers=["User-Agent"], cookie_jar=aiohttp.DummyCookieJar()
    ) as harvest.session:
        office = await Office.open(pool, harvest)
        yield office
        assert (await harvest.call("POST", "/_sim/reset")).status == 200
