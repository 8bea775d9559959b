"""The command line: ``deskhours <command>``."""

from __future__ import annotations

import argparse
import asyncio
import errno
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp
import asyncpg

from plugin_server import app as server_app
from plugin_server import manifest as manifests
from plugin_server import worker as worker_app
from plugin_server.accounts.keys import command as keys_command
from plugin_server.accounts.keys.service import TokenKeys
from plugin_server.check import command as check_command
from plugin_server.check.context import SETUP_TOKEN, Context
from plugin_server.demo import launch
from plugin_server.explain import command as explain_command
from plugin_server.extension import command as extension_command
from plugin_server.extension.build import BuildRefused
from plugin_server.init import command as init_command
from plugin_server.init.files import InitRefused
from plugin_server.manifest import describe
from plugin_server.mirror import command
from plugin_server.panel.health import worker_seen
from plugin_server.runtime import database, datadir, log, metrics, queue, redis, serving
from plugin_server.runtime.clock import SystemClock
from plugin_server.runtime.stop import Stop
from plugin_server.services import Services, build, running
from plugin_server.setup import command as setup

Result = TypeVar("Result")


class NoService(Exception):
    """A connection that the command needs is not named."""


_INIT = "Asks six questions and writes a valid manifest, with the keys that it needs. Nothing is overwritten."
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_AWAY: tuple[type[Exception], ...] = (
    *database.AWAY,
    *redis.AWAY,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)


def main() -> None:
    """Entry point of ``deskhours``; exits 2 on a mistake in the call or the manifest, 1 on any other failure."""
    arguments = _parser().parse_args()
    try:
        sys.exit(arguments.run(arguments))
    except manifests.ManifestError as error:
        print(error, file=sys.stderr)  # noqa: T201 (the command's own answer)
        sys.exit(2)
    except (BuildRefused, InitRefused, datadir.DataDirError, NoService, database.MigrationError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read our output has seen enough; the interpreter must not try to flush the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deskhours", description="Harvest inside the helpdesk's ticket page.")
    commands = parser.add_subparsers(required=True, metavar="command")

    demo = commands.add_parser("demo", help="start everything on this machine, with a demo helpdesk and Harvest")
    launch.add_arguments(demo)
    demo.set_defaults(run=lambda arguments: asyncio.run(launch.run(arguments)))

    init = commands.add_parser("init", help="write a first manifest from six answers", description=_INIT)
    init_command.add_arguments(init)
    init.set_defaults(run=init_command.run)

    serve = _command(commands, "serve", "run the server", _serve)
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8700)
    serve.add_argument(
        "--drain-seconds",
        type=float,
        default=serving.DRAIN_SECONDS,
        help="when asked to stop: so long /readyz says so before nobody is let in any more (default: %(default)s)",
    )
    worker = _command(commands, "worker", "run the worker", _worker)
    worker.add_argument("--metrics-port", type=int, help="serve the worker's own /metrics there (default: nowhere)")
    worker.add_argument("--metrics-host", default="127.0.0.1", help="and at this address (default: %(default)s)")
    for process, what in ((serve, "requests"), (worker, "jobs")):
        process.add_argument(
            "--stop-seconds",
            type=float,
            default=serving.STOP_SECONDS,
            help=f"when asked to stop: so long {what} under way may take (default: %(default)s)",
        )
    command.add_arguments(_command(commands, "sync", "read from Harvest now, by hand", _sync))
    keys_command.add_arguments(_command(commands, "keys", "change the keys that tokens are encrypted with", _keys))
    _command(commands, "migrate", "bring the database up to date", _migrate)
    check_command.add_arguments(_command(commands, "check", "test the whole chain live, and say what to do", _check))
    explain_command.add_arguments(_command(commands, "explain", "say where a time entry counts, and why", _explain))
    setup.add_arguments(_command(commands, "setup", "put into the helpdesk what is needed there", _setup))
    check = _command(commands, "manifest", "check the manifest and say every mistake", _manifest)
    instead = check.add_mutually_exclusive_group()
    instead.add_argument("--schema", action="store_true", help="print the JSON Schema that manifests follow instead")
    instead.add_argument("--reference", action="store_true", help="print a page on every setting instead")

    extension = commands.add_parser("extension", help="package the browser extension", description="The extension.")
    parts = extension.add_subparsers(required=True, metavar="command")
    extension_command.add_arguments(
        _command(parts, "build", "write packages of the extension for this manifest's server", _extension_build)
    )
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, words: str, run: object
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=words, description=words)
    parser.add_argument("--manifest", type=Path, help="the manifest (default: manifest.json, or the demo's)")
    parser.add_argument("--data", help="the data folder of a running demo (default: $DESKHOURS_DATA)")
    parser.set_defaults(run=run)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    log.configure()
    return asyncio.run(_run_server(arguments))


