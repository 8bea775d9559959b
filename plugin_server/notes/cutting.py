"""What of a reply is worth a note, and may leave this server: pure decisions, no I/O.

Everything else is cut first: what was quoted, salutations, farewells and signatures, addresses of every kind, telephone
numbers, long digit runs, secrets, program output, and sentences that speak to a language model instead of a customer.
A hole inside a sentence is marked with an ellipsis.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from plugin_server.notes.languages import LANGUAGES
from plugin_server.notes.languages.base import words

MAXIMUM_TEXT = 12_000
"""Characters looked at. What was done stands in the first page of a reply."""

HOLE = "…"

_ANY = re.IGNORECASE
_WROTE = re.compile(
    r"^\W*(?:(?:on|am|le|el|op|il|em|no dia)\b.{4,160}?\b(?:wrote|schrieb|a écrit|escribió|schreef|ha scritto"
    r"|escreveu)\b.{0,120}:?\s*$"
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

_PASSWORDS = (
    r"(?:pass ?word|pass ?phrase|passcode|passwort|kennwort|zugangsdaten|mot de passe|contraseña|clave|wachtwoord"
    r"|senha|palavra-passe"
    r"|(?:api[- ]?|access[- ]?|secret[- ]?)?(?:token|key|secret)|credentials?|pin(?:[- ]?code)?|tan|otp|puk"
    r"|schlüssel|codice|código|code)"
)
_SECRETS = re.compile(
    rf"-----BEGIN .*?(?:-----END [A-Z ]+-----|\Z)|\b{_PASSWORDS}[^\S\n]*(?:[:=]|=>)\s*\S+"
    rf"|\b(?P<named>{_PASSWORDS}[^\S\n]+(?:(?:is|ist|lautet|est|es|è|é|luidt)[^\S\n]+(?:now|jetzt|nun|nu|ora|agora"
    rf"|ahora)?\s*))"
    r"[\"'«„“‘]?(?=\S*[\dA-ZÀ-Þ!$%&#@_+])\S{4,}"
    r"|\b(?:sk|pk|rk|ghp|gho|glpat|xox[abp]|AKIA|ASIA|eyJ)[-_A-Za-z0-9.]{10,}"
    r"|(?<![\w-])(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[a-z])(?=[^\s]{0,60}[A-Z])[A-Za-z0-9_+/=-]{14,}(?![\w-])"
    r"|\b[0-9a-fA-F]{16,}\b",
    _ANY | re.DOTALL,
)
_KEYED = re.compile(r"\b[A-Za-z0-9_+/=-]{14,}\b")
_ADDRESSES = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,15}://\S+|\bwww\.\S+|\b(?:mailto|tel):\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|de|at|ch|fr|es|nl|be|it|pt|br|eu|co|uk|example|test|local"
    r"|internal)(?:/\S*)?\b"
    r"|\b(?:\d{1,3}\.){3}\d{1,3}\b|\\\\[\w.$-]+\\\S+",
    _ANY,
)
_STREETS = re.compile(
    r"\b[A-ZÄÖÜ][\wäöüß.-]*(?:straße|strasse|str\.|gasse|allee|platz|weg|ring|laan|straat|plein"
    r"|kade)\s+\d+\s?[a-z]?\b(?:,?\s+(?:[A-Z]{1,2}-)?\d{4,5}(?:\s?[A-Z]{2})?\s+[A-ZÄÖÜ][\wäöüß-]+)?"
    r"|\b\d{1,5}[a-z]?,?\s+(?:rue|avenue|boulevard|impasse|place|chemin"
    r"|allée)\s+[^,.\n]{2,40}(?:,\s*\d{5}\s+[A-ZÀ-Þ][\w-]+)?"
    r"|\b\d{1,5}\s+(?:[A-Z][\w.]+\s+){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court"
    r"|Way)\b\.?(?:,\s*[A-Z][\w ]{2,20}(?:,?\s+[A-Z0-9]{2,4} ?[A-Z0-9]{3,5})?)?"
    r"|\b(?:[Cc]alle|[Cc]/|[Vv]ia|[Vv]iale|[Pp]iazza|[Rr]ua|[Aa]venida|[Aa]vda\.?|[Pp]laza"
    r"|[Pp]raça)\s+(?:[A-ZÀ-Þ][\w.]*\s?|de\s|del\s|da\s"
    r"|dos\s){1,4},?\s*(?:n\.?[ºo°]?\s*)?\d{1,5}(?:,\s*\d{4,5}(?:-\d{3})?\s+[A-ZÀ-Þ][\w-]+)?"
)
_NUMBERS = re.compile(
    r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){3,7}(?:\s?[A-Z0-9]{1,3})?\b|(?:\+|\b00|\()?\d[\d\s()/.-]{5,}\d\b"
    r"|\b\w{0,40}?\d{5,}\w{0,40}"
)
_DAY = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")
_PERSON = re.compile(
    r"\b(?:M(?=\.)|Mr|Mrs|Ms|Dr|Prof|Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Srta|Señora?|Don|Doña|Dhr|Mevr"
    r"|Mevrouw|Meneer|Sig|Sig\.ra|Signora?|Dott|Dottor|Senhora?)"
    r"\.?\s+(?:(?:Dr|Prof|van|von|de|der|den|da|dos|di)\.?\s+)*[A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][a-zß-ÿ'’-]+)?"
)
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
_ABBREVIATED = (
    "z",
    "B",
    "d",
    "h",
    "e.g",
    "i.e",
    "Nr",
    "ca",
    "bzw",
    "vs",
    "p",
    "ex",
    "no",
    "Mr",
    "Dr",
    "bijv",
    "Sr",
    "Sra",
)
_SENTENCE = re.compile(
    r"(?<=[.!?:。！？])(?<![^\d]\d\.)(?<![^\d]\d\d\.)"
    + "".join(rf"(?<!\b{re.escape(short)}\.)" for short in _ABBREVIATED)
    + r"(?:\s+(?=[\"“„«¿¡(]?[^\W_a-zß-ÿ])|(?<=[^\W\d_]{3}[.!?])\s+|(?<=[。！？]))"
)
_TYPED_SMALL = re.compile(r" ([a-zà-þ][\w'’-]*(?: [a-zà-þ][\w'’-]*)?)(?=\s*(?:[,!:]|$))")
_LONGEST_WORD, _LONGEST_SENTENCE, _MOST_SENTENCES = 80, 400, 60
_NO_NAMES = words(
    "sir madam all team everyone everybody there again both support service help desk damen herren "
    "zusammen alle kunde kundin madame monsieur tous toutes équipe señor señora señores todos equipo "
    "cliente heer mevrouw allemaal collega iedereen signori tutti gentile senhor senhora equipe equipa "
    "customer kundenservice hotline info office technik vertrieb frau herr herrn familie mr mrs ms dr and "
    "und et y en e or"
)
"""What salutations and signatures have beside names."""


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
    names = _names(agent)
    kept: list[str] = []
    # Before anything is taken apart: a secret may stand on the line below the word that announces it.
    lines = list(_above_quotes(_SECRETS.sub(_secret, text)))
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line):
            break
        said, called = (line, set[str]()) if kept else _without_salutation(line)
        names |= called
        if not said:
            continue
        found, ends = _sentences(said, started=bool(kept))
        kept += found
        if ends is not None:
            names |= _signed(ends) | _signed(lines[number + 1] if number + 1 < len(lines) else "")
            break
    sentences = (_anonymous(sentence[:_LONGEST_SENTENCE], names) for sentence in kept[:_MOST_SENTENCES])
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
    text = re.sub(r"[*_`~]{1,3}(?=\S)|(?<=\S)[*`~]{1,3}|^#{1,6} ", "", text, flags=re.MULTILINE)
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


def _without_salutation(line: str) -> tuple[str, set[str]]:
    """A line without the salutation that it begins with, and who was called in it."""
    for language in LANGUAGES:
        found = language.greets.match(line)
        if not found:
            continue
        called, rest = found.group(), line[found.end() :]
        typed = _TYPED_SMALL.match(rest)
        if typed and not set(typed.group(1).lower().split()) & (language.common | language.works):
            called, rest = f"{called} {typed.group(1).title()}", rest[typed.end(1) :]
        # A salutation is followed by a sign or by nothing; "Hello world page fixed" is none.
        if not rest or rest[0] in ",!.;:–-—" or rest.startswith(" -"):
            return rest.lstrip(" ,!.;:–-—"), _names(re.sub(r"^\S+", "", called))
    return line, set()


def _names(text: str) -> set[str]:
    return {
        word.lower()
        for word in re.findall(r"[^\W\d_][\w'’-]+", text)
        if word[0].isupper() and word.lower() not in _NO_NAMES
    }


def _signed(line: str) -> set[str]:
    """Who signed, where the line below a farewell is nothing but a name."""
    parts = line.strip(" ,.").split()
    return _names(line) if 1 <= len(parts) <= 3 and all(part[0].isupper() for part in parts) else set()


def _sentences(line: str, *, started: bool) -> tuple[list[str], str | None]:
    """The sentences of a line that a customer is told; and what follows the farewell on it, where one is."""
    found: list[str] = []
    if _CODE.match(line):
        return found, None
    for sentence in _SENTENCE.split(line):
        if _TO_A_MODEL.search(sentence):
            return found, None  # and so does what follows on the line
        farewell = _farewell(sentence) if started or found else None
        if farewell is not None:
            return found, farewell
        found.append(sentence)
    return found, None


def _farewell(sentence: str) -> str | None:
    """What follows the words of a farewell, which is nothing, a sign, or who signed; ``None`` where it is none."""
    for language in LANGUAGES:
        found = language.closes.match(sentence)
        rest = sentence[found.end() :] if found else "?"
        parts = rest.strip(" ,.!–-").split()
        if (
            (not parts or rest[0] in " ,.!–-")
            and len(parts) <= 3
            and all(part[0].isupper() for part in parts)
            and rest != "?"
        ):
            return rest
    return None


def _anonymous(sentence: str, names: set[str]) -> str:
    sentence = _ADDRESSES.sub(HOLE, sentence)
    sentence = _STREETS.sub(HOLE, sentence)
    sentence = _NUMBERS.sub(lambda found: found.group() if _is_harmless(found.group()) else HOLE, sentence)
    sentence = _PERSON.sub(HOLE, sentence)
    if names:
        sentence = re.sub(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b(?:['’]s)?", HOLE, sentence, flags=_ANY)
    return re.sub(rf"(?:\s*{HOLE}[\s,]*)+", f" {HOLE} ", sentence).strip(" ,")


def _secret(found: re.Match[str]) -> str:
    whole = found.group()
    if found.groupdict().get("named"):
        value = whole[len(found.group("named")) :].strip("\"'«„“‘.,")
        plain_word = value.isalpha() and (value.islower() or not value[1:].islower())
        return (
            whole
            if (value.isalpha() and value.islower()) or (plain_word and value.islower())
            else found.group("named") + HOLE
        )
    if _KEYED.fullmatch(whole) and not (any(c.isdigit() for c in whole) and any(c.isalpha() for c in whole)):
        return whole
    return HOLE


def _is_harmless(run: str) -> bool:
    """Dates, years, versions and times say nothing about a person."""
    digits = sum(char.isdigit() for char in run)
    return digits < 5 or bool(_DAY.fullmatch(run.strip())) or (digits < 7 and not re.search(r"\d{5}", run))


def _has_words(sentence: str) -> bool:
    return bool(re.search(r"[^\W\d_]{2,}", sentence))
