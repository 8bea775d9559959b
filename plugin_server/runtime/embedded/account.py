"""Which user the server binaries run as.

PostgreSQL refuses to run as root, and Valkey has no reason to. So root starts both as an unprivileged user that is
there already; nobody is ever added to the machine.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from plugin_server.runtime.embedded.errors import EmbeddedError

_CANDIDATES = ("postgres", "nobody")
_SECONDS = 10.0


@dataclass(frozen=True)
class Account:
    """An unprivileged user of this machine."""

    name: str
    uid: int
    gid: int

    def _does(self, *command: str) -> bool:
        try:
            done = subprocess.run(  # noqa: S603 - our own commands
                command,
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return done.returncode == 0

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can traverse every folder down to `folder`. Tried, not computed: ACLs count too."""
        return self._does("/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder))

    def can_run(self, binary: Path) -> bool:
        """Whether this user can run ``binary --version``, its libraries included."""
        return self._does(str(binary), "--version")


def server_account() -> Account | None:
    """The user for the server binaries, or None when we are no root and simply stay who we are.

    Raises EmbeddedError for a root without any unprivileged user to turn to.
    """
    if os.geteuid() != 0:
        return None
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "You are root, and this machine has neither a user 'postgres' nor 'nobody' to run the database as. "
        "Run this as an ordinary user, or set DATABASE_URL and REDIS_URL to servers that run already."
    )
