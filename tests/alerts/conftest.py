"""An office for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from tests.alerts.office import Office, Room
from tests.support.mailing import MailServer
from tests.support.servers import TestPostgres

FILLED = """time_entry changed_entry attribution attribution_due entry_assignment dirty_ticket harvest_project
    budget_project link_change ticket_link ticket_budget budget_event budget_notice figures_changed ticket
    alert_delivery alert alert_seen alert_start alert_person helpdesk_member sync_state agent_token agent"""
"""Tables that these tests fill, in an order in which they can be emptied."""


@pytest.fixture(scope="session")
def database_url(postgres: TestPostgres) -> Iterator[str]:
    """A database with all our tables, for all tests of this folder but those with a server."""
    name, url = postgres.make_migrated()
    yield url
    postgres.drop(name)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await database.connect(database_url, maximum=4) as pool:
        await pool.execute(";".join(f"DELETE FROM {table}" for table in FILLED.split()))
        yield pool


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
