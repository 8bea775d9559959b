"""People at the dashboard of the running demo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from tests.dashboard.browsing import Visit, visiting
from tests.dashboard.office import Office, offline
from tests.support.demo import Demo
from tests.support.server import serving, write_manifest
from tests.support.world import World


@pytest.fixture
async def pm(demo: Demo) -> AsyncIterator[Visit]:
    """The project manager, signed in."""
    async with visiting(demo, "pm@example.com") as visit:
        yield visit


@pytest.fixture
async def ada(demo: Demo) -> AsyncIterator[Visit]:
    """An agent, signed in."""
    async with visiting(demo, "ada@example.com") as visit:
        yield visit


@pytest.fixture
async def admin(demo: Demo) -> AsyncIterator[Visit]:
    """An administrator, signed in."""
    async with visiting(demo, "admin@example.com") as visit:
        yield visit


@pytest.fixture
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)


@pytest.fixture
async def office(make_migrated: Callable[[], str], tmp_path: Path) -> AsyncIterator[Office]:
    """A server of the test's own."""
    pool = await database.connect(make_migrated())
    clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
    settings = write_manifest(tmp_path, "a signing key, long enough for HS256", change=offline)
    async with serving(settings, pool, clock) as server:
        yield Office(server)
    await pool.close()
