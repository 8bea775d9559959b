"""What the helpdesk says of tickets: its webhook, the poll, and entries that come to tickets by themselves."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from typing import Any

import aiohttp
import pytest

from tests.api.test_locks import MINUTE, notes, read, ticket_with, used, worked
from tests.support.demo import Demo
from tests.support.signin import Api
from tests.support.world import ADA, BO, World, until


def secret(demo: Demo) -> bytes:
    return (demo.data / "secrets" / "webhook_secret").read_text().strip().encode()


async def call(demo: Demo, body: bytes, **headers: str) -> int:
    """A call of our webhook; signed unless told otherwise."""
    signature = "sha1=" + hmac.new(secret(demo), body, hashlib.sha1).hexdigest()
    given = {"X-Hub-Signature": signature, "X-Zammad-Delivery": str(uuid.uuid4()), **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{demo.url}/hooks/helpdesk", data=body, headers=given) as response,
    ):
        return response.status


def payload(ticket: Any) -> bytes:
    return json.dumps({"ticket": {"id": ticket, "budget_hours": "99999"}, "article": {}}).encode()


class TestWebhook:
    async def test_the_helpdesks_own_calls_arrive(self, demo: Demo, world: World) -> None:
        """A change reaches us by webhook well before the poll."""
        await world.helpdesk_as("ada@example.com", "PUT", "/tickets/6", {"title": f"Opening hours {uuid.uuid4()}"})

        async def sent() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = await world.helpdesk("GET", "/http_logs/webhook")
            return [one for one in found if one["url"].endswith("/hooks/helpdesk")]

        log = await until(sent, bool, MINUTE)
        assert log[0]["status"] in ("204", "success", 204) or log[0]["response"]["code"] in (204, "204")

    @pytest.mark.parametrize("signature", ["", "sha1=", "sha1=" + "0" * 40, "sha256=abc", "sha1=é"])
    async def test_a_wrong_signature_is_refused(self, demo: Demo, signature: str) -> None:
        assert await call(demo, payload(1), **{"X-Hub-Signature": signature.encode().decode("latin-1")}) == 401

    async def test_a_signature_of_other_bytes_is_refused(self, demo: Demo) -> None:
        signature = "sha1=" + hmac.new(secret(demo), payload(1), hashlib.sha1).hexdigest()
        assert await call(demo, payload(1) + b" ", **{"X-Hub-Signature": signature}) == 401

    async def test_what_a_payload_says_of_the_ticket_is_not_believed(self, demo: Demo, world: World, ada: Api) -> None:
        ticket, _project = await ticket_with(world, ada, 1, budget_hours="10")
        delivery = {"X-Zammad-Delivery": str(uuid.uuid4())}
        for _again in range(3):
            assert await call(demo, payload(ticket), **delivery) == 204
        panel = (await ada.get(f"/api/v1/tickets/{ticket}/panel")).json
        assert panel["details"]["budget"]["budget_hours"] == "10.00"

    async def test_a_ticket_that_is_none_has_no_effect(self, demo: Demo, ada: Api) -> None:
        assert await call(demo, payload(99_999_999)) == 204
        assert (await ada.get("/api/v1/tickets/99999999/panel")).status == 404

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"ticket": 5}', b'{"ticket": {"id": "x"}}', b'{"ticket": {"id": true}}', b"\xff"]
    )
    async def test_what_can_not_be_read_is_refused(self, demo: Demo, body: bytes) -> None:
        assert await call(demo, body) == 422

    async def test_a_payload_with_a_long_article_is_taken(self, demo: Demo) -> None:
        body = json.dumps({"ticket": {"id": 1}, "article": {"body": "x" * 1_500_000}}).encode()
        assert await call(demo, body) == 204


class TestEntries:
    async def test_hours_from_harvests_own_app_come_and_go_by_themselves(self, world: World, ada: Api) -> None:
        ticket, project = await ticket_with(world, ada, 1, budget_hours="10")
        entry = await worked(world, project, 0.75)
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "1.75", MINUTE)
        await world.harvest("PATCH", f"/v2/time_entries/{entry}", {"hours": 2})
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "3.00", MINUTE)
        await world.harvest("DELETE", f"/v2/time_entries/{entry}")
        await ada.post(f"/api/v1/tickets/{ticket}/refresh")  # compares with Harvest: a deletion leaves no trace
        await until(lambda: used(ada, ticket), lambda shown: shown == "1.00", MINUTE)

    async def test_notes_that_carry_the_tickets_number_name_it(self, world: World, ada: Api) -> None:
        ticket, _project = await ticket_with(world, ada, 1, budget_hours="10")
        number = (await world.helpdesk("GET", f"/tickets/{ticket}"))["number"]
        other = await world.project(ADA, BO)
        await worked(world, other, 0.5, notes=f"Call about #{number}")
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "1.50", MINUTE)

    async def test_a_second_ticket_gets_only_what_names_it_and_says_so(self, world: World, ada: Api) -> None:
        _first, project = await ticket_with(world, ada, 1, budget_hours="10")
        second = await world.ticket(harvest_project=str(project), budget_hours="10")
        await until(lambda: used(ada, second), lambda shown: shown == "0.00", MINUTE)
        panel = await ada.get(f"/api/v1/tickets/{second}/panel", html=True)
        assert "Another ticket named this project first" in panel.text

    async def test_a_wrong_project_corrected(self, world: World, ada: Api) -> None:
        """The seed's "Ticket shows wrong project", without the cleaning up by hand."""
        ticket, wrong = await ticket_with(world, ada, 2, budget_hours="10")
        host = world.demo.helpdesk.removeprefix("http://")
        reference = {"id": f"{host}:{ticket}", "group_id": "1", "permalink": f"{world.demo.helpdesk}/"}
        named = await worked(world, wrong, 1, external_reference=reference)
        right = await world.project(ADA)
        await worked(world, right, 0.5)
        await read(ada)
        await until(lambda: used(ada, ticket), lambda shown: shown == "3.00", MINUTE)
        await world.helpdesk_as("ada@example.com", "PUT", f"/tickets/{ticket}", {"harvest_project": str(right)})
        await until(lambda: used(ada, ticket), lambda shown: shown == "1.50", MINUTE)
        told = await until(lambda: notes(world, ticket, "project was changed"), bool, MINUTE)
        assert "1 entries (2.00 h) no longer count here, 1 entries (0.50 h) do now" in told[0]["body"]
        panel = await ada.get(f"/api/v1/tickets/{ticket}/panel", html=True)
        path = next(part for part in panel.text.split('"') if part.startswith("/api/v1/link-changes/"))
        assert path.endswith("/move")
        assert (await ada.post(path)).status == 200
        await until(
            lambda: world.harvest("GET", f"/v2/time_entries/{named}"),
            lambda entry: entry["project"]["id"] == right,
            MINUTE,
        )
        assert (await ada.post(path)).status == 409, "answered before"
        assert await used(ada, ticket) == "1.50"

    async def test_assign_here(self, world: World, ada: Api) -> None:
        first, project = await ticket_with(world, ada, 1, budget_hours="10")
        await world.helpdesk_as("ada@example.com", "PUT", f"/tickets/{first}", {"harvest_project": ""})
        await until(lambda: used_or_none(ada, first), lambda shown: shown is None, MINUTE)
        other = await world.ticket(harvest_project=str(await world.project(ADA)), budget_hours="5")
        entry = await worked(world, project, 0.25)
        answer = await ada.post(f"/api/v1/tickets/{other}/entries/{entry}")
        assert answer.status in (404, 409), "an entry of another project"
        assert (await ada.post(f"/api/v1/tickets/{other}/entries/1")).status == 404


async def used_or_none(api: Api, ticket: int) -> str | None:
    budget = (await api.get(f"/api/v1/tickets/{ticket}/panel")).json["details"].get("budget")
    return None if budget is None or budget["used_hours"] == "0.00" else str(budget["used_hours"])
