"""What the client makes of Harvest's replies, the odd ones above all. Sources: Harvest's API documentation and what
public clients have recorded of live replies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from aioresponses import aioresponses

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.runtime.clock import SetClock

API = "https://harvest.example.com/v2"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def client() -> AsyncIterator[HarvestClient]:
    async with aiohttp.ClientSession() as session:
        yield HarvestClient(session, API, 7, "Deskhours (tests@example.com)", "a-token", 10, SetClock(NOW))


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "id": 2_500_000_001,
        "spent_date": "2026-03-04",
        "user": {"id": 1, "name": "Ada Agent"},
        "client": {"id": 2, "name": "Acorn Bakery", "currency": "EUR"},
        "project": {"id": 3, "name": "Oven", "code": None},
        "task": {"id": 4, "name": "Support"},
        "user_assignment": None,
        "task_assignment": None,
        "external_reference": None,
        "hours": 7.1,
        "rounded_hours": 7.25,
        "notes": None,
        "is_locked": False,
        "is_billed": False,
        "is_running": False,
        "is_explicitly_locked": False,
        "billable": True,
        "budgeted": True,
        "created_at": "2026-03-04T10:00:00Z",
        "updated_at": "2026-03-04T10:00:00Z",
        **changes,
    }


NEW = wire.NewTimeEntry(project_id=3, task_id=4, spent_date=date(2026, 3, 4), hours=Decimal("0.50"), notes="é")


async def test_a_request_carries_what_harvest_demands(client: HarvestClient) -> None:
    with aioresponses() as mocked:
        mocked.post(f"{API}/time_entries", status=201, payload=entry())
        await client.create_time_entry(NEW)
        [[call]] = mocked.requests.values()
    headers = call.kwargs["headers"]
    assert headers["Authorization"] == "Bearer a-token"
    assert headers["Harvest-Account-Id"] == "7"
    assert headers["User-Agent"] == "Deskhours (tests@example.com)"
    assert headers["Content-Type"] == "application/json"
    assert b'"hours":0.50' in call.kwargs["data"]  # a JSON number, and exact
    assert not call.kwargs["allow_redirects"]  # a token must not follow one


async def test_hours_are_exact_and_unknown_fields_are_ignored(client: HarvestClient) -> None:
    with aioresponses() as mocked:
        mocked.get(f"{API}/time_entries/1", payload=entry(something_new={"a": 1}))
        found = await client.time_entry(1)
    assert (found.hours, found.rounded_hours) == (Decimal("7.1"), Decimal("7.25"))


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "words"),
    [
        (401, '{"error":"invalid_token","error_description":"gone"}', {}, core.Unauthorized, "gone"),
        (403, '{"message":"You are not authorized"}', {}, core.Denied, "not authorized"),
        (404, '{"status":404,"error":"Not Found"}', {}, core.Missing, "Not Found"),
        (422, '{"message":"Hours is too large"}', {}, core.Refused, "Hours is too large"),
        (400, "", {}, core.Refused, "400"),
        (429, "Slow down", {"Retry-After": "12"}, core.Throttled, "429"),
        (500, "<html>oops</html>", {}, core.Faulty, "500"),
        (503, "", {}, core.Faulty, "503"),
        (302, "", {"Location": "https://elsewhere.example.com"}, core.Faulty, "302"),
        (201, "not json", {}, core.Faulty, "can't be read"),
        (201, '{"id": "x"}', {}, core.Faulty, "can't be read"),
        (201, "[]", {}, core.Faulty, "can't be read"),
    ],
)
async def test_each_reply_has_its_meaning(
    client: HarvestClient, status: int, body: str, headers: dict[str, str], error: type[Exception], words: str
) -> None:
    with aioresponses() as mocked:
        mocked.post(f"{API}/time_entries", status=status, body=body, headers=headers)
        with pytest.raises(error, match=words):
            await client.create_time_entry(NEW)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (TimeoutError(), core.NoAnswer),
        (aiohttp.ServerDisconnectedError(), core.NoAnswer),
        (aiohttp.ClientPayloadError(), core.NoAnswer),
        (ConnectionResetError(), core.NoAnswer),
    ],
)
async def test_a_broken_call_is_of_unknown_outcome(
    client: HarvestClient, fault: Exception, error: type[Exception]
) -> None:
    with aioresponses() as mocked:
        mocked.post(f"{API}/time_entries", exception=fault)
        with pytest.raises(error):
            await client.create_time_entry(NEW)


async def test_a_connection_that_was_never_made_is_of_known_outcome(unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as session:
        client = HarvestClient(session, f"http://127.0.0.1:{unused_tcp_port}/v2", 7, "x", "t", 10, SetClock(NOW))
        with pytest.raises(core.NotReached) as told:
            await client.create_time_entry(NEW)
    assert str(told.value) == "Harvest can't be reached"  # what people read holds no address
    assert str(unused_tcp_port) in told.value.detail


async def test_pages_are_followed_by_their_links_and_only_within_the_api(client: HarvestClient) -> None:
    first = {"time_entries": [entry(id=1)], "links": {"next": f"{API}/time_entries?cursor=abc"}, "page": None}
    second = {"time_entries": [entry(id=2)], "links": {"next": "https://evil.example.com/v2/time_entries"}}
    with aioresponses() as mocked:
        mocked.get(f"{API}/time_entries?from=2026-03-01&user_id=1", payload=first)
        mocked.get(f"{API}/time_entries?cursor=abc", payload=second)
        pages = client.time_entries(user_id=1, from_=date(2026, 3, 1))
        assert [(await anext(pages)).time_entries[0].id for _ in range(2)] == [1, 2]
        with pytest.raises(core.Faulty, match="another address"):
            await anext(pages)


async def test_lists_are_asked_for_what_changed_and_read_page_by_page(client: HarvestClient) -> None:
    since = datetime(2026, 3, 4, 11, 58, tzinfo=UTC)
    item = {"id": 5, "name": "Support", "updated_at": "2026-03-04T11:59:00Z", "is_default": True, "new": 1}
    following = f"{API}/tasks?cursor=abc"
    with aioresponses() as mocked:
        mocked.get(
            f"{API}/tasks?updated_since=2026-03-04T11:58:00Z", payload={"tasks": [], "links": {"next": following}}
        )
        mocked.get(following, payload={"tasks": [item], "links": {"next": None}})
        pages = [page async for page in client.tasks(since)]
    assert [[task.id for task in page] for page in pages] == [[], [5]]


async def test_rates_are_exact_and_the_first_has_no_beginning(client: HarvestClient) -> None:
    rates = [{"id": 1, "amount": 40.1, "start_date": None}, {"id": 2, "amount": 45, "start_date": "2026-01-01"}]
    with aioresponses() as mocked:
        mocked.get(f"{API}/users/1/cost_rates", payload={"cost_rates": rates, "links": {"next": None}})
        found = await client.cost_rates(1)
    assert [(rate.amount, rate.start_date) for rate in found] == [(Decimal("40.1"), None), (45, date(2026, 1, 1))]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("12", 12),
        ("0", 0),
        ("Wed, 04 Mar 2026 12:00:30 GMT", 30),
        ("Wed, 04 Mar 2026 11:00:00 GMT", 0),
        ("", 15),
        ("soon", 15),
        ("-5", 15),
        ("99999999", 3600),
        ("Fri, 04 Mar 2050 12:00:00 GMT", 3600),
    ],
)
def test_retry_after_is_a_number_or_a_date(value: str, seconds: float) -> None:
    assert core.retry_after(value, NOW) == seconds


async def test_numbers_sent_as_text_are_numbers(client: HarvestClient) -> None:
    with aioresponses() as mocked:
        mocked.get(f"{API}/time_entries/1", payload=entry(hours="7.10", rounded_hours="7.25", id="2500000001"))
        found = await client.time_entry(1)
    assert (found.id, found.hours, found.rounded_hours) == (2_500_000_001, Decimal("7.10"), Decimal("7.25"))
