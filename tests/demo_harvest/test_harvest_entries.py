"""Time entries: creating, filtering, changing, locking, deleting. Sources: the time entries page of the API v2
documentation, and what live tests of public clients saw."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.demo_harvest.client import ADA, BO, BOSS, DEVELOPMENT, MEETING, PM, SUPPORT, Harvest, unique


async def _ids(harvest: Harvest, **filters: object) -> set[int]:
    body = await harvest.get("/v2/time_entries", **{name + "_": value for name, value in filters.items()})
    return {entry["id"] for entry in body["time_entries"]}


async def test_create_and_read_back(harvest: Harvest) -> None:
    project = await harvest.project()
    reference = {"id": "desk:7", "group_id": "12", "account_id": "a", "permalink": "https://desk.example/t/7?log=u"}
    made = await harvest.entry(project, hours=1.255, notes="Wrote <b>it</b>", external_reference=reference)
    assert (made["hours"], made["hours_without_timer"], made["rounded_hours"]) == (1.26, 1.26, 1.26)
    assert (made["user"]["id"], made["task"]["id"], made["spent_date"]) == (ADA, SUPPORT, "2026-05-04")
    assert made["external_reference"] == {**reference, "service": "desk.example", "service_icon_url": None}
    assert (made["is_running"], made["is_locked"], made["approval_status"]) == (False, False, "unsubmitted")
    assert (made["started_time"], made["ended_time"]) == (None, None)
    assert await harvest.get(f"/v2/time_entries/{made['id']}", who="ada") == made


async def test_an_empty_stopped_entry_needs_hours_of_zero(harvest: Harvest) -> None:
    project = await harvest.project()
    assert (await harvest.entry(project, hours=0))["is_running"] is False
    running = await harvest.entry(project, hours="leave out")
    assert (running["is_running"], running["hours"]) == (True, 0.0)


async def test_unknown_and_read_only_fields_are_ignored(harvest: Harvest) -> None:
    project = await harvest.project()
    made = await harvest.entry(project, billable=False, is_billed=True, approval_status="approved", color="red")
    assert (made["is_billed"], made["approval_status"]) == (False, "unsubmitted")
    assert made["billable"] is True


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"spent_date": "leave out"}, "Spent date can't be blank"),
        ({"spent_date": "04.05.2026"}, "Invalid spent_date parameter"),
        ({"project_id": "leave out"}, "Project id can't be blank"),
        ({"task_id": None}, "Task id can't be blank"),
        ({"hours": -0.5}, "Hours must be greater than or equal to 0"),
        ({"hours": "1:20"}, "Hours is not a valid number"),
        ({"hours": True}, "Hours is not a valid number"),
        ({"project_id": 1}, "Project does not exist"),
        ({"task_id": 1}, "Task is not assigned"),
        ({"external_reference": {"group_id": "1"}}, "External reference id can't be blank"),
        ({"external_reference": {"id": "1", "permalink": "javascript:alert(1)"}}, "permalink is not a web address"),
        ({"external_reference": "desk:1"}, "External reference is invalid"),
        ({"notes": ["a"]}, "Notes is invalid"),
    ],
)
async def test_refused(harvest: Harvest, change: dict[str, Any], text: str) -> None:
    project = await harvest.project()
    base = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1}
    body = {k: v for k, v in {**base, **change}.items() if v != "leave out"}
    reply = await harvest.call("POST", "/v2/time_entries", body, who="ada")
    assert (reply.status, set(reply.body)) == (422, {"message"})
    assert text in reply.body["message"]
    assert await _ids(harvest, project_id=project["id"]) == set()


async def test_several_problems_are_one_text(harvest: Harvest) -> None:
    reply = await harvest.call("POST", "/v2/time_entries", {"hours": -1})
    assert reply.body["message"].count(",") >= 3


async def test_assignments_are_needed(harvest: Harvest) -> None:
    project = await harvest.project()
    path = f"/v2/projects/{project['id']}"
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1}
    reply = await harvest.call("POST", "/v2/time_entries", body)
    assert reply.body == {"message": "User is not assigned to this project"}
    mine = await harvest.make(f"{path}/user_assignments", {"user_id": BOSS})
    await harvest.make("/v2/time_entries", body)
    await harvest.call("PATCH", f"{path}/user_assignments/{mine['id']}", {"is_active": False})
    assert (await harvest.call("POST", "/v2/time_entries", body)).status == 422
    tasks = (await harvest.get(f"{path}/task_assignments"))["task_assignments"]
    support = next(a for a in tasks if a["task"]["id"] == SUPPORT)
    await harvest.call("PATCH", f"{path}/task_assignments/{support['id']}", {"is_active": False})
    reply = await harvest.call("POST", "/v2/time_entries", body, who="ada")
    assert reply.body == {"message": "Task is archived"}


async def test_archived_project_takes_no_time(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    assert (await harvest.call("PATCH", f"/v2/projects/{project['id']}", {"is_active": False})).status == 200
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1}
    reply = await harvest.call("POST", "/v2/time_entries", body, who="ada")
    assert (reply.status, reply.body) == (422, {"message": "Project is archived"})
    locked = await harvest.get(f"/v2/time_entries/{entry['id']}")
    assert (locked["is_locked"], locked["locked_reason"]) == (True, "Item Archived")
    assert (await harvest.call("DELETE", f"/v2/time_entries/{entry['id']}")).status == 422


async def test_filters(harvest: Harvest) -> None:
    one, two = await harvest.project(), await harvest.project()
    reference = {"id": unique("desk:")}
    a = (await harvest.entry(one, spent_date="2026-05-01", external_reference=reference))["id"]
    b = (await harvest.entry(one, spent_date="2026-05-02", task_id=DEVELOPMENT))["id"]
    c = (await harvest.entry(one, spent_date="2026-05-03", hours="leave out"))["id"]
    other = {"project_id": two["id"], "task_id": SUPPORT, "spent_date": "2026-05-02", "hours": 1}
    d = (await harvest.make("/v2/time_entries", other, who="bo"))["id"]
    p = {"project_id": one["id"]}
    assert await _ids(harvest, **p) == {a, b, c}
    assert await _ids(harvest, client_id=one["client"]["id"]) == {a, b, c}
    assert await _ids(harvest, project_id=two["id"], user_id=BO) == {d}
    assert await _ids(harvest, project_id=two["id"], user_id=ADA) == set()
    assert await _ids(harvest, **p, task_id=DEVELOPMENT) == {b}
    assert await _ids(harvest, external_reference_id=reference["id"]) == {a}
    assert await _ids(harvest, external_reference_id=reference["id"][:-1]) == set()
    assert await _ids(harvest, **p, **{"from": "2026-05-02"}) == {b, c}
    assert await _ids(harvest, **p, to="2026-05-02") == {a, b}
    assert await _ids(harvest, **p, **{"from": "2026-05-02", "to": "2026-05-02"}) == {b}
    assert await _ids(harvest, **p, is_running="true") == {c}
    assert await _ids(harvest, **p, is_running="false") == {a, b}
    await harvest.call("POST", f"/_sim/time_entries/{a}", {"approval_status": "approved", "invoice_number": "1001"})
    assert await _ids(harvest, **p, is_billed="true") == {a}
    assert await _ids(harvest, **p, approval_status="approved") == {a}
    assert await _ids(harvest, **p, approval_status="unsubmitted") == {b, c}
    days = [e["spent_date"] for e in (await harvest.get("/v2/time_entries", **p))["time_entries"]]
    assert days == sorted(days, reverse=True)


async def test_updated_since_is_exclusive_at_one_second(harvest: Harvest) -> None:
    project = await harvest.project()
    await harvest.call("POST", "/_sim/clock", {"now": "2020-06-01T12:00:00Z"})
    entry = await harvest.entry(project)
    at = datetime.fromisoformat(entry["updated_at"])

    async def since(moment: datetime) -> set[int]:
        return await _ids(harvest, project_id=project["id"], updated_since=moment.isoformat())

    assert await since(at) == set()
    assert await since(at + timedelta(milliseconds=900)) == set()
    assert await since(at - timedelta(seconds=1)) == {entry["id"]}
    assert await since((at - timedelta(seconds=1)).astimezone(timezone(timedelta(hours=-5)))) == {entry["id"]}
    assert await _ids(harvest, project_id=project["id"], updated_since="2020-06-01") == {entry["id"]}


async def test_change(harvest: Harvest) -> None:
    project, other = await harvest.project(), await harvest.project()
    entry = await harvest.entry(project, notes="before", external_reference={"id": "x", "group_id": "g"})
    path = f"/v2/time_entries/{entry['id']}"
    changed = (await harvest.call("PATCH", path, {"hours": 2.5, "user_id": BO}, who="ada")).body
    assert (changed["hours"], changed["notes"], changed["user"]["id"]) == (2.5, "before", ADA)
    assert changed["external_reference"]["id"] == "x"
    changed = (await harvest.call("PATCH", path, {"external_reference": {"id": "y"}}, who="ada")).body
    assert (changed["external_reference"]["id"], changed["external_reference"]["group_id"]) == ("y", None)
    kept = (await harvest.call("PATCH", path, {"external_reference": None, "notes": None}, who="ada")).body
    assert (kept["external_reference"]["id"], kept["notes"]) == ("y", None)
    moved = {"project_id": other["id"], "task_id": MEETING, "spent_date": "2026-05-09"}
    changed = (await harvest.call("PATCH", path, moved, who="ada")).body
    assert (changed["project"]["id"], changed["task"]["id"], changed["spent_date"]) == (
        other["id"],
        MEETING,
        "2026-05-09",
    )
    assert changed["billable"] is False, "the meeting's task assignment is not billable"
    assert (await harvest.call("PATCH", path, {"project_id": 4007}, who="ada")).status == 422, "ada is not in 4007"
    assert (await harvest.call("PATCH", path, {"spent_date": None}, who="ada")).status == 422
    assert (await harvest.call("DELETE", f"{path}/external_reference", who="ada")).status == 200
    assert (await harvest.get(path))["external_reference"] is None


async def test_delete_is_hard_and_silent(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    path = f"/v2/time_entries/{entry['id']}"
    assert (await harvest.call("DELETE", path, who="ada")).status == 200
    for method in ("GET", "DELETE", "PATCH"):
        assert (await harvest.call(method, path, {} if method == "PATCH" else None)).status == 404
    assert await _ids(harvest, project_id=project["id"], updated_since="2000-01-01T00:00:00Z") == set()


@pytest.mark.parametrize(
    ("set_", "locked", "reason"),
    [
        ({"invoice_number": "7"}, False, "Item Invoiced"),
        ({"invoice_number": "7"}, True, "Item Invoiced and Locked for this Time Period"),
        ({"approval_status": "approved"}, False, "Item Approved and Locked for this Time Period"),
        (
            {"approval_status": "approved", "invoice_number": "7"},
            False,
            "Item Invoiced and Approved and Locked for this Time Period",
        ),
        ({}, True, "Item Locked for this Time Period"),
    ],
)
async def test_locked_entries(harvest: Harvest, set_: dict[str, Any], locked: bool, reason: str) -> None:
    project, other = await harvest.project(), await harvest.project()
    entry = await harvest.entry(project)
    path = f"/v2/time_entries/{entry['id']}"
    if set_:
        await harvest.call("POST", f"/_sim/time_entries/{entry['id']}", set_)
    if locked:
        days = {"first_day": "2026-05-01", "last_day": "2026-05-31", "project_id": project["id"]}
        assert (await harvest.call("POST", "/_sim/locks", days)).status == 201
    seen = await harvest.get(path)
    assert (seen["is_locked"], seen["locked_reason"], seen["is_explicitly_locked"]) == (True, reason, locked)
    assert seen["is_billed"] is ("invoice_number" in set_)
    assert seen["invoice"] == ({"id": 8_000_001, "number": "7"} if "invoice_number" in set_ else None)
    assert seen["is_closed"] is ("approval_status" in set_)
    for method, body in (("PATCH", {"notes": "no"}), ("DELETE", None)):
        assert (await harvest.call(method, path, body, who="ada")).status == 422
    change = {"notes": "by admin", "hours": 3, "project_id": other["id"], "spent_date": "2026-06-01"}
    changed = (await harvest.call("PATCH", path, change)).body
    assert (changed["notes"], changed["hours"]) == ("by admin", 3.0)
    assert (changed["project"]["id"], changed["spent_date"]) == (project["id"], "2026-05-04"), "dropped silently"
    assert (await harvest.call("DELETE", path)).status == 200


async def test_nobody_enters_time_on_a_locked_day(harvest: Harvest) -> None:
    project = await harvest.project()
    days = {"first_day": "2026-05-04", "last_day": "2026-05-04", "project_id": project["id"]}
    await harvest.call("POST", "/_sim/locks", days)
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1, "user_id": ADA}
    assert (await harvest.call("POST", "/v2/time_entries", body)).status == 422
    entry = await harvest.make("/v2/time_entries", {**body, "spent_date": "2026-05-05"})
    moved = await harvest.call("PATCH", f"/v2/time_entries/{entry['id']}", {"spent_date": "2026-05-04"})
    assert moved.status == 422


async def test_who_enters_time_for_whom(harvest: Harvest) -> None:
    project = await harvest.project()
    body = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1, "user_id": ADA}
    assert (await harvest.make("/v2/time_entries", body))["user"]["id"] == ADA
    assert (await harvest.make("/v2/time_entries", body, who="pm"))["user"]["id"] == ADA
    assert (await harvest.call("POST", "/v2/time_entries", body, who="bo")).status == 403
    assert (await harvest.call("POST", "/v2/time_entries", {**body, "user_id": 1})).status == 422
    elsewhere = {**body, "project_id": (await _unmanaged(harvest))["id"]}
    assert (await harvest.call("POST", "/v2/time_entries", elsewhere, who="pm")).status == 403


async def _unmanaged(harvest: Harvest) -> dict[str, Any]:
    """A project that the Manager has nothing to do with."""
    project = await harvest.project()
    path = f"/v2/projects/{project['id']}/user_assignments"
    for assignment in (await harvest.get(path))["user_assignments"]:
        if assignment["user"]["id"] == PM:
            assert (await harvest.call("DELETE", f"{path}/{assignment['id']}")).status == 200
    return project


async def test_what_each_role_sees(harvest: Harvest) -> None:
    managed, unmanaged = await harvest.project(bill_by="People"), await _unmanaged(harvest)
    mine = (await harvest.entry(managed))["id"]
    hidden = (await harvest.entry(unmanaged))["id"]
    assert {mine, hidden} <= await _ids(harvest)

    async def seen(who: str, project: dict[str, Any]) -> list[int]:
        body = await harvest.get("/v2/time_entries", who=who, project_id=project["id"])
        return [entry["id"] for entry in body["time_entries"]]

    assert await seen("pm", managed) == [mine]
    assert await seen("pm", unmanaged) == []
    assert await seen("bo", managed) == []
    assert await seen("ada", unmanaged) == [hidden]
    assert (await harvest.get("/v2/time_entries", who="bo", user_id=ADA))["total_entries"] == 0
    for who, path in (("bo", mine), ("pm", hidden)):
        for method, body in (("GET", None), ("PATCH", {"notes": "x"}), ("DELETE", None)):
            assert (await harvest.call(method, f"/v2/time_entries/{path}", body, who=who)).status == 403
    assert (await harvest.call("GET", "/v2/time_entries/1", who="bo")).status == 404


async def test_a_member_stays_one_even_as_project_manager(harvest: Harvest) -> None:
    """The access role counts, not the flag that an assignment was left with."""
    project = await harvest.project()
    entry = await harvest.entry(project)
    path = f"/v2/projects/{project['id']}/user_assignments"
    bo = next(a for a in (await harvest.get(path))["user_assignments"] if a["user"]["id"] == BO)
    assert (await harvest.call("PATCH", f"{path}/{bo['id']}", {"is_project_manager": True})).status == 200
    assert (await harvest.get("/v2/time_entries", who="bo", project_id=project["id"]))["time_entries"] == []
    assert (await harvest.call("GET", f"/v2/time_entries/{entry['id']}", who="bo")).status == 403


async def test_teammates_are_seen(harvest: Harvest) -> None:
    project = await _unmanaged(harvest)
    entry = await harvest.entry(project)
    path = f"/v2/users/{PM}/teammates"
    assert (await harvest.call("PATCH", path, {"teammate_ids": [ADA]})).status == 200
    try:
        assert (await harvest.get(f"/v2/time_entries/{entry['id']}", who="pm"))["id"] == entry["id"]
        users = await harvest.get("/v2/users", who="pm")
        assert {user["id"] for user in users["users"]} == {ADA, PM}
        assert "people_manager" in (await harvest.get("/v2/users/me", who="pm"))["access_roles"]
        assert (await harvest.get(f"/v2/users/{ADA}/project_assignments", who="pm"))["total_entries"] > 0
    finally:
        await harvest.call("PATCH", path, {"teammate_ids": []})
    assert (await harvest.call("GET", "/v2/users", who="pm")).status == 403


async def test_rates_by_right(harvest: Harvest) -> None:
    project = await harvest.project(bill_by="People")
    entry = await harvest.entry(project)
    rates = {}
    for who in ("admin", "pm", "ada"):
        seen = await harvest.get(f"/v2/time_entries/{entry['id']}", who=who)
        rates[who] = (seen["billable_rate"], seen["cost_rate"], seen["user_assignment"]["hourly_rate"])
    assert rates == {"admin": (100.0, 40.0, 0.0), "pm": (100.0, None, 0.0), "ada": (None, None, None)}
    unbilled = await harvest.entry(project, task_id=MEETING)
    assert (await harvest.get(f"/v2/time_entries/{unbilled['id']}"))["billable_rate"] is None


async def test_rounding_shows_in_rounded_hours_only(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project, hours=7.1)
    await harvest.call("POST", "/_sim/preferences", {"rounding_minutes": 15})
    seen = await harvest.get(f"/v2/time_entries/{entry['id']}")
    assert (seen["hours"], seen["rounded_hours"]) == (7.1, 7.25)


async def test_budgeted_follows_the_project(harvest: Harvest) -> None:
    assert (await harvest.entry(await harvest.project()))["budgeted"] is False
    assert (await harvest.entry(await harvest.project(budget_by="project", budget=5)))["budgeted"] is True


async def test_names_are_those_of_now_and_renaming_touches_no_entry(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    await harvest.call("POST", "/_sim/clock", {"advance_seconds": 60})
    name = unique("Renamed")
    await harvest.call("PATCH", f"/v2/projects/{project['id']}", {"name": name})
    seen = await harvest.get(f"/v2/time_entries/{entry['id']}")
    assert (seen["project"]["name"], seen["updated_at"]) == (name, entry["updated_at"])
