"""``deskhours demo``: databases, simulated Harvest, demo helpdesk, server and worker, with one command.

Everything it starts is on a leash (``runtime/embedded/leash.py``): it ends with this process, whatever ends this one.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from plugin_server.demo import browser, prepare
from plugin_server.demo.programs import DIE_WITH_PARENT, LaunchError, ended, start_programs, together
from plugin_server.runtime import datadir
from plugin_server.runtime.datadir import DataDir, DataDirError, RunningDemo, StillEndingError
from plugin_server.runtime.embedded import EmbeddedError, Leashed, Postgres, Valkey
from plugin_server.runtime.embedded.ports import trouble
from plugin_server.runtime.embedded.secret import kept_secret

_PARTS = ("server", "demo helpdesk", "simulated Harvest")  # on the port given and the two after it
_LEFTOVER_SECONDS = 20.0
_LOOK_SECONDS = 0.2


def _port(text: str) -> int:
    """The first of three ports in a row."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65533:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65533 (the two after it are used as well)")
    return int(text)


def _setting(text: str) -> tuple[str, Any]:
    """A setting of the manifest by its dotted name, with a JSON value; what is no JSON is text."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not written NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``deskhours demo``."""
    parser.add_argument(
        "--port",
        type=_port,
        default=prepare.DEFAULT_PORT,
        help="the server's port; helpdesk and Harvest get the two after it (default: %(default)s)",
    )
    parser.add_argument("--no-browser", action="store_true", help="open no browser")
    parser.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="settings",
        help="another setting than the manifest's, for example budgets.lock.policy=tiered; may be repeated",
    )
    parser.add_argument(
        "--without-setup",
        action="store_true",
        help="databases, helpdesk and Harvest alone, the helpdesk with nothing of Deskhours: to follow docs/setup.md",
    )
    parser.add_argument("--reset", action="store_true", help="start afresh: delete this demo's data first")
    parser.add_argument(
        "--data",
        metavar="DIR",
        help=f"where to keep data (default: {datadir.VARIABLE}, else {datadir.default_folder()})",
    )


async def run(args: argparse.Namespace) -> int:
    """Run the demo until Ctrl-C or SIGTERM. Returns the exit status: 0, or 1 with the reason on standard error."""
    demo = _Demo(datadir.demo_folder(args.data), args.port, args.settings, bare=args.without_setup)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # ignored: started with nohup
            loop.add_signal_handler(number, demo.on_signal)
    try:
        await demo.run(reset=args.reset, open_browser=not args.no_browser)
    except (LaunchError, DataDirError, EmbeddedError, prepare.NoCloneError) as error:
        _say(f"deskhours demo: {error}", file=sys.stderr)
        return 1
    return 0


def _say(text: str, file: Any = None) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(text, file=file, flush=True)


def _catches_interrupts(pid: int) -> bool:
    """Whether a process has a handler for SIGINT (False where the system has no ``/proc`` to tell).

    ``make`` keeps a SIGINT that only itself got (``kill -INT``, no Ctrl-C) from its children and waits for them; all
    that shows is that it has put its handler away.
    """
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    except (OSError, StopIteration):
        return False
    return bool(int(caught, 16) >> (signal.SIGINT - 1) & 1)


