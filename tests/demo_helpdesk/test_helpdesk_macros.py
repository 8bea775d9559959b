"""Macros as records: who reads, who writes, what is refused. The page's part is in test_helpdesk_submit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, CUSTOMER, SERVICE, Helpdesk

GOOD: dict[str, Any] = {"name": "High priority", "perform": {"ticket.priority_id": {"value": "3"}}}


async def test_agents_read_the_seeded_macros(desk: Helpdesk) -> None:
    listed = await desk.get("macros", ADA)
    assert listed.status == 200
    first, second = listed.data[:2]
    assert first["perform"] == {"ticket.state_id": {"value": "4"}}
    assert second["perform"]["article.note"]["internal"] == "true"
    assert {one["ux_flow_next_up"] for one in (first, second)} == {"none"}
    assert (await desk.get(f"macros/{first['id']}", ADA)).data == first
    assert (await desk.get("macros", CUSTOMER)).status == 403


async def test_only_administrators_write_them(desk: Helpdesk) -> None:
    refused = await desk.call("POST", "macros", GOOD, ADA)
    assert (refused.status, refused.data["error"]) == (403, "User authorization failed.")
    made = await desk.call("POST", "macros", {**GOOD, "ux_flow_next_up": "next_task", "unknown": 1}, SERVICE)
    assert made.status == 201
    path = f"macros/{made.data['id']}"
    assert "unknown" not in made.data
    for method, body in (("PUT", {"name": "x"}), ("DELETE", None)):
        assert (await desk.call(method, path, body, ADA)).status == 403
    twice = await desk.call("POST", "macros", {**GOOD, "name": "HIGH priority"}, SERVICE)
    assert (twice.status, twice.data["error"]) == (422, "Name has already been taken")
    changed = await desk.call("PUT", path, {"active": False}, SERVICE)
    assert (changed.data["active"], changed.data["ux_flow_next_up"]) == (False, "next_task")
    assert (await desk.call("DELETE", path, None, SERVICE)).status == 200
    assert (await desk.get(path, ADA)).status == 404


@pytest.mark.parametrize(
    "change",
    [
        {"name": " "},
        {"perform": {}},
        {"perform": {"ticket.nonsense": {"value": "1"}}},
        {"perform": {"ticket.state_id": {}}},
        {"perform": {"article.note": {"subject": "no body"}}},
        {"perform": {"article.fax": {"body": "x"}}},
        {"ux_flow_next_up": "closeTab"},
        {"group_ids": [99]},
    ],
)
async def test_what_is_no_macro_is_refused(desk: Helpdesk, change: dict[str, Any]) -> None:
    answer = await desk.call("POST", "macros", {**GOOD, **change}, SERVICE)
    assert answer.status == 422
    assert answer.data["error"]
