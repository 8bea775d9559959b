"""Where the servers of one data folder keep their files.

Usually in the data folder itself. When root's data folder lies below a folder that the unprivileged server user cannot
traverse (``/root``, say), the servers live in a folder of their own elsewhere and a pointer file in the data folder
says where. The modes of folders that are not ours are never changed.
"""

import contextlib
import hashlib
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from plugin_server.runtime.embedded.account import Account, server_account
from plugin_server.runtime.embedded.errors import EmbeddedError

_POINTER = "servers-elsewhere"
_PARTS = ("postgres", "valkey", "binaries")
_ROOTS = (Path("/var/lib/deskhours"), Path("/srv/deskhours"), Path("/opt/deskhours"))


@dataclass(frozen=True)
class Home:
    """A folder for the servers' files, and the user they run as (None: we ourselves)."""

    folder: Path
    account: Account | None

    def give(self, path: Path) -> None:
        """Let the server user own a file or folder of ours; does nothing when the servers run as ourselves."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def make_folder(self, *parts: str) -> Path:
        """A private folder of the server user below the home, made if missing."""
        path = self.folder.joinpath(*parts)
        path.mkdir(mode=0o700, exist_ok=True)
        self.give(path)
        return path


def _elsewhere(data: Path) -> Path | None:
    """The folder that the pointer in a data folder names, if it is one that we would have made."""
    try:
        target = Path((data / _POINTER).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    return target if target.parent in _ROOTS else None


def _make_elsewhere(data: Path, account: Account) -> Path:
    name = hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
    for root in _ROOTS:
        target = root / name
        try:
            for folder in (root, target):
                folder.mkdir(mode=0o711, parents=True, exist_ok=True)
                details = folder.lstat()
                if not stat.S_ISDIR(details.st_mode) or details.st_uid != 0:
                    raise PermissionError(folder)
        except OSError:
            continue
        if account.can_enter(target):
            (data / _POINTER).write_text(f"{target}\n", encoding="utf-8")
            return target
    raise EmbeddedError(
        f"The data folder {data} lies below a folder that the user '{account.name}', who runs the database for root, "
        "cannot enter, and no folder for it could be made in /var/lib. Give another folder with --data, or run this as "
        "an ordinary user."
    )


def open_home(data: Path) -> Home:
    """Make a data folder, if missing, and find the place for its servers' files.

    Raises EmbeddedError when there is no place or no user for them, or the folder cannot be written.
    """
    account = server_account()
    try:
        if not data.is_dir():
            data.mkdir(parents=True, mode=0o700 if account is None else 0o711)
        if account is None:
            return Home(data, None)
        known = _elsewhere(data)
        if known is not None and known.is_dir():
            return Home(known, account)
        if account.can_enter(data):
            return Home(data, account)
        return Home(_make_elsewhere(data, account), account)
    except PermissionError as error:
        raise EmbeddedError(
            f"The data folder {data} cannot be written ({error}). It may belong to another user: give another folder "
            "with --data."
        ) from error


def remove_home(data: Path) -> None:
    """Delete everything the servers of a data folder kept, wherever it lies. The servers must not be running."""
    known = _elsewhere(data)
    if known is not None:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(known)
    (data / _POINTER).unlink(missing_ok=True)
    for part in _PARTS:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(data / part)
