"""A timer's life and its hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.timers import rules
from plugin_server.timers.rules import Counted, Event, Run, State

NINE = datetime(2026, 3, 4, 9, tzinfo=UTC)
YEAR = datetime(2026, 1, 1)  # noqa: DTZ001 - hypothesis wants it without a zone
BERLIN = ZoneInfo("Europe/Berlin")
STATES, EVENTS = get_args(State), get_args(Event)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


@given(st.lists(st.sampled_from(EVENTS), max_size=30))
def test_whatever_happens_a_timer_is_in_one_of_its_states_and_its_end_is_reached_on_purpose(
    events: list[Event],
) -> None:
    state: State = "starting"
    for event in events:
        if not rules.accepts(state, event):
            with pytest.raises(rules.WrongState):
                rules.after(state, event)
            continue
        before, state = state, rules.after(state, event)
        if state == "ended":
            # Time that Harvest has counted is never let go of but recorded, kept, deleted, or because it is gone.
            assert event in ("keep", "removed", "recorded", "dismiss"), (before, event)
        if event == "stop":
            assert before in ("starting", "running")


def test_every_state_can_be_left_and_reached() -> None:
    moves = [(one, rules.after(one, event)) for one in STATES for event in EVENTS if rules.accepts(one, event)]
    assert {start for start, _end in moves} == set(STATES)
    assert {end for _start, end in moves} == set(STATES)


def test_harvests_own_count_stands_when_it_was_told_in_time() -> None:
    run = Run(NINE, NINE + minutes(0.5), NINE + minutes(30), Decimal(0))
    assert rules.corrected_hours(run, Decimal("0.49"), NINE + minutes(30.5)) is None


@pytest.mark.parametrize(
    ("began", "stopped", "counted", "right"),
    [
        (20, 60, "0.67", "1.00"),  # Harvest learnt of the start twenty minutes late
        (0, 90, "1.50", "1.00"),  # and of the stop half an hour late
        (20, 90, "1.17", "1.00"),  # of both
    ],
)
def test_a_late_start_or_stop_is_corrected_to_what_was_worked(
    began: float, stopped: float, counted: str, right: str
) -> None:
    run = Run(NINE, NINE + minutes(began), NINE + minutes(60), Decimal(0))
    assert rules.corrected_hours(run, Decimal(counted), NINE + minutes(stopped)) == Decimal(right)


def test_what_the_entry_held_before_the_run_stays() -> None:
    run = Run(NINE, NINE, NINE + minutes(30), Decimal("2.25"))
    assert rules.corrected_hours(run, Decimal("4.00"), NINE + minutes(105)) == Decimal("2.75")


def test_a_count_that_is_right_is_left_alone_however_late_we_look() -> None:
    run = Run(NINE, NINE, NINE + minutes(30), Decimal(0))
    assert rules.corrected_hours(run, Decimal("0.50"), NINE + minutes(300)) is None


@given(
    st.integers(0, 600).map(minutes),
    st.integers(0, 600).map(minutes),
    st.integers(0, 600).map(minutes),
    st.integers(0, 800),
)
def test_a_correction_is_never_more_than_was_worked(
    start_delay: timedelta, worked: timedelta, stop_delay: timedelta, banked: int
) -> None:
    stop = NINE + worked
    run = Run(NINE, NINE + start_delay, stop, Decimal(banked) / 100)
    counted = run.banked + rules.hours_between(NINE + start_delay, max(stop + stop_delay, NINE + start_delay))
    hours = rules.corrected_hours(run, counted, stop + stop_delay)
    right = run.banked + rules.hours_between(NINE, stop)
    assert hours in (None, right)
    if hours is None:
        assert abs(counted - right) <= Decimal("0.04")  # two minutes: what nobody notices, at either end


@given(st.datetimes(YEAR, YEAR + timedelta(days=364)), st.integers(0, 100_000))
def test_hours_between_two_instants_are_their_distance_on_dst_nights_too(start: datetime, seconds: int) -> None:
    begin = start.replace(tzinfo=UTC)
    end = begin + timedelta(seconds=seconds)
    assert abs(rules.hours_between(begin, end) * 3600 - seconds) <= 18
    assert rules.hours_between(begin.astimezone(BERLIN), end.astimezone(BERLIN)) == rules.hours_between(begin, end)
    assert rules.hours_between(end, begin) == 0


def test_continue_uses_the_same_entry_only_on_its_day_in_a_duration_account() -> None:
    day, next_day = date(2026, 3, 4), date(2026, 3, 5)
    assert rules.may_go_on(day, day, start_end=False, locked=False)
    assert not rules.may_go_on(day, next_day, start_end=False, locked=False)
    assert not rules.may_go_on(day, day, start_end=True, locked=False)
    assert not rules.may_go_on(day, day, start_end=False, locked=True)


def test_only_a_running_timer_is_forgotten_and_only_when_it_is_asked_for() -> None:
    limit = timedelta(hours=8)
    assert rules.is_forgotten("running", NINE, NINE + limit, limit)
    assert not rules.is_forgotten("running", NINE, NINE + limit - minutes(1), limit)
    assert not rules.is_forgotten("stopped", NINE, NINE + limit, limit)
    assert not rules.is_forgotten("running", NINE, NINE + timedelta(days=9), None)


def test_midnight_is_the_persons() -> None:
    evening = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)
    assert rules.crossed_midnight(evening, evening + timedelta(hours=1), BERLIN)  # 23:30 to 00:30 there
    assert not rules.crossed_midnight(evening, evening + timedelta(hours=1), ZoneInfo("UTC"))


@pytest.mark.parametrize(
    ("hours", "made", "notation", "times"),
    [
        ("0.5", "2026-03-04T13:20", "24h", ("13:50", "14:20")),  # 14:20 in Berlin
        ("0.5", "2026-03-04T13:20", "12h", ("1:50pm", "2:20pm")),
        ("2", "2026-03-03T23:30", "24h", ("00:00", "02:00")),  # half past midnight: the day is younger than the hours
        ("8", "2026-03-09T10:00", "24h", ("09:00", "17:00")),  # logged days later
        ("20", "2026-03-09T10:00", "24h", ("03:59", "23:59")),
        ("0.25", "2026-03-04T11:10", "12h", ("11:55am", "12:10pm")),
        ("0.25", "2026-03-03T23:20", "12h", ("12:05am", "12:20am")),
    ],
)
def test_typed_hours_become_times_of_the_persons_day(
    hours: str, made: str, notation: str, times: tuple[str, str]
) -> None:
    made_at = datetime.fromisoformat(made).replace(tzinfo=UTC)
    assert rules.clock_times(date(2026, 3, 4), Decimal(hours), made_at, BERLIN, notation) == times


@given(st.integers(1, 2398), st.datetimes(YEAR, YEAR + timedelta(days=364)), st.integers(0, 3))
def test_typed_hours_never_cross_midnight(hundredths: int, made: datetime, days_ago: int) -> None:
    made_at = made.replace(tzinfo=UTC)
    day = made_at.astimezone(BERLIN).date() - timedelta(days=days_ago)
    hours = Decimal(hundredths) / 100
    start, end = (int(text[:2]) * 60 + int(text[3:]) for text in rules.clock_times(day, hours, made_at, BERLIN, "24h"))
    assert 0 <= start <= end < 24 * 60
    assert abs(Decimal(end - start) - hours * 60) <= Decimal("0.5")


def test_hours_that_fill_the_whole_day_are_refused_with_a_reason() -> None:
    with pytest.raises(ValueError, match=r"23\.98"):
        rules.clock_times(date(2026, 3, 4), Decimal(24), NINE, BERLIN, "24h")


def test_a_run_across_midnight_or_a_clock_change_has_no_start_and_end_of_one_day() -> None:
    def moment(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    assert rules.times_of(moment("2026-03-04T08:00"), moment("2026-03-04T09:30"), BERLIN, "24h") == ("09:00", "10:30")
    assert rules.times_of(moment("2026-03-04T22:30"), moment("2026-03-04T23:30"), BERLIN, "24h") is None
    # On 25 October 2026 three o'clock comes twice in Berlin: 02:50 summer time to 02:10 winter time.
    assert rules.times_of(moment("2026-10-25T00:50"), moment("2026-10-25T01:10"), BERLIN, "24h") is None


def test_the_shown_time_goes_on_from_the_press_unless_harvest_says_otherwise() -> None:
    there = NINE + minutes(5)  # Harvest's clock is five minutes ahead of ours
    entry = Counted(1, 25, is_running=True, timer_started_at=there)
    assert rules.running_since(NINE, there, [entry]) == NINE
    edited = Counted(1, 100, is_running=True, timer_started_at=there + minutes(10))
    assert rules.running_since(NINE, there, [edited]) == there + minutes(10)
    assert rules.seconds_banked([entry, Counted(2, 50, is_running=False, timer_started_at=None)]) == 2700


def test_a_runs_mark_is_not_that_of_another_run() -> None:
    assert rules.mark("a", 1) != rules.mark("a", 10)
