"""What ``deskhours init`` writes: whole files or none, and never over one that is there."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from plugin_server.manifest import describe
from plugin_server.runtime.embedded.secret import kept_secret

KEYS: dict[str, Callable[[], str]] = {
    "jwt_key": lambda: secrets.token_urlsafe(48),
    "token_key": lambda: Fernet.generate_key().decode(),
    "webhook_secret": lambda: secrets.token_urlsafe(32),
}
"""Secrets that are nobody's but ours, each with how it is made."""

SCHEMA = "manifest.schema.json"


class InitRefused(Exception):
    """What keeps a manifest from being written, and what to do. What was there is as it was."""


@dataclass(frozen=True)
class Written:
    """What is new, the keys ``made``; what was there, the keys ``kept``; and whether the folder of secrets is
    ``open_to_others`` on this machine."""

    made: list[str]
    kept: list[str]
    open_to_others: bool


def require_none(manifest: Path) -> None:
    """Raise :class:`InitRefused` when there is a manifest already."""
    if manifest.exists() or manifest.is_symlink():
        raise InitRefused(
            f"{manifest} is there already and stays as it is. deskhours manifest says what is wrong with it; with --out"
            " another one can be written somewhere else."
        )


def write(manifest: Path, settings: dict[str, Any]) -> Written:
    """Make the keys, then write the schema, and last the manifest: a run that was interrupted leaves none, and the next
    one goes on. Raises :class:`InitRefused`."""
    folder = manifest.parent / "secrets"
    try:
        manifest.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        made = [name for name in KEYS if not (folder / name).exists()]
        for name in made:
            kept_secret(folder / name, KEYS[name])
        _write_new(manifest.with_name(SCHEMA), describe.schema_text(), may_exist=True)
        _write_new(manifest, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
        return Written(made, [name for name in KEYS if name not in made], bool(folder.stat().st_mode & 0o077))
    except OSError as error:
        raise InitRefused(f"{error.filename or manifest} can't be written: {error.strerror}") from None


def _write_new(path: Path, text: str, *, may_exist: bool = False) -> None:
    """A new file, whole or not at all. One that is there stays; whether that is told is ``may_exist``."""
    try:
        with path.open("x", encoding="utf-8") as file:
            try:
                file.write(text)
                file.flush()
            except BaseException:  # a full disk, Ctrl-C: half a file is worse than none
                path.unlink()
                raise
    except FileExistsError:
        if not may_exist:
            require_none(path)
