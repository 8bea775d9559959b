"""Every text that people read is marked, and has its German; `make texts` names what lacks one."""

from __future__ import annotations

import ast
import re
from html import unescape
from typing import get_args

import pytest
from babel.messages.catalog import Message

from plugin_server.manifest.models import Helpdesk
from plugin_server.runtime import errors, i18n
from tests.support import texts

TOLD = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.Problem)}
TOLD |= {"Stopped", "Later"}
"""What is raised with words for people."""

BARE = {"h", "Deskhours"}
"""Marks, units and the product's name are the same in every language."""

INSTEAD = re.compile(r'\b(?:or|else)\s+"([^"]*)"')
"""What an expression of a template shows in place of a value."""

READ_OUT = re.compile(r'\s(?:aria-label|title|placeholder|alt|data-label)="([^"]*)"')


def german() -> dict[str | tuple[str, ...], Message]:
    return {message.id: message for message in texts.entries(texts.read("de"))}


def test_there_is_german_beside_english_and_notes_may_be_written_in_each() -> None:
    assert i18n.available() == {"en", *texts.languages()} == {"en", "de"}
    assert set(get_args(Helpdesk.model_fields["language"].annotation)) == i18n.available()


def test_every_marked_text_has_its_german() -> None:
    known = german()
    lacking = {
        identity: files
        for identity, files in texts.marked().items()
        if identity not in known or not texts.is_translated(known[identity])
    }
    assert lacking == {}, "run make texts, then translate them"


def test_every_german_text_is_still_asked_for() -> None:
    assert german().keys() - texts.marked().keys() == set(), "run make texts"


def test_german_names_what_the_english_names() -> None:
    assert {message.id: wrong for message in german().values() if (wrong := texts.strays(message))} == {}


def test_the_catalogue_stands_as_make_texts_writes_it() -> None:
    assert texts.place("de").read_text() == texts.merged("de")


@pytest.mark.parametrize("lang", ["de"])
def test_the_extensions_own_texts_are_there_in_both_languages(lang: str) -> None:
    english, other = texts.extension_words("en"), texts.extension_words(lang)
    assert english.keys() == other.keys()
    assert all(other.values())
    assert other["language"] == lang
    named = {key: [set(re.findall(r"\$\w+\$", words[key])) for words in (english, other)] for key in english}
    assert {key: pair for key, pair in named.items() if pair[0] != pair[1]} == {}


def test_every_text_of_the_templates_is_marked() -> None:
    """Words between tags, and those of attributes that are read out, stand in {{ _("…") }}."""
    found = {}
    for path in sorted(texts.PACKAGE.glob("*/templates/*.html")):
        if "demo" in path.parts:
            continue
        source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.DOTALL)
        words = [*READ_OUT.findall(source), re.sub(r"<[^>]*>", " ", source)]
        shown = re.sub(r"\{#.*?#\}", " ", path.read_text(), flags=re.DOTALL)
        words += [text for expression in re.findall(r"\{\{(.*?)\}\}", shown) for text in INSTEAD.findall(expression)]
        if bare := {word for text in words for word in re.findall(r"[A-Za-z]+", unescape(text))} - BARE:
            found[str(path.relative_to(texts.PACKAGE))] = bare
    assert found == {}


def test_what_is_raised_for_people_is_marked() -> None:
    bare = [
        f"{path.relative_to(texts.PACKAGE)}:{call.lineno}"
        for path in sorted(texts.PACKAGE.rglob("*.py"))
        if "demo" not in path.relative_to(texts.PACKAGE).parts
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and _name(call.func) in TOLD
        for words in _words(call)
        if isinstance(words, ast.JoinedStr) or (isinstance(words, ast.Constant) and words.value)
    ]
    assert bare == []


def test_no_text_is_marked_within_an_f_string() -> None:
    """Babel reads none there before Python 3.12: it would be missing from the catalogue without a word."""
    hidden = [
        f"{path.relative_to(texts.PACKAGE)}:{call.lineno}"
        for path in sorted(texts.PACKAGE.rglob("*.py"))
        for string in ast.walk(ast.parse(path.read_text()))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and _name(call.func) in texts.KEYWORDS
    ]
    assert hidden == []


def _name(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _words(call: ast.Call) -> list[ast.expr]:
    """The sentence, and the reasons by field."""
    fields = [keyword.value for keyword in call.keywords if keyword.arg == "fields"]
    return call.args[:1] + [value for one in fields if isinstance(one, ast.Dict) for value in one.values]
