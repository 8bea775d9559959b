"""Which crossings are told, whatever comes in whichever order; and when things are tried again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.alerts import rules
from plugin_server.alerts.rules import LEVELS, Level, Seen
from plugin_server.budgets.rules import Thresholds, utilization

THRESHOLDS = Thresholds(Decimal(75), Decimal(90), Decimal(100))
BEGINS: dict[Level, int] = {"yellow": 75, "orange": 90, "red": 100}
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALL = frozenset(LEVELS)

percents = st.integers(0, 160)
looks = st.lists(st.tuples(percents, st.booleans()), max_size=30)


def at(percent: int | None, budget: int = 1000) -> Seen:
    used = None if percent is None else Decimal(percent)
    band = "none" if used is None else utilization(used, Decimal(100), THRESHOLDS).band
    return Seen(band, None if percent is None else budget, 7, "75 90 100")


def told(steps: list[tuple[int, bool]], levels: frozenset[Level] = ALL) -> list[Level | None]:
    """What each look tells; the first one sees an old ticket."""
    before, found = None, []
    for percent, locked in steps:
        now = at(percent)
        found.append(rules.crossed(before, now, levels, was_locked=locked))
        before = now
    return found


@given(looks)
def test_a_level_is_told_once_until_the_figure_has_fallen_below_it(steps: list[tuple[int, bool]]) -> None:
    since: dict[Level, bool] = {}  # told, and not below since
    for (percent, _locked), level in zip(steps, told(steps), strict=True):
        for one in LEVELS:
            if percent < BEGINS[one]:
                since[one] = False
        if level is not None:
            assert percent >= BEGINS[level]
            assert not since.get(level), f"{level} was told before"
            for one in LEVELS[: LEVELS.index(level) + 1]:
                since[one] = True


@given(looks, st.lists(st.booleans(), min_size=30, max_size=30))
def test_looking_less_often_tells_nothing_more(steps: list[tuple[int, bool]], kept: list[bool]) -> None:
    fewer = [step for step, keep in zip(steps, kept, strict=False) if keep]
    for level in LEVELS:
        assert told(fewer).count(level) <= _rises(steps, level)


def _rises(steps: list[tuple[int, bool]], level: Level) -> int:
    """How often the figures of all looks come from below to a level or past it, the first look's standing included."""
    below, count = True, 0
    for percent, _locked in steps:
        if percent >= BEGINS[level] and below:
            count += 1
        below = percent < BEGINS[level]
    return count


@given(looks)
def test_a_lock_tells_nothing_and_what_it_took_along_is_not_made_up_for(steps: list[tuple[int, bool]]) -> None:
    for (_percent, locked), level in zip(steps, told(steps), strict=True):
        assert not (locked and level)
    assert told([(60, False), (120, True), (120, False)]) == [None, None, None], "unlocked: it is where it was"


@given(percents, percents)
def test_a_jump_is_told_once_as_the_highest(low: int, high: int) -> None:
    crossed = [level for level in LEVELS if low < BEGINS[level] <= high]
    assert told([(low, False), (high, False)])[1] == (crossed[-1] if crossed else None)


@given(looks, st.frozensets(st.sampled_from(LEVELS)))
def test_only_the_levels_of_the_manifest_are_told(steps: list[tuple[int, bool]], levels: frozenset[Level]) -> None:
    assert set(told(steps, levels)) <= {None, *levels}


def test_60_to_95_and_back() -> None:
    steps = [(percent, False) for percent in (60, 95, 96, 89, 91, 70, 100, 75)]
    assert told(steps) == [None, "orange", None, None, "orange", None, "red", None]


@pytest.mark.parametrize(
    "before",
    [None, at(None), replace(at(60), project_id=8), replace(at(60), thresholds="50 60 70")],
    ids=["never seen", "no budget then", "another project", "other bands"],
)
def test_a_first_look_tells_nothing(before: Seen | None) -> None:
    assert rules.crossed(before, at(95), ALL, was_locked=False) is None
    assert rules.crossed(at(60), at(95), ALL, was_locked=False) == "orange"


def test_old_hours_that_were_found_are_no_news() -> None:
    looked, month = NOW - timedelta(minutes=1), timedelta(days=31)
    assert not rules.is_news(at(60), at(95), NOW - month, looked)
    assert not rules.is_news(at(60), at(95), None, looked)
    assert rules.is_news(at(60), at(95), NOW, looked)
    assert rules.is_news(at(60), at(95), NOW - timedelta(days=2), looked), "Harvest was away"
    assert rules.is_news(at(60), at(95), NOW - month, NOW - month), "we were"
    assert rules.is_news(at(60), at(95, budget=600), None, looked), "the budget was lowered"


@given(st.integers(0, 10_000))
def test_pauses_grow_to_an_hour(attempts: int) -> None:
    assert timedelta(seconds=5) <= rules.pause(attempts) <= rules.pause(attempts + 1) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30),
        ("999999", 3600),
        ("Wed, 04 Mar 2026 12:00:40 GMT", 40),
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after(header: str, seconds: int | None) -> None:
    assert rules.retry_after(header, NOW) == (None if seconds is None else timedelta(seconds=seconds))


@given(st.text())
def test_any_retry_after_is_one_or_none(header: str) -> None:
    found = rules.retry_after(header, NOW)
    assert found is None or timedelta() <= found <= timedelta(hours=1)


def test_a_digest_is_due_from_its_hour_on_in_the_persons_own_zone() -> None:
    workdays = frozenset(range(5))
    assert rules.digest_day(NOW, UTC, 12, workdays) == date(2026, 3, 4)
    assert rules.digest_day(NOW, UTC, 13, workdays) is None
    assert rules.digest_day(NOW, ZoneInfo("Asia/Tokyo"), 13, workdays) == date(2026, 3, 4)
    saturday = datetime(2026, 3, 7, 2, tzinfo=UTC)
    assert rules.digest_day(saturday, UTC, 1, workdays) is None
    assert rules.digest_day(saturday, ZoneInfo("America/New_York"), 8, workdays) == date(2026, 3, 6)
