"""Nothing a caller sends makes an error of our own: always 4xx with the documented body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.typedefs import Handler

from plugin_server.demo.helpdesk import events
from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.settings import Settings
from tests.demo_helpdesk.client import ADA, SERVICE, Helpdesk

HUGE = "9" * 40
DEEP: Any = "x"
for _ in range(200):
    DEEP = [DEEP]

VALUES: list[Any] = [None, True, -1, 0, 1.5, 10**30, "", "\0", "x\0y", HUGE, "ä" * 5000, [], [[]], {}, {"a": {"b": 1}}]


@pytest.mark.parametrize("number", ["0", "-1", HUGE, "abc", "1abc", "%00", "1%00", "%ff", "..%2f1", "1.5", "١"])
async def test_ids_in_addresses(desk: Helpdesk, number: str) -> None:
    for path in ("tickets", "users", "ticket_articles", "organizations", "groups", "ticket_articles/by_ticket"):
        answer = await desk.get(f"/api/v1/{path}/{number}", SERVICE)
        assert answer.status == 404, (path, answer)
        assert answer.data["error"]


@pytest.mark.parametrize(
    "name",
    [
        "title",
        "group",
        "group_id",
        "owner_id",
        "state",
        "state_id",
        "preferences",
        "pending_time",
        "article",
        "harvest_project",
        "budget_utilization",
        "budget_state",
        "note",
        "customer_id",
        "priority_id",
    ],
)
async def test_values_of_tickets(desk: Helpdesk, name: str) -> None:
    ticket = await desk.ticket()
    for value in VALUES:
        answer = await desk.call("PUT", f"tickets/{ticket['id']}", {name: value}, SERVICE)
        assert answer.status in (200, 422), (name, value, answer)
        if answer.status != 200:
            assert answer.data["error"]


@pytest.mark.parametrize("name", ["body", "type", "type_id", "internal", "to", "sender", "content_type", "ticket_id"])
async def test_values_of_articles(desk: Helpdesk, name: str) -> None:
    for value in VALUES:
        article = {"ticket_id": 6, "body": "x", "type": "email", "to": "a@example.com", name: value}
        answer = await desk.call("POST", "ticket_articles", article, SERVICE)
        assert answer.status in (201, 404, 422), (name, value, answer)


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("macros", ["name", "perform", "ux_flow_next_up", "group_ids", "note", "active"]),
        ("triggers", ["name", "condition", "perform", "activator", "execution_condition_mode", "note"]),
        ("webhooks", ["name", "endpoint", "signature_token", "basic_auth_username", "preferences", "ssl_verify"]),
        ("webhooks", ["customized_payload", "custom_payload"]),
        ("core_workflows", ["name", "object", "preferences", "condition_saved", "perform", "priority", "active"]),
        ("time_accounting/types", ["name", "note", "active"]),
        ("tickets/6/time_accountings", ["time_unit", "type_id", "ticket_article_id"]),
        ("time_accountings", ["ticket_id", "time_unit", "accounted_time_type"]),
    ],
)
async def test_values_of_administrators_records(desk: Helpdesk, path: str, names: list[str]) -> None:
    good: dict[str, Any] = {"name": "x", "endpoint": "http://127.0.0.1:9/", "time_unit": 1, "ticket_id": 6}
    for name in names:
        for value in VALUES:
            answer = await desk.call("POST", path, {**good, name: value}, SERVICE)
            assert answer.status in (201, 404, 422), (name, value, answer)
            if answer.status == 201:
                # Types stay; the others leave nothing behind that later tests would meet.
                await desk.call("DELETE", f"{path}/{answer.data['id']}", None, SERVICE)


@pytest.mark.parametrize(
    ("method", "path", "good", "names"),
    [
        ("POST", "roles", {}, ["name", "note", "permissions", "permission_ids", "group_ids", "groups"]),
        ("PUT", "roles/4", {}, ["note", "permissions", "permission_ids", "groups"]),
        (
            "POST",
            "object_manager_attributes",
            {"object": "Ticket", "name": "hostile", "data_type": "input", "data_option": {"type": "text"}},
            ["object", "name", "display", "data_option", "screens", "position", "active"],
        ),
        ("PUT", "object_manager_attributes/1", {"object": "Ticket", "data_type": "select"}, ["name", "data_option"]),
        (
            "POST",
            "core_workflows/perform",
            {"class_name": "Ticket", "screen": "edit"},
            ["class_name", "screen", "params"],
        ),
        ("POST", "mentions", {"mentionable_type": "Ticket"}, ["mentionable_type", "mentionable_id"]),
        ("POST", "tickets/mass_update", {"ticket_ids": [6]}, ["ticket_ids", "attributes", "article"]),
        ("POST", "tickets/mass_macro", {"ticket_ids": [6]}, ["ticket_ids", "macro_id"]),
        (
            "POST",
            "links/add",
            {"link_object_source": "Ticket", "link_object_target": "Ticket", "link_object_source_number": "10006"},
            ["link_type", "link_object_source", "link_object_source_number", "link_object_target_value"],
        ),
        ("DELETE", "links/remove", {"link_object_target": "Ticket"}, ["link_type", "link_object_target_value"]),
        ("PUT", "online_notifications/mark_all_as_read", {}, ["seen"]),
    ],
)
async def test_values_of_what_a_lock_needs(
    desk: Helpdesk, method: str, path: str, good: dict[str, Any], names: list[str]
) -> None:
    for name in names:
        for value in VALUES:
            answer = await desk.call(method, path, {**good, name: value}, SERVICE)
            assert answer.status in (200, 201, 403, 404, 422), (name, value, answer)


async def test_values_inside_the_form_that_workflows_look_at(desk: Helpdesk) -> None:
    for name in ("id", "customer_id", "group_id", "owner_id", "state_id", "budget_state", "article", "title"):
        for value in VALUES:
            payload = {"class_name": "Ticket", "screen": "edit", "params": {name: value}}
            answer = await desk.call("POST", "core_workflows/perform", payload, ADA)
            assert answer.status in (200, 422), (name, value, answer)


async def test_parts_of_rules(desk: Helpdesk) -> None:
    for value in VALUES:
        for path, body in (
            ("core_workflows", {"perform": {"ticket.title": {"operator": "set_fixed_to", "set_fixed_to": value}}}),
            ("core_workflows", {"perform": {"ticket.title": {"operator": value}}}),
            ("core_workflows", {"condition_saved": {"ticket.title": {"operator": "is", "value": value}}}),
            ("core_workflows", {"condition_saved": {"ticket.title": {"operator": value}}}),
            ("core_workflows", {"preferences": {"screen": value}}),
            ("triggers", {"perform": {"ticket.title": {"value": value}}}),
            ("triggers", {"perform": {"ticket.subscribe": {"pre_condition": "specific", "value": value}}}),
            ("triggers", {"perform": {"notification.email": {"recipient": value, "body": "x"}}}),
        ):
            condition = {"ticket.title": {"operator": "is", "value": "nothing is called that"}}
            answer = await desk.call("POST", path, {"name": "part", "condition": condition, **body}, SERVICE)
            assert answer.status in (201, 422), (body, answer)
            if answer.status == 201:
                again = await desk.call("PUT", "tickets/6", {"note": "seen"}, SERVICE)
                await desk.call("DELETE", f"{path}/{answer.data['id']}", None, SERVICE)
                assert again.status in (200, 422), (body, again)


async def test_values_of_settings_and_faults(desk: Helpdesk) -> None:
    for value in VALUES:
        for number in (102, 103, 106):
            answer = await desk.call("PUT", f"settings/{number}", {"state_current": {"value": value}}, SERVICE)
            assert answer.status in (200, 422), (number, value, answer)
        for name in ("match", "kind", "times", "status", "seconds"):
            body = {"match": "GET /nowhere", "kind": "status", name: value}
            assert (await desk.call("POST", "/_sim/faults", body)).status in (201, 422), (name, value)
    await desk.call("DELETE", "/_sim/faults")
    for name, value in (
        ("time_accounting_selector", {}),
        ("time_accounting_unit", ""),
        ("ticket_secondary_action", "stayOnTab"),
    ):
        await desk.set(name, value)


@pytest.mark.parametrize("name", ["query", "condition", "ids", "page", "per_page", "sort_by", "order_by", "role_ids"])
async def test_values_of_searches(desk: Helpdesk, name: str) -> None:
    for path in ("tickets/search", "users/search"):
        for value in VALUES:
            answer = await desk.call("POST", path, {name: value}, SERVICE)
            assert answer.status in (200, 422), (path, name, value, answer)


@pytest.mark.parametrize("name", ["email", "login", "group_ids", "role_ids", "roles", "password", "organization_id"])
async def test_values_of_users(desk: Helpdesk, name: str) -> None:
    user, _ = await desk.agent({"1": ["full"]})
    for value in VALUES:
        answer = await desk.call("PUT", f"users/{user['id']}", {name: value}, SERVICE)
        assert answer.status in (200, 422), (name, value, answer)


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"title": NaN}', 400),
        (b'{"title": "\\ud800"}', 400),
        (b'{"title": ' + b"9" * 5000 + b"}", 400),
        (b"[" * 20000, 400),
        (b'{"article": ' + b"[" * 200 + b"]" * 200 + b"}", 400),
        (b"[1, 2]", 200),
        (b'"text"', 200),
    ],
)
async def test_bodies(desk: Helpdesk, raw: bytes, status: int) -> None:
    url = f"{desk.url}/api/v1/tickets/6"
    async with desk.http.put(url, data=raw, headers={**ADA, "Content-Type": "application/json"}) as answer:
        assert answer.status == status
        assert (await answer.json()).keys() >= ({"error"} if status == 400 else {"id"})


async def test_other_body_types(desk: Helpdesk) -> None:
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "application/x-nonsense"):
        async with desk.http.put(
            f"{desk.url}/api/v1/tickets/6", data=b"title=%ff%00\xff", headers={**ADA, "Content-Type": kind}
        ) as answer:
            assert answer.status in (200, 400, 422)


async def raw_request(desk: Helpdesk, head: bytes) -> bytes:
    """Send bytes as they are; the first line of the answer."""
    host, port = desk.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(head + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line


@pytest.mark.parametrize(
    "header",
    [
        b"From: \xff\xfe",
        b"From: \xc3\xa4",
        b"Cookie: _zammad_session_d35c40a5e11=\xff",
        b"Accept: \xff",
        b"X-CSRF-Token: \xff",
    ],
)
async def test_bytes_in_headers(desk: Helpdesk, header: bytes) -> None:
    head = b"GET /api/v1/users/me HTTP/1.1\r\nAuthorization: Token token=demo-zammad-token\r\n" + header
    line = await raw_request(desk, head)
    assert line.split()[1] in (b"200", b"400", b"403"), line


@pytest.mark.parametrize("value", [b"Token \xff", b"Bearer \xff\xff", b"Basic \xff", b"Basic", b"Token token="])
async def test_bytes_in_credentials(desk: Helpdesk, value: bytes) -> None:
    line = await raw_request(desk, b"GET /api/v1/users/me HTTP/1.1\r\nAuthorization: " + value)
    assert line.split()[1] in (b"400", b"401", b"403"), line


async def test_unknown_routes(desk: Helpdesk) -> None:
    for method, path in (("GET", "nothing"), ("PATCH", "tickets/1"), ("DELETE", "groups/1"), ("GET", "../../x")):
        answer = await desk.call(method, path, None, SERVICE)
        assert answer.status == 404
        assert "No route matches" in str(answer.data)


async def test_body_too_large(desk: Helpdesk) -> None:
    article = {"ticket_id": 6, "body": "x" * 1_500_001}
    assert (await desk.call("POST", "ticket_articles", article, SERVICE)).status == 422


async def test_state_and_health(desk: Helpdesk) -> None:
    assert (await desk.get("/_sim/health")).data == {"ok": True}
    state = (await desk.get("/_sim/state")).data
    assert {"1", "2"} & {str(one["id"]) for one in state["tickets"]}
    assert state["articles"][0]["ticket_id"] == 1


async def test_faults_can_stand_in_front(make_database: Callable[[], str]) -> None:
    @web.middleware
    async def broken(request: web.Request, handler: Handler) -> web.StreamResponse:
        if "fault" in request.query:
            return web.Response(status=503)
        return await handler(request)

    heard: list[events.TicketSaved] = []

    async def listen(_: web.Application, event: events.TicketSaved) -> None:
        heard.append(event)

    app = await open_app(make_database(), Settings(), [broken])
    app[events.LISTENERS].append(listen)
    async with TestClient(TestServer(app)) as http:
        assert (await http.get("/api/v1/users/me?fault=1")).status == 503
        answer = await http.put("/api/v1/tickets/1", json={"title": "Other", "article": {"body": "x"}}, headers=SERVICE)
        assert answer.status == 200
    (event,) = heard
    assert (event.ticket_id, event.action, event.user_id) == (1, "update", 6)
    assert event.article_id is not None
    assert event.changes == {"title": ("Oven controller restarts at night", "Other")}
