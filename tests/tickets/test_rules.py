"""What people type into a ticket's fields."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.tickets import rules

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "project"),
    [
        ("4001", 4001),
        (" 4001 ", 4001),
        ("https://acme.harvestapp.com/projects/4001", 4001),
        ("", None),
        ("0", None),
        ("T1", None),
        ("4001 4002", None),
        ("-1", None),
        ("٤", None),
        ("9" * 30, None),
    ],
)
def test_a_project_is_named_by_its_number_or_its_link(text: str, project: int | None) -> None:
    assert rules.parse_project_id(text) == project


@pytest.mark.parametrize(
    ("text", "budget"),
    [("10", "10.00"), ("7,5", "7.50"), ("0.25", "0.25"), (" 3 ", "3.00")],
)
def test_a_budget_has_a_decimal_point_or_comma(text: str, budget: str) -> None:
    assert rules.parse_budget(text) == Decimal(budget)


@pytest.mark.parametrize("text", ["", "0", "-3", "ten", "0.001", "nan", "Infinity", "1e9", "1,000,000.5"])
def test_anything_else_is_no_budget(text: str) -> None:
    assert rules.parse_budget(text) is None


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_usable_budget_or_none(text: str) -> None:
    budget = rules.parse_budget(text)
    assert budget is None or 0 < budget < 1_000_000


def test_a_yes_is_fresh_for_a_minute_and_stands_for_ten() -> None:
    access = rules.Access(NOW)
    assert access.fresh(NOW + timedelta(seconds=59))
    assert not access.fresh(NOW + timedelta(seconds=60))
    assert access.stands(NOW + timedelta(seconds=599))
    assert not access.stands(NOW + timedelta(seconds=600))
    assert not rules.Access(None).stands(NOW)
