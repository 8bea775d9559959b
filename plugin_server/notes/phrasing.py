"""The sentence that says what was done, as a note: pure decisions, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from plugin_server.notes import rules
from plugin_server.notes.cutting import HOLE, Cut
from plugin_server.notes.languages import Language, lower_words
from plugin_server.notes.languages.base import Phrasing

_EDGES = " ,;:.!?…–—-()\"“”„«»'’‘"
_VAGUE = re.compile(
    r"(?:it|them|everything|this|that|es|das|dies|alles|sie|ihn|cela|ça|tout|lo|esto|eso|todo|het|dit|dat|alles"
    r"|ciò|questo|tutto|isso|isto"
    r"|tudo|all|us|me|you|ihn|ihm|hem|haar|uns|mir|ons|mij)(?: (?:\w+|(?:for|this|für|pour|para|voor|per) \w+))?",
    re.IGNORECASE,
)
"""An object that says nothing by itself."""

_PRONOUN = re.compile(r"(?:it|them|everything|es|ihn|sie|hem|haar|alles|cela|ça|todo|tutto|tudo)\b", re.IGNORECASE)


_OBJECT = re.compile(r"(?:ihn|sie|es|hem|haar|het) (?:(?:wieder|weer|nun|nu|gleich) )*(?=\w+)", re.IGNORECASE)
"""What a clause is about where its verb stands last, and what was named before."""

_NOTHING_ITSELF = re.compile(
    rf"(?:{_VAGUE.pattern}|.*\b(?:cause|reason|ursache|grund|raison|causa|motivo|oorzaak|reden|motivo)\b.*)$",
    re.IGNORECASE,
)

_WEAK = re.compile(
    r"(?:looked|spoke|spoken|talked|discussed|checked|reviewed|investigated|forwarded|tested|noted|asked|called)\b"
    r"|.*\b(?:angesehen|angeschaut|besprochen"
    r"|geprüft|weitergeleitet|bekeken|besproken|gecontroleerd|doorgestuurd)$|(?:regardé|vérifié|discuté|transmis"
    r"|revisado|hablado|comprobado"
    r"|controllato|verificato|parlato|verifiquei|verificamos|falei|revisé|hablé)\b",
    re.IGNORECASE,
)
"""Looking and talking come before the work; a sentence that tells the work itself says more."""

_STATED = re.compile(
    r"(?P<s>[^,;:.]+?) (?:is|was|were|are|has|had|war|waren|ist|sind|hatte|était|étaient|est|avait|estaba|estaban"
    r"|está|había|era|erano|è|sono"
    r"|estava|estavam|tinha|zijn|stond|stonden|hing|hingen|expired|failed|crashed|stopped|broke|hung)\b",
    re.IGNORECASE,
)


_OF_WORK = 4.9
"""The weight of phrasings in which somebody says what they did; "it" is told by what was said before."""

_OF_A_QUESTION = 2.4
"""The weight of what a question is about; what it asks for by name says more."""

_MOST_ASKED = 3
"""Words of what a question is about."""

_MOST_SUBJECT = 7
"""Words of a sentence's subject; a longer one is several clauses."""


