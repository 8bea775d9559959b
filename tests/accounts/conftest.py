"""A migrated database of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool


@pytest.fixture
def database_url(make_migrated: Callable[[], str]) -> str:
    return make_migrated()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await database.connect(database_url)
    yield pool
    await pool.close()
