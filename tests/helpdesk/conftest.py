"""One bare Zammad's database for all tests of the setup: filling it takes longer than emptying it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.helpdesk.zammad import Stand, standing

if TYPE_CHECKING:
    from tests.support.servers import TestPostgres


@pytest.fixture(scope="session")
def bare_database(postgres: TestPostgres) -> Iterator[str]:
    name, url = postgres.make()
    yield url
    postgres.drop(name)


@pytest.fixture
async def stand(bare_database: str) -> AsyncIterator[Stand]:
    async with standing(bare_database) as made:
        yield made
