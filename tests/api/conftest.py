"""The API of a running demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.support.demo import Demo
from tests.support.signin import Api, signed_in
from tests.support.world import World


@pytest.fixture
async def ada(demo: Demo) -> AsyncIterator[Api]:
    """The API as ada."""
    async with signed_in(demo, "ada@example.com") as api:
        yield api


@pytest.fixture
async def bo(demo: Demo) -> AsyncIterator[Api]:
    """The API as bo."""
    async with signed_in(demo, "bo@example.com") as api:
        yield api


@pytest.fixture
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)
