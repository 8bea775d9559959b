"""The browser that the demo opens: a Chromium with the extension loaded and a profile of its own."""

import os
import shutil
import sys
from pathlib import Path

from plugin_server.runtime.embedded import Leashed

_NAMES = ("chromium", "chromium-browser")  # not Chrome: since version 137 it ignores --load-extension
_QUIET = (
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-crash-restore-bubble",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)


def find_chromium() -> Path | None:
    """A Chromium on PATH that can load an unpacked extension from anywhere, or None."""
    for name in _NAMES:
        path = shutil.which(name)
        # A snap's Chromium is not allowed to read hidden folders, and the data folder usually lies in one.
        if path is not None and not path.startswith("/snap/"):
            return Path(path)
    return None


def has_display() -> bool:
    """Whether a window can be opened here."""
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def open_browser(chromium: Path, extension: Path, profile: Path, url: str, log: Path) -> Leashed:
    """Open a window on `url` with the unpacked extension; it closes with the demo."""
    return Leashed.start(
        [
            str(chromium),
            f"--user-data-dir={profile}",
            f"--disable-extensions-except={extension}",
            f"--load-extension={extension}",
            *_QUIET,
            *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses to run as root with its sandbox
            url,
        ],
        name="Chromium",
        log=log,
        grace=3.0,
    )
