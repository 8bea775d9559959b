"""The dashboard in the language of who looks, also what was stored in English before; and notes in the helpdesk's."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any, cast

import pytest

from plugin_server.budgets.managers import Told
from plugin_server.budgets.notices import store as notices_store
from plugin_server.budgets.notices.service import Notices
from plugin_server.check import rules
from plugin_server.check import store as check_store
from plugin_server.check.service import DAILY
from plugin_server.dashboard import words
from plugin_server.runtime import reach
from plugin_server.runtime.clock import SetClock
from tests.dashboard.office import Office
from tests.dashboard.test_attention import desk, event, log

__all__ = ["desk"]

PUT_BACK = (
    "Bo changed Budget Hours from “2” to “9”. Deskhours has put it back: project managers and administrators set it."
)


async def seen(office: Office, name: str, path: str = "/dashboard", **headers: str) -> str:
    """A page as text without tags."""
    headers = {"Cookie": f"deskhours_session={name}", **headers}
    _status, text = await office.server.call("GET", path, None, "", Accept="text/html", **headers)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


async def test_each_reader_has_their_own_language(desk: Office) -> None:
    await log(desk, "attention", problem="It was not undone. Harvest refused this: The task is archived.")
    await event(desk, "put_back", reason=PUT_BACK, by_name="Bo")
    german = await seen(desk, "Mo", **{"Accept-Language": "fr, de-CH;q=0.8, en;q=0.5"})
    assert "Zeit, die nicht in Harvest ist" in german
    assert "Ada · 1,25 h · 04.03.2026" in german
    assert "Es wurde nicht rückgängig gemacht. Harvest hat dies abgelehnt: The task is archived." in german
    assert "Bo hat „Budget Hours“ von „2“ in „9“ geändert. Deskhours hat es zurückgesetzt" in german
    english = await seen(desk, "Mo", **{"Accept-Language": "fr"})
    assert "Ada · 1.25 h · 4 Mar 2026" in english
    assert PUT_BACK in english


async def test_a_refusal_is_told_in_the_readers_language_as_json_too(desk: Office) -> None:
    path, language = "/api/v1/tickets/1/panel", {"Accept-Language": "de"}
    status, body = await desk.server.call("GET", path, None, "", Accept="application/json", **language)
    assert (status, body["error"]["message"]) == (
        401,
        "Niemand ist angemeldet. Verbinden Sie sich zuerst mit Deskhours.",
    )


class Pinboard:
    """A helpdesk that takes notes, and nobody in it to be told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    async def add_note(self, _token: str, _ticket: int, body: str) -> int:
        self.notes.append(body)
        return 1

    async def of(self, *_ticket: object) -> Told:
        return Told((), ("Ada",))


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            [
                PUT_BACK,
                "Not told, for want of the project manager role: Ada.",
                "Nobody holds the project manager role.",
            ],
        ),
        (
            "de",
            [
                "Bo hat „Budget Hours“ von „2“ in „9“ geändert.",
                "ohne die Rolle der Projektleitung: Ada.",
                "Niemand hat",
            ],
        ),
    ],
)
async def test_notes_are_in_the_helpdesks_language(desk: Office, lang: str, words: list[str]) -> None:
    board = cast(Any, Pinboard())
    await notices_store.tell(desk.pool, 1, "put_back", PUT_BACK, desk.now)
    await Notices(desk.pool, board, "", board, board, "https://example.com", lang, SetClock(desk.now)).step()
    [note] = board.notes
    assert [one for one in words if one not in html.unescape(note)] == []


def test_every_row_of_the_check_has_a_name_for_people() -> None:
    assert words.CHECKS.keys() == DAILY


async def test_syncs_have_names_for_people(desk: Office) -> None:
    for name in ("time_entries", "import all", "import reconcile project:7"):
        await desk.insert("sync_state", {"name": name, "began_at": desk.now})
    shown = await seen(desk, "Mo", **{"Accept-Language": "de"})
    assert "Zeiteinträge, sobald sie sich ändern" in shown
    assert "Frühere Einträge des Projekts 7, von Hand gelesen" in shown
    assert "time_entries" not in shown
    shown = await seen(desk, "Mo")
    assert "Earlier entries, read by hand" in shown


async def test_checks_that_failed_are_told_in_the_readers_language(desk: Office) -> None:
    late = rules.skew("clock", {"Harvest": timedelta(minutes=5)})
    stopped = rules.deliveries("webhook", None, [("10001", desk.now)], by_log=True)
    away = reach.of_error(ConnectionRefusedError(), "https://desk.example.com/api", "helpdesk.url")
    rows = [late, stopped, rules.fail("helpdesk", away.words, away.todo)]
    await check_store.keep(desk.pool, DAILY, rows, desk.now)
    german = await seen(desk, "Mo", **{"Accept-Language": "de"})
    for told in (
        "Uhren Die Uhr dieses Rechners geht gegenüber der von Harvest um 5 min nach. Änderungen können übersehen",
        "Lassen Sie beide Rechner ihre Uhren per NTP stellen",
        "Helpdesk: sein Webhook Es kam noch nie ein Aufruf, obwohl Ticket 10001 geändert wurde.",
        "Starten Sie deskhours setup, um Webhook und Trigger zu berichtigen.",
        "Bei desk.example.com antwortet nichts auf Port 443.",
        "Prüfen Sie Rechner und Port in helpdesk.url, und ob der Server dort läuft.",
    ):
        assert told in german
    english = await seen(desk, "Mo")
    assert all(text in english for one in rows for text in (one.words, one.todo))
