"""Triggers and webhooks, with a receiver of the test's own, as in spec/jobs/trigger_webhook_job_spec.rb."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.demo_helpdesk.client import ADA, SERVICE, Helpdesk

_names = itertools.count(1)
ON_UPDATE = {"ticket.action": {"operator": "is", "value": "update"}}
SERVICE_USER = 6


@dataclass
class Call:
    """One delivery, as it came in."""

    headers: Mapping[str, str]
    raw: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Receiver:
    """Takes webhooks. ``answers`` are the statuses to give, the last one for ever."""

    desk: Helpdesk
    url: str = ""
    answers: list[int] = field(default_factory=lambda: [200])
    calls: asyncio.Queue[Call] = field(default_factory=asyncio.Queue)
    made: list[tuple[str, int]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.calls.put_nowait(Call(request.headers, await request.read()))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else None)

    async def next(self) -> Call:
        """The next delivery."""
        return await asyncio.wait_for(self.calls.get(), 5)

    async def webhook(self, **fields: Any) -> int:
        """A new webhook that leads here."""
        body = {"name": "Hook", "endpoint": f"{self.url}/hook", **fields}
        made = await self.desk.call("POST", "webhooks", body, SERVICE)
        assert made.status == 201, made.data
        self.made.append(("webhooks", made.data["id"]))
        return int(made.data["id"])

    async def trigger(self, condition: dict[str, Any], *, hook: dict[str, Any] | None = None, **fields: Any) -> int:
        """A new trigger that calls a new webhook; gone after the test."""
        number = await self.webhook(**(hook or {}))
        body = {
            "name": f"Trigger {next(_names):03}",
            "condition": condition,
            "perform": {"notification.webhook": {"webhook_id": str(number)}},
            "execution_condition_mode": "always",
            **fields,
        }
        made = await self.desk.call("POST", "triggers", body, SERVICE)
        assert made.status == 201, made.data
        self.made.append(("triggers", made.data["id"]))
        return int(made.data["id"])

    async def job(self, delivery: str) -> dict[str, Any]:
        """The queue's own word on a delivery."""
        jobs = (await self.desk.get("/_sim/jobs")).data
        return next(one for one in jobs if one["id"] == delivery)

    async def settled(self, delivery: str, attempts: int) -> dict[str, Any]:
        """The job once so many attempts have been noted."""
        async with asyncio.timeout(5):
            while (job := await self.job(delivery))["attempts"] < attempts:
                pass
        return job


@pytest.fixture
async def receiver(desk: Helpdesk) -> AsyncIterator[Receiver]:
    running = Receiver(desk)
    app = web.Application()
    app.router.add_post("/hook", running.take)
    app.router.add_route("*", "/elsewhere", running.take)
    async with TestServer(app) as server:
        running.url = str(server.make_url("")).rstrip("/")
        yield running
    for kind, number in reversed(running.made):
        assert (await desk.call("DELETE", f"{kind}/{number}", None, SERVICE)).status == 200


async def test_a_delivery(desk: Helpdesk, receiver: Receiver) -> None:
    secret = {"signature_token": "geheim", "basic_auth_username": "desk", "basic_auth_password": "pw"}
    await receiver.trigger({"article.action": {"operator": "is", "value": "create"}}, hook=secret, name="Ümlaut ok")
    ticket = await desk.ticket(harvest_project="4001")
    created = await receiver.next()
    assert created.data["article"]["body"] == "Hello"
    await desk.call("PUT", f"tickets/{ticket['id']}", {"article": {"body": "An answer", "internal": True}}, ADA)
    call = await receiver.next()
    assert call.headers["Content-Type"] == "application/json; charset=utf-8"
    assert call.headers["User-Agent"] == "Zammad User Agent"
    assert call.headers["X-Zammad-Trigger"] == "?mlaut ok"
    assert call.headers["Authorization"].startswith("Basic ")
    digest = hmac.new(b"geheim", call.raw, hashlib.sha1).hexdigest()
    assert call.headers["X-Hub-Signature"] == f"sha1={digest}"
    assert call.headers["X-Zammad-Delivery"] != created.headers["X-Zammad-Delivery"]
    sent, article = call.data["ticket"], call.data["article"]
    assert (sent["id"], sent["state"], sent["harvest_project"]) == (ticket["id"], "new", "4001")
    assert (sent["group"]["name"], sent["priority"]["name"]) == ("Support", "2 normal")
    assert (sent["customer"]["login"], sent["updated_by"]["login"]) == ("acorn@example.com", "ada@example.com")
    assert sent["organization"]["name"] == "Acorn Bakery"
    assert (article["body"], article["internal"], article["accounted_time"]) == ("An answer", True, 0)
    assert article["created_by"]["id"] == 3
    assert not {"password", "preferences", "groups", "group_ids"} & set(article["created_by"])


