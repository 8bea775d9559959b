"""Looking at processes from outside."""

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import TypeVar

import psutil

T = TypeVar("T")


def descendants(pid: int) -> list[psutil.Process]:
    """Every process below one."""
    return psutil.Process(pid).children(recursive=True)


def command_lines(below: int) -> str:
    """The command lines of all processes below one."""
    lines = []
    for process in descendants(below):
        with contextlib.suppress(psutil.NoSuchProcess):  # ended meanwhile
            lines.append(" ".join(process.cmdline()))
    return "\n".join(lines)


def command_with(word: str, below: int) -> psutil.Process:
    """The one command below a process that has this word among its arguments."""
    for process in descendants(below):
        with contextlib.suppress(psutil.NoSuchProcess):
            line = process.cmdline()
            if word in line and "-I" not in line:  # with -I it is the command's leash
                return process
    raise AssertionError(f"no process with {word!r}:\n{command_lines(below)}")


def command_of(leash: int) -> psutil.Process:
    """The command that a leash (its pid) runs, once it does."""

    def ours() -> psutil.Process | None:
        children = psutil.Process(leash).children()
        return children[0] if children and "leash.py" not in " ".join(children[0].cmdline()) else None

    return wait_for(ours)


def wait_until_gone(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Fail unless all of these end in time. A zombie counts as gone: it runs no more."""
    left = list(processes)

    def none_left() -> bool:
        left[:] = [one for one in left if _runs(one)]
        return not left

    try:
        wait_for(none_left, seconds)
    except AssertionError:
        raise AssertionError(f"still running after {seconds} seconds: {left}") from None


def wait_for(question: Callable[[], T], seconds: float = 10.0) -> T:
    """Ask until the answer is true, and return it; fail when it never is."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not so within {seconds} seconds")
        time.sleep(0.02)
    return answer


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
