"""Texts, numbers and dates in the reader's language."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from plugin_server.runtime import i18n


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
