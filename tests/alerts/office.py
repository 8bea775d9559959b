"""Tickets, budgets and alerts over a database; the helpdesk answers for its people, mail and chat are test servers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
from aiohttp import web

from plugin_server.accounts.people import store as people_store
from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.alerts.compose import Alerts, compose
from plugin_server.budgets.managers import Managers
from plugin_server.helpdesk import base
from plugin_server.manifest import Alerts as Settings
from plugin_server.manifest import Roles
from plugin_server.runtime.database import Pool
from tests.budgets.test_service import Office as BudgetOffice

MO, ADA, GONE = 2, 4, 9


class Desk:
    """A helpdesk of which only what alerts need is there. ``away``: it answers nobody."""

    def __init__(self) -> None:
        self.away = False
        self.notes: list[tuple[int, str]] = []
        self.drop_after_note = 0

    def ticket_url(self, ticket_id: int, _log_id: str | None = None) -> str:
        return f"https://desk.example.com/#ticket/zoom/{ticket_id}"

    def mention(self, user_id: int, name: str) -> str:
        return f'<a data-mention-user-id="{user_id}">{name}</a>'

    async def member(self, _token: str, _user_id: int) -> base.Member:
        raise base.Unreachable("away") if self.away else base.Missing("nobody")

    async def find_member(self, _token: str, _name: str) -> None:
        if self.away:
            raise base.Unreachable("away")

    async def roles(self, _token: str) -> list[base.Role]:
        return []

    async def add_note(self, _token: str, ticket_id: int, html: str) -> int:
        if self.away:
            raise base.Unreachable("away")
        self.notes.append((ticket_id, html))
        if self.drop_after_note:
            self.drop_after_note -= 1
            raise base.Unreachable("no answer")
        return len(self.notes)

    async def articles(self, _token: str, ticket_id: int) -> list[base.Article]:
        return [
            base.Article(number, ticket_id, 1, True, True, "note", html)
            for number, (of, html) in enumerate(self.notes, 1)
            if of == ticket_id
        ]


class Room:
    """A chat's webhook. ``answers`` are given one after the other, then 200."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.posts: list[Any] = []
        self.told = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        self.posts.append(await request.json())
        self.told.set()
        status, headers = self.answers.pop(0) if self.answers else (200, {})
        return web.Response(status=status, headers=headers, text="ok")


@dataclass
class Office(BudgetOffice):
    """Ticket 1 is Ada's, its project manager is Mo; alerts are live."""

    pool: Pool
    session: aiohttp.ClientSession
    settings: Settings = field(default_factory=Settings)
    desk: Desk = field(default_factory=Desk)
    lang: str = "en"

    def __post_init__(self) -> None:
        BudgetOffice.__init__(self, self.pool)
        self.people = People(self.pool, self.desk, "", Roles(), self.clock)  # type: ignore[arg-type]
        self.managers = Managers(self.pool, self.people, {})
        self.alerts = self.built()

    def built(self) -> Alerts:
        """Alerts as one process has them."""
        return compose(
            self.pool,
            self.budgets,
            self.managers,
            self.people,
            self.desk,  # type: ignore[arg-type]
            self.session,
            self.settings,
            "https://hours.example.com",
            self.lang,
            self.clock,
        )

    async def person(self, user_id: int, name: str, *roles: str, email: str | None = None) -> None:
        address = f"{name.lower()}@example.com" if email is None else email
        far = self.clock.now() + timedelta(days=3650)  # never asked for anew
        await people_store.put(
            self.pool, [Member(user_id, name.lower(), address, name, True, roles or ("Agent",), {"1": ["full"]}, far)]
        )

    async def opened(self, **fields: Any) -> None:
        """Everybody is there, ticket 1 has a budget of 10 hours, and what is old has been looked at."""
        await self.person(MO, "Mo", "Budget PM")
        await self.person(ADA, "Ada")
        await self.pool.execute(
            "INSERT INTO sync_state (name, began_at, succeeded_at) VALUES ('time_entries', now(), now())"
            " ON CONFLICT (name) DO UPDATE SET succeeded_at = now()"
        )
        await self.project()
        await self.ticket(**{"budget_hours": "10", "pm": "mo", "owner_id": ADA, "title": "Oven", **fields})
        await self.look()
        await self.look()

    async def worked(self, hours: float, days_ago: int = 0) -> None:
        """Hours in Harvest, made at that time."""
        await super().worked(hours, days_ago)
        await self.pool.execute(
            "UPDATE time_entry SET updated_at = $1 WHERE id = (SELECT max(id) FROM time_entry)",
            self.clock.now() - timedelta(days=days_ago),
        )

    async def look(self) -> list[str]:
        """A round; the levels that were crossed since the last one."""
        self.clock.advance(seconds=1)
        before = await self.levels()
        await self._attribute.run()
        await self.budgets.recompute()
        await self.alerts.judging.step()
        return (await self.levels())[len(before) :]

    async def levels(self) -> list[str]:
        return [row["band"] for row in await self.pool.fetch("SELECT band FROM alert ORDER BY at, id")]

    async def rows(self, *channels: str) -> list[tuple[str, int, str, str | None]]:
        """Deliveries: channel, who, state, problem."""
        found = await self.pool.fetch("SELECT * FROM alert_delivery ORDER BY channel, user_id")
        rows = [(row["channel"], row["user_id"], row["state"], row["problem"]) for row in found]
        return [row for row in rows if not channels or row[0] in channels]

    async def one(self, channel: str) -> Any:
        """The only delivery of a channel."""
        return await self.pool.fetchrow("SELECT * FROM alert_delivery WHERE channel = $1", channel)

    async def later(self, seconds: float) -> int:
        """Time passes, and what is due is sent."""
        self.clock.advance(seconds=seconds)
        return await self.alerts.deliveries.step()

    async def entry_deleted(self) -> None:
        """The latest entry goes from Harvest."""
        await self.pool.execute(
            "UPDATE time_entry SET deleted_at = now() WHERE id ="
            " (SELECT max(id) FROM time_entry WHERE deleted_at IS NULL)"
        )
