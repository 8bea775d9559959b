"""A ticket's history, and what merging, linking, splitting, deleting and changing in bulk do to tickets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, ADMIN, CUSTOMER, SERVICE, Helpdesk
from tests.demo_helpdesk.lock import (
    RELEASE,
    STATE,
    ensure_attributes,
    lock,
    make_workflow,
    remove_workflow,
)

ADA_ID, ADMIN_ID, SERVICE_ID = 3, 2, 6


async def history(desk: Helpdesk, number: int) -> list[dict[str, Any]]:
    answer = await desk.get(f"ticket_history/{number}", ADA)
    assert answer.status == 200, answer.data
    found: list[dict[str, Any]] = answer.data["history"]
    return found


class TestHistory:
    async def test_rows_by_attribute(self, desk: Helpdesk) -> None:
        await ensure_attributes(desk, STATE)
        ticket = await desk.ticket()
        path = f"tickets/{ticket['id']}"
        change = {"state": "open", "owner": "ada@example.com", "budget_state": "warn", "title": "Other"}
        await desk.call("PUT", path, change, ADA)
        await desk.call("PUT", path, {"budget_state": None, "article": {"body": "seen", "internal": True}}, ADMIN)
        rows = await history(desk, ticket["id"])
        made = [(one["object"], one["type"], one["created_by_id"]) for one in rows if one["type"] == "created"]
        assert made == [
            ("Ticket", "created", SERVICE_ID),
            ("Ticket::Article", "created", SERVICE_ID),
            ("Ticket::Article", "created", ADMIN_ID),
        ]
        assert "attribute" not in rows[0]
        assert "value_from" not in rows[0]
        by_name = {one["attribute"]: one for one in rows if one["type"] == "updated" and one["created_by_id"] == ADA_ID}
        assert by_name.keys() == {"state", "owner", "budget_state", "title"}
        state, owner = by_name["state"], by_name["owner"]
        assert (state["value_from"], state["value_to"], state["id_from"], state["id_to"]) == ("new", "open", 1, 2)
        assert (owner["value_to"], owner["id_from"], owner["id_to"]) == ("Ada Agent", 1, ADA_ID)
        assert (by_name["budget_state"]["value_from"], by_name["budget_state"]["value_to"]) == ("", "warn")
        assert "id_from" not in by_name["title"]
        last = next(one for one in rows if one.get("attribute") == "budget_state" and one["created_by_id"] == ADMIN_ID)
        assert (last["value_from"], last["value_to"]) == ("warn", "")

    async def test_what_belongs_to_the_ticket(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        tag = {"object": "Ticket", "o_id": ticket["id"], "item": "late"}
        await desk.call("POST", "tags/add", tag, ADA)
        await desk.call("POST", "tags/add", tag, ADA)
        await desk.call("DELETE", "tags/remove", tag, ADA)
        await desk.call("POST", f"tickets/{ticket['id']}/time_accountings", {"time_unit": "1.5"}, SERVICE)
        article = ticket["article_ids"][0]
        await desk.call("PUT", f"ticket_articles/{article}", {"internal": True}, ADA)
        rows = [one for one in await history(desk, ticket["id"]) if one["type"] != "created"]
        told = [(one["type"], one["attribute"], one.get("value_from"), one["value_to"]) for one in rows]
        assert told[:2] == [("added", "tag", None, "late"), ("removed", "tag", None, "late")]
        assert told[-1] == ("updated", "internal", "false", "true")
        assert (rows[-1]["object"], rows[-1]["o_id"], rows[-1]["related_o_id"]) == (
            "Ticket::Article",
            article,
            ticket["id"],
        )

    async def test_for_agents_with_the_right_to_read(self, desk: Helpdesk) -> None:
        assert (await desk.get("ticket_history/1", CUSTOMER)).status == 403
        assert (await desk.get("ticket_history/7", ADA)).status == 403
        assert (await desk.get("ticket_history/999999", ADA)).status == 404
        assets = (await desk.get("ticket_history/1", ADA)).data["assets"]
        assert {"Ticket", "User", "TicketArticle"} <= assets.keys()


class TestMerge:
    async def test_what_goes_and_what_stays(self, desk: Helpdesk) -> None:
        source, target, third = [await desk.ticket(title=title) for title in ("Source", "Target", "Third")]
        await desk.call("PUT", f"tickets/{source['id']}", {"owner": "ada@example.com"}, SERVICE)
        await desk.set("time_accounting", True)
        article = source["article_ids"][0]
        entry = {"time_unit": "2", "ticket_article_id": article}
        assert (await desk.call("POST", f"tickets/{source['id']}/time_accountings", entry, ADA)).status == 201
        await desk.set("time_accounting", False)
        linked = {"link_type": "normal", "link_object_source": "Ticket", "link_object_target": "Ticket"}
        linked |= {"link_object_source_number": third["number"], "link_object_target_value": source["id"]}
        assert (await desk.call("POST", "links/add", linked, ADA)).status == 201

        done = await desk.call("PUT", f"ticket_merge/{source['id']}/{target['number']}", None, ADA)
        assert (done.status, done.data["result"]) == (200, "success")
        after = (await desk.get(f"tickets/{source['id']}?expand=true", SERVICE)).data
        assert (after["state"], after["owner_id"], after["article_count"], after["time_unit"]) == (
            "merged",
            1,
            1,
            "2.0",
        )
        here = (await desk.get(f"ticket_articles/by_ticket/{source['id']}", SERVICE)).data
        there = (await desk.get(f"ticket_articles/by_ticket/{target['id']}", SERVICE)).data
        assert [one["body"] for one in here] == ["merged"]
        assert article in [one["id"] for one in there]
        assert (await desk.get(f"tickets/{target['id']}", SERVICE)).data["time_unit"] is None
        links = (await desk.get(f"links?link_object=Ticket&link_object_value={target['id']}", ADA)).data
        assert sorted((one["link_type"], one["link_object_value"]) for one in links["links"]) == [
            ("child", source["id"]),
            ("normal", third["id"]),
        ]
        back = (await desk.get(f"links?link_object=Ticket&link_object_value={source['id']}", ADA)).data
        assert back["links"] == [{"link_type": "parent", "link_object": "Ticket", "link_object_value": target["id"]}]
        for number, kind in ((source["id"], "merged_into"), (target["id"], "received_merge")):
            row = next(one for one in await history(desk, number) if one["type"] == kind)
            assert (row["id_from"], row["id_to"], row["created_by_id"]) == (source["id"], target["id"], ADA_ID)
            assert "value_from" not in row

    async def test_refused(self, desk: Helpdesk) -> None:
        one, other = await desk.ticket(), await desk.ticket()
        unknown = await desk.call("PUT", f"ticket_merge/{one['id']}/0", None, ADA)
        assert (unknown.status, unknown.data["result"]) == (200, "failed")
        itself = await desk.call("PUT", f"ticket_merge/{one['id']}/{one['number']}", None, ADA)
        assert (itself.status, itself.data["error"]) == (422, "A ticket cannot be merged into itself.")
        elsewhere = await desk.call("PUT", f"ticket_merge/{one['id']}/10007", None, ADA)
        assert elsewhere.status == 403
        await desk.call("PUT", f"ticket_merge/{one['id']}/{other['number']}", None, ADA)
        twice = await desk.call("PUT", f"ticket_merge/{other['id']}/{one['number']}", None, ADA)
        assert (twice.status, "already merged" in twice.data["error"]) == (422, True)

    async def test_passes_the_gate(self, desk: Helpdesk) -> None:
        await ensure_attributes(desk, STATE, RELEASE)
        number = await make_workflow(desk)
        source, target = await desk.ticket(), await desk.ticket()
        await lock(desk, source)
        done = await desk.call("PUT", f"ticket_merge/{source['id']}/{target['number']}", None, ADA)
        await remove_workflow(desk, number)
        assert done.data["result"] == "success"


class TestLinks:
    async def test_a_split_is_a_new_ticket_with_a_link(self, desk: Helpdesk) -> None:
        parent = await desk.ticket()
        child = await desk.ticket(links={"Ticket": {"child": [parent["id"]]}})
        shown = (await desk.get(f"tickets/{parent['id']}?all=true", ADA)).data["links"]
        assert shown == [{"link_type": "child", "link_object": "Ticket", "link_object_value": child["id"]}]
        gone = {"link_type": "parent", "link_object_source": "Ticket", "link_object_source_value": parent["id"]}
        gone |= {"link_object_target": "Ticket", "link_object_target_value": child["id"]}
        assert (await desk.call("DELETE", "links/remove", gone, ADA)).status == 201
        assert (await desk.get(f"tickets/{child['id']}?all=true", ADA)).data["links"] == []

    async def test_both_ends_are_asked(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        link = {"link_type": "normal", "link_object_source": "Ticket", "link_object_target": "Ticket"}
        foreign = {**link, "link_object_source_number": "10007", "link_object_target_value": ticket["id"]}
        assert (await desk.call("POST", "links/add", foreign, ADA)).status == 403
        foreign = {**link, "link_object_source_number": ticket["number"], "link_object_target_value": 7}
        assert (await desk.call("POST", "links/add", foreign, ADA)).status == 403
        assert (await desk.call("POST", "links/add", foreign, SERVICE)).status == 201
        # Who may not read the other ticket doesn't hear of the link.
        answer = await desk.get(f"links?link_object=Ticket&link_object_value={ticket['id']}", ADA)
        assert answer.data["links"] == []


class TestDelete:
    async def test_only_administrators(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket(tags="a,b")
        refused = await desk.call("DELETE", f"tickets/{ticket['id']}", None, ADA)
        assert (refused.status, refused.data["error"]) == (403, "admin permission required")
        done = await desk.call("DELETE", f"tickets/{ticket['id']}", None, ADMIN)
        assert (done.status, done.data) == (200, "")
        assert (await desk.get(f"tickets/{ticket['id']}", ADMIN)).status == 404
        assert (await desk.get(f"ticket_articles/{ticket['article_ids'][0]}", ADMIN)).status == 404


@pytest.fixture
async def macro(desk: Helpdesk) -> Any:
    made: list[int] = []

    async def make(perform: dict[str, Any], **fields: Any) -> int:
        answer = await desk.call("POST", "macros", {"name": f"Bulk {len(made)}", "perform": perform, **fields}, SERVICE)
        assert answer.status == 201, answer.data
        made.append(answer.data["id"])
        return made[-1]

    yield make
    for number in made:
        await desk.call("DELETE", f"macros/{number}", None, SERVICE)


class TestBulk:
    async def test_all_or_none(self, desk: Helpdesk) -> None:
        await ensure_attributes(desk, STATE, RELEASE)
        number = await make_workflow(desk)
        free, held = await desk.ticket(), await desk.ticket()
        await lock(desk, held)
        wanted = {"ticket_ids": [free["id"], held["id"]], "attributes": {"state": "open", "title": ""}}
        refused = await desk.call("POST", "tickets/mass_update", wanted, ADA)
        passed = await desk.call("POST", "tickets/mass_update", {**wanted, "ticket_ids": [free["id"]]}, ADA)
        # Only the article: nobody asks the workflows.
        article = {"ticket_ids": [held["id"]], "article": {"body": "to all", "internal": True}}
        around = await desk.call("POST", "tickets/mass_update", article, ADA)
        with_attributes = await desk.call(
            "POST", "tickets/mass_update", {**article, "attributes": {"priority_id": "2"}}, ADA
        )
        await remove_workflow(desk, number)
        assert (refused.status, refused.data) == (422, {"error": True, "ticket_id": held["id"]})
        assert (passed.status, passed.data["ticket_ids"]) == (200, [free["id"]])
        assert passed.data["assets"]["Ticket"][str(free["id"])]["title"] == "New"
        assert around.status == 200
        assert with_attributes.status == 422
        rows = await history(desk, free["id"])
        assert [one["value_to"] for one in rows if one["type"] == "updated"] == ["open"]

    async def test_rights(self, desk: Helpdesk) -> None:
        wanted = {"ticket_ids": [1, 7], "attributes": {"priority_id": 3}}
        refused = await desk.call("POST", "tickets/mass_update", wanted, ADA)
        assert (refused.status, refused.data) == (422, {"error": True, "ticket_id": 7})
        unknown = {**wanted, "ticket_ids": [999999]}
        assert (await desk.call("POST", "tickets/mass_update", unknown, ADA)).status == 404

    async def test_macros(self, desk: Helpdesk, macro: Any) -> None:
        await ensure_attributes(desk, STATE, RELEASE)
        number = await make_workflow(desk)
        note = {"article.note": {"body": "<b>bulk</b>", "internal": "true"}}
        change = await macro(
            {"ticket.state_id": {"value": "4"}, "ticket.tags": {"operator": "add", "value": "x"}, **note}
        )
        only_note = await macro(note)
        contracts = await macro(note, group_ids=[2])
        free, held = await desk.ticket(), await desk.ticket()
        await lock(desk, held)

        async def run(which: int, *tickets: dict[str, Any]) -> Any:
            body = {"macro_id": which, "ticket_ids": [one["id"] for one in tickets]}
            return await desk.call("POST", "tickets/mass_macro", body, ADA)

        both, one, note_alone = await run(change, free, held), await run(change, free), await run(only_note, held)
        outside = await run(contracts, free)
        await remove_workflow(desk, number)
        assert (both.status, both.data) == (422, {"error": True, "ticket_id": held["id"]})
        assert one.data["assets"]["Ticket"][str(free["id"])]["state_id"] == 4
        assert (await desk.get(f"tags?object=Ticket&o_id={free['id']}", ADA)).data == {"tags": ["x"]}
        # A macro that only writes a note saves nothing else, so it passes; and the note is the system's.
        assert note_alone.status == 200
        last = (await desk.get(f"ticket_articles/by_ticket/{held['id']}", ADA)).data[-1]
        assert (last["body"], last["sender"], last["created_by_id"], last["internal"]) == (
            "<b>bulk</b>",
            "System",
            1,
            True,
        )
        assert (outside.status, outside.data["blocking_tickets"]) == (422, [free["id"]])
