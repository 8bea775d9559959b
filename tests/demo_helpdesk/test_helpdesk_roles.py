"""Roles: their permissions, the groups that come with them, and what follows for those who hold them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, CUSTOMER, SERVICE, Helpdesk

numbers = itertools.count(1)


async def make(desk: Helpdesk, **fields: Any) -> dict[str, Any]:
    made = await desk.call("POST", "roles", {"name": f"Role {next(numbers)}", **fields}, SERVICE)
    assert made.status == 201, made.data
    return dict(made.data)


async def agent_role(desk: Helpdesk) -> dict[str, Any]:
    listed = (await desk.get("roles?expand=true", SERVICE)).data
    return next(one for one in listed if one["name"] == "Agent")


async def test_everybody_reads_and_only_administrators_write(desk: Helpdesk) -> None:
    agent = await agent_role(desk)
    plain = (await desk.get(f"roles/{agent['id']}", ADA)).data
    assert plain["permission_ids"] == agent["permission_ids"]
    assert "permissions" not in plain
    assert "ticket.agent" in agent["permissions"]
    assert (await desk.get("roles", CUSTOMER)).status == 200
    assert (await desk.call("POST", "roles", {"name": "Mine"}, ADA)).status == 403
    assert (await desk.call("PUT", f"roles/{agent['id']}", {"note": "x"}, ADA)).status == 403


async def test_a_role_without_permissions_is_there_to_be_asked_for(desk: Helpdesk) -> None:
    made = await make(desk, note="released by")
    assert (made["permission_ids"], made["group_ids"], made["active"]) == ([], {}, True)
    user, headers = await desk.agent({"1": ["full"]})
    agent = await agent_role(desk)
    changed = await desk.call(
        "PUT", f"users/{user['id']}", {"role_ids": [agent["id"], made["id"]], "unknown": 1}, SERVICE
    )
    assert changed.data["role_ids"] == [agent["id"], made["id"]]
    assert (await desk.get("users/me", headers)).data["role_ids"] == [agent["id"], made["id"]]
    found = await desk.get(f"users/search?query=*&role_ids[]={made['id']}", SERVICE)
    assert [one["id"] for one in found.data] == [user["id"]]


async def test_groups_of_a_role_open_tickets_and_close_them_with_it(desk: Helpdesk) -> None:
    agent = await agent_role(desk)
    by_name = await make(desk, permissions=["ticket.agent"], group_ids={"2": ["read", "change"]})
    by_number = await make(desk, permission_ids=by_name["permission_ids"], groups={"Contracts": "read"})
    assert by_name["permission_ids"] == by_number["permission_ids"]
    assert by_number["group_ids"] == {"2": ["read"]}
    user, headers = await desk.agent({})
    assert (await desk.get("tickets/7", headers)).status == 403
    await desk.call("PUT", f"users/{user['id']}", {"role_ids": [agent["id"], by_name["id"]]}, SERVICE)
    assert (await desk.get("tickets/7", headers)).status == 200
    assert (await desk.call("PUT", "tickets/7", {"note": "seen"}, headers)).status == 200
    # Shown as the user's own is what he has himself.
    assert (await desk.get("users/me", headers)).data["group_ids"] == {}
    await desk.call("PUT", f"roles/{by_name['id']}", {"active": False}, SERVICE)
    assert (await desk.get("tickets/7", headers)).status == 403


async def test_groups_are_lost_without_the_agents_permission(desk: Helpdesk) -> None:
    made = await make(desk, group_ids={"1": ["full"]})
    assert made["group_ids"] == {}


async def test_changing_leaves_what_is_not_named(desk: Helpdesk) -> None:
    made = await make(desk, permissions=["ticket.agent"], group_ids={"1": ["full"]})
    changed = await desk.call("PUT", f"roles/{made['id']}?expand=true", {"note": "n"}, SERVICE)
    assert changed.data["permissions"] == ["ticket.agent"]
    assert changed.data["groups"] == {"Support": ["full"]}
    assert changed.data["note"] == "n"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"name": " "}, "Name can't be blank"),
        ({"name": "aGENT"}, "Name has already been taken"),
        ({"permissions": ["ticket.nobody"]}, "No lookup value found for 'permissions': \"ticket.nobody\""),
        ({"permission_ids": [999]}, "No lookup value found for 'permission_ids': \"999\""),
        ({"group_ids": {"1": ["some"]}}, "Invalid group access"),
    ],
)
async def test_what_is_no_role_is_refused(desk: Helpdesk, fields: dict[str, Any], error: str) -> None:
    answer = await desk.call("POST", "roles", {"name": "Refused", **fields}, SERVICE)
    assert (answer.status, answer.data["error"]) == (422, error)


async def test_the_last_administrators_role_stays(desk: Helpdesk) -> None:
    listed = (await desk.get("roles", SERVICE)).data
    admin = next(one["id"] for one in listed if one["name"] == "Admin")
    refused = await desk.call("PUT", f"roles/{admin}", {"active": False}, SERVICE)
    assert (refused.status, refused.data["error"]) == (422, "At least one user needs to have admin permissions.")
    assert (await desk.get(f"roles/{admin}", SERVICE)).data["active"] is True
