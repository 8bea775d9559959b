"""What a good note is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.notes import phrasing, rules
from plugin_server.notes.cutting import cut
from plugin_server.notes.languages import LANGUAGES, told_by

ENGLISH = cut("Hi Anna,\nI have fixed the layout of the invoice PDF for 2024, the totals are aligned now.\nBest, Tom")
GERMAN = cut("Sehr geehrte Frau Müller,\num Ihr VPN-Passwort zurückzusetzen, öffnen Sie bitte das Portal.\nGrüße\nTom")


@pytest.mark.parametrize(
    "note", ["Fix invoice PDF layout", "Fixed layout of invoice PDF", "Invoice layout 2024 corrected"]
)
def test_what_a_person_would_write_is_good(note: str) -> None:
    assert rules.faults(note, ENGLISH, told_by(ENGLISH.text)) == []


@pytest.mark.parametrize("note", ["Passwort-Reset für VPN erklärt", "VPN-Passwort zurücksetzen erklärt"])
def test_german_nouns_are_no_names(note: str) -> None:
    assert rules.faults(note, GERMAN, told_by(GERMAN.text)) == []


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ("Fixed", "words"),
        ("Fixed the layout of the invoice PDF for the whole company now", "words"),
        ("“Fixed invoice layout”", "quotes"),
        ("Fixed invoice layout.", "quotes"),
        ("**Fixed** invoice layout", "quotes"),
        ("Note: Fixed invoice layout", "quotes"),
        ("Fixed invoice layout\nand more", "quotes"),
        ("Fixed invoice layout for Contoso", "Contoso"),
        ("Fixed 17 invoice layouts", "17"),
        ("Fixed invoice layout 202", "202"),
        ("Fixed invoice layout for Anna", "person"),
        ("Thank you for your message", "salutation"),
        ("Hello Anna, invoice fixed", "salutation"),
        ("Rechnung als PDF korrigiert und geprüft", "language"),
        ("Corrigé la facture en PDF", "language"),
        ("Исправлен макет счёта", "language"),
        ("I can't help with that", "nothing to do"),
        ("Invoice invoice invoice layout", "again"),
    ],
)
def test_what_is_wrong_is_said(note: str, fault: str) -> None:
    assert any(fault in one for one in rules.faults(note, ENGLISH, told_by(ENGLISH.text)))


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ('"Fixed invoice layout."', "Fixed invoice layout"),
        ("Note: «Fixed invoice layout»", "Fixed invoice layout"),
        ("\n\n- **fixed** invoice layout\nbecause it was wrong", "Fixed invoice layout"),
        ("Corrigé l'accès", "Corrigé l'accès"),
        ("", ""),
        ("...", ""),
    ],
)
def test_an_answer_is_tidied(answer: str, note: str) -> None:
    assert rules.tidy(answer) == note


@given(st.text(max_size=300))
def test_tidying_twice_changes_nothing(answer: str) -> None:
    assert rules.tidy(rules.tidy(answer)) == rules.tidy(answer)


@given(st.lists(st.sampled_from(["the", "of", "invoice", "layout", "and", "für", "PDF", "fixed"]), max_size=40))
def test_what_is_shortened_has_eight_words_at_most(words: list[str]) -> None:
    for language in (None, *LANGUAGES):
        assert len(rules.words_of(phrasing.shortened(" ".join(words), language))) <= rules.MOST_WORDS


def test_a_long_answer_ends_where_a_thought_does() -> None:
    answer = "Fixed the layout of the invoice PDF and aligned all of the totals on the right hand side"
    assert phrasing.shortened(answer, told_by(answer)) == "Fixed layout of invoice PDF"


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.code)
def test_each_language_tells_itself(language: object) -> None:
    assert told_by(" ".join(sorted(language.common))) is language  # type: ignore[attr-defined]
