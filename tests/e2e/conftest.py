"""A browser with the extension, on the running demo."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio

from tests.support.browser import Browser
from tests.support.demo import Demo
from tests.support.shared import SharedChromium, shared_browser
from tests.support.world import World


@pytest_asyncio.fixture(loop_scope="session")
async def chrome(demo: Demo, chromium: SharedChromium) -> AsyncIterator[Browser]:
    """A browser that is like a fresh profile."""
    async with shared_browser(demo, chromium) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)
