"""Tickets and articles: shapes, rights, and what a change does, as in Zammad's spec/requests/ticket_spec.rb."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, BO, CUSTOMER, SERVICE, Helpdesk

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class TestShapes:
    async def test_plain(self, desk: Helpdesk) -> None:
        ticket = (await desk.get("tickets/3", ADA)).data
        assert (ticket["number"], ticket["harvest_project"], ticket["budget_hours"]) == ("10003", "4003", "4")
        assert ticket["budget_state"] is None
        assert ticket["budget_utilization"] is None
        assert INSTANT.fullmatch(ticket["updated_at"])
        assert "article_ids" not in ticket
        assert "group" not in ticket

    async def test_expand(self, desk: Helpdesk) -> None:
        ticket = (await desk.get("tickets/3?expand=true", ADA)).data
        names = [ticket[key] for key in ("group", "state", "owner", "customer", "organization", "priority")]
        assert names == ["Support", "open", "ada@example.com", "cedar@example.com", "Cedar Clinic", "2 normal"]

    async def test_full(self, desk: Helpdesk) -> None:
        answer = (await desk.get("tickets/3?full=true", ADA)).data
        assert answer["id"] == 3
        assert answer["assets"]["Ticket"]["3"]["title"] == "Reminders go out in the wrong language"
        assert answer["assets"]["User"]["13"]["email"] == "cedar@example.com"

    async def test_all(self, desk: Helpdesk) -> None:
        answer = (await desk.get("tickets/1?all=true", ADA)).data
        keys = {"ticket_id", "ticket_article_ids", "assets", "links", "tags", "mentions", "time_accountings"}
        assert keys | {"form_meta"} == answer.keys()
        assert {"1", "2"} <= answer["assets"]["TicketArticle"].keys()

    async def test_answers_to_writes_carry_article_ids(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        assert len(ticket["article_ids"]) == 1
        changed = await desk.call("PUT", f"tickets/{ticket['id']}", {"article": {"body": "more"}}, SERVICE)
        assert len(changed.data["article_ids"]) == 2

    async def test_list_has_what_may_be_read_and_no_totals(self, desk: Helpdesk) -> None:
        answer = await desk.get("tickets?per_page=3", ADA)
        assert [one["id"] for one in answer.data] == [1, 2, 3]
        assert not {"Link", "X-Total-Count"} & set(answer.headers)
        ids = [one["id"] for one in (await desk.get("tickets", ADA)).data]
        assert 7 not in ids
        assert 6 in ids


class TestRights:
    async def test_group_of_others(self, desk: Helpdesk) -> None:
        for method, data in (("GET", None), ("PUT", {"title": "x"})):
            answer = await desk.call(method, "tickets/7", data, ADA)
            assert (answer.status, answer.data["error"]) == (403, "Not authorized")
        assert (await desk.get("ticket_articles/by_ticket/7", ADA)).status == 403
        assert (await desk.get("tags?object=Ticket&o_id=7", ADA)).status == 403
        assert (await desk.get("tickets/7", BO)).status == 200

    async def test_unknown(self, desk: Helpdesk) -> None:
        answer = await desk.get("tickets/4711", ADA)
        assert (answer.status, answer.data["error_human"]) == (404, "Couldn't find Ticket with 'id'=4711")

    async def test_read_alone(self, desk: Helpdesk) -> None:
        _, reader = await desk.agent({"1": ["read"]})
        assert (await desk.get("tickets/1", reader)).status == 200
        assert (await desk.call("PUT", "tickets/1", {"title": "x"}, reader)).status == 403
        assert (await desk.call("POST", "ticket_articles", {"ticket_id": 1, "body": "x"}, reader)).status == 403
        tag = {"object": "Ticket", "o_id": 1, "item": "x"}
        assert (await desk.call("POST", "tags/add", tag, reader)).status == 403

    async def test_article_needs_create_update_needs_change(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        article = {"ticket_id": ticket["id"], "body": "x", "internal": True}
        _, creator = await desk.agent({"1": ["read", "create"]})
        assert (await desk.call("POST", "ticket_articles", article, creator)).status == 201
        assert (await desk.call("PUT", f"tickets/{ticket['id']}", {"article": article}, creator)).status == 403
        _, changer = await desk.agent({"1": ["read", "change"]})
        assert (await desk.call("POST", "ticket_articles", article, changer)).status == 403
        assert (await desk.call("PUT", f"tickets/{ticket['id']}", {"article": article}, changer)).status == 200

    async def test_new_group_and_new_member(self, desk: Helpdesk) -> None:
        group = (await desk.call("POST", "groups", {"name": "Night shift"}, SERVICE)).data
        user, header = await desk.agent({})
        fields = {"group_ids": {str(group["id"]): ["full"]}}
        assert (await desk.call("PUT", f"users/{user['id']}", fields, SERVICE)).data["group_ids"] == fields["group_ids"]
        made = await desk.call(
            "POST",
            "tickets",
            {"title": "a", "group": "Night shift", "customer": "elm@example.com", "article": {"body": "b"}},
            header,
        )
        assert made.status == 201
        assert (await desk.get(f"tickets/{made.data['id']}", ADA)).status == 403
        mail = {"ticket_id": made.data["id"], "body": "b", "type": "email", "to": "elm@example.com"}
        assert (await desk.call("POST", "ticket_articles", mail, header)).status == 500
        articles = await desk.get(f"ticket_articles/by_ticket/{made.data['id']}", header)
        assert len(articles.data) == 1

    async def test_customer_sees_his_own_without_internal_articles(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        note = {"ticket_id": ticket["id"], "body": "between us", "internal": True}
        hidden = (await desk.call("POST", "ticket_articles", note, SERVICE)).data
        seen = (await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", CUSTOMER)).data
        assert hidden["id"] not in [one["id"] for one in seen]
        assert (await desk.get(f"ticket_articles/{hidden['id']}", CUSTOMER)).status == 403
        whole = (await desk.get(f"tickets/{ticket['id']}?all=true", CUSTOMER)).data
        assert "between us" not in str(whole)
        assert (await desk.get("tickets/2", CUSTOMER)).status == 403
        answer = await desk.call("PUT", f"tickets/{ticket['id']}", {"budget_hours": "99", "group_id": 2}, CUSTOMER)
        assert answer.status == 200
        assert (answer.data["budget_hours"], answer.data["group_id"]) == (None, 1)


class TestChanges:
    async def test_names_ids_and_unknown_keys(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        path = f"tickets/{ticket['id']}"
        fields = {"state": "open", "owner": "bo@example.com", "priority_id": 3, "no_such_field": "1", "number": "1"}
        changed = (await desk.call("PUT", path, fields, ADA)).data
        assert (changed["state_id"], changed["owner_id"], changed["priority_id"]) == (2, 4, 3)
        assert changed["number"] == ticket["number"]
        assert "no_such_field" not in changed
        assert changed["title"] == "New"
        assert (changed["updated_by_id"], changed["created_by_id"]) == (3, 6)

    @pytest.mark.parametrize(
        ("fields", "error"),
        [
            ({"group": "Nowhere"}, "No lookup value found for 'group': \"Nowhere\""),
            ({"owner": "nobody"}, "No lookup value found for 'owner': \"nobody\""),
            ({"state": "asleep"}, "No lookup value found for 'state': \"asleep\""),
            ({"article": {"type": "note"}}, "Need at least an 'article body' field."),
            ({"article": {"body": " "}}, "Need at least an 'article body' field."),
            ({"article": {"body": "x", "type": "pigeon"}}, "No lookup value found for 'type': \"pigeon\""),
        ],
    )
    async def test_refused(self, desk: Helpdesk, fields: dict[str, Any], error: str) -> None:
        before = (await desk.get("tickets/5", ADA)).data
        answer = await desk.call("PUT", "tickets/5", {"title": "changed", **fields}, ADA)
        assert (answer.status, answer.data["error_human"]) == (422, error)
        assert (await desk.get("tickets/5", ADA)).data == before

    async def test_nothing_changes_nothing(self, desk: Helpdesk) -> None:
        before = (await desk.get("tickets/6", ADA)).data["updated_at"]
        await desk.call("PUT", "tickets/6", {"title": "Question about opening hours on the site"}, ADA)
        assert (await desk.get("tickets/6", ADA)).data["updated_at"] == before

    async def test_custom_attributes(self, desk: Helpdesk) -> None:
        path = f"tickets/{(await desk.ticket())['id']}"
        fields = {"budget_hours": 12, "budget_utilization": "80", "budget_state": "warn", "budget_release": None}
        changed = (await desk.call("PUT", path, fields, SERVICE)).data
        assert [changed[name] for name in fields] == ["12", 80, "warn", None]
        assert (await desk.call("PUT", path, {"harvest_project": "x" * 121}, SERVICE)).status == 422
        assert (await desk.call("PUT", path, {"budget_utilization": 10**30}, SERVICE)).status == 422
        cleared = (await desk.call("PUT", path, {"budget_state": ""}, SERVICE)).data
        assert (cleared["budget_state"], cleared["budget_hours"]) == ("", "12")

    async def test_group_move_resets_an_owner_who_is_not_in_it(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket(owner="ada@example.com")
        assert ticket["owner_id"] == 3
        refused = await desk.call("PUT", f"tickets/{ticket['id']}", {"group": "Contracts"}, ADA)
        assert refused.status == 422
        moved = await desk.call("PUT", f"tickets/{ticket['id']}", {"group": "Contracts"}, BO)
        assert moved.data["owner_id"] == 1

    async def test_pending_state_needs_its_time(self, desk: Helpdesk) -> None:
        path = f"tickets/{(await desk.ticket())['id']}"
        assert (await desk.call("PUT", path, {"state": "pending reminder"}, ADA)).status == 422
        fields = {"state": "pending reminder", "pending_time": "2030-01-01T10:00:00Z"}
        changed = await desk.call("PUT", path, fields, ADA)
        assert changed.data["pending_time"] == "2030-01-01T10:00:00.000Z"

    async def test_tags(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket(tags="one, two")
        tag = {"object": "Ticket", "o_id": ticket["id"], "item": "three"}
        assert (await desk.call("POST", "tags/add", tag, ADA)).status == 201
        assert (await desk.call("DELETE", "tags/remove", {**tag, "item": "one"}, ADA)).data is True
        tags = await desk.get(f"tags?object=Ticket&o_id={ticket['id']}", ADA)
        assert tags.data == {"tags": ["two", "three"]}


class TestArticles:
    async def test_create(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        made = await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "plain"}, ADA)
        assert made.status == 201
        article = made.data
        assert (article["type"], article["sender"], article["internal"]) == ("note", "Agent", False)
        assert (article["from"], article["created_by"], article["created_by_id"]) == ("Ada Agent", "ada@example.com", 3)
        assert article["content_type"] == "text/plain"
        after = (await desk.get(f"tickets/{ticket['id']}", ADA)).data
        assert after["article_count"] == 2
        assert after["updated_at"] > ticket["updated_at"]

    async def test_mail(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        mail = {"ticket_id": ticket["id"], "body": "x", "type": "email", "to": "Acorn <acorn@example.com>"}
        made = (await desk.call("POST", "ticket_articles", mail, ADA)).data
        assert made["from"] == '"Ada Agent via Support" <support@example.com>'
        assert (await desk.call("POST", "ticket_articles", {**mail, "to": "nonsense"}, ADA)).status == 422

    async def test_only_visibility_can_change(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        made = (await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "x"}, ADA)).data
        changed = await desk.call("PUT", f"ticket_articles/{made['id']}", {"internal": True, "body": "y"}, ADA)
        assert (changed.data["internal"], changed.data["body"]) == (True, "x")

    async def test_time_accounting_is_off(self, desk: Helpdesk) -> None:
        answer = await desk.call("POST", "ticket_articles", {"ticket_id": 1, "body": "x", "time_unit": "15"}, ADA)
        assert (answer.status, answer.data["error"]) == (403, "Time Accounting is not enabled")

    async def test_html_is_cleaned(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        body = (
            '<p onclick="x()">a<script>x()</script><img src=x onerror=x()><a href="javascript:x()">b</a>'
            '<a href="https://example.com" data-mention-user-id="5">c</a></b><i>d &lt;b&gt;'
        )
        article = {"ticket_id": ticket["id"], "body": body, "content_type": "text/html"}
        made = (await desk.call("POST", "ticket_articles", article, ADA)).data
        assert made["body"] == (
            '<p>a<a>b</a><a href="https://example.com" rel="nofollow noreferrer noopener" target="_blank" '
            'data-mention-user-id="5">c</a><i>d &lt;b&gt;</i></p>'
        )
