"""Secrets in files that only their owner may read."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step by one with mode 0600: no reader sees half of it, nobody else sees it at all."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_hex(24)) -> str:
    """The secret in a file, made once and kept."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, make())
    return path.read_text(encoding="utf-8").strip()
