"""Server, workers and simulated systems as processes that a test may kill at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiohttp
import asyncpg

from plugin_server.demo import prepare
from plugin_server.demo.programs import set_up_helpdesk
from plugin_server.runtime.embedded.ports import free_port
from tests.support.demo import free_triple
from tests.support.world import until

REQUEST_SECONDS = 2
CLONE = Path(__file__).resolve().parents[2]


class Stand:
    """The product on its own databases, with a short time limit for calls to Harvest."""

    def __init__(self, folder: Path, database: str, redis: str, **settings: dict[str, object]) -> None:
        self.port, self.second_port = free_triple(), free_port()
        self.url, self.helpdesk, self.harvest = (f"http://127.0.0.1:{self.port + offset}" for offset in range(3))
        self.second_url = f"http://127.0.0.1:{self.second_port}"
        self.kills = 0
        self.database, self.redis = database, redis
        self._folder = folder
        self._environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": redis}
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        prepare.write_secrets(folder, prepare.Seed.load())
        self._manifest = prepare.write_manifest(folder, self.port)
        manifest = json.loads(self._manifest.read_text())
        manifest["harvest"]["request_seconds"] = REQUEST_SECONDS
        for part, changes in settings.items():
            manifest[part] |= changes
        self._manifest.write_text(json.dumps(manifest))

    def _command(self, name: str) -> list[str]:
        kind = name.split("-")[0]
        command = [sys.executable, "-m", "plugin_server.cli", kind, "--manifest", str(self._manifest)]
        port = self.second_port if name == "serve-2" else self.port
        return [*command, "--port", str(port)] if kind == "serve" else command

    async def start_systems(self, harvest_database: str, helpdesk_database: str) -> None:
        """Start the simulated Harvest and helpdesk; they are not killed."""
        product = ["--product-url", self.url]
        systems = {
            "harvest": [self.port + 2, harvest_database, self.harvest, "--helpdesk-url", self.helpdesk],
            "helpdesk": [self.port + 1, helpdesk_database, self.helpdesk],
        }
        for name, (port, database, public_url, *more) in systems.items():
            options = ["--port", str(port), "--database", str(database), "--public-url", str(public_url), *product]
            command = [sys.executable, "-m", f"plugin_server.demo.{name}", *options, *map(str, more)]
            await self._start(name, command)
        for url in (self.harvest, self.helpdesk):
            await until(lambda url=url: _answers(f"{url}/_sim/health"), seconds=30)
        await set_up_helpdesk(self._manifest, self.harvest, prepare.Seed.load())

    async def start(self, name: str, *options: str) -> None:
        """Start `serve`, `serve-2` on the second port, or a worker such as `worker-1`."""
        await self._start(name, [*self._command(name), *options])

    async def end(self, name: str) -> int:
        """SIGTERM, and the status with which the process then ends."""
        self._processes[name].terminate()
        return await self.ended(name)

    async def ended(self, name: str) -> int:
        """The status with which the process ends by itself."""
        return await self._processes[name].wait()

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal and wait for nothing."""
        self._processes[name].send_signal(number)

    def log(self, name: str) -> str:
        """What a process has logged."""
        return (self._folder / f"{name}.log").read_text()

    async def migrate(self) -> None:
        """Make the tables."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "plugin_server.cli", "migrate", env=self._environment, cwd=CLONE
        )
        assert await process.wait() == 0

    async def doubles(self) -> list[str]:
        """Logs that stand in the database more than once."""
        connection = await asyncpg.connect(self._environment["DATABASE_URL"])
        try:
            rows = await connection.fetch("SELECT id FROM log GROUP BY id HAVING count(*) > 1")
        finally:
            await connection.close()
        return [str(row["id"]) for row in rows]

    async def ready(self) -> None:
        """Wait until every server answers that was started."""
        for name, url in (("serve", self.url), ("serve-2", self.second_url)):
            if name in self._processes:
                await until(lambda url=url: _answers(f"{url}/readyz"), seconds=30)

    async def kill(self, name: str) -> None:
        """SIGKILL, and start again at once."""
        process = self._processes[name]
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)
        await process.wait()
        self.kills += 1
        await self.start(name)

    async def stop(self) -> None:
        """End everything."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in self._processes.values()))

    async def _start(self, name: str, command: list[str]) -> None:
        log = await asyncio.to_thread((self._folder / f"{name}.log").open, "ab")
        try:
            self._processes[name] = await asyncio.create_subprocess_exec(
                *command, env=self._environment, cwd=CLONE, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        finally:
            log.close()


async def _answers(url: str) -> bool:
    with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            return response.status == 200
    return False


@contextlib.asynccontextmanager
async def standing(
    folder: Path,
    make_database: Callable[[], str],
    redis: str,
    names: Sequence[str] = ("serve", "worker-1", "worker-2"),
    **settings: dict[str, object],
) -> AsyncIterator[Stand]:
    """A stand that is up: one server, two workers; ``settings`` are changes to the manifest's parts."""
    stand = Stand(folder, make_database(), redis, **settings)
    try:
        await stand.start_systems(make_database(), make_database())
        await stand.migrate()
        for name in names:
            await stand.start(name)
        await stand.ready()
        yield stand
    finally:
        await stand.stop()
