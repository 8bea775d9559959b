"""How values look on the wire: decimals as JSON numbers, instants in whole seconds with ``Z``."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

import msgspec
from aiohttp import web

_ENCODER = msgspec.json.Encoder(decimal_format="number")


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """A JSON answer."""
    return web.Response(
        body=_ENCODER.encode(body), status=status, headers=headers, content_type="application/json", charset="utf-8"
    )


def number(value: Decimal | None) -> Decimal | None:
    """``1.50`` becomes 1.5 and ``10.00`` becomes 10.0, as Harvest prints them."""
    if value is None:
        return None
    short = value.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal("0.1")) if isinstance(exponent, int) and exponent > -1 else short


def instant(value: datetime | None) -> str | None:
    """``2026-01-31T08:15:00Z``."""
    return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock_time(value: time | None, clock: str) -> str | None:
    """``15:00`` or ``3:00pm``, by the account's clock."""
    if value is None:
        return None
    if clock == "24h":
        return value.strftime("%H:%M")
    return f"{value.hour % 12 or 12}:{value.minute:02d}{'am' if value.hour < 12 else 'pm'}"
