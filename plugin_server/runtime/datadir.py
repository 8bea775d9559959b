"""The data folder of a demo: what marks it, who holds it, and where a running one answers.

``run.json`` in there is how every other command finds the running demo (``--data DIR`` or the variable
DESKHOURS_DATA). It holds database passwords, so only its owner may read it; it is there while the demo runs.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plugin_server.runtime.embedded.home import remove_home
from plugin_server.runtime.embedded.secret import write_private

VARIABLE = "DESKHOURS_DATA"

_MARKER = "deskhours-demo"
_LOCK = "lock"
_RUN = "run.json"
_OURS = ("secrets", "logs", "extension", "browser", "manifest.json", _RUN)


class DataDirError(Exception):
    """A data folder cannot be used. The message is for people."""


class StillEndingError(DataDirError):
    """What a killed demo left running still ends, in seconds. Trying again is worth it."""


@dataclass(frozen=True)
class RunningDemo:
    """Where a running demo answers and keeps its files."""

    database_url: str
    redis_url: str
    product_url: str
    helpdesk_url: str
    harvest_url: str
    manifest: Path
    extension: Path
    launcher_pid: int


def default_folder() -> Path:
    """The demo's folder unless told otherwise: ``deskhours/demo`` where the user's programs keep data."""
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".local" / "share") / "deskhours" / "demo"


def demo_folder(data: str | None) -> Path:
    """The folder of a demo to be started: ``--data``, else DESKHOURS_DATA, else the default one."""
    named = data or os.environ.get(VARIABLE)
    return Path(named).expanduser().absolute() if named else default_folder()


def resolve(data: str | None) -> RunningDemo | None:
    """The running demo that ``--data``, or else DESKHOURS_DATA, names; None when neither names one.

    Raises DataDirError when no demo runs in the folder named.
    """
    named = data or os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named).expanduser().absolute()
    if not (folder / _MARKER).is_file():
        raise DataDirError(f"{folder} is not the data folder of a demo. 'deskhours demo --data {folder}' makes one.")
    if not _is_held(folder):
        raise DataDirError(f"No demo runs on {folder}. Start it with: deskhours demo --data {folder}")
    try:
        return _parse((folder / _RUN).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataDirError(f"The demo on {folder} is still starting, or just ending. Try again in a moment.") from None
    except PermissionError:
        raise DataDirError(f"{folder / _RUN} belongs to another user; only who started the demo may use it.") from None
    except (ValueError, KeyError, TypeError):
        raise DataDirError(f"{folder / _RUN} is of another version of Deskhours. Restart the demo.") from None


def _parse(text: str) -> RunningDemo:
    fields: dict[str, Any] = json.loads(text)
    fields |= {name: Path(fields[name]) for name in ("manifest", "extension")}
    return RunningDemo(**fields)


def _is_held(folder: Path) -> bool:
    """Whether somebody holds the folder's lock."""
    try:
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class DataDir:
    """A data folder that this process holds. Made by `claim`, given back by `release`."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.lock = lock
        """Descriptor of the held lock file. Handed to the leashes, it is held until every child is gone."""

    @classmethod
    def claim(cls, folder: Path) -> "DataDir":
        """Take a folder for a demo: an own one, or a new or empty one, which is marked as ours.

        Raises DataDirError for a folder of something else, of another user, or in use.
        """
        marker = folder / _MARKER
        try:
            # Below root's folder the database's unprivileged user needs a way in; no more than that.
            folder.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
            if not marker.is_file():
                if any(folder.iterdir()):
                    raise DataDirError(
                        f"{folder} is neither empty nor the data folder of a demo, so nothing in it is touched. "
                        "Give another folder with --data."
                    )
                marker.write_text("The data of a Deskhours demo. 'deskhours demo --reset' empties this folder.\n")
            elif marker.stat().st_uid != os.geteuid():
                raise DataDirError(f"{folder} belongs to another user's demo. Give another folder with --data.")
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirError(f"{folder} can't be used: {error.strerror}. Give another folder with --data.") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = int(os.pread(lock, 20, 0).strip() or b"0")
            os.close(lock)
            if not (holder and _is_alive(holder)):
                raise StillEndingError(f"What an earlier demo on {folder} started has not ended yet.") from None
            raise DataDirError(
                f"A demo already runs on {folder} (process {holder}). Stop that one, or give another folder with "
                "--data and other ports with --port."
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return cls(folder, lock)

    def reset(self) -> None:
        """Delete the databases, secrets, logs and copies in here. Files that we did not make stay."""
        remove_home(self.folder)
        for name in _OURS:
            path = self.folder / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def announce(self, demo: RunningDemo) -> None:
        """Write ``run.json``: from now on other commands find the demo."""
        write_private(self.folder / _RUN, json.dumps(dataclasses.asdict(demo), default=str, indent=2) + "\n")

    def release(self) -> None:
        """Take ``run.json`` away and give the lock back (children that still end hold it on)."""
        (self.folder / _RUN).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.ftruncate(self.lock, 0)
        os.close(self.lock)
