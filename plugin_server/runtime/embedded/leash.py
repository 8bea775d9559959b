"""Run one command and end it when whoever asked for it is gone.

A plain program, standard library only, started as ``python -I leash.py [options] -- command ...``. The starter keeps
the write end of this program's standard input. However the starter ends, SIGKILL included, that pipe reaches its end,
and the command is stopped: first politely (``--signal``), after ``--grace`` seconds with SIGKILL, its whole process
group with it. That works on every POSIX system and needs no pid files, which lie after a crash.

* End of standard input or SIGTERM: stop politely. SIGTERM once more: stop at once.
* The exit status is the command's own; 128 + n when signal n ended it; 127 when it could not be started.
* ``--user`` and ``--group`` (numbers; root only) run the command without privileges while the leash keeps its own, so
  it may still stop it, and the interpreter's files need not be readable for that user.
"""

import argparse
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

_LOOK_SECONDS = 1.0  # a missed SIGCHLD costs at most this long


def _signal_when_leash_dies(number: int) -> Callable[[], None] | None:
    """What the child calls before exec so that even a SIGKILLed leash takes it along (Linux only, else None)."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        import ctypes

        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (ImportError, OSError, AttributeError):
        return None
    pr_set_pdeathsig = 1
    return lambda: prctl(pr_set_pdeathsig, number, 0, 0, 0)


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="leash")
    parser.add_argument("--signal", default="TERM", help="the polite signal, by name without SIG")
    parser.add_argument("--grace", type=float, default=4.0, help="seconds between the polite signal and SIGKILL")
    parser.add_argument("--user", type=int, default=None, help="numeric user to run the command as")
    parser.add_argument("--group", type=int, default=None, help="numeric group to run the command as")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    args = parser.parse_args(argv)
    if args.command[:1] == ["--"]:
        del args.command[0]
    if not args.command:
        parser.error("no command")
    return args


def _kill_group(child: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def _watch(child: "subprocess.Popen[bytes]", wake: int, polite: signal.Signals, grace: float) -> int:
    """Wait for the command to end, stopping it when asked to. Returns its status as Popen reports it."""
    watched = [wake, sys.stdin.fileno()]
    deadline: float | None = None
    while True:
        status = child.poll()
        if status is not None:
            return status
        patience = _LOOK_SECONDS if deadline is None else min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))
        ready, _, _ = select.select(watched, [], [], patience)
        stop = False
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            watched.remove(sys.stdin.fileno())
            stop = True
        hard = deadline is not None and time.monotonic() >= deadline
        if wake in ready:
            for number in os.read(wake, 4096):
                if number != signal.SIGCHLD:
                    hard = hard or stop or deadline is not None
                    stop = True
        if hard:
            _kill_group(child)
        elif stop and deadline is None:
            deadline = time.monotonic() + grace
            child.send_signal(polite)


def main(argv: list[str]) -> int:
    args = _parse(argv)
    polite = signal.Signals[f"SIG{args.signal}"]
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    privileges = {} if args.user is None else {"user": args.user, "group": args.group, "extra_groups": []}
    try:
        child = subprocess.Popen(  # noqa: S603 - our own callers give the command
            args.command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_signal_when_leash_dies(polite),
            **privileges,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"cannot start {args.command[0]}: {error}", file=sys.stderr, flush=True)  # noqa: T201
        return 127
    try:
        status = _watch(child, wake, polite, args.grace)
    finally:
        _kill_group(child)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
