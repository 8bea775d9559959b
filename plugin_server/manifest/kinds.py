"""Kinds of values that settings have, each refused in words where it is none."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core.core_schema import ValidationInfo


def url_text(url: AnyHttpUrl) -> str:
    """A configured URL as text without a trailing slash."""
    return str(url).rstrip("/")


def _origin(value: object) -> object:
    """An http(s) URL without a trailing slash, so that paths can be appended."""
    return value.rstrip("/") if isinstance(value, str) else value


def _root(url: AnyHttpUrl) -> AnyHttpUrl:
    """The root of a host: browsers ask for our pages there."""
    if (url.path or "/") != "/" or url.query or url.fragment:
        raise ValueError("expected an address without a path; give Deskhours a host name of its own")
    return url


def _pattern(value: object) -> object:
    """A regular expression; refused in words where it is none."""
    if not isinstance(value, str):
        raise ValueError("expected a regular expression as text")
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from None


def _day(value: object) -> object:
    """A calendar day, as JSON has it: text."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        raise ValueError("expected a day such as 2026-11-01") from None


def _public_key(value: object) -> object:
    """The key as one line of base64. What it is not is never echoed: a private key may have been put here."""
    if not isinstance(value, str):
        raise ValueError("expected a public key as text")
    text = "".join(line for line in value.split() if line)
    if "PRIVATE KEY" in value:
        raise ValueError("this is a private key, which never stands in the manifest; expected its public key")
    try:
        key = load_der_public_key(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        raise ValueError("expected an RSA public key: DER in base64, the text between PEM's BEGIN and END") from None
    if not isinstance(key, RSAPublicKey):
        raise ValueError("expected an RSA public key; browsers know extensions by no other kind")
    return text


def _folder(value: object, info: ValidationInfo) -> object:
    """A folder beside the manifest. Whether it is there is looked at by who reads it."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected the path of a folder, relative to the manifest's own")
    folder: Path = (info.context or {}).get("folder", Path())
    return folder / value


def _decimal(most: int) -> dict[str, Any]:
    """The JSON Schema of a number above 0: as it is, or as text, which keeps its places."""
    number = {"type": "number", "exclusiveMinimum": 0, "maximum": most}
    return {"anyOf": [number, {"type": "string", "pattern": r"^\d+(\.\d+)?$"}]}


HttpUrl = Annotated[AnyHttpUrl, BeforeValidator(_origin)]
RootUrl = Annotated[HttpUrl, AfterValidator(_root)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+$")]
Percent = Annotated[Decimal, Field(gt=0, le=1000), WithJsonSchema(_decimal(1000))]
Hours = Annotated[Decimal, Field(gt=0, le=24, decimal_places=2), WithJsonSchema(_decimal(24))]
Day = Annotated[date, BeforeValidator(_day)]
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
Folder = Annotated[Path, BeforeValidator(_folder), WithJsonSchema({"type": "string", "minLength": 1, "format": "path"})]
PublicKey = Annotated[str, BeforeValidator(_public_key)]
ChromiumId = Annotated[str, StringConstraints(pattern=r"^[a-p]{32}$")]
"""How Chromium names an extension: half the SHA-256 of its public key, in the letters a to p."""
FirefoxId = Annotated[
    str,
    StringConstraints(
        max_length=80,
        pattern=r"^(\{[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\}"
        r"|[A-Za-z0-9._-]*@[A-Za-z0-9._-]+)$",
    ),
]
"""How Firefox names an extension: like an e-mail address, or a UUID in braces."""