async def test_no_token_no_signature_and_no_article_no_words(desk: Helpdesk, receiver: Receiver) -> None:
    await receiver.trigger(ON_UPDATE)
    ticket = await desk.ticket()
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "Other"}, ADA)
    call = await receiver.next()
    assert "X-Hub-Signature" not in call.headers
    assert "Authorization" not in call.headers
    assert call.data["article"] == {}
    assert call.data["ticket"]["title"] == "Other"
    # Nothing changed: nothing to tell.
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "Other"}, ADA)
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "Third"}, ADA)
    assert (await receiver.next()).data["ticket"]["title"] == "Third"
    assert receiver.calls.empty()


async def test_failures_are_tried_again_under_the_same_id_with_the_state_of_then(
    desk: Helpdesk, receiver: Receiver
) -> None:
    receiver.answers = [302, 500, 404, 200]
    await receiver.trigger({"ticket.priority_id": {"operator": "has changed"}})
    ticket = await desk.ticket()
    path = f"tickets/{ticket['id']}"
    await desk.call("PUT", path, {"priority_id": 3}, ADA)
    seen, titles = [], []
    for attempt in (1, 2, 3):
        call = await receiver.next()
        seen.append(call.headers["X-Zammad-Delivery"])
        titles.append(call.data["ticket"]["title"])
        job = await receiver.settled(seen[0], attempt)
        assert job["state"] == "waiting"
        waits = datetime.fromisoformat(job["due_at"]) - datetime.fromisoformat(job["tried_at"])
        assert round(waits.total_seconds()) == 10 * attempt
        assert receiver.calls.empty()  # a redirect is not followed
        await desk.call("PUT", path, {"title": f"After {attempt}"}, ADA)
        await desk.call("POST", "/_sim/jobs/run")
    seen.append((await receiver.next()).headers["X-Zammad-Delivery"])
    assert len(set(seen)) == 1
    assert titles == ["New", "After 1", "After 2"]
    assert (await receiver.settled(seen[0], 4))["state"] == "done"


async def test_after_five_attempts_it_is_dropped_and_the_log_tells(desk: Helpdesk, receiver: Receiver) -> None:
    receiver.answers = [503]
    await receiver.trigger(ON_UPDATE)
    ticket = await desk.ticket()
    await desk.call("PUT", "/_sim/settings", {"webhook_wait": 0})
    try:
        await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "Other"}, ADA)
        deliveries = {(await receiver.next()).headers["X-Zammad-Delivery"] for _ in range(5)}
        job = await receiver.settled(deliveries.pop(), 5)
    finally:
        await desk.call("PUT", "/_sim/settings", {"webhook_wait": 10})
    assert not deliveries
    assert (job["state"], job["attempts"]) == ("dropped", 5)
    await desk.call("POST", "/_sim/jobs/run")
    logged = (await desk.get("http_logs/webhook?limit=5", SERVICE)).data
    assert {(one["status"], one["url"], one["direction"]) for one in logged} == {("503", f"{receiver.url}/hook", "out")}
    assert json.loads(logged[0]["request"]["content"])["ticket"]["title"] == "Other"
    assert receiver.calls.empty()
    assert (await desk.get("http_logs/webhook", ADA)).status == 403


async def test_an_address_where_nobody_answers_is_a_failure_too(desk: Helpdesk, receiver: Receiver) -> None:
    await receiver.trigger(ON_UPDATE, hook={"endpoint": "http://127.0.0.1:9/hook"})
    ticket = await desk.ticket()
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "Other"}, ADA)
    job = next(one for one in reversed((await desk.get("/_sim/jobs")).data) if one["ticket_id"] == ticket["id"])
    assert (await receiver.settled(job["id"], 1))["state"] == "waiting"
    assert (await desk.get("http_logs/webhook?limit=1", SERVICE)).data[0]["status"] == "0"


