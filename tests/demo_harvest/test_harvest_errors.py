"""Every refusal in its documented form, and no input that makes the server stumble."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_harvest.client import ADMIN, SUPPORT, Browser, Harvest


async def test_user_agent_is_required(harvest: Harvest) -> None:
    for path in ("/v2/users/me", "/api/v2/accounts"):
        reply = await harvest.call("GET", path, agent=None)
        assert (reply.status, set(reply.body)) == (400, {"message"})
    reply = await harvest.call("POST", "/api/v2/oauth2/token", data={"grant_type": "x"}, agent=None)
    assert reply.status == 400


@pytest.mark.parametrize(
    "wrong",
    [{"token": None}, {"token": "nonsense"}, {"token": ""}, {"account": None}, {"account": "2"}, {"account": "x"}],
)
async def test_token_and_account_are_required(harvest: Harvest, wrong: dict[str, Any]) -> None:
    reply = await harvest.call("GET", "/v2/users/me", **wrong)
    assert reply.status == 401
    assert set(reply.body) == {"error", "error_description"}
    assert reply.body["error"] == "invalid_token"


async def test_refresh_token_is_no_access_token(harvest: Harvest) -> None:
    pair = await harvest.exchange(await Browser(harvest).grant("bo@example.com"))
    assert (await harvest.call("GET", "/v2/users/me", token=pair.body["refresh_token"])).status == 401


async def test_credentials_may_stand_in_the_query(harvest: Harvest) -> None:
    params = {"access_token": ADMIN, "account_id": "1", "per_page": "1"}
    reply = await harvest.call("GET", "/v2/tasks", token=None, account=None, **params)
    assert reply.status == 200
    assert ADMIN not in str(reply.body["links"])


@pytest.mark.parametrize(
    "path",
    [
        "/v2/nothing",
        "/v2/time_entries/1",
        "/v2/time_entries/-1",
        "/v2/time_entries/abc",
        "/v2/time_entries/99999999999999999999999",
        "/v2/time_entries/%00",
        "/v2/time_entries/%ff",
        "/v2/time_entries/٣",
        "/v2/projects/1",
        "/v2/projects/4001/task_assignments/1",
        "/v2/clients/1",
        "/v2/tasks/1",
        "/v2/users/1",
    ],
)
async def test_not_found(harvest: Harvest, path: str) -> None:
    reply = await harvest.call("GET", path)
    assert (reply.status, set(reply.body)) == (404, {"message"})


async def test_assignment_is_not_found_under_another_project(harvest: Harvest) -> None:
    for kind in ("task_assignments", "user_assignments"):
        first = (await harvest.get(f"/v2/projects/4001/{kind}"))[kind][0]["id"]
        assert (await harvest.call("GET", f"/v2/projects/4001/{kind}/{first}")).status == 200
        assert (await harvest.call("GET", f"/v2/projects/4002/{kind}/{first}")).status == 404


@pytest.mark.parametrize(
    "raw", [b"{", b"", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"hours": 1e999999999999999999999}', b"nope"]
)
async def test_malformed_json(harvest: Harvest, raw: bytes) -> None:
    reply = await harvest.call("POST", "/v2/time_entries", data=raw, headers={"Content-Type": "application/json"})
    assert reply.status == (400 if raw else 422), reply
    assert set(reply.body) == {"message"}


@pytest.mark.parametrize("raw", [b"[]", b'"x"', b"1", b"null", b"[[[[]]]]", b"[1, {}]"])
async def test_json_that_is_no_object(harvest: Harvest, raw: bytes) -> None:
    reply = await harvest.call("POST", "/v2/time_entries", data=raw, headers={"Content-Type": "application/json"})
    assert reply.status == 422


async def test_body_of_another_type_is_not_looked_at(harvest: Harvest) -> None:
    raw = b'{"name": "A task that must not come to be"}'
    reply = await harvest.call("POST", "/v2/tasks", data=raw, headers={"Content-Type": "text/plain"})
    assert (reply.status, reply.body) == (422, {"message": "Name can't be blank"})


async def test_per_page(harvest: Harvest) -> None:
    for value in ("2001", "0", "-1", "abc", "1.5", "999999999999999999999"):
        reply = await harvest.call("GET", "/v2/time_entries", per_page=value)
        assert (reply.status, reply.body) == (422, {"message": "Invalid per_page parameter"}), value
    assert (await harvest.get("/v2/time_entries", per_page=2000))["per_page"] == 2000


HOSTILE: list[Any] = [
    None, "", " ", "\x00", "a\x00b", "\ud800", "x" * 70_000, -1, 0, 2**31, 2**63, 2**64, 10**400, -(10**30), 1.5,
    1e308, -0.001, True, False, [], [[[]]], [1], {}, {"id": {}}, {"id": [1]}, {"id": "\x00"}, "1e400", "--", "NaN",
    "0x10", "9999-99-99", "0000-00-00", "2026-02-30", "2026-1-1", "2026-05-04T00:00:00Z", "Ⅷ", "١٢٣", "'; DROP TABLE",
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "extra"),
    [
        (
            "/v2/time_entries",
            {"project_id": 0, "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1},
            ["notes", "external_reference", "user_id", "started_time"],
        ),
        (
            "/v2/projects",
            {"client_id": 0, "name": "x", "is_billable": True, "bill_by": "none", "budget_by": "none"},
            ["budget", "fee", "is_active", "notes", "starts_on"],
        ),
        ("/v2/clients", {"name": "", "currency": "EUR"}, ["address"]),
        ("/v2/tasks", {"name": ""}, ["default_hourly_rate", "is_default"]),
        (
            "/v2/users",
            {"first_name": "", "last_name": "x", "email": "x@example.com", "access_roles": ["member"]},
            ["roles", "timezone", "weekly_capacity"],
        ),
        ("/v2/projects/4001/task_assignments", {"task_id": 0}, ["hourly_rate"]),
        ("/v2/projects/4001/user_assignments", {"user_id": 0}, ["budget", "is_active"]),
    ],
)
async def test_no_value_breaks_a_create(harvest: Harvest, path: str, body: dict[str, Any], extra: list[str]) -> None:
    """The base body is refused by one field already: nothing is ever created here, whatever the rest says."""
    for name in (*body, *extra):
        for value in HOSTILE:
            if name in list(body)[:1] and isinstance(value, str) and value.strip() and "\x00" not in value:
                continue  # could be a good name
            reply = await harvest.call("POST", path, {**body, name: value})
            assert reply.status in (400, 422), (name, value, reply)


async def test_no_value_breaks_an_update(harvest: Harvest) -> None:
    project = await harvest.project()
    entry = await harvest.entry(project)
    for path, names in (
        (f"/v2/time_entries/{entry['id']}", ("hours", "notes", "spent_date", "project_id", "external_reference")),
        (f"/v2/projects/{project['id']}", ("name", "budget", "budget_by", "is_active", "client_id", "notes", "code")),
    ):
        for name in names:
            for value in HOSTILE:
                reply = await harvest.call("PATCH", path, {name: value})
                assert reply.status in (200, 400, 422), (name, value, reply)


@pytest.mark.parametrize(
    "name", ["user_id", "project_id", "is_running", "approval_status", "updated_since", "from", "to"]
)
async def test_bad_filters(harvest: Harvest, name: str) -> None:
    for value in ("abc", "\x00", "1e5", "2026-02-30", "[]", "99999999999999999999", "%"):
        reply = await harvest.call("GET", "/v2/time_entries", **{name + "_": value})
        assert (reply.status, reply.body) == (422, {"message": f"Invalid {name} parameter"}), value


async def test_raw_bytes_in_a_query(harvest: Harvest) -> None:
    for query in ("external_reference_id=%ff", "external_reference_id=%00", "cursor=%ff", "page=%ff", "%00=1"):
        reply = await harvest.call("GET", f"/v2/time_entries?{query}")
        assert reply.status in (200, 422), query


async def test_huge_page_number_is_an_empty_page(harvest: Harvest) -> None:
    body = await harvest.get("/v2/time_entries", page=10**12)
    assert body["time_entries"] == []


async def test_forms_are_read_too(harvest: Harvest) -> None:
    project = await harvest.project()
    form = {
        "project_id": str(project["id"]),
        "task_id": str(SUPPORT),
        "spent_date": "2026-05-04",
        "hours": "0.5",
        "external_reference[id]": "form:1",
        "external_reference[permalink]": "http://desk.example/1",
    }
    reply = await harvest.call("POST", "/v2/time_entries", data=form, who="ada")
    assert reply.status == 201
    assert reply.body["hours"] == 0.5
    assert (reply.body["external_reference"]["id"], reply.body["external_reference"]["service"]) == (
        "form:1",
        "desk.example",
    )
