"""One PostgreSQL and one Valkey for a whole test run, started when the first test asks for them."""

import asyncio
import itertools
import secrets
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import redis

from plugin_server.runtime import database
from plugin_server.runtime.embedded import Postgres, Valkey
from plugin_server.runtime.embedded.home import remove_home
from tests.support.renewal import Connection, Pristine

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread and an event loop of its own.

    So it may be called from plain code as well as from inside a test's running loop, and leaves pytest-asyncio's alone.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


class Folder:
    """A temporary data folder that the servers' unprivileged user can enter too, should we be root."""

    def __init__(self, prefix: str = "deskhours-test-") -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self.path.chmod(0o711)

    def remove(self) -> None:
        remove_home(self.path)
        shutil.rmtree(self.path, ignore_errors=True)


class TestPostgres:
    """Fresh databases on one server without fsync."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = Folder()
        self.server = run(Postgres.start(self._folder.path, fsync=False))
        self._numbers = itertools.count(1)
        self._migrated: tuple[str, str] | None = None
        self._pristine: Pristine | None = None
        self._renewed: list[tuple[str, str]] = []

    def make(self) -> tuple[str, str]:
        """A fresh empty database and its fresh role: their common name and the role's URL."""
        name = f"test_{next(self._numbers)}_{secrets.token_hex(3)}"
        return name, run(self.server.ensure_database(name, secrets.token_hex(8)))

    def make_migrated(self) -> tuple[str, str]:
        """A fresh database with all our tables, as :meth:`make`: one that was made as new, or a copy of one that was
        migrated once."""
        if self._renewed:
            return self._renewed.pop()
        if self._migrated is None:
            self._migrated = self.make()
            run(_migrate(self._migrated[1]))
        owner, url = self._migrated
        name = f"test_{next(self._numbers)}_{secrets.token_hex(3)}"
        run(self._copy(owner, name))
        return name, url.removesuffix(owner) + name

    async def _copy(self, owner: str, name: str) -> None:
        connection = await self.server.connect()
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{owner}" OWNER "{owner}"')
        finally:
            await connection.close()

    def drop(self, name: str) -> None:
        run(self.server.drop_database(name))

    def give_back(self, name: str, url: str) -> None:
        """What :meth:`make_migrated` gave is needed no more: made as new for the next one who asks, or dropped."""
        if run(self._renew(name)):
            self._renewed.append((name, url))
        else:
            self.drop(name)

    async def _renew(self, name: str) -> bool:
        if self._pristine is None:
            assert self._migrated is not None
            self._pristine = await self._connected(self._migrated[0], Pristine.of)
        return await self._connected(name, self._pristine.renew)

    async def _connected(self, name: str, work: Callable[[Connection], Awaitable[T]]) -> T:
        connection = await self.server.connect(name)
        try:
            return await work(connection)
        finally:
            await connection.close()

    def close(self) -> None:
        run(self.server.stop())
        self._folder.remove()


async def _migrate(url: str) -> None:
    pool = await database.connect(url, maximum=1)
    try:
        await database.migrate(pool)
    finally:
        await pool.close()


class TestValkey:
    """Emptied numbered databases on one server."""

    __test__ = False

    def __init__(self) -> None:
        self._folder = Folder()
        self.server = run(Valkey.start(self._folder.path))
        self._numbers = itertools.cycle(range(16))

    def fresh_url(self) -> str:
        url = self.server.url(next(self._numbers))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def close(self) -> None:
        run(self.server.stop())
        self._folder.remove()
