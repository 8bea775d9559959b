"""Reading a request's body: JSON, a form or multipart, into one dictionary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from aiohttp import web

from plugin_server.demo.harvest.errors import bad_request, unprocessable


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"not JSON: {text}")


async def read_body(request: web.Request) -> Mapping[str, object]:
    """The parameters of a POST or PATCH.

    A body of another type is not looked at, as at Harvest: JSON needs its Content-Type. Raises 400 for what is not
    JSON, 422 for JSON that is no object.
    """
    kind = request.content_type
    if kind == "application/json":
        raw = await request.read()
        return _from_json(raw) if raw.strip() else {}
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        try:
            form = await request.post()
        except (ValueError, LookupError, AssertionError):
            raise bad_request("The form could not be read.") from None
        return _nested((k, v) for k, v in form.items() if isinstance(v, str))
    return {}


def _from_json(raw: bytes) -> Mapping[str, object]:
    try:
        content = json.loads(raw, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation):
        raise bad_request("The body could not be read as JSON.") from None
    if not isinstance(content, dict):
        raise unprocessable("The body must be an object.")
    return content


def _nested(items: Any) -> Mapping[str, object]:
    """``external_reference[id]=x`` becomes a dictionary in the dictionary."""
    body: dict[str, object] = {}
    for name, value in items:
        outer, bracket, rest = name.partition("[")
        if not bracket or not rest.endswith("]"):
            body[name] = value
            continue
        inner = body.setdefault(outer, {})
        if isinstance(inner, dict):
            inner[rest[:-1]] = value
    return body
