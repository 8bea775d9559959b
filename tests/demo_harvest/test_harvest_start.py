"""Starting, stopping in the midst of work, starting again on the same data."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable

import aiohttp

from tests.demo_harvest.client import Browser, Harvest
from tests.demo_harvest.process import command, start, stop


async def test_data_survive_and_are_seeded_once(make_database: Callable[[], str]) -> None:
    database = make_database()
    process, url = await asyncio.to_thread(start, database)
    try:
        harvest = Harvest(url)
        async with aiohttp.ClientSession(skip_auto_headers=["User-Agent"]) as harvest.session:
            entry = await harvest.make(
                "/v2/time_entries", {"project_id": 4001, "task_id": 5001, "spent_date": "2026-05-04", "hours": 1}
            )
            await harvest.call("POST", "/_sim/faults", {"match": "GET /v2/tasks", "kind": "latency", "seconds": 60})
            hanging = asyncio.create_task(harvest.call("GET", "/v2/tasks"))
            await asyncio.sleep(0.2)
            code, seconds = await asyncio.to_thread(stop, process)
            await asyncio.gather(hanging, return_exceptions=True)
        assert (code, seconds < 3) == (0, True), seconds
        process, url = await asyncio.to_thread(start, database, "--product-url", "http://127.0.0.1:9700/")
        harvest = Harvest(url)
        async with aiohttp.ClientSession(skip_auto_headers=["User-Agent"]) as harvest.session:
            entries = await harvest.get("/v2/time_entries")
            assert entries["total_entries"] == 14
            assert entry["id"] in {e["id"] for e in entries["time_entries"]}
            browser = Browser(harvest)
            await browser.sign_in("ada@example.com")
            page = await browser.consent()
            assert "http://127.0.0.1:9700/oauth/harvest/callback?error=access_denied" in page.text
    finally:
        code, _ = await asyncio.to_thread(stop, process)
    assert code == 0


def test_no_database_is_said_in_words() -> None:
    line = command("postgresql://nobody@127.0.0.1:1/nothing", "--port", "0")
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("harvest: cannot start:")
    assert "Traceback" not in done.stderr


def test_wrong_options_are_refused() -> None:
    line = command("postgresql://x", "--rate-limit", "many")
    done = subprocess.run(line, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--rate-limit" in done.stderr
