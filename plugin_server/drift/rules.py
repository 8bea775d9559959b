"""What browsers may tell, and for how long it counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

RECENT = timedelta(days=2)
"""A browser reports a part once a day, so what was not told for so long is over."""

KEPT = timedelta(days=30)

MOST_A_DAY = 200
"""Different reports that a day may hold. A page differs in a handful of parts; more is somebody's play."""

PART = r"^[a-z][A-Za-z_]{0,39}$"
EXPECTED = r"^\d{1,5}(-\d{1,5})?$"
VERSION = r"^\d{1,5}(\.\d{1,5}){0,3}$"
MOST_FOUND = 99_999
"""What a report may say. Nothing of a page's content fits in there."""


@dataclass(frozen=True)
class Report:
    """A part of the page that was ``found`` another number of times than ``expected`` ("1", or "1-50")."""

    site: str
    part: str
    expected: str
    found: int
    extension: str


@dataclass(frozen=True)
class Drift:
    """What was told of a part lately: the newest report, how many there were, and the first and last instant."""

    report: Report
    reports: int
    first_at: datetime
    last_at: datetime
