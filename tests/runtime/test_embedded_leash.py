"""The leash: nothing started through it outlives whoever started it."""

import asyncio
import fcntl
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from plugin_server.runtime.embedded import Leashed
from tests.support.processes import command_of, descendants, wait_for, wait_until_gone

# Says that it is there only when its handlers are set.
_STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: print('no')); print('up', flush=True)\n"
_STUBBORN += "while True: time.sleep(1)"
_SLEEP = [sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"]
_WITH_CHILD = f"import subprocess, time; subprocess.Popen({_SLEEP!r}); print('up', flush=True); time.sleep(600)"


def _python(tmp_path: Path, code: str, **options: float) -> Leashed:
    child = Leashed.start([sys.executable, "-u", "-c", code], name="child", log=tmp_path / "log", **options)
    wait_for(lambda: "up" in child.log_tail())
    return child


@pytest.mark.parametrize(("code", "status"), [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)])
async def test_status_is_the_commands_own(tmp_path: Path, code: str, status: int) -> None:
    child = Leashed.start([sys.executable, "-c", code], name="child", log=tmp_path / "log")
    assert await child.wait() == status


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    child = Leashed.start([str(tmp_path / "nothing")], name="child", log=tmp_path / "log")
    assert await child.wait() == 127
    assert "cannot start" in child.log_tail()


async def test_stop_is_polite_first(tmp_path: Path) -> None:
    polite = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(5)); print('up'); time.sleep(60)"
    )
    assert await _python(tmp_path, polite).stop() == 5


async def test_stop_uses_force_after_the_grace_period(tmp_path: Path) -> None:
    child = _python(tmp_path, _STUBBORN, grace=0.3)
    assert await asyncio.wait_for(child.stop(), 5) == 128 + signal.SIGKILL


async def test_kill_waits_for_nothing(tmp_path: Path) -> None:
    child = _python(tmp_path, _STUBBORN, grace=60)
    child.kill()
    assert await asyncio.wait_for(child.wait(), 5) == 128 + signal.SIGKILL


async def test_what_the_command_started_goes_with_it(tmp_path: Path) -> None:
    child = _python(tmp_path, _WITH_CHILD)
    everything = wait_for(lambda: len(found := descendants(child.pid)) == 2 and found)
    await child.stop()
    wait_until_gone(everything, 5)


def _holder(tmp_path: Path) -> tuple["subprocess.Popen[bytes]", list[psutil.Process]]:
    """A process that holds two leashes, and everything below it."""
    code = f"""
import sys, time
from pathlib import Path
from plugin_server.runtime.embedded import Leashed
held = [Leashed.start([sys.executable, "-c", {_STUBBORN!r}], name="x", log=Path({str(tmp_path)!r}, n), grace=1)
        for n in "ab"]
time.sleep(600)
"""
    holder = subprocess.Popen([sys.executable, "-c", code])
    wait_for(lambda: all((tmp_path / n).is_file() and "up" in (tmp_path / n).read_text() for n in "ab"))
    everything = descendants(holder.pid)
    assert len(everything) == 4
    return holder, everything


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_holder(tmp_path: Path, ending: signal.Signals) -> None:
    holder, everything = _holder(tmp_path)
    holder.send_signal(ending)
    holder.wait()
    wait_until_gone(everything, 10)


@pytest.mark.skipif("sys.platform != 'linux'")
def test_a_killed_leash_takes_its_command_along(tmp_path: Path) -> None:
    child = Leashed.start(_SLEEP, name="child", log=tmp_path / "log")
    command = command_of(child.pid)
    psutil.Process(child.pid).kill()
    wait_until_gone([command], 5)


async def test_the_previous_log_is_kept(tmp_path: Path) -> None:
    for word in ("one", "two"):
        await Leashed.start([sys.executable, "-c", f"print({word!r})"], name="child", log=tmp_path / "log").wait()
    assert [(tmp_path / name).read_text() for name in ("log", "log.1")] == ["two\n", "one\n"]


async def test_a_kept_descriptor_stays_open_until_the_command_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        child = Leashed.start(_SLEEP, name="child", log=tmp_path / "log", keep_open=[lock.fileno()])
    with (tmp_path / "lock").open("w") as lock:
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        started = time.monotonic()
        await child.stop()
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert time.monotonic() - started < 3
