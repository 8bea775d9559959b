"""A ticket that things happen on: messages in the simulated helpdesk, entries and budget changes in the database."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import Vault, digest
from plugin_server.accounts.web import rules as web_rules
from plugin_server.accounts.web import store as web_store
from plugin_server.budgets import store as ledger_store
from plugin_server.budgets.store import Event
from tests.support.server import Server

PEOPLE = {"ada": 2001, "bo": 2002, "pm": None}
PROJECT = 4001


@dataclass
class Scene:
    """What the helpdesk and the database hold, and what people see of it."""

    server: Server
    helpdesk: str
    http: aiohttp.ClientSession
    ticket: int = 0
    agents: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Sign in the people and make the ticket."""
        pool = self.server.pool
        await self.insert("harvest_company", base_uri="https://acorn.example.com", wants_timestamp_timers=False)
        for number, name, zone in ((2001, "Ada Harvest", "Berlin"), (2002, "Bo Harvest", "UTC")):
            await self.insert(
                "harvest_user",
                id=number,
                is_active=True,
                is_contractor=False,
                weekly_capacity=0,
                updated_at=self.now,
                name=name,
                email=f"{number}@example.com",
                timezone=zone,
                access_roles=[],
            )
        await self.insert(
            "harvest_task",
            id=5001,
            billable_by_default=True,
            is_default=True,
            is_active=True,
            updated_at=self.now,
            name="Support",
        )
        for name, harvest_id in PEOPLE.items():
            me = await self.ask_helpdesk(name, "GET", "/users/me")
            full = f"{me['firstname']} {me['lastname']}"
            agent = await accounts_store.upsert_agent(pool, me["id"], full, f"{name}@example.com", self.now)
            self.agents[name] = agent.id
            wish = {"name": f"Deskhours {self.now.timestamp()}", "permission": ["ticket.agent"]}
            token = (await self.ask_helpdesk(name, "POST", "/user_access_token", wish))["token"]
            await self.grant(name, token)
            async with pool.acquire() as connection:
                if harvest_id:
                    await accounts_store.set_harvest_user(connection, agent.id, harvest_id, "Berlin")
                end = self.now + web_rules.LONGEST
                await web_store.open_session(connection, agent.id, digest(name), self.now, end, end)
        made = await self.ask_helpdesk(
            "ada",
            "POST",
            "/tickets",
            {
                "title": "The oven restarts",
                "group": "Support",
                "customer": "acorn@example.com",
                "article": {"body": "It restarts at night", "sender": "Customer", "type": "phone", "internal": False},
            },
        )
        self.ticket = int(made["id"])

    @property
    def now(self) -> datetime:
        return self.server.clock.now()

    async def grant(self, name: str, token: str) -> None:
        """Let us act for a person in the helpdesk by this token."""
        key = self.server.services.manifest.server.token_keys[0].get_secret_value()
        sealed = Vault([key]).seal(token)
        async with self.server.pool.acquire() as connection:
            end = self.now + timedelta(days=1)
            await accounts_store.put_token(connection, self.agents[name], "helpdesk", sealed, sealed, end, self.now)

    async def ask_helpdesk(self, name: str, method: str, path: str, body: Any = None) -> Any:
        """Call the helpdesk as one of its people."""
        headers = {"Authorization": aiohttp.encode_basic_auth(f"{name}@example.com", "demo")}
        url = f"{self.helpdesk}/api/v1{path}"
        async with self.http.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return json.loads(text)

    async def fault(self, match: str, kind: str, **details: Any) -> None:
        """Let the helpdesk misbehave, once unless told."""
        body = {"match": match, "kind": kind, "times": 1, **details}
        async with self.http.post(f"{self.helpdesk}/_sim/faults", json=body) as response:
            assert response.status == 201, await response.text()

    async def article(self, name: str, body: str, **values: Any) -> int:
        """Somebody writes on the ticket."""
        article = {"ticket_id": self.ticket, "body": body, "content_type": "text/html", "type": "note", **values}
        return int((await self.ask_helpdesk(name, "POST", "/ticket_articles", article))["id"])

    async def entry(self, number: int, user_id: int, hours: int, **values: Any) -> None:
        """A time entry that counts for the ticket, or for ``ticket_id`` (``None``: for none)."""
        ticket_id = values.pop("ticket_id", self.ticket)
        row = {
            "id": number,
            "project_id": PROJECT,
            "user_id": user_id,
            "task_id": 5001,
            "spent_date": self.now.date(),
            "hours": hours,
            "banked_hours": hours,
            "billable": True,
            "is_running": False,
            "is_locked": False,
            "is_billed": False,
            "updated_at": self.now,
            "created_at": self.now,
        }
        await self.insert("time_entry", **{**row, **values})
        rule = "none" if ticket_id is None else "reference"
        await self.insert("attribution", entry_id=number, ticket_id=ticket_id, project_id=PROJECT, rule=rule)

    async def event(self, kind: str, **values: Any) -> None:
        """Something happens to the ticket's budget."""
        await ledger_store.write_down(self.server.pool, Event(self.ticket, values.pop("at", self.now), kind, **values))

    async def insert(self, table: str, **values: Any) -> None:
        """A row."""
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self.server.pool.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())

    async def read(self, name: str = "ada", query: str = "") -> dict[str, Any]:
        """The timeline as the API tells it to a person."""
        status, body = await self.call(name, query)
        assert status == 200, body
        assert isinstance(body, dict)
        return body

    async def call(self, name: str, query: str = "", **headers: str) -> tuple[int, Any]:
        """Status and body of the API's answer."""
        token = (await self.server.sign_in(self.agents[name]))["access_token"]
        path = f"/api/v1/tickets/{self.ticket}/timeline?{query}"
        return await self.server.call("GET", path, token=token, **headers)

    async def page(self, name: str = "ada", query: str = "", **headers: str) -> tuple[int, str]:
        """Status and text of the page, or of what stands below it."""
        cookie = {"Cookie": f"deskhours_session={name}", "Accept": "text/html"}
        return await self.server.call("GET", f"/tickets/{self.ticket}/timeline{query}", **cookie, **headers)

    async def send(self, name: str, path: str, fields: Mapping[str, str]) -> tuple[int, str]:
        """Send a form of the page; status, and where it leads or the text."""
        form = {"csrf_token": web_rules.csrf_token(name), **fields}
        headers = {"Cookie": f"deskhours_session={name}", "Accept": "text/html"}
        url = f"{self.server.url}/tickets/{self.ticket}/timeline{path}"
        async with self.server.session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            return response.status, response.headers.get("Location") or await response.text()


def kinds(timeline: Mapping[str, Any]) -> list[str]:
    """What a page of the API shows, in its order."""
    return [one["kind"] for one in timeline["items"]]


def words(text: str) -> str:
    """A page's text without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
