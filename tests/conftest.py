"""What every test may ask for.

`make_database`   a function: each call returns the URL of a fresh, empty PostgreSQL database that belongs to a fresh
                  role; dropped after the test. Plain and async tests call it alike, without await:

                      async def test_store(make_database):
                          pool = await asyncpg.create_pool(make_database())

`make_migrated`   the same with all our tables in it, faster than by migrating (support/renewal.py); all of one role.
`redis_url`       the URL of an empty Redis database.
`free_port`       a function: each call returns a TCP port of 127.0.0.1 that is free now.
`chromium_path`   a Chromium's executable; the test fails, in words, on a machine without one.
`chromium`        a Chromium that is running (support/shared.py), for tests marked ``asyncio(loop_scope="session")``.
`demo`            `deskhours demo` running once for the whole session, with `.url`, `.helpdesk`, `.harvest`,
                  `.extension` and `.data` (support/demo.py). Its data are shared: leave alone what others rely on.

The servers behind these start with the first test that asks, once per session, and end with it. All of these fixtures
but `chromium` are plain ones, not async: pytest-asyncio gives every test its own event loop, and an async fixture that
outlives a test would be left with a loop that is closed.
"""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import expect

from plugin_server.runtime.embedded import ports
from tests.support import aioresponses_patch
from tests.support import chromium as chromiums
from tests.support.demo import Demo
from tests.support.servers import Folder, TestPostgres, TestValkey
from tests.support.shared import SharedChromium, shared_chromium

aioresponses_patch.apply()
expect.set_options(timeout=20_000)  # what does come, comes late when the machine is busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files marked `many_processes` are spread over the first three quarters of the run: side by side they would slow
    each other down, and the last one would keep everybody waiting."""
    heavy: dict[Path, list[pytest.Item]] = {}
    light: list[pytest.Item] = []
    for item in items:
        if item.get_closest_marker("many_processes"):
            heavy.setdefault(item.path, []).append(item)
        else:
            light.append(item)
    if not heavy or not light:
        return
    files = list(dict.fromkeys(item.path for item in light))
    every = max(1, len(files) * 3 // 4 // len(heavy))
    waiting = list(heavy.values())
    ordered: list[pytest.Item] = []
    by_file = {file: [item for item in light if item.path == file] for file in files}
    for number, file in enumerate(files):
        if waiting and number % every == 0:
            ordered += waiting.pop(0)
        ordered += by_file[file]
    items[:] = ordered + [item for rest in waiting for item in rest]


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestPostgres]:
    server = TestPostgres()
    yield server
    server.close()


@pytest.fixture(scope="session")
def valkey() -> Iterator[TestValkey]:
    server = TestValkey()
    yield server
    server.close()


@pytest.fixture
def make_database(postgres: TestPostgres) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def one() -> str:
        name, url = postgres.make()
        made.append(name)
        return url

    yield one
    for name in made:
        postgres.drop(name)


@pytest.fixture
def make_migrated(postgres: TestPostgres) -> Iterator[Callable[[], str]]:
    made: list[tuple[str, str]] = []

    def one() -> str:
        made.append(postgres.make_migrated())
        return made[-1][1]

    yield one
    for name, url in made:
        postgres.give_back(name, url)


@pytest.fixture
def redis_url(valkey: TestValkey) -> str:
    return valkey.fresh_url()


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    return chromiums.find()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium(chromium_path: Path) -> AsyncIterator[SharedChromium]:
    async with shared_chromium(chromium_path) as running:
        yield running


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest) -> Iterator[Demo]:
    folder = Folder("deskhours-demo-test-")
    try:
        # Tests ask more of Harvest than people do, and wait with less patience; its limits have tests of their own.
        settings = ("rate_limit.requests=1000", "request_seconds=4", "sync_seconds=15")
        options = [word for setting in settings for word in ("--set", f"harvest.{setting}")]
        running = Demo.start(folder.path, None, *options)
        failed_before = request.session.testsfailed
        yield running
        if request.session.testsfailed > failed_before:
            sys.stderr.write(f"\nThe ends of the demo's logs:\n{running.logs()}\n")
        assert running.process.poll() is None, f"the demo ended by itself:\n{''.join(running.output)}"
        assert running.stop() == 0
    finally:
        folder.remove()


@pytest.fixture
def free_port() -> Callable[[], int]:
    return ports.free_port
