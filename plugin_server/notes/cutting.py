"""What of a reply is worth a note, and may leave this server: pure decisions, no I/O.

Everything else is cut first: what was quoted, salutations, farewells and signatures, addresses of every kind, telephone
numbers, long digit runs, secrets, program output, and sentences that speak to a language model instead of a customer.
A hole inside a sentence is marked with an ellipsis.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plugin_server.notes import credentials, personal
from plugin_server.notes.languages import LANGUAGES, lower_words
from plugin_server.notes.languages.base import words

MAXIMUM_TEXT = 12_000
"""Characters looked at. What was done stands in the first page of a reply."""

HOLE = "…"

_ANY = re.IGNORECASE
_WROTE = re.compile(
    r"^\W*(?:(?:on|am|le|el|op|il|em|no dia)\b.{4,160}?\b(?:wrote|schrieb|a écrit|escribió|schreef|ha scritto"
    r"|escreveu)\b.{0,120}:?\s*$"
    r"|(?!(?:i|we|ich|wir|je?|nous|yo|ik|wij|io|noi|eu|nós)\b)(?:\S+ ){1,6}(?:wrote|schrieb|a écrit|escribió|schreef"
    r"|ha scritto|escreveu)\b[^!?]{0,120}:\s*$"
    r"|\d{4}-\d\d-\d\d,? \d\d:\d\d\b.*:\s*$"
    r"|(?:begin|start of|anfang der|début du|inicio del|begin|inizio|início da) .{0,40}(?:forwarded"
    r"|weitergeleitet|transféré"
    r"|réexpédié|reenviado|doorgestuurd|inoltrato|encaminhada|reencaminhada)\w*.{0,20}:\s*$"
    r"|-{2,}\s*(?:original|ursprüngliche|message d['’]origine|mensaje original|oorspronkelijk|messaggio originale"
    r"|mensagem original|forwarded|weitergeleitete)"
    r"|_{10,}\s*$)",
    _ANY,
)
_HEADER = re.compile(
    r"^\W*(?:from|von|de|van|da|sent|gesendet|envoyé|enviado|verzonden|inviato|to|an|à|para|aan|a|subject|betreff"
    r"|objet|asunto"
    r"|onderwerp|oggetto|assunto|date|datum|fecha|data)\s?:\s+\S",
    _ANY,
)
_SIGNATURE = re.compile(r"^\s*--\s*$")
_CODE = re.compile(
    r"^\s*(?:at [\w.$<>]+\(.*\)|File \".*\", line \d+.*|Traceback \(most.*|\.\.\. \d+ more|Caused by: .*"
    r"|[\w.]+(?:Exception|Error): .*"
    r"|\$ .*|#!.*|(?:\$?\w+\s*=\s*)?(?:SELECT|INSERT|UPDATE|DELETE|import|def|class|function|const|var|let|sudo"
    r"|curl|npm|pip|git)\b.*[;{}()=<>/-].*"
    r"|[{}\[\]();<>/*\s]+|\S*[{}]\S*.*;\s*|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)\s*$"
)
_TAGS = re.compile(
    r"<(script|style|system|assistant|instructions?|prompt|user)\b.*?</\1\s*>|<!--.*?-->|</?[a-zA-Z|!][^<>]{0,2000}>",
    _ANY | re.DOTALL,
)
_FENCE = re.compile(r"```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)", re.DOTALL)

_TO_A_MODEL = re.compile(
    r"\b(?:ignor\w*|disregard|forget|vergiss|vergessen sie|missachte\w*|oublie[zr]?|olvid\w+|negeer|vergeet"
    r"|dimentica\w*|esque[cç]\w*|desconsider\w*)\b"
    r".{0,60}\b(?:instruct\w*|prompts?|rules|anweisung\w*|regeln|consignes|règles|instrucciones|reglas|instructies"
    r"|regels|istruzioni|regole|instruções|regras|above|previous|everything)\b"
    r"|\b(?:system|developer|assistant|hidden|initial|secret) (?:prompt|message|instructions?)\b|\bsystemprompt\b"
    r"|\bsystem-?(?:nachricht|anweisung)\b"
    r"|^\W*(?:system|assistant|user|developer|human|ai|instruction)s?\s*[:>\]|]|\[/?(?:inst|system|sys)\]"
    r"|<\|.*?\|>|\byou are (?:now|a|an)\b.{0,60}\b(?:ai|model|assistant|bot|dan|pirate|mode|chatgpt|gpt"
    r"|jailbr\w+)\b"
    r"|\b(?:du bist|tu es|eres|jij bent|sei|você é)\b.{0,40}\b(?:jetzt|nun|maintenant|ahora|nu|ora|agora)\b.{0,60}"
    r"|\bas an? (?:ai|language model)\b|\bpretend (?:to be|you)\b|\brole-?play\b|\bact as\b"
    r"|\b(?:respond|reply|answer|output|say|print|write|repeat|return|antworte|schreibe|gib|réponds|écris|responde"
    r"|escribe|antwoord|rispondi|scrivi|responda|escreva)\b.{0,30}"
    r"(?:\b(?:only|exactly|nothing but|the (?:word|following|text|prompt)|your (?:prompt|instructions)|nur"
    r"|ausschließlich|uniquement|seulement|solo|únicamente|alleen|soltanto|apenas|somente)\b|[\"“„«'])"
    r"|\b(?:respond|reply|answer|output|say|print|write|antworte|schreibe|réponds|écris|responde|escribe|antwoord|schrijf|rispondi"
    r"|scrivi|responda|escreva)\b(?: \w+){0,3}:"
    r"|\b(?:the|this|your|harvest|time) note (?:must|should|shall|is|has to)\b|\bprompt injection\b|\bjailbreak\b"
    r"|\b(?:chatgpt|language model|sprachmodell)\b",
    _ANY,
)
_ABBREVIATED = words(
    "z B d h e.g i.e Nr No Art ca bzw vs p ex no bijv evtl ggf inkl approx incl etc Str St Av R P O Tel Abs Mr Mrs Ms"
    " Dr Prof Hr Hrn Fr M Mme Sr Sra Srta Dra D Dña Dhr Mevr Mw Sig Dott Ing Avv"
)
_SENTENCE = re.compile(
    r"(?<=[.!?:。！？])(?<!\b[A-Z]:)(?<![^\d]\d\.)(?<![^\d]\d\d\.)"
    + "".join(rf"(?<!\b{re.escape(short)}\.)" for short in sorted(_ABBREVIATED))
    + r"(?:\s+(?=[\"“„«¿¡(]?[^\W_a-zß-ÿ])|(?<=[^\W\d_]{3}[.!?])\s+|(?<=[。！？]))"
)
_NAMED = r"[A-ZÀ-Þ][\w'’.-]*(?: (?:(?:van|von|de|der|den|da|di|dos) )*[A-ZÀ-Þ][\w'’.-]*){0,3}"
_ONLY_NAMES = re.compile(rf"(?P<name>{_NAMED}(?: (?:and|und|et|y|en|e) {_NAMED})?)\s?[,!]$")
_CALLED = re.compile(rf",\s+(?P<name>{_NAMED})(?=\s?[,!:]|$)")
_BY = re.compile(rf"[/–—-]{{1,2}}\s?{_NAMED}(?:,.{{1,40}})?$")
_SIGNER = re.compile(rf"(?P<name>{_NAMED})(?:\s?[|,·–—].*)?$")
_TYPED_SMALL = re.compile(r" ([a-zà-þ][\w'’-]*(?: [a-zà-þ][\w'’-]*)?)(?=\s*(?:[,!:]|$))")
_THANKS = re.compile(r"than|thx|dan|merci|gracias|grazie|obrigad", _ANY)
"""Thanks may open a reply; regards only end one."""

_PARTICLES = frozenset(("van", "von", "de", "der", "den", "da", "di", "dos", "from", "aus", "of", "i.", "the", "and"))
_MOST_SIGNED = 6
_LONGEST_WORD, _LONGEST_SENTENCE, _MOST_SENTENCES = 80, 400, 60


@dataclass(frozen=True)
class Cut:
    """What is left of a reply: ``sentences`` in their order. ``names`` are those of the people it is between, in lower
    case, as far as salutation and signature tell."""

    sentences: tuple[str, ...]
    names: frozenset[str]

    @property
    def text(self) -> str:
        return "\n".join(self.sentences)


def cut(reply: str, agent: str = "") -> Cut:
    """What is left of ``reply``; ``agent`` is the name of who wrote it."""
    text = _plain(reply[: 4 * MAXIMUM_TEXT])[:MAXIMUM_TEXT]
    names = personal.names_in(agent)
    small: set[str] = set()
    kept: list[str] = []
    # Before anything is taken apart: a secret may stand on the line below the word that announces it.
    lines = list(_above_quotes(credentials.without_secrets(text)))
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line):
            break
        if kept and _signs_off(lines, number):
            names |= personal.names_in(line)
            break
        if kept:
            said = line
        else:
            said, called, typed = _without_salutation(line)
            names |= called
            small |= typed
        if not said:
            continue
        found, ends = _sentences(personal.PERSON.sub(HOLE, said), started=bool(kept))
        kept += found
        if ends is not None:
            names |= _signed(ends) | _signed(lines[number + 1] if number + 1 < len(lines) else "")
            break
    sentences = (personal.anonymous(sentence[:_LONGEST_SENTENCE], names, small) for sentence in kept[:_MOST_SENTENCES])
    return Cut(tuple(one for one in sentences if _has_words(one)), frozenset(names))


def _plain(text: str) -> str:
    """Text of words and line ends alone: nothing invisible, nothing that changes the direction, no markup."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " "))
    text = "".join(
        char for char in text if char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    text = re.sub(rf"\S{{{_LONGEST_WORD},}}", HOLE, text)
    text = _FENCE.sub("\n", text)
    text = re.sub(r"!?\[([^\]\n]{0,200})\]\([^)\n]{0,500}\)", r"\1", _TAGS.sub(" ", text))
    text = re.sub(r"(?m)^[ \t]*(?:[-*•–·]|\d{1,2}[.)])[ \t]+", "", text)
    text = re.sub(r"(?:[*`~]|(?<!\w)_){1,3}(?=\S)|(?<=\S)(?:[*`~]|_(?!\w)){1,3}|^#{1,6} ", "", text, flags=re.MULTILINE)
    return re.sub(r"[ \t]+", " ", text)


def _above_quotes(text: str) -> Iterator[str]:
    """The lines that were not quoted."""
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines):
        if _WROTE.match(line) or _WROTE.match(f"{line} {lines[number + 1]}" if number + 1 < len(lines) else ""):
            return
        if _HEADER.match(line) and any(_HEADER.match(other) for other in lines[number + 1 : number + 3]):
            return
        if line and not line.startswith((">", "|")):
            yield line


