"""Weeks, sums and gaps: pure rules over any days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.mirror.store import Task
from plugin_server.runtime import clock as clocks
from plugin_server.runtime.clock import SetClock
from plugin_server.timelog.starting.rules import first_task
from plugin_server.timelog.timesheet import rules
from plugin_server.timelog.timesheet.rules import Gap, Worked

TODAY = date(2026, 3, 4)  # a Wednesday
FULL = 35 * 3600
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
WORKED = st.lists(
    st.builds(
        Worked,
        st.dates(TODAY - timedelta(days=20), TODAY + timedelta(days=6)),
        st.sampled_from([None, 1, 2, 3]),
        st.integers(1, 900),
        st.booleans(),
    )
)


STARTS = st.integers(0, 6)


@given(DAYS, STARTS)
def test_a_week_is_seven_days_from_its_first_with_today_among_them(today: date, start: int) -> None:
    first, last = rules.week_of(today, start)
    assert (first.weekday(), last - first) == (start, timedelta(days=6))
    assert first <= today <= last
    assert rules.span(today, start)[0] <= min(first, today - timedelta(days=rules.LOOKED_BACK))


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Monday", date(2026, 3, 2)),
        ("Sunday", date(2026, 3, 1)),
        ("saturday", date(2026, 2, 28)),
        ("Wednesday", TODAY),
        ("", date(2026, 3, 2)),
    ],
    ids=["monday", "sunday", "saturday", "today", "unknown"],
)
def test_weeks_begin_on_the_day_that_harvest_names(name: str, first: date) -> None:
    assert rules.week_of(TODAY, rules.start_of_weeks(name))[0] == first


@given(WORKED, STARTS)
def test_every_hour_of_the_week_stands_in_one_line(worked: list[Worked], start: int) -> None:
    sheet = rules.sheet(worked, TODAY, start)
    assert sum(line.week for line in sheet.lines) == sheet.week
    assert sum(line.today for line in sheet.lines) == sheet.today <= sheet.week
    assert sheet.waiting <= sheet.week
    first, last = rules.week_of(TODAY, start)
    assert sheet.week == sum(one.hours for one in worked if first <= one.day <= last)
    tickets = [line.ticket_id for line in sheet.lines]
    assert len(set(tickets)) == len(tickets)
    assert None not in tickets[:-1], "what belongs to no ticket comes last"


@given(st.dictionaries(st.dates(TODAY - timedelta(days=20), TODAY), st.integers(0, 1200)), st.integers(0, 60))
def test_a_gap_is_a_past_day_with_less_than_its_share(by_day: dict[date, int], weekly: int) -> None:
    found = rules.gaps(by_day, TODAY, weekly * 3600, date(2020, 1, 1))
    assert [one.day for one in found] == sorted((one.day for one in found), reverse=True)
    for back in range(1, 15):
        day = TODAY - timedelta(days=back)
        hours = by_day.get(day, 0)
        assert (Gap(day, hours, weekly * 20) in found) == (day.weekday() < 5 and hours < weekly * 20)
    assert len(found) <= 14


@pytest.mark.parametrize("begun", [None, TODAY, TODAY - timedelta(days=1)])
def test_nothing_is_missing_before_somebody_has_begun(begun: date | None) -> None:
    found = rules.gaps({}, TODAY, FULL, begun)
    assert [one.day for one in found] == ([TODAY - timedelta(days=1)] if begun and begun < TODAY else [])


@pytest.mark.parametrize("hours", [0, 100])
def test_nobody_owes_a_weekend_not_even_who_worked_an_hour_of_it(hours: int) -> None:
    saturday = date(2026, 2, 28)
    assert saturday not in {one.day for one in rules.gaps({saturday: hours}, TODAY, FULL, date(2020, 1, 1))}


HOURS = st.integers(0, 24 * 365).map(lambda hours: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours, minutes=1))


@given(HOURS, st.sampled_from(["Europe/Berlin", "Pacific/Auckland", "America/New_York"]))
def test_a_persons_day_is_a_day_of_their_zone_also_when_clocks_change(now: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    today = clocks.today(SetClock(now), zone)
    start, end = (datetime.combine(today + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, 1))
    assert start <= now < end
    assert rules.week_of(today, 0)[0] <= today


TASKS = [Task(1, "Support", billable=True), Task(2, "Development", billable=True), Task(3, "Call", billable=False)]


@pytest.mark.parametrize(
    ("used", "default", "chosen"),
    [([9, 2], "Call", 2), ([9], "Call", 3), ([], None, 1), ([], "Gone", 1)],
)
def test_a_timer_begins_with_the_task_used_last(used: list[int], default: str | None, chosen: int) -> None:
    assert first_task(used, TASKS, default).id == chosen
