"""One limiter for all processes, people before batches: its rule, and the same with two of them on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import aiohttp
import pytest
from aioresponses import aioresponses
from hypothesis import given
from hypothesis import strategies as st

from plugin_server import services
from plugin_server.harvest import core, limiter
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import Kind, Rule, SharedLimiter, Window
from plugin_server.runtime import database, redis
from plugin_server.runtime.clock import SetClock
from tests.support.cable import cable
from tests.support.server import write_manifest

API = "https://harvest.example.com/v2"
RULE = Rule(20, 1.0)


class Processes:
    """Limiters as different processes have them: each with a connection of its own."""

    def __init__(self, stack: AsyncExitStack, url: str) -> None:
        self._stack = stack
        self._url = url

    async def start(self, rule: Rule = RULE, url: str = "", account_id: int = 1) -> SharedLimiter:
        connection = await self._stack.enter_async_context(redis.connect(url or self._url))
        return SharedLimiter(connection, account_id, rule)


@pytest.fixture
async def processes(redis_url: str) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(stack, redis_url)


async def test_the_calls_of_a_stretch_of_work_are_counted() -> None:
    with limiter.counting() as all_of_them:
        await limiter.admit(limiter.UNLIMITED, "batch")
        with limiter.counting() as some, limiter.working("person") as work:
            await limiter.admit(limiter.UNLIMITED, "batch")
            await limiter.reserve(limiter.UNLIMITED)
            await limiter.admit(limiter.UNLIMITED, "batch")
    await limiter.admit(limiter.UNLIMITED, "batch")
    assert (all_of_them.calls, some.calls, work.begun) == (3, 2, 2)


async def starts(turns: SharedLimiter, kind: Kind, most: int = 100) -> int:
    """How many calls start at once before one has to wait."""
    for count in range(most):
        try:
            await turns.enter(kind, 0)
        except core.Throttled:
            return count
    return most


def quarters(least: int, most: int) -> st.SearchStrategy[float]:
    """Seconds that a float holds exactly, so that sums of them are exact as well."""
    return st.integers(4 * least, 4 * most).map(lambda count: count / 4)


STEPS = st.lists(st.tuples(quarters(0, 3), st.sampled_from(["person", "batch"])), max_size=60)


@given(st.integers(1, 12), quarters(1, 5), STEPS)
def test_no_window_holds_more_than_its_share(requests: int, seconds: float, steps: list[tuple[float, Kind]]) -> None:
    rule = Rule(requests, seconds)
    window, now, begun = Window(rule), 0.0, list[float]()
    for pause, kind in steps:
        now += pause
        inside = sum(start + seconds > now for start in begun)
        wait = window.wait(kind, now)
        assert (wait == 0) == (inside < rule.share(kind))
        # Nobody else comes: then the wait is exactly long enough.
        assert wait <= seconds
        now += wait
        assert window.wait(kind, now) == 0
        window.count(now)
        begun.append(now)
        assert sum(start + seconds > now for start in begun) <= requests


@given(st.integers(1, 1000), st.floats(1, 60))
def test_batches_may_always_start_and_never_fill_the_window(requests: int, seconds: float) -> None:
    rule = Rule(requests, seconds)
    assert 1 <= rule.share("batch") <= rule.share("person") == requests
    assert requests < 2 or rule.share("batch") < requests


async def test_two_processes_count_together_and_leave_room_for_people(processes: Processes) -> None:
    one, two = await processes.start(), await processes.start()
    got = await asyncio.gather(*(starts(turns, "batch") for turns in (one, two, one, two)))
    assert sum(got) == 16
    got = await asyncio.gather(*(starts(turns, "person") for turns in (one, two, one, two)))
    assert sum(got) == 4
    assert await starts(await processes.start(account_id=2), "person", 3) == 3  # another account is another matter


async def test_many_who_wait_all_get_their_turn_and_no_window_holds_more(processes: Processes) -> None:
    rule = Rule(10, 0.5)
    both = [await processes.start(rule), await processes.start(rule)]
    begun: list[float] = []

    async def call(turns: SharedLimiter) -> None:
        await turns.enter("person", 30)
        begun.append(monotonic())

    await asyncio.gather(*(call(turns) for turns in both for _ in range(20)))
    begun.sort()
    assert len(begun) == 40
    # Of eleven in a row the first and the last lie a window apart; a tenth of it for what passes until it is noted.
    assert min(last - first for first, last in zip(begun, begun[10:], strict=False)) > 0.45


async def test_who_cannot_start_in_time_is_told_at_once_how_long_to_wait(processes: Processes) -> None:
    turns = await processes.start(Rule(10, 30))
    assert await starts(turns, "person") == 10
    before = monotonic()
    with pytest.raises(core.Throttled) as told:
        await turns.enter("person", 2)
    assert 25 < told.value.retry_after <= 30
    assert monotonic() - before < 2
    assert 25 < await turns.wait("batch") <= 30


async def test_looking_counts_nothing(processes: Processes) -> None:
    turns = await processes.start()
    assert [await turns.wait("person") for _ in range(50)] == [0] * 50
    assert await starts(turns, "person") == 20


async def test_a_429_stops_every_process_until_it_is_over(processes: Processes) -> None:
    first, second = await processes.start(), await processes.start()
    async with aiohttp.ClientSession() as session:
        clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
        one, two = (HarvestClient(session, API, 1, "x", "t", 10, clock, turns) for turns in (first, second))
        with aioresponses() as mocked:
            mocked.delete(f"{API}/time_entries/1", status=429, headers={"Retry-After": "3"})
            mocked.delete(f"{API}/time_entries/2", status=200, repeat=True)
            with pytest.raises(core.Throttled):
                await one.delete_time_entry(1)
            asked = len(mocked.requests)
            for client in (one, two):
                with pytest.raises(core.Throttled) as told:
                    await client.delete_time_entry(2)
                assert 2 < told.value.retry_after <= 3
            assert len(mocked.requests) == asked, "nobody calls meanwhile"
            await second.pause(0.1)  # never shortens it
            assert await second.wait("person") > 2
            await second.enter("person", 5)
            await two.delete_time_entry(2)


async def test_a_listing_goes_on_after_a_short_silence_and_a_write_is_left_to_the_outbox(processes: Processes) -> None:
    async with aiohttp.ClientSession() as session:
        clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
        client = HarvestClient(session, API, 1, "x", "t", 10, clock, await processes.start(), kind="batch")
        with aioresponses() as mocked:
            mocked.get(f"{API}/company", status=429, headers={"Retry-After": "1"})
            company = {"base_uri": "https://acme.example.com", "wants_timestamp_timers": False}
            mocked.get(f"{API}/company", payload=company)
            assert (await client.company()).base_uri == "https://acme.example.com"
            mocked.delete(f"{API}/time_entries/1", status=429, headers={"Retry-After": "1"})
            with pytest.raises(core.Throttled):
                await client.delete_time_entry(1)


async def test_what_calls_are_for_decides_their_kind_whoever_makes_them(processes: Processes) -> None:
    turns = await processes.start(Rule(10, 30))
    async with aiohttp.ClientSession() as session:
        clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
        client = HarvestClient(session, API, 1, "x", "t", 10, clock, turns, kind="batch")
        with aioresponses() as mocked:
            mocked.delete(f"{API}/time_entries/1", status=200, repeat=True)
            assert await starts(turns, "batch") == 8
            with limiter.working("batch", patience=0) as work, pytest.raises(core.Throttled):
                await client.delete_time_entry(1)
            assert work.begun == 0
            with limiter.working("person", patience=0) as work:
                await client.delete_time_entry(1)
                await limiter.reserve(turns)
                assert await starts(turns, "person") == 0
                await client.delete_time_entry(1)  # its turn was reserved
                assert work.begun == 2
                with pytest.raises(core.Throttled):
                    await client.delete_time_entry(1)


async def test_without_the_server_each_process_keeps_the_rule_alone_and_remembers(
    processes: Processes, redis_url: str
) -> None:
    async with cable(redis_url) as line:
        turns = await processes.start(Rule(10, 30), line.url)
        assert await starts(turns, "person", 4) == 4
        await line.cut()
        assert await starts(turns, "batch") == 4  # and the four before make eight
        assert await starts(turns, "person") == 2
        await turns.pause(60)
        assert 59 < await turns.wait("person") <= 60
        await line.mend()


async def test_a_server_that_never_was_there_keeps_nobody_from_working(
    processes: Processes, unused_tcp_port: int
) -> None:
    turns = await processes.start(url=f"redis://127.0.0.1:{unused_tcp_port}/0")
    assert await starts(turns, "person") == 20


async def test_after_an_absence_they_count_together_again(
    processes: Processes, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "ALONE_SECONDS", 0.0)
    rule = Rule(10, 30)
    async with cable(redis_url) as line:
        one, two = await processes.start(rule, line.url), await processes.start(rule)
        await line.cut()
        assert await starts(one, "person") == 10
        await line.mend()
        assert await starts(two, "person", 7) == 7
        assert await starts(one, "person") == 3


async def test_a_server_whose_clock_was_put_back_blocks_nobody(processes: Processes, redis_url: str) -> None:
    turns = await processes.start()
    async with redis.connect(redis_url) as connection:
        in_an_hour = round((datetime.now(UTC).timestamp() + 3600) * 1_000_000)
        await connection.rpush("deskhours:{harvest:1}:calls", *[in_an_hour] * 20)
    assert await starts(turns, "person") == 20


async def test_the_products_own_clients_share_the_limiter_of_the_manifest(
    tmp_path: Path, make_database: Callable[[], str], redis_url: str
) -> None:
    settings = write_manifest(tmp_path, "k" * 32)
    async with services.running(settings, make_database(), redis_url) as built:
        limit = settings.harvest.rate_limit
        assert (limit.requests, limit.seconds) == (90, 15)
        with aioresponses() as mocked:
            mocked.get("http://127.0.0.1:8702/v2/users/me", status=429, headers={"Retry-After": "50"})
            with pytest.raises(core.Throttled):
                await built.tokens.client("t").me()
        assert await built.limiter.wait("batch") > 45
        await database.migrate(built.pool)
        with limiter.working("batch", patience=0), pytest.raises(core.Throttled):
            await built.mirror.sync()
