"""People at the dashboard of the running demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.dashboard.browsing import Visit, visiting
from tests.support.demo import Demo
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
