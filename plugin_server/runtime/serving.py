"""Serving HTTP, and ending it so that every request was either answered in full or refused before it was sent.

In this order: ``/readyz`` answers 503 and every answer asks its connection to be closed, so that a proxy sends people
elsewhere (``drain_seconds``); nobody new is let in; who is in is answered (``stop_seconds`` at most); only then the
connections end.
"""

from __future__ import annotations

import asyncio
import select

from aiohttp import web

from plugin_server.runtime import log
from plugin_server.runtime.stop import STOP, Stop

DRAIN_SECONDS = 1.0
STOP_SECONDS = 20.0
"""Longer than any request takes: the helpdesk is waited for ten seconds at most."""

_FIRST_WORDS = 2.0
"""So long a connection that is open, but has nothing under way, has to send its request: one that was let in last, by a
client that is slow to begin, or one that is kept for a next request, which is asked to be closed with its answer."""

_LOOK = 0.02

_KNOCKS = 100

_logger = log.get(__name__)


async def serve(
    app: web.Application, host: str, port: int, stop: Stop, *, drain_seconds: float, stop_seconds: float
) -> None:
    """Serve until asked to ``stop``, and then until everybody is answered. Raises OSError when the port is taken."""
    app[STOP] = stop
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=stop_seconds)
    await runner.setup()
    try:
        assert runner.server is not None
        server = await asyncio.get_running_loop().create_server(runner.server, host, port)
        _logger.info("serving", host=host, port=port)
        try:
            await stop.wait()
            _logger.info("stopping, others are asked to take over", seconds=drain_seconds)
            await asyncio.sleep(drain_seconds)
            await _let_in(server)
        finally:
            server.close()
        await _all_have_left(runner.server)
    finally:
        await runner.cleanup()
    _logger.info("stopped")


async def _let_in(server: asyncio.Server) -> None:
    """Who has knocked is let in: closing the door resets a connection that nobody has accepted yet."""
    knocking = select.poll()
    for socket in server.sockets:
        knocking.register(socket.fileno(), select.POLLIN)
    for _time in range(_KNOCKS):
        if not knocking.poll(0):
            return
        await asyncio.sleep(0)


async def _all_have_left(server: web.Server) -> None:
    """Return when no connection is left, or when who has said nothing so far had its time. (aiohttp tells nobody that a
    connection ended, so it is looked at again and again.)"""
    for _look in range(round(_FIRST_WORDS / _LOOK)):
        if not server.connections:
            return
        await asyncio.sleep(_LOOK)
