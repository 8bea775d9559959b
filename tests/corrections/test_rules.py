"""What may be corrected into what, for any values."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.corrections import rules, shown
from plugin_server.corrections.rules import Choices, Standing, Target, Typed, Unacceptable, Values
from plugin_server.mirror.store import Task
from plugin_server.timelog.rules import HoursRule
from plugin_server.timers.rules import clock_time

TODAY = date(2026, 3, 4)
SUPPORT, DEVELOPMENT = Task(1, "Support", True), Task(2, "Development", True)
BEFORE = Values(10, 1, TODAY, Decimal("1.00"), "A note", 5)
CHOICES = Choices(
    HoursRule(Decimal("0.25"), Decimal("0.25")), TODAY, [SUPPORT, DEVELOPMENT], {1: "Support", 2: "Development"}, False
)

hundredths = st.integers(1, 2400).map(lambda number: Decimal(number) / 100)
days = st.dates(date(2000, 1, 1), date(2100, 1, 1))
values = st.builds(
    Values,
    st.integers(1, 99),
    st.integers(1, 9),
    days,
    hundredths,
    st.text(max_size=50),
    st.none() | st.integers(1, 99),
)


def attempt(before: Values, typed: Typed, choices: Choices) -> tuple[Values, set[str]]:
    """What becomes of it, and the fields that were refused."""
    try:
        return rules.corrected(before, typed, choices), set()
    except Unacceptable as error:
        return before, set(error.fields)


@given(values, days, st.booleans())
def test_what_is_typed_as_it_stood_is_never_refused(before: Values, today: date, measured: bool) -> None:
    choices = replace(CHOICES, today=today, tasks=[], measured=measured)
    typed = Typed(
        hours=f"{before.hours:.2f}",
        task_id=str(before.task_id),
        spent_date=before.spent_date.isoformat(),
        notes=before.notes,
    )
    assert rules.corrected(before, typed, choices).same(before)
    assert rules.corrected(before, Typed(), choices) == before


@given(values, days)
def test_a_day_is_never_moved_into_the_future(before: Values, day: date) -> None:
    after, refused = attempt(before, Typed(spent_date=day.isoformat()), CHOICES)
    future = day > TODAY and day != before.spent_date
    assert refused == ({"spent_date"} if future else set())
    assert after.spent_date == (before.spent_date if future else day)


@given(hundredths)
def test_typed_hours_follow_the_rule_of_the_manifest(hours: Decimal) -> None:
    after, refused = attempt(BEFORE, Typed(hours=str(hours)), CHOICES)
    off = bool(hours % Decimal("0.25"))
    assert refused == ({"hours"} if off else set())
    assert after.hours == (BEFORE.hours if off else hours)


@given(hundredths, hundredths)
def test_hours_that_a_timer_has_counted_are_corrected_to_the_hundredth(present: Decimal, hours: Decimal) -> None:
    before = replace(BEFORE, hours=present)
    assert rules.corrected(before, Typed(hours=str(hours)), replace(CHOICES, measured=True)).hours == hours


@given(st.integers(0, 1439), st.sampled_from(["12h", "24h"]))
def test_a_time_is_read_as_any_account_writes_it(minute: int, notation: str) -> None:
    assert rules.minute(clock_time(minute, notation)) == minute


@pytest.mark.parametrize("text", ["", "24:00", "13pm", "0am", "12:60", "14m", "noon", "-1", "9:5", "1²:00"])
def test_what_is_no_time_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        rules.minute(text)


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_times_give_the_hours_between_them_and_never_cross_midnight(started: int, ended: int) -> None:
    before = replace(BEFORE, started=540, ended=600)
    typed = Typed(started_time=clock_time(started, "24h"), ended_time=clock_time(ended, "24h"))
    after, refused = attempt(before, typed, replace(CHOICES, start_end=True))
    assert refused == ({"ended_time"} if ended <= started else set())
    if not refused:
        assert (after.started, after.ended) == (started, ended)
        assert abs(after.hours - Decimal(ended - started) / 60) <= Decimal("0.005")


@given(st.integers(0, 1438), hundredths)
def test_hours_typed_where_times_are_kept_count_from_the_start(started: int, hours: Decimal) -> None:
    before = rules.timed(BEFORE, clock_time(started, "12h"), clock_time(started + 1, "12h"))
    choices = replace(CHOICES, start_end=True, measured=True)
    after, refused = attempt(before, Typed(hours=str(hours)), choices)
    assert refused <= {"hours", "ended_time"}
    assert after.started == started
    assert after.ended is not None
    assert after.ended < rules.MINUTES_A_DAY


@given(st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_nobody_corrects_without_a_right_to(
    own: bool, manages: bool, has_grant: bool, may_in_harvest: bool, substitutes: bool
) -> None:
    found = rules.accesses(
        own=own, manages=manages, has_grant=has_grant, may_in_harvest=may_in_harvest, substitutes=substitutes
    )
    if not own and not manages:
        assert found == "not_yours"
    elif found == "not_connected":
        assert own
        assert not has_grant
        assert not manages
    else:
        assert ("own" in found) <= has_grant
        assert ("service" in found) <= (manages or (own and substitutes and not has_grant))
        assert found[0] == "own" or not (own and has_grant)


@given(st.builds(Standing, *[st.booleans()] * 6))
def test_an_entry_is_free_only_when_nothing_stands_in_the_way(standing: Standing) -> None:
    reason = rules.hindrance(standing)
    assert (reason is None) == (standing == Standing())
    assert reason is None or rules.words(reason).endswith(".")


def test_a_move_finds_the_task_by_id_then_by_name_and_else_asks() -> None:
    target = Target(6, 20, "[X] Other")
    there = [Task(7, "Development", True), SUPPORT]
    moved = replace(CHOICES, tasks=there)
    assert rules.corrected(BEFORE, Typed(), moved, target).task_id == SUPPORT.id
    assert rules.corrected(replace(BEFORE, task_id=2), Typed(), moved, target).task_id == 7
    with pytest.raises(Unacceptable) as refused:
        rules.corrected(BEFORE, Typed(), replace(CHOICES, tasks=there[:1]), target)
    assert refused.value.fields == {"task_id": "Choose a task of the project [X] Other."}
    after = rules.corrected(BEFORE, Typed(), moved, target)
    assert (after.project_id, after.ticket_id) == (20, 6)


def test_all_that_is_wrong_is_told_at_once() -> None:
    typed = Typed(hours="25", task_id="9", spent_date=(TODAY + timedelta(days=1)).isoformat(), notes="x" * 5001)
    with pytest.raises(Unacceptable) as refused:
        rules.corrected(BEFORE, typed, CHOICES)
    assert set(refused.value.fields) == {"hours", "task_id", "spent_date", "notes"}


@given(values, values)
def test_a_version_tells_exactly_what_differs(one: Values, other: Values) -> None:
    assert (one.version == other.version) == one.same(other)
    assert replace(one, hours=one.hours + 0).version == one.version


@pytest.mark.parametrize(
    ("typed", "hours", "refused"),
    [
        (Typed(started_time="", ended_time="", hours="1.00"), "1.00", set()),
        (Typed(started_time="", ended_time="", hours="2.5"), "2.50", set()),
        (Typed(started_time="9:00", ended_time="10:30", hours="1.00"), "1.50", set()),
        (Typed(started_time="9:00", ended_time=""), "1.00", {"ended_time"}),
        (Typed(ended_time="9:00"), "1.00", {"started_time"}),
    ],
    ids=["left empty", "hours", "times", "one time typed", "one time sent"],
)
def test_an_entry_without_times_keeps_to_hours_where_others_have_times(
    typed: Typed, hours: str, refused: set[str]
) -> None:
    found, fields = attempt(BEFORE, replace(typed, notes="Better"), replace(CHOICES, start_end=True))
    assert (f"{found.hours:.2f}", fields) == (hours, refused)
    assert (found.notes == "Better") is not bool(refused)


@given(values, st.text(max_size=20))
def test_a_form_knows_which_of_its_fields_were_touched(before: Values, ticket: str) -> None:
    version, fields = shown.version(before, ticket), shown.shown(before, ticket)
    assert shown.untouched(version, fields) == set(fields)
    assert shown.untouched(version, fields | {"notes": before.notes + "!"}) == set(fields) - {"notes"}
    assert shown.untouched("another", fields) == set()
    assert shown.is_of(shown.version(before, "another"), before)
