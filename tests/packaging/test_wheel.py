"""An installed wheel has all that a clone has beside the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from .conftest import ROOT, Written

PARTS = ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "constraints.txt")
FOLDERS = ("plugin_server", "extension", "migrations")


def run(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_extension_and_the_migrations_are_in_the_wheel_and_found_there(written: Written, tmp_path: Path) -> None:
    clone, installed = tmp_path / "clone", tmp_path / "installed"
    clone.mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, clone)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    name = run("-c", code, cwd=clone).splitlines()[-1]
    with zipfile.ZipFile(clone / "dist" / name) as wheel:
        wheel.extractall(installed)
    (installed / "extension").mkdir()  # somebody else's package
    shutil.rmtree(clone)

    command = ("-m", "plugin_server.cli", "extension", "build", "--manifest", str(written()), "--out", "out")
    run(*command, cwd=tmp_path, PYTHONPATH=str(installed), PYTHONSAFEPATH="1")
    for path in (tmp_path / "out").iterdir():
        path.rename(tmp_path / path.name)
    run(*command, cwd=tmp_path, PYTHONPATH=str(ROOT), PYTHONSAFEPATH="1")
    for path in (tmp_path / "out").iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
    assert len(list((tmp_path / "out").iterdir())) == 2

    code = (
        "from plugin_server.runtime.migrations import MIGRATIONS as m; print(m, *sorted(p.name for p in m.iterdir()))"
    )
    folder, *names = run("-c", code, cwd=tmp_path, PYTHONPATH=str(installed), PYTHONSAFEPATH="1").split()
    assert Path(folder).is_relative_to(installed)
    assert names == sorted(path.name for path in (ROOT / "migrations").glob("*.sql"))
