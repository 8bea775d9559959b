"""Who else wants to know of corrections."""

from __future__ import annotations

from typing import Protocol

from plugin_server.corrections.store import Correction
from plugin_server.runtime.database import Connection


class Follower(Protocol):
    """Keeps something that rests on entries, such as the helpdesk's own time accounting."""

    async def corrected(self, connection: Connection, correction: Correction) -> None:
        """An entry was changed or deleted in Harvest. Told once, in the transaction that writes it down: a row that is
        written here is there exactly when the correction is. No calls to other systems."""


class Nobody:
    """Nobody wants to know."""

    async def corrected(self, connection: Connection, correction: Correction) -> None:
        pass
