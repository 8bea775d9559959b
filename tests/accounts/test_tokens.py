"""Tokens: encrypted, refreshed once however many ask, stored before they are used."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import pytest
from cryptography.fernet import Fernet

from plugin_server.accounts import store
from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest import wire
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Harvest
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY = Fernet.generate_key().decode()


class Provider:
    """Both systems' token endpoints: as strict as they can be, a refresh token works once."""

    def __init__(self) -> None:
        self.refreshes = 0
        self.good = "refresh-0"
        self.fault: Exception | None = None
        self.pool: Pool | None = None

    async def _next(self, refresh_token: str, refused: Exception) -> tuple[str, str]:
        await asyncio.sleep(0.02)  # long enough for every other task to have asked as well
        if self.fault:
            raise self.fault
        if refresh_token != self.good:
            raise refused
        self.refreshes += 1
        self.good = f"refresh-{self.refreshes}"
        return f"access-{self.refreshes}", self.good

    async def refresh(self, refresh_token: str) -> Any:
        raise NotImplementedError


class HelpdeskProvider(Provider):
    async def refresh(self, refresh_token: str) -> base.Tokens:
        access, refresh = await self._next(refresh_token, base.GrantRefused("used up"))
        return base.Tokens(access, refresh, 7200)


class HarvestProvider(Provider):
    async def refresh(self, refresh_token: str) -> wire.Token:
        access, refresh = await self._next(refresh_token, harvest_core.GrantRefused("used up"))
        return wire.Token(access, refresh, 1209600)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


@pytest.fixture
def harvest() -> HarvestProvider:
    return HarvestProvider()


@pytest.fixture
def helpdesk() -> HelpdeskProvider:
    return HelpdeskProvider()


@pytest.fixture
async def agent(pool: Pool) -> int:
    return (await store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", NOW)).id


@pytest.fixture
def tokens(pool: Pool, clock: SetClock, harvest: HarvestProvider, helpdesk: HelpdeskProvider) -> Tokens:
    return Tokens(
        pool,
        Vault([KEY]),
        cast(Helpdesk, helpdesk),
        cast(HarvestOAuth, harvest),
        cast(aiohttp.ClientSession, None),
        cast(Harvest, None),
        clock,
    )


@pytest.mark.parametrize("system", ["helpdesk", "harvest"])
async def test_fifty_who_ask_at_once_refresh_once(
    pool: Pool,
    tokens: Tokens,
    agent: int,
    clock: SetClock,
    system: store.System,
    harvest: HarvestProvider,
    helpdesk: HelpdeskProvider,
) -> None:
    await tokens.put(pool, agent, system, "access-0", "refresh-0", 60)
    clock.advance(seconds=120)
    got = await asyncio.gather(*(tokens.access(agent, system) for _ in range(50)))
    assert set(got) == {"access-1"}
    assert (helpdesk if system == "helpdesk" else harvest).refreshes == 1


async def test_a_token_that_was_refused_is_refreshed_once_and_not_again_for_the_late(
    pool: Pool, tokens: Tokens, agent: int, harvest: HarvestProvider
) -> None:
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-0", 1209600)
    assert await tokens.access(agent, "harvest") == "access-0"
    assert await tokens.access(agent, "harvest", refused="access-0") == "access-1"
    assert await tokens.access(agent, "harvest", refused="access-0") == "access-1"
    assert harvest.refreshes == 1


async def test_what_is_stored_is_encrypted_and_can_be_read_after_a_key_rotation(
    pool: Pool, tokens: Tokens, agent: int
) -> None:
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-0", 1209600)
    stored = await store.token(pool, agent, "harvest")
    assert stored
    assert b"access-0" not in stored.access
    rotated = Vault([Fernet.generate_key().decode(), KEY])
    assert rotated.open(stored.access) == "access-0"


async def test_a_grant_refused_for_good_asks_for_a_person_and_stays_so(
    pool: Pool, tokens: Tokens, agent: int, clock: SetClock, harvest: HarvestProvider
) -> None:
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-dead", 60)
    clock.advance(seconds=120)
    for _ in range(2):
        with pytest.raises(NotConnected):
            await tokens.access(agent, "harvest")
    harvest.fault = AssertionError("a broken grant is not tried again")
    with pytest.raises(NotConnected):
        await tokens.access(agent, "harvest")
    await tokens.put(pool, agent, "harvest", "access-new", "refresh-new", 1209600)
    assert await tokens.access(agent, "harvest") == "access-new"


async def test_without_an_answer_the_old_token_serves_while_it_lasts(
    pool: Pool, tokens: Tokens, agent: int, clock: SetClock, harvest: HarvestProvider
) -> None:
    harvest.fault = harvest_core.NoAnswer("gone")
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-0", 180)
    assert await tokens.access(agent, "harvest") == "access-0"  # within the margin, still good
    clock.advance(seconds=181)
    with pytest.raises(CannotRefresh):
        await tokens.access(agent, "harvest")
    harvest.fault = None
    assert await tokens.access(agent, "harvest") == "access-1"


async def test_a_person_without_a_grant_is_asked_to_connect(tokens: Tokens, agent: int) -> None:
    with pytest.raises(NotConnected) as caught:
        await tokens.access(agent, "harvest")
    assert caught.value.system == "harvest"


@pytest.mark.parametrize(
    "fault",
    [harvest_core.Unauthorized("our secret is wrong"), harvest_core.Missing("a proxy"), harvest_core.Faulty("")],
)
async def test_only_the_persons_own_grant_can_be_refused_for_good(
    pool: Pool, tokens: Tokens, agent: int, clock: SetClock, harvest: HarvestProvider, fault: Exception
) -> None:
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-0", 60)
    clock.advance(seconds=120)
    harvest.fault = fault
    with pytest.raises(CannotRefresh):
        await tokens.access(agent, "harvest")
    harvest.fault = None
    assert await tokens.access(agent, "harvest") == "access-1"


async def test_a_refresh_goes_on_though_who_asked_has_gone(
    pool: Pool, tokens: Tokens, agent: int, clock: SetClock, harvest: HarvestProvider
) -> None:
    await tokens.put(pool, agent, "harvest", "access-0", "refresh-0", 60)
    clock.advance(seconds=120)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await tokens.access(agent, "harvest")
    assert await tokens.access(agent, "harvest") == "access-1"
    assert harvest.refreshes == 1


async def test_one_harvest_user_belongs_to_one_agent(pool: Pool, tokens: Tokens, agent: int) -> None:
    other = await store.upsert_agent(pool, 4, "Bo Agent", "bo@example.com", NOW + timedelta(seconds=1))
    async with pool.acquire() as connection:
        await store.set_harvest_user(connection, agent, 2001, "UTC")
        await tokens.put(connection, agent, "harvest", "access", "refresh", 60)
        with pytest.raises(store.HarvestUserTaken):
            await store.set_harvest_user(connection, other.id, 2001, "UTC")
        # Who has disconnected lets go of it.
        await store.delete_tokens(connection, agent)
        await store.set_harvest_user(connection, other.id, 2001, "UTC")
