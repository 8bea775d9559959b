"""Which Harvest client an organisation of the helpdesk is by its very name, and which others are suggested: a project
made for the wrong company is worse than none. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

NEAR = 0.82
"""From this likeness on, of normalised names, a client is suggested."""

SUGGESTED = 3
"""So many are suggested at most."""

# fmt: off
_LEGAL_FORMS = frozenset({
    "ab", "ag", "aps", "as", "bv", "co", "company", "corp", "corporation", "eg", "ev", "gbr", "gmbh", "inc",
    "incorporated", "kg", "kgaa", "lda", "limited", "llc", "llp", "lp", "ltd", "mbh", "nv", "ohg", "oy", "oyj", "plc",
    "pty", "sa", "sarl", "sas", "se", "sl", "spa", "srl", "ug",
})
# fmt: on

_ACCENTS = re.compile("(?<=[a-z])[\u0300-\u036f]+")
"""Marks of Latin letters; those of other scripts make another letter."""


@dataclass(frozen=True)
class Client:
    """A Harvest client as last seen."""

    id: int
    name: str
    is_active: bool = True


@dataclass(frozen=True)
class Match:
    """What is known of an organisation's client: what somebody has chosen (``chosen`` is ``None`` for one that Harvest
    no longer has), those of the very name, archived ones too, and those of a like one, the likest first."""

    chosen_id: int | None = None
    chosen: Client | None = None
    same: tuple[Client, ...] = ()
    near: tuple[Client, ...] = ()

    @property
    def by_name(self) -> Client | None:
        """The only client of that very name, if it is active: what is used as long as nobody has chosen."""
        is_usable = self.chosen_id is None and len(self.same) == 1 and self.same[0].is_active
        return self.same[0] if is_usable else None

    @property
    def is_ambiguous(self) -> bool:
        """Whether several clients have that name and nobody has chosen."""
        return self.chosen_id is None and len(self.same) > 1


def spelled(name: str) -> str:
    """A name without case and superfluous blanks."""
    return " ".join(unicodedata.normalize("NFC", name.casefold()).split())


@lru_cache(maxsize=20_000)
def exact(name: str) -> str:
    """A name without case, accents and superfluous blanks: what two names of one company have in common. Legal form and
    punctuation stay, for *C++* and *C#*, or *Acme GmbH* and *Acme Ltd*, are different ones."""
    letters = unicodedata.normalize("NFD", spelled(name))
    return unicodedata.normalize("NFC", _ACCENTS.sub("", letters))


@lru_cache(maxsize=20_000)
def normalised(name: str) -> str:
    """A name without case, accents, punctuation and legal form: *Müller & Söhne GmbH* is *muller sohne*. A name that is
    nothing but a legal form stays it."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # Letters of a form that is written with points belong together: S.A., e.V., B. V.
    plain = re.sub(r"\b(\w)\.\s?(?=\w\b)", r"\1", plain)
    words = re.findall(r"\w+", plain)
    meant = [word for word in words if word not in _LEGAL_FORMS]
    return " ".join(meant or words)


def named(organisation: str, clients: Iterable[Client]) -> tuple[Client, ...]:
    """The clients of the organisation's very name, archived ones too; of several, those with the same accents."""
    wanted = exact(organisation)
    found = tuple(one for one in clients if wanted and exact(one.name) == wanted)
    return tuple(one for one in found if spelled(one.name) == spelled(organisation)) or found


def like(organisation: str, clients: Iterable[Client]) -> tuple[Client, ...]:
    """Active clients of a like name, those first that are the same but for legal form and punctuation, then the likest;
    never those that :func:`named` finds."""
    wanted, clients = normalised(organisation), list(clients)
    same = set(named(organisation, clients))
    scored = [
        (-likeness(wanted, normalised(one.name)), one.id, one) for one in clients if one.is_active and one not in same
    ]
    near = sorted((one for one in scored if -one[0] >= NEAR), key=lambda one: one[:2])
    return tuple(client for *_order, client in near[:SUGGESTED])


def likeness(one: str, other: str) -> float:
    """How like two normalised names are, from 0 to 1; one whose words are all in the other's is very like it."""
    first, second = set(one.split()), set(other.split())
    if not first or not second:
        return 0.0
    if one == other:
        return 1.0
    if first <= second or second <= first:
        return 0.9
    matcher = SequenceMatcher(None, min(one, other), max(one, other), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= NEAR and matcher.quick_ratio() >= NEAR else 0.0
