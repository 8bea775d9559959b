"""Passwords, keys and codes in a text: pure decisions, no I/O.

A secret is told by the word that announces it, not by its own look, for a password may look like any word. Behind such
a word everything with a digit or a sign goes, and whatever stands where the secret is said to be ("is …", ": …",
"(…)"), unless it is ordinary talk of passwords ("is expired", "was reset").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from plugin_server.notes.languages import LANGUAGES
from plugin_server.notes.languages.base import words

HOLE = "…"

_STRONG = re.compile(
    r"\w*(?:pass ?w(?:or[dt]s?|örter)|pass ?phrases?|passcodes?|kennw(?:ort|örter)|zugangsdaten|anmeldedaten"
    r"|wachtwoord(?:en)?|inloggegevens|mots? de passe|contraseñas?|palavras?-passe|credential\w*|credenzial[ei]"
    r"|credencia(?:l|is|les))(?:er|e?s)?\b"
    r"|\b(?:parola d['’]ordine|senhas?|pwd|pw|pins?|pin[- ]?codes?|puk|otp|tan)\b|\w+pass(?==|:)|\w+_pass\b",
    re.IGNORECASE,
)
"""Words that announce a secret and little else."""

_WEAK = re.compile(
    r"\b(?:\w*(?:schlüssel|sleutel|codes?|tokens?|secrets?|keys?)|claves?|chiav[ei]|codic[ei]|códigos?|clés?|chaves?"
    r"|bearer|basic|log-?ins?|users?|user(?:name| id)|benutzer(?:name)?|utilisateur|usuario|utente|utilizador"
    r"|gebruiker(?:snaam)?"
    r"|(?:log|sign)(?:ged|ging|ned)? (?:in|on) with|einloggen mit|anmelden mit|connecter avec|curl|mysql|ssh)\b",
    re.IGNORECASE,
)
"""Words that may announce a secret, and have other uses: "the key is to restart", "error code 500"."""

_LOOKS = re.compile(
    r"-----BEGIN .*?(?:-----END [A-Z ]+-----|\Z)"
    r"|\b(?:sk|pk|rk|whsec|ghp|gho|glpat|xox[abp]|AKIA|ASIA|eyJ)[-_A-Za-z0-9.]{8,}"
    r"|(?<![\w-])(?=[^\s]{0,60}\d)(?=[^\s]{0,60}[a-z])(?=[^\s]{0,60}[A-Z])[A-Za-z0-9_+/=-]{14,}(?![\w-])"
    r"|\b[0-9a-fA-F]{16,}\b"
    r"|\b[A-Z0-9]{4,8}(?:-[A-Z0-9]{4,8}){2,}\b|\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b",
    re.DOTALL,
)
_SIGNED = re.compile(r"[\d!$%&#@_+=*^~|\\<>{}\[\]]")
_MIXED = re.compile(r"(?=.*\d)(?=.*[^\W\d_])|[^\W\d][^\s\w'’./-]+\w|\w[@#$%&=:]\w")
_SAYS = re.compile(
    r"(?P<copula>\b(?:is|was|are|were|reads|ist|sind|war|waren|lautet|lauten|heißt|est|sont|était|es|son|era|será"
    r"|è|é|são|luidt|luiden|sera|sarà|would be|will be)\b:?)|(?P<sign>[:=]>?|=>|(?<=\s)[-–—|](?=\s)"
    r"|[(\"“„«‘|]|(?<=\s)')"
    r"|(?P<to>\b(?:to|auf|en|in|a|à|para|op|naar)\b)",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"\b(?:set|chang\w*|reset|updat\w*|\w*gesetzt|\w*geändert|défini\w*|mis|cambi\w*|establec\w*|impost\w*|reimpost\w*"
    r"|ingesteld|gewijzigd|gezet|alter\w*|mud\w*|defin\w*)\b",
    re.IGNORECASE,
)
_ORS = words("and or und oder et ou y o e ed en of / | , + then")
_ADVERBS = words("now jetzt nun nu ora agora ahora maintenant désormais still noch actually currently temporarily :")
_COMMON = frozenset(word for language in LANGUAGES for word in language.common)
_STATES = _COMMON.union(*(language.works for language in LANGUAGES), *(language.states for language in LANGUAGES))
_PARTICIPLE = re.compile(
    r"[a-zà-ÿ]{3,}(?:ed|ing)|(?:ab|an|aus|zurück|ein|um)?ge[a-zäöü]{3,}(?:t|en|d)|[a-zà-ÿ]{3,}(?:iert|eerd|ée?s?"
    r"|[aiu]d[oa]s?|[aiu]t[oaie])"
    r"|(?:ver|be|er|ent|her|ont)[a-zäöü]{3,}(?:t|en|d)"
)
_INTRODUCES = 7
"""Words that may stand between the word and what says the secret: "password for the new portal is …"."""

_MOST_ANNOUNCED = 30
"""Such words in a line; one with more is a list of them."""

_EDGES = ".,;:!?\"'“”„«»‘’()[]{}<>"
_STOPS = ".!?;"


def without_secrets(text: str) -> str:
    """The text with a hole for every secret."""
    lines = _LOOKS.sub(HOLE, text).split("\n")
    kept: list[str] = []
    awaited = 0
    """Non-empty lines below the word on which its secret may stand; 2 where the line ended in announcing it."""
    for line in lines:
        if not line.strip():
            kept.append(line)
            continue
        cleaned, announced = _of_line(line)
        if awaited and not announced:
            tokens = line.split()
            if awaited == 2 and len(tokens) <= 4 and not _is_ordinary(tokens, of_sign=False):
                cleaned = HOLE
            else:
                cleaned = " ".join(HOLE if _MIXED.search(token.strip(_EDGES)) else token for token in cleaned.split())
        awaited = announced or max(awaited - 1, 0)
        kept.append(cleaned)
    return "\n".join(kept)


def _of_line(line: str) -> tuple[str, int]:
    """The line without its secrets, and for how many lines more they may follow."""
    strong = _STRONG.search(line)
    announcing = [*_STRONG.finditer(line), *_WEAK.finditer(line)]
    if len(announcing) > _MOST_ANNOUNCED:
        return HOLE, 1
    for found in sorted(announcing, key=lambda one: -one.start()):
        is_strong = bool(_STRONG.fullmatch(found.group()))
        line = line[: found.end()] + _behind(line[found.end() :], line[: found.start()], is_strong=is_strong)
    if not strong:
        return line, 0
    tail = line.rstrip(" \"'“„«")
    says = [found for found in _SAYS.finditer(tail) if not found["to"]]
    return line, 2 if tail.endswith(tuple(":=-–")) or (says and says[-1].end() == len(tail)) else 1


def _behind(rest: str, before: str, *, is_strong: bool) -> str:
    """What follows a word that announces a secret, without it."""
    for says in _SAYS.finditer(rest):
        if len(rest[: says.start()].split()) > _INTRODUCES or re.search(r"[.!?;] ", rest[: says.start()]):
            break
        if says["to"] and not _MADE.search(before + rest):
            continue
        if (says["to"] or says["sign"] in ("-", "–", "—", "|")) and not is_strong:
            continue
        said = _run(rest[says.end() :], of_sign=bool(says["sign"]), only_marked=not is_strong and not says["sign"])
        if said is not None:
            rest = rest[: says.end()] + said
            break
    return re.sub(r"\S+", lambda found: _token(found.group(), is_strong), rest)


def _run(rest: str, *, of_sign: bool, only_marked: bool) -> str | None:
    """What follows "is" or ":" without the words of the secret; ``None`` where it is ordinary talk."""
    tokens = rest.split()
    first = 0
    while first < len(tokens) and tokens[first].lower() in _ADVERBS:
        first += 1
    if first == len(tokens) or _is_ordinary(tokens[first:], of_sign=of_sign):
        return None
    if only_marked and not re.search(r"[\dA-ZÀ-Þ!$%&#@_+]", tokens[first]):
        return None
    end = first
    while end < len(tokens):
        token = tokens[end]
        bare = token.strip(_EDGES).lower()
        if end > first and bare in _COMMON and bare not in _ORS:
            break
        end += 1
        if token[-1] in _STOPS and len(token) > 1 and (end == len(tokens) or tokens[end].lower() not in _ORS):
            break
    stop = tokens[end - 1][-1] if tokens[end - 1][-1] in _STOPS else ""
    return " " + " ".join([*tokens[:first], HOLE + stop, *tokens[end:]])


def _is_ordinary(tokens: Sequence[str], *, of_sign: bool) -> bool:
    """Whether these words speak of a password ("expired", "too short") instead of being one."""
    bare = [token.strip(_EDGES) for token in tokens]
    first = bare[0]
    if not first:
        return tokens[0] == HOLE
    if not first.islower() and first.lower() not in _COMMON:
        return False
    if first.lower() in _COMMON or (not of_sign and _PARTICIPLE.fullmatch(first)):
        return not _SIGNED.search(first)
    if of_sign or first not in _STATES:
        return False
    return len(bare) == 1 or tokens[0][-1] in ".,;:!?" or bare[1].lower() in _STATES or not bare[1]


def _token(token: str, is_strong: bool) -> str:
    """The token, or a hole where it has what a secret has and a word has not."""
    bare = token.strip(_EDGES)
    if bare and (
        _SIGNED.search(bare) if is_strong else _MIXED.search(bare) and not re.search(r"^\d+[a-zA-Z]{0,2}$", bare)
    ):
        return HOLE + (token[-1] if token[-1] in ".,;" else "")
    return token
