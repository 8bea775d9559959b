"""A Chromium for the browser tests. As a program, ``python -m tests.support.chromium``, it also installs one.

In this order: a ``chromium`` on PATH, one that Playwright downloaded before, Debian's package where we may install it,
Playwright's download. Branded Chrome is not used: since version 137 it ignores ``--load-extension``.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("chromium", "chromium-browser")
_HELP = (
    "The browser tests need a Chromium. Install one, as root, with\n"
    "    apt-get install chromium\n"
    "or with your own system's package manager, so that 'chromium' is on PATH; or, without root,\n"
    "    .venv/bin/python -m playwright install chromium\n"
    "(the libraries that it needs: .venv/bin/python -m playwright install-deps chromium, as root)."
)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a program's output


class NoChromiumError(Exception):
    """There is none; the message says what to install."""


def _runs(path: str | Path) -> bool:
    """Whether it starts at all: Ubuntu has a ``chromium-browser`` that only names a snap; libraries may be missing."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _of_playwright() -> Path:
    """Where Playwright's own Chromium lies once it is downloaded."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    return Path(done.stdout.strip() or "/nonexistent")


def _candidates() -> Iterator[str | Path]:
    yield from filter(None, map(shutil.which, _NAMES))
    path = _of_playwright()
    if path.is_file():
        yield path


def find() -> Path:
    """The executable to use. Raises NoChromiumError, with what to install."""
    for path in _candidates():
        if _runs(path):
            return Path(path)
    raise NoChromiumError(_HELP)


def install_package(package: str, browser: str) -> bool:
    """Debian's package, if this is a Debian and we are root or may become it without a password; says whether it was
    installed."""
    if shutil.which("apt-get") is None:
        return False
    prefix: list[str] = []
    if os.geteuid() != 0:
        if shutil.which("sudo") is None or subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode != 0:
            return False
        prefix = ["sudo", "-n"]
    _say(f"Installing Debian's {package} for the tests in {browser} ...")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    subprocess.run([*apt, "update"], stdout=subprocess.DEVNULL, check=False)
    install = subprocess.run(
        [*apt, "install", "-y", "--no-install-recommends", package], stdout=subprocess.DEVNULL, check=False
    )
    return install.returncode == 0


def _download() -> bool:
    _say("Downloading Playwright's Chromium for the browser tests ...")
    return subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False).returncode == 0


def provide() -> Path:
    """As `find`, installing one first when there is none."""
    for install in (lambda: True, lambda: install_package("chromium", "Chromium"), _download):
        if install():
            try:
                return find()
            except NoChromiumError:
                continue
    raise NoChromiumError(_HELP)


if __name__ == "__main__":
    try:
        _say(f"Chromium for the tests: {provide()}")
    except NoChromiumError as error:
        sys.exit(str(error))
