"""The pure rules, by examples and by properties."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin_server.demo.harvest.fields import read_decimal, read_time
from plugin_server.demo.harvest.ratelimit import Limiter
from plugin_server.demo.harvest.settings import RateLimit
from plugin_server.demo.harvest.time_rules import between, elapsed, rounded, running_from, service_of, shifted
from plugin_server.demo.harvest.wire import clock_time, number

quick = settings(deadline=None, max_examples=60)

NOW = datetime(2026, 5, 4, 10, 30, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "minutes", "mode", "result"),
    [
        ("7.10", 15, "up", "7.25"),
        ("2.11", 15, "up", "2.25"),
        ("0.02", 15, "up", "0.25"),
        ("2.25", 15, "up", "2.25"),
        ("7.10", 15, "nearest", "7"),
        ("0.10", 6, "nearest", "0.1"),
        ("7.10", 0, "up", "7.1"),
    ],
)
def test_rounding(hours: str, minutes: int, mode: str, result: str) -> None:
    assert rounded(Decimal(hours), minutes, mode) == Decimal(result)


@quick
@given(st.decimals(0, 1000, places=2), st.sampled_from([5, 6, 10, 15, 30, 60]))
def test_rounding_up_never_loses_and_stays_within_a_step(hours: Decimal, minutes: int) -> None:
    assert -Decimal("0.005") <= rounded(hours, minutes, "up") - hours < Decimal(minutes) / 60 + Decimal("0.005")


@quick
@given(st.times(), st.integers(1, 1439))
def test_shifting_and_measuring_agree(start: time, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    end = (datetime.combine(NOW, start) + timedelta(minutes=minutes)).time()
    assert shifted(start, between(start, end)) == end, "two places of hours name the minute"


def test_elapsed() -> None:
    assert elapsed(NOW, NOW + timedelta(minutes=20)) == Decimal("0.33")
    assert elapsed(NOW, NOW - timedelta(hours=1)) == 0


def test_a_timer_never_starts_in_the_future() -> None:
    wall = NOW.replace(second=0)
    assert running_from(time(9), wall, NOW) == datetime(2026, 5, 4, 9, tzinfo=UTC)
    assert running_from(time(10, 30), wall, NOW) == NOW
    assert running_from(time(23), wall, NOW) == NOW


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("8:00am", time(8)),
        ("12:05am", time(0, 5)),
        ("12:05pm", time(12, 5)),
        ("2:59 PM", time(14, 59)),
        ("14:59", time(14, 59)),
    ],
)
def test_clock_times(text: str, result: time) -> None:
    assert read_time(text) == result


@pytest.mark.parametrize("text", ["24:00", "13:00pm", "0:10am", "8", "8:60", "", "8:00xm", "٨:00"])
def test_no_clock_times(text: str) -> None:
    assert read_time(text) is None


@quick
@given(st.times())
def test_both_notations_are_read_back(moment: time) -> None:
    moment = moment.replace(second=0, microsecond=0)
    for clock in ("12h", "24h"):
        assert read_time(clock_time(moment, clock)) == moment


@quick
@given(st.one_of(st.text(), st.integers(), st.decimals(), st.booleans(), st.none(), st.lists(st.integers())))
def test_any_value_is_a_decimal_of_two_places_or_none(value: object) -> None:
    result = read_decimal(value)
    assert result is None or (result.is_finite() and result == round(result, 2))


def test_numbers_as_harvest_prints_them() -> None:
    printed = [str(number(Decimal(text))) for text in ("10.00", "0", "1.50", "0.02", "100", "-0.00")]
    assert printed == ["10.0", "0.0", "1.5", "0.02", "100.0", "-0.0"]


@pytest.mark.parametrize(("link", "host"), [("https://a.b:1/c", "a.b"), (None, None), ("http://[", None), ("x", None)])
def test_service(link: str | None, host: str | None) -> None:
    assert service_of(link) == host


def test_limiter_slides() -> None:
    limiter = Limiter(RateLimit(2, 10))
    assert [limiter.retry_after("1", t) for t in (0, 4)] == [None, None]
    assert limiter.retry_after("1", 5) == 5
    assert limiter.retry_after("2", 5) is None, "accounts are counted apart"
    assert limiter.retry_after("1", 10) is None
    assert limiter.retry_after("1", 10.5) == 4


@pytest.mark.parametrize("text", ["100", "0/15", "a/b", "", "on"])
def test_rate_limits_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="calls/seconds"):
        RateLimit.parse(text)
