"""Pure decisions about budgets: utilization and its colour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

Band = Literal["green", "yellow", "orange", "red", "none"]


@dataclass(frozen=True)
class Thresholds:
    """From which utilization, in percent, each colour begins; green begins at 0."""

    yellow: Decimal
    orange: Decimal
    red: Decimal


@dataclass(frozen=True)
class Utilization:
    """How much of a budget is used. ``percent`` is whole and rounded down, so that a rounded figure never stands in a
    band that the exact one has not reached; ``None`` without a budget."""

    percent: int | None
    band: Band


def utilization(used: Decimal, budget: Decimal | None, thresholds: Thresholds) -> Utilization:
    """Utilization % = (hours used / budget hours) x 100, and its band. Without a budget there is neither."""
    if budget is None or budget <= 0:
        return Utilization(None, "none")
    exact = used * 100 / budget
    band: Band = "green"
    if exact >= thresholds.red:
        band = "red"
    elif exact >= thresholds.orange:
        band = "orange"
    elif exact >= thresholds.yellow:
        band = "yellow"
    return Utilization(int(exact.to_integral_value(ROUND_FLOOR)), band)


WINDOW = timedelta(days=28)
"""The pace is that of so many days, today included."""

LEAST_DAYS = 3
"""On fewer days of work within the window there is no pace to speak of."""

HORIZON = timedelta(days=730)
"""An end further away than this says nothing to anybody."""


def runs_out(daily: Mapping[date, Decimal], used: Decimal, limit: Decimal | None, today: date) -> date | None:
    """The day on which the budget ends at the pace of the last 28 days; ``daily`` holds hours by day.

    ``None`` without a budget, when it has ended, on fewer than three days of work, and when the end is far away.
    """
    if limit is None or limit <= 0 or used >= limit:
        return None
    recent = [hours for day, hours in daily.items() if today - WINDOW < day <= today and hours > 0]
    if len(recent) < LEAST_DAYS:
        return None
    days = ((limit - used) * WINDOW.days / sum(recent)).to_integral_value(ROUND_CEILING)
    return None if days > HORIZON.days else today + timedelta(days=int(days))
