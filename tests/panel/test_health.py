"""The health of all parts, for the popup and for /healthz, with real ones that are cut off."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin_server.panel.health import Health
from tests.panel.conftest import NOW, Stand

WELL = {"database": "ok", "queue": "ok", "worker": "ok", "harvest": "ok", "helpdesk": "ok"}


async def all_well(stand: Stand) -> Health:
    """Everything was found well just now; what could say so is not running here."""
    health = Health(stand.server.pool, stand.server.services.queue, stand.clock)
    for name in ("worker", "harvest", "helpdesk"):
        await health.note(name)
    return health


async def test_all_is_well_and_says_so(stand: Stand) -> None:
    await all_well(stand)
    stand.clock.advance(seconds=3)
    html = await stand.popup()
    assert "Everything works." in html
    assert 'role="alert"' not in html
    assert "last seen 3 s ago" in html
    assert await stand.health() == WELL
    assert await stand.server.call("GET", "/healthz") == (200, {"ok": True, **WELL})


async def test_without_the_database_the_server_says_so_and_names_what_still_works(stand: Stand) -> None:
    await all_well(stand)
    await stand.postgres.cut()
    unknown = {"worker": "unknown", "harvest": "unknown", "helpdesk": "unknown"}
    status, body = await stand.server.call("GET", "/healthz")
    assert (status, body) == (503, {"ok": False, "database": "away", "queue": "ok", **unknown})
    stand.clock.advance(minutes=2)
    html = await stand.popup()
    assert 'data-state="error"' in html
    assert "The database has not answered since 12:00 UTC." in html
    assert "What you log meanwhile is kept in this browser" in html
    status, refusal = await stand.server.call("GET", "/api/v1/me", token=stand.token)
    assert (status, refusal["error"]["code"]) == (503, "unavailable")
    # A refresh is not refused by that: the extension waits.
    assert (await stand.server.refresh("a" * 43 + "." + "b" * 43))[0] == 503
    await stand.postgres.mend()
    await all_well(stand)
    assert "Everything works." in await stand.popup()
    assert (await stand.server.call("GET", "/healthz"))[0] == 200


async def test_without_the_queue_logs_are_taken_and_it_says_so(stand: Stand) -> None:
    await all_well(stand)
    await stand.valkey.cut()
    assert (await stand.health())["queue"] == "away"
    stand.clock.advance(minutes=5)
    html = await stand.popup()
    # The time is the agent's own: Berlin is an hour ahead.
    assert "The queue has not answered since 13:00." in html
    assert "Logs are taken as ever and wait here" in html
    status, body = await stand.server.call("GET", "/healthz")
    assert (status, body["ok"], body["queue"], body["worker"]) == (200, True, "away", "unknown")
    await stand.valkey.mend()
    await all_well(stand)
    assert await stand.health() == WELL


async def test_a_worker_that_stopped_is_told_with_its_last_sign(stand: Stand) -> None:
    await stand.round("sign")
    assert (await stand.health())["worker"] == "ok"
    stand.clock.advance(seconds=51)
    assert "The worker has not been seen since 13:00." in await stand.popup()
    await stand.round("sign")
    assert (await stand.health())["worker"] == "ok"


async def test_systems_that_do_not_answer_the_worker_are_told_with_when_they_last_did(stand: Stand) -> None:
    await all_well(stand)
    stand.clock.advance(minutes=5)
    await stand.round("sign", "sync", "helpdesk")
    stand.clock.advance(seconds=30)
    await stand.round("sync", "helpdesk")
    html = await stand.popup()
    assert "Harvest has not answered since 13:00." in html
    assert "Logs wait here and go by themselves" in html
    assert "The helpdesk has not answered since 13:00." in html
    assert html.count('role="alert"') == 2
    assert (await stand.server.call("GET", "/healthz"))[0] == 200
    assert "127.0.0.1" not in html  # where we look for it is nobody's business


async def test_an_earlier_look_never_overrules_a_later_one(stand: Stand) -> None:
    health = await all_well(stand)
    stand.clock.advance(seconds=30)
    await health.note("harvest", "no answer")
    stand.clock.advance(seconds=-10)
    await health.note("harvest")
    stand.clock.advance(seconds=10)
    part = {part.name: part for part in await health.look()}["harvest"]
    assert (part.state, part.since) == ("away", NOW)
    stand.clock.advance(seconds=1)
    await health.note("harvest")
    part = {part.name: part for part in await health.look()}["harvest"]
    assert (part.state, part.seen_at) == ("ok", NOW + timedelta(seconds=31))


@pytest.mark.parametrize("name", ["harvest", "helpdesk"])
async def test_a_system_that_refuses_our_token_is_another_matter(stand: Stand, name: str) -> None:
    health = await all_well(stand)
    await health.note(name, "The token is expired.", refused=True)
    html = await stand.popup()
    assert "has not let Deskhours in since 13:00." in html
    assert "The token is expired." in html
    assert (await stand.server.call("GET", "/healthz"))[1][name] == "away"


async def test_healthz_tells_nobody_more_than_one_word_each(stand: Stand) -> None:
    health = await all_well(stand)
    await health.note("harvest", "a secret word")
    _status, body = await stand.server.call("GET", "/healthz")
    assert set(body) == {"ok", *WELL}
    assert set(body.values()) <= {True, "ok", "away", "unknown"}
