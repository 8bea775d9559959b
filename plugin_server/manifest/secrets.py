"""Secrets, which the manifest only names: ``{"file": "secrets/token"}``, relative to the manifest's own folder, or
``{"env": "NAME"}``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from cryptography.fernet import Fernet
from pydantic import AfterValidator, BeforeValidator, SecretStr, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo

MINIMUM_KEY_BYTES = 32
"""Shortest signing key accepted: HS256 wants at least as many bytes as its digest (RFC 7518, 3.2)."""

OPTIONAL = "secrets_optional"
"""In the validation's context: what is named and can't be found is empty text instead of a mistake."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _named(kind: str, words: str, pattern: str) -> dict[str, Any]:
    """The JSON Schema of one way to name a secret."""
    value = {"type": "string", "description": words, "pattern": pattern}
    return {"type": "object", "properties": {kind: value}, "required": [kind], "additionalProperties": False}


_SCHEMA: dict[str, Any] = {
    "oneOf": [
        _named("file", "A file with the secret, relative to the manifest's own folder.", "."),
        _named("env", "The name of an environment variable that holds it.", f"^{_VARIABLE.pattern}$"),
    ]
}


def _load_secret(value: object, info: ValidationInfo) -> object:
    """Turn ``{"file": …}`` or ``{"env": …}`` into the secret's text; the text itself is refused."""
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in {"file", "env"}:
        raise ValueError('expected {"file": "path"} or {"env": "NAME"}; a secret never stands in the manifest itself')
    context = info.context or {}
    ((kind, name),) = value.items()
    if not isinstance(name, str) or not name:
        raise ValueError(f"expected the name of the {kind} as text")
    if kind == "env" and not _VARIABLE.fullmatch(name):  # perhaps the secret itself: it is not to be shown
        raise ValueError('expected {"env": "NAME"}, the name of an environment variable such as HARVEST_TOKEN')
    try:
        return _from_environment(name) if kind == "env" else _from_file(context.get("folder", Path()) / name)
    except ValueError:
        if context.get(OPTIONAL):
            return ""
        raise


def _from_environment(name: str) -> str:
    text = os.environ.get(name, "").strip()
    if not text:
        raise ValueError(f"the environment variable {name} is not set")
    return text


def _from_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ValueError(f"the file {path} can't be read: {reason}") from None
    if not text:
        raise ValueError(f"the file {path} is empty")
    return text


def _load_text(value: object, info: ValidationInfo) -> object:
    """Text that may stand in the manifest, or beside it as a secret does."""
    return _load_secret(value, info) if isinstance(value, dict) else value


def _text(value: str, info: ValidationInfo) -> str:
    if not value and not (info.context or {}).get(OPTIONAL):
        raise ValueError('expected text, {"file": "path"} or {"env": "NAME"}')
    return value


def _place(value: object) -> str:
    """Where the secret is, of a value that has been loaded."""
    assert isinstance(value, dict)
    ((kind, name),) = value.items()
    return f"the file {name}" if kind == "file" else f"the variable {name}"


def _load_signing_key(value: object, info: ValidationInfo) -> object:
    text = str(_load_secret(value, info))
    if text and len(text.encode()) < MINIMUM_KEY_BYTES:
        raise ValueError(f"expected at least {MINIMUM_KEY_BYTES} bytes of key in {_place(value)}")
    return text


def _load_fernet_key(value: object, info: ValidationInfo) -> object:
    text = str(_load_secret(value, info))
    try:
        if text:
            Fernet(text)
    except ValueError:
        raise ValueError(f"expected a Fernet key in {_place(value)}: 32 bytes in URL-safe base64") from None
    return text


Secret = Annotated[SecretStr, BeforeValidator(_load_secret), WithJsonSchema(_SCHEMA)]
SigningKey = Annotated[SecretStr, BeforeValidator(_load_signing_key), WithJsonSchema(_SCHEMA)]
FernetKey = Annotated[SecretStr, BeforeValidator(_load_fernet_key), WithJsonSchema(_SCHEMA)]
NamedText = Annotated[
    str,
    BeforeValidator(_load_text),
    AfterValidator(_text),
    WithJsonSchema({"oneOf": [{"type": "string", "minLength": 1}, *_SCHEMA["oneOf"]]}),
]
"""What is no secret, but is handed out beside one: it may stand in the manifest or be named like a secret."""
