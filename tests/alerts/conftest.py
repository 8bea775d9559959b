"""An office for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from tests.alerts.office import Office, Room
from tests.support.mailing import MailServer


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_migrated())
    yield pool
    await pool.close()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def office(pool: Pool, http: aiohttp.ClientSession) -> Office:
    return Office(pool, http)


@pytest.fixture
async def mail_server() -> AsyncIterator[MailServer]:
    async with MailServer().running() as server:
        yield server


@pytest.fixture
async def room() -> AsyncIterator[tuple[Room, str]]:
    """A chat's room, and the address of its webhook."""
    room, app = Room(), web.Application()
    app.router.add_post("/hooks/secret-part", room.take)
    async with TestServer(app) as running:
        yield room, str(running.make_url("/hooks/secret-part"))
