"""``deskhours demo`` as a whole: it comes up, says what is wrong, keeps data, and leaves nothing running."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from plugin_server.runtime import datadir
from tests.support.demo import Demo, free_triple
from tests.support.processes import command_lines, command_with, descendants, wait_for, wait_until_gone
from tests.support.servers import Folder, run

pytestmark = pytest.mark.many_processes


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Folder("deskhours-launch-test-")
    yield made.path
    made.remove()


def _query(data: Path, query: str) -> object:
    async def fetch() -> object:
        running = datadir.resolve(str(data))
        assert running is not None
        connection = await asyncpg.connect(running.database_url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return run(fetch())


def _secrets(data: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (data / "secrets").iterdir()}


def _refused(folder: Path, port: int, *arguments: str) -> str:
    """What a demo says that refuses to start."""
    demo = Demo.start(folder, port, *arguments, wait=False)
    assert demo.process.wait(30) == 1
    return wait_for(lambda: "".join(demo.output))


@pytest.mark.parametrize(("offset", "part"), [(0, "server"), (1, "demo helpdesk"), (2, "simulated Harvest")])
def test_a_taken_port_is_named(folder: Path, offset: int, part: str) -> None:
    port = free_triple()
    with socket.create_server(("127.0.0.1", port + offset)):
        said = _refused(folder, port)
    assert f"Port {port + offset}, for the {part}, is in use by another program" in said
    assert "--port" in said


def test_a_foreign_folder_is_not_reset(folder: Path) -> None:
    (folder / "thesis.txt").write_text("years of work")
    assert "nothing in it is touched" in _refused(folder, free_triple(), "--reset")
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]


def test_data_stay_until_a_reset(folder: Path) -> None:
    demo = Demo.start(folder)
    first = _secrets(folder)
    _query(folder, "CREATE TABLE kept ()")
    commands = command_lines(demo.process.pid)
    assert [name for name, secret in first.items() if secret in commands] == []
    assert "already runs on" in _refused(folder, free_triple())
    everything = descendants(demo.process.pid)
    assert demo.stop() == 0
    wait_until_gone(everything, 0.5)  # the launcher ended, so everything has
    assert "Traceback" not in "".join(demo.output)
    assert not (folder / "run.json").exists()

    demo = Demo.start(folder)
    assert _query(folder, "SELECT to_regclass('kept')::text") == "kept"
    assert _secrets(folder) == first
    assert demo.stop() == 0

    demo = Demo.start(folder, None, "--reset")
    assert _query(folder, "SELECT to_regclass('kept')::text") is None
    assert _secrets(folder)["jwt_key"] != first["jwt_key"]
    assert demo.stop() == 0


def test_nothing_outlives_a_killed_launcher(folder: Path) -> None:
    demo = Demo.start(folder)
    everything = descendants(demo.process.pid)
    assert len(everything) > 10
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait()
    again = Demo.start(folder)  # at once: it waits for what is left
    wait_until_gone(everything, 30)
    assert again.stop() == 0


def test_a_second_signal_waits_for_nothing(folder: Path) -> None:
    demo = Demo.start(folder)
    everything = descendants(demo.process.pid)
    command_with("serve", demo.process.pid).suspend()  # it can't obey the polite signal
    demo.process.send_signal(signal.SIGINT)
    wait_for(lambda: "Stopping ...\n" in demo.output)
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(10) == 0
    wait_until_gone(everything, 1)


# As make does it: it takes a SIGINT, puts its handler away, and waits for its child, whom it tells nothing.
_LIKE_MAKE = """
import signal, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
signal.signal(signal.SIGINT, lambda *_: signal.signal(signal.SIGINT, signal.SIG_DFL))
child.wait()
"""
_ENDINGS = [signal.SIGKILL, signal.SIGINT] if sys.platform == "linux" else [signal.SIGKILL]


@pytest.mark.parametrize("ending", _ENDINGS)
def test_it_ends_with_make_and_the_working_directory_does_not_matter(
    folder: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    """``make`` passes on neither of these: the launcher looks after its parent itself."""
    arguments = ["--no-browser", "--port", str(free_triple()), "--data", str(folder)]
    make = subprocess.Popen(
        [sys.executable, "-c", _LIKE_MAKE, sys.executable, "-m", "plugin_server.cli", "demo", *arguments],
        cwd=tmp_path,
        env=os.environ | {"DESKHOURS_DIE_WITH_PARENT": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert make.stdout is not None
    assert any(line.startswith("ready:") for line in make.stdout)
    everything = descendants(make.pid)
    make.send_signal(ending)
    wait_until_gone(everything, 15)
    make.wait(5)
    make.stdout.close()


def test_a_program_that_ends_ends_the_demo_and_is_named(folder: Path) -> None:
    demo = Demo.start(folder)
    everything = descendants(demo.process.pid)
    command_with("worker", demo.process.pid).kill()
    assert demo.process.wait(15) == 1
    wait_until_gone(everything, 1)
    said = wait_for(lambda: "".join(demo.output))
    assert "The worker ended by itself" in said
    assert str(folder / "logs" / "worker.log") in said


def test_a_browser_is_opened_and_may_fail(folder: Path, tmp_path: Path) -> None:
    chromium = tmp_path / "chromium"
    chromium.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\nexit 7\n')
    chromium.chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "DISPLAY": ":99"}
    demo = Demo.start(folder, browser=True, env=path)
    called = wait_for(lambda: (tmp_path / "called").is_file() and (tmp_path / "called").read_text())
    assert f"--load-extension={demo.extension} " in called
    assert f"--user-data-dir={folder}/browser " in called
    assert called.endswith(f" {demo.helpdesk}/#ticket/zoom/1\n")
    assert ("--no-sandbox" in called) == (os.geteuid() == 0)
    wait_for(lambda: "The browser ended with status 7" in "".join(demo.output))
    assert demo.stop() == 0
