"""Utilization and its colour."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.budgets import rules

THRESHOLDS = rules.Thresholds(Decimal(75), Decimal(90), Decimal(100))
hours = st.decimals(min_value=0, max_value=10_000, places=2)


@pytest.mark.parametrize(
    ("used", "budget", "percent", "band"),
    [
        ("4", "10", 40, "green"),
        ("7.49", "10", 74, "green"),
        ("7.5", "10", 75, "yellow"),
        ("8", "10", 80, "yellow"),
        ("9", "10", 90, "orange"),
        ("3.75", "4", 93, "orange"),
        ("9.99", "10", 99, "orange"),
        ("10", "10", 100, "red"),
        ("10.5", "10", 105, "red"),
        ("0", "10", 0, "green"),
    ],
)
def test_bands_begin_at_their_threshold(used: str, budget: str, percent: int, band: str) -> None:
    figures = rules.utilization(Decimal(used), Decimal(budget), THRESHOLDS)
    assert (figures.percent, figures.band) == (percent, band)


@pytest.mark.parametrize("budget", [None, Decimal(0), Decimal(-1)])
def test_without_a_budget_there_is_neither_percent_nor_band(budget: Decimal | None) -> None:
    assert rules.utilization(Decimal(5), budget, THRESHOLDS) == rules.Utilization(None, "none")


@given(used=hours, more=hours, budget=st.decimals(min_value="0.01", max_value=10_000, places=2))
def test_more_hours_never_look_better(used: Decimal, more: Decimal, budget: Decimal) -> None:
    order = ["green", "yellow", "orange", "red"]
    before = rules.utilization(used, budget, THRESHOLDS)
    after = rules.utilization(used + more, budget, THRESHOLDS)
    assert before.percent is not None
    assert after.percent is not None
    assert before.percent <= after.percent
    assert order.index(before.band) <= order.index(after.band)


@given(used=hours, budget=st.decimals(min_value="0.01", max_value=10_000, places=2))
def test_the_figure_shown_never_stands_in_a_band_that_the_exact_one_has_not_reached(
    used: Decimal, budget: Decimal
) -> None:
    figures = rules.utilization(used, budget, THRESHOLDS)
    assert figures.percent is not None
    assert (figures.percent >= 100) == (figures.band == "red")
