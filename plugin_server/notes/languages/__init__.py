"""The languages that notes are made in by rule, and which of them a text is in."""

from __future__ import annotations

import re

from plugin_server.notes.languages.base import Language
from plugin_server.notes.languages.dutch import DUTCH
from plugin_server.notes.languages.english import ENGLISH
from plugin_server.notes.languages.french import FRENCH
from plugin_server.notes.languages.german import GERMAN
from plugin_server.notes.languages.italian import ITALIAN
from plugin_server.notes.languages.portuguese import PORTUGUESE
from plugin_server.notes.languages.spanish import SPANISH

LANGUAGES: tuple[Language, ...] = (ENGLISH, GERMAN, FRENCH, SPANISH, DUTCH, ITALIAN, PORTUGUESE)

__all__ = ["LANGUAGES", "Language", "lower_words", "named", "told_by"]

_WORD = re.compile(r"[^\W\d_]+", re.UNICODE)


def lower_words(text: str) -> list[str]:
    """The words of a text in lower case, without digits and signs."""
    return _WORD.findall(text.lower())


def told_by(text: str) -> Language | None:
    """The language that the text's common words tell; ``None`` where they tell none, or two alike.

    A word that few languages have in common says more than one that many have.
    """
    found = lower_words(text)
    scores: list[tuple[float, Language]] = []
    for language in LANGUAGES:
        hits = [word for word in found if word in language.common]
        scores.append((sum(1 / sum(word in other.common for other in LANGUAGES) for word in hits), language))
    scores.sort(key=lambda score: -score[0])
    (best, language), (second, _other) = scores[:2]
    return language if best > second else None


def named(code: str) -> Language | None:
    """The language of an ISO 639-1 code."""
    return next((language for language in LANGUAGES if language.code == code), None)
