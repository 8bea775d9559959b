"""A Valkey (or Redis) of our own: 127.0.0.1 only, with a password, its queue kept on disk."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from plugin_server.runtime.embedded.binaries import find_valkey
from plugin_server.runtime.embedded.errors import EmbeddedError
from plugin_server.runtime.embedded.home import open_home
from plugin_server.runtime.embedded.ports import LOOPBACK, free_port
from plugin_server.runtime.embedded.process import Leashed
from plugin_server.runtime.embedded.secret import kept_secret, write_private

_START_SECONDS = 15.0
_PORT_TRIES = 5

_CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir "{folder}"
appendonly yes
save ""
daemonize no
loglevel notice
logfile ""
"""


class Valkey:
    """A running server."""

    def __init__(self, process: Leashed, port: int, password: str) -> None:
        self.process = process
        self.port = port
        self._password = password

    @classmethod
    async def start(cls, folder: Path, *, log: Path | None = None, keep_open: Sequence[int] = ()) -> "Valkey":
        """Start the server of a data folder and wait until it answers.

        Each product and major version gets files of its own, since none reads a newer one's: after a change of
        binaries the queue starts empty, which costs nothing but a moment (jobs are nudges, the work is in PostgreSQL).
        `log` and `keep_open` as for `Postgres.start`. Raises EmbeddedError in words.
        """
        home = open_home(folder)
        binary = find_valkey(home)
        place = home.make_folder("valkey")
        data = home.make_folder("valkey", f"{binary.family}-{binary.major}")
        password = kept_secret(folder / "secrets" / "valkey_password")
        config = place / "server.conf"  # the password is in here, not on the command line, which everybody may read
        for _ in range(_PORT_TRIES):
            port = free_port()
            write_private(config, _CONFIG.format(host=LOOPBACK, port=port, password=password, folder=data))
            home.give(config)
            process = Leashed.start(
                [str(binary.path), str(config)],
                name="Valkey",
                log=log or folder / "valkey.log",
                grace=2.0,
                account=home.account,
                cwd=place,
                keep_open=keep_open,
            )
            server = cls(process, port, password)
            try:
                await server._ready()
            except BaseException as error:
                await process.stop()
                if isinstance(error, EmbeddedError) and "in use" in process.log_tail():
                    continue
                raise
            return server
        raise EmbeddedError(f"Valkey found no free port on {LOOPBACK} in {_PORT_TRIES} tries.")

    async def _ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.process.status is None and time.monotonic() < deadline:
            with contextlib.suppress(OSError, TimeoutError):
                if await asyncio.wait_for(self._ask(), 1):
                    return
            await asyncio.sleep(0.02)
        raise EmbeddedError(
            f"Valkey did not start. The end of its log, {self.process.log}:\n{self.process.log_tail(10)}"
        )

    async def _ask(self) -> bool:
        """Whether it takes the password and has read its files (while it reads them it answers LOADING)."""
        reader, writer = await asyncio.open_connection(LOOPBACK, self.port)
        try:
            writer.write(f"AUTH {self._password}\r\nPING\r\n".encode())
            return await reader.readline() == b"+OK\r\n" and await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def url(self, database: int = 0) -> str:
        """A ``redis://`` URL of one of its numbered databases (0 to 15)."""
        return f"redis://:{self._password}@{LOOPBACK}:{self.port}/{database}"

    async def stop(self) -> None:
        """Stop the server; what was queued is on disk."""
        await self.process.stop()
