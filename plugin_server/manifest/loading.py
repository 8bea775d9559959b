"""Reading a manifest: every mistake at once, each with its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from plugin_server.manifest.models import Manifest
from plugin_server.manifest.secrets import OPTIONAL


class ManifestError(Exception):
    """The manifest can't be used. ``mistakes`` holds a line for each, *path: what is expected*."""

    def __init__(self, source: str, mistakes: list[str]) -> None:
        self.source = source
        self.mistakes = mistakes
        super().__init__(f"{source}: {len(mistakes)} mistake(s)\n" + "\n".join(f"  {line}" for line in mistakes))


def load(path: Path, *, secrets_optional: bool = False) -> Manifest:
    """Read and validate the manifest at ``path``. With ``secrets_optional`` what can't be found of the secrets is empty
    text: for those who are still collecting them.

    Raises :class:`ManifestError` naming every mistake: unreadable file, JSON syntax with line and column, unknown
    keys, wrong values, secrets that can't be found.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    except OSError as error:
        raise ManifestError(str(path), [f"the file can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ManifestError(str(path), ["the file is not UTF-8 text"]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ManifestError(str(path), [f"{where}: not JSON: {error.msg}"]) from None
    except _DuplicateKeyError as error:
        raise ManifestError(str(path), [str(error)]) from None
    try:
        return Manifest.model_validate(raw, context={"folder": path.resolve().parent, OPTIONAL: secrets_optional})
    except ValidationError as error:
        raise ManifestError(str(path), [_sentence(item) for item in error.errors()]) from None


class _DuplicateKeyError(ValueError):
    pass


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing a key that stands twice: JSON would silently keep the last."""
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise _DuplicateKeyError(f'the key "{key}" stands twice in one object')
        seen[key] = value
    return seen


def _sentence(item: ErrorDetails) -> str:
    """One mistake as *path: expectation*, without echoing the value (it might be a secret)."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden":
        expected = "unknown setting; check its spelling or remove it"
    elif item["type"] == "missing":
        expected = "missing; it is required"
    else:
        expected = item["msg"].removeprefix("Value error, ")
    return f"{path or '(top)'}: {expected}"
