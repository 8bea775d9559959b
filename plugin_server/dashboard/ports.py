"""What the dashboard asks of the panel beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Part(Protocol):
    """How a part that Deskhours rests on is now; see the panel's rules."""

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def since(self) -> datetime | None: ...

    @property
    def problem(self) -> str | None: ...


class Health(Protocol):
    """Knows how every part is."""

    async def look(self) -> Sequence[Part]: ...
