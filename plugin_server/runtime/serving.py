"""Serving HTTP, and ending it so that every request was either answered in full or refused before it was sent.

In this order: ``/readyz`` answers 503 and every answer asks its connection to be closed, so that a proxy sends people
elsewhere (``drain_seconds``); nobody new is let in; who is in is answered (``stop_seconds`` at most); only then the
connections end.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator

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

_KNOCKS = 1000

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
            await _close(server, runner.server)
        finally:
            server.close()
        await _all_have_left(runner.server)
    finally:
        await runner.cleanup()
    _logger.info("stopped")


async def _close(server: asyncio.Server, protocol: Callable[[], asyncio.Protocol]) -> None:
    """Close the door behind who has knocked: closing it resets a connection that nobody has accepted yet, and asyncio
    forgets one that it has accepted a moment before."""
    loop = asyncio.get_running_loop()
    doors = [one.dup() for one in server.sockets]
    for door in server.sockets:
        loop.remove_reader(door.fileno())
    await asyncio.sleep(_LOOK)  # those that asyncio has accepted are connections then
    let_in = [one for door in doors for one in _accepted(door)]
    server.close()
    for door in doors:
        door.close()
    for one in let_in:
        await loop.connect_accepted_socket(protocol, one)


def _accepted(door: socket.socket) -> Iterator[socket.socket]:
    """Those who wait at the door now."""
    for _time in range(_KNOCKS):
        try:
            one, _address = door.accept()
        except OSError:  # nobody any more, or no room for them
            return
        one.setblocking(False)
        yield one


async def _all_have_left(server: web.Server) -> None:
    """Return when no connection is left, or when who has said nothing so far had its time. (aiohttp tells nobody that a
    connection ended, so it is looked at again and again.)"""
    for _look in range(round(_FIRST_WORDS / _LOOK)):
        if not server.connections:
            return
        await asyncio.sleep(_LOOK)
