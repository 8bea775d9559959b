"""Reads that share a connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import Pool
from plugin_server.runtime.reading import reading

BACKEND = "SELECT pg_backend_pid()"


@pytest.fixture
async def pool(make_database: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_database(), minimum=2, maximum=2)
    yield pool
    await pool.close()


async def backends(pool: Pool) -> set[int]:
    """The backends that three reads at once are answered by."""
    return set(await asyncio.gather(*(pool.fetchval(BACKEND) for _ in range(3))))


async def test_reads_share_one_connection_and_take_turns(pool: Pool) -> None:
    assert len(await backends(pool)) == 2, "without it each read has its own"
    async with reading(pool):
        [one] = await backends(pool)
        assert [row[0] for row in await pool.fetch(BACKEND)] == [one]
        row = await pool.fetchrow(BACKEND)
        assert row is not None
        assert row[0] == one


async def test_a_transaction_inside_is_another_connections(pool: Pool) -> None:
    async with reading(pool):
        [shared] = await backends(pool)
        async with pool.acquire() as connection, connection.transaction():
            assert await connection.fetchval(BACKEND) != shared


async def test_one_inside_another_takes_no_second_connection(pool: Pool) -> None:
    async with reading(pool), reading(pool), reading(pool):  # there are two in the pool
        async with asyncio.timeout(5):
            assert len(await backends(pool)) == 1


async def test_a_task_that_outlives_it_asks_the_pool(pool: Pool) -> None:
    may_go_on = asyncio.Event()

    async def later() -> int:
        await may_go_on.wait()
        found: int = await pool.fetchval("SELECT 1 + 1")
        return found

    async with reading(pool):
        task = asyncio.create_task(later())
        await backends(pool)
    may_go_on.set()
    assert await task == 2


async def test_a_failed_read_leaves_the_others_theirs(pool: Pool) -> None:
    async with reading(pool):
        with pytest.raises(Exception, match="nothing_of_the_kind"):
            await pool.fetchval("SELECT nothing_of_the_kind")
        assert await pool.fetchval("SELECT 1") == 1
    assert await pool.fetchval("SELECT 1") == 1


async def test_what_is_cut_off_gives_its_connection_back(pool: Pool) -> None:
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1), reading(pool):
                await pool.fetchval("SELECT pg_sleep(5)")
    assert len(await backends(pool)) == 2
