"""A server on a database of the test's own, filled by hand: people, tickets, budgets, entries; no other system."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import digest
from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.store import Member
from plugin_server.accounts.web import rules as web_rules
from plugin_server.accounts.web import store as web_store
from tests.support.server import Server


def offline(data: dict[str, Any]) -> None:
    """A manifest whose helpdesk nobody answers for; what is known of people stands in the database."""
    data["helpdesk"]["url"] = "http://127.0.0.1:9"
    data["helpdesk"].pop("webhook_secret", None)
    data["server"]["public_url"] = "http://127.0.0.1:8800"


class Office:
    """What the database holds, and the dashboard as its people see it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.pool = server.pool
        self.agents: dict[int, int] = {}

    @property
    def now(self) -> datetime:
        return self.server.clock.now()

    async def person(
        self,
        user_id: int,
        name: str,
        *roles: str,
        groups: Mapping[int, Sequence[str]] | None = None,
        harvest_user_id: int | None = None,
    ) -> None:
        """A person of the helpdesk who has signed in; the session's token is the name."""
        email = f"{name.lower()}@example.com"
        rights = {str(group): list(held) for group, held in (groups or {1: ["full"]}).items()}
        member = Member(user_id, email, email, name, True, roles or ("Agent",), rights, self.now)
        await people_store.put(self.pool, [member])
        agent = await accounts_store.upsert_agent(self.pool, user_id, name, email, self.now)
        self.agents[user_id] = agent.id
        if harvest_user_id:
            async with self.pool.acquire() as connection:
                await accounts_store.set_harvest_user(connection, agent.id, harvest_user_id, "UTC")
                await accounts_store.put_token(connection, agent.id, "harvest", b"", b"", self.now, self.now)
        async with self.pool.acquire() as connection:
            end = self.now + web_rules.LONGEST
            await web_store.open_session(connection, agent.id, digest(name), self.now, end, end)

    async def project(self, project_id: int, name: str = "Site", **values: Any) -> None:
        """A Harvest project."""
        row = {
            "id": project_id,
            "client_id": 1,
            "is_active": True,
            "updated_at": self.now,
            "name": name,
            "client_name": "Acorn",
            **values,
        }
        await self.insert("harvest_project", row)

    async def harvest_user(self, user_id: int, name: str, timezone: str = "UTC") -> None:
        """A person in Harvest's directory."""
        row = {
            "id": user_id,
            "is_active": True,
            "is_contractor": False,
            "weekly_capacity": 0,
            "updated_at": self.now,
            "name": name,
            "email": f"{name}@Example.com",
            "timezone": timezone,
            "access_roles": [],
        }
        await self.insert("harvest_user", row)

    async def ticket(self, ticket_id: int, *, budget: int | None = 1000, used: int = 0, **values: Any) -> None:
        """A ticket with its figures; columns of the ticket and of its budget by name."""
        figures = {
            "ticket_id": ticket_id,
            "used": used,
            "budget": budget,
            "percent": used * 100 // budget if budget else None,
            "band": "none" if not budget else "red" if used >= budget else "green",
            "pressing": used * 100 / budget if budget else 0,
            "locked": False,
            "accepted_budget": "" if budget is None else f"{budget / 100:g}",
            "accepted_quoted": "",
            "accepted_pm": "",
            "wanted_used": "",
            "wanted_utilization": "",
            "wanted_state": "",
            "computed_at": self.now,
        }
        ticket = {
            "id": ticket_id,
            "number": f"{10_000 + ticket_id}",
            "title": f"Ticket {ticket_id}",
            "group_id": 1,
            "project_text": "",
            "budget_text": "",
            "quoted_text": "",
            "pm_text": "",
            "updated_at": self.now,
            "seen_at": self.now,
            "state": "open",
        }
        for name, value in values.items():
            (ticket if name in TICKET else figures)[name] = value
        if ticket.get("project_id"):
            ticket["project_text"] = str(ticket["project_id"])
        await self.insert("ticket", ticket)
        await self.insert("ticket_budget", figures)

    async def lock(self, ticket_id: int) -> None:
        """The ticket is locked."""
        await self.pool.execute(
            "UPDATE ticket_budget SET locked = true, crossing = gen_random_uuid(), locked_at = $2, band = 'red',"
            " lock_source = 'ticket', lock_used = used, lock_limit = budget WHERE ticket_id = $1",
            ticket_id,
            self.now,
        )

    async def entry(
        self, entry_id: int, project_id: int, user_id: int, hours: int, ticket_id: int | None, notes: str = ""
    ) -> None:
        """A time entry and where it counts."""
        row = {
            "id": entry_id,
            "project_id": project_id,
            "user_id": user_id,
            "task_id": 1,
            "spent_date": date(2026, 3, 2),
            "hours": hours,
            "billable": True,
            "is_running": False,
            "is_locked": False,
            "is_billed": False,
            "updated_at": self.now,
            "created_at": self.now,
            "notes": notes,
        }
        await self.insert("time_entry", row)
        rule = "none" if ticket_id is None else "reference"
        outcome = {"entry_id": entry_id, "ticket_id": ticket_id, "project_id": project_id, "rule": rule}
        await self.insert("attribution", outcome)

    async def insert(self, table: str, values: Mapping[str, Any]) -> None:
        """A row."""
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.pool.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())

    async def page(self, name: str, path: str = "/dashboard") -> str:
        """A page as a person sees it."""
        status, text = await self.ask(name, path)
        assert status == 200, text
        return text

    async def ask(self, name: str, path: str) -> tuple[int, str]:
        """Status and text of a page."""
        headers = {"Cookie": f"deskhours_session={name}"}
        return await self.server.call("GET", path, None, "", Accept="text/html", **headers)

    async def send(self, name: str, path: str, **fields: str) -> tuple[int, str]:
        """Send a form as a person, with the session's CSRF token unless the fields hold another one; status, and the
        text or where it leads."""
        form = {"csrf_token": web_rules.csrf_token(name), **fields}
        headers = {"Cookie": f"deskhours_session={name}", "Accept": "text/html"}
        url = self.server.url + path
        async with self.server.session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            return response.status, response.headers.get("Location") or await response.text()

    async def tickets(self, name: str, path: str = "/dashboard?state=all") -> list[int]:
        """The tickets in a person's table, in its order."""
        return [int(found) for found in re.findall(r'<tr data-ticket="(\d+)"', await self.page(name, path))]

    async def listed(self, name: str, kind: str) -> str:
        """A list of what needs attention, as text without tags; nothing when there is none."""
        found = re.search(rf'data-kind="{kind}">(.*?)</ul>', await self.page(name), re.DOTALL)
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found[1])).split()) if found else ""


TICKET = frozenset(
    [
        "number",
        "title",
        "group_id",
        "organisation_id",
        "owner_id",
        "customer_id",
        "state",
        "state_kind",
        "project_text",
        "project_id",
        "budget_text",
        "quoted_text",
        "pm_text",
        "deleted_at",
    ]
)