class _Demo:
    """One run of the demo: what it has started, and the event that ends it."""

    def __init__(self, folder: Path, port: int, settings: list[tuple[str, Any]], *, bare: bool) -> None:
        self._folder = folder
        self._settings = [*prepare.BARE_SETTINGS, *settings] if bare else settings
        self._bare = bare
        self._port = port
        self._product, self._helpdesk, self._harvest = (f"http://127.0.0.1:{port + part}" for part in range(3))
        self._programs: list[Leashed] = []
        self._databases: list[Leashed] = []
        self._browser: Leashed | None = None
        self._stop = asyncio.Event()
        self._parent = os.getppid() if os.environ.get(DIE_WITH_PARENT) == "1" else None

    def on_signal(self) -> None:
        """Stop; the second time without waiting for anything to finish."""
        if self._stop.is_set():
            for child in self._everything():
                child.kill()
        self._stop.set()

    def _everything(self) -> list[Leashed]:
        return [*([self._browser] if self._browser else []), *self._programs, *self._databases]

    async def run(self, *, reset: bool, open_browser: bool) -> None:
        """Start everything and stay until asked to stop. Raises what is wrong, with everything stopped."""
        data = await self._claim()
        try:
            self._check_ports()
            if reset:
                data.reset()
            life = asyncio.create_task(self._live(data, open_browser=open_browser))
            stop = asyncio.create_task(self._wait_for_stop())
            await asyncio.wait((life, stop), return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not life.done():
                _say("Stopping ...")
                life.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await life
        finally:
            await self._stop_everything()
            data.release()

    async def _claim(self) -> DataDir:
        deadline = time.monotonic() + _LEFTOVER_SECONDS
        while True:
            try:
                return DataDir.claim(self._folder)
            except StillEndingError:
                if self._stop.is_set() or time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_LOOK_SECONDS)

    def _check_ports(self) -> None:
        for port, part in enumerate(_PARTS, self._port):
            if (reason := trouble(port)) is not None:
                raise LaunchError(
                    f"Port {port}, for the {part}, {reason}. Stop what uses it (another demo?), or choose three other "
                    f"ports in a row, for example with --port {8800 if self._port != 8800 else 8900}."
                )

    async def _wait_for_stop(self) -> None:
        """Return when a signal came, or when the process that we are to end with has ended or been interrupted."""
        parent = self._parent
        caught = parent is not None and _catches_interrupts(parent)
        while parent is None or (os.getppid() == parent and not (caught and not _catches_interrupts(parent))):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), _LOOK_SECONDS if parent else None)
                return

    async def _live(self, data: DataDir, *, open_browser: bool) -> None:
        """Start everything, say so, and watch it. Ends by cancellation or a LaunchError."""
        seed = prepare.Seed.load()
        _say(f"Starting; data and logs are kept in {self._folder}")
        prepare.write_secrets(self._folder, seed, bare=self._bare)
        manifest = prepare.write_manifest(self._folder, self._port, self._settings)
        extension = prepare.copy_extension(self._folder, manifest)
        urls = await self._start_databases(data)
        demo = RunningDemo(
            database_url=urls["deskhours"],
            redis_url=urls["valkey"],
            product_url=self._product,
            helpdesk_url=self._helpdesk,
            harvest_url=self._harvest,
            manifest=manifest,
            extension=extension,
            launcher_pid=os.getpid(),
        )
        logs, lock = self._folder / "logs", data.lock
        await start_programs(demo, urls, seed, bare=self._bare, logs=logs, lock=lock, started=self._programs)
        data.announce(demo)
        _say((prepare.welcome_bare if self._bare else prepare.welcome)(self._folder, demo, seed))
        if open_browser and not self._bare:
            self._open_browser(demo)
        await self._watch()

    async def _start_databases(self, data: DataDir) -> dict[str, str]:
        """The URLs of Valkey and of the three databases, each with a role that can open no other."""
        urls: dict[str, str] = {}

        async def postgres() -> None:
            server = await Postgres.start(self._folder, log=self._log("postgres"), keep_open=[data.lock])
            self._databases.append(server.process)
            for name in ("deskhours", "demo_harvest", "demo_helpdesk"):
                password = kept_secret(self._folder / "secrets" / f"database_{name}")
                urls[name] = await server.ensure_database(name, password)

        async def valkey() -> None:
            server = await Valkey.start(self._folder, log=self._log("valkey"), keep_open=[data.lock])
            self._databases.append(server.process)
            urls["valkey"] = server.url()

        await together(postgres(), valkey())
        return urls

    def _log(self, name: str) -> Path:
        return self._folder / "logs" / f"{name}.log"

    def _open_browser(self, demo: RunningDemo) -> None:
        """Open one where there is one and a display; a demo without is as good, so nothing here ends it."""
        chromium = browser.find_chromium()
        if chromium is None or not browser.has_display():
            return
        ticket = f"{demo.helpdesk_url}/#ticket/zoom/1"
        try:
            self._browser = browser.open_browser(
                chromium, demo.extension, self._folder / "browser", ticket, self._log("browser")
            )
        except OSError as error:
            _say(f"The browser could not be opened ({error}); open one yourself.")

    async def _watch(self) -> None:
        """Raise a LaunchError as soon as something that must live is gone. A closed browser is nobody's loss."""
        while True:
            for child in (*self._programs, *self._databases):
                if child.status is not None:
                    raise ended(child, "ended by itself, so the demo stops")
            if self._browser is not None and self._browser.status is not None:
                if self._browser.status != 0:
                    _say(f"The browser ended with status {self._browser.status}; its log: {self._browser.log}")
                self._browser = None
            await asyncio.sleep(_LOOK_SECONDS)

    async def _stop_everything(self) -> None:
        """Browser and programs first, then the databases that they use."""
        for group in ([*([self._browser] if self._browser else []), *self._programs], self._databases):
            for child in group:
                child.ask_to_stop()
            for child in group:
                await child.wait()
