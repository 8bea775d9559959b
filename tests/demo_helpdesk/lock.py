"""What a budget lock is made of, put up through the helpdesk's own API, whoever may have made parts of it before."""

from __future__ import annotations

from typing import Any

from tests.demo_helpdesk.client import SERVICE, Helpdesk

HIDDEN = {
    screen: {"ticket.agent": {"shown": False, "required": False}, "ticket.customer": {"shown": False}}
    for screen in ("create_middle", "edit")
}
SELECT = {"default": "", "nulloption": True, "maxlength": 255, "null": True}

STATE: dict[str, Any] = {
    "name": "budget_state",
    "object": "Ticket",
    "display": "Budget state",
    "active": True,
    "data_type": "select",
    "data_option": {**SELECT, "options": {"open": "open", "warn": "warn", "locked": "locked"}},
    "screens": HIDDEN,
    "position": 1560,
}
RELEASE: dict[str, Any] = {
    **STATE,
    "name": "budget_release",
    "display": "Budget exhausted - PM must release",
    "data_option": {**SELECT, "options": {"released": "released"}},
    "position": 1561,
}
SHOWN = {"edit": {"ticket.agent": {"shown": True, "required": False}, "ticket.customer": {"shown": False}}}
TEXTS = ("harvest_project", "budget_hours", "quoted_hours", "hours_used", "budget_pm")
EVERYDAY: tuple[dict[str, Any], ...] = (
    *(
        {
            **STATE,
            "name": name,
            "display": name.replace("_", " ").capitalize(),
            "data_type": "input",
            "data_option": {"type": "text", "maxlength": 120, "default": "", "null": True},
            "screens": SHOWN,
            "position": 1550 + position,
        }
        for position, name in enumerate(TEXTS)
    ),
    {
        **STATE,
        "name": "budget_utilization",
        "display": "Utilization (%)",
        "data_type": "integer",
        "data_option": {"min": 0, "max": 100000, "null": True},
        "screens": SHOWN,
        "position": 1556,
    },
)
"""The other attributes that the seed's tickets have values for, or that tests write."""


async def ensure_attributes(desk: Helpdesk, *wanted: dict[str, Any]) -> None:
    """Make the attributes that are missing, and let them come into force."""
    listed = await desk.get("object_manager_attributes", SERVICE)
    there = {one["name"] for one in listed.data}
    for one in wanted:
        if one["name"] not in there:
            made = await desk.call("POST", "object_manager_attributes", one, SERVICE)
            assert made.status == 201, made.data
    done = await desk.call("POST", "object_manager_attributes_execute_migrations", None, SERVICE)
    assert (done.status, done.data) == (200, {})


async def remove_attribute(desk: Helpdesk, name: str) -> None:
    """Take an attribute away again."""
    listed = await desk.get("object_manager_attributes", SERVICE)
    number = next(one["id"] for one in listed.data if one["name"] == name)
    assert (await desk.call("DELETE", f"object_manager_attributes/{number}", None, SERVICE)).status == 200
    await desk.call("POST", "object_manager_attributes_execute_migrations", None, SERVICE)


async def role(desk: Helpdesk, name: str) -> int:
    """The id of the role of this name, made where it is missing."""
    listed = await desk.get("roles", SERVICE)
    for one in listed.data:
        if one["name"] == name:
            return int(one["id"])
    made = await desk.call("POST", "roles", {"name": name}, SERVICE)
    assert made.status == 201, made.data
    return int(made.data["id"])


def workflow(exempt: list[int], **fields: Any) -> dict[str, Any]:
    """The gate: for all but these roles a locked ticket has a field that must be filled and can't."""
    return {
        "name": "Budget lock",
        "object": "Ticket",
        "preferences": {"screen": ["edit"]},
        "condition_saved": {
            "ticket.budget_state": {"operator": "is", "value": ["locked"]},
            "session.role_ids": {"operator": "is not", "value": [str(one) for one in exempt]},
        },
        "condition_selected": {},
        "perform": {
            "ticket.budget_release": {
                "operator": ["show", "set_mandatory", "set_fixed_to"],
                "show": "true",
                "set_mandatory": "true",
                "set_fixed_to": [""],
            }
        },
        "active": True,
        "stop_after_match": False,
        "priority": 900,
        **fields,
    }


async def make_workflow(desk: Helpdesk, **fields: Any) -> int:
    """A stored gate, exempting the roles ``Budget PM`` and ``Budget service`` unless the fields say otherwise."""
    exempt = [await role(desk, "Budget PM"), await role(desk, "Budget service")]
    made = await desk.call("POST", "core_workflows", workflow(exempt, **fields), SERVICE)
    assert made.status == 201, made.data
    return int(made.data["id"])


async def remove_workflow(desk: Helpdesk, number: int) -> None:
    """Take it away again."""
    assert (await desk.call("DELETE", f"core_workflows/{number}", None, SERVICE)).status == 200


async def lock(desk: Helpdesk, ticket: dict[str, Any], **fields: Any) -> None:
    """Let a ticket be locked, as the service account does it."""
    wanted = {"budget_state": "locked", "budget_release": None, **fields}
    done = await desk.call("PUT", f"tickets/{ticket['id']}", wanted, SERVICE)
    assert (done.status, done.data["budget_state"]) == (200, "locked")
