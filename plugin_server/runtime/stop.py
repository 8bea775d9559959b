"""The end of a process: asked for by a signal, told to whoever sends it work, with nothing in flight cut off."""

from __future__ import annotations

import asyncio
import os
import signal

from aiohttp import web

from plugin_server.runtime import log

_logger = log.get(__name__)


class Stop:
    """Whether this process is asked to end."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()

    @classmethod
    def on_signals(cls) -> Stop:
        """Asked by SIGTERM, or SIGINT from a terminal. The second time the process ends at once, with status 1: what
        has to be done stands in the database, so whoever comes next finds it."""
        stop, loop = cls(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop._on_signal)
        return stop

    def _on_signal(self) -> None:
        if self.is_asked:
            _logger.warning("asked to stop twice, ends at once")
            os._exit(1)
        self.ask()

    @property
    def is_asked(self) -> bool:
        """Whether it is time to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End, as on a signal."""
        self._asked.set()

    async def wait(self) -> None:
        """Return when it is time to end."""
        await self._asked.wait()


STOP: web.AppKey[Stop] = web.AppKey("stop", Stop)
"""The server's own, for what answers otherwise when it ends."""
