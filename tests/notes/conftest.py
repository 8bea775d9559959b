"""A stand-in for a language model, and a helpdesk that lets everybody see every ticket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class FakeModel:
    """Speaks OpenAI's chat completions. ``answers`` are given in turn, the last one again and again: text, a status, or
    whatever body comes back in place of a completion. ``asked`` is what came, with its headers and path."""

    url: str = ""
    answers: list[Any] = field(default_factory=lambda: ["Fixed invoice layout"])
    asked: list[dict[str, Any]] = field(default_factory=list)
    holds: asyncio.Event | None = None

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append({"path": request.path_qs, "headers": dict(request.headers), **await request.json()})
        if self.holds is not None:
            await self.holds.wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "planted-canary", "code": None}}, status=answer)
        if isinstance(answer, str):
            message = {"role": "assistant", "content": answer}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            return web.json_response(
                {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": choices}
            )
        status, body = answer
        return web.Response(text=body, status=status, content_type="text/html")

    @property
    def texts(self) -> list[str]:
        """What was asked, whole."""
        return ["\n".join(message["content"] for message in asked["messages"]) for asked in self.asked]


@pytest.fixture
async def model() -> AsyncIterator[FakeModel]:
    fake = FakeModel()
    app = web.Application()
    app.router.add_post("/{path:.*}", fake.answer)
    async with TestServer(app) as server:
        fake.url = str(server.make_url("/v1"))
        yield fake
        if fake.holds is not None:
            fake.holds.set()
