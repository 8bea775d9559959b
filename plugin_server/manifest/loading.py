"""Reading a manifest: every mistake at once, each with its path."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from plugin_server.manifest.models import Manifest
from plugin_server.manifest.secrets import OPTIONAL

_WORDS = {
    "extra_forbidden": "unknown setting; check its spelling or remove it",
    "missing": "missing; it is required",
    "string_type": "expected text",
    "string_too_short": "expected {min_length} characters or more",
    "string_too_long": "expected {max_length} characters at most",
    "string_pattern_mismatch": "expected text of the form {pattern}",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "decimal_type": "expected a number",
    "decimal_parsing": "expected a number",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected {ge} or more",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected {le} or less",
    "literal_error": "expected {expected}",
    "list_type": "expected a list: [...]",
    "frozen_set_type": "expected a list: [...]",
    "dict_type": "expected an object: {{...}}",
    "model_type": "expected an object: {{...}}",
    "too_short": "expected {min_length} or more",
    "url_type": "expected an address such as https://helpdesk.example.com",
    "url_parsing": "expected an address such as https://helpdesk.example.com",
    "url_scheme": "expected an address that begins with https:// (or http:// on this machine)",
}
"""What is expected, by the kind of mistake. Other kinds say it in words of their own."""


class ManifestError(Exception):
    """The manifest can't be used. ``mistakes`` holds a line for each, *path: what is expected*."""

    def __init__(self, source: str, mistakes: list[str]) -> None:
        self.source = source
        self.mistakes = mistakes
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {line}" for line in mistakes)]))


def load(path: Path, *, secrets_optional: bool = False) -> Manifest:
    """Read and validate the manifest at ``path``. With ``secrets_optional`` what can't be found of the secrets is empty
    text: for those who are still collecting them.

    Raises :class:`ManifestError` naming every mistake: unreadable file, JSON syntax with line and column, unknown
    keys, wrong values, secrets that can't be found.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_no_duplicates)
    except FileNotFoundError:
        words = "there is no such file; deskhours init makes one, --manifest names one elsewhere"
        raise ManifestError(str(path), [words]) from None
    except OSError as error:
        raise ManifestError(str(path), [f"the file can't be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise ManifestError(str(path), ["the file is not UTF-8 text"]) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ManifestError(str(path), [f"{where}: not JSON: {error.msg}"]) from None
    except _DuplicateKeyError as error:
        raise ManifestError(str(path), [str(error)]) from None
    return validate(raw, str(path), path.resolve().parent, secrets_optional=secrets_optional)


def validate(raw: object, source: str, folder: Path, *, secrets_optional: bool = False) -> Manifest:
    """As :func:`load`, of what has been read already; ``folder`` is where its files are, ``source`` what errors call
    it."""
    try:
        return Manifest.model_validate(raw, context={"folder": folder, OPTIONAL: secrets_optional})
    except ValidationError as error:
        raise ManifestError(source, [_sentence(item) for item in error.errors()]) from None


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


def _near(path: tuple[int | str, ...]) -> str | None:
    """The setting whose name is nearest to that of an unknown one."""
    model: type[BaseModel] = Manifest
    for part in path[:-1]:
        annotation = model.model_fields[str(part)].annotation
        # A section that may be left out is a union with None.
        inner = next((one for one in get_args(annotation) if one is not NoneType), annotation)
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return None
        model = inner
    names = [field.alias or name for name, field in model.model_fields.items()]
    return next(iter(difflib.get_close_matches(str(path[-1]), names, n=1)), None)


def _sentence(item: ErrorDetails) -> str:
    """One mistake as *path: expectation*, without echoing the value (it might be a secret)."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden" and (near := _near(item["loc"])):
        expected = f"unknown setting; is {near} meant?"
    elif item["type"] in _WORDS:
        expected = _WORDS[item["type"]].format_map(item.get("ctx", {}))
    else:
        expected = item["msg"].removeprefix("Value error, ")
    return f"{path or '(top)'}: {expected}"
