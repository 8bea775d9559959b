"""A server that ends answers whoever it has let in."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import closing

import pytest
from aiohttp import web

from plugin_server.runtime.serving import serve
from plugin_server.runtime.stop import Stop


@pytest.mark.parametrize("callers", [1, 40])
async def test_who_has_knocked_when_the_door_closes_is_answered(free_port: Callable[[], int], callers: int) -> None:
    port = free_port()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="here")

    app = web.Application()
    app.router.add_post("/", answer)
    stop = Stop()
    serving = asyncio.create_task(serve(app, "127.0.0.1", port, stop, drain_seconds=0, stop_seconds=5))
    await _answers(port)
    stop.ask()
    # Nothing is awaited between: the server has not looked at its door since.
    knocking = [socket.create_connection(("127.0.0.1", port)) for _ in range(callers)]
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
    answers = await asyncio.gather(*(asyncio.to_thread(_ask, one, request) for one in knocking))
    assert [one.partition(b"\r\n")[0] for one in answers] == [b"HTTP/1.1 200 OK"] * callers
    await asyncio.wait_for(serving, 10)


def _ask(connection: socket.socket, request: bytes) -> bytes:
    with closing(connection):
        connection.settimeout(10)
        connection.sendall(request)
        return connection.recv(1000)


async def _answers(port: int) -> None:
    while True:
        try:
            _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            await asyncio.sleep(0)
        else:
            writer.close()
            await writer.wait_closed()
            return
