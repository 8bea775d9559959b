"""Who follows a ticket, and who hears of what happens to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_helpdesk.client import CUSTOMER, SERVICE, Helpdesk

Person = tuple[dict[str, Any], dict[str, str]]


@pytest.fixture
async def people(desk: Helpdesk) -> tuple[Person, Person]:
    """Two agents: one with all rights on the group, and one who may only read."""
    return await desk.agent({"1": ["full"]}), await desk.agent({"1": ["read"]})


async def heard(desk: Helpdesk, headers: dict[str, str], ticket: dict[str, Any]) -> list[str]:
    """The types of a person's notifications about a ticket, newest first."""
    rows = (await desk.get("online_notifications?expand=true", headers)).data
    return [one["type"] for one in rows if one["o_id"] == ticket["id"]]


def note(*users: dict[str, Any], **fields: Any) -> dict[str, Any]:
    links = "".join(f'<a href="#" data-mention-user-id="{one["id"]}">{one["firstname"]}</a>' for one in users)
    return {"body": f"See {links}", "content_type": "text/html", "internal": True, **fields}


async def owned(desk: Helpdesk) -> dict[str, Any]:
    """A ticket that somebody owns: of one that nobody owns the whole group hears."""
    return await desk.ticket(owner="admin@example.com")


async def test_an_article_subscribes_whom_it_names(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (_, author), (reader, ears) = people
    ticket = await owned(desk)
    made = await desk.call("PUT", f"tickets/{ticket['id']}?all=true", {"article": note(reader)}, author)
    assert made.status == 200
    assert len(made.data["mentions"]) == 1
    last = made.data["assets"]["TicketArticle"][str(made.data["ticket_article_ids"][-1])]
    assert f'data-mention-user-id="{reader["id"]}"' in last["body"]
    assert await heard(desk, ears, ticket) == ["update"]
    assert await heard(desk, author, ticket) == []
    mails = [one for one in (await desk.get("/_sim/mails")).data if one["ticket_id"] == ticket["id"]]
    assert [(one["kind"], one["recipient"]) for one in mails if one["recipient"] == reader["email"]] == [
        ("notification", reader["email"])
    ]
    # Once is enough, and it lasts: further articles are heard too, but not one's own.
    await desk.call("PUT", f"tickets/{ticket['id']}", {"article": note(reader)}, author)
    listed = (await desk.get(f"mentions?mentionable_type=Ticket&mentionable_id={ticket['id']}", ears)).data["mentions"]
    assert [one["user_id"] for one in listed] == [reader["id"]]
    assert await heard(desk, ears, ticket) == ["update", "update"]
    rows = (await desk.get(f"ticket_history/{ticket['id']}", ears)).data["history"]
    mentioned = [one for one in rows if one["object"] == "Mention"]
    assert [(one["type"], one["value_to"]) for one in mentioned] == [("created", str(reader["id"]))]


async def test_who_may_not_be_named_or_name_others(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (_, author), (reader, _) = people
    ticket = await owned(desk)
    outsider, _ = await desk.agent({"2": ["full"]})
    path = f"tickets/{ticket['id']}"
    refused = await desk.call("PUT", path, {"title": "not kept", "article": note(outsider)}, author)
    assert (refused.status, refused.data["error"]) == (422, "A mentioned user has no agent access to this ticket")
    assert (await desk.call("PUT", path, {"article": note({"id": 999999, "firstname": "-"})}, author)).status == 404
    by_customer = await desk.call("PUT", path, {"article": note(reader)}, CUSTOMER)
    assert by_customer.status == 403
    assert by_customer.data["error"] == "You have insufficient permissions to mention other users."
    _, writer = await desk.agent({"1": ["create"]})
    blind = await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], **note(reader)}, writer)
    assert blind.status == 403
    now = (await desk.get(f"{path}?all=true", SERVICE)).data
    assert (now["mentions"], now["assets"]["Ticket"][str(ticket["id"])]["title"]) == ([], "New")
    assert len(now["ticket_article_ids"]) == 1


