"""A migrated database for the tickets' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_migrated())
    yield pool
    await pool.close()
