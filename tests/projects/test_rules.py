"""When a ticket gets a project, what it is called, and which client an organisation may be."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from plugin_server.manifest import Projects as Settings
from plugin_server.projects import rules
from plugin_server.projects.clients.rules import Client, Match, exact, like, named, normalised
from plugin_server.projects.rules import Facts, Rule
from plugin_server.runtime import i18n

OPEN = Facts("open", True, Decimal(10), 7, 70)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def test_all_conditions_of_a_rule_must_hold_and_one_rule_is_enough() -> None:
    rule = Rule(frozenset({"open"}), True, frozenset({7}), frozenset({70}))
    assert rules.holds(rule, OPEN)
    for other in (
        Facts("new", True, Decimal(10), 7, 70),
        Facts("open", True, None, 7, 70),
        Facts("open", True, Decimal(10), None, 70),
        Facts("open", True, Decimal(10), 7, None),
    ):
        assert not rules.holds(rule, other)
        assert rules.is_due([rule, Rule(frozenset({"new", "open"}))], other)
    assert not rules.is_due([], OPEN)


def test_without_states_a_rule_is_for_tickets_that_are_not_closed() -> None:
    closed = Facts("closed", False, Decimal(10), 7, 70)
    assert not rules.holds(Rule(budget=True), closed)
    assert rules.holds(Rule(states=frozenset({"closed"}), budget=True), closed)


@given(words, words)
def test_a_name_is_one_line_and_reads_no_placeholder_in_a_title(title: str, organisation: str) -> None:
    name = rules.filled(
        "{number} {title} {organisation}", {"number": "1", "title": title, "organisation": organisation}
    )
    assert len(name) <= rules.LONGEST_NAME
    assert name == " ".join(name.split())
    assert name.startswith("1")
    assert (
        rules.filled("{number} {title}", {"number": "1", "title": "{number}{organisation}"})
        == "1 {number}{organisation}"
    )


@given(words)
def test_a_normalised_name_is_normalised(name: str) -> None:
    assert normalised(normalised(name)) == normalised(name)


@given(st.text(st.characters(max_codepoint=127)))
def test_case_makes_no_difference(name: str) -> None:
    assert normalised(name.upper()) == normalised(name.lower())


def test_legal_forms_case_accents_and_points_make_no_difference() -> None:
    for one, other in (
        ("Müller & Söhne GmbH", "MULLER SOHNE"),
        ("Café Olé S.A.", "cafe ole"),
        ("Acorn Bakery", "Acorn   Bakery, Inc."),
        ("Straße AG", "Strasse"),
        ("Verein e. V.", "verein"),
    ):
        assert normalised(one) == normalised(other)
    assert normalised("AG") == "ag", "there is nothing else to go by"
    assert normalised("Agnes") != normalised("nes")


@given(st.lists(words, min_size=1, max_size=6), st.data())
def test_the_same_name_is_found_and_never_among_the_like(names: list[str], data: st.DataObject) -> None:
    clients = [Client(number, name) for number, name in enumerate(names)]
    meant = data.draw(st.sampled_from(clients))
    same, near = named(meant.name, clients), like(meant.name, clients)
    assert (meant in same) is bool(exact(meant.name))
    assert not set(same) & set(near)
    match = Match(same=same)
    assert (match.by_name is not None) is (len(same) == 1)
    assert match.is_ambiguous is (len(same) > 1)


@pytest.mark.parametrize(
    ("organisation", "client"),
    [
        ("Acme GmbH", "Acme Ltd"),
        ("C++ Ltd", "C# Ltd"),
        ("SAS Institute", "Institute Ltd"),
        ("AS Roma", "Roma"),
        ("The Co-op", "The Op"),
        ("Acme", "Acme GmbH"),
        ("カラ", "ガラ"),
    ],
)
def test_another_company_of_a_like_name_is_never_taken_for_it(organisation: str, client: str) -> None:
    clients = [Client(1, client), Client(2, organisation, False)]
    assert [one.id for one in named(organisation, clients)] == [2]
    found = rules.client_of(situation(Match(same=named(organisation, clients)), organisation))
    assert isinstance(found, rules.Hindrance)
    assert found.code == "client_archived", "an archived one is not passed over for another"
    found = rules.client_of(situation(Match(same=named(organisation, clients[:1])), organisation))
    assert isinstance(found, rules.Hindrance)
    assert found.code == "client_unknown"


def test_an_exact_name_counts_by_itself_and_those_that_are_alike_but_for_their_form_are_suggested_first() -> None:
    clients = [Client(1, "Acme Ltd"), Client(2, " ACME  GmbH"), Client(3, "Acme Germany GmbH")]
    assert rules.client_of(situation(Match(same=named("Acme GmbH", clients)), "Acme GmbH")) == clients[1]
    assert [one.id for one in like("Acme GmbH", clients)] == [1, 3]
    accents = [Client(1, "Muller"), Client(2, "Müller")]
    assert [named(name, accents)[0].id for name in ("MÜLLER", "muller")] == [2, 1]
    assert [one.id for one in named("Möller", [Client(1, "Moller")])] == [1]


def test_like_names_are_suggested_the_likest_first_and_archived_ones_never() -> None:
    clients = [
        Client(1, "Acorn Bakery Berlin"),
        Client(2, "Birch"),
        Client(3, "Acron Bakery"),
        Client(4, "Acorn", False),
    ]
    assert [one.id for one in like("Acorn Bakery", clients)] == [3, 1]


def situation(match: Match, organisation: str = "Acorn") -> rules.Situation:
    template = rules.Template("Template", True, (), ())
    return rules.Situation("1", "Title", 7, organisation, None, 1, template, match)


def test_a_client_is_never_guessed() -> None:
    one, two, archived = Client(1, "Acorn"), Client(2, "Ácorn"), Client(3, "ACORN", False)
    assert rules.client_of(situation(Match(same=(one,)))) == one
    assert rules.client_of(situation(Match(2, two, same=(one, two)))) == two
    ambiguous = rules.client_of(situation(Match(same=(one, two))))
    assert isinstance(ambiguous, rules.Hindrance)
    assert ambiguous.words.startswith("Several Harvest clients are called like Acorn: Acorn (1), Ácorn (2).")
    for match, code in (
        (Match(near=(one,)), "client_unknown"),
        (Match(same=(archived,)), "client_archived"),
        (Match(same=(one, archived)), "client_ambiguous"),
        (Match(3, archived), "client_archived"),
        (Match(9, None, same=(one,)), "client_gone"),
    ):
        found = rules.client_of(situation(match))
        assert isinstance(found, rules.Hindrance)
        assert found.code == code


@given(st.sampled_from(sorted(rules.WORDS)), st.dictionaries(st.sampled_from(["a", "b"]), words))
def test_every_reason_has_words(code: str, more: dict[str, str]) -> None:
    named_in = dict.fromkeys(
        ("number", "template", "organisation", "clients", "client", "name", "reason", "project"), "{x}"
    )
    assert rules.told(code, {**more, **named_in})
    assert rules.told("no_answer", more) is None


@pytest.mark.parametrize(
    ("reason", "german"),
    [("Harvest did not answer.", "Harvest hat nicht geantwortet."), ("Name is too long.", "Name is too long.")],
)
def test_a_stored_reason_is_told_in_the_readers_language_and_harvests_own_words_stay(reason: str, german: str) -> None:
    with i18n.speaking("de"):
        assert rules.told("refused", {"reason": reason}) == f"Harvest hat es abgelehnt: {german}"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"when": [{"budget": True}]}, "template_project_id is missing"),
        ({"asked_by": "agents"}, "template_project_id is missing"),
        ({"when": [{}], "template_project_id": 1}, "expected a condition"),
        ({"name": "{title}"}, "expected {number} in it"),
        ({"name": "{number} {customer}"}, "no other braces"),
        ({"code": "{number"}, "no other braces"),
    ],
)
def test_settings_that_make_no_sense_are_told(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings.model_validate(settings)
