"""The demo's own programs: how each is started, and when it counts as ready."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp

from plugin_server import manifest as manifests
from plugin_server.accounts.connect import HELPDESK_CALLBACK
from plugin_server.demo.prepare import CLONE, Seed
from plugin_server.helpdesk.base import HelpdeskError
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import of_manifest
from plugin_server.helpdesk.zammad.setup.apply import CannotSetUp, Setup
from plugin_server.runtime import datadir
from plugin_server.runtime.datadir import RunningDemo
from plugin_server.runtime.embedded import Leashed
from plugin_server.tickets.routes import WEBHOOK

DIE_WITH_PARENT = "DESKHOURS_DIE_WITH_PARENT"
"""Set by ``make``: stop when the process that started us is gone, for a SIGKILL is passed on by nobody."""

_CLI = "plugin_server.cli"
_READY_SECONDS = 60.0
_POLL_SECONDS = 0.05
_STOP = ("--stop-seconds", "1")
_GRACE_SECONDS = (
    3.0  # after which a program is killed; with the databases' 4 this stays below the 10 seconds that a stop may take
)


class LaunchError(Exception):
    """The demo cannot start or go on. The message is for people."""


def ended(child: Leashed, how: str) -> LaunchError:
    """An error for a child that is gone, with the end of its log."""
    status = "still running" if child.status is None else f"status {child.status}"
    tail = child.log_tail() or "(nothing)"
    return LaunchError(f"The {child.name} {how} ({status}). Its log, {child.log}, ends with:\n{tail}")


async def together(*work: Coroutine[Any, Any, Any]) -> None:
    """Run all to their end; the first error ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _without_password(url: str) -> tuple[str, str]:
    """A database URL fit for a command line, which everybody on the machine may read, and its password."""
    parts = urlsplit(url)
    password = parts.password or ""
    return url.replace(f":{password}@", "@", 1), unquote(password)


async def until_ready(child: Leashed, url: str) -> None:
    """Wait until `url` answers 200. Raises LaunchError when the child ends first or takes longer than a minute."""
    deadline = time.monotonic() + _READY_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while time.monotonic() < deadline:
            if child.status is not None:
                raise ended(child, "ended while starting")
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(_POLL_SECONDS)
    raise ended(child, f"did not answer at {url} within {_READY_SECONDS:.0f} seconds")


async def set_up_helpdesk(manifest: Path, harvest_url: str, seed: Seed) -> None:
    """Put into the helpdesk what Deskhours needs there, as an administrator would. Raises LaunchError."""
    settings = manifests.load(manifest)
    desk = settings.helpdesk
    definition = of_manifest(
        settings, webhook_path=WEBHOOK, callback_path=HELPDESK_CALLBACK, project_url=f"{harvest_url}/projects/{{id}}"
    )
    async with aiohttp.ClientSession() as session:
        setup = Setup(Calls(session, manifests.url_text(desk.url)), seed.helpdesk_setup_token, desk.roles)
        try:
            await setup.apply(definition, seed.helpdesk_token)
        except HelpdeskError as error:
            raise LaunchError(f"The demo helpdesk could not be set up: {error}") from error
        except CannotSetUp as error:
            raise LaunchError(
                f"The demo helpdesk could not be set up: {error}. If it was started with --without-setup before, start"
                " it so again, or afresh with --reset."
            ) from error


async def start_programs(
    demo: RunningDemo, urls: Mapping[str, str], seed: Seed, *, bare: bool, logs: Path, lock: int, started: list[Leashed]
) -> None:
    """Start Harvest and helpdesk while the product's tables are made, then server and worker; return when all answer.
    The worker starts once the helpdesk has the fields that it writes. ``bare``: Harvest and helpdesk alone.

    `urls` are the simulators' databases by name. Each program is added to `started` at once, so that the caller can
    stop it however this ends. Raises LaunchError for one that does not come up.
    """
    ours = (datadir.VARIABLE, DIE_WITH_PARENT, "DATABASE_URL", "REDIS_URL")
    base = {name: value for name, value in os.environ.items() if name not in ours} | {"PYTHONUNBUFFERED": "1"}
    connections = {"DATABASE_URL": demo.database_url, "REDIS_URL": demo.redis_url}

    def start(name: str, log: str, env: dict[str, str], module: str, *arguments: str) -> Leashed:
        return Leashed.start(
            [sys.executable, "-m", module, *arguments],
            name=name,
            log=logs / f"{log}.log",
            grace=_GRACE_SECONDS,
            env=base | env,
            cwd=CLONE,  # so that the package is found wherever the command was typed
            keep_open=[lock],
        )

    async def simulator(name: str, log: str, url: str, *arguments: str) -> None:
        where = ("--port", str(urlsplit(url).port), "--public-url", url, "--product-url", demo.product_url)
        database, password = _without_password(urls[f"demo_{log}"])
        module = f"plugin_server.demo.{log}"
        child = start(name, log, {"PGPASSWORD": password}, module, *where, "--database", database, *arguments)
        started.append(child)
        await until_ready(child, f"{url}/_sim/health")

    helpdesk_is_set_up = asyncio.Event()

    async def helpdesk() -> None:
        await simulator("demo helpdesk", "helpdesk", demo.helpdesk_url, *(["--bare"] if bare else []))
        if bare:
            return
        await set_up_helpdesk(demo.manifest, demo.harvest_url, seed)
        helpdesk_is_set_up.set()

    async def product() -> None:
        migration = start("migration", "migrate", connections, _CLI, "migrate")
        try:
            if await migration.wait() != 0:
                raise ended(migration, "failed")
        finally:
            await migration.stop()
        manifest = ("--manifest", str(demo.manifest))
        port = str(urlsplit(demo.product_url).port)
        serving = ("--port", port, "--drain-seconds", "0", *_STOP)
        server = start("server", "server", connections, _CLI, "serve", *manifest, *serving)
        started.append(server)
        await helpdesk_is_set_up.wait()
        worker = start("worker", "worker", connections, _CLI, "worker", *manifest, *_STOP)
        started.append(worker)
        await until_ready(server, f"{demo.product_url}/readyz")
        if worker.status is not None:
            raise ended(worker, "ended while starting")

    await together(
        simulator("simulated Harvest", "harvest", demo.harvest_url, "--helpdesk-url", demo.helpdesk_url),
        helpdesk(),
        *([] if bare else [product()]),
    )
