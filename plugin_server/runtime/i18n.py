"""Texts, numbers and dates in the reader's language.

English is in the source; another language is a catalogue, ``locale/<lang>/LC_MESSAGES/deskhours.po``, read as it is
when it is first needed (nothing is compiled or committed twice). Templates use ``_()`` and
``ngettext()``; Python code uses :func:`gettext` as ``_`` and :func:`ngettext`. Both speak the language of what is under
way (:func:`speaking`): that of the request, set by ``runtime/web.py``, or of who is written to.

What is stored to be shown later, such as why a log waits, is stored in English: it is marked by :func:`later` where it
stands, and :func:`retold` in the reader's language when it is shown. So a version without a catalogue, logs and scripts
read it as it is, and rows of before are retold too.
"""

from __future__ import annotations

import gettext as _gettext
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path

from babel import Locale, dates, numbers
from babel.messages import Catalog, mofile, pofile

LOCALES = Path(__file__).resolve().parent.parent / "locale"
DEFAULT = "en"

LEAST_WORDS = 10
"""Texts with fewer characters of their own are not known again: they could be anything."""

_NAMED = re.compile(r"\{(\w+)\}")
_HOURS = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)\.\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WRITTEN_DAY = re.compile(r"(\d{1,2}) ([A-Z][a-z]{2,3}) (\d{4})")

_FORMS = {DEFAULT: Locale("en", "GB")}
"""Days before months, 24 hours: what most readers of English texts expect of dates. Others: the language's own."""

_speaks: ContextVar[str] = ContextVar("language", default=DEFAULT)


@cache
def _read(lang: str) -> Catalog:
    path = LOCALES / lang / "LC_MESSAGES" / "deskhours.po"
    if lang == DEFAULT or not path.is_file():
        return Catalog()
    with path.open("rb") as file:
        return pofile.read_po(file, locale=lang)


@cache
def catalogue(lang: str) -> _gettext.NullTranslations:
    """The translations for ``lang``; texts without one stay English."""
    texts = _read(lang)
    if not len(texts):
        return _gettext.NullTranslations()
    compiled = io.BytesIO()
    mofile.write_mo(compiled, texts)
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
    """Marks a text that is worded later: it is stored, with what it names put in, and shown by :func:`retold`; or it
    stands in a table of words, and who uses it calls :func:`gettext` with it."""
    return message


def retold(text: str) -> str:
    """A text that was stored in English, in the language of what is under way; what is not ours (Harvest's own words)
    stays as it is. Which text it was is seen by its words; what was put into it is kept, retold in its turn."""
    return text if not text or spoken() == DEFAULT else _retold(spoken(), text)


@lru_cache(maxsize=4096)
def _retold(lang: str, text: str) -> str:
    translated = catalogue(lang).gettext(text)
    if translated != text:
        return translated
    for pattern, message in _patterns(lang):
        if match := pattern.fullmatch(text):
            values = {name: _value(lang, value) for name, value in match.groupdict().items()}
            return catalogue(lang).gettext(message).format(**values)
    return text


def _value(lang: str, text: str) -> str:
    """What was put into a stored text: hours with two places, a day (written for programs or in English), or words."""
    if _HOURS.fullmatch(text):
        return decimal(Decimal(text.replace(",", "")))
    if _DAY.fullmatch(text):
        return day(date.fromisoformat(text))
    if (match := _WRITTEN_DAY.fullmatch(text)) and (month := _english_months().get(match.group(2))):
        return day(date(int(match.group(3)), month, int(match.group(1))))
    return _retold(lang, text)


@cache
def _english_months() -> dict[str, int]:
    """The months' numbers by their names in :func:`day`'s English form."""
    return {name: number for number, name in _FORMS[DEFAULT].months["format"]["abbreviated"].items()}


@cache
def _patterns(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """How stored texts with something put in are known again, those with the most words of their own first."""
    found = []
    for entry in _read(lang):
        if not isinstance(entry.id, str) or not _NAMED.search(entry.id):
            continue
        own = _NAMED.sub("", entry.id)
        if len(own) < LEAST_WORDS:
            continue
        parts = [
            f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(_NAMED.split(entry.id))
        ]
        found.append((len(own), re.compile("".join(parts), re.DOTALL), entry.id))
    return [(pattern, message) for _own, pattern, message in sorted(found, key=lambda one: -one[0])]


def decimal(value: Decimal | int, places: int = 2) -> str:
    """A number for people, such as hours: ``1.50``, in German ``1,50``; never for programs or form fields."""
    return numbers.format_decimal(value, format=f"#,##0.{'0' * places}", locale=_form())


def number(value: Decimal | int) -> str:
    """A number for people with the places that it needs: ``0.25``, ``24``."""
    return numbers.format_decimal(value, format="#,##0.##", locale=_form())


def day(value: date) -> str:
    """A day for people: ``22 Nov 2026``, in German ``22.11.2026``."""
    return dates.format_date(value, "medium", locale=_form())


def weekday(value: date) -> str:
    """A day's name, short: ``Mon``, in German ``Mo``."""
    return dates.format_date(value, "EEE", locale=_form()).rstrip(".")


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
