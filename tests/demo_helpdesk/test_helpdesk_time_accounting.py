"""Zammad's own time accounting over REST, as in spec/requests/ticket/time_accounting_spec.rb and its article twin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, CUSTOMER, SERVICE, Helpdesk


@pytest.fixture
async def accounting(desk: Helpdesk) -> AsyncIterator[None]:
    """Accounting is switched on, as an administrator does it."""
    await desk.set("time_accounting", True)
    yield
    await desk.set("time_accounting", False)
    await desk.set("time_accounting_selector", {})


def times(ticket: dict[str, Any]) -> str:
    return f"tickets/{ticket['id']}/time_accountings"


async def test_it_is_off_at_first_and_then_only_time_administrators_book(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    path = times(ticket)
    refused = await desk.call("POST", path, {"time_unit": "15"}, ADA)
    assert (refused.status, refused.data["error"]) == (403, "Time Accounting is not enabled")
    article = {"ticket_id": ticket["id"], "body": "x", "time_unit": "15"}
    in_article = await desk.call("POST", "ticket_articles", article, ADA)
    assert (in_article.status, in_article.data["error"]) == (403, "Time Accounting is not enabled")
    assert (await desk.get(f"tickets/{ticket['id']}", ADA)).data["article_count"] == 1
    assert (await desk.call("POST", path, {"time_unit": "15"}, SERVICE)).status == 201


@pytest.mark.usefixtures("accounting")
async def test_an_agent_books_and_the_ticket_holds_the_sum(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    path = times(ticket)
    before = (await desk.get(f"tickets/{ticket['id']}", ADA)).data
    assert before["time_unit"] is None
    first = await desk.call("POST", path, {"time_unit": "15"}, ADA)
    assert first.status == 201
    assert (first.data["time_unit"], first.data["created_by_id"], first.data["type_id"]) == ("15.0", 3, None)
    second = await desk.call("POST", path, {"time_unit": -2.25}, ADA)
    assert second.data["time_unit"] == "-2.25"
    now = (await desk.get(f"tickets/{ticket['id']}", ADA)).data
    assert now["time_unit"] == "12.75"
    assert now["updated_at"] > before["updated_at"]
    assert [one["id"] for one in (await desk.get(path, ADA)).data] == [first.data["id"], second.data["id"]]
    for_ada = await desk.call("POST", path, {"time_unit": 1}, {**SERVICE, "From": "3"})
    assert for_ada.data["created_by_id"] == 3


@pytest.mark.usefixtures("accounting")
async def test_agents_can_not_correct_what_they_booked(desk: Helpdesk) -> None:
    path = times(await desk.ticket())
    entry = (await desk.call("POST", path, {"time_unit": "3"}, ADA)).data
    one = f"{path}/{entry['id']}"
    for method, body in (("PUT", {"time_unit": "2"}), ("DELETE", None)):
        assert (await desk.call(method, one, body, ADA)).status == 403
    assert (await desk.get(one, ADA)).data["time_unit"] == "3.0"
    assert (await desk.call("PUT", one, {"time_unit": "2"}, SERVICE)).data["time_unit"] == "2.0"
    other = times(await desk.ticket())
    assert (await desk.get(f"{other}/{entry['id']}", SERVICE)).status == 404
    assert (await desk.get("time_accountings", ADA)).status == 403
    assert (await desk.get(f"time_accountings/{entry['id']}", SERVICE)).data["time_unit"] == "2.0"
    assert (await desk.call("DELETE", one, None, SERVICE)).status == 200
    assert (await desk.get(one, SERVICE)).status == 404


@pytest.mark.usefixtures("accounting")
async def test_booking_asks_for_change_or_create_and_reading_for_change(desk: Helpdesk) -> None:
    path = times(await desk.ticket())
    for access, books, reads in (("read", 403, 403), ("create", 201, 403), ("change", 201, 200)):
        _, agent = await desk.agent({"1": ["read", access]})
        assert (await desk.call("POST", path, {"time_unit": 1}, agent)).status == books, access
        assert (await desk.get(path, agent)).status == reads, access
    assert (await desk.call("POST", path, {"time_unit": 1}, CUSTOMER)).status == 403


@pytest.mark.usefixtures("accounting")
async def test_time_of_an_article(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    path = f"tickets/{ticket['id']}"
    article = {"body": "Fixed", "time_unit": "1.5"}
    answer = await desk.call("PUT", f"{path}?all=true", {"article": article}, ADA)
    number = answer.data["ticket_article_ids"][-1]
    assert answer.data["assets"]["TicketArticle"][str(number)]["time_unit"] == "1.5"
    assert [(one["ticket_article_id"], one["time_unit"]) for one in answer.data["time_accountings"]] == [
        (number, "1.5")
    ]
    assert answer.data["assets"]["Ticket"][str(ticket["id"])]["time_unit"] == "1.5"
    # One entry for an article; of another ticket's article none.
    for wanted in (number, 1):
        refused = await desk.call(
            "POST", f"{path}/time_accountings", {"time_unit": 1, "ticket_article_id": wanted}, ADA
        )
        assert refused.status == 422, wanted
    # A refusal stores nothing of the article either.
    assert (await desk.call("PUT", path, {"article": {"body": "y", "time_unit": "soon"}}, ADA)).status == 422
    assert (await desk.get(path, ADA)).data["article_count"] == 2


@pytest.mark.usefixtures("accounting")
@pytest.mark.parametrize("value", [None, "", "soon", "NaN", "1e9", 10_000, "9999.999", [], True])
async def test_what_is_no_amount_is_refused(desk: Helpdesk, value: Any) -> None:
    path = times(await desk.ticket())
    assert (await desk.call("POST", path, {"time_unit": value}, ADA)).status == 422


@pytest.mark.usefixtures("accounting")
async def test_types_are_the_administrators(desk: Helpdesk) -> None:
    refused = await desk.call("POST", "time_accounting/types", {"name": "Travel"}, ADA)
    assert refused.status == 403
    made = await desk.call("POST", "time_accounting/types", {"name": "Travel"}, SERVICE)
    assert made.status == 201
    path = times(await desk.ticket())
    entry = await desk.call("POST", path, {"time_unit": 1, "type_id": made.data["id"]}, ADA)
    assert entry.data["type_id"] == made.data["id"]
    assert (await desk.call("POST", path, {"time_unit": 1, "type_id": 9999}, ADA)).status == 422


async def test_settings_are_seen_by_who_may_change_them(desk: Helpdesk) -> None:
    assert (await desk.get("settings", ADA)).status == 403
    named = {one["name"]: one for one in (await desk.get("settings", SERVICE)).data}
    assert named["time_accounting"]["state_current"] == {"value": False}
    one = f"settings/{named['time_accounting']['id']}"
    for value in ("yes", None, 1):
        assert (await desk.call("PUT", one, {"state_current": {"value": value}}, SERVICE)).status == 422
    assert (await desk.call("PUT", one, {"state_current": {"value": True}}, ADA)).status == 403
    wanted = {"name": "t", "permission": ["admin.trigger"]}
    narrow = (await desk.call("POST", "user_access_token", wanted, SERVICE)).data["token"]
    token = {"Authorization": f"Token token={narrow}"}
    assert (await desk.get("settings", token)).data == []
    assert (await desk.call("PUT", one, {"state_current": {"value": True}}, token)).status == 403


@pytest.mark.usefixtures("accounting")
async def test_the_page_is_told_whether_to_ask(desk: Helpdesk) -> None:
    async def asks(ticket: dict[str, Any]) -> Any:
        whole = await desk.get(f"tickets/{ticket['id']}?all=true", ADA)
        return whole.data["form_meta"]["flags"]["time_accounting"]

    urgent, other = await desk.ticket(priority_id=3), await desk.ticket(priority_id=1)
    assert await asks(urgent) is True
    await desk.set(
        "time_accounting_selector", {"condition": {"ticket.priority_id": {"operator": "is", "value": ["3"]}}}
    )
    assert (await asks(urgent), await asks(other)) == (True, False)
    await desk.set("time_accounting", False)
    assert await asks(urgent) is False
