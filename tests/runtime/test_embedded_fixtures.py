"""The fixtures of conftest.py that other tests build on."""

from collections.abc import Callable

import asyncpg
import pytest
import redis.asyncio
from aiohttp import ClientSession
from aioresponses import aioresponses

from tests.support.servers import TestPostgres


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


class TestMigrated:
    """A database that was used is made as new for the next test, if it can be."""

    ROWS = "SELECT count(*) FROM agent"
    FIRST = "INSERT INTO agent (helpdesk_user_id, name, email, created_at) VALUES (1, 'Ada', 'a@example.com', now())"

    async def used(self, postgres: TestPostgres, *statements: str) -> tuple[bool, str]:
        """Whether the next one asking is given this database after it was used so; the URL of what is given then."""
        name, url = postgres.make_migrated()
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        postgres.give_back(name, url)  # with its connection still open
        again, url = postgres.make_migrated()
        return again == name, url

    async def test_rows_and_counters_begin_anew(self, postgres: TestPostgres) -> None:
        same, url = await self.used(postgres, self.FIRST, self.FIRST.replace("(1,", "(2,"))
        assert same
        async with asyncpg.create_pool(url, min_size=1) as pool:
            assert await pool.fetchval(self.ROWS) == 0
            assert await pool.fetchval(f"{self.FIRST} RETURNING id") == 1
            assert await pool.fetchval("SELECT count(*) FROM schema_migration") > 20

    @pytest.mark.parametrize(
        "change",
        [
            "ALTER TABLE agent ADD COLUMN more int",
            "CREATE TABLE more ()",
            "DROP TABLE page_drift",
            "CREATE OR REPLACE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DELETE FROM schema_migration",
            "ALTER TABLE agent ALTER COLUMN email DROP NOT NULL",
        ],
    )
    async def test_one_that_is_another_now_is_given_to_nobody(self, postgres: TestPostgres, change: str) -> None:
        assert not (await self.used(postgres, change))[0]
