"""What a good note is, and how a long one gets short: pure decisions, no I/O.

A note has 2 to 8 words on one line, no quotes, no dot at its end, no markup. It names nothing and counts nothing that
the text does not, speaks the text's language, and calls nobody by name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from plugin_server.notes.cutting import Cut
from plugin_server.notes.languages import LANGUAGES, Language, lower_words

LEAST_WORDS, MOST_WORDS = 2, 8
MOST_CHARACTERS = 90

_QUOTES = "\"'`´“”„«»‹›‘’‚"
_ENDS = ".,;:!?…-–—•*#|/\\ "
_LABEL = re.compile(
    r"^(?:\W*(?:harvest|time entry|suggested|here is (?:the|a|your))?\s*(?:note|notiz|nota|notitie|entry"
    r"|eintrag)\s*)[:–-]\s*",
    re.IGNORECASE,
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_ANYWHERE = frozenset(word for language in LANGUAGES for word in language.works)
_SCRIPTS = (
    "LATIN",
    "CYRILLIC",
    "GREEK",
    "ARABIC",
    "HEBREW",
    "CJK",
    "HIRAGANA",
    "KATAKANA",
    "HANGUL",
    "DEVANAGARI",
    "THAI",
)


def words_of(note: str) -> list[str]:
    """The words that count: what stands between blanks and holds a letter or digit. Chinese and Japanese have no
    blanks; two of their characters count as a word."""
    found = []
    for word in note.split():
        if _UNSPACED.search(word):
            found += re.findall(r".{1,2}", word)
        elif any(char.isalnum() for char in word):
            found.append(word)
    return found


def tidy(answer: str) -> str:
    """An answer as the note it was meant to be: the first line that says something, without label, quotes and dot."""
    lines = (line.strip() for line in answer.splitlines())
    line = next((line for line in lines if any(char.isalnum() for char in line)), "")
    line = _LABEL.sub("", line.strip(_QUOTES + _ENDS))
    line = "".join(char for char in line if unicodedata.category(char) not in {"Cc", "Cf"} or char.isspace())
    line = re.sub(r"</?[a-zA-Z][^<>]*>", "", line)
    line = re.sub(r"[*_`#<>{}\[\]]|[\"“”„«»‹›]", "", line)
    line = re.sub(r"(?<!\w)['‘’‚](?=\w)|(?<=\w)['‘’‚](?!\w)", "", line)
    line = re.sub(r"\s+", " ", line).strip(_QUOTES + _ENDS)
    # A spreadsheet takes what begins with "=", "+", "-" or "@" for a formula.
    line = re.sub(r"^[^\w]+|^_+", "", line)
    return line[:1].upper() + line[1:]


def faults(note: str, text: Cut, language: Language | None) -> list[str]:
    """What is wrong with a note for this text, in words for who is asked again; nothing when it is good."""
    found = []
    words = words_of(note)
    if not LEAST_WORDS <= len(words) <= MOST_WORDS or len(note) > MOST_CHARACTERS:
        found.append(f"it has {len(words)} words; {LEAST_WORDS} to {MOST_WORDS} are wanted")
    if note != tidy(note) or "\n" in note or re.search(r"[;|$\\=]", note):
        found.append("it has quotes, markup, a label or a sign at its end")
    if len({word.lower() for word in words}) < len(words) - 1:
        found.append("it says the same words again")
    strangers = _strangers(words, text, language)
    if strangers:
        found.append(f"these are not in the text: {', '.join(strangers)}")
    if set(lower_words(note)) & text.names - set(lower_words(text.text)):
        found.append("it names a person")
    if _is_courtesy(note):
        found.append("it is a salutation, a thank-you or another phrase, not what was done")
    if is_foreign(note, text, language):
        found.append("it is not in the language of the text")
    elif not strangers and not _has_ground(words, text):
        found.append("it has nothing to do with the text")
    return found


def _strangers(words: Sequence[str], text: Cut, language: Language | None) -> list[str]:
    """Numbers, names, deeds and denials that the text does not have.

    Words of the trade and of grammar are none, nor are relatives of the text's words; any other word is one, with a
    capital or without: "for microsoft" invents as much as "for Microsoft".
    """
    known = set(lower_words(text.text))
    stems = {stem(word) for word in known}
    if language is not None:
        # What the rules themselves make of the text: "zurückzusetzen" is "zurücksetzen" in a note.
        made = text.text
        for found_as, by in language.replaced:
            made = found_as.sub(by, made)
        known.update(lower_words(made))
    source = text.text.lower()
    numbers = set(_NUMBER.findall(text.text))
    allowed = language.common | language.works | language.spared | language.joints if language else _ANYWHERE
    told = language.deeds | language.negations | language.numbers if language else frozenset[str]()
    found = []
    for word in words:
        bare = word.strip(_QUOTES + _ENDS + "()")
        if any(char.isdigit() for char in bare):
            if set(_NUMBER.findall(bare)) - numbers or not (bare[0].isdigit() or bare.lower() in source):
                found.append(bare)
            continue
        for part in lower_words(bare):
            if part in known or (len(part) < 2 and part not in told):
                continue
            denies = language is not None and part in language.negations
            if denies and language and language.negations & known:
                continue
            related = stem(part) in stems or _is_compound(part, known)
            if not related if part in told and not denies else denies or not (related or part in allowed):
                found.append(bare)
    return found


_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")


def _is_compound(word: str, known: set[str]) -> bool:
    """German and Dutch write words together: "Rechnungslayout" is of "Rechnung" and "Layout"."""
    return len(word) > 4 and any(len(other) > 4 and (other in word or word in other) for other in known)


def stem(word: str) -> str:
    """What a word shares with its relatives: its first letters, without accents."""
    bare = "".join(char for char in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(char))
    return bare[: max(4, len(bare) - 3)]


def _is_courtesy(note: str) -> bool:
    for language in LANGUAGES:
        greeting = language.greets.match(note)
        if greeting and (greeting.end() == len(note) or note[greeting.end()] in ",!"):
            return True
        farewell = language.closes.match(note)
        if farewell and farewell.end() == len(note):
            return True
        if language.says_nothing.search(note):
            return True
    return False


def is_foreign(note: str, text: Cut, language: Language | None) -> bool:
    """Whether a note is in another language than its text. Eight words are few: what the text itself has speaks for it,
    and so do the language's own words of the trade; another language's words that it does not have speak against."""
    if _scripts(note) - _scripts(text.text):
        return True
    if language is None:
        return False
    known = set(lower_words(text.text))
    found = [word for word in lower_words(note) if word not in known]

    def score(one: Language) -> float:
        return sum(1 for word in found if word in one.common or word in one.works)

    own = score(language)
    return any(score(other) > own for other in LANGUAGES if other is not language)


def _scripts(text: str) -> set[str]:
    found: set[str] = set()
    for char in set(text):
        if char.isalpha():
            name = unicodedata.name(char, "")
            found.update(script for script in _SCRIPTS if name.startswith(script))
    return found


def _has_ground(words: Iterable[str], text: Cut) -> bool:
    """Whether a note has a word of some weight in common with its text."""
    known = set(lower_words(text.text))
    stems = {stem(word) for word in known if len(word) > 2}
    common = {word for language in LANGUAGES for word in language.common}
    for word in words:
        for part in lower_words(word):
            if part not in common and len(part) > 1 and (part in known or stem(part) in stems):
                return True
            if len(part) > 6 and any(len(other) > 4 and other in part for other in known - common):
                return True
    return False


def shorten(words: Sequence[str], language: Language | None, ending: int = 0) -> list[str]:
    """At most eight of these words, ending where a thought does. The last ``ending`` of them stay."""
    head = list(words[: len(words) - ending])
    tail = list(words[len(words) - ending :])
    room = MOST_WORDS - _count(tail)
    cut = _count(head) > room
    if language is not None:
        while _count(head) > room and (spared := _first(head, language.spared)):
            head.pop(spared)
        if _count(head) > room:
            head = head[: _joint(head, room, language)]
    while _count(head) > room:
        head.pop()
    return [*(without_loose_end(head, language) if cut else head), *tail]


def _first(words: Sequence[str], among: frozenset[str]) -> int:
    """The place of the first of them behind the beginning; 0 where there is none."""
    return next((place for place, word in enumerate(words) if place and word.lower() in among), 0)


def _joint(words: Sequence[str], room: int, language: Language) -> int:
    """Where to end: before what is only added, else before the last preposition that leaves no more than ``room``."""
    places = [
        place
        for place, word in enumerate(words)
        if place >= 2
        and word.lower() in language.joints
        and not words[place - 1].isdigit()
        and _count(words[:place]) <= room
    ]
    added = [place for place in places if place >= 3 and words[place].lower() in language.adds]
    return (added or places or [len(words)])[-1]


def without_loose_end(words: Sequence[str], language: Language | None) -> list[str]:
    """The words without common ones at the end, which lead nowhere."""
    kept = list(words)
    loose = language.common | language.joints | language.spared if language else frozenset()
    while kept and (kept[-1].lower().strip(_ENDS) in loose or not any(char.isalnum() for char in kept[-1])):
        kept.pop()
    return kept


def _count(words: Iterable[str]) -> int:
    return sum(any(char.isalnum() for char in word) for word in words)
