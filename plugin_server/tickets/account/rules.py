"""What an account of hours is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Entries with something in common; ``hours`` in hundredths."""

    entries: int = 0
    hours: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.entries + other.entries, self.hours + other.hours)


NOTHING = Share()
"""No entries."""
