"""The note made on this server; alone knows the keyword library (YAKE).

Rules of our own find the sentence that says what was done (:mod:`.phrasing`). Where none does, YAKE's key phrases make
the note. It is statistical, brings stop words of thirty languages along and downloads nothing; it is imported when it
is first needed, for it takes a quarter of a second and some memory.
"""

from __future__ import annotations

import re
import unicodedata

from plugin_server.notes import phrasing, rules
from plugin_server.notes.cutting import Cut
from plugin_server.notes.languages import Language

_ALPHABETS = {"CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar"}
_PHRASES = 12


def make(text: Cut, language: Language | None) -> str | None:
    """A good note for the text, ``None`` where it says too little. Takes some milliseconds of computing."""
    if not text.sentences:
        return None
    if language is not None:
        found = phrasing.candidates(text, language)
        if found:
            return found[0].note
    return (_clause(text) if language is None else None) or _of_keywords(text, language)


def _clause(text: Cut) -> str | None:
    """The fullest clause that is short enough to be a note, of a language that the rules do not know."""
    clauses = [
        rules.tidy(one)
        for sentence in text.sentences
        for one in re.split(r"[,;:()…，。、！？]|[.!?](?:\s|$)", sentence)
    ]
    short = [one for one in clauses if not rules.faults(one, text, None)]
    return max(short, key=lambda one: len(rules.words_of(one)), default=None)


def _of_keywords(text: Cut, language: Language | None) -> str | None:
    import yake  # type: ignore[import-untyped]  # slow to import, and seldom needed

    telling = [
        one
        for one in text.sentences
        if not phrasing.is_question(one)
        and (language is None or not (language.says_nothing.search(one) or language.unreal.search(one)))
    ]
    whole = "\n".join(telling).replace("…", ".")
    if not whole:
        return None
    code = language.code if language else _code(whole)
    extractor = yake.KeywordExtractor(lan=code, n=3, dedupLim=0.7, top=_PHRASES)
    phrases = [phrase for phrase, _score in extractor.extract_keywords(whole)]
    chosen: list[str] = []
    for phrase in phrases:
        new = set(phrase.split()) - {word for other in chosen for word in other.split()}
        if new == set(phrase.split()) and sum(len(one.split()) for one in [*chosen, phrase]) <= 6:
            chosen.append(phrase)
        if sum(len(one.split()) for one in chosen) >= 4:
            break
    chosen.sort(key=lambda phrase: whole.lower().find(phrase))
    note = rules.tidy(", ".join(_as_written(phrase, whole) for phrase in chosen))
    return note if note and not rules.faults(note, text, language) else None


def _as_written(phrase: str, text: str) -> str:
    """The phrase with the capitals that it has in the text."""
    found = re.search(re.escape(phrase), text, re.IGNORECASE)
    return found.group() if found else phrase


def _code(text: str) -> str:
    """The stop words to take where the language is none of ours: by the alphabet."""
    for char in text:
        if char.isalpha():
            alphabet = unicodedata.name(char, "").split(" ")[0]
            return _ALPHABETS.get(alphabet, "noLang")
    return "noLang"
