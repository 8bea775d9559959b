"""The fixtures of conftest.py that other tests build on."""

from collections.abc import Callable

import asyncpg
import pytest
import redis.asyncio
from aiohttp import ClientSession
from aioresponses import aioresponses


async def test_databases_are_separate_and_empty(make_database: Callable[[], str]) -> None:
    for _ in range(2):
        connection = await asyncpg.connect(make_database())
        await connection.execute("CREATE TABLE only_once (id int)")
        await connection.close()


async def test_a_role_reaches_its_own_database_only(make_database: Callable[[], str]) -> None:
    mine, other = make_database(), make_database()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(mine.rsplit("/", 1)[0] + "/" + other.rsplit("/", 1)[1])


@pytest.mark.parametrize("turn", [1, 2])
async def test_redis_starts_empty(redis_url: str, turn: int) -> None:
    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.get("left") is None
        await client.set("left", "over")


async def test_mocked_calls_answer() -> None:
    with aioresponses() as mocked:
        mocked.get("http://mocked.test/", payload={"ok": True}, status=201)
        async with ClientSession() as session, session.get("http://mocked.test/") as answer:
            assert (answer.status, await answer.json()) == (201, {"ok": True})