_SPEAKER = re.compile(
    r"(?:i|we|you|it|they|ich|wir|sie|es|du|je|j['’]|nous|vous|il|elle|on|ik|we|wij|u|het|yo|usted|nosotros|io|noi"
    r"|lei|eu|nós|você)(?:['’]\w+)?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Candidate:
    """A note that could be made. ``weight`` is how much it says about the work, ``place`` its sentence's number."""

    weight: float
    place: int
    note: str


def candidates(text: Cut, language: Language) -> list[Candidate]:
    """Every good note that a sentence makes, the best first; of equal ones the earlier."""
    found = []
    before = ""
    for place, sentence in enumerate(text.sentences):
        if not language.says_nothing.search(sentence):
            for weight, note in _notes(_without_holes(sentence, language), before, language):
                if not rules.faults(note, text, language):
                    found.append(Candidate(weight - (1.7 if _WEAK.match(note) else 0), place, note))
        before = sentence
    return sorted(found, key=lambda one: (-one.weight, one.place))


def is_question(sentence: str) -> bool:
    """Whether a sentence asks; what it asks for is no work done."""
    return "?" in sentence or sentence.startswith("¿")


def shortened(answer: str, language: Language | None) -> str:
    """A note that has too many words, cut to eight where it may end."""
    words = answer.split()
    if language is not None:
        words = [word for word in words if word.lower() not in language.left_out] or words
    return rules.tidy(" ".join(rules.shorten(words, language)))


def _without_holes(sentence: str, language: Language) -> str:
    """The sentence without what was cut, and without the preposition that led there."""
    kept: list[str] = []
    for word in sentence.split():
        if word.strip(",.;:") != HOLE:
            kept.append(word)
            continue
        while kept and kept[-1].lower() in (language.joints | language.determiners | language.spared) - language.adds:
            kept.pop()
    return " ".join(kept)


def _notes(sentence: str, before: str, language: Language) -> Iterator[tuple[float, str]]:
    """Notes of a sentence with their weight; ``before`` is the sentence before it, which may tell what "it" is."""
    asks = is_question(sentence)
    told = "" if asks else _plainly(sentence, language).strip(" ,")
    if asks:
        about = _asked_about(sentence, language)
        if about:
            yield _OF_A_QUESTION, rules.tidy(about)
    sentence = sentence.strip().rstrip(".!")
    for one in language.phrasings:
        read = sentence if asks or one.asks else told.rstrip(".!")
        if asks and not one.asks:
            continue
        for found in one.found.finditer(read):
            note = _made(
                one, found, f"{language.fillers.sub('', before).rstrip('.!')}, {read[: found.start()]}", language
            )
            if note and not _says_the_opposite(note, found, language) and not (one.asks and _tells(note, language)):
                yield one.weight + _fullness(note), note
                break
    sentence = told.rstrip(".!")
    if not sentence:
        return
    plain = _clause(sentence, language)
    words = _telegraphic(plain, language)
    if len(words) >= 3:
        ends_told = bool(language.participle and language.participle.fullmatch(words[-1]))
        weight = 0.2 if _SPEAKER.match(plain) else 3.5 if ends_told else 1
        yield (
            weight + _fullness(" ".join(words)),
            rules.tidy(" ".join(rules.shorten(words, language, 1 if ends_told else 0))),
        )


def _says_the_opposite(note: str, found: re.Match[str], language: Language) -> bool:
    """Whether the clause denies what the note says: "no he borrado la cuenta" is no "borrado la cuenta"."""
    end = (
        found.end("v")
        if found.groupdict().get("v")
        else found.start("x")
        if found.groupdict().get("x")
        else found.end()
    )
    clause = re.split(r"[,;:]\s", found.string[:end])[-1]
    denied = language.negations.intersection(lower_words(clause))
    return bool(denied) and not language.negations.intersection(lower_words(note))


def _tells(note: str, language: Language) -> bool:
    """Whether a request quotes what somebody did: "could you confirm that we have restored it"."""
    return any(one.weight >= _OF_WORK and one.found.search(note) for one in language.phrasings)


def _asked_about(sentence: str, language: Language) -> str | None:
    """What a question is about: what follows its first article, up to where that ends."""
    words = re.split(r"[\s'’]+", sentence)
    for number, word in enumerate(words):
        if word.strip(_EDGES).lower() not in language.determiners:
            continue
        taken: list[str] = []
        for following in words[number + 1 :]:
            bare = following.strip(_EDGES)
            if not bare or bare.lower() in language.common or bare.lower() in language.joints:
                break
            if language.participle is not None and taken and language.participle.fullmatch(bare):
                break
            taken.append(bare)
            ends = language.code != "en" and (language.code != "de" or bare[0].isupper())
            if ends or following[-1] in ",.;:?!" or len(taken) == _MOST_ASKED:
                break
        if taken and all(char.isalnum() or char == "-" for char in "".join(taken)):
            return language.asked.format(x=" ".join(taken))
    return None


def _plainly(sentence: str, language: Language) -> str:
    """The sentence without conditions, reported speech and the phrases that lead up to what is said."""
    return language.unreal.sub("", language.fillers.sub("", sentence))


def _fullness(note: str) -> float:
    """A note of four words says more than one of two; of two alike, the fuller one is the better."""
    return min(len(rules.words_of(note)), 5) * 0.12


def _made(one: Phrasing, found: re.Match[str], before: str, language: Language) -> str | None:
    groups = {name: value for name, value in found.groupdict().items() if value}
    rest = groups.get("x", "")
    subject = groups.get("s", "")
    if len(subject.split()) > _MOST_SUBJECT:
        return None
    if one.final:
        clause = _verb_final(rest, language)
        if clause is None:
            return None
        rest = clause
        rest = _OBJECT.sub("", rest)
        if "{s}" not in one.note and len(rest.split()) < 3:
            named = subject if subject and len(rest.split()) > 0 and _names_something(subject, language) else ""
            bare = len(rest.split()) == 1 or rest != clause
            rest = f"{named or (_antecedent(before, language) if bare else '')} {rest}".strip()
    elif rest or one.weight >= _OF_WORK:
        rest = _clause(rest, language)
        if not rest or (one.weight >= _OF_WORK and _says_nothing(rest, language)):
            rest = _antecedent(before, language)
    if "x" in one.found.groupindex and not rest:
        return None
    if _VAGUE.fullmatch(rest) or _PRONOUN.match(rest):
        return None
    verb = groups.get("v", "")
    text = one.note.format(v=verb[:1].lower() + verb[1:], s=_subject(subject, language), x=rest)
    for pattern, by in language.replaced:
        text = pattern.sub(by, text)
    words = _telegraphic(text, language)
    ending = min(one.ending, max(len(words) - 1, 0))
    if not ending:
        words = rules.without_loose_end(words, language)
    return rules.tidy(" ".join(rules.shorten(words, language, ending)))


def _says_nothing(rest: str, language: Language) -> bool:
    """Whether what follows a verb names nothing that was worked on."""
    return bool(_PRONOUN.match(rest) or _VAGUE.fullmatch(rest)) or rest.split()[0].lower() in language.adds


def _names_something(subject: str, language: Language) -> bool:
    """Whether words before a verb are what it is about, and no adverb."""
    first = subject.split()[0].lower()
    return first in language.common and first not in (
        "wie",
        "zoals",
        "als",
        "wenn",
        "nach",
        "zu",
        "im",
        "am",
        "in",
        "op",
        "na",
    )


def _antecedent(before: str, language: Language) -> str:
    """What "it" is: what the last statement before was about; empty where none was."""
    found = list(_STATED.finditer(before))
    subject = _subject(found[-1].group("s"), language) if found else ""
    return subject if 0 < len(subject.split()) <= 5 and not _NOTHING_ITSELF.match(subject) else ""


def _subject(subject: str, language: Language) -> str:
    words = re.split(r"[,;:]\s| [-–—] ", subject)[-1].strip().split()
    while words and (words[0].lower() in language.spared or words[0].lower() in language.common):
        words.pop(0)
    return " ".join(words)


def _verb_final(rest: str, language: Language) -> str | None:
    """The clause up to its verb, which stands at its end; ``None`` where none does."""
    assert language.participle is not None
    taken: list[str] = []
    words = re.split(rf"(?<!\b[A-Z]):|[;()…–—!?]|{HOLE}", rest)[0].split()
    for number, word in enumerate(words):
        bare = word.strip(_EDGES)
        taken.append(bare)
        following = words[number + 1].strip(_EDGES).lower() if number + 1 < len(words) else ""
        ends = (
            not following
            or word[-1] in ",."
            or following in language.joints
            or following in ("en", "und", "werden", "worden")
        )
        if bare and ends and language.participle.fullmatch(bare):
            return " ".join(taken)
    return None


def _clause(text: str, language: Language) -> str:
    """The text up to where another clause begins."""
    text = text.strip(_EDGES)
    for found in language.breaks.finditer(text):
        if found.group() in ":," and text[found.end() : found.end() + 1].isdigit():
            continue  # "22:00" is one word
        if len(text[: found.start()].split()) >= 2:
            return text[: found.start()].strip(_EDGES)
    return text


def _telegraphic(text: str, language: Language) -> list[str]:
    """The words without those that a note leaves out; the article at its beginning goes as well."""
    words = [word.strip('"“”„«»,;!?()' + HOLE) for word in text.split()]
    words = [word for word in words if any(map(str.isalnum, word)) and word.lower() not in language.left_out]
    while len(words) > 2 and words[0].lower() in language.spared:
        words.pop(0)
    return words
