"""Child processes that end when we do, whatever ends us."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from plugin_server.runtime.embedded.account import Account

_LEASH = Path(__file__).with_name("leash.py")
_POLL_SECONDS = 0.02


class Leashed:
    """One command run through ``leash.py``.

    Bound to no event loop, so that a pytest session may start it in one loop and stop it in another. Nothing of it
    outlives this process: the leash holds the read end of a pipe that only this process can write to.
    """

    def __init__(self, name: str, leash: "subprocess.Popen[bytes]", log: Path) -> None:
        self.name = name
        self.log = log
        self._leash = leash

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        name: str,
        log: Path,
        polite: str = "TERM",
        grace: float = 4.0,
        account: Account | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        keep_open: Sequence[int] = (),
    ) -> "Leashed":
        """Start a command; its output goes to `log` (the previous one is kept beside it as ``.1``).

        `polite` is the name of the signal that asks it to stop, `grace` the seconds it then has. `account` runs it as
        an unprivileged user. Descriptors in `keep_open` stay open in the leash, not in the command: a file lock in
        there is held until the command is really gone.
        """
        options = ["--signal", polite, "--grace", str(grace)]
        if account is not None:
            options += ["--user", str(account.uid), "--group", str(account.gid)]
        log.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            log.replace(log.with_name(f"{log.name}.1"))
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "wb") as output:
            leash = subprocess.Popen(  # noqa: S603 - the commands are ours
                [sys.executable, "-I", str(_LEASH), *options, "--", *command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=None if env is None else dict(env),
                cwd=cwd,
                pass_fds=tuple(keep_open),
            )
        return cls(name, leash, log)

    @property
    def pid(self) -> int:
        """The leash's pid; the command is its child."""
        return self._leash.pid

    @property
    def status(self) -> int | None:
        """The command's exit status (128 + n for signal n), or None while it runs."""
        return self._leash.poll()

    def log_tail(self, lines: int = 20) -> str:
        """The last lines it printed, for an error message."""
        try:
            text = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        """Begin the polite stop; returns at once, may be called again."""
        if self._leash.stdin is not None and not self._leash.stdin.closed:
            self._leash.stdin.close()

    def kill(self) -> None:
        """End it without grace; returns at once."""
        self.ask_to_stop()
        with contextlib.suppress(ProcessLookupError):
            self._leash.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Wait for the command's end and return its status."""
        while (status := self.status) is None:  # noqa: ASYNC110 - no event: it would belong to one loop
            await asyncio.sleep(_POLL_SECONDS)
        return status

    async def stop(self) -> int:
        """Stop politely, with force after the grace period, and return the status."""
        self.ask_to_stop()
        return await self.wait()
