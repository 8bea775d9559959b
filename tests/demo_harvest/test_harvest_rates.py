"""Rates of people, and many entries at once."""

from __future__ import annotations

import pytest

from tests.demo_harvest.client import ADA, SUPPORT, Harvest


async def test_a_person_has_a_rate_from_the_beginning_and_dated_ones_after_it(harvest: Harvest) -> None:
    person = await harvest.make(
        "/v2/users", {"first_name": "Rae", "last_name": "Rated", "email": "rae@example.com", "cost_rate": 40}
    )
    path = f"/v2/users/{person['id']}/cost_rates"
    [first] = (await harvest.get(path))["cost_rates"]
    assert (first["amount"], first["start_date"], first["end_date"]) == (40.0, None, None)
    await harvest.make(path, {"amount": 50, "start_date": "2026-02-01"})
    await harvest.make(path, {"amount": 60.5, "start_date": "2026-03-01"})
    rates = (await harvest.get(path))["cost_rates"]
    assert [(rate["amount"], rate["start_date"], rate["end_date"]) for rate in rates] == [
        (40.0, None, "2026-01-31"),
        (50.0, "2026-02-01", "2026-02-28"),
        (60.5, "2026-03-01", None),
    ]
    await harvest.make(path, {"amount": 45, "start_date": "2026-01-01"})  # replaces what begins later
    assert [rate["amount"] for rate in (await harvest.get(path))["cost_rates"]] == [40.0, 45.0]
    await harvest.make(path, {"amount": 70})
    assert [rate["amount"] for rate in (await harvest.get(path))["cost_rates"]] == [70.0]


@pytest.mark.parametrize("kind", ["billable_rates", "cost_rates"])
async def test_who_may_ask_for_rates(harvest: Harvest, kind: str) -> None:
    path = f"/v2/users/{ADA}/{kind}"
    assert (await harvest.call("GET", path, who="ada")).status == 403
    assert (await harvest.call("POST", path, {"amount": 1}, who="ada")).status == 403
    assert (await harvest.call("GET", f"/v2/users/999999/{kind}")).status == 404
    assert (await harvest.call("POST", path, {"start_date": "2026-01-01"})).status == 422
    assert (await harvest.call("POST", path, {"amount": 1, "start_date": "2199-01-01"})).status == 422


async def test_many_entries_at_once_are_entries_like_others(harvest: Harvest) -> None:
    project = await harvest.project()
    body = {"count": 5, "project_id": project["id"], "user_id": ADA, "task_id": SUPPORT, "last_day": "2026-05-04"}
    made = await harvest.make("/_sim/entries", {**body, "days": 2, "hours": 0.5, "external_reference_id": "desk:9"})
    assert (made["last_id"] - made["first_id"], made["first_day"]) == (4, "2026-05-03")
    listed = (await harvest.get("/v2/time_entries", project_id=project["id"]))["time_entries"]
    assert [entry["spent_date"] for entry in listed] == ["2026-05-04"] * 3 + ["2026-05-03"] * 2
    assert {(entry["hours"], entry["external_reference"]["id"]) for entry in listed} == {(0.5, "desk:9")}
    assert (await harvest.call("POST", "/_sim/entries", {**body, "project_id": 1})).status == 422
    assert (await harvest.call("POST", "/_sim/entries", {**body, "count": 0})).status == 422


async def test_a_deleted_project_takes_its_entries_along_without_a_word(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    assert (await harvest.call("DELETE", f"/v2/projects/{project['id']}")).status == 200
    assert (await harvest.call("GET", f"/v2/time_entries/{entry['id']}")).status == 404
    changed = await harvest.get("/v2/time_entries", updated_since="2026-01-01T00:00:00Z")
    assert entry["id"] not in {one["id"] for one in changed["time_entries"]}


async def test_a_member_is_shown_less_without_an_error_and_refused_where_everybody_is_listed(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    listed = await harvest.get("/v2/time_entries", project_id=project["id"], who="bo")
    assert (listed["time_entries"], listed["total_entries"]) == ([], 0)
    assert (await harvest.call("GET", f"/v2/time_entries/{entry['id']}", who="bo")).status in (403, 404)
    for path in ("projects", "users", "user_assignments", "task_assignments"):
        assert (await harvest.call("GET", f"/v2/{path}", who="bo")).status == 403
