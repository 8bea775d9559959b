"""Programs that can't begin say so in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.server import write_manifest

ROOT = Path(__file__).resolve().parents[2]
KEY = "a signing key, long enough for HS256"


@pytest.mark.parametrize("command", ["serve", "worker", "sync", "migrate"])
@pytest.mark.parametrize("wrong", ["nobody there", "password"])
def test_a_database_that_lets_nobody_in(
    command: str,
    wrong: str,
    make_database: Callable[[], str],
    redis_url: str,
    free_port: Callable[[], int],
    tmp_path: Path,
) -> None:
    write_manifest(tmp_path, KEY)
    address = urlsplit(make_database())
    secret = "planted-canary"
    port = address.port if wrong == "password" else free_port()
    url = f"postgresql://{address.username}:{secret}@127.0.0.1:{port}{address.path}"
    done = subprocess.run(
        [sys.executable, "-m", "plugin_server.cli", command, "--manifest", str(tmp_path / "manifest.json")],
        env={**os.environ, "DATABASE_URL": url, "REDIS_URL": redis_url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("The database can't be reached: "), done.stderr
    assert "DATABASE_URL has the right host, port, name and password" in done.stderr
    assert "Traceback" not in done.stderr
    assert secret not in done.stderr + done.stdout


def test_who_has_read_enough_of_an_output_is_shown_no_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "plugin_server.cli", "manifest", "--reference"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        told = process.stderr.read()
    assert told == ""
    assert process.returncode == 1
