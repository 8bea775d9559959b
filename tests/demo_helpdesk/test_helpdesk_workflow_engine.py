"""The workflow engine alone: what holds for any options, values and rules."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from plugin_server.demo.helpdesk.workflow_conditions import OPERATORS, texts
from plugin_server.demo.helpdesk.workflow_engine import MAX_RERUNS, Field, Run, Workflow, World

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.sampled_from(["", "x", "y", "z"])
TEXTS = st.lists(VALUES, max_size=4)


def world(workflows: list[Workflow], saved: dict[str, Any] | None = None, nulloption: bool = True) -> World:
    # Without one of its own a field fills itself with its first option, which counts as a change of the form.
    options = {name: {"nulloption": nulloption or name != "a", "null": True} for name in "abc"}
    fields = {name: Field(name, options[name], {}, ("x", "y", "z")) for name in "abc"}
    return World("edit", fields, tuple(workflows), {"id": 7, "role_ids": [2, 9]}, {}, saved)


def rule(perform: dict[str, Any], number: int = 10, **parts: Any) -> Workflow:
    return Workflow(number, ("edit",), parts.get("saved", {}), parts.get("selected", {}), perform, False)


@given(TEXTS, TEXTS)
def test_opposites(value: list[str], wanted: list[str]) -> None:
    for one, other in (("is", "is not"), ("is any of", "is none of"), ("is set", "not set")):
        assert OPERATORS[one](value, wanted) != OPERATORS[other](value, wanted)


def test_nothing_and_the_empty_text_are_both_not_set() -> None:
    assert (texts(None), texts(""), texts(False), texts([3, None])) == ([], [""], ["false"], ["3", ""])
    assert OPERATORS["not set"](texts(None), []) is OPERATORS["not set"](texts(""), []) is True
    # A flag of no is a value.
    assert OPERATORS["is set"](texts(False), [])


@given(st.lists(st.tuples(NAMES, st.lists(VALUES, max_size=3)), max_size=5), st.dictionaries(NAMES, VALUES))
def test_rules_only_narrow_what_options_offer(rules: list[tuple[str, list[str]]], params: dict[str, Any]) -> None:
    perform = [
        rule({f"ticket.{name}": {"operator": "set_fixed_to", "set_fixed_to": list(values)}}, number)
        for number, (name, values) in enumerate(rules, start=10)
    ]
    result = Run(world(perform), params)()
    for name in "abc":
        allowed = {"", "x", "y", "z"}
        for wanted, values in rules:
            if wanted == name:
                allowed &= set(values)
        assert set(result.restrict_values[name]) == allowed
    assert result.rerun_count <= MAX_RERUNS


@given(st.booleans(), st.sampled_from([None, "", "x", "y"]), st.sampled_from([None, "", "x", "y"]))
def test_the_stored_value_stays_allowed_until_something_changes(
    nulloption: bool, saved: str | None, sent: str | None
) -> None:
    gate = rule({"ticket.a": {"operator": ["set_fixed_to"], "set_fixed_to": [""]}})
    row = {"id": 1, "a": saved, "b": None, "c": None}
    result = Run(world([gate], row, nulloption), {**row, "a": sent})()
    expected = {""}
    if saved == sent and saved is not None:
        expected.add(saved)
    allowed = set(result.restrict_values["a"])
    assert allowed == expected if nulloption else allowed <= {"", saved}


def test_saved_conditions_read_the_stored_row_and_selected_ones_the_form() -> None:
    perform = {"ticket.b": {"operator": "set_mandatory", "set_mandatory": "true"}}
    term = {"ticket.a": {"operator": "is", "value": ["x"]}}
    row = {"id": 1, "a": "x", "b": None, "c": None}
    for stored, sent in (("x", "y"), ("y", "x")):
        params = {**row, "a": sent}
        by_saved = Run(world([rule(perform, saved=term)], {**row, "a": stored}), params)()
        by_selected = Run(world([rule(perform, selected=term)], {**row, "a": stored}), params)()
        assert by_saved.mandatory["b"] is (stored == "x")
        assert by_selected.mandatory["b"] is (sent == "x")


def test_a_form_cannot_change_what_it_has_no_field_for() -> None:
    perform = {"ticket.b": {"operator": "set_mandatory", "set_mandatory": "true"}}
    term = {"ticket.note": {"operator": "is", "value": ["x"]}}
    row = {"id": 1, "a": None, "b": None, "c": None, "note": "y"}
    assert Run(world([rule(perform, selected=term)], row), {**row, "note": "x"})().mandatory["b"] is False


def test_rules_that_undo_each_other_come_to_an_end() -> None:
    back, forth = (
        rule({"ticket.a": {"operator": "fill_in", "fill_in": value}}, number, selected=selected)
        for number, value, selected in ((10, "x", {}), (11, "y", {}))
    )
    assert Run(world([back, forth]), {})().rerun_count == MAX_RERUNS


def test_current_user_and_not_set() -> None:
    perform = {"ticket.b": {"operator": "set_mandatory", "set_mandatory": "true"}}
    for term, params in (
        ({"ticket.owner_id": {"operator": "is", "pre_condition": "current_user.id"}}, {"owner_id": 7}),
        ({"ticket.owner_id": {"operator": "is", "pre_condition": "not_set"}}, {"owner_id": 1}),
        ({"session.role_ids": {"operator": "is", "value": ["9"]}}, {}),
        ({"ticket.a": {"operator": "is modified to", "value": ["x"]}}, {"a": "x"}),
    ):
        assert Run(world([rule(perform, selected=term)]), params)().mandatory["b"] is True
        assert Run(world([rule(perform, selected=term)]), {"owner_id": 3})().mandatory["b"] is ("session" in str(term))
