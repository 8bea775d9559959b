"""Timers, as a program uses them, against the simulated Harvest."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.api.test_log_call import body, ready
from tests.support.signin import Api
from tests.support.world import ADA, BO, DEVELOPMENT, SUPPORT, World, today, until


@pytest.fixture(autouse=True)
async def harvests_clock(world: World) -> AsyncIterator[None]:
    """What a test does to Harvest's clock and account ends with it."""
    yield
    for entry in (await world.harvest("GET", "/v2/time_entries", is_running="true"))["time_entries"]:
        await world.harvest("PATCH", f"/v2/time_entries/{entry['id']}/stop")
    await world.harvest("POST", "/_sim/reset")


async def press(api: Api, path: str, values: dict[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
    found, answer = await api.call("POST", path, values or {})
    assert found == status, answer
    return dict(answer)


async def start(api: Api, ticket: int, task: int = SUPPORT, notes: str = "") -> dict[str, Any]:
    made = await press(api, f"/api/v1/tickets/{ticket}/timer", {"task_id": task, "notes": notes})
    return await settled(api, made["id"], "running")


async def read(api: Api, timer: str) -> dict[str, Any]:
    status, answer = await api.call("GET", f"/api/v1/timers/{timer}")
    assert status == 200, answer
    return dict(answer)


async def settled(api: Api, timer: str, state: str, seconds: float = 10) -> dict[str, Any]:
    return await until(lambda: read(api, timer), lambda found: found["state"] == state, seconds=seconds)


async def stop(api: Api, timer: str) -> dict[str, Any]:
    await press(api, f"/api/v1/timers/{timer}/stop")
    return await settled(api, timer, "stopped")


async def record(api: Api, ticket: int, timer: str, **changes: Any) -> str:
    """Log the timer now; the log's id."""
    log = str(uuid.uuid4())
    wish = {"ticket_id": ticket, "confirm": "now", "task_id": SUPPORT, "notes": "Fixed", "timer_id": timer, **changes}
    status, answer = await api.call("PUT", f"/api/v1/logs/{log}", wish)
    assert status == 201, answer
    return log


async def logged(api: Api, log: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        return dict((await api.call("GET", f"/api/v1/logs/{log}"))[1])

    return await until(look, lambda found: found["state"] == "logged")


async def later(world: World, minutes: int) -> None:
    await world.harvest("POST", "/_sim/clock", {"advance_seconds": minutes * 60})


async def test_start_stop_and_log(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    [entry] = await world.entries(ticket)
    assert (entry["is_running"], entry["id"]) == (True, timer["entry_ids"][0])
    assert (entry["project"]["id"], entry["task"]["id"], entry["spent_date"]) == (project, SUPPORT, today())
    again = await press(ada, f"/api/v1/tickets/{ticket}/timer", {"task_id": SUPPORT})
    assert again["id"] == timer["id"]  # a double click
    await later(world, 30)
    stopped = await stop(ada, timer["id"])
    assert (stopped["hours"], stopped["running_since"]) == ("0.50", None)
    log = await logged(ada, await record(ada, ticket, timer["id"], task_id=DEVELOPMENT, notes="Fixed the printer"))
    assert (log["hours"], log["entry_id"], log["timer_id"]) == ("0.50", entry["id"], timer["id"])
    [entry] = await world.entries(ticket)
    assert (entry["hours"], entry["notes"], entry["task"]["id"]) == (0.5, "Fixed the printer", DEVELOPMENT)
    assert (await read(ada, timer["id"]))["state"] == "ended"


async def test_submitting_stops_the_timer_first(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    await later(world, 15)
    log = await logged(ada, await record(ada, ticket, timer["id"], notes="While it ran"))
    assert log["hours"] == "0.25"
    [entry] = await world.entries(ticket)
    assert (entry["is_running"], entry["hours"], entry["notes"]) == (False, 0.25, "While it ran")


async def test_no_hours_typed_means_the_timer_on_the_ticket(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    log = await record(ada, ticket, timer["id"], timer_id=None)
    assert (await logged(ada, log))["timer_id"] == timer["id"]
    assert len(await world.entries(ticket)) == 1


async def test_continue_goes_on_in_the_same_entry(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    await later(world, 30)
    await stop(ada, timer["id"])
    again = await start(ada, ticket)
    assert again["id"] == timer["id"]
    await later(world, 15)
    assert (await stop(ada, timer["id"]))["hours"] == "0.75"
    [entry] = await world.entries(ticket)
    assert entry["hours"] == 0.75


async def test_start_end_accounts_get_an_entry_for_each_run(ada: Api, world: World) -> None:
    await world.harvest("PATCH", "/v2/company", {"wants_timestamp_timers": True})
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    await until(lambda: _account_kind(ada, ticket, world), seconds=40)
    timer = await start(ada, ticket)
    await later(world, 30)
    await stop(ada, timer["id"])
    await start(ada, ticket)
    await later(world, 15)
    stopped = await stop(ada, timer["id"])
    assert (len(stopped["entry_ids"]), stopped["hours"]) == (2, "0.75")
    log = await logged(ada, await record(ada, ticket, timer["id"], notes="Two stretches"))
    assert log["hours"] == "0.75"
    entries = await world.entries(ticket)
    assert sorted((entry["hours"], entry["notes"]) for entry in entries) == [
        (0.25, "Two stretches"),
        (0.5, "Two stretches"),
    ]
    status, _answer = await ada.call("POST", f"/api/v1/logs/{log['id']}/undo")
    assert status == 200

    async def notes() -> list[str | None]:
        return [entry["notes"] for entry in await world.entries(ticket)]

    await until(notes, lambda found: not any(found))
    assert (await settled(ada, timer["id"], "stopped"))["hours"] == "0.75"


async def _account_kind(api: Api, ticket: int, world: World) -> bool:
    """Hours typed by hand get a start and an end, once the server has seen what kind of account it is."""
    log = str(uuid.uuid4())
    await api.call("PUT", f"/api/v1/logs/{log}", body(ticket, hours="0.25", notes=log))
    await logged(api, log)
    for entry in await world.entries(ticket):
        await world.harvest("DELETE", f"/v2/time_entries/{entry['id']}")
        if entry["started_time"] is not None:
            assert entry["ended_time"] is not None
            assert entry["hours"] == 0.25
            return True
    await api.call("POST", f"/api/v1/tickets/{ticket}/refresh")
    return False


async def test_discard_asks_what_becomes_of_the_time(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    await press(ada, f"/api/v1/timers/{timer['id']}/discard")
    assert (await settled(ada, timer["id"], "stopped"))["discarded"]
    assert [entry["is_running"] for entry in await world.entries(ticket)] == [False]
    await press(ada, f"/api/v1/timers/{timer['id']}/keep")
    assert (await read(ada, timer["id"]))["state"] == "ended"
    assert len(await world.entries(ticket)) == 1
    other = await start(ada, ticket)
    assert other["id"] != timer["id"]
    await press(ada, f"/api/v1/timers/{other['id']}/discard")
    await settled(ada, other["id"], "stopped")
    await press(ada, f"/api/v1/timers/{other['id']}/delete")
    await settled(ada, other["id"], "ended")
    assert len(await world.entries(ticket)) == 1


async def test_starting_one_stops_the_other_and_both_tickets_know(ada: Api, world: World) -> None:
    first, _project = await world.linked_ticket(ADA)
    second, _project = await world.linked_ticket(ADA)
    await ready(ada, first)
    await ready(ada, second)
    one = await start(ada, first)
    await later(world, 60)
    status, html = await ada.call("GET", f"/api/v1/tickets/{second}/panel", Accept="text/html")
    number = (await world.helpdesk("GET", f"/tickets/{first}"))["number"]
    assert status == 200
    assert f"#{number}" in html
    assert "Starting a timer here stops" in html
    await start(ada, second)
    assert (await settled(ada, one["id"], "stopped", seconds=3))["hours"] == "1.00"


async def test_two_tabs_start_one_timer(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/tickets/{ticket}/timer"
    answers = await asyncio.gather(*(press(ada, path, {"task_id": SUPPORT}) for _tab in range(8)))
    [timer] = {answer["id"] for answer in answers}
    await settled(ada, timer, "running")
    assert len(await world.entries(ticket)) == 1


async def test_a_timer_started_in_harvest_shows_up_and_can_be_used(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    new = {"project_id": project, "task_id": SUPPORT, "spent_date": today(), "user_id": ADA, "notes": "On the phone"}
    entry = await world.harvest("POST", "/v2/time_entries", new)

    async def panel() -> str:
        await ada.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return str((await ada.call("GET", f"/api/v1/tickets/{ticket}/panel", Accept="text/html"))[1])

    html = await until(panel, lambda found: "timer-adopt" in found, seconds=60)
    assert "On the phone" in html
    assert html.count("Starting a timer here stops") == 0
    adopted = await press(ada, f"/api/v1/tickets/{ticket}/timer/adopt/{entry['id']}")
    assert (adopted["state"], adopted["entry_ids"]) == ("running", [entry["id"]])
    await later(world, 45)
    log = await logged(ada, await record(ada, ticket, adopted["id"], notes="On the phone"))
    assert log["hours"] == "0.75"
    [found] = await world.entries(ticket)  # it names the ticket now
    assert found["id"] == entry["id"]


async def test_a_timer_stopped_restarted_or_deleted_in_harvest_is_followed(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    entry = timer["entry_ids"][0]

    async def seen() -> dict[str, Any]:
        await ada.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return await read(ada, timer["id"])

    await later(world, 15)
    await world.harvest("PATCH", f"/v2/time_entries/{entry}/stop")
    stopped = await until(seen, lambda found: found["state"] == "stopped", seconds=40)
    assert stopped["hours"] == "0.25"
    await world.harvest("PATCH", f"/v2/time_entries/{entry}/restart")
    await until(seen, lambda found: found["state"] == "running", seconds=40)
    await world.harvest("DELETE", f"/v2/time_entries/{entry}")
    gone = await until(seen, lambda found: found["state"] == "failed", seconds=40)
    assert "deleted" in gone["problem"]
    await press(ada, f"/api/v1/timers/{timer['id']}/dismiss")


async def test_measured_hours_can_be_corrected_once_stopped(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    wish = {"ticket_id": ticket, "confirm": "now", "task_id": SUPPORT, "timer_id": timer["id"], "hours": "2"}
    status, answer = await ada.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", wish)
    assert (status, list(answer["error"]["fields"])) == (422, ["hours"])
    await later(world, 9 * 60)
    await stop(ada, timer["id"])
    log = await logged(ada, await record(ada, ticket, timer["id"], hours="1:10"))
    assert log["hours"] == "1.17"
    assert [entry["hours"] for entry in await world.entries(ticket)] == [1.17]


async def test_a_locked_day_while_it_runs_needs_a_person_and_loses_nothing(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    await later(world, 30)
    lock = {"project_id": project, "first_day": today(), "last_day": today()}
    await world.harvest("POST", "/_sim/locks", lock)
    log = await record(ada, ticket, timer["id"])

    async def look() -> dict[str, Any]:
        return dict((await ada.call("GET", f"/api/v1/logs/{log}"))[1])

    waits = await until(look, lambda found: found["state"] == "attention")
    assert "locked" in waits["problem"]
    await world.harvest("DELETE", "/_sim/locks")
    status, answer = await ada.call("POST", f"/api/v1/logs/{log}/retry")
    assert status == 200, answer
    await logged(ada, log)
    assert len(await world.entries(ticket)) == 1


async def test_a_day_locked_before_start_is_said(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    lock = {"project_id": project, "first_day": today(), "last_day": today()}
    await world.harvest("POST", "/_sim/locks", lock)
    made = await press(ada, f"/api/v1/tickets/{ticket}/timer", {"task_id": SUPPORT})
    failed = await settled(ada, made["id"], "failed")
    assert "locked" in failed["problem"]
    await world.harvest("DELETE", "/_sim/locks")
    assert (await start(ada, ticket))["id"] != made["id"]


async def test_an_assignment_lost_while_it_runs_still_lets_it_be_logged(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    page = await world.harvest("GET", f"/v2/projects/{project}/user_assignments")
    [mine] = [item for item in page["user_assignments"] if item["user"]["id"] == ADA]
    await world.harvest("PATCH", f"/v2/projects/{project}/user_assignments/{mine['id']}", {"is_active": False})

    async def panel() -> str:
        await ada.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return str((await ada.call("GET", f"/api/v1/tickets/{ticket}/panel", Accept="text/html"))[1])

    html = await until(panel, lambda found: "You are not assigned" in found, seconds=30)
    assert 'data-action="timer-stop"' in html
    assert f'name="timer_id" value="{timer["id"]}"' in html
    assert 'data-action="timer-start"' not in html
    await logged(ada, await record(ada, ticket, timer["id"]))


async def test_a_timer_is_its_agents_own(ada: Api, bo: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA, BO)
    await ready(ada, ticket)
    timer = await start(ada, ticket)
    for what in ("stop", "discard", "keep", "delete", "retry", "dismiss", "seen"):
        status, _answer = await bo.call("POST", f"/api/v1/timers/{timer['id']}/{what}")
        assert status == 403, what
    status, answer = await bo.call("GET", f"/api/v1/timers/{timer['id']}")
    assert status == 403, answer
    status, answer = await ada.call("POST", f"/api/v1/timers/{uuid.uuid4()}/stop")
    assert status == 404, answer
    await stop(ada, timer["id"])
    status, answer = await ada.call("POST", f"/api/v1/tickets/{ticket}/timer", {"task_id": "none"})
    assert (status, list(answer["error"]["fields"])) == (422, ["task_id"])
    await record(ada, ticket, timer["id"])
