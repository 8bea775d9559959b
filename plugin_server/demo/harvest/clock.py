"""The one source of "now" of the simulator, so that a test or the demo can move it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real UTC time plus an offset that may be set while the server runs."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> datetime:
        """This instant in UTC, cut to whole seconds: Harvest's API knows nothing finer."""
        return (datetime.now(UTC) + self.offset).replace(microsecond=0)

    def set(self, moment: datetime) -> None:
        """Let ``now()`` be this moment and go on from there; the moment carries its zone."""
        self.offset = moment - datetime.now(UTC)

    def reset(self) -> None:
        """Back to real time."""
        self.offset = timedelta(0)
