"""The queue: nudges arrive, and neither a lost connection nor a failing job ends the worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from plugin_server.runtime import queue
from plugin_server.runtime.queue import Job, Periodic, RedisQueue


class Heard:
    """What the worker was asked to do."""

    def __init__(self) -> None:
        self.words: asyncio.Queue[str] = asyncio.Queue()

    async def hear(self, word: str) -> None:
        await self.words.put(word)
        if word == "fail":
            raise RuntimeError("a job that fails")

    async def next(self, seconds: float = 15) -> str:
        async with asyncio.timeout(seconds):
            return await self.words.get()


@pytest.fixture
async def heard(redis_url: str) -> AsyncIterator[Heard]:
    heard = Heard()
    work = asyncio.create_task(queue.work(redis_url, [Job("hear", heard.hear)], []))
    yield heard
    assert not work.done()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work


@pytest.fixture
async def nudges(redis_url: str) -> AsyncIterator[RedisQueue]:
    nudges = await RedisQueue.connect(redis_url)
    yield nudges
    await nudges.close()


async def test_a_nudge_arrives_and_one_for_later_later(heard: Heard, nudges: RedisQueue) -> None:
    await nudges.nudge("hear", "later", after=1)
    await nudges.nudge("hear", "now")
    assert [await heard.next(), await heard.next()] == ["now", "later"]


async def test_a_failing_job_ends_nothing(heard: Heard, nudges: RedisQueue) -> None:
    await nudges.nudge("hear", "fail")
    assert await heard.next() == "fail"
    await nudges.nudge("hear", "on")
    assert await heard.next() == "on"


async def test_lost_connections_end_neither_worker_nor_queue(redis_url: str, heard: Heard, nudges: RedisQueue) -> None:
    await nudges.nudge("hear", "before")
    assert await heard.next() == "before"
    async with redis.asyncio.Redis.from_url(redis_url) as connection:
        await connection.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    # A nudge may be lost with its connection; the next one is not.
    for _ in range(20):
        await nudges.nudge("hear", "after")
        with contextlib.suppress(TimeoutError):
            assert await heard.next(1) == "after"
            return
    raise AssertionError("the worker hears nothing any more")


async def test_a_periodic_run_happens_at_start(redis_url: str) -> None:
    ran = asyncio.Event()

    async def run() -> None:
        ran.set()

    work = asyncio.create_task(queue.work(redis_url, [], [Periodic("run", run, 60)]))
    async with asyncio.timeout(15):
        await ran.wait()
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
