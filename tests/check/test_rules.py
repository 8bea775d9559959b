"""The judging, alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.check import lock, rules

OFFSETS = st.integers(min_value=-100_000, max_value=100_000).map(lambda seconds: timedelta(seconds=seconds))


@given(offsets=st.dictionaries(st.sampled_from(["PostgreSQL", "Harvest"]), OFFSETS, min_size=1))
def test_a_clock_is_judged_by_the_worst_difference_either_way(offsets: dict[str, timedelta]) -> None:
    worst = max(abs(one) for one in offsets.values())
    row = rules.skew("clock", offsets)
    assert (row.state == "ok") == (worst < rules.SKEW_NOTED)
    assert (row.state == "fail") == (worst > rules.SKEW_BAD)
    assert rules.skew("clock", {name: -one for name, one in offsets.items()}).state == row.state


@pytest.mark.parametrize(
    ("number", "state"), [(140_012, "fail"), (150_000, "ok"), (180_004, "ok"), (190_000, "warn"), (90_624, "fail")]
)
def test_versions_of_postgresql(number: int, state: str) -> None:
    assert rules.postgres_version("database", number).state == state


@pytest.mark.parametrize(
    ("version", "old_search", "state"),
    [
        ("6.5.0", False, "ok"),
        ("6.5.0-33.docker", False, "ok"),
        ("7.0", False, "ok"),
        ("10.1.2", False, "ok"),
        ("6.4.1", False, "fail"),
        ("5.2.0", False, "fail"),
        (None, False, "ok"),
        (None, True, "fail"),
        ("unknown", True, "fail"),
        ("6.5.0", True, "ok"),  # its own word counts
    ],
)
def test_versions_of_zammad(version: str | None, old_search: bool, state: str) -> None:
    assert rules.zammad_version("helpdesk_version", version, old_search=old_search).state == state


@given(requests=st.integers(10, 1000), seconds=st.floats(1, 60))
def test_our_limit_is_never_above_harvests_without_a_word(requests: int, seconds: float) -> None:
    state = rules.rate_limit("harvest_limit", requests, seconds).state
    assert (state == "ok") == (requests / seconds <= 100 / 15)


RIGHT = st.sampled_from(["full", "read", "create", "change", "overview"])


@given(groups=st.dictionaries(st.integers(1, 5), st.sets(RIGHT)))
def test_rights_that_are_missing_are_those_that_would_make_it_whole(groups: dict[int, set[str]]) -> None:
    missing = rules.missing_rights(groups)
    whole = {group: held | set(missing.get(group, ())) for group, held in groups.items()}
    assert rules.missing_rights(whole) == {}
    for group, lacking in missing.items():
        assert groups[group], "a group without any right is none of ours"
        assert "full" not in groups[group]
        assert not groups[group] & set(lacking)


def record(number: int, **values: Any) -> dict[str, Any]:
    """A workflow as Zammad lists it."""
    row = {"id": number, "name": f"W{number}", "object": "Ticket", "preferences": {"screen": ["edit"]}, "perform": {}}
    return {**row, "active": True, "stop_after_match": False, "priority": 500, **values}


@given(st.permutations([record(3, priority=1), record(1), record(2), record(4, priority=9000)]))
def test_workflows_run_by_priority_and_then_by_age(records: list[dict[str, Any]]) -> None:
    assert [one.id for one in lock.workflows(records)] == [3, 1, 2, 4]


@pytest.mark.parametrize(
    ("values", "runs"),
    [
        ({}, True),
        ({"object": None}, True),
        ({"object": "User"}, False),
        ({"preferences": {}}, True),
        ({"preferences": {"screen": "edit"}}, True),
        ({"preferences": {"screen": ["create_middle"]}}, False),
        ({"active": False}, False),
    ],
)
def test_which_workflows_run_when_a_ticket_is_changed(values: dict[str, Any], runs: bool) -> None:
    assert bool(lock.workflows([record(1, **values)])) == runs


def test_a_workflow_that_writes_the_state_is_told() -> None:
    gate = record(1, name="gate", priority=9000)
    other = record(2, perform={"ticket.state": {"operator": ["set_fixed_to"], "set_fixed_to": ["open"]}})
    rows = lock.defeats("workflows", lock.workflows([gate, other]), "gate", ["gate"], "release", "state")
    assert [(one.state, one.words) for one in rows] == [
        ("warn", "The workflow “W2” acts on state, which only Deskhours writes.")
    ]
