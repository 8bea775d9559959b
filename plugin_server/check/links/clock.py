"""Our clock against those of the systems whose times we compare with it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import aiohttp

from plugin_server.check import rules, store
from plugin_server.check.context import Context
from plugin_server.check.rules import Result
from plugin_server.manifest import url_text
from plugin_server.runtime import database

CALL_SECONDS = 8.0
_HALF = timedelta(milliseconds=500)
"""A ``Date`` is cut to whole seconds; on average half a one is missing."""


async def clock(context: Context) -> list[Result]:
    """Who does not answer is left out; that is told by a row of its own."""
    offsets: dict[str, timedelta | None] = {"PostgreSQL": await _of_postgres(context)}
    harvest, helpdesk = await asyncio.gather(
        _of_server(context, f"{url_text(context.settings.harvest.api_url)}/users/me"),
        _of_server(context, context.helpdesk_url),
    )
    offsets |= {"Harvest": harvest, "the helpdesk": helpdesk}
    known = {name: offset for name, offset in offsets.items() if offset is not None}
    return [rules.skew("clock", known)]


async def _of_postgres(context: Context) -> timedelta | None:
    if context.pool is None:
        return None
    try:
        began = context.clock.now()
        found = await store.server(context.pool)
    except database.AWAY:
        return None
    return found.now - (began + (context.clock.now() - began) / 2)


async def _of_server(context: Context, url: str) -> timedelta | None:
    """How far ahead a web server's clock is, by the ``Date`` of whatever it answers (RFC 9110, 6.6.1)."""
    timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
    try:
        began = context.clock.now()
        async with context.session.get(url, timeout=timeout, allow_redirects=False) as response:
            ended, date = context.clock.now(), response.headers.get("Date", "")
        told: datetime = parsedate_to_datetime(date)
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError, TypeError):
        return None
    if told.tzinfo is None:
        told = told.replace(tzinfo=UTC)
    return told + _HALF - (began + (ended - began) / 2)
