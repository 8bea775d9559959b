from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from tests.helpdesk.zammad import Stand, standing


@pytest.fixture
async def stand(make_database: Callable[[], str]) -> AsyncIterator[Stand]:
    async with standing(make_database()) as made:
        yield made
