"""What an admin may change in the manifest, through the whole stack."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from tests.api.test_log_call import body
from tests.faults.stand import standing
from tests.support.demo import Demo
from tests.support.signin import Api, connect, sign_in_code
from tests.support.world import ADA, SUPPORT, World, until

pytestmark = pytest.mark.many_processes


async def test_rounding_required_time_a_timer_on_opening_and_an_administrator_who_stands_in(
    make_database: Callable[[], str], redis_url: str, tmp_path: Path
) -> None:
    settings: dict[str, dict[str, Any]] = {
        "harvest": {"when_disconnected": "administrator"},
        "time": {"required": True, "start_on_open": True, "rounding": "up"},
    }
    async with standing(tmp_path, make_database, redis_url, **settings) as stand, aiohttp.ClientSession() as session:
        demo = cast(Demo, stand)
        world = World(demo, session)
        ticket, _project = await world.linked_ticket(ADA)
        other, _project = await world.linked_ticket(ADA)
        status, signed_in = await connect(demo, "ada@example.com")
        assert status == 201
        api = Api(session, stand.url, signed_in["access_token"])
        await world.harvest(
            "POST", "/_sim/faults", {"match": "PATCH /v2/time_entries", "kind": "status", "status": 503, "times": 99}
        )
        html = await until(lambda: _panel(api, other), lambda found: "timer-start" in found)
        assert 'data-required="true"' in html
        assert f'data-on-open="/api/v1/tickets/{other}/timer"' in html
        timer = await until(lambda: _started(api, other))
        html = await _panel(api, ticket)
        assert "data-on-open" not in html  # it would stop the other one
        assert 'data-required="true"' in html
        log = {"ticket_id": other, "confirm": "now", "task_id": SUPPORT, "notes": "From the timer", "timer_id": timer}
        assert (await api.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", log))[0] == 201
        await world.harvest(
            "POST", "/_sim/faults", {"match": "POST /v2/time_entries", "kind": "status", "status": 503, "times": 99}
        )
        assert (await api.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(ticket, notes="By hand", hours="1:20")))[
            0
        ] == 201
        assert "data-required" not in await _panel(api, ticket)  # there is time on this ticket
        assert (await api.call("DELETE", "/api/v1/session"))[0] == 204
        assert (await api.call("GET", "/api/v1/me"))[0] == 401
        # Connected as somebody else in Harvest, they would be looked for under that name, and perhaps made again.
        with pytest.raises(AssertionError, match="is not settled yet"):
            await sign_in_code(demo, "ada@example.com", harvest_email="admin@example.com")
        await world.harvest("DELETE", "/_sim/faults")

        async def found() -> list[tuple[str, int, bool]]:
            entries = [*await world.entries(ticket), *await world.entries(other)]
            return [(entry["notes"], entry["user"]["id"], entry["is_running"]) for entry in entries]

        wanted = [("By hand", ADA, False), ("From the timer", ADA, False)]
        await until(found, lambda entries: entries == wanted, seconds=60)
        assert [entry["hours"] for entry in await world.entries(ticket)] == [1.5]


async def _panel(api: Api, ticket: int) -> str:
    return str((await api.call("GET", f"/api/v1/tickets/{ticket}/panel", Accept="text/html"))[1])


async def _started(api: Api, ticket: int) -> str | None:
    """The id of a timer that runs, once the ticket's project is known."""
    status, answer = await api.call("POST", f"/api/v1/tickets/{ticket}/timer", {"task_id": SUPPORT})
    if status == 422:
        await api.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return None
    assert status == 200, answer
    return str(answer["id"]) if answer["state"] == "running" else None
