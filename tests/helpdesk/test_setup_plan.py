"""What a plan says of a Zammad: each difference is named, and whatever can be refused is found before any write."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.helpdesk.zammad.objects import GATE, WEBHOOK, Application, Definition, define, fill
from plugin_server.helpdesk.zammad.setup.compare import compare, known_ids, same
from plugin_server.helpdesk.zammad.setup.fields import name_fault
from plugin_server.helpdesk.zammad.setup.state import State
from plugin_server.helpdesk.zammad.setup.steps import Step
from plugin_server.manifest import Fields, Roles

ROLES = Roles()
CALLBACK = "https://deskhours.example.com/oauth/helpdesk/callback"
HOOK = "https://deskhours.example.com/hooks/helpdesk"
LINK = "https://harvest.example.com/projects/{id}"
PEOPLE = (
    {"id": 1, "name": "Admin", "permissions": ["admin"], "active": True},
    {"id": 2, "name": "Agent", "permissions": ["ticket.agent"], "active": True},
    {"id": 3, "name": "Customer", "permissions": ["ticket.customer"], "active": True},
)
EMPTY = State(
    version="6.5.0",
    me={"id": 7, "login": "admin@example.com"},
    service={"id": 8, "login": "deskhours@example.com", "role_ids": [2]},
    service_agent=True,
    roles=PEOPLE,
)


def definition(fields: Fields | None = None, *, secret: str | None = "s" * 32) -> Definition:
    wanted = define(fields or Fields(), ROLES, HOOK, secret, LINK)
    return replace(wanted, application=Application("Deskhours", CALLBACK))


def complete(wanted: Definition | None = None) -> State:
    """A Zammad in which the whole definition stands, as its own lists would tell it: with more beside it."""
    wanted = wanted or definition()
    roles = (*PEOPLE, *({"id": 10 + n, "permissions": [], "active": True, **one} for n, one in enumerate(wanted.roles)))
    known = known_ids(roles, ROLES) | {"{service_user}": "8", "{webhook}": "30"}
    assert wanted.webhook is not None
    assert wanted.trigger is not None
    return replace(
        EMPTY,
        service={"id": 8, "login": "deskhours@example.com", "role_ids": [2, 11]},
        roles=roles,
        attributes=tuple({**one, "id": 40 + n, "to_create": False} for n, one in enumerate(wanted.attributes)),
        workflows=tuple({"id": 20 + n, **fill(one, known)} for n, one in enumerate(wanted.workflows)),
        webhooks=({"id": 30, "preferences": {}, **wanted.webhook},),
        triggers=({"id": 31, **fill(wanted.trigger, known)},),
        applications=({"id": 32, "uid": "abc", "secret": "xyz", "name": "Deskhours", "redirect_uri": CALLBACK},),
    )


def changed(state: State, kind: str, number: int = 0, **values: Any) -> State:
    """A state in which one row of a kind has other values."""
    rows = list(getattr(state, kind))
    rows[number] = {**rows[number], **values}
    return replace(state, **{kind: tuple(rows)})


def actions(state: State, wanted: Definition | None = None) -> dict[tuple[str, str], Step]:
    return {(step.kind, step.name): step for step in compare(state, wanted or definition(), ROLES).steps}


def different(state: State, wanted: Definition | None = None) -> list[tuple[str, str, str, str]]:
    plan = compare(state, wanted or definition(), ROLES)
    return [(step.kind, step.name, step.action, step.words) for step in plan.steps if step.action != "ok"]


def test_an_empty_zammad_gets_everything_and_a_complete_one_nothing() -> None:
    plan = compare(EMPTY, definition(), ROLES)
    assert [(step.kind, step.action) for step in plan.todo] == [
        *[("field", "create")] * 8,
        *[("role", "create")] * 2,
        ("user", "mend"),
        *[("workflow", "create")] * 2,
        ("webhook", "create"),
        ("trigger", "create"),
        ("application", "create"),
    ]
    assert plan.restarts
    assert plan.refused == ()
    done = compare(complete(), definition(), ROLES)
    assert {step.action for step in done.steps} == {"ok"}
    assert not done.restarts


@pytest.mark.parametrize(
    ("state", "kind", "name", "words"),
    [
        (changed(complete(), "attributes", 0, active=False), "field", "harvest_project", "is switched off"),
        (
            changed(complete(), "attributes", 0, to_create=True),
            "field",
            "harvest_project",
            "waits for Zammad's database",
        ),
        (
            changed(complete(), "attributes", 6, screens={"edit": {"ticket.customer": {"shown": True}}}),
            "field",
            "budget_state",
            "is shown to customers",
        ),
        (
            changed(complete(), "attributes", 6, data_option={"nulloption": True, "options": {"open": "offen"}}),
            "field",
            "budget_state",
            "has other options",
        ),
        (changed(complete(), "roles", 3, active=False), "role", "Budget PM", "is switched off"),
        (changed(complete(), "workflows", 1, active=False), "workflow", GATE, "is switched off"),
        (changed(complete(), "workflows", 1, priority=1), "workflow", GATE, "differs in order"),
        (changed(complete(), "workflows", 1, perform={}), "workflow", GATE, "differs in effect"),
        (changed(complete(), "webhooks", endpoint="http://elsewhere"), "webhook", WEBHOOK, "differs in address"),
        (changed(complete(), "webhooks", signature_token="x"), "webhook", WEBHOOK, "differs in signature"),
        (
            replace(complete(), service={"id": 8, "login": "deskhours@example.com", "role_ids": [2]}),
            "user",
            "deskhours@example.com",
            "lacks the role Deskhours service",
        ),
    ],
)
def test_what_was_changed_is_named_and_mended(state: State, kind: str, name: str, words: str) -> None:
    found = actions(state)[kind, name]
    assert (found.action, words in found.words) == ("mend", True), found.words
    assert [one[:2] for one in different(state)] == [(kind, name)]


def test_a_condition_more_in_the_gate_is_a_difference() -> None:
    gate = complete().workflows[1]
    more = {**gate["condition_saved"], "ticket.priority_id": {"operator": "is", "value": ["3"]}}
    state = changed(complete(), "workflows", 1, condition_saved=more)
    assert different(state) == [("workflow", GATE, "mend", "differs in conditions")]


def test_a_new_role_of_agents_is_let_into_the_gate() -> None:
    more = {"id": 77, "name": "Second level", "permissions": ["ticket.agent"], "active": True}
    state = replace(complete(), roles=(*complete().roles, more))
    assert different(state) == [("workflow", GATE, "mend", "differs in conditions")]


def test_what_an_administrator_may_choose_is_left_alone() -> None:
    state = changed(complete(), "attributes", 1, display="Stunden", position=3)
    state = changed(state, "webhooks", note="ours", ssl_verify=False)
    assert different(changed(state, "roles", 3, note="the boss")) == []


def test_a_mended_field_keeps_its_label_place_and_choices() -> None:
    option = {"nulloption": True, "options": {"open": "offen", "mine": "meins"}, "maxlength": 255}
    state = changed(complete(), "attributes", 6, display="Zustand", position=3, data_option=option, active=False)
    body = actions(state)["field", "budget_state"].body
    assert (body["display"], body["position"], body["active"]) == ("Zustand", 3, True)
    choices = {"open": "offen", "mine": "meins", "warn": "warn", "locked": "locked"}
    assert body["data_option"]["options"] == choices


def test_twins_are_named_and_the_oldest_stays() -> None:
    state = complete()
    twins = replace(
        state,
        webhooks=(*state.webhooks, {**state.webhooks[0], "id": 99}),
        applications=(*state.applications, {**state.applications[0], "id": 98, "uid": "other"}),
    )
    found = actions(twins)
    for kind, ids in (("webhook", (30, 99)), ("application", (32, 98))):
        step = found[kind, "Deskhours"]
        assert (step.action, step.ids) == ("mend", ids)
        assert "2 times; the oldest stays" in step.words


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (replace(EMPTY, version="6.4.1"), "too old; Deskhours needs 6.5"),
        (replace(EMPTY, version="5.4"), "too old"),
        (replace(EMPTY, version=None, denied=frozenset({"admin"})), "missing: admin"),
        (replace(EMPTY, denied=frozenset({"admin.object", "admin.trigger"})), "missing: admin.object, admin.trigger"),
        (replace(EMPTY, service=None), "no token yet"),
        (replace(EMPTY, service=None, service_denied="Can't find User for Token"), "Can't find User for Token"),
        (replace(EMPTY, service={**EMPTY.me, "role_ids": [1, 2]}), "runs the setup, too"),
        (replace(EMPTY, service={"id": 8, "login": "x", "role_ids": [3]}), "is no agent"),
        (replace(EMPTY, service_agent=False), "without the permission ticket.agent"),
        (
            changed(complete(), "attributes", 0, data_type="integer"),
            "exists with the type integer; Deskhours needs input",
        ),
        (changed(complete(), "attributes", 7, data_option={"options": {}}), "would leave the lock open"),
        (changed(complete(), "attributes", 7, to_delete=True), "about to be deleted"),
        (
            replace(EMPTY, attributes=({"id": 1, "name": "size", "object": "Ticket", "to_create": True},)),
            "come into force",
        ),
        (replace(EMPTY, roles=(*PEOPLE, {"id": 9, "name": "budget pm"})), "is written budget pm in Zammad"),
    ],
)
def test_what_can_be_refused_is_refused_in_the_plan(state: State, words: str) -> None:
    refused = compare(state, definition(), ROLES).refused
    assert any(words in step.words for step in refused), [step.words for step in refused]


def test_all_refusals_come_at_once() -> None:
    state = replace(EMPTY, version="6.4.0", service=None)
    fields = Fields(project="harvest_id", pm="article")
    names = {step.name for step in compare(state, definition(fields), ROLES).refused}
    assert names == {"Zammad 6.4.0", "service user", "harvest_id", "article"}


@pytest.mark.parametrize("name", ["x_id", "x_ids", "article", "title", "true", "123", "a" * 61, "état"])
def test_names_that_zammad_keeps_are_refused(name: str) -> None:
    assert name_fault(name)


@given(st.from_regex(r"budget_[a-z0-9]{1,20}", fullmatch=True).filter(lambda name: not name.endswith(("_id", "_ids"))))
def test_other_names_are_taken(name: str) -> None:
    assert name_fault(name) is None


def test_a_field_named_twice_is_refused() -> None:
    fields = Fields(project="hours", budget_hours="hours")
    assert [step.words for step in compare(EMPTY, definition(fields), ROLES).refused] == [
        "is named 2 times in the manifest (helpdesk.fields)"
    ] * 2


def test_without_a_webhook_secret_there_is_neither_webhook_nor_trigger() -> None:
    kinds = {step.kind for step in compare(EMPTY, definition(secret=None), ROLES).steps}
    assert kinds.isdisjoint({"webhook", "trigger"})


def known_application(**values: str) -> Definition:
    application = Application(**{"name": "Deskhours", "redirect_uri": CALLBACK, "client_id": "abc", **values})
    return replace(definition(), application=application)


@pytest.mark.parametrize(
    ("wanted", "action", "words"),
    [
        (known_application(client_secret="xyz"), "ok", "is there"),
        (known_application(), "ok", "is there"),
        (known_application(client_id="old"), "refuse", "not in Zammad with the id"),
        (known_application(client_secret="old"), "refuse", "another secret"),
        (
            known_application(redirect_uri="https://new.example.com/cb"),
            "mend",
            "does not send people back to https://new",
        ),
        (known_application(client_id="", redirect_uri="https://new.example.com/cb"), "create", "is missing"),
        (known_application(redirect_uri="http://deskhours.example.com/cb"), "refuse", "https only"),
    ],
)
def test_the_application_is_known_by_its_id(wanted: Definition, action: str, words: str) -> None:
    step = actions(complete(), wanted)["application", "Deskhours"]
    assert (step.action, words in step.words) == (action, True), step.words


def test_an_address_more_leaves_the_others() -> None:
    step = actions(complete(), known_application(redirect_uri="https://new.example.com/cb"))["application", "Deskhours"]
    assert step.body["redirect_uri"] == f"{CALLBACK}\nhttps://new.example.com/cb"


def test_secrets_are_in_no_plan() -> None:
    wanted = replace(definition(secret="canary-1"), application=Application("Deskhours", CALLBACK, "abc", "canary-2"))
    told = repr(compare(EMPTY, wanted, ROLES)) + repr(compare(complete(), wanted, ROLES)) + repr(wanted.application)
    assert "canary" not in told


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_everything_is_the_same_as_itself(value: Any) -> None:
    assert same(value, value)


def test_a_role_that_is_gone_may_have_been_renamed() -> None:
    whole = complete()
    renamed = replace(whole, roles=tuple({**one, "name": "Budgets"} if one["id"] == 10 else one for one in whole.roles))
    assert "if it was renamed" in step_of(renamed, "role", ROLES.pm).words
    assert step_of(EMPTY, "role", ROLES.pm).words == "is missing"


def test_a_trigger_is_not_judged_by_a_token_that_does_not_see_its_webhook() -> None:
    whole = complete()
    blind = replace(whole, webhooks=(), denied=frozenset({"admin.webhook"}))
    plan = compare(blind, definition(), ROLES)
    assert [one.kind for one in plan.steps if one.kind in ("webhook", "trigger")] == []
    assert [one.kind for one in plan.refused] == ["token"]


def step_of(state: State, kind: str, name: str) -> Step:
    return next(one for one in compare(state, definition(), ROLES).steps if (one.kind, one.name) == (kind, name))
