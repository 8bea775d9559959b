"""The systemd units: their commands exist, they give a process the time that its end takes, and systemd reads them."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from configparser import RawConfigParser
from pathlib import Path

import pytest

from plugin_server import cli
from plugin_server.runtime.serving import DRAIN_SECONDS

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
INSTALLED = "/opt/deskhours/venv/bin/deskhours"
HARDENING = (
    ("NoNewPrivileges", "yes"),
    ("ProtectSystem", "strict"),
    ("ProtectHome", "yes"),
    ("PrivateTmp", "yes"),
    ("CapabilityBoundingSet", ""),
    ("User", "deskhours"),
)


def service(path: Path) -> dict[str, str]:
    """The section of a unit that says what runs; of a setting that stands there twice the last."""
    parser = RawConfigParser(strict=False, comment_prefixes=("#",), inline_comment_prefixes=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return dict(parser["Service"])


def command(path: Path) -> Namespace:
    program, *arguments = shlex.split(service(path)["ExecStart"].replace("%i", "8700"))
    assert program == INSTALLED
    return cli._parser().parse_args(arguments)


def test_there_is_one_for_each_process() -> None:
    assert [path.name for path in SERVICES] == [
        "deskhours-migrate.service",
        "deskhours-server@.service",
        "deskhours-worker@.service",
    ]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_its_command_and_options_exist_and_it_is_shut_in(path: Path) -> None:
    assert callable(command(path).run)
    settings = service(path)
    assert {name: settings.get(name) for name, _value in HARDENING} == dict(HARDENING)


@pytest.mark.parametrize("path", SERVICES[1:], ids=lambda path: path.stem)
def test_systemd_kills_nobody_who_still_finishes(path: Path) -> None:
    options = command(path)
    closing = 10  # pool, queue and what is given back
    needed = getattr(options, "drain_seconds", DRAIN_SECONDS) + options.stop_seconds + closing
    assert float(service(path)["TimeoutStopSec"]) >= needed


def test_systemd_reads_them(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("there is no systemd here; the tests above read the units themselves")
    for path in UNITS.iterdir():
        (tmp_path / path.name).write_text(re.sub(INSTALLED, sys.executable, path.read_text()))
    done = subprocess.run(
        [tool, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "deskhours" in line]) == (0, [])