def _without_salutation(line: str) -> tuple[str, set[str], set[str]]:
    """A line without the salutation that it begins with, who was called in it, and who of them in small letters."""
    for language in LANGUAGES:
        found = language.greets.match(line)
        if not found:
            continue
        called, rest = found.group(), line[found.end() :]
        small: set[str] = set()
        typed = _TYPED_SMALL.match(rest)
        if typed and not set(typed.group(1).lower().split()) & (language.common | language.works):
            called, rest = f"{called} {typed.group(1).title()}", rest[typed.end(1) :]
            small = set(typed.group(1).split())
        behind = _CALLED.match(rest)
        if behind and not _is_ordinary(behind.group("name")):
            called, rest = f"{called} {behind.group('name')}", rest[behind.end() :]
        # A salutation is followed by a sign or by nothing; "Hello world page fixed" is none.
        if not rest or rest[0] in ",!.;:–-—" or rest.startswith(" -"):
            return rest.lstrip(" ,!.;:–-—"), personal.names_in(re.sub(r"^\S+", "", called)), small
    only = _ONLY_NAMES.match(line)
    if only and not _is_ordinary(only.group("name")):
        return "", personal.names_in(only.group("name")), set()
    return line, set(), set()


def _is_ordinary(text: str) -> bool:
    """Whether a name-like line has a word of the language or of the trade."""
    return any(
        word in language.common or word in language.works for word in lower_words(text) for language in LANGUAGES
    )


