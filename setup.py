"""Puts into the wheel what lies beside the package in a clone; everything else of the build is in pyproject.toml."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

FOLDERS = ("extension", "migrations")
"""Found again by ``plugin_server/runtime/shipped.py``."""


class BuildWithFolders(build_py):
    """``build_py``, and then the folders."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:  # an editable install finds them in the clone
            return
        for name in FOLDERS:
            target = Path(self.build_lib) / "plugin_server" / "shipped" / name
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(name, target, ignore=shutil.ignore_patterns("*.py", "__pycache__", ".*"))


setup(cmdclass={"build_py": BuildWithFolders})
