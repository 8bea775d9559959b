"""Pure decisions about tickets: what a person's typed budget or project id means, and whether a yes still stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal

Obstacle = Literal[
    "no_project", "bad_project", "not_connected", "unknown_project", "deleted_project", "archived", "not_assigned"
]
"""Why an agent can't track time on a ticket."""

ACCESS_FRESH = timedelta(seconds=60)
"""For so long a yes of the helpdesk is not asked again."""

ACCESS_STANDS = timedelta(minutes=10)
"""For so long a yes stands while the helpdesk does not answer."""

ASKED_AT_ONCE = 8
"""Tickets of a list that the helpdesk is asked for again at the same time."""

SILENT_FOR = timedelta(seconds=30)
"""For so long a helpdesk that did not answer is not asked again for what a list calls its tickets."""

HELPDESK_SECONDS = 2.0
"""Longest the panel waits for the helpdesk."""


def parse_project_id(text: str) -> int | None:
    """The Harvest project id typed on a ticket, a bare number or a link to the project; ``None`` for anything else."""
    match = re.fullmatch(r"(?:https?://\S+/projects/)?(\d{1,18})/?", text.strip(), re.ASCII)
    return int(match.group(1)) if match and int(match.group(1)) > 0 else None


def parse_budget(text: str) -> Decimal | None:
    """Budget hours typed on a ticket, decimal point or comma; ``None`` where there is no usable budget.

    0 and negative numbers are no budget: such a ticket is never locked and nothing is divided by it.
    """
    try:
        value = Decimal(text.strip().replace(",", ".", 1))
    except InvalidOperation:
        return None
    if not value.is_finite() or not 0 < value < 1_000_000:
        return None
    return value.quantize(Decimal("0.01")) or None


@dataclass(frozen=True)
class Access:
    """What is known of an agent's right to see a ticket before the helpdesk is asked."""

    allowed_at: datetime | None

    def fresh(self, now: datetime) -> bool:
        """Whether the last yes need not be asked again."""
        return self.allowed_at is not None and now - self.allowed_at < ACCESS_FRESH

    def stands(self, now: datetime) -> bool:
        """Whether the last yes stands though the helpdesk does not answer."""
        return self.allowed_at is not None and now - self.allowed_at < ACCESS_STANDS
