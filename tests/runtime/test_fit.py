"""Who is served: the server's word on extensions that it does not fit."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.runtime import database, fit
from plugin_server.runtime.clock import SetClock
from tests.support.server import Server, serving, write_manifest

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "extension"
PARTS = st.lists(st.integers(0, 65535), min_size=1, max_size=4)


def version(parts: list[int]) -> str:
    return ".".join(map(str, parts))


@given(PARTS, PARTS)
def test_whoever_is_older_is_refused_and_nobody_else(least: list[int], parts: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "LEAST_EXTENSION", version(least))
        words = fit.judge(version(parts), "1")
    full = [[*numbers, 0, 0, 0][:4] for numbers in (parts, least)]
    assert (words is not None) == (full[0] < full[1])
    assert words is None or f"version {version(least)} or newer" in words


@given(st.text(max_size=50), st.text(max_size=50))
def test_whatever_the_headers_say_there_is_an_answer(extension: str, api: str) -> None:
    assert isinstance(fit.judge(extension, api), str | None)


def test_what_speaks_a_later_api_is_told_that_the_server_is_old() -> None:
    assert "update the server" in (fit.judge("9.0", str(fit.API + 1)) or "")
    assert fit.judge("9.0", str(fit.API)) is None
    assert fit.judge(fit.LEAST_EXTENSION, "") is None


def test_the_repositorys_extension_is_served_and_speaks_what_its_server_speaks() -> None:
    spoken = re.search(r"^const API = (\d+);$", (EXTENSION / "background" / "fit.js").read_text(), re.MULTILINE)
    assert spoken
    assert int(spoken[1]) == fit.API
    assert fit.judge(json.loads((EXTENSION / "manifest.json").read_text())["version"], spoken[1]) is None


@pytest.fixture
async def server(make_database: Callable[[], str], tmp_path: Path) -> AsyncIterator[Server]:
    pool = await database.connect(make_database())
    settings = write_manifest(tmp_path, "a key that is long enough for HS256 ....")
    async with serving(settings, pool, SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))) as running:
        yield running
    await pool.close()


async def test_the_api_refuses_before_it_looks_at_anything_and_always_says_what_it_speaks(server: Server) -> None:
    async def ask(path: str, accept: str = "application/json", **headers: str) -> tuple[int, str, dict[str, str]]:
        async with server.session.get(server.url + path, headers={"Accept": accept, **headers}) as response:
            return response.status, await response.text(), dict(response.headers)

    old = {fit.EXTENSION_HEADER: "0.0.9"}
    status, text, headers = await ask("/api/v1/me", **old)
    assert status == 412
    assert json.loads(text)["error"]["code"] == "misfit"
    assert (headers[fit.API_HEADER], headers[fit.LEAST_HEADER]) == (str(fit.API), fit.LEAST_EXTENSION)
    # An extension that does not know the answer yet shows the words as any other fragment.
    _, html, _ = await ask("/api/v1/tickets/1/panel", "text/html", **old)
    assert 'data-state="error"' in html
    assert "(0.0.9) is older than its server takes" in html
    _, html, _ = await ask("/api/v1/me", "text/html", **old)
    assert "data-popup" in html
    assert "0.1.0 or newer" in html
    newer = {fit.EXTENSION_HEADER: "9.0", fit.API_HEADER: str(fit.API + 1)}
    assert (await ask("/api/v1/me", **newer))[0] == 412
    # Its own extension, and programs that are none, get as far as they ever did; pages are nobody's API.
    for others in ({fit.EXTENSION_HEADER: fit.LEAST_EXTENSION, fit.API_HEADER: str(fit.API)}, {}):
        status, _, headers = await ask("/api/v1/me", **others)
        assert status == 401
        assert fit.API_HEADER in headers
    status, _, headers = await ask("/", "text/html", **old)
    assert status == 200
    assert fit.API_HEADER not in headers
