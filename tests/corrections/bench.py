"""People, tickets and entries for corrections, and the API as those people call it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import digest
from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.web import rules as web_rules
from plugin_server.accounts.web import store as web_store
from plugin_server.budgets import store as budgets_store
from plugin_server.helpdesk import base
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution import store as attribution_store
from tests.demo_harvest.client import ADA, BO, BOSS, DEVELOPMENT, PM, SUPPORT, Harvest
from tests.support.server import Server

__all__ = ["ADA", "BO", "BOSS", "DEVELOPMENT", "PM", "SUPPORT", "Bench"]

DAY = "2026-05-04"


class Bench:
    """Ticket 1 and ticket 2 have a project each (``projects``); ada and bo are agents, mo manages."""

    def __init__(self, server: Server, harvest: Harvest) -> None:
        self.server, self.harvest = server, harvest
        self.services, self.pool = server.services, server.pool
        self.projects: dict[int, dict[str, Any]] = {}
        self.agents: dict[str, int] = {}
        self._tokens: dict[str, str] = {}
        self._made: list[int] = []

    async def furnish(self) -> None:
        await self._person("ada", 11, "Ada Agent", "Agent", harvest=ADA)
        await self._person("bo", 12, "Bo Builder", "Agent", harvest=BO)
        await self._person("mo", 13, "Mo Manager", "Agent", self.services.manifest.helpdesk.roles.pm)
        for number in (1, 2):
            self.projects[number] = await self.project()
            await self.ticket(number, str(self.projects[number]["id"]))
        await self.sync()

    async def project(self) -> dict[str, Any]:
        """A project that ada and bo work on; it goes with the test, and its entries with it."""
        made = await self.harvest.project()
        self._made.append(made["id"])
        return made

    async def clear(self) -> None:
        for project_id in self._made:
            assert (await self.harvest.call("DELETE", f"/v2/projects/{project_id}")).status == 200

    async def _person(self, name: str, user_id: int, full: str, *roles: str, harvest: int | None = None) -> None:
        email, now = f"{name}@example.com", self.server.clock.now()
        rights = {"1": ["full"]}
        await people_store.put(self.pool, [Member(user_id, email, email, full, True, roles, rights, now)])
        agent = await accounts_store.upsert_agent(self.pool, user_id, full, email, now)
        self.agents[name] = agent.id
        async with self.pool.acquire() as connection:
            await self.services.tokens.put(connection, agent.id, "helpdesk", "any", "none", 86_400)
        if harvest is not None:
            await self.connect(name, harvest, name)
        async with self.pool.acquire() as connection:
            end = now + web_rules.LONGEST
            await web_store.open_session(connection, agent.id, digest(name), now, end, end)
        self._tokens[name] = (await self.server.sign_in(agent.id))["access_token"]

    async def connect(self, name: str, harvest_user: int, email: str) -> None:
        """The person has connected this Harvest account."""
        token = await self.harvest.token_of(email)
        async with self.pool.acquire() as connection:
            await accounts_store.set_harvest_user(connection, self.agents[name], harvest_user, "UTC")
            await self.services.tokens.put(connection, self.agents[name], "harvest", token, "none", 86_400)

    async def sync(self) -> None:
        """Projects, people and assignments as Harvest has them now."""
        await self.services.mirror.sync_now()

    async def ticket(self, ticket_id: int, project: str, **more: Any) -> None:
        """A ticket as the helpdesk has shown it, which everybody here may see."""
        now = self.server.clock.now()
        reading = base.Ticket(
            id=ticket_id,
            number=str(10_000 + ticket_id),
            title="A ticket",
            group_id=1,
            organisation_id=7,
            project=project,
            quoted_hours="",
            pm="",
            updated_at=now,
            created_at=now - timedelta(days=300),
            **{"budget_hours": "10", **more},
        )
        await self.services.intake.keep(reading)
        async with self.pool.acquire() as connection:
            for agent_id in self.agents.values():
                await tickets_store.allow(connection, agent_id, ticket_id, now)
        await tickets_store.checked(self.pool, ticket_id, now)

    async def entry(self, ticket_id: int = 1, who: str = "ada", **fields: Any) -> int:
        """An entry that names the ticket, in Harvest and in the mirror."""
        reference = {"id": self.services.tickets.reference(ticket_id), "permalink": "https://desk.example.com/1"}
        body = {
            "project_id": self.projects[ticket_id]["id"],
            "task_id": SUPPORT,
            "spent_date": DAY,
            "hours": 1,
            "notes": "As it was",
            "external_reference": reference,
            **fields,
        }
        body = {name: value for name, value in body.items() if value is not None}
        made = await self.harvest.make("/v2/time_entries", body, who=who)
        await self.seen(made["id"])
        return int(made["id"])

    async def seen(self, entry_id: int) -> None:
        """The mirror and what rests on it are as Harvest is now."""
        await self.services.mirror.reread(self.services.mirror.history._client, entry_id)
        await self.services.attribute.run()
        await self.services.budgets.recompute()

    async def there(self, entry_id: int) -> dict[str, Any]:
        """The entry in Harvest."""
        found: dict[str, Any] = await self.harvest.get(f"/v2/time_entries/{entry_id}")
        return found

    async def look(self, entry_id: int, who: str = "ada", lang: str = "en") -> dict[str, Any]:
        speaks = {"Accept-Language": lang}
        status, body = await self.server.call("GET", f"/api/v1/entries/{entry_id}", token=self._tokens[who], **speaks)
        assert status == 200, body
        assert isinstance(body, dict)
        return body

    async def correct(self, entry_id: int, who: str = "ada", lang: str = "en", **fields: Any) -> tuple[int, Any]:
        speaks = {"Accept-Language": lang}
        return await self.server.call("PATCH", f"/api/v1/entries/{entry_id}", fields, self._tokens[who], **speaks)

    async def delete(self, entry_id: int, who: str = "ada", **fields: Any) -> tuple[int, Any]:
        return await self.server.call("DELETE", f"/api/v1/entries/{entry_id}", fields, self._tokens[who])

    def token(self, who: str) -> str:
        """A person's access token to the API."""
        return self._tokens[who]

    async def page(self, entry_id: int, who: str = "ada", cookies: str = "") -> tuple[int, str]:
        """The entry's page in a plain browser."""
        headers = {"Cookie": f"deskhours_session={who}; {cookies}", "Accept": "text/html"}
        return await self.server.call("GET", f"/tickets/1/entries/{entry_id}", **headers)

    async def timeline(self, who: str, query: str = "", ticket: int = 1) -> tuple[int, str]:
        """A ticket's timeline as a person sees it in a plain browser."""
        headers = {"Cookie": f"deskhours_session={who}", "Accept": "text/html"}
        return await self.server.call("GET", f"/tickets/{ticket}/timeline?{query}", **headers)

    async def send(self, entry_id: int, action: str, who: str = "ada", **fields: str) -> tuple[int, str]:
        """Send one of the page's forms; status, and the page or where it leads and with which cookie."""
        form = {"csrf_token": web_rules.csrf_token(who), **fields}
        headers = {"Cookie": f"deskhours_session={who}", "Accept": "text/html"}
        url = f"{self.server.url}/tickets/1/entries/{entry_id}/{action}"
        async with self.server.session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            if response.status != 303:
                return response.status, await response.text()
            return response.status, f"{response.headers['Location']} {response.cookies['deskhours_corrected'].value}"

    async def used(self, ticket_id: int) -> int:
        """Hundredths of hours that count for a ticket, by its figures."""
        await self.services.budgets.recompute()
        found = await budgets_store.budget(self.pool, ticket_id)
        return found.used if found else 0

    async def counts_for(self, entry_id: int) -> int | None:
        found = await attribution_store.counts_for(self.pool, entry_id)
        return found[0] if found else None

    async def fault(self, match: str, kind: str, **details: Any) -> None:
        """Harvest misbehaves at the next call."""
        assert (
            await self.harvest.call("POST", "/_sim/faults", {"match": match, "kind": kind, **details})
        ).status == 201

    async def worker(self) -> None:
        """What the worker does once what is due then is due."""
        self.server.clock.advance(seconds=60)
        for row in await self.pool.fetch("SELECT id FROM entry_correction WHERE state = 'asked'"):
            await self.services.correction_outbox.step(str(row["id"]))
        await self.services.attribute.run()
