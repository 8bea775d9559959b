"""Sessions: short access tokens, refresh tokens that are replaced, keys that change, Disconnect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import jwt
import pytest

from plugin_server.accounts import store
from plugin_server.accounts.sessions import rules
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from tests.support.server import Server, serving, write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
OLD_KEY, NEW_KEY = "the old key, long enough for HS256 ..", "the new key, long enough for HS256 .."


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
async def agent(pool: Pool) -> int:
    return (await store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", NOW)).id


@pytest.fixture
async def server(pool: Pool, clock: SetClock, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(write_manifest(tmp_path, OLD_KEY), pool, clock) as running:
        yield running


async def test_a_refresh_answers_as_the_sign_in_did(server: Server, agent: int) -> None:
    opened = await server.sign_in(agent)
    status, refreshed = await server.refresh(opened["refresh_token"])
    assert status == 200
    assert opened.keys() == refreshed.keys()
    assert (refreshed["token_type"], refreshed["expires_in"], refreshed["agent"]) == ("Bearer", 600, opened["agent"])
    assert refreshed["access_token"] != opened["access_token"]
    assert refreshed["refresh_token"] != opened["refresh_token"]
    assert await server.me(refreshed["access_token"]) == 200


async def test_an_access_token_is_good_for_ten_minutes_and_a_session_for_thirty_days_after_the_last_refresh(
    server: Server, agent: int, clock: SetClock
) -> None:
    held = await server.sign_in(agent)
    clock.advance(seconds=599)
    assert await server.me(held["access_token"]) == 200
    clock.advance(seconds=1)
    assert await server.me(held["access_token"]) == 401
    for _ in range(3):
        clock.advance(days=29)
        status, held = await server.refresh(held["refresh_token"])
        assert status == 200
    clock.advance(days=30)
    assert (await server.refresh(held["refresh_token"]))[0] == 401


@pytest.mark.parametrize("first_use", ["access", "refresh"])
async def test_the_previous_refresh_token_is_good_until_the_new_one_is_used(
    server: Server, agent: int, first_use: str
) -> None:
    """The answer to a refresh is lost as often as it will; whatever arrives last works."""
    opened = await server.sign_in(agent)
    for _ in range(3):
        status, held = await server.refresh(opened["refresh_token"])
        assert status == 200
    if first_use == "access":
        assert await server.me(held["access_token"]) == 200
        newest = held
    else:
        status, newest = await server.refresh(held["refresh_token"])
        assert status == 200
    # Now the first one is of the past. Sent once more it shows that there is a copy, and everything ends.
    status, refusal = await server.refresh(opened["refresh_token"])
    assert status == 401
    assert refusal["error"]["message"] == "This sign-in is over or not valid. Connect to Deskhours again."
    assert await server.me(newest["access_token"]) == 401
    assert (await server.refresh(newest["refresh_token"]))[0] == 401


async def test_a_stolen_token_is_told_in_the_log_in_words(
    server: Server, agent: int, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = await server.sign_in(agent)
    _status, held = await server.refresh(opened["refresh_token"])
    await server.me(held["access_token"])
    capsys.readouterr()
    await server.refresh(opened["refresh_token"])
    told = "".join(capsys.readouterr())
    assert "somebody has a copy, the session is over" in told
    assert opened["refresh_token"].split(".")[1] not in told


async def test_refreshes_at_once_all_get_something_that_works(server: Server, agent: int) -> None:
    opened = await server.sign_in(agent)
    answers = await asyncio.gather(*(server.refresh(opened["refresh_token"]) for _ in range(8)))
    assert {status for status, _held in answers} == {200}
    for _status, held in answers:
        assert await server.me(held["access_token"]) == 200
    for _status, held in answers:
        assert (await server.refresh(held["refresh_token"]))[0] == 200


async def test_calls_under_way_with_the_earlier_access_token_are_answered(server: Server, agent: int) -> None:
    opened = await server.sign_in(agent)
    _status, held = await server.refresh(opened["refresh_token"])
    assert await server.me(held["access_token"]) == 200
    assert await server.me(opened["access_token"]) == 200
    _status, held = await server.refresh(held["refresh_token"])
    assert await server.me(held["access_token"]) == 200


async def test_what_was_never_ours_is_refused_and_harms_nobody(server: Server, agent: int) -> None:
    opened, other = await server.sign_in(agent), await server.sign_in(agent)
    (family, secret), (_family, others) = (held["refresh_token"].split(".") for held in (opened, other))
    stranger = str(rules.first())
    for text in (stranger, f"{secret}.{family}", family, f"{opened['refresh_token']}x", "\x00", "x" * 200):
        status, refusal = await server.refresh(text)
        assert (status, refusal["error"]["code"]) == (401, "unauthenticated")
    for body in ({}, {"refresh_token": ""}, {"refresh_token": None}, {"refresh_token": "x" * 201}):
        assert (await server.call("POST", "/api/v1/session/refresh", body))[0] == 422
    assert (await server.refresh(opened["refresh_token"]))[0] == 200
    assert (await server.refresh(other["refresh_token"]))[0] == 200
    # Who has a part of it had a token of this session: that ends this session and no other.
    assert (await server.refresh(f"{family}.{others}"))[0] == 401
    assert (await server.refresh(opened["refresh_token"]))[0] == 401
    assert (await server.refresh(other["refresh_token"]))[0] == 200


async def test_disconnect_ends_access_and_refresh_at_once(server: Server, agent: int) -> None:
    opened, elsewhere = await server.sign_in(agent), await server.sign_in(agent)
    _status, held = await server.refresh(opened["refresh_token"])
    assert (await server.call("DELETE", "/api/v1/session", token=held["access_token"]))[0] == 204
    for tokens in (opened, held):
        assert await server.me(tokens["access_token"]) == 401
        assert (await server.refresh(tokens["refresh_token"]))[0] == 401
    assert await server.me(elsewhere["access_token"]) == 200


async def test_signing_keys_change_by_restarts_and_nobody_connects_again(
    server: Server, pool: Pool, agent: int, clock: SetClock, tmp_path: Path
) -> None:
    opened = await server.sign_in(agent)
    async with serving(write_manifest(tmp_path, NEW_KEY, OLD_KEY), pool, clock) as second:
        assert await second.me(opened["access_token"]) == 200
        _status, held = await second.refresh(opened["refresh_token"])
        kids = [jwt.get_unverified_header(tokens["access_token"])["kid"] for tokens in (opened, held)]
        assert kids[0] != kids[1]
        assert await second.me(held["access_token"]) == 200
        # A process that has not been restarted yet does not know the new key; the refresh token helps there as well.
        assert await server.me(held["access_token"]) == 401
        status, held = await server.refresh(held["refresh_token"])
        assert (status, await server.me(held["access_token"])) == (200, 200)
    async with serving(write_manifest(tmp_path, NEW_KEY), pool, clock) as third:
        assert await third.me(held["access_token"]) == 401
        status, held = await third.refresh(held["refresh_token"])
        assert (status, await third.me(held["access_token"])) == (200, 200)


async def test_only_hashes_of_refresh_tokens_are_stored(server: Server, pool: Pool, agent: int) -> None:
    opened = await server.sign_in(agent)
    _status, held = await server.refresh(opened["refresh_token"])
    stored = repr([dict(row) for row in await pool.fetch("SELECT * FROM session")])
    for tokens in (opened, held):
        for part in tokens["refresh_token"].split("."):
            assert len(part) == 43  # 256 bits
            assert part not in stored
    assert repr(rules.parse(held["refresh_token"])) == "RefreshToken(…)"  # nor do they show in a traceback


async def test_a_token_of_the_format_before_is_refused_like_any_other(
    server: Server, agent: int, clock: SetClock
) -> None:
    opened = await server.sign_in(agent)
    headers = jwt.get_unverified_header(opened["access_token"])
    claims = jwt.decode(opened["access_token"], options={"verify_signature": False})
    del claims["gen"]
    assert await server.me(jwt.encode(claims, OLD_KEY, "HS256", headers={"kid": headers["kid"]})) == 401
