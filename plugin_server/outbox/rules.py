"""When to try again: pure, without a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

FRESH = timedelta(seconds=30)
"""For so long a person is taken to be waiting for what they have asked for. It outlasts a window of Harvest's limit."""


def is_fresh(changed_at: datetime, now: datetime) -> bool:
    """Whether a person has only just brought the row into its state."""
    return now - changed_at < FRESH


def retry_delay(attempts: int) -> timedelta:
    """How long to wait after the given number of tries; the first five fall within two minutes."""
    waits = (2, 5, 15, 30, 60, 120, 300)
    return timedelta(seconds=waits[min(max(attempts, 1), len(waits)) - 1])
