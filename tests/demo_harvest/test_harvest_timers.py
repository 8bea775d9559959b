"""Timers in both kinds of account. Sources: the API's start, stop and restart calls, and the retired v1 documents
for what starting one does to the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.demo_harvest.client import ADA, PM, SUPPORT, Harvest


@pytest.fixture
async def morning(harvest: Harvest) -> Harvest:
    await harvest.call("POST", "/_sim/clock", {"now": "2020-07-06T08:00:00Z"})
    return harvest


async def _later(harvest: Harvest, minutes: int) -> None:
    await harvest.call("POST", "/_sim/clock", {"advance_seconds": minutes * 60})


async def _patch(harvest: Harvest, entry: dict[str, Any], what: str, who: str = "ada") -> Any:
    reply = await harvest.call("PATCH", f"/v2/time_entries/{entry['id']}/{what}", who=who)
    assert reply.status == 200, reply
    return reply.body


async def test_start_tick_stop_restart(morning: Harvest) -> None:
    project = await morning.project()
    started = await morning.entry(project, hours="leave out", spent_date="2020-07-06")
    assert started["timer_started_at"].startswith("2020-07-06T08:0")
    assert (started["started_time"], started["ended_time"]) == ("08:00", None)
    await _later(morning, 30)
    running = await morning.get(f"/v2/time_entries/{started['id']}")
    assert running["hours"] == pytest.approx(0.5, abs=0.01)
    assert (running["hours_without_timer"], running["updated_at"]) == (0.0, started["updated_at"])
    stopped = await _patch(morning, started, "stop")
    assert (stopped["is_running"], stopped["timer_started_at"]) == (False, None)
    assert stopped["hours"] == stopped["hours_without_timer"] == pytest.approx(0.5, abs=0.01)
    assert (await morning.call("PATCH", f"/v2/time_entries/{started['id']}/stop", who="ada")).status == 422
    again = await _patch(morning, started, "restart")
    assert (again["id"], again["is_running"]) == (started["id"], True)
    assert (await morning.call("PATCH", f"/v2/time_entries/{started['id']}/restart", who="ada")).status == 422
    await _later(morning, 15)
    assert (await _patch(morning, started, "stop"))["hours"] == pytest.approx(0.75, abs=0.02)


async def test_starting_one_stops_the_other_silently(morning: Harvest) -> None:
    project = await morning.project()
    first = await morning.entry(project, hours="leave out")
    await _later(morning, 60)
    second = await morning.entry(project, hours="leave out")
    stopped = await morning.get(f"/v2/time_entries/{first['id']}")
    assert (stopped["is_running"], stopped["hours"]) == (False, pytest.approx(1, abs=0.01))
    assert str(first["id"]) not in str(second)
    await _patch(morning, first, "restart")
    running = await morning.get("/v2/time_entries", is_running="true", user_id=ADA)
    assert [entry["id"] for entry in running["time_entries"]] == [first["id"]]


async def test_many_starts_at_once_leave_one_running(harvest: Harvest) -> None:
    project = await harvest.project()
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04"}
    replies = await asyncio.gather(*(harvest.call("POST", "/v2/time_entries", body, who="ada") for _ in range(12)))
    assert [reply.status for reply in replies] == [201] * 12
    running = await harvest.get("/v2/time_entries", is_running="true", user_id=ADA)
    assert running["total_entries"] == 1


async def test_timer_across_midnight_keeps_its_day(morning: Harvest) -> None:
    project = await morning.project()
    started = await morning.entry(project, hours="leave out", spent_date="2020-07-06")
    await _later(morning, 30 * 60)
    stopped = await _patch(morning, started, "stop")
    assert (stopped["spent_date"], stopped["hours"]) == ("2020-07-06", pytest.approx(30, abs=0.01))


async def test_hours_set_on_a_running_timer_are_counted_on(morning: Harvest) -> None:
    project = await morning.project()
    started = await morning.entry(project, hours="leave out")
    await _later(morning, 60)
    changed = (await morning.call("PATCH", f"/v2/time_entries/{started['id']}", {"hours": 0.25}, who="ada")).body
    assert (changed["is_running"], changed["hours"]) == (True, 0.25)
    await _later(morning, 30)
    assert (await _patch(morning, started, "stop"))["hours"] == pytest.approx(0.75, abs=0.02)


async def test_wall_clock_is_the_persons(morning: Harvest) -> None:
    project = await morning.project()
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2020-07-06"}
    berlin = await morning.make("/v2/time_entries", body, who="pm")
    assert berlin["started_time"] == "10:00"
    await morning.call("POST", "/_sim/preferences", {"clock": "12h"})
    seen = await morning.get(f"/v2/time_entries/{berlin['id']}")
    assert (seen["started_time"], seen["user"]["id"]) == ("10:00am", PM)
    await _patch(morning, berlin, "stop", who="admin")


async def test_running_timer_keeps_things_from_being_archived(morning: Harvest) -> None:
    project = await morning.project()
    started = await morning.entry(project, hours="leave out")
    archived = {"is_active": False}
    for path in (f"/v2/projects/{project['id']}", f"/v2/users/{ADA}", f"/v2/tasks/{SUPPORT}"):
        assert (await morning.call("PATCH", path, archived)).status == 422, path
    await _patch(morning, started, "stop")
    assert (await morning.call("PATCH", f"/v2/projects/{project['id']}", archived)).status == 200
    reply = await morning.call("PATCH", f"/v2/time_entries/{started['id']}/restart", who="ada")
    assert reply.status == 422


async def test_other_peoples_timers(morning: Harvest) -> None:
    project = await morning.project()
    started = await morning.entry(project, hours="leave out")
    assert (await morning.call("PATCH", f"/v2/time_entries/{started['id']}/stop", who="bo")).status == 403
    assert (await _patch(morning, started, "stop", who="pm"))["is_running"] is False
    assert (await _patch(morning, started, "restart", who="admin"))["user"]["id"] == ADA


@pytest.fixture
async def start_end(morning: Harvest) -> Harvest:
    reply = await morning.call("PATCH", "/v2/company", {"wants_timestamp_timers": True})
    assert reply.body["wants_timestamp_timers"] is True
    return morning


async def test_start_end_account(start_end: Harvest) -> None:
    project = await start_end.project()
    made = await start_end.entry(project, hours="leave out", started_time="8:00am", ended_time="9:45am")
    assert (made["hours"], made["started_time"], made["ended_time"]) == (1.75, "08:00", "09:45")
    assert made["is_running"] is False
    path = f"/v2/time_entries/{made['id']}"
    later = (await start_end.call("PATCH", path, {"ended_time": "10:00"}, who="ada")).body
    assert (later["hours"], later["ended_time"]) == (2.0, "10:00")
    derived = await start_end.entry(project, hours=0.5)
    assert (derived["hours"], derived["started_time"], derived["ended_time"]) == (0.5, "07:30", "08:00")
    night = await start_end.entry(project, hours="leave out", started_time="23:30", ended_time="00:15")
    assert night["hours"] == 0.75
    wrong = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2020-07-06", "started_time": "25:00"}
    assert (await start_end.call("POST", "/v2/time_entries", wrong, who="ada")).status == 422


async def test_without_an_end_it_runs(start_end: Harvest) -> None:
    project = await start_end.project()
    running = await start_end.entry(project, hours="leave out", started_time="07:00")
    assert (running["is_running"], running["ended_time"]) == (True, None)
    assert running["hours"] == pytest.approx(1, abs=0.01)
    change = {"ended_time": "08:30"}
    stopped = (await start_end.call("PATCH", f"/v2/time_entries/{running['id']}", change, who="ada")).body
    assert (stopped["is_running"], stopped["hours"]) == (False, 1.5)


async def test_restart_there_makes_a_new_entry(start_end: Harvest) -> None:
    project = await start_end.project()
    old = await start_end.entry(
        project, hours="leave out", started_time="8:00", ended_time="9:00", notes="n", external_reference={"id": "r"}
    )
    new = await _patch(start_end, old, "restart")
    assert new["id"] != old["id"]
    assert (new["is_running"], new["hours_without_timer"], new["spent_date"]) == (True, 0.0, "2020-07-06")
    assert (new["notes"], new["task"], new["external_reference"]) == ("n", old["task"], None)
    assert (await start_end.get(f"/v2/time_entries/{old['id']}"))["hours"] == 1.0
    await _patch(start_end, new, "stop")


async def test_times_mean_nothing_in_a_duration_account(harvest: Harvest) -> None:
    made = await harvest.entry(await harvest.project(), hours="leave out", started_time="8:00", ended_time="9:00")
    assert made["is_running"] is True
    await _patch(harvest, made, "stop")
