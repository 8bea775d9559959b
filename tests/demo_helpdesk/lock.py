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
