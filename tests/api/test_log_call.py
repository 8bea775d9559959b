"""The log call, as a program makes it: `PUT /api/v1/logs/{uuid}`."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.signin import Api
from tests.support.world import ADA, BO, DEVELOPMENT, SUPPORT, World, today, until


def body(ticket: int, **changes: Any) -> dict[str, Any]:
    return {
        "ticket_id": ticket,
        "confirm": "now",
        "hours": "0.5",
        "task_id": SUPPORT,
        "spent_date": today(),
        "notes": "Phone call",
        **changes,
    }


async def ready(api: Api, ticket: int) -> None:
    """Wait until the ticket's project and the caller's assignment are known."""

    async def log_of_impossible_hours() -> list[str]:
        status, answer = await api.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(ticket, hours="99"))
        assert status == 422, answer
        if "ticket_id" in answer["error"]["fields"]:
            await api.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return sorted(answer["error"]["fields"])

    await until(log_of_impossible_hours, lambda fields: fields == ["hours"], seconds=30)


async def test_a_log_without_an_article_becomes_one_entry(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    log = uuid.uuid4()
    status, answer = await ada.call("PUT", f"/api/v1/logs/{log}", body(ticket, notes="Call <b>&amp;</b> é"))
    assert status == 201, answer
    assert answer["state"] == "queued"

    async def read() -> dict[str, Any]:
        return (await ada.call("GET", f"/api/v1/logs/{log}"))[1]

    logged = await until(read, lambda found: found["state"] == "logged")
    [entry] = await world.entries(ticket)
    assert entry["id"] == logged["entry_id"]
    assert (entry["hours"], entry["notes"], entry["spent_date"]) == (0.5, "Call <b>&amp;</b> é", today())
    assert (entry["user"]["id"], entry["project"]["id"], entry["task"]["id"]) == (ADA, project, SUPPORT)
    assert str(log) in entry["external_reference"]["permalink"]
    assert not entry["is_running"]


async def test_the_same_uuid_again_and_at_once_is_one_entry(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    answers = await asyncio.gather(*(ada.call("PUT", path, body(ticket)) for _ in range(10)))
    assert sorted({status for status, _answer in answers}) in ([200, 201], [201])
    assert [status for status, _answer in answers].count(201) == 1
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    assert (await ada.call("PUT", path, body(ticket)))[0] == 200
    status, otherwise = await ada.call("PUT", path, body(ticket, hours="2"))
    assert (status, otherwise["error"]["code"]) == (409, "recorded_otherwise")
    assert len(await world.entries(ticket)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hours": 0}, "hours"),
        ({"hours": -1}, "hours"),
        ({"hours": 0.1}, "hours"),
        ({"hours": "abc"}, "hours"),
        ({"hours": 25}, "hours"),
        ({"hours": None}, "hours"),
        ({"hours": True}, "hours"),
        ({"hours": [1]}, "hours"),
        ({"task_id": 999}, "task_id"),
        ({"task_id": ""}, "task_id"),
        ({"spent_date": "2999-01-01"}, "spent_date"),
        ({"spent_date": (datetime.now(UTC) + timedelta(days=1)).date().isoformat()}, "spent_date"),
        ({"spent_date": "soon"}, "spent_date"),
        ({"confirm": "maybe"}, "confirm"),
        ({"confirm": "article"}, "after_article_id"),
        ({"ticket_id": 6}, "ticket_id"),
        ({"ticket_id": -1}, "ticket_id"),
        ({"ticket_id": "one"}, "ticket_id"),
        ({"notes": "x" * 6000}, "notes"),
        ({"notes": {"a": 1}}, "notes"),
        ({"ticket_id": True}, "ticket_id"),
        ({"project_id": 4002}, "project_id"),
    ],
)
async def test_bad_values_are_refused_by_field_and_leave_nothing(
    ada: Api, world: World, changes: dict[str, Any], field: str
) -> None:
    await ready(ada, 1)
    before = await world.entries(1)
    log = uuid.uuid4()
    status, answer = await ada.call("PUT", f"/api/v1/logs/{log}", body(1, **changes))
    assert status == 422
    assert field in answer["error"]["fields"], answer
    assert all(answer["error"]["fields"].values())
    assert (await ada.call("GET", f"/api/v1/logs/{log}"))[0] == 404
    assert await world.entries(1) == before


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"ticket_id": 1e999}', b'"x"'])
async def test_a_body_that_is_no_log_is_refused(ada: Api, raw: bytes) -> None:
    status, answer = await ada.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", raw, **{"Content-Type": "application/json"})
    assert status in (400, 422)
    assert answer["error"]["message"]
    assert answer["error"]["request_id"]


async def test_characters_that_cannot_be_stored_do_no_harm(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    status, answer = await ada.call("PUT", path, body(ticket, notes="a\x00b\x1f\u2028c"))
    assert (status, answer["notes"]) == (201, "ab\u2028c")
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")


async def test_a_project_that_is_not_the_agents_is_refused(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(BO)
    await ada.call("GET", f"/api/v1/tickets/{ticket}/panel", Accept="text/html")
    status, answer = await ada.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(ticket))
    assert status == 422
    assert "ticket_id" in answer["error"]["fields"]
    assert await world.entries(ticket) == []


async def test_an_article_of_the_agent_confirms_and_only_one_above_the_last_known(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    first = (await world.helpdesk("GET", f"/ticket_articles/by_ticket/{ticket}"))[-1]["id"]
    # The service user's article is above the last known one, but it isn't ada's.
    await world.helpdesk("POST", "/ticket_articles", {"ticket_id": ticket, "body": "not ada's", "type": "note"})
    path = f"/api/v1/logs/{uuid.uuid4()}"
    wish = body(ticket, confirm="article", after_article_id=first, task_id=DEVELOPMENT)
    status, answer = await ada.call("PUT", path, wish)
    assert (status, answer["state"]) == (201, "armed")
    assert (await ada.call("POST", f"{path}/confirm"))[1]["state"] == "armed"
    assert await world.entries(ticket) == []


async def test_arming_again_replaces_the_unconfirmed_log(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    first, second = (f"/api/v1/logs/{uuid.uuid4()}" for _ in range(2))
    wish = body(ticket, confirm="article", after_article_id=0)
    assert (await ada.call("PUT", first, wish))[0] == 201
    assert (await ada.call("PUT", second, {**wish, "hours": "1"}))[0] == 201
    assert (await ada.call("GET", first))[1]["state"] == "discarded"
    assert (await ada.call("GET", second))[1]["state"] == "armed"


async def test_logging_now_leaves_a_log_alone_that_waits_for_its_article(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    waits, call = (f"/api/v1/logs/{uuid.uuid4()}" for _ in range(2))
    assert (await ada.call("PUT", waits, body(ticket, confirm="article", after_article_id=0)))[0] == 201
    assert (await ada.call("PUT", call, body(ticket, hours="1")))[0] == 201
    await until(lambda: ada.call("GET", call), lambda found: found[1]["state"] == "logged")
    assert (await ada.call("GET", waits))[1]["state"] == "armed"


async def test_a_wish_repeated_after_it_was_recorded_is_not_judged_anew(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket))
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    await world.harvest("PATCH", f"/v2/projects/{project}", {"is_active": False})

    async def another() -> int:
        await ada.call("POST", f"/api/v1/tickets/{ticket}/refresh")
        return (await ada.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(ticket, hours="99")))[1]["error"]["fields"]

    await until(another, lambda fields: "ticket_id" in fields, seconds=30)  # the archiving is known
    status, again = await ada.call("PUT", path, body(ticket))
    assert (status, again["state"]) == (200, "logged")
    assert len(await world.entries(ticket)) == 1


async def test_undo_takes_the_entry_out_of_harvest(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket))
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    assert (await ada.call("POST", f"{path}/undo"))[1]["state"] == "undoing"
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "undone")
    assert await world.entries(ticket) == []
    assert (await ada.call("POST", f"{path}/undo"))[0] == 409


async def test_the_ticket_shows_what_was_logged(ada: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket, hours="9:30"))
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    answer = await until(
        lambda: ada.get(f"/api/v1/tickets/{ticket}/panel"), lambda found: found.json["band"] == "orange"
    )
    assert answer.json["details"]["budget"] == {
        "used_hours": "9.50",
        "running_hours": "0.00",
        "budget_hours": "10.00",
        "quoted_hours": None,
        "utilization_percent": 95,
        "ends_on": None,
        "constraints": [{"source": "ticket", "used": "9.50", "limit": "10.00", "band": "orange"}],
    }


@pytest.mark.parametrize(
    ("ticket", "band", "used"),
    [(2, "yellow", "8.00"), (3, "orange", "3.75"), (4, "red", "10.50"), (5, "none", "2.25")],
)
async def test_the_demos_tickets_have_a_history_that_adds_up(ada: Api, ticket: int, band: str, used: str) -> None:
    status, panel = await ada.call("GET", f"/api/v1/tickets/{ticket}/panel")
    assert (status, panel["band"]) == (200, band)
    assert panel["details"]["budget"]["used_hours"] == used


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "status"])
async def test_a_call_to_harvest_of_unknown_outcome_ends_in_one_entry(ada: Api, world: World, kind: str) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    await world.fault("POST /v2/time_entries", kind, status=500)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket))
    waiting = await until(lambda: ada.call("GET", path), lambda found: bool(found[1]["problem"]))
    assert waiting[1]["state"] == "queued"
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged", seconds=40)
    assert len(await world.entries(ticket)) == 1


async def test_what_harvest_refuses_waits_for_a_person_and_can_be_tried_again(ada: Api, world: World) -> None:
    ticket, project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    await world.harvest("PATCH", f"/v2/projects/{project}", {"is_active": False})
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket))
    refused = await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "attention")
    assert "Harvest refused this" in refused[1]["problem"]
    await world.harvest("PATCH", f"/v2/projects/{project}", {"is_active": True})
    assert (await ada.call("POST", f"{path}/retry"))[1]["state"] == "queued"
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    assert len(await world.entries(ticket)) == 1
