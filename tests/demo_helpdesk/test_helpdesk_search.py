"""Searching tickets and users, and the lists of groups, roles, states and attributes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, ADMIN, CUSTOMER, SERVICE, Helpdesk


class TestSearch:
    async def test_shapes(self, desk: Helpdesk) -> None:
        condition = {"ticket.number": {"operator": "is", "value": "10004"}}
        bare = await desk.call("POST", "tickets/search", {"condition": condition}, ADA)
        assert [one["id"] for one in bare.data] == [4]
        expanded = await desk.call("POST", "tickets/search", {"condition": condition, "expand": True}, ADA)
        assert expanded.data[0]["group"] == "Support"
        full = await desk.call("POST", "tickets/search", {"condition": condition, "full": True}, ADA)
        assert (full.data["record_ids"], full.data["total_count"]) == ([4], 1)
        assert full.data["assets"]["Ticket"]["4"]["number"] == "10004"
        count = await desk.call("POST", "tickets/search", {"condition": condition, "only_total_count": True}, ADA)
        assert count.data == {"total_count": 1}

    async def test_shape_up_to_6_4(self, desk: Helpdesk) -> None:
        await desk.call("PUT", "/_sim/settings", {"search_shape": "6.4"})
        try:
            answer = await desk.get("tickets/search?query=oven", ADA)
        finally:
            await desk.call("PUT", "/_sim/settings", {"search_shape": "6.5"})
        assert (answer.data["tickets"], answer.data["tickets_count"]) == ([1], 1)
        assert "1" in answer.data["assets"]["Ticket"]

    async def test_words(self, desk: Helpdesk) -> None:
        assert [one["id"] for one in (await desk.get("tickets/search?query=OVEN", ADA)).data] == [1]
        assert [one["id"] for one in (await desk.get("tickets/search?query=same+boat", ADA)).data] == [4]
        # Field syntax is Elasticsearch's, which this installation has not.
        assert (await desk.get("tickets/search?query=state.name:open", ADA)).data == []
        assert (await desk.get("tickets/search?query=renewal", ADA)).data == []
        assert (await desk.get("tickets/search?query=100%25", ADA)).data == []

    async def test_conditions(self, desk: Helpdesk) -> None:
        async def ids(condition: dict[str, Any], order: str = "asc") -> list[int]:
            data = {"condition": condition, "sort_by": "id", "order_by": order}
            return [one["id"] for one in (await desk.call("POST", "tickets/search", data, SERVICE)).data]

        ticket = await desk.ticket(harvest_project="9911")
        recent = {"operator": "within last (relative)", "range": "minute", "value": "10"}
        # The newest first: a page has fifty, and other tests of this run make tickets as well.
        found = await ids({"ticket.updated_at": recent}, order="desc")
        assert ticket["id"] in found
        assert 2 not in found
        assert await ids({"ticket.id": {"operator": "is", "value": [2, "7", 10**20]}}) == [2, 7]
        assert await ids({"ticket.harvest_project": {"operator": "is", "value": "9911"}}) == [ticket["id"]]
        either = [{"name": "ticket.id", "operator": "is", "value": 2}]
        either += [{"name": "ticket.number", "operator": "is", "value": "10003"}]
        assert await ids({"operator": "OR", "conditions": either}) == [2, 3]

    @pytest.mark.parametrize(
        "condition",
        [
            {},
            [],
            "x",
            {"ticket.id": 1},
            {"ticket.id": {"operator": "like", "value": 1}},
            {"ticket.id": {"operator": "is", "value": {"a": 1}}},
            {"ticket.password": {"operator": "is", "value": 1}},
            {"user.id": {"operator": "is", "value": 1}},
            {"ticket.updated_at": {"operator": "within last (relative)", "range": "eon", "value": "1"}},
            {"ticket.updated_at": {"operator": "within last (relative)", "range": "year", "value": "99999"}},
            {"ticket.updated_at": {"operator": "before (absolute)", "value": "soon"}},
            {"operator": "XOR", "conditions": [{}]},
        ],
    )
    async def test_nonsense(self, desk: Helpdesk, condition: Any) -> None:
        answer = await desk.call("POST", "tickets/search", {"condition": condition}, ADA)
        assert (answer.status, answer.data["error"]) == (422, "Invalid object selector conditions")


async def test_users(desk: Helpdesk) -> None:
    found = await desk.get("users/search?query=*&role_ids[]=4", ADA)
    assert [one["login"] for one in found.data] == ["pm@example.com"]
    assert [one["id"] for one in (await desk.get("users/search?query=ada@", ADA)).data] == [3]
    full = await desk.get("users/search?query=ada@&full=true", ADA)
    assert (full.data["record_ids"], list(full.data["assets"]["User"])) == ([3], ["3"])
    assert (await desk.get("users/5", ADA)).data["email"] == "pm@example.com"
    assert (await desk.get("users/5", CUSTOMER)).status == 403
    assert (await desk.get("organizations/2", ADA)).data["name"] == "Birch Books"
    assert (await desk.call("PUT", "users/preferences", {"anything": "goes"}, ADA)).status == 200
    assert (await desk.get("users/3", SERVICE)).data["preferences"]["anything"] == "goes"


async def test_directory(desk: Helpdesk) -> None:
    assert [one["name"] for one in (await desk.get("groups", ADMIN)).data][:2] == ["Support", "Contracts"]
    roles = [one["name"] for one in (await desk.get("roles", SERVICE)).data]
    assert roles[:5] == ["Admin", "Agent", "Customer", "Budget PM", "Budget service"]
    states = [one["name"] for one in (await desk.get("ticket_states", ADA)).data]
    assert states == ["new", "open", "pending reminder", "closed", "merged", "pending close"]
    attributes = {one["name"]: one for one in (await desk.get("object_manager_attributes", SERVICE)).data}
    assert attributes["budget_state"]["data_option"]["options"] == {"open": "open", "warn": "warn", "locked": "locked"}
    assert attributes["budget_utilization"]["data_type"] == "integer"
