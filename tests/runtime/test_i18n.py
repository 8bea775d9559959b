"""Texts, numbers and dates in the reader's language."""

from __future__ import annotations

import asyncio
import string
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from plugin_server.runtime import i18n
from tests.support import texts

GERMAN = {message.id: message.string for message in texts.entries(texts.read("de")) if isinstance(message.id, str)}
STORED = [english for english in GERMAN if "{" in english and "%(" not in english]


def test_numbers_and_dates_as_the_reader_writes_them() -> None:
    moment, berlin = datetime(2026, 3, 29, 0, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    assert i18n.decimal(Decimal("1234.5")) == "1,234.50"
    assert i18n.moment(moment, berlin) == "29 Mar 2026, 01:30"
    with i18n.speaking("de"):
        assert i18n.decimal(Decimal("1234.5")) == "1.234,50"
        assert i18n.decimal(-3, 0) == "-3"
        assert i18n.day(date(2026, 11, 2)) == "02.11.2026"
        assert i18n.moment(moment, berlin) == "29.03.2026, 01:30"
    assert i18n.spoken() == "en"


async def test_two_requests_do_not_speak_each_others_language() -> None:
    both = asyncio.Barrier(2)

    async def speak(lang: str) -> str:
        with i18n.speaking(lang):
            await both.wait()
            return i18n.decimal(Decimal("0.25"))

    assert await asyncio.gather(speak("en"), speak("de")) == ["0.25", "0,25"]


def names(text: str) -> set[str]:
    return {name for _text, name, _form, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("english", STORED)
def test_a_stored_text_is_known_again_with_what_was_put_in(english: str) -> None:
    values = {name: f"<{name}> & Co." for name in names(english)}
    with i18n.speaking("de"):
        told = i18n.retold(english.format(**values))
    own = english
    for name in values:
        own = own.replace(f"{{{name}}}", "")
    expected = GERMAN[english] if len(own) >= i18n.LEAST_WORDS else english
    assert told == expected.format(**values)


def test_what_was_put_in_is_told_in_the_readers_form_too() -> None:
    reason = "Harvest refused this: Harvest answered 418."
    stored = (
        f"The timer was not started. {reason} The 1.50 h since you pressed Start are not in Harvest: log them by hand."
    )
    assert i18n.retold(stored) == stored
    with i18n.speaking("de"):
        assert i18n.retold(stored) == (
            "Der Timer wurde nicht gestartet. Harvest hat dies abgelehnt: Harvest antwortete mit 418."
            " Die 1,50 h, seit Sie „Starten“ gedrückt haben, stehen nicht in Harvest: Erfassen Sie sie von Hand."
        )
        assert i18n.retold("The entries of 2026-11-02 changed each time while they were listed").startswith(
            "Die Einträge vom 02.11.2026 "
        )


@pytest.mark.parametrize("words", ["", "The task is archived", "Kunde sagt: {Ja} 100 %", "2026-11-02", "1.50"])
def test_words_of_others_stay_as_they_are(words: str) -> None:
    with i18n.speaking("de"):
        assert i18n.retold(words) == words
