"""The fields of every object, exactly as Harvest's API v2 documentation lists them.

On time entries the live API adds ``client.currency``, ``project.code`` and ``is_explicitly_locked``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.demo_harvest.client import ADA, SUPPORT, Harvest

COMPANY = """base_uri full_domain name is_active week_start_day wants_timestamp_timers time_format date_format plan_type
clock currency_code_display currency_symbol_display decimal_symbol thousands_separator color_scheme weekly_capacity
expense_feature invoice_feature estimate_feature approval_feature team_feature"""
USER = """id first_name last_name email telephone timezone has_access_to_all_future_projects is_contractor is_active
weekly_capacity default_hourly_rate cost_rate roles access_roles avatar_url created_at updated_at"""
CLIENT = "id name is_active address statement_key currency created_at updated_at"
TASK = "id name billable_by_default default_hourly_rate is_default is_active created_at updated_at"
PROJECT = """id client name code is_active is_billable is_fixed_fee bill_by hourly_rate budget_by budget_is_monthly
budget cost_budget cost_budget_include_expenses notify_when_over_budget over_budget_notification_percentage
over_budget_notification_date show_budget_to_all fee notes starts_on ends_on created_at updated_at"""
TASK_ASSIGNMENT = "id project task is_active billable hourly_rate budget created_at updated_at"
USER_ASSIGNMENT = """id project user is_active is_project_manager use_default_rates hourly_rate budget created_at
updated_at"""
PROJECT_ASSIGNMENT = """id is_active is_project_manager use_default_rates hourly_rate budget created_at updated_at
project client task_assignments"""
TIME_ENTRY = """id spent_date user client project task user_assignment task_assignment external_reference invoice hours
hours_without_timer rounded_hours notes is_locked locked_reason is_explicitly_locked is_closed approval_status is_billed
timer_started_at started_time ended_time is_running billable budgeted billable_rate cost_rate created_at updated_at"""
PAGE = "per_page total_pages total_entries next_page page previous_page links"

LISTS = [
    ("/v2/users", "users", USER),
    ("/v2/clients", "clients", CLIENT),
    ("/v2/tasks", "tasks", TASK),
    ("/v2/projects", "projects", PROJECT),
    ("/v2/task_assignments", "task_assignments", TASK_ASSIGNMENT),
    ("/v2/user_assignments", "user_assignments", USER_ASSIGNMENT),
    ("/v2/projects/4001/task_assignments", "task_assignments", TASK_ASSIGNMENT),
    ("/v2/projects/4001/user_assignments", "user_assignments", USER_ASSIGNMENT),
    ("/v2/users/me/project_assignments", "project_assignments", PROJECT_ASSIGNMENT),
    (f"/v2/users/{ADA}/project_assignments", "project_assignments", PROJECT_ASSIGNMENT),
    ("/v2/time_entries", "time_entries", TIME_ENTRY),
]


def same_fields(found: dict[str, Any], names: str) -> None:
    assert set(found) == set(names.split())


@pytest.mark.parametrize(("path", "collection", "names"), LISTS)
@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_list_and_each_of_its_objects(
    harvest: Harvest, prefix: str, path: str, collection: str, names: str
) -> None:
    body = await harvest.get(prefix + path)
    same_fields(body, f"{collection} {PAGE}")
    same_fields(body["links"], "first next previous last")
    assert body["total_entries"] == len(body[collection]) > 0
    assert (body["per_page"], body["page"], body["total_pages"], body["next_page"]) == (2000, 1, 1, None)
    for item in body[collection]:
        same_fields(item, names)
        for name in ("created_at", "updated_at"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", item[name])


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/v2/company", COMPANY),
        ("/v2/users/me", USER),
        (f"/v2/users/{ADA}", USER),
        ("/v2/clients/3001", CLIENT),
        (f"/v2/tasks/{SUPPORT}", TASK),
        ("/v2/projects/4001", PROJECT),
    ],
)
async def test_single_object(harvest: Harvest, path: str, names: str) -> None:
    same_fields(await harvest.get(path), names)


async def test_time_entry_inside(harvest: Harvest) -> None:
    body = await harvest.get("/v2/time_entries", project_id=4001, external_reference_id="127.0.0.1:8701:1")
    assert len(body["time_entries"]) == 2
    entry = await harvest.get(f"/v2/time_entries/{body['time_entries'][0]['id']}")
    assert entry["id"] > 2**31, "ids of time entries do not fit into 32 bits"
    same_fields(entry["user"], "id name")
    same_fields(entry["client"], "id name currency")
    same_fields(entry["project"], "id name code")
    same_fields(entry["task"], "id name")
    same_fields(
        entry["user_assignment"],
        "id is_project_manager is_active use_default_rates budget hourly_rate created_at updated_at",
    )
    same_fields(entry["task_assignment"], "id billable is_active hourly_rate budget created_at updated_at")
    assert entry["external_reference"] == {
        "id": "127.0.0.1:8701:1",
        "group_id": "1",
        "account_id": None,
        "permalink": "http://127.0.0.1:8701/#ticket/zoom/1",
        "service": "127.0.0.1",
        "service_icon_url": None,
    }
    assert (entry["invoice"], entry["is_running"], entry["timer_started_at"]) == (None, False, None)


async def test_other_objects_inside(harvest: Harvest) -> None:
    project = await harvest.get("/v2/projects/4001")
    assert project["client"] == {"id": 3001, "name": "Acorn Bakery", "currency": "EUR"}
    assignment = (await harvest.get("/v2/users/me/project_assignments", who="ada"))["project_assignments"][0]
    same_fields(assignment["project"], "id name code")
    same_fields(assignment["client"], "id name")
    task = assignment["task_assignments"][0]
    same_fields(task, "id billable is_active hourly_rate budget created_at updated_at task")
    same_fields(task["task"], "id name")


async def test_company_leads_to_the_web_pages(harvest: Harvest) -> None:
    company = await harvest.get("/v2/company")
    assert company["base_uri"] == harvest.url
    assert company["full_domain"] == harvest.url.removeprefix("http://")


@pytest.mark.parametrize(("project", "used"), [(4001, 4), (4002, 8), (4003, 3.75), (4004, 10.5), (4005, 2.25)])
async def test_seeded_history_adds_up(harvest: Harvest, project: int, used: float) -> None:
    entries = (await harvest.get("/v2/time_entries", project_id=project))["time_entries"]
    assert sum(entry["hours"] for entry in entries) == used