async def test_everybody_follows_for_himself(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (_, other), (reader, ears) = people
    ticket = await owned(desk)
    wanted = {"mentionable_type": "Ticket", "mentionable_id": ticket["id"], "user_id": 2}
    made = await desk.call("POST", "mentions", wanted, {**SERVICE, "From": reader["email"]})
    assert (made.status, made.data) == (201, True)
    assert (await desk.call("POST", "mentions", wanted, CUSTOMER)).status == 403
    assert (await desk.call("POST", "mentions", {**wanted, "mentionable_type": "User"}, ears)).status == 422
    path = f"mentions?mentionable_type=Ticket&mentionable_id={ticket['id']}&full=true"
    shown = (await desk.get(path, ears)).data
    number = shown["record_ids"][0]
    assert shown["assets"]["Mention"][str(number)]["user_id"] == reader["id"]
    assert (await desk.call("DELETE", f"mentions/{number}", None, other)).status == 403
    assert (await desk.call("DELETE", f"mentions/{number}", None, ears)).data is True
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "unheard"}, other)
    assert await heard(desk, ears, ticket) == []


async def test_a_new_ticket_subscribes_too(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    _, (reader, ears) = people
    ticket = await desk.ticket(owner="admin@example.com", mentions=[reader["id"]])
    assert await heard(desk, ears, ticket) == ["create"]


async def test_owners_and_groups(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (member, ears), (_, reader) = people
    nobodys = await desk.ticket()
    assert await heard(desk, ears, nobodys) == ["create"]
    assert await heard(desk, reader, nobodys) == []
    somebodys = await owned(desk)
    assert await heard(desk, ears, somebodys) == []
    await desk.call("PUT", f"tickets/{somebodys['id']}", {"owner": member["email"]}, SERVICE)
    assert await heard(desk, ears, somebodys) == ["update"]
    await desk.call("PUT", f"tickets/{somebodys['id']}", {}, SERVICE)
    assert await heard(desk, ears, somebodys) == ["update"]


async def test_preferences_decide(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (_, author), (reader, ears) = people
    ticket = await desk.ticket(owner="admin@example.com", mentions=[reader["id"]])
    criteria = {"owned_by_me": True, "owned_by_nobody": True, "subscribed": False, "no": False}
    matrix = {"update": {"criteria": criteria, "channel": {"email": True, "online": True}}}
    for config, count in (({"matrix": matrix}, 1), ("nonsense", 1), ({"matrix": {"update": 3}}, 1)):
        await desk.call("PUT", "users/preferences", {"notification_config": config}, ears)
        await desk.call("PUT", f"tickets/{ticket['id']}", {"article": note()}, author)
        assert len(await heard(desk, ears, ticket)) == count


async def test_reading_them(desk: Helpdesk, people: tuple[Person, Person]) -> None:
    (_, other), (reader, ears) = people
    ticket = await desk.ticket(owner="admin@example.com", mentions=[reader["id"]])
    rows = (await desk.get("online_notifications", ears)).data
    assert [(one["o_id"], one["seen"], one["user_id"]) for one in rows] == [(ticket["id"], False, reader["id"])]
    path = f"online_notifications/{rows[0]['id']}"
    assert (await desk.get(path, other)).status == 403
    # No call makes one.
    assert (await desk.call("POST", "online_notifications", {"o_id": 1}, ears)).status == 404
    assert (await desk.call("PUT", path, {"seen": True}, ears)).data["seen"] is True
    await desk.call("PUT", path, {"seen": False}, ears)
    assert (await desk.call("PUT", "online_notifications/mark_all_as_read", {}, ears)).data == {}
    assert (await desk.get(f"{path}?expand=true", ears)).data["seen"] is True
    assert (await desk.call("DELETE", path, None, ears)).status == 200
    assert (await desk.get("online_notifications", ears)).data == []
