"""Reading what callers send.

Everything hostile ends here as a 4xx: NUL characters, huge ids, wrong types, bad UTF-8, nested junk.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from aiohttp import web

from .errors import BadRequestError, NotFoundError, UnprocessableError

MAX_ID = 2**31 - 1
"""Zammad's ids are PostgreSQL integers."""
_MAX_DEPTH = 60


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _check(value: Any, depth: int = 0) -> None:
    if depth > _MAX_DEPTH:
        raise BadRequestError("Bad Request")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            check_text(key)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)


def check_text(text: str) -> str:
    """Refuse text that PostgreSQL can't hold (422, Ruby's words for it)."""
    if "\0" in text:
        raise UnprocessableError("string contains null byte")
    if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
        raise BadRequestError("Bad Request")
    return text


async def body(request: web.Request) -> dict[str, Any]:
    """The parameters in a request's body: JSON or a form; what is not an object counts as none, as in Rails."""
    raw = await request.read()
    if not raw:
        return {}
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return dict(await form(request))
    if request.content_type != "application/json":
        return {}
    try:
        data = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequestError("Bad Request") from None
    if not isinstance(data, dict):
        return {}
    _check(data)
    return data


async def form(request: web.Request) -> dict[str, str]:
    """The text fields of a form; of a repeated one the last."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        fields = await request.post()
    except (ValueError, LookupError):
        raise BadRequestError("Bad Request") from None
    return {check_text(key): check_text(value) for key, value in fields.items() if isinstance(value, str)}


def query(request: web.Request) -> dict[str, Any]:
    """The parameters in the address. ``name[]`` repeated makes a list called ``name``."""
    found: dict[str, Any] = {}
    for key, value in request.query.items():
        check_text(key)
        check_text(value)
        if key.endswith("[]"):
            found.setdefault(key[:-2], [])
            if isinstance(found[key[:-2]], list):
                found[key[:-2]].append(value)
        else:
            found[key] = value
    return found


def truthy(value: Any) -> bool:
    """Rails' reading of a flag: any value that is present, but the usual words for no."""
    return value is not None and value is not False and str(value).lower() not in ("", "false", "0", "f", "no", "off")


def as_id(value: Any) -> int | None:
    """A record's id out of a number or its digits; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not (value.isascii() and value.isdigit()) or len(value) > 10:
            return None
        value = int(value)
    if isinstance(value, int) and 0 < value <= MAX_ID:
        return value
    return None


def path_id(request: web.Request, model: str, name: str = "id") -> int:
    """The id in the address, or 404."""
    text = request.match_info[name]
    found = as_id(text)
    if found is None:
        raise missing(model, text)
    return found


def missing(model: str, key: Any) -> NotFoundError:
    """The 404 for a record that is not there."""
    return NotFoundError(f"Couldn't find {model} with 'id'={str(key)[:40]}")


def text(value: Any, name: str, limit: int | None = None) -> str | None:
    """A parameter that must be text; numbers are written out. None when absent, 422 otherwise or when too long."""
    if value is None:
        return None
    if isinstance(value, bool):
        value = "t" if value else "f"
    if isinstance(value, int | float):
        value = str(value)[:400]
    if not isinstance(value, str):
        raise UnprocessableError(f"The value of '{name}' must be a text.")
    if limit is not None and len(value) > limit:
        raise UnprocessableError(f"The value of '{name}' is too long (maximum is {limit} characters).")
    return value


def page(params: dict[str, Any], *, default: int, maximum: int) -> tuple[int, int]:
    """``(limit, offset)`` from ``page`` and ``per_page`` (or ``limit``); nonsense counts as absent."""
    size = as_id(params.get("per_page")) or as_id(params.get("limit")) or default
    size = min(size, maximum)
    number = as_id(params.get("page")) or 1
    return size, (number - 1) * size
