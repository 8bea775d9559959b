"""The manifest and the secrets that it names."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plugin_server.check.context import Context
from plugin_server.check.rules import Result, fail, ok, warn
from plugin_server.manifest import Manifest, ManifestError, load


async def manifest(context: Context) -> list[Result]:
    """Every mistake of the manifest itself, each with its path."""
    path = context.manifest_path
    _found, mistakes = _load(path, secrets_optional=True)
    todo = f"Change it in {path}; docs/check.md and manifest.json of the repository show how it should look."
    if mistakes:
        return [fail("manifest", mistake, todo) for mistake in mistakes]
    return [ok("manifest", f"{path} can be used.")]


async def secrets(context: Context) -> list[Result]:
    """Every secret that can't be found or used, and those that others may read."""
    path = context.manifest_path
    _found, apart = _load(path, secrets_optional=True)
    context.manifest, mistakes = _load(path, secrets_optional=False)
    todo = "Write the secret into that file, or set that variable, where server and worker run."
    missing = [fail("secrets", mistake, todo) for mistake in mistakes if mistake not in apart]
    readable = [_others_read(name) for name in _files(path) if _is_open(name)]
    return missing + readable or [ok("secrets", "Each one is there, and in files that nobody else may read.")]


def _load(path: Path, *, secrets_optional: bool) -> tuple[Manifest | None, list[str]]:
    try:
        return load(path, secrets_optional=secrets_optional), []
    except ManifestError as error:
        return None, error.mistakes


def _files(path: Path) -> list[Path]:
    """The files that the manifest names for secrets."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted({path.resolve().parent / name for name in _named(data)})


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"file"} and isinstance(value["file"], str):
            yield value["file"]
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


def _is_open(path: Path) -> bool:
    """Whether others than the file's owner may read it. Windows has no such bits."""
    try:
        return os.name == "posix" and bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
    except OSError:
        return False


def _others_read(path: Path) -> Result:
    words = f"Others on this machine may read {path}."
    return warn("secrets", words, f"chmod 600 {path}, owned by the user that server and worker run as.")
