"""Texts, numbers and dates in the reader's language.

English is in the source; another language is a catalogue, ``locale/<lang>/LC_MESSAGES/deskhours.po``, read as it is
when it is first needed (nothing is compiled or committed twice). Templates use ``_()`` and
``ngettext()``; Python code uses :func:`gettext` as ``_`` and :func:`ngettext`. Both speak the language of what is under
way (:func:`speaking`): that of the request, set by ``runtime/web.py``, or of who is written to. Text that is marked
where it stands and worded later goes through :func:`later`.
"""

from __future__ import annotations

import gettext as _gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale, dates, numbers
from babel.messages import mofile, pofile

LOCALES = Path(__file__).resolve().parent.parent / "locale"
DEFAULT = "en"

_FORMS = {DEFAULT: Locale("en", "GB")}
"""Days before months, 24 hours: what most readers of English texts expect of dates. Others: the language's own."""

_speaks: ContextVar[str] = ContextVar("language", default=DEFAULT)


@cache
def catalogue(lang: str) -> _gettext.NullTranslations:
    """The translations for ``lang``; texts without one stay English."""
    path = LOCALES / lang / "LC_MESSAGES" / "deskhours.po"
    if lang == DEFAULT or not path.is_file():
        return _gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        mofile.write_mo(compiled, pofile.read_po(file, locale=lang))
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)


@cache
def available() -> frozenset[str]:
    """Languages that have a catalogue, English always."""
    return frozenset({DEFAULT, *(path.parent.parent.name for path in LOCALES.glob("*/LC_MESSAGES/deskhours.po"))})


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


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Within it, texts are in ``lang``."""
    token = _speaks.set(lang)
    try:
        yield
    finally:
        _speaks.reset(token)


def spoken() -> str:
    """The language of what is under way; English where nobody said."""
    return _speaks.get()


def gettext(message: str) -> str:
    """``message`` in the language of what is under way. What it names is put in afterwards:
    ``_("Ticket {number} is gone.").format(number=number)``."""
    return catalogue(spoken()).gettext(message)


def ngettext(one: str, many: str, count: int) -> str:
    """``one`` or ``many`` in the language of what is under way, as its grammar counts."""
    return catalogue(spoken()).ngettext(one, many, count)


def later(message: str) -> str:
    """Marks a text for the catalogue where it stands; who shows it calls :func:`gettext` with it."""
    return message


def decimal(value: Decimal | int, places: int = 2) -> str:
    """A number for people, such as hours: ``1.50``, in German ``1,50``; never for programs or form fields."""
    return numbers.format_decimal(value, format=f"#,##0.{'0' * places}", locale=_form())


def day(value: date) -> str:
    """A day for people: ``22 Nov 2026``, in German ``22.11.2026``."""
    return dates.format_date(value, "medium", locale=_form())


def moment(value: datetime, zone: tzinfo) -> str:
    """An instant for people, in their zone: ``22 Nov 2026, 14:05``."""
    local = value.astimezone(zone)
    return f"{day(local.date())}, {clock_time(value, zone)}"


def clock_time(value: datetime, zone: tzinfo) -> str:
    """The time of day of an instant, in the reader's zone: ``14:05``."""
    return value.astimezone(zone).strftime("%H:%M")


def _form() -> Locale:
    lang = spoken()
    return _FORMS.get(lang) or Locale(lang)