def _signed(line: str) -> set[str]:
    """Who signed, where the line below a farewell is nothing but a name."""
    parts = line.strip(" ,.").split()
    return personal.names_in(line) if 1 <= len(parts) <= 3 and all(part[0].isupper() for part in parts) else set()


def _signs_off(lines: Sequence[str], number: int) -> bool:
    """Whether a signature without a farewell begins with this line: a name below a whole sentence, and below it nothing
    but what signatures have."""
    line, before = lines[number], lines[number - 1]
    if _BY.match(line) and not _is_ordinary(line):
        return True
    named = _SIGNER.match(line)
    if named is None or _is_ordinary(named.group("name")) or before[-1:] not in ".!?…)":
        return False
    return all(len(other.split()) <= 7 and other[-1:] not in ".!?" for other in lines[number + 1 :])


def _sentences(line: str, *, started: bool) -> tuple[list[str], str | None]:
    """The sentences of a line that a customer is told; and what follows the farewell on it, where one is."""
    found: list[str] = []
    if _CODE.match(line):
        return found, None
    for sentence in _SENTENCE.split(line):
        if _TO_A_MODEL.search(sentence):
            return found, None  # and so does what follows on the line
        farewell = _farewell(sentence) if started or found or not _THANKS.search(sentence) else None
        if farewell is not None:
            return found, farewell
        found.append(sentence)
    return found, None


def _farewell(sentence: str) -> str | None:
    """What follows the words of a farewell, which is nothing, a sign, or who signed; ``None`` where it is none."""
    for language in LANGUAGES:
        found = language.closes.match(sentence)
        if not found:
            continue
        rest = sentence[found.end() :]
        parts = rest.strip(" ,.!–-").split()
        named = all(part[0].isupper() or part.lower() in _PARTICLES for part in parts)
        if (not parts or rest[0] in " ,.!–-") and len(parts) <= _MOST_SIGNED and named:
            return rest
    return None


def _has_words(sentence: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2,}", sentence))
