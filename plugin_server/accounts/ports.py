"""What connecting has to know of features above: each an interface with a twin that knows nothing."""

from __future__ import annotations

from typing import Protocol


class Unsettled(Protocol):
    """Knows of work that belongs to an agent's present Harvest user."""

    async def words(self, agent_id: int) -> str | None:
        """What is not in Harvest yet, such as *a log and a timer*; ``None`` when there is nothing."""


class NothingUnsettled:
    """There is no such work."""

    async def words(self, agent_id: int) -> str | None:
        return None
