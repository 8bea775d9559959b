"""The manifest and the secrets that it names."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plugin_server.check.context import Context
from plugin_server.check.rules import Result, because, fail, ok, warn
from plugin_server.manifest import Manifest, ManifestError, load, url_text

_APPLICATION = "Run deskhours setup, which makes the application in Zammad and writes this."
_HARVESTS = "It is that of the OAuth2 application at {id_url}/developers; write it into that file or variable."
_OURS = "deskhours init makes one; a new one may also be written into that file or variable."
_SOURCES = {
    "helpdesk.client_id": _APPLICATION,
    "helpdesk.client_secret": _APPLICATION,
    "helpdesk.token": "Make an access token as the service user in Zammad (docs/setup.md), and write it there.",
    "helpdesk.webhook_secret": f"{_OURS} deskhours setup tells Zammad.",
    "harvest.client_id": _HARVESTS,
    "harvest.client_secret": _HARVESTS,
    "harvest.token": "Make a personal access token as an administrator at {id_url}/developers, and write it there.",
    "notes.key": "Make an API key where notes.base_url is, and write it there; or take notes.model out.",
    "server.jwt_keys": _OURS,
    "server.token_keys": f"{_OURS} With another than before, everybody has to connect again.",
}
"""Where a secret comes from, by its path."""


async def manifest(context: Context) -> list[Result]:
    """Every mistake of the manifest itself, each with its path; what to do stands below the last."""
    path = context.manifest_path
    context.manifest, mistakes = _load(path, secrets_optional=True)
    if not mistakes:
        return [ok("manifest", f"{path} can be used.")]
    if not path.exists():
        todo = "Run deskhours init, which makes one; or name the file with --manifest, or its folder by going there."
        return [fail("manifest", f"There is no file {path}.", todo)]
    todo = f"Change {path}; docs/manifest.md explains every setting."
    return [*(fail("manifest", mistake, "") for mistake in mistakes[:-1]), fail("manifest", mistakes[-1], todo)]


async def secrets(context: Context) -> list[Result]:
    """Every secret that can't be found or used, and those that others may read."""
    path = context.manifest_path
    found, apart = _load(path, secrets_optional=True)
    _whole, mistakes = _load(path, secrets_optional=False)
    missing = [mistake for mistake in mistakes if mistake not in apart]
    context.lacking = tuple(mistake.partition(":")[0] for mistake in missing)
    rows = [fail("secrets", mistake, _source(mistake.partition(":")[0], found)) for mistake in missing]
    rows += [_others_read(name) for name in _files(path) if _is_open(name)]
    if rows or apart:
        return rows or [because("secrets", "manifest")]
    return [ok("secrets", "Each one is there, and in files that nobody else may read.")]


def _source(path: str, found: Manifest | None) -> str:
    id_url = "https://id.getharvest.com" if found is None else url_text(found.harvest.id_url)
    words = _SOURCES.get(path.partition("[")[0], "Write the secret into that file, or set that variable.")
    return words.format(id_url=id_url)


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
