"""Pure decisions about budgets: utilization and its colour."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
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
