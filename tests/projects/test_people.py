"""What people see and do: in the panel, by the API, and on the dashboard's page of clients."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plugin_server.projects import store
from plugin_server.projects.clients import store as clients_store
from plugin_server.projects.jobs import MAKE_CLIENT_JOB, MAKE_JOB
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from tests.dashboard.office import Office, offline
from tests.support.server import serving, write_manifest

PANEL, PROJECT = "/api/v1/tickets/1/panel", "/api/v1/tickets/1/project"
TEMPLATE = 50


def asked_by(who: str) -> Any:
    """A manifest in which projects are made like project 50, for whoever of them asks."""

    def change(data: dict[str, Any]) -> None:
        offline(data)
        data["projects"] = {"template_project_id": TEMPLATE, "asked_by": who, "code": "T{number}"}

    return change


class Desk(Office):
    """The dashboard's office with a ticket of Acorn without a project; people's tokens by name."""

    queue: NullQueue
    tokens: dict[str, str]

    async def fill(self) -> None:
        self.tokens = {}
        await self.person(3, "Ada")
        await self.person(4, "Reader", groups={1: ["read"]})
        await self.person(5, "Mo", "Budget PM", "Agent")
        await self.ticket(1, organisation_id=7, title="Oven <restarts>", budget=1250)
        for name, user_id in (("Ada", 3), ("Reader", 4), ("Mo", 5)):
            agent = self.agents[user_id]
            self.tokens[name] = (await self.server.sign_in(agent))["access_token"]
            await self.insert("ticket_access", {"agent_id": agent, "ticket_id": 1, "allowed_at": self.now})
        await clients_store.name_organisation(self.pool, 7, "Acorn GmbH", self.now)
        await self.client(1, "Acorn GmbH")
        await self.project(TEMPLATE, "Template")
        await self.insert("harvest_task", {"id": 1, "name": "Support", "billable_by_default": True, **self.alive})
        place = {"project_id": TEMPLATE, "billable": True, "is_active": True, "updated_at": self.now}
        await self.insert("harvest_task_assignment", {"id": 1, "task_id": 1, **place})

    @property
    def alive(self) -> dict[str, Any]:
        return {"is_default": True, "is_active": True, "updated_at": self.now}

    async def client(self, number: int, name: str, *, active: bool = True) -> None:
        row = {"id": number, "name": name, "is_active": active, "updated_at": self.now}
        await self.insert("harvest_client", row)

    async def panel(self, name: str) -> str:
        """The panel as text without tags."""
        status, text = await self.server.call("GET", PANEL, token=self.tokens[name], Accept="text/html")
        assert status == 200, text
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())

    async def api(self, name: str, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return await self.server.call(method, path, body, token=self.tokens[name])


@pytest.fixture
async def desk(request: pytest.FixtureRequest, pool: Pool, tmp_path: Path) -> AsyncIterator[Desk]:
    clock, queue = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC)), NullQueue()
    who = getattr(request, "param", "agents")
    settings = write_manifest(tmp_path, "a signing key, long enough for HS256", change=asked_by(who))
    async with serving(settings, pool, clock, queue) as server:
        desk = Desk(server)
        desk.queue = queue
        await desk.fill()
        yield desk


async def test_an_agent_sees_what_will_be_made_and_one_wish_comes_of_two_clicks(desk: Desk) -> None:
    shown = await desk.panel("Ada")
    assert "Client Acorn GmbH Name 10001 Oven <restarts> Code T10001 Budget 12.50 h Tasks Support" in shown
    status, plan = await desk.api("Ada", "GET", f"{PROJECT}/plan")
    assert (status, plan["client"], plan["budget_hours"], plan["problem"]) == (200, "Acorn GmbH", "12.50", None)
    for _ in range(2):
        assert (await desk.api("Ada", "POST", f"{PROJECT}/make"))[0] == 202
    assert [job for job, _args in desk.queue.nudges].count(MAKE_JOB) == 1
    assert "The Harvest project is being made." in await desk.panel("Ada")
    assert await desk.pool.fetchval("SELECT count(*) FROM project_making") == 1


async def test_who_may_not_change_the_ticket_sees_and_does_nothing_of_it(desk: Desk) -> None:
    shown = await desk.panel("Reader")
    assert "Create a Harvest project" not in shown
    assert "Link a Harvest project" not in shown
    for method, path in (
        ("GET", "/api/v1/tickets/1/projects?q=x"),
        ("PUT", PROJECT),
        ("DELETE", PROJECT),
        ("POST", f"{PROJECT}/make"),
        ("POST", f"{PROJECT}/retry"),
        ("POST", f"{PROJECT}/drop"),
    ):
        assert (await desk.api("Reader", method, path))[0] == 403


@pytest.mark.parametrize("desk", ["managers"], indirect=True)
async def test_the_manifest_says_whose_click_counts(desk: Desk) -> None:
    assert "Create a Harvest project" not in await desk.panel("Ada")
    assert (await desk.api("Ada", "POST", f"{PROJECT}/make"))[0] == 403
    assert "Create a Harvest project" in await desk.panel("Mo")
    assert (await desk.api("Mo", "POST", f"{PROJECT}/make"))[0] == 202


async def test_what_stands_in_the_way_is_said_before_anybody_clicks(desk: Desk) -> None:
    await desk.client(2, "ACORN gmbh")
    shown = await desk.panel("Mo")
    assert "Several Harvest clients are called like Acorn GmbH: Acorn GmbH (1), ACORN gmbh (2)." in shown
    assert "Choose the client" in shown
    status, told = await desk.api("Mo", "POST", f"{PROJECT}/make")
    assert status == 409
    assert told["error"]["message"].startswith("Several Harvest clients are called like Acorn GmbH:")
    assert await store.of_ticket(desk.pool, 1) is None


async def test_a_stopped_wish_can_be_tried_again_or_given_up(desk: Desk) -> None:
    await store.wish(desk.pool, 1, 3, desk.now)
    await desk.pool.execute("UPDATE project_making SET state = 'stopped', problem_code = 'denied', problem = ''")
    shown = await desk.panel("Ada")
    assert "No Harvest project was made. Harvest does not let Deskhours make projects" in shown
    assert "Try again" in shown
    assert (await desk.api("Ada", "POST", f"{PROJECT}/retry"))[0] == 200
    assert (await desk.api("Ada", "POST", f"{PROJECT}/drop"))[0] == 409, "it is under way"
    await desk.pool.execute("UPDATE project_making SET state = 'stopped'")
    assert (await desk.api("Ada", "POST", f"{PROJECT}/drop"))[0] == 200
    assert "Create a Harvest project" in await desk.panel("Ada")


async def test_an_incomplete_project_can_be_left_so(desk: Desk) -> None:
    await store.wish(desk.pool, 1, 3, desk.now)
    await desk.pool.execute(
        "UPDATE project_making SET state = 'stopped', project_id = 60, linked = true, name = 'Oven',"
        " problem_code = 'partly', details = $1",
        {"reason": "Bo: archived."},
    )
    shown = await desk.panel("Ada")
    assert "The Harvest project Oven is not complete." in shown
    assert "The project is there and linked, but not all as in the template. Bo: archived." in shown
    assert (await desk.api("Ada", "POST", f"{PROJECT}/drop"))[0] == 200
    assert "not complete" not in await desk.panel("Ada")


async def test_only_an_active_project_that_is_meant_can_be_linked(desk: Desk) -> None:
    await desk.project(60, "Shop", code="S1", client_name="Birch")
    await desk.project(61, "Shop old", is_active=False)
    await desk.project(62, "Shop two")
    found = (await desk.api("Ada", "GET", "/api/v1/tickets/1/projects?q=birch+sho"))[1]
    assert found == {"projects": [{"id": 60, "name": "[S1] Shop", "client": "Birch"}]}
    for typed, words in (
        ("", "Type a name"),
        ("nothing", "No active project is like that"),
        ("shop", "Several projects are like that"),
        ("999", "Harvest project 999 is not known"),
        ("https://x.example.com/projects/61", "The Harvest project Shop old is archived."),
    ):
        status, told = await desk.api("Ada", "PUT", PROJECT, {"project_query": typed})
        assert status == 422
        assert words in told["error"]["fields"]["project_query"]
    # What is right goes to the helpdesk, which does not answer here.
    status, told = await desk.api("Ada", "PUT", PROJECT, {"project_query": "[S1] Shop · Birch · 60"})
    assert status in (401, 503), told


async def test_a_lock_is_not_got_rid_of_by_another_project(desk: Desk) -> None:
    await desk.project(60, "Shop")
    await desk.lock(1)
    status, told = await desk.api("Ada", "PUT", PROJECT, {"project_query": "60"})
    assert (status, "only a project manager" in told["error"]["message"]) == (409, True)
    assert (await desk.api("Mo", "PUT", PROJECT, {"project_query": "60"}))[0] != 409


async def test_a_deleted_project_is_said_on_the_ticket_and_on_the_dashboard(desk: Desk) -> None:
    await desk.project(60, "Shop", deleted_at=desk.now)
    await desk.pool.execute("UPDATE ticket SET project_id = 60, project_text = '60' WHERE id = 1")
    shown = await desk.panel("Ada")
    assert "The Harvest project Shop was deleted in Harvest, and its time entries with it." in shown
    assert "Link another project" in shown
    assert "The Harvest project Shop was deleted." in await desk.listed("Mo", "troubles")


async def test_a_manager_chooses_an_organisations_client(desk: Desk) -> None:
    await desk.client(2, "ACORN gmbh")
    await desk.client(3, "Birch", active=False)
    await store.wish(desk.pool, 1, 3, desk.now)
    await desk.pool.execute(
        "UPDATE project_making SET state = 'stopped', problem_code = 'client_ambiguous', details = $1",
        {"organisation": "Acorn", "clients": "two"},
    )
    assert "under Clients" in await desk.listed("Mo", "makings")
    page = html.unescape(await desk.page("Mo", "/dashboard/clients"))
    assert "Several clients have this name" in page
    for typed in ("", "Nobody", "3", "Birch"):
        status, text = await desk.send("Mo", "/dashboard/clients/7/choose", client_id=typed)
        assert (status, "No active client in Harvest is like that" in text) == (422, True)
    assert (await desk.send("Mo", "/dashboard/clients/7/choose", client_id="2", csrf_token="no"))[0] == 403
    status, where = await desk.send("Mo", "/dashboard/clients/7/choose", client_id="ACORN gmbh · 2")
    assert (status, where) == (303, "/dashboard/clients?done=7#organisation-7")
    assert "Acorn GmbH is ACORN gmbh in Harvest." in html.unescape(await desk.page("Mo", where))
    making = await store.of_ticket(desk.pool, 1)
    assert making
    assert making.state == "making", "the ticket that waited for it goes on"


async def test_a_new_client_is_wished_for_once(desk: Desk) -> None:
    status, text = await desk.send("Mo", "/dashboard/clients/7/make", client_name="acorn gmbh")
    assert (status, "Harvest has a client of this name already" in text) == (422, True)
    for _ in range(2):
        assert (await desk.send("Mo", "/dashboard/clients/7/make", client_name=" Acorn  Two "))[0] == 303
    assert len({args for job, args in desk.queue.nudges if job == MAKE_CLIENT_JOB}) == 1
    assert "“Acorn Two” is being made" in html.unescape(await desk.page("Mo", "/dashboard/clients"))


async def test_the_page_of_clients_is_for_who_manages(desk: Desk) -> None:
    assert (await desk.ask("Ada", "/dashboard/clients"))[0] == 403
    for action, fields in (("choose", {"client_id": "1"}), ("make", {"client_name": "X"})):
        assert (await desk.send("Ada", f"/dashboard/clients/7/{action}", **fields))[0] == 403
    assert (await desk.send("Mo", "/dashboard/clients/8/choose", client_id="1"))[0] == 404
