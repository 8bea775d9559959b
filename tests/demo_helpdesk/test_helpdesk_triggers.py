"""What triggers do besides calling webhooks, and payloads that administrators write themselves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, CUSTOMER, SERVICE, Helpdesk
from tests.demo_helpdesk.lock import RELEASE, STATE, ensure_attributes, lock, make_workflow, remove_workflow
from tests.demo_helpdesk.test_helpdesk_webhooks import Receiver, receiver

__all__ = ["receiver"]

ADA_ID = 3
LOCKED = {"ticket.budget_state": {"operator": "is", "value": ["locked"]}}
BY_AGENT = {
    "article.action": {"operator": "is", "value": "create"},
    "article.sender_id": {"operator": "is", "value": ["1"]},
}


@pytest.fixture
async def trigger(desk: Helpdesk) -> AsyncIterator[Any]:
    await ensure_attributes(desk, STATE, RELEASE)
    made: list[int] = []

    async def make(condition: dict[str, Any], perform: dict[str, Any], **fields: Any) -> int:
        body = {"name": f"Does {len(made)}", "condition": condition, "perform": perform, **fields}
        answer = await desk.call("POST", "triggers", body, SERVICE)
        assert answer.status == 201, answer.data
        made.append(answer.data["id"])
        return made[-1]

    yield make
    for number in made:
        await desk.call("DELETE", f"triggers/{number}", None, SERVICE)


async def articles(desk: Helpdesk, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", SERVICE)).data
    return found


async def test_an_alarm_on_what_passes_the_gate(desk: Helpdesk, trigger: Any) -> None:
    gate = await make_workflow(desk)
    text = "Written by #{article.created_by.login} on #{ticket.number}: #{article.body}"
    number = await trigger(
        {**BY_AGENT, **LOCKED, "article.created_by_id": {"operator": "is not", "value": ["6"]}},
        {"article.note": {"subject": "Alarm", "body": text, "internal": "true"}, "ticket.priority_id": {"value": "3"}},
        disable_notification=False,
    )
    ticket = await desk.ticket(owner="bo@example.com")
    await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "before"}, ADA)
    await lock(desk, ticket)
    assert len(await articles(desk, ticket)) == 2
    await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "past the gate"}, ADA)
    await remove_workflow(desk, gate)
    last = (await articles(desk, ticket))[-1]
    assert last["body"] == f"Written by ada@example.com on {ticket['number']}: past the gate"
    assert (last["sender"], last["created_by_id"], last["internal"], last["subject"]) == ("System", 1, True, "Alarm")
    now = (await desk.get(f"tickets/{ticket['id']}", SERVICE)).data
    # The gate holds people, not the system.
    assert (now["priority_id"], now["updated_by_id"], now["article_count"]) == (3, 1, 4)
    rows = (await desk.get(f"ticket_history/{ticket['id']}", SERVICE)).data["history"]
    changed = next(one for one in rows if one.get("attribute") == "priority")
    assert (changed["sourceable_type"], changed["sourceable_id"], changed["created_by_id"]) == ("Trigger", number, 1)
    bo = {**SERVICE, "From": "bo@example.com"}
    heard = [one for one in (await desk.get("online_notifications", bo)).data if one["o_id"] == ticket["id"]]
    assert [one["created_by_id"] for one in heard].count(1) == 1


async def test_its_changes_set_off_no_other_and_are_quiet_by_default(desk: Helpdesk, trigger: Any) -> None:
    hot = {"ticket.title": {"operator": "is", "value": "hot"}}
    await trigger(hot, {"ticket.state_id": {"value": "2"}}, name="A first")
    await trigger(
        {"ticket.state_id": {"operator": "has changed"}}, {"ticket.priority_id": {"value": "3"}}, name="B next"
    )
    ticket = await desk.ticket(title="hot", owner="bo@example.com")
    now = (await desk.get(f"tickets/{ticket['id']}", SERVICE)).data
    assert (now["state_id"], now["priority_id"]) == (2, 2)
    bo = {**SERVICE, "From": "bo@example.com"}
    heard = [
        one for one in (await desk.get("online_notifications?expand=true", bo)).data if one["o_id"] == ticket["id"]
    ]
    assert [one["type"] for one in heard] == ["create"]


async def test_subscribing_tagging_and_owners(desk: Helpdesk, trigger: Any) -> None:
    follower, ears = await desk.agent({"1": ["read"]})
    outsider, _ = await desk.agent({"2": ["full"]})
    named = {"pre_condition": "specific"}
    perform = {
        "ticket.subscribe": {**named, "value": follower["id"]},
        "ticket.tags": {"operator": "add", "value": "watched, hot"},
        "ticket.owner_id": {"pre_condition": "current_user.id", "value": ""},
        "ticket.budget_state": {"value": "warn"},
    }
    await trigger({"ticket.title": {"operator": "is", "value": "watch me"}}, perform, name="A")
    await trigger(
        {"ticket.title": {"operator": "is", "value": "watch me"}},
        {"ticket.subscribe": {**named, "value": outsider["id"]}, "ticket.owner_id": {"pre_condition": "not_set"}},
        name="B",
        active=False,
    )
    ticket = await desk.ticket()
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "watch me"}, ADA)
    now = (await desk.get(f"tickets/{ticket['id']}?all=true", ears)).data
    shown = now["assets"]["Ticket"][str(ticket["id"])]
    assert (shown["owner_id"], shown["budget_state"]) == (ADA_ID, "warn")
    assert sorted(now["tags"]) == ["hot", "watched"]
    assert len(now["mentions"]) == 1


async def test_mail(desk: Helpdesk, trigger: Any) -> None:
    mail = {
        "recipient": ["ticket_owner", "ticket_customer", "userid_5"],
        "subject": "About #{ticket.title}",
        "body": "!",
    }
    await trigger({"ticket.title": {"operator": "is", "value": "mail"}}, {"notification.email": mail})
    silent = await desk.call("POST", "groups", {"name": "Without an address"}, SERVICE)
    own = {"1": ["full"], "2": ["full"]}
    await desk.call("PUT", "users/6", {"group_ids": {**own, str(silent.data["id"]): ["full"]}}, SERVICE)
    ticket = await desk.ticket(title="mail")
    quiet = await desk.ticket(title="mail", group="Without an address")
    sent = [one for one in (await desk.get("/_sim/mails")).data if one["kind"] == "trigger"]
    assert [(one["ticket_id"], one["recipient"]) for one in sent] == [
        (ticket["id"], "pm@example.com"),
        (ticket["id"], "acorn@example.com"),
    ]
    assert sent[0]["subject"] == f"[Ticket#{ticket['number']}] About mail"
    last = (await articles(desk, ticket))[-1]
    assert (last["type"], last["sender"], last["internal"]) == ("email", "System", False)
    assert len(await articles(desk, quiet)) == 1
    await desk.call("PUT", "users/6", {"group_ids": own}, SERVICE)
    # The customer may read what went to him.
    shown = (await desk.get(f"ticket_articles/by_ticket/{ticket['id']}", CUSTOMER)).data
    assert shown[-1]["id"] == last["id"]


@pytest.mark.parametrize(
    "perform",
    [
        {"notification.sms": {"recipient": ["ticket_owner"], "body": "x"}},
        {"notification.email": {"recipient": ["everybody"], "subject": "x", "body": "x"}},
        {"notification.email": {"recipient": ["ticket_owner"], "subject": "#{config.fqdn}", "body": "x"}},
        {"article.note": {"subject": "x"}},
        {"ticket.subscribe": {"value": 3}},
        {"ticket.state_id": {"value": "99"}},
        {"ticket.nothing": {"value": "1"}},
        {"ticket.action": {"value": "delete"}},
        {"ticket.tags": {"operator": "add", "value": ""}},
        {"article.note": "x"},
    ],
)
async def test_what_would_not_be_done_is_refused(desk: Helpdesk, perform: dict[str, Any]) -> None:
    body = {"name": "Refused", "condition": LOCKED, "perform": perform}
    await ensure_attributes(desk, STATE)
    assert (await desk.call("POST", "triggers", body, SERVICE)).status == 422


async def test_a_payload_of_ones_own(desk: Helpdesk, receiver: Receiver) -> None:
    await ensure_attributes(desk, STATE)
    payload = {
        "id": "#{ticket.id}",
        "who": "#{ticket.updated_by.login}/#{article.created_by_id}",
        "state": "#{ticket.state.name}",
        "budget": "#{ticket.budget_state}",
        "note": "#{article.internal}",
        "changes": "#{notification.changes}",
        "nobody": "#{user.id} #{ticket.nothing} #{ticket.owner}",
    }
    hook = {"customized_payload": True, "custom_payload": json.dumps(payload)}
    await receiver.trigger({"ticket.action": {"operator": "is", "value": "update"}}, hook=hook)
    ticket = await desk.ticket(title='quote " and\nline')
    change = {"state": "open", "budget_state": "warn", "article": {"body": "x", "internal": True}}
    await desk.call("PUT", f"tickets/{ticket['id']}", change, ADA)
    data = (await receiver.next()).data
    assert (data["id"], data["who"], data["note"]) == (ticket["id"], "ada@example.com/3", True)
    assert (data["state"], data["budget"]) == ("open", "warn")
    assert sorted(data["changes"].split("\n")) == ["Budget state:  -> warn", "State: new -> open"]
    assert data["nobody"] == (
        "#{user / no such object} #{ticket.nothing / no such method} #{ticket.owner / no such method}"
    )
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "no article"}, ADA)
    second = (await receiver.next()).data
    assert second["who"] == "ada@example.com/#{article.created_by_id / no such method}"


async def test_payloads_that_are_not_kept_or_not_taken(desk: Helpdesk) -> None:
    hook = {"name": "Own", "endpoint": "http://127.0.0.1:9/", "custom_payload": '{"a": 1}'}
    made = (await desk.call("POST", "webhooks", hook, SERVICE)).data
    assert (made["customized_payload"], made["custom_payload"]) == (False, None)
    path = f"webhooks/{made['id']}"
    kept = await desk.call("PUT", path, {"customized_payload": True, "custom_payload": '{"a": 1}'}, SERVICE)
    assert kept.data["custom_payload"] == '{"a": 1}'
    for wrong in ('{"a": ', '{"a": "#{config.fqdn}"}', '{"a": "#{notification.message}"}'):
        answer = await desk.call("PUT", path, {"customized_payload": True, "custom_payload": wrong}, SERVICE)
        assert answer.status == 422
    await desk.call("DELETE", path, None, SERVICE)
