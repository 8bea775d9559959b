"""When to try again: pure, without a clock."""

from __future__ import annotations

from datetime import timedelta


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the given number of tries; the first five fall within two minutes."""
    waits = (2, 5, 15, 30, 60, 120, 300)
    return timedelta(seconds=waits[min(max(attempts, 1), len(waits)) - 1])
