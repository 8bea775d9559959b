"""Texts for people go through gettext. English is in the source; other languages come as compiled catalogues."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).resolve().parent.parent / "locale"
DEFAULT = "en"


@cache
def catalogue(lang: str) -> gettext.NullTranslations:
    """The translations for ``lang``; texts without one stay English."""
    return gettext.translation("deskhours", LOCALES, [lang], fallback=True)


@cache
def available() -> frozenset[str]:
    """Languages that have a catalogue, English always."""
    found = {path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/deskhours.mo")}
    return frozenset({DEFAULT, *found})


def negotiate(accept_language: str) -> str:
    """The first language of an ``Accept-Language`` header that we have, by its order of preference."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wishes.append((-weight, tag.split("-")[0].lower()))
    for _weight, lang in sorted(wishes, key=lambda wish: wish[0]):
        if lang in available():
            return lang
    return DEFAULT
