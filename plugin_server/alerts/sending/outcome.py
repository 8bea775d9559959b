"""How a try to deliver something can end but well. The words are for people; no address of a webhook, no password."""

from __future__ import annotations

from datetime import timedelta


class NotNow(Exception):
    """It did not get through, or nobody knows whether it did; it is tried again, not before ``after`` if that is
    given."""

    def __init__(self, words: str, after: timedelta | None = None) -> None:
        super().__init__(words)
        self.after = after


class Never(Exception):
    """It was refused, and would be again: somebody has to change something first."""


class Pointless(Exception):
    """There is nothing to tell any more."""