async def _run_server(arguments: argparse.Namespace) -> int:
    settings, stop = manifests.load(_manifest_path(arguments)), Stop.on_signals()
    async with _services(settings, arguments) as services:
        drain, finish = arguments.drain_seconds, arguments.stop_seconds
        with _port_free(arguments.port):
            app = server_app.create(services)
            await serving.serve(app, arguments.host, arguments.port, stop, drain_seconds=drain, stop_seconds=finish)
    return 0


@contextmanager
def _port_free(port: int) -> Iterator[None]:
    """A port that can't be listened on is told in words."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL):
            raise
        raise NoService(f"Port {port} can't be used: {os.strerror(error.errno)}. Choose another one.") from None


def _worker(arguments: argparse.Namespace) -> int:
    log.configure()
    return asyncio.run(_run_worker(arguments))


async def _run_worker(arguments: argparse.Namespace) -> int:
    settings, stop = manifests.load(_manifest_path(arguments)), Stop.on_signals()
    redis_url = _url(arguments, "REDIS_URL")
    async with _services(settings, arguments) as services:
        jobs, periodic = worker_app.jobs(services)
        async with _worker_metrics(services, arguments):
            await queue.work(redis_url, jobs, periodic, stop, arguments.stop_seconds)
    return 0


@asynccontextmanager
async def _worker_metrics(services: Services, arguments: argparse.Namespace) -> AsyncIterator[None]:
    """The worker's own metrics where the call asks for them; to others than this machine only with a token."""
    if arguments.metrics_port is None:
        yield
        return
    token = services.manifest.server.metrics_token
    if token is None and arguments.metrics_host not in _LOOPBACK:
        raise NoService(
            f"--metrics-host {arguments.metrics_host} can be reached from elsewhere. Name a token in the manifest's"
            " server.metrics_token first, or leave it at 127.0.0.1."
        )
    exposition = metrics.Exposition(services.pool, token.get_secret_value() if token else None)
    host, port = arguments.metrics_host, arguments.metrics_port
    with _port_free(port):
        runner = await metrics.listen(exposition, host, port, guarded=token is not None)
    try:
        yield
    finally:
        await runner.cleanup()


def _sync(arguments: argparse.Namespace) -> int:
    log.configure("ERROR")  # what happens is told in words
    return asyncio.run(_run_sync(arguments))


async def _run_sync(arguments: argparse.Namespace) -> int:
    settings = manifests.load(_manifest_path(arguments))
    try:
        async with _services(settings, arguments) as services:
            if await database.pending(services.pool):
                raise NoService("The database is not up to date. Run deskhours migrate first.")
            return await command.run(services.mirror, arguments, sys.stderr)
    except _AWAY as error:
        raise NoService(_away(error)) from None


@asynccontextmanager
async def _services(settings: manifests.Manifest, arguments: argparse.Namespace) -> AsyncIterator[Services]:
    """Everything a process works with; what is not there to begin with is told in words."""
    urls = _url(arguments, "DATABASE_URL"), _url(arguments, "REDIS_URL")
    async with AsyncExitStack() as stack:
        try:
            services = await stack.enter_async_context(running(settings, *urls))
        except _AWAY as error:
            raise NoService(_away(error)) from None
        yield services


