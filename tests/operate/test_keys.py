"""Changing keys while people work: nobody is signed out, no grant is lost, and one can tell when the old key may go."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import json
from argparse import Namespace
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from plugin_server.accounts import store
from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.keys import command
from plugin_server.accounts.keys.service import Held, TokenKeys
from plugin_server.manifest import Manifest
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from tests.support.server import serving, write_manifest
from tests.support.world import until

START = datetime(2026, 3, 4, 12, tzinfo=UTC)
LATER = START + timedelta(days=30)
OLD, NEW = "o" * 40, "n" * 40
AGENTS = 230
"""More than are read at once."""


@pytest.fixture
async def pool(make_database: Callable[[], str]) -> AsyncIterator[Pool]:
    async with await database.connect(make_database()) as pool:
        await database.migrate(pool)
        yield pool


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


async def granted(pool: Pool, key: str, agents: int = 1) -> list[int]:
    """Agents with a token to Harvest, encrypted with the key."""
    made, vault = [], Vault([key])
    for number in range(agents):
        agent = await store.upsert_agent(pool, 100 + number, f"Agent {number}", f"agent{number}@example.com", START)
        sealed = vault.seal(f"access-{agent.id}"), vault.seal(f"refresh-{agent.id}")
        await store.put_token(pool, agent.id, "harvest", *sealed, LATER, START)
        made.append(agent.id)
    return made


def settings(folder: Path, jwt_keys: list[str], token_keys: list[str] | None = None) -> Manifest:
    def change(data: dict[str, Any]) -> None:
        if token_keys is not None:
            for number, key in enumerate(token_keys):
                (folder / "secrets" / f"token_{number}").write_text(key)
            data["server"]["token_keys"] = [{"file": f"secrets/token_{number}"} for number in range(len(token_keys))]

    return write_manifest(folder, *jwt_keys, change=change)


async def told(keys: TokenKeys, action: str) -> tuple[int, list[str]]:
    stream = io.StringIO()
    return await command.run(keys, Namespace(action=action), stream), stream.getvalue().splitlines()


async def test_the_whole_dance_with_signing_keys_signs_nobody_out(pool: Pool, clock: SetClock, tmp_path: Path) -> None:
    """Two servers, restarted one after the other at each step; the caller's requests go to either."""
    agent = await store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", START)
    async with serving(settings(tmp_path, [OLD]), pool, clock) as server:
        session = await server.sign_in(agent.id)
    for before, after in (([OLD], [OLD, NEW]), ([OLD, NEW], [NEW, OLD]), ([NEW, OLD], [NEW])):
        async with (
            serving(settings(tmp_path, before), pool, clock) as one,
            serving(settings(tmp_path, after), pool, clock) as other,
        ):
            for server in (one, other):
                status, session = await server.refresh(session["refresh_token"])
                assert status == 200
                assert [await each.me(session["access_token"]) for each in (one, other)] == [200, 200]
        clock.advance(minutes=11)  # no access token lives longer


async def test_tokens_are_encrypted_anew_while_they_are_used_and_the_old_key_may_go(
    pool: Pool, clock: SetClock, tmp_path: Path
) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    agents = await granted(pool, old, AGENTS)
    keys = TokenKeys(pool, [new, old])
    assert await told(keys, "status") == (
        1,
        [
            "the first key of server.token_keys: 0 grant(s)",
            f"key 2 of server.token_keys: {AGENTS} grant(s); needed until keys rotate-tokens has run",
        ],
    )
    async with serving(settings(tmp_path, [OLD], [old, new]), pool, clock) as running:
        assert await keys.rotate() == AGENTS
        for agent in (agents[0], agents[-1]):
            assert await running.services.tokens.access(agent, "harvest") == f"access-{agent}"
    status, lines = await told(keys, "rotate-tokens")
    assert (status, lines[0]) == (0, "0 grant(s) encrypted with the first key")
    assert "key 2 of server.token_keys: 0 grant(s); it is new, or may be removed" in lines
    async with serving(settings(tmp_path, [OLD], [new]), pool, clock) as after:
        assert await after.services.tokens.access(agents[3], "harvest") == f"access-{agents[3]}"


async def test_a_token_that_is_renewed_meanwhile_is_not_overwritten(pool: Pool, clock: SetClock) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    [agent] = await granted(pool, old)
    keys, vault = TokenKeys(pool, [new, old]), Vault([old])  # who renews has not been restarted yet
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await store.token(connection, agent, "harvest", lock=True)
        rotating = asyncio.create_task(keys.rotate())
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        await until(lambda: pool.fetchval(waiting))
        await store.renew_token(connection, agent, "harvest", vault.seal("renewed"), vault.seal("refresh-2"), LATER)
        await transaction.commit()
    assert await rotating == 1
    stored = await store.token(pool, agent, "harvest")
    assert stored is not None
    assert (Vault([new]).open(stored.access), Vault([new]).open(stored.refresh)) == ("renewed", "refresh-2")


async def test_what_no_key_opens_is_left_as_it_is_and_told(pool: Pool) -> None:
    lost, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    [agent] = await granted(pool, lost)
    keys = TokenKeys(pool, [new])
    assert await keys.rotate() == 0
    assert await keys.held() == Held((0,), 1)
    assert (await told(keys, "status"))[1][-1].startswith(
        "1 grant(s) can't be read with any of these keys: put the key"
    )
    stored = await store.token(pool, agent, "harvest")
    assert stored is not None
    assert Vault([lost]).open(stored.access) == f"access-{agent}"


async def test_two_secrets_of_the_webhook_are_accepted_while_it_is_changed(
    pool: Pool, clock: SetClock, tmp_path: Path
) -> None:
    def change(data: dict[str, Any]) -> None:
        (tmp_path / "secrets" / "before").write_text("the one before")
        data["helpdesk"]["webhook_secret_before"] = {"file": "secrets/before"}

    body = json.dumps({"ticket": {"id": 7}}).encode()
    async with serving(write_manifest(tmp_path, OLD, change=change), pool, clock) as server:

        async def status(secret: str) -> int:
            signature = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
            headers = {"X-Hub-Signature": f"sha1={signature}", "X-Zammad-Delivery": secret}
            async with server.session.post(f"{server.url}/hooks/helpdesk", data=body, headers=headers) as response:
                return response.status

        assert [await status(secret) for secret in ("webhook_secret", "the one before", "another")] == [204, 204, 401]
