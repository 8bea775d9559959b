"""WebDriver BiDi over a websocket: what it takes to drive Firefox, and no more (W3C's WebDriver BiDi, "Transport")."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

import aiohttp

ANSWER_SECONDS = 60.0

Event = dict[str, Any]


class BidiError(Exception):
    """The browser refused a command; its words."""


class Bidi:
    """One session with a browser: commands are answered, events are kept until somebody waits for them."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._watchers: list[Callable[[str, Event], None]] = []
        self._reading = asyncio.create_task(self._read())

    async def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Carry out a command; its result. Raises :class:`BidiError`."""
        number = len(self._answers) + 1
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(ANSWER_SECONDS):
            return await answer

    def expect(self, method: str, holds: Callable[[Event], bool] = lambda _event: True) -> asyncio.Future[Event]:
        """The first event of that name, from now on, that holds; to be awaited after whatever brings it about."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Event] = loop.create_future()

        def watch(name: str, event: Event) -> None:
            if name == method and not found.done() and holds(event):
                found.set_result(event)

        def give_up() -> None:
            if not found.done():
                found.set_exception(TimeoutError(f"no {method} within {ANSWER_SECONDS:.0f} s"))

        self._watchers.append(watch)
        found.add_done_callback(lambda _found: self._watchers.remove(watch))
        loop.call_later(ANSWER_SECONDS, give_up)
        return found

    async def close(self) -> None:
        """End the connection; whoever still waits for an answer hears of it."""
        await self._socket.close()
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            said = json.loads(message.data)
            if said["type"] == "event":
                self._tell(said["method"], said["params"])
                continue
            answer = self._answers.get(said["id"] or 0)
            if answer is None or answer.done():
                continue
            if said["type"] == "success":
                answer.set_result(said["result"])
            else:
                answer.set_exception(BidiError(f"{said['error']}: {said['message']}"))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BidiError("the browser has gone"))

    def _tell(self, method: str, event: Event) -> None:
        for watch in list(self._watchers):
            watch(method, event)
