"""What figures are measured on: PostgreSQL with fsync and Valkey, of our own, and child processes that end with us."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from plugin_server.runtime import database
from plugin_server.runtime.embedded import Postgres, Valkey
from plugin_server.runtime.embedded.home import remove_home
from plugin_server.runtime.embedded.ports import free_port

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class Stand:
    """The servers, and fresh databases on them."""

    postgres: Postgres
    valkey: Valkey
    folder: Path

    @contextlib.asynccontextmanager
    async def database(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """The URL of a new database with the real tables (or none)."""
        name = f"bench_{secrets.token_hex(4)}"
        url = await self.postgres.ensure_database(name, secrets.token_hex(8))
        try:
            if migrated:
                pool = await database.connect(url, maximum=1)
                await database.migrate(pool)
                await pool.close()
            yield url
        finally:
            await self.postgres.drop_database(name)

    async def checkpoint(self) -> None:
        """Let nothing that went before be written during what is measured next."""
        connection = await self.postgres.connect()
        await connection.execute("CHECKPOINT")
        await connection.close()


def _folder() -> Path:
    """A data folder that the servers' unprivileged user can enter too, should we be root."""
    folder = Path(tempfile.mkdtemp(prefix="deskhours-bench-"))
    folder.chmod(0o711)
    return folder


@contextlib.asynccontextmanager
async def standing() -> AsyncIterator[Stand]:
    """Start the servers; everything is gone in the end."""
    folder = _folder()
    try:
        postgres = await Postgres.start(folder)
        try:
            valkey = await Valkey.start(folder)
            try:
                yield Stand(postgres, valkey, folder)
            finally:
                await valkey.stop()
        finally:
            await postgres.stop()
    finally:
        remove_home(folder)
        shutil.rmtree(folder, ignore_errors=True)


class Child:
    """A ``python -m`` of ours that speaks JSON, a line at a time, and ends when its standard input does."""

    def __init__(self, process: asyncio.subprocess.Process, name: str) -> None:
        self._process = process
        self._name = name

    async def hear(self) -> Any:
        """Its next line."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended with status {await self._process.wait()}")
        return json.loads(line)

    async def say(self, words: str = "go") -> None:
        """Give it a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{words}\n".encode())
        await self._process.stdin.drain()


@contextlib.asynccontextmanager
async def child(module: str, *arguments: str) -> AsyncIterator[Child]:
    """The module as a process of its own."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdin=pipe, stdout=pipe, cwd=ROOT, limit=1 << 22
    )
    try:
        yield Child(process, module)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()


def tell(value: object) -> None:
    """Of a child: one line for its parent."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


async def told() -> bool:
    """Of a child: whether its parent has given it a line, or gone."""
    return bool(await asyncio.to_thread(sys.stdin.readline))


@contextlib.asynccontextmanager
async def simulated(system: str, database_url: str) -> AsyncIterator[str]:
    """The demo's ``harvest`` or ``helpdesk`` on this database; its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"plugin_server.demo.{system}", "--database", database_url, "--port", str(port)),
        cwd=ROOT,
    )
    try:
        await _until_healthy(f"{url}/_sim/health")
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _until_healthy(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)
    raise RuntimeError(f"{url} did not answer within 30 seconds")
