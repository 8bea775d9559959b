"""Tickets without projects, the simulated Harvest, and workers that make them; the helpdesk is a few dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from plugin_server.harvest.client import HarvestClient
from plugin_server.helpdesk import base
from plugin_server.manifest import Projects as Settings
from plugin_server.mirror.service import Mirror
from plugin_server.projects import store
from plugin_server.projects.clients.service import Clients
from plugin_server.projects.work import Work
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.intake import Intake
from tests.demo_harvest.client import ADA, ADMIN, BO, DEVELOPMENT, PM, SUPPORT, Harvest, unique

TICKET, ORGANISATION = 1, 7
REQUEST_SECONDS = 2.0


class Desk:
    """The helpdesk. ``silent`` lets the next so many calls go unanswered, ``drops`` lets it forget the project."""

    host = "desk.example.com"

    def __init__(self) -> None:
        self.tickets: dict[int, base.Ticket] = {}
        self.names: dict[int, str] = {}
        self.writes: list[str | None] = []
        self.silent = 0
        self.drops = False

    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        return f"https://desk.example.com/?deskhours={log_id}#ticket/zoom/{ticket_id}"

    async def ticket(self, _token: str, ticket_id: int, *, seconds: float) -> base.Ticket:
        del seconds
        if ticket_id not in self.tickets:
            raise base.Missing
        return self.tickets[ticket_id]

    async def organisation(self, _token: str, organisation_id: int) -> str:
        return self.names[organisation_id]

    async def history(self, _token: str, _ticket_id: int) -> base.History:
        return base.History()

    async def write_fields(self, _token: str, ticket_id: int, values: Mapping[base.Guarded, str | None]) -> base.Ticket:
        if self.silent:
            self.silent -= 1
            raise base.Unreachable
        self.writes.append(values["project"])
        if not self.drops:
            self.change(ticket_id, project=values["project"] or "")
        return self.tickets[ticket_id]

    def change(self, ticket_id: int, **fields: Any) -> None:
        ticket = self.tickets[ticket_id]
        fields.setdefault("updated_at", ticket.updated_at + timedelta(seconds=1))
        self.tickets[ticket_id] = replace(ticket, **fields)


class Office:
    """All of it around one ticket."""

    def __init__(self, pool: Pool, harvest: Harvest) -> None:
        self.pool, self.harvest = pool, harvest
        self.clock, self.queue, self.desk = SetClock(datetime.now(UTC)), NullQueue(), Desk()
        self.name = unique("Acorn Bakery") + " GmbH"
        self.client = HarvestClient(
            harvest.session,
            f"{harvest.url}/v2",
            1,
            "Deskhours tests (tests@example.com)",
            ADMIN,
            REQUEST_SECONDS,
            self.clock,
        )
        self.mirror = Mirror(pool, self.client, self.clock)
        self.intake = Intake(pool, self.desk, "", self.queue, self.clock)  # type: ignore[arg-type]
        self.client_id = self.template_id = 0

    @classmethod
    async def open(cls, pool: Pool, harvest: Harvest) -> Office:
        office = cls(pool, harvest)
        office.client_id = (await harvest.make("/v2/clients", {"name": office.name}))["id"]
        office.template_id = (await office.template())["id"]
        office.desk.names[ORGANISATION] = office.name.upper()
        await office.ticket()
        await office.mirror.sync_directory()
        await office.mirror.sync()
        await office.work().read_names()
        return office

    async def template(self) -> dict[str, Any]:
        """A template with two of the three default tasks, at rates of its own, and a team of three."""
        body = {"client_id": self.client_id, "name": unique("Template"), "is_billable": True, "bill_by": "Tasks"}
        made: dict[str, Any] = await self.harvest.make("/v2/projects", {**body, "budget_by": "none"})
        path = f"/v2/projects/{made['id']}"
        for one in (await self.harvest.get(f"{path}/task_assignments"))["task_assignments"]:
            if one["task"]["id"] not in (SUPPORT, DEVELOPMENT):
                await self.harvest.call("DELETE", f"{path}/task_assignments/{one['id']}")
            elif one["task"]["id"] == SUPPORT:
                change = {"hourly_rate": 77, "billable": False}
                await self.harvest.call("PATCH", f"{path}/task_assignments/{one['id']}", change)
        for user, manages in ((ADA, False), (BO, False), (PM, True)):
            place = {"user_id": user, "is_project_manager": manages, "use_default_rates": False, "hourly_rate": 90}
            await self.harvest.make(f"{path}/user_assignments", place)
        return made

    async def ticket(self, ticket_id: int = TICKET, **fields: Any) -> None:
        """A ticket as the helpdesk shows it now, looked at."""
        if ticket_id in self.desk.tickets:
            self.desk.change(ticket_id, **fields)
        else:
            start: dict[str, Any] = {"organisation_id": ORGANISATION, "project": "", "budget_hours": "", **fields}
            self.desk.tickets[ticket_id] = base.Ticket(
                id=ticket_id,
                number=str(10_000 + ticket_id),
                title="Oven restarts",
                group_id=1,
                quoted_hours="",
                pm="",
                updated_at=self.clock.now(),
                state="open",
                **start,
            )
        seen = self.desk.tickets[ticket_id]
        await self.intake.keep(seen)
        await tickets_store.checked(self.pool, ticket_id, seen.updated_at)

    def settings(self, **settings: Any) -> Settings:
        return Settings(template_project_id=self.template_id, asked_by="agents", **settings)

    def work(self, **settings: Any) -> Worker:
        """A worker; each call makes another one on the same database."""
        return Worker(self, self.settings(**settings))

    async def wish(self, ticket_id: int = TICKET) -> UUID:
        """Somebody asks for the ticket's project."""
        found = await store.wish(self.pool, ticket_id, 3, self.clock.now())
        assert found
        return found

    async def row(self, ticket_id: int = TICKET) -> store.Making:
        found = await store.of_ticket(self.pool, ticket_id)
        assert found
        return found

    async def projects(self) -> list[dict[str, Any]]:
        """The client's projects in Harvest, but the template."""
        found = (await self.harvest.get("/v2/projects", client_id=self.client_id))["projects"]
        return [one for one in found if one["id"] != self.template_id]

    async def fault(self, match: str, kind: str, **details: Any) -> None:
        await self.harvest.make("/_sim/faults", {"match": match, "kind": kind, "times": 1, **details})

    async def faults(self) -> list[dict[str, Any]]:
        """Those that have not struck yet."""
        found: list[dict[str, Any]] = (await self.harvest.call("GET", "/_sim/state")).body["faults"]
        return found

    async def assert_whole(self, ticket_id: int = TICKET) -> dict[str, Any]:
        """There is one project, with all its parts, and the ticket names it."""
        (project,) = await self.projects()
        path = f"/v2/projects/{project['id']}"
        tasks = (await self.harvest.get(f"{path}/task_assignments"))["task_assignments"]
        team = (await self.harvest.get(f"{path}/user_assignments"))["user_assignments"]
        assert {one["task"]["id"]: (one["billable"], one["hourly_rate"]) for one in tasks} == {
            SUPPORT: (False, 77),
            DEVELOPMENT: (True, 0),
        }
        assert {one["user"]["id"]: (one["is_project_manager"], one["hourly_rate"]) for one in team} == {
            ADA: (False, 90),
            BO: (False, 90),
            PM: (True, 90),
        }
        assert self.desk.tickets[ticket_id].project == str(project["id"])
        row = await self.row(ticket_id)
        assert (row.state, row.project_id, row.linked) == ("made", project["id"], True)
        return project


class Worker:
    """One worker of the office."""

    def __init__(self, office: Office, settings: Settings) -> None:
        self._office = office
        self.clients = Clients(
            office.pool,
            office.desk,  # type: ignore[arg-type]
            "",
            None,  # type: ignore[arg-type]
            office.queue,
            office.clock,
        )
        self.work = Work(
            office.pool,
            settings,
            self.clients,
            office.intake,
            office.mirror,
            office.desk,  # type: ignore[arg-type]
            "",
            office.client,
            office.queue,
            office.clock,
            REQUEST_SECONDS,
        )

    async def read_names(self) -> int:
        return await self.clients.read_names()

    async def step(self, making_id: UUID) -> None:
        await self.work.projects.step(str(making_id))

    async def until_done(self, making_id: UUID) -> None:
        """Step by step, each as soon as it is due by the office's clock."""
        for _ in range(30):
            await self.step(making_id)
            row = await store.rows.get(self._office.pool, making_id)
            assert row
            if row.state != "making":
                return
            self._office.clock.advance(seconds=30)
        raise AssertionError(f"still not made: {row}")
