"""``deskhours extension build``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from plugin_server.extension.build import Package, build, write
from plugin_server.extension.stamp import Browser, Stamp
from plugin_server.manifest import Manifest

_TITLES: dict[Browser, str] = {"chromium": "Chromium (Chrome, Edge, Brave …)", "firefox": "Firefox"}
_STORE = """\
The store gives the extension a key and an id. Put them into extension.chromium_key and extension.chromium_ids of the
manifest and start the server again; before that nobody can sign in from the store's package."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``deskhours extension build``."""
    parser.add_argument(
        "--for",
        choices=[*get_args(Browser), "all"],
        default="all",
        dest="browser",
        help="which browsers (default: all that the manifest has an id for)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("dist"), metavar="DIR", help="where to put the packages (default: %(default)s)"
    )
    parser.add_argument(
        "--store", action="store_true", help="for the Chrome Web Store or Edge Add-ons, which refuse a key of ours"
    )


def run(arguments: argparse.Namespace, manifest: Manifest) -> int:
    """Build and say what was built and what comes next. Raises :class:`~plugin_server.extension.build.BuildRefused`,
    with nothing written."""
    everyone = arguments.browser == "all"
    no_firefox = everyone and manifest.extension.firefox_id is None
    browsers = [name for name in get_args(Browser) if (everyone and not (no_firefox and name == "firefox"))]
    packages = [build(manifest, name, store=arguments.store) for name in browsers or [arguments.browser]]
    for package in packages:
        _say(*_lines(package, write(package, arguments.out)), "")
    if no_firefox:
        _say("None for Firefox: the manifest has no extension.firefox_id.", "")
    stamped = Stamp.of(manifest)
    _say(f"They stand in {stamped.helpdesk} and talk to {stamped.server}; no other site is open to them.")
    if any(package.identity is None for package in packages):
        _say(_STORE)
    _say("How they come to people's browsers, and what has to be signed for it: docs/rollout.md")
    return 0


def _lines(package: Package, path: Path) -> list[str]:
    return [
        _TITLES[package.browser],
        f"  file     {path} ({len(package.content):,} bytes)",
        f"  SHA-256  {package.sha256}",
        f"  id       {package.identity or 'given by the store'}",
    ]


def _say(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stdout)  # noqa: T201 (the command's own answer)