NOTE = {"article": {"body": "n", "internal": True}}
REPLY = {"article": {"body": "r", "internal": False, "type": "note"}}


@pytest.mark.parametrize(
    ("condition", "change", "fires"),
    [
        ({"ticket.action": {"operator": "is", "value": "create"}}, {"title": "x"}, False),
        ({"ticket.action": {"operator": "is not", "value": "create"}}, {"title": "x"}, True),
        ({"article.action": {"operator": "is", "value": "create"}}, {"title": "x"}, False),
        ({"article.action": {"operator": "is not", "value": "create"}}, {"title": "x"}, True),
        ({"article.internal": {"operator": "is", "value": "true"}}, NOTE, True),
        ({"article.internal": {"operator": "is", "value": "true"}}, REPLY, False),
        ({"article.internal": {"operator": "is not", "value": True}}, REPLY, True),
        ({"article.sender_id": {"operator": "is", "value": ["1"]}}, REPLY, True),
        ({"article.sender_id": {"operator": "is", "value": ["2", "3"]}}, REPLY, False),
        ({"article.sender_id": {"operator": "is", "value": ["1"]}}, {"title": "x"}, False),
        ({"ticket.budget_state": {"operator": "is", "value": ["locked"]}}, {"budget_state": "locked"}, True),
        ({"ticket.budget_state": {"operator": "is", "value": ["locked"]}}, {"budget_state": "open"}, False),
        ({"ticket.budget_state": {"operator": "is not", "value": ["locked"]}}, {"title": "x"}, True),
        ({"ticket.harvest_project": {"operator": "has changed"}}, {"harvest_project": "7"}, True),
        ({"ticket.harvest_project": {"operator": "has changed"}}, {"budget_hours": "7"}, False),
        ({"ticket.group_id": {"operator": "has changed"}}, {"title": "x"}, False),
        ({"ticket.updated_by_id": {"operator": "is not", "value": ["3"]}}, {"title": "x"}, False),
        ({"ticket.updated_by_id": {"operator": "is not", "value": [SERVICE_USER]}}, {"title": "x"}, True),
        (
            {
                "operator": "OR",
                "conditions": [
                    {"name": "article.action", "operator": "is", "value": "create"},
                    {
                        "operator": "AND",
                        "conditions": [{"name": "ticket.harvest_project", "operator": "has changed"}],
                    },
                ],
            },
            {"harvest_project": "7"},
            True,
        ),
    ],
)
async def test_conditions(
    desk: Helpdesk, receiver: Receiver, condition: dict[str, Any], change: dict[str, Any], fires: bool
) -> None:
    ticket = await desk.ticket()
    await receiver.trigger(condition)
    # Its name is the last one: what it delivers comes after whatever the other had to say.
    await receiver.trigger(ON_UPDATE, name="Zzz the end")
    await desk.call("PUT", f"tickets/{ticket['id']}", change, ADA)
    names = [(await receiver.next()).headers["X-Zammad-Trigger"]]
    if names[0] != "Zzz the end":
        names.append((await receiver.next()).headers["X-Zammad-Trigger"])
    assert (len(names) == 2) is fires


