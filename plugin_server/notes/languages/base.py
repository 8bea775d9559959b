"""What the rules know of a language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Phrasing:
    """How a sentence that says what was done becomes a note.

    ``found`` has the groups that ``note`` names: ``v`` the verb, ``s`` what it was done to when that comes first, ``x``
    what follows. ``weight`` is how much such a sentence says about the work. ``ending`` words of the note's end are
    what it is about and stay when it is shortened (in German and Dutch the verb is there); with ``final`` the clause
    itself ends with its verb, and anything behind that is another clause. Only a phrasing that ``asks`` may make a note
    of a question.
    """

    weight: float
    found: re.Pattern[str]
    note: str
    ending: int = 0
    final: bool = False
    asks: bool = False


@dataclass(frozen=True)
class Language:
    """One language.

    ``common`` are words that tell the language and that no note ends with; ``left_out`` are left out of every note,
    ``spared`` only when it is too long. ``breaks`` begin another clause; before ``joints`` a note may end, best before
    those that only add (``adds``, such as "and"). ``works`` are words of helpdesk work that a note may use though the
    text does not. ``greets`` begins a salutation, ``closes`` a farewell; a sentence with ``says_nothing`` tells nothing
    of the work. ``states`` are what a password may be, of which one speaks without telling it; ``negations`` turn a
    sentence into its opposite; ``numbers`` are those that are written as words. ``deeds`` are words of ``works`` and
    others that tell one deed, which a note has only from its text. ``asked`` is the note of a question about ``{x}``,
    which follows one of the ``determiners``; ``unreal`` finds what is no work: conditions, and what somebody else is
    said to have written; ``fillers`` lead up to what is said.
    ``participle`` is a verb's form at the end of a clause, in the languages that put it there; what
    ``replaced`` finds in a note is put right last.
    """

    code: str
    common: frozenset[str]
    works: frozenset[str]
    left_out: frozenset[str]
    spared: frozenset[str]
    joints: frozenset[str]
    adds: frozenset[str]
    breaks: re.Pattern[str]
    greets: re.Pattern[str]
    closes: re.Pattern[str]
    says_nothing: re.Pattern[str]
    phrasings: Sequence[Phrasing]
    states: frozenset[str]
    negations: frozenset[str]
    numbers: frozenset[str]
    deeds: frozenset[str]
    determiners: frozenset[str]
    asked: str
    unreal: re.Pattern[str]
    fillers: re.Pattern[str]
    participle: re.Pattern[str] | None = None
    replaced: Sequence[tuple[re.Pattern[str], str]] = field(default=())


def words(text: str) -> frozenset[str]:
    """Words that stand one after the other."""
    return frozenset(text.split())


def pattern(text: str) -> re.Pattern[str]:
    """A pattern that asks for no capitals."""
    return re.compile(text, re.IGNORECASE)


def whole(text: str) -> re.Pattern[str]:
    """A pattern that ends where a word does."""
    return re.compile(rf"(?:{text})(?!\w)", re.IGNORECASE)


def phrasing(weight: float, found: str, note: str, ending: int = 0, *, final: bool = False) -> Phrasing:
    return Phrasing(weight, pattern(found), note, ending, final)


def asking(weight: float, found: str, note: str, ending: int = 0) -> Phrasing:
    """A phrasing that asks for something."""
    return Phrasing(weight, pattern(found), note, ending, asks=True)
