"""Projects, assignments, clients, tasks, users, company: writing them, with the side effects Harvest is known for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_harvest.client import ADA, BO, BOSS, DEVELOPMENT, MEETING, PM, SUPPORT, Harvest, unique


async def _patch(harvest: Harvest, path: str, body: object, status: int = 200, **options: Any) -> Any:
    reply = await harvest.call("PATCH", path, body, **options)
    assert reply.status == status, reply
    return reply.body


async def _delete(harvest: Harvest, path: str, status: int = 200, **options: Any) -> None:
    reply = await harvest.call("DELETE", path, **options)
    assert reply.status == status, reply


@pytest.mark.parametrize("missing", ["client_id", "name", "is_billable", "bill_by", "budget_by"])
async def test_required_fields(harvest: Harvest, missing: str) -> None:
    body = {"client_id": 3001, "name": "x", "is_billable": True, "bill_by": "none", "budget_by": "none"}
    reply = await harvest.call("POST", "/v2/projects", {k: v for k, v in body.items() if k != missing})
    assert reply.status == 422
    assert reply.body["message"].lower().startswith(missing.replace("_", " "))


@pytest.mark.parametrize(
    "wrong", [{"bill_by": "project"}, {"budget_by": "hours"}, {"client_id": 1}, {"starts_on": "soon"}, {"fee": -1}]
)
async def test_wrong_fields(harvest: Harvest, wrong: dict[str, Any]) -> None:
    body = {"client_id": 3001, "name": "x", "is_billable": True, "bill_by": "none", "budget_by": "none", **wrong}
    assert (await harvest.call("POST", "/v2/projects", body)).status == 422


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"fee": 5000}, {"fee": None}),
        ({"is_fixed_fee": True, "fee": 5000}, {"fee": 5000.0}),
        (
            {"is_fixed_fee": True, "fee": 5000, "budget_by": "project_cost", "cost_budget": 1},
            {"fee": 5000.0, "cost_budget": 5000.0},
        ),
        ({"budget_by": "project_cost", "cost_budget": 900}, {"cost_budget": 900.0, "budget": None}),
        (
            {"budget_by": "project", "budget": 10, "cost_budget_include_expenses": True},
            {"budget": 10.0, "cost_budget_include_expenses": False},
        ),
        ({"budget_by": "project_cost", "cost_budget_include_expenses": True}, {"cost_budget_include_expenses": True}),
        ({"budget_by": "project_cost", "show_budget_to_all": True}, {"show_budget_to_all": False}),
        ({"bill_by": "Project", "hourly_rate": 99.5}, {"hourly_rate": 99.5}),
        ({"bill_by": "Tasks", "hourly_rate": 99.5}, {"hourly_rate": None}),
        ({"over_budget_notification_percentage": 80}, {"over_budget_notification_percentage": 80.0}),
        ({"starts_on": "2026-01-01", "code": "ABC"}, {"starts_on": "2026-01-01", "code": "ABC", "ends_on": None}),
    ],
)
async def test_side_effects(harvest: Harvest, sent: dict[str, Any], stored: dict[str, Any]) -> None:
    project = await harvest.project(**sent)
    assert {name: project[name] for name in stored} == stored
    assert await harvest.get(f"/v2/projects/{project['id']}") == project


async def test_changing_budget_by_alone_loses_the_budget(harvest: Harvest) -> None:
    project = await harvest.project(budget_by="project", budget=10)
    path = f"/v2/projects/{project['id']}"
    assert (await _patch(harvest, path, {"name": unique("Other")}))["budget"] == 10.0
    assert (await _patch(harvest, path, {"budget_by": "task"}))["budget"] == 10.0
    assert (await _patch(harvest, path, {"budget_by": "project_cost"}))["budget"] is None
    assert (await _patch(harvest, path, {"budget_by": "project"}))["budget"] is None


async def test_names_are_unique_within_a_client(harvest: Harvest) -> None:
    project = await harvest.project()
    body = {"client_id": project["client"]["id"], "name": project["name"], "is_billable": True}
    body |= {"bill_by": "none", "budget_by": "none"}
    reply = await harvest.call("POST", "/v2/projects", body)
    assert (reply.status, reply.body) == (422, {"message": "Name has already been taken"})


async def test_new_project_gets_default_tasks_and_eager_users(harvest: Harvest) -> None:
    await _patch(harvest, f"/v2/users/{BO}", {"has_access_to_all_future_projects": True})
    extra = await harvest.make("/v2/tasks", {"name": unique("Task"), "is_default": True, "billable_by_default": False})
    try:
        client = await harvest.make("/v2/clients", {"name": unique("Client")})
        body = {"client_id": client["id"], "name": "P", "is_billable": True, "bill_by": "Tasks", "budget_by": "none"}
        project = await harvest.make("/v2/projects", body, who="pm")
        path = f"/v2/projects/{project['id']}"
        tasks = (await harvest.get(f"{path}/task_assignments"))["task_assignments"]
        billable = {a["task"]["id"]: a["billable"] for a in tasks}
        assert billable == {SUPPORT: True, DEVELOPMENT: True, MEETING: False, extra["id"]: False}
        users = (await harvest.get(f"{path}/user_assignments"))["user_assignments"]
        assert {a["user"]["id"]: a["is_project_manager"] for a in users} == {BO: False, PM: True}
        reply = await harvest.call("POST", f"{path}/user_assignments", {"user_id": BO})
        assert reply.status == 422, "already assigned"
        assert (await harvest.call("POST", f"{path}/task_assignments", {"task_id": SUPPORT})).status == 422
    finally:
        await _patch(harvest, f"/v2/users/{BO}", {"has_access_to_all_future_projects": False})
        await _delete(harvest, f"/v2/tasks/{extra['id']}")


async def test_deleting_a_project_destroys_its_time(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    await _delete(harvest, f"/v2/projects/{project['id']}")
    for path in (f"/v2/projects/{project['id']}", f"/v2/time_entries/{entry['id']}"):
        assert (await harvest.call("GET", path)).status == 404
    assignments = (await harvest.get("/v2/user_assignments"))["user_assignments"]
    assert project["id"] not in {a["project"]["id"] for a in assignments}


async def test_archive_and_restore(harvest: Harvest) -> None:
    project = await harvest.project()
    path = f"/v2/projects/{project['id']}"
    client = project["client"]["id"]
    assert (await _patch(harvest, path, {"is_active": False}))["is_active"] is False
    assert (await harvest.get("/v2/projects", client_id=client, is_active="true"))["projects"] == []
    archived = (await harvest.get("/v2/projects", client_id=client, is_active="false"))["projects"]
    assert [p["id"] for p in archived] == [project["id"]]
    mine = (await harvest.get("/v2/users/me/project_assignments", who="ada"))["project_assignments"]
    assert project["id"] not in {a["project"]["id"] for a in mine}
    await _patch(harvest, path, {"is_active": True})
    mine = (await harvest.get("/v2/users/me/project_assignments", who="ada"))["project_assignments"]
    assert project["id"] in {a["project"]["id"] for a in mine}


async def test_task_assignments(harvest: Harvest) -> None:
    project = await harvest.project(bill_by="Tasks")
    path = f"/v2/projects/{project['id']}/task_assignments"
    task = await harvest.make("/v2/tasks", {"name": unique("Task")})
    assert (await harvest.call("POST", path, {"task_id": task["id"], "is_active": False})).status == 422
    made = await harvest.make(path, {"task_id": task["id"]})
    assert (made["billable"], made["is_active"], made["hourly_rate"], made["budget"]) == (False, True, None, None)
    one = f"{path}/{made['id']}"
    changed = await _patch(harvest, one, {"billable": True, "hourly_rate": 80, "budget": 4, "task_id": SUPPORT})
    assert (changed["billable"], changed["hourly_rate"], changed["budget"]) == (True, 80.0, 4.0)
    assert changed["task"]["id"] == task["id"], "the task cannot change"
    entry = await harvest.entry(project, task_id=task["id"])
    assert (await harvest.get(f"/v2/time_entries/{entry['id']}"))["billable_rate"] == 80.0
    await _delete(harvest, one, 422)
    await _delete(harvest, f"/v2/tasks/{task['id']}", 422)
    await _delete(harvest, f"/v2/time_entries/{entry['id']}")
    await _delete(harvest, one)
    archived = await harvest.make("/v2/tasks", {"name": unique("Task"), "is_active": False})
    assert (await harvest.call("POST", path, {"task_id": archived["id"]})).status == 422
    other = await harvest.project()
    made = await harvest.make(f"/v2/projects/{other['id']}/task_assignments", {"task_id": task["id"]})
    assert made["hourly_rate"] == 0.0


async def test_user_assignments(harvest: Harvest) -> None:
    project = await harvest.project(bill_by="People")
    path = f"/v2/projects/{project['id']}/user_assignments"
    made = await harvest.make(path, {"user_id": BOSS})
    assert (made["is_project_manager"], made["use_default_rates"], made["hourly_rate"]) == (True, True, 0.0)
    ada = next(a for a in (await harvest.get(path))["user_assignments"] if a["user"]["id"] == ADA)
    assert ada["is_project_manager"] is False
    one = f"{path}/{ada['id']}"
    await _patch(harvest, one, {"use_default_rates": False, "hourly_rate": 75, "budget": 3, "user_id": BO})
    entry = await harvest.entry(project)
    seen = await harvest.get(f"/v2/time_entries/{entry['id']}")
    assert (seen["billable_rate"], seen["user"]["id"], seen["user_assignment"]["budget"]) == (75.0, ADA, 3.0)
    await _delete(harvest, one, 422)
    assert [a["id"] for a in (await harvest.get(path, user_id=ADA))["user_assignments"]] == [ada["id"]]
    await _patch(harvest, one, {"is_active": False})
    assert ada["id"] not in {a["id"] for a in (await harvest.get(path, is_active="true"))["user_assignments"]}
    await _delete(harvest, f"{path}/{made['id']}")


async def test_clients(harvest: Harvest) -> None:
    made = await harvest.make("/v2/clients", {"name": unique("Client"), "address": "Some street", "currency": "USD"})
    assert (made["currency"], made["is_active"], made["address"]) == ("USD", True, "Some street")
    path = f"/v2/clients/{made['id']}"
    assert (await _patch(harvest, path, {"is_active": False}))["name"] == made["name"]
    inactive = (await harvest.get("/v2/clients", is_active="false"))["clients"]
    assert made["id"] in {c["id"] for c in inactive}
    await _delete(harvest, path)
    await _delete(harvest, "/v2/clients/3001", 422)
    assert (await harvest.call("POST", "/v2/clients", {"name": "Acorn Bakery"})).status == 422
    assert (await harvest.call("POST", "/v2/clients", {"name": "x", "currency": "euro"})).status == 422


async def test_users(harvest: Harvest) -> None:
    body = {"first_name": "Cy", "last_name": "New", "email": f"{unique('cy').replace(' ', '')}@example.com"}
    made = await harvest.make("/v2/users", body)
    assert (made["access_roles"], made["weekly_capacity"], made["is_active"]) == (["member"], 126000, True)
    assert (made["default_hourly_rate"], made["cost_rate"], made["roles"]) == (0.0, 0.0, [])
    path = f"/v2/users/{made['id']}"
    changed = await _patch(harvest, path, {"cost_rate": 50, "timezone": "Berlin", "roles": ["Design"]})
    assert (changed["cost_rate"], changed["timezone"], changed["roles"]) == (0.0, "Berlin", ["Design"])
    await _patch(harvest, path, {"access_roles": ["manager", "project_creator"]})
    for wrong in (["boss"], ["member", "project_creator"], [], ["manager", "member"]):
        await _patch(harvest, path, {"access_roles": wrong}, 422)
    await _patch(harvest, path, {"email": "ada@example.com"}, 422)
    await _patch(harvest, path, {"timezone": "Europe/Berlin"}, 422)
    await _patch(harvest, path, {"is_active": False})
    await _patch(harvest, path, {"first_name": "Other"}, 422)
    await _delete(harvest, path)
    await _delete(harvest, f"/v2/users/{ADA}", 422)
    reply = await harvest.call("PATCH", f"/v2/users/{ADA}/teammates", {"teammate_ids": [BO]})
    assert reply.status == 422, "only a Manager has teammates"


async def test_company_takes_two_fields_only(harvest: Harvest) -> None:
    changed = await _patch(harvest, "/v2/company", {"weekly_capacity": 144000, "name": "Other", "clock": "12h"})
    assert (changed["weekly_capacity"], changed["name"], changed["clock"]) == (144000, "Deskhours Demo", "24h")
    await _patch(harvest, "/v2/company", {"wants_timestamp_timers": "perhaps"}, 422)


async def test_updated_since_of_the_other_lists(harvest: Harvest) -> None:
    project = await harvest.project()
    at = project["updated_at"]
    for path in ("projects", "clients", "tasks", "users", "user_assignments", "task_assignments"):
        everything = await harvest.get(f"/v2/{path}", updated_since="2000-01-01T00:00:00Z")
        assert everything["total_entries"] > 0
        newer = await harvest.get(f"/v2/{path}", updated_since=at)
        assert project["id"] not in {item["id"] for item in newer[path]} or path != "projects"


MEMBERS_MAY_NOT = [
    ("GET", "/v2/projects"),
    ("GET", "/v2/projects/4001"),
    ("GET", "/v2/projects/1"),
    ("POST", "/v2/projects"),
    ("GET", "/v2/users"),
    ("GET", f"/v2/users/{ADA}"),
    ("GET", f"/v2/users/{BO}/project_assignments"),
    ("GET", "/v2/clients"),
    ("GET", "/v2/tasks"),
    ("POST", "/v2/tasks"),
    ("POST", "/v2/clients"),
    ("PATCH", "/v2/company"),
    ("GET", "/v2/task_assignments"),
    ("GET", "/v2/user_assignments"),
    ("GET", "/v2/projects/4001/task_assignments"),
    ("POST", "/v2/projects/4001/user_assignments"),
    ("DELETE", "/v2/projects/4001"),
]


@pytest.mark.parametrize(("method", "path"), MEMBERS_MAY_NOT)
async def test_members_are_refused(harvest: Harvest, method: str, path: str) -> None:
    reply = await harvest.call(method, path, {} if method in ("POST", "PATCH") else None, who="ada")
    assert (reply.status, set(reply.body)) == (403, {"message"})


async def test_members_have_their_own(harvest: Harvest) -> None:
    me = await harvest.get("/v2/users/me", who="ada")
    assert (me["id"], me["access_roles"]) == (ADA, ["member"])
    assert (me["default_hourly_rate"], me["cost_rate"]) == (None, None)
    mine = await harvest.get(f"/v2/users/{ADA}/project_assignments", who="ada")
    assert mine["total_entries"] >= 5
    assert 4007 not in {a["project"]["id"] for a in mine["project_assignments"]}
    assert (await harvest.call("GET", "/v2/company", who="ada")).status == 200
    await harvest.call("POST", "/_sim/preferences", {"admin_only": True})
    assert (await harvest.call("GET", "/v2/company", who="ada")).status == 403


async def test_managers_reach_what_they_manage(harvest: Harvest) -> None:
    managed = await harvest.project(bill_by="Project", hourly_rate=10)
    strange = await harvest.project()
    path = f"/v2/projects/{strange['id']}/user_assignments"
    mine = next(a for a in (await harvest.get(path))["user_assignments"] if a["user"]["id"] == PM)
    await _delete(harvest, f"{path}/{mine['id']}")
    ids = {p["id"] for p in (await harvest.get("/v2/projects", who="pm"))["projects"]}
    assert managed["id"] in ids
    assert strange["id"] not in ids
    assert (await harvest.get(f"/v2/projects/{managed['id']}", who="pm"))["hourly_rate"] == 10.0
    assert (await _patch(harvest, f"/v2/projects/{managed['id']}", {"notes": "n"}, who="pm"))["notes"] == "n"
    assert (await harvest.call("GET", f"/v2/projects/{strange['id']}", who="pm")).status == 403
    assert (await harvest.call("GET", "/v2/projects/1", who="pm")).status == 404
    seen = (await harvest.get("/v2/user_assignments", who="pm"))["user_assignments"]
    assert strange["id"] not in {a["project"]["id"] for a in seen}
    for method, target in (("POST", "/v2/tasks"), ("POST", "/v2/clients"), ("PATCH", f"/v2/users/{ADA}")):
        assert (await harvest.call(method, target, {"name": "x"}, who="pm")).status == 403
