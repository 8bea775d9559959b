"""A PostgreSQL of our own: one cluster in one folder, on 127.0.0.1 only, every role with a password."""

import asyncio
import contextlib
import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import asyncpg

from plugin_server.runtime.embedded.binaries import PostgresBinaries, find_postgres
from plugin_server.runtime.embedded.errors import EmbeddedError
from plugin_server.runtime.embedded.home import Home, open_home
from plugin_server.runtime.embedded.ports import LOOPBACK, free_port
from plugin_server.runtime.embedded.process import Leashed
from plugin_server.runtime.embedded.secret import kept_secret, write_private

SUPERUSER = "deskhours_owner"

_START_SECONDS = 30.0
_GRACE_SECONDS = 4.0
_PORT_TRIES = 5
_LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
_NOT_READY = (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError, TimeoutError)


def _environment() -> dict[str, str]:
    """Ours without the variables that PostgreSQL's programs would take for settings, and with a UTF-8 locale."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return kept | {"LC_ALL": _LOCALE, "LANG": _LOCALE}


async def _initialise(home: Home, binaries: PostgresBinaries, data: Path, password: str, log: Path) -> None:
    """Make an empty cluster. It gets its final name only when it is whole, so a kill half way leaves no broken one."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    password_file = data.with_name("initial-password")
    write_private(password_file, f"{password}\n")
    home.give(password_file)
    common = [
        str(binaries.folder / "initdb"),
        *("-D", str(fresh), "-U", SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password_file}"),
        *("--encoding=UTF8", "--no-instructions", "--no-sync"),
    ]
    locales = [[f"--locale={_LOCALE}"]]
    if binaries.major >= 17:  # for a system without that locale: PostgreSQL's own
        locales.append(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"])
    try:
        for locale in locales:
            run = Leashed.start(
                [*common, *locale],
                name="initdb",
                log=log,
                account=home.account,
                env=_environment(),
                cwd=data.parent,
            )
            try:
                status = await run.wait()
            finally:
                run.ask_to_stop()
            if status == 0:
                fresh.rename(data)
                return
            shutil.rmtree(fresh, ignore_errors=True)
    finally:
        password_file.unlink(missing_ok=True)
    raise EmbeddedError(f"PostgreSQL could not make its data folder {data}:\n{run.log_tail()}")


class Postgres:
    """A running server. Bound to no event loop: each call opens what connection it needs."""

    def __init__(self, process: Leashed, port: int, password: str) -> None:
        self.process = process
        self.port = port
        self._password = password

    @classmethod
    async def start(
        cls, folder: Path, *, fsync: bool = True, log: Path | None = None, keep_open: Sequence[int] = ()
    ) -> "Postgres":
        """Start the server of a data folder and wait until it answers; an empty folder becomes a new cluster.

        `fsync=False` is for tests only: a power cut would cost the data. `log` is the server's log file (its own
        folder's ``postgres.log`` unless given); `keep_open` as for `Leashed.start`. Raises EmbeddedError in words when
        no matching binaries are found or the server does not come up within 30 seconds.
        """
        home = open_home(folder)
        place = home.make_folder("postgres")
        data = place / "data"
        log = log or folder / "postgres.log"
        try:
            major = int((data / "PG_VERSION").read_text(encoding="ascii"))
        except FileNotFoundError:
            major = None
        except ValueError as error:
            raise EmbeddedError(f"{data} is not a folder of PostgreSQL data: its PG_VERSION is no number.") from error
        try:
            binaries = find_postgres(home, major)
        except EmbeddedError as error:
            raise error if major is None else EmbeddedError(f"{error} The folder: {data}") from error
        password = kept_secret(folder / "secrets" / "postgres_password")
        if major is None:
            await _initialise(home, binaries, data, password, log)
        for _ in range(_PORT_TRIES):
            port = free_port()
            process = Leashed.start(
                [
                    *(str(binaries.folder / "postgres"), "-D", str(data), "-p", str(port)),
                    *("-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories="),
                    *("-c", f"fsync={'on' if fsync else 'off'}", "-c", "timezone=UTC", "-c", "log_timezone=UTC"),
                ],
                name="PostgreSQL",
                log=log,
                polite="INT",  # "fast": ends open connections and closes the files properly
                grace=_GRACE_SECONDS,
                account=home.account,
                env=_environment(),
                cwd=place,
                keep_open=keep_open,
            )
            server = cls(process, port, password)
            try:
                await server._ready()
            except BaseException as error:
                await process.stop()
                if isinstance(error, EmbeddedError) and "could not bind" in process.log_tail():
                    continue
                raise
            return server
        raise EmbeddedError(f"PostgreSQL found no free port on {LOOPBACK} in {_PORT_TRIES} tries.")

    async def _ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.process.status is None and time.monotonic() < deadline:
            with contextlib.suppress(*_NOT_READY):
                connection = await self.connect(seconds=1)
                await connection.close()
                return
            await asyncio.sleep(0.02)
        raise EmbeddedError(f"PostgreSQL did not start. The end of its log, {self.process.log}:\n{self._tail()}")

    def _tail(self) -> str:
        return self.process.log_tail(10)

    def url(self, database: str = "postgres", role: str = SUPERUSER, password: str | None = None) -> str:
        """A connection URL; without a password it is the superuser's."""
        secret = self._password if password is None else password
        return f"postgresql://{quote(role)}:{quote(secret, safe='')}@{LOOPBACK}:{self.port}/{quote(database)}"

    async def connect(self, database: str = "postgres", seconds: float = 10) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection as the superuser, made within so many seconds. The caller closes it."""
        return await asyncpg.connect(self.url(database), timeout=seconds)

    async def ensure_database(self, name: str, password: str) -> str:
        """Make a database and a role of the same name that owns it, unless they are there; return the role's URL.

        Nobody else may connect to the database (PostgreSQL would let every role in), nor the role to any other.
        Safe to repeat; a new password replaces the old one.
        """
        connection = await self.connect()
        try:
            # CREATE takes no parameters: the server itself quotes the names and the password.
            known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
            verb = "ALTER" if known else "CREATE"
            await connection.execute(
                await connection.fetchval(
                    "SELECT format($1::text || ' ROLE %I LOGIN PASSWORD %L', $2::text, $3::text)", verb, name, password
                )
            )
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
                await connection.execute(
                    await connection.fetchval("SELECT format('CREATE DATABASE %I OWNER %I', $1::text, $1::text)", name)
                )
            for database in (name, "postgres", "template1"):
                await connection.execute(
                    await connection.fetchval(
                        "SELECT format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', $1::text)", database
                    )
                )
        finally:
            await connection.close()
        return self.url(name, name, password)

    async def drop_database(self, name: str) -> None:
        """Delete a database made by `ensure_database` and its role, ending the connections to it."""
        connection = await self.connect()
        try:
            for statement in ("DROP DATABASE IF EXISTS %I WITH (FORCE)", "DROP ROLE IF EXISTS %I"):
                await connection.execute(
                    await connection.fetchval("SELECT format($1::text, $2::text)", statement, name)
                )
        finally:
            await connection.close()

    async def stop(self) -> None:
        """Stop the server, its files in order, its connections ended."""
        await self.process.stop()
