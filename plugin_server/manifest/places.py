"""Where the manifest's secrets are: the file or variable that each is named by, whether it holds anything yet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Place:
    """Where one setting's text is kept. ``setting`` is its path in the manifest, ``helpdesk.token``; ``where`` the
    file's absolute path, or the variable's name. ``empty``: nothing is there, or nothing that can be read."""

    setting: str
    kind: Literal["file", "env"]
    where: str
    empty: bool

    def __str__(self) -> str:
        return self.where if self.kind == "file" else f"the variable {self.where}"


def places(manifest: Path) -> dict[str, Place]:
    """All of them by setting. The manifest must have been loaded before: what is wrong with it is told there."""
    folder = manifest.resolve().parent
    return {place.setting: place for place in _walk(json.loads(manifest.read_text(encoding="utf-8")), "", folder)}


def _walk(value: Any, path: str, folder: Path) -> Iterator[Place]:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, name),) = value.items()
        if kind == "file" and isinstance(name, str):
            where = folder / name
            yield Place(path, "file", str(where), not _text(where))
            return
        if kind == "env" and isinstance(name, str):
            yield Place(path, "env", name, not os.environ.get(name, "").strip())
            return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _walk(item, f"{path}.{key}" if path else str(key), folder)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _walk(item, f"{path}[{number}]", folder)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
