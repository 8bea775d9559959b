"""A browser with the extension, on the running demo."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.support.browser import Browser, browser
from tests.support.demo import Demo
from tests.support.world import World


@pytest.fixture
async def chrome(demo: Demo, chromium_path: Path) -> AsyncIterator[Browser]:
    """A fresh browser profile."""
    async with browser(demo, chromium_path) as running:
        yield running


@pytest.fixture
async def world(demo: Demo) -> AsyncIterator[World]:
    """The simulated systems."""
    async with aiohttp.ClientSession() as session:
        yield World(demo, session)
