"""The worker's rounds: what they note of a system that is away is what people read, so it holds no addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from plugin_server import services
from plugin_server.panel import store
from plugin_server.panel.health import Health
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.queue import NullQueue
from plugin_server.worker import Refresher, Rounds
from tests.support.server import write_manifest


async def test_what_is_noted_of_systems_that_are_away_holds_no_addresses(
    make_database: Callable[[], str], tmp_path: Path, unused_tcp_port: int
) -> None:
    def nowhere(data: dict[str, dict[str, str]]) -> None:
        data["harvest"]["api_url"] = f"http://127.0.0.1:{unused_tcp_port}/v2"
        data["helpdesk"]["url"] = f"http://127.0.0.1:{unused_tcp_port}"

    clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
    settings = write_manifest(tmp_path, "k" * 32, change=nowhere)
    async with await database.connect(make_database()) as pool, aiohttp.ClientSession() as session:
        await database.migrate(pool)
        built = services.build(settings, pool, NullQueue(), session, clock)
        health = Health(pool, built.queue, clock)
        await Rounds(built, health).helpdesk()
        await Refresher(built, health).account()
        seen = await store.seen(pool)
    assert {name: part.problem for name, part in seen.items()} == {
        "helpdesk": "The helpdesk does not answer.",
        "harvest": "Harvest can't be reached",
    }
