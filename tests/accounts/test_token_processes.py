"""Tokens over several processes, and over the death of one: renewed once, or a person is asked to connect again."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server.accounts import store
from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.tokens import NotConnected
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from tests.support.server import serving, write_manifest
from tests.support.world import until

PAST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Provider:
    """The token endpoints of Harvest and of Zammad: a refresh token works once, as it does in the simulated systems."""

    good: str = "refresh-0"
    asked: list[str] = field(default_factory=list)
    before_answer: Callable[[], Awaitable[object]] | None = None  # done when the token has been rotated
    url: str = ""

    async def token(self, request: web.Request) -> web.Response:
        form = await request.post()
        presented = str(form["refresh_token"])
        self.asked.append(presented)
        if presented != self.good:
            return web.json_response({"error": "invalid_grant", "error_description": "used up"}, status=400)
        self.good = f"refresh-{secrets.token_hex(4)}"
        if self.before_answer:
            await self.before_answer()
        access = f"access-{secrets.token_hex(4)}"
        return web.json_response({"access_token": access, "refresh_token": self.good, "expires_in": 7200})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    provider = Provider()
    app = web.Application()
    app.add_routes([web.post("/api/v2/oauth2/token", provider.token), web.post("/oauth/token", provider.token)])
    async with TestServer(app) as running:
        provider.url = str(running.make_url("")).rstrip("/")
        yield provider


@dataclass
class Place:
    """One agent whose tokens to both systems have run out."""

    folder: Path
    pool: Pool
    agent: int
    provider: Provider
    environment: dict[str, str]

    @property
    def settings(self) -> Any:
        def change(data: dict[str, Any]) -> None:
            data["harvest"]["id_url"] = data["helpdesk"]["url"] = self.provider.url

        return write_manifest(self.folder, "a key that is long enough for HS256 ....", change=change)

    @asynccontextmanager
    async def asker(self, system: str, times: int) -> AsyncIterator[Process]:
        """A process that is ready to ask."""
        assert self.settings
        command = [sys.executable, "-m", "tests.support.token_asker", str(self.folder / "manifest.json")]
        process = await asyncio.create_subprocess_exec(
            *(*command, str(self.agent), system, str(times)), stdin=PIPE, stdout=PIPE, env=self.environment
        )
        assert process.stdout
        try:
            assert await process.stdout.readline() == b"ready\n"
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def got(process: Process) -> list[str]:
    out, _errors = await process.communicate(b"go\n")
    found: list[str] = json.loads(out.splitlines()[-1])
    return found


@pytest.fixture
async def place(pool: Pool, database_url: str, provider: Provider, redis_url: str, tmp_path: Path) -> Place:
    agent = await store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", PAST)
    async with pool.acquire() as connection:
        await store.set_harvest_user(connection, agent.id, 2001, "UTC")
    environment = {**os.environ, "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    place = Place(tmp_path, pool, agent.id, provider, environment)
    [key] = place.settings.server.token_keys
    vault = Vault([key.get_secret_value()])
    for system in ("harvest", "helpdesk"):
        sealed = vault.seal("access-0"), vault.seal("refresh-0")
        await store.put_token(pool, agent.id, system, *sealed, PAST, PAST)  # type: ignore[arg-type]
    return place


@pytest.mark.parametrize("system", ["harvest", "helpdesk"])
async def test_fifty_who_ask_in_two_processes_at_once_refresh_once(place: Place, system: str) -> None:
    async def both_are_at_it() -> None:
        """The other process waits for the row, or has come here as well, which it must not."""
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )

        async def seen() -> bool:
            return bool(await place.pool.fetch(waiting)) or len(place.provider.asked) > 1

        await until(seen)

    place.provider.before_answer = both_are_at_it
    async with place.asker(system, 25) as one, place.asker(system, 25) as other:
        answers = await asyncio.gather(got(one), got(other))
    assert place.provider.asked == ["refresh-0"]
    [token] = {*answers[0], *answers[1]}
    assert token.startswith("access-")
    assert [len(answer) for answer in answers] == [25, 25]


@pytest.mark.parametrize("system", ["harvest", "helpdesk"])
async def test_a_process_killed_between_the_rotation_and_our_commit_leaves_a_person_to_connect_again(
    place: Place, system: store.System
) -> None:
    provider = place.provider
    async with place.asker(system, 1) as process:

        async def kill() -> None:
            process.send_signal(signal.SIGKILL)
            await process.wait()

        provider.before_answer = kill
        assert process.stdin
        process.stdin.write(b"go\n")
        await process.wait()
        assert process.returncode == -signal.SIGKILL
    provider.before_answer = None
    assert provider.asked == ["refresh-0"]

    clock = SetClock(datetime.now(UTC))
    async with serving(place.settings, place.pool, clock, NullQueue()) as server:
        for _ in range(3):
            with pytest.raises(NotConnected):
                await server.services.tokens.access(place.agent, system)
        # The grant is known to be gone after one look; nobody goes on asking.
        assert provider.asked == ["refresh-0", "refresh-0"]
        held = await server.sign_in(place.agent)
        _status, html = await server.call("GET", "/api/v1/me", token=held["access_token"], Accept="text/html")
        assert 'data-action="connect"' in html
        words = {"harvest": "no Harvest account is connected", "helpdesk": "The helpdesk no longer accepts this"}
        assert words[system] in html
