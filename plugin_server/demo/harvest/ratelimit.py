"""Harvest's throttle: so many calls of one account within so many seconds, then 429 with Retry-After.

The unit (account, user or token) is not documented; the retired v1 spoke of accounts, the strictest of them.
"""

from __future__ import annotations

from collections import deque
from math import ceil

from plugin_server.demo.harvest.settings import RateLimit


class Limiter:
    """A sliding window per account; time is a monotonic number of seconds, so the simulated clock does not move it."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.refused = 0
        self.calls: dict[str, deque[float]] = {}

    def retry_after(self, account: str, now: float) -> int | None:
        """None when the call may go on (it is counted then), else the seconds to wait, at least 1."""
        recent = self.calls.setdefault(account, deque())
        while recent and recent[0] <= now - self.limit.seconds:
            recent.popleft()
        if len(recent) < self.limit.calls:
            recent.append(now)
            return None
        self.refused += 1
        return max(1, ceil(recent[0] + self.limit.seconds - now))
