"""docs/setup.md, followed against a demo that is not set up: its own commands, from the token to a locked ticket."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.dashboard.browsing import Visit
from tests.demo_helpdesk.client import ADMIN, Helpdesk, basic
from tests.support.demo import Demo, free_triple
from tests.support.processes import wait_for
from tests.support.servers import Folder
from tests.support.world import until

pytestmark = pytest.mark.many_processes

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "setup.md").read_text()


@pytest.fixture
def demo() -> Iterator[Demo]:
    folder = Folder("deskhours-bare-test-")
    running = Demo.start(folder.path, free_triple(), "--without-setup", wait=False)
    try:
        wait_for(lambda: running.process.poll() is not None or f"ready: {running.helpdesk}\n" in running.output, 120)
        assert running.process.poll() is None, running.output
        yield running
    finally:
        assert running.stop() == 0
        folder.remove()


def deskhours(demo: Demo, *arguments: str) -> subprocess.Popen[str]:
    environment = {"DESKHOURS_SETUP_TOKEN": "demo-zammad-setup-token", "DESKHOURS_DIE_WITH_PARENT": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "plugin_server.cli", *arguments, "--data", str(demo.data)],
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def done(demo: Demo, *arguments: str) -> str:
    process = deskhours(demo, *arguments)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return said


async def test_the_page_leads_to_a_helpdesk_that_locks_and_signs_people_in(demo: Demo) -> None:
    await make_service_user(demo)
    assert "Done: 16." in done(demo, "setup", "--yes")
    done(demo, "migrate")
    programs = [deskhours(demo, "serve", "--port", str(demo.port)), deskhours(demo, "worker")]
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            desk = Helpdesk(demo.helpdesk, session)

            async def ticket() -> dict[str, Any]:
                return dict((await desk.get("tickets/4", ADMIN)).data)

            # Over its budget: the worker locks it, with the least of tokens.
            locked = await until(ticket, lambda seen: seen["budget_state"] == "locked", seconds=30)
            assert locked["hours_used"] == "10.50"
            agent = Visit(session, demo, "admin@example.com")
            assert await agent.sign_in() == 200
            assert agent.path == "/dashboard"
    finally:
        for program in programs:
            program.terminate()
            program.communicate(timeout=15)


async def make_service_user(demo: Demo) -> None:
    """The two calls that the page shows, with its own words."""
    user, token = (json.loads(body) for body in re.findall(r"-d '(.*?)'", DOCUMENT, re.DOTALL))
    async with aiohttp.ClientSession() as session:
        desk = Helpdesk(demo.helpdesk, session)
        assert (await desk.call("POST", "users", user, ADMIN)).status == 201
        made = await desk.call("POST", "user_access_token", token, basic(user["email"], user["password"]))
    assert made.status == 200
    (demo.data / "secrets" / "helpdesk_token").write_text(made.data["token"])


def test_what_the_page_shows_is_json() -> None:
    (lines,) = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    assert set(json.loads(f"{{{lines}}}")) == {"api_url", "id_url"}