async def test_a_selective_trigger_waits_for_what_it_names_or_an_article(desk: Helpdesk, receiver: Receiver) -> None:
    condition = {**ON_UPDATE, "ticket.budget_state": {"operator": "is", "value": ["locked"]}}
    await receiver.trigger(condition, execution_condition_mode="selective")
    ticket = await desk.ticket(budget_state="locked")
    path = f"tickets/{ticket['id']}"
    await desk.call("PUT", path, {"title": "not named"}, ADA)
    await desk.call("PUT", path, {"budget_state": "open"}, SERVICE)
    await desk.call("PUT", path, {"budget_state": "locked", "title": "locked"}, SERVICE)
    assert (await receiver.next()).data["ticket"]["title"] == "locked"
    await desk.call("POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "a hole"}, ADA)
    assert (await receiver.next()).data["article"]["body"] == "a hole"


async def test_triggers_run_by_name_and_switched_off_ones_never(desk: Helpdesk, receiver: Receiver) -> None:
    for name in ("B", "C", "A"):
        await receiver.trigger(ON_UPDATE, name=f"By name {name}")
    await receiver.trigger(ON_UPDATE, name="By name 0", active=False)
    await receiver.trigger(ON_UPDATE, name="By name 1", hook={"active": False})
    ticket = await desk.ticket()
    await desk.call("PUT", f"tickets/{ticket['id']}", {"title": "x"}, ADA)
    names = [(await receiver.next()).headers["X-Zammad-Trigger"] for _ in range(3)]
    assert names == ["By name A", "By name B", "By name C"]
    jobs = [one["state"] for one in (await desk.get("/_sim/jobs")).data if one["ticket_id"] == ticket["id"]]
    assert jobs[0] == "discarded"


@pytest.mark.parametrize(
    "condition",
    [
        None,
        {},
        [],
        {"ticket.nonsense": {"operator": "is", "value": "x"}},
        {"ticket.action": {"operator": "is", "value": "delete"}},
        {"ticket.action": {"operator": "has changed"}},
        {"article.internal": {"operator": "has changed"}},
        {"article.body": {"operator": "is", "value": "x"}},
        {"article.sender_id": {"operator": "is", "value": ["Agent"]}},
        {"ticket.nonsense": {"operator": "has changed"}},
        {"ticket.title": {"operator": "sounds like", "value": "x"}},
        {"ticket.title": "x"},
        {"operator": "XOR", "conditions": [{"name": "ticket.title", "operator": "is", "value": "x"}]},
        {"operator": "AND", "conditions": []},
        {"operator": "AND", "conditions": ["ticket.title"]},
    ],
)
async def test_bad_selectors_are_refused(desk: Helpdesk, receiver: Receiver, condition: Any) -> None:
    number = await receiver.webhook()
    perform = {"notification.webhook": {"webhook_id": str(number)}}
    body = {"name": "Bad", "condition": condition, "perform": perform}
    answer = await desk.call("POST", "triggers", body, SERVICE)
    assert (answer.status, answer.data["error"]) == (422, "Invalid object selector conditions")


async def test_what_else_is_refused(desk: Helpdesk, receiver: Receiver) -> None:
    number = await receiver.trigger(ON_UPDATE, name="Only one")
    good = (await desk.get(f"triggers/{number}", SERVICE)).data
    for change in (
        {"name": "only ONE"},
        {"name": "x", "activator": "never"},
        {"name": "x", "execution_condition_mode": "sometimes"},
        {"name": "x", "perform": {}},
        {"name": "x", "perform": {"notification.webhook": {"webhook_id": "9999"}}},
    ):
        assert (await desk.call("POST", "triggers", {**good, **change}, SERVICE)).status == 422, change
    for endpoint in ("", "ftp://example.com", "https://", "http://[::1", "example.com"):
        made = await desk.call("POST", "webhooks", {"name": "x", "endpoint": endpoint}, SERVICE)
        assert made.status == 422, endpoint
    webhook = good["perform"]["notification.webhook"]["webhook_id"]
    used = await desk.call("DELETE", f"webhooks/{webhook}", None, SERVICE)
    assert used.status == 422
    assert "Trigger / Only one" in used.data["error"]
    changed = await desk.call("PUT", f"triggers/{number}", {"active": False, "unknown": "dropped"}, SERVICE)
    assert (changed.status, changed.data["active"]) == (200, False)
    assert "unknown" not in changed.data
    assert changed.data["disable_notification"] is True


async def test_only_administrators_see_and_change_them(desk: Helpdesk, receiver: Receiver) -> None:
    number = await receiver.trigger(ON_UPDATE)
    for kind in ("triggers", "webhooks"):
        assert (await desk.get(kind, ADA)).status == 403
        assert (await desk.call("POST", kind, {"name": "x"}, ADA)).status == 403
        wanted = {"name": "narrow", "permission": ["ticket.agent"]}
        narrow = (await desk.call("POST", "user_access_token", wanted, SERVICE)).data["token"]
        assert (await desk.get(kind, {"Authorization": f"Token token={narrow}"})).status == 403
    assert (await desk.call("DELETE", f"triggers/{number}", None, ADA)).status == 403


async def test_booked_time_saves_the_ticket_and_is_told(desk: Helpdesk, receiver: Receiver) -> None:
    await receiver.trigger(ON_UPDATE)
    ticket = await desk.ticket()
    await desk.call("POST", f"tickets/{ticket['id']}/time_accountings", {"time_unit": "2"}, SERVICE)
    assert (await receiver.next()).data["ticket"]["time_unit"] == "2.0"
