"""``deskhours check`` on a whole demo."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from tests.support.world import World, until

KNOWN = {"service_user", "harvest_limit"}
"""The demo's service user is an administrator, too; and tests ask more of Harvest than people do."""


async def test_a_running_demo_is_well(world: World) -> None:
    async def parts() -> dict[str, Any]:
        async with world.session.get(f"{world.demo.url}/healthz") as response:
            return dict(await response.json())

    await until(parts, lambda one: one["worker"] == "ok", 30)
    command = ("-m", "plugin_server.cli", "check", "--json", "--data", str(world.demo.data))
    env = {**os.environ, "DESKHOURS_SETUP_TOKEN": "demo-zammad-setup-token"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, env=env, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await process.communicate()
    told = json.loads(out)
    not_well = {one["name"]: one["words"] for one in told["results"] if one["state"] in ("fail", "warn")}
    assert set(not_well) <= KNOWN, not_well
    assert (process.returncode, told["ok"], errors) == (0, True, b"")