def _away(error: Exception) -> str:
    of_postgres = isinstance(error, (asyncpg.PostgresError, OSError))  # the queue is reached for later
    which, variable = ("database", "DATABASE_URL") if of_postgres else ("queue", "REDIS_URL")
    return (
        f"The {which} can't be reached: {error or type(error).__name__}. Look whether it runs, and whether {variable}"
        " has the right host, port, name and password; deskhours check tells more."
    )


def _keys(arguments: argparse.Namespace) -> int:
    log.configure("ERROR")  # what happens is told in words
    keys = [key.get_secret_value() for key in manifests.load(_manifest_path(arguments)).server.token_keys]

    async def run(pool: database.Pool) -> int:
        return await keys_command.run(TokenKeys(pool, keys), arguments, sys.stdout)

    return asyncio.run(_on_database(arguments, run))


def _migrate(arguments: argparse.Namespace) -> int:
    log.configure()
    done = asyncio.run(_on_database(arguments, database.migrate))
    print(f"{len(done)} migration(s) applied" if done else "the database is up to date")  # noqa: T201
    return 0


def _extension_build(arguments: argparse.Namespace) -> int:
    # Nothing of a package is secret, and who packages it need not hold the server's secrets.
    return extension_command.run(arguments, manifests.load(_manifest_path(arguments), secrets_optional=True))


async def _on_database(arguments: argparse.Namespace, run: Callable[[database.Pool], Awaitable[Result]]) -> Result:
    """What needs the database alone."""
    try:
        pool = await database.connect(_url(arguments, "DATABASE_URL"), maximum=1)
    except _AWAY as error:
        raise NoService(_away(error)) from None
    try:
        return await run(pool)
    finally:
        await pool.close()


def _setup(arguments: argparse.Namespace) -> int:
    return setup.main(arguments, _manifest_path(arguments))


def _check(arguments: argparse.Namespace) -> int:
    log.configure("CRITICAL")  # what happens is told in words

    def context(session: aiohttp.ClientSession) -> Context:
        return Context(
            session,
            worker_seen,
            _manifest_path(arguments),
            _url_if_named(arguments, "DATABASE_URL"),
            _url_if_named(arguments, "REDIS_URL"),
            os.environ.get(SETUP_TOKEN, "").strip(),
        )

    return asyncio.run(check_command.run(context, arguments, sys.stdout))


def _explain(arguments: argparse.Namespace) -> int:
    log.configure("ERROR")  # what is found is told in words
    settings = manifests.load(_manifest_path(arguments))

    async def run(pool: database.Pool) -> int:
        if await database.pending(pool):
            raise NoService("The database is not up to date. Run deskhours migrate first.")
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            services = build(settings, pool, queue.NullQueue(), session, SystemClock())
            return await explain_command.run(services.explain, pool, arguments, sys.stdout)

    return asyncio.run(_on_database(arguments, run))


def _manifest(arguments: argparse.Namespace) -> int:
    if arguments.schema or arguments.reference:
        print(describe.schema_text() if arguments.schema else describe.reference(), end="")  # noqa: T201
        return 0
    path = _manifest_path(arguments)
    manifests.load(path)
    print(f"{path}: valid")  # noqa: T201
    return 0


def _manifest_path(arguments: argparse.Namespace) -> Path:
    if arguments.manifest:
        return Path(arguments.manifest)
    demo = datadir.resolve(arguments.data)
    return demo.manifest if demo else Path("manifest.json")


def _url(arguments: argparse.Namespace, name: str) -> str:
    """A connection URL: of the running demo that ``--data`` names, else from the environment, else of the demo that
    DESKHOURS_DATA names."""
    url = os.environ.get(name)
    if url and not arguments.data:
        return url
    demo = datadir.resolve(arguments.data)
    if demo is None:
        raise NoService(
            f"{name} is not set. Set it, or name a running demo's data folder with --data or DESKHOURS_DATA."
        )
    return demo.database_url if name == "DATABASE_URL" else demo.redis_url


def _url_if_named(arguments: argparse.Namespace, name: str) -> str | None:
    """As :func:`_url`; ``None`` where nobody has named one."""
    try:
        return _url(arguments, name)
    except NoService:
        return None


if __name__ == "__main__":
    main()
