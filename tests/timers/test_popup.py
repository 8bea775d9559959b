"""An agent's timers in the popup."""

from __future__ import annotations

from typing import Any, cast

from plugin_server.runtime.popup import PopupRequest
from plugin_server.runtime.templates import Templates
from plugin_server.timers.popup import TimerSection
from tests.timers.test_outbox import TASK, Bench, Helpdesk, Tickets
from tests.timers.test_outbox import bench as bench


async def test_what_runs_and_what_waits_to_be_logged_is_shown_with_its_tickets(bench: Bench) -> None:
    section = TimerSection(
        bench.pool, cast(Any, Tickets()), bench.timers, cast(Any, Helpdesk()), Templates(), bench.clock
    )
    request = PopupRequest(bench.caller, "en")
    assert (await section.popup(request)).body == ()
    first = await bench.start()
    part = await section.popup(request)
    assert "Being started in Harvest, as of 12:00." in part.body[0].html
    assert part.poll is not None
    await bench.go(first, "running")
    bench.pass_time(minutes=30)
    second = (await bench.timers.start(bench.caller, 2, str(TASK), "")).id
    await bench.go(first, "stopped")
    await bench.go(second, "running")
    part = await section.popup(request)
    assert part.data["timers"] == [
        {"id": str(second), "ticket_id": 2, "state": "running", "hours": "0.01"},
        {"id": str(first), "ticket_id": 1, "state": "stopped", "hours": "0.51"},
    ]
    html = part.body[0].html
    assert "Stopped, not logged yet." in html
    assert f"/api/v1/timers/{second}/stop" in html
    assert f"/api/v1/timers/{first}/stop" not in html
    assert (await section.popup(PopupRequest(None, "en"))).body == ()
