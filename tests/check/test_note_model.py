"""The model that writes notes. Each test breaks it in one way and reads what the check says of it."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from tests.check.stand import Stand
from tests.check.strangers import answering

NAME = "note_model"


def completion(words: str) -> dict[str, Any]:
    """An answer of OpenAI's chat completions."""
    choice = {"index": 0, "message": {"role": "assistant", "content": words}, "finish_reason": "stop"}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "small", "choices": [choice]}


async def test_without_a_model_it_is_not_looked_at(stand: Stand) -> None:
    row = (await stand.check())[NAME]
    assert row.state == "skipped"
    assert "made on this server" in row.words


async def test_a_model_that_is_named_without_its_key_is_never_asked(stand: Stand) -> None:
    stand.change(lambda data: data["notes"].update(model="small"))
    row = (await stand.check())[NAME]
    assert row.state == "warn"
    assert "notes.key" in row.todo


@pytest.mark.parametrize(
    ("status", "body", "state", "words"),
    [
        (200, completion("Corrected opening hours"), "ok", "The model small answers at"),
        (401, {"error": {"message": "Incorrect key planted-canary"}}, "fail", "refuses the key that notes.key names"),
        (404, {"error": {"message": "no such model"}}, "fail", "knows no model small"),
        (429, {"error": {"message": "quota"}}, "fail", "takes no more questions now"),
        (500, {"error": {"message": "planted-canary"}}, "fail", "does not answer as a model does"),
        (200, {"hello": "planted-canary"}, "fail", "does not answer as a model does"),
    ],
)
async def test_what_the_model_answers_is_told(stand: Stand, status: int, body: Any, state: str, words: str) -> None:
    asked: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        asked.append(await request.text())
        return web.json_response(body, status=status)

    stand.secret("note_key", "planted-canary")
    async with answering(handle) as url:
        key = {"file": "secrets/note_key"}
        stand.change(lambda data: data["notes"].update(model="small", base_url=f"{url}/v1", key=key))
        row = (await stand.check())[NAME]
    assert (row.state, len(asked)) == (state, 1)
    assert words in row.words
    assert "canary" not in f"{row.words} {row.todo}"
    assert bool(row.todo) == (state == "fail")


async def test_a_model_that_nobody_finds(stand: Stand, free_port: Any) -> None:
    stand.change(lambda data: data["notes"].update(model="small", base_url=f"http://127.0.0.1:{free_port()}/v1"))
    row = (await stand.check())[NAME]
    assert row.state == "fail"
    assert "notes.base_url" in f"{row.words} {row.todo}"
    assert row.words.endswith(".")
