"""One simulated Harvest, started by its own command line on a fresh database, for all tests of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.demo_harvest.client import Harvest
from tests.demo_harvest.process import start, stop

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture(scope="session")
def harvest_url(postgres: TestPostgres) -> Iterator[str]:
    name, database = postgres.make()
    process, url = start(database)
    yield url
    code, seconds = stop(process)
    postgres.drop(name)
    assert code == 0
    assert seconds < 3


@pytest.fixture(scope="session")
def shared_harvest(harvest_url: str) -> Harvest:
    return Harvest(harvest_url)


@pytest.fixture
async def harvest(shared_harvest: Harvest) -> AsyncIterator[Harvest]:
    """The server; what a test sets for everybody is set back after it."""
    async with aiohttp.ClientSession(
        skip_auto_headers=["User-Agent"], cookie_jar=aiohttp.DummyCookieJar()
    ) as shared_harvest.session:
        for who in ("admin", "ada", "bo", "pm"):  # before a test moves the clock: a token has its fourteen days
            await shared_harvest.token_of(who)
        yield shared_harvest
        assert (await shared_harvest.call("POST", "/_sim/reset")).status == 200
