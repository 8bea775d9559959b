"""What may be typed into a log, and its life."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import get_args
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.outbox import rules as outbox_rules
from plugin_server.timelog import rules
from plugin_server.timelog.rules import Event, HoursRule, State, Typed

RULE = HoursRule(Decimal("0.25"), Decimal("0.25"))
TODAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("0.5", "0.50"),
        ("0,5", "0.50"),
        (".5", "0.50"),
        ("1:30", "1.50"),
        ("0:15", "0.25"),
        (" 2 ", "2.00"),
        ("24", "24.00"),
        ("2.", "2.00"),
        ("0.2500", "0.25"),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: str) -> None:
    assert str(rules.parse_hours(text, RULE)) == hours


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the hours"),
        ("0", "At least 0.25"),
        ("-1", "At least 0.25"),
        ("0.1", "At least 0.25"),
        ("0.3", "0.25 or 0.50"),
        ("1:20", "1.25 or 1.50"),
        ("1:60", "as a number"),
        ("25", "At most 24"),
        ("24:15", "At most 24"),
        ("abc", "as a number"),
        ("1e3", "as a number"),
        ("nan", "as a number"),
        ("inf", "as a number"),
        ("١", "as a number"),
        ("0x1", "as a number"),
        ("1,5,0", "as a number"),
        ("9" * 400, "as a number"),
    ],
)
def test_other_hours_are_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        rules.parse_hours(text, RULE)


@given(st.integers(min_value=1, max_value=96))
def test_every_step_from_the_minimum_to_a_day_is_accepted_in_both_notations(quarters: int) -> None:
    hours = Decimal(quarters) / 4
    assert rules.parse_hours(str(hours), RULE) == hours
    assert rules.parse_hours(f"{quarters // 4}:{quarters % 4 * 15:02}", RULE) == hours


@given(st.text(max_size=30))
def test_whatever_is_typed_gives_hours_in_range_or_is_refused(text: str) -> None:
    try:
        hours = rules.parse_hours(text, RULE)
    except ValueError:
        return
    assert Decimal("0.25") <= hours <= 24
    assert hours % Decimal("0.25") == 0


def test_every_wrong_field_is_named_at_once() -> None:
    typed = Typed(hours="abc", task_id="9", spent_date="2026-03-05", notes="x" * 6000)
    with pytest.raises(rules.Unacceptable) as caught:
        rules.check(typed, RULE, TODAY, [1, 2])
    assert set(caught.value.fields) == {"hours", "task_id", "spent_date", "notes"}


@pytest.mark.parametrize("day", ["", "yesterday", "2026-02-30", "04.03.2026", "1999-12-31", "20260304", "2026-03-05"])
def test_a_day_that_is_none_or_in_the_future_is_refused(day: str) -> None:
    with pytest.raises(rules.Unacceptable) as caught:
        rules.check(Typed("1", "1", day, ""), RULE, TODAY, [1])
    assert set(caught.value.fields) == {"spent_date"}


@given(st.integers(min_value=0, max_value=9000))
def test_today_and_every_earlier_day_is_accepted(days: int) -> None:
    day = TODAY - timedelta(days=days)
    assert rules.check(Typed("1", "1", day.isoformat(), ""), RULE, TODAY, [1]).spent_date == day


@given(st.text())
def test_cleaned_notes_can_be_stored_and_lose_nothing_that_can_be_seen(text: str) -> None:
    cleaned = rules.clean_notes(text)
    cleaned.encode()  # no lone surrogate
    assert "\x00" not in cleaned
    assert rules.clean_notes(cleaned) == cleaned
    assert [char for char in text if char.isalnum()] == [char for char in cleaned if char.isalnum()]


@given(st.lists(st.sampled_from(get_args(Event)), max_size=12))
def test_no_sequence_of_events_leaves_the_known_states_or_logs_without_a_push(events: list[Event]) -> None:
    state: State = "armed"
    was_queued = False
    for event in events:
        if not rules.accepts(state, event):
            with pytest.raises(rules.WrongState):
                rules.after(state, event)
            continue
        state = rules.after(state, event)
        was_queued = was_queued or state == "queued"
        assert state in get_args(State)
        assert state != "logged" or was_queued


@pytest.mark.parametrize("state", ["logged", "queued", "undoing"])
def test_what_is_or_may_be_in_harvest_cannot_be_discarded_or_armed_again(state: State) -> None:
    assert not rules.accepts(state, "discard")
    assert not rules.accepts(state, "arm")


def test_five_tries_fall_within_two_minutes() -> None:
    waits = [outbox_rules.retry_delay(attempt) for attempt in range(1, 5)]
    assert sum(waits, timedelta()) < timedelta(minutes=2)
    assert waits == sorted(waits)


ROUNDS_UP = HoursRule(Decimal("0.25"), Decimal("0.25"), "up")
NEAREST = HoursRule(Decimal("0.25"), Decimal("0.25"), "nearest")


@pytest.mark.parametrize(
    ("text", "up", "nearest"),
    [("1:20", "1.50", "1.25"), ("0.1", "0.25", "0.25"), ("0.01", "0.25", "0.25"), ("2", "2.00", "2.00")],
)
def test_typed_hours_are_rounded_where_the_manifest_says_so(text: str, up: str, nearest: str) -> None:
    assert str(rules.parse_hours(text, ROUNDS_UP)) == up
    assert str(rules.parse_hours(text, NEAREST)) == nearest


@pytest.mark.parametrize("rule", [RULE, ROUNDS_UP, NEAREST])
@pytest.mark.parametrize("text", ["0", "-1", "24:01", "25", "abc", ""])
def test_rounding_makes_nothing_acceptable_that_is_no_time(rule: HoursRule, text: str) -> None:
    with pytest.raises(ValueError, match=r"^(At|Enter) "):
        rules.parse_hours(text, rule)


@given(st.decimals("0.01", "24", places=2), st.sampled_from(["0.05", "0.10", "0.25", "0.70"]))
def test_rounded_hours_are_a_multiple_near_what_was_typed(hours: Decimal, step: str) -> None:
    rule = HoursRule(Decimal(step), Decimal(step), "up")
    rounded = rules.parse_hours(str(hours), rule)
    assert rounded % rule.step == 0
    assert rounded <= 24
    assert hours <= rounded < hours + rule.step or rounded == 24 // rule.step * rule.step


TIMED = rules.Timed(UUID(int=9), Decimal("0.37"), date(2026, 3, 3), correctable=True)


def typed(hours: str) -> Typed:
    return Typed(hours, "5001", "2026-03-04", " note ")


@pytest.mark.parametrize(("hours", "correction"), [("", None), ("0.37", None), ("0,5", "0.50"), ("1:20", "1.33")])
def test_a_timers_log_has_its_hours_and_day_unless_corrected(hours: str, correction: str | None) -> None:
    entry = rules.check_timed(typed(hours), TIMED, [5001])
    assert entry.typed_hours == (None if correction is None else Decimal(correction))
    assert entry.hours == Decimal(correction or "0.37")
    assert (entry.spent_date, entry.notes, entry.timer_id) == (TIMED.day, "note", TIMED.timer_id)


def test_a_running_timers_hours_can_not_be_corrected_and_all_reasons_come_at_once() -> None:
    running = rules.Timed(TIMED.timer_id, TIMED.measured, TIMED.day, correctable=False)
    with pytest.raises(rules.Unacceptable) as refused:
        rules.check_timed(Typed("2", "77", "", "x" * 6000), running, [5001])
    assert set(refused.value.fields) == {"hours", "task_id", "notes"}
