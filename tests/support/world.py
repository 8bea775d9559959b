"""Making tickets, projects and people in the running demo by its systems' own APIs, so that tests don't share any."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import aiohttp

from tests.support.demo import Demo

Value = TypeVar("Value")
_numbers = itertools.count(1)

ADA, BO, ADMIN = 2001, 2002, 2004
SUPPORT, DEVELOPMENT = 5001, 5002


async def until(
    ask: Callable[[], Awaitable[Value]], holds: Callable[[Value], bool] = bool, seconds: float = 30
) -> Value:
    """Ask again until the answer holds; fails with the last answer when time is over."""
    end = time.monotonic() + seconds
    while True:
        value = await ask()
        if holds(value):
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s; the last answer was: {value!r}")
        await asyncio.sleep(0.1)


@dataclass
class World:
    """The simulated systems of a running demo, as their administrator."""

    demo: Demo
    session: aiohttp.ClientSession

    async def harvest(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        """Call the simulated Harvest; anything but success fails the test."""
        headers = {
            "Authorization": "Bearer demo-harvest-token",
            "Harvest-Account-Id": "1",
            "User-Agent": "Deskhours tests (tests@example.com)",
        }
        url = f"{self.demo.harvest}{path}"
        async with self.session.request(method, url, json=body, params=params, headers=headers) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json() if text.startswith(("{", "[")) else None

    async def helpdesk(self, method: str, path: str, body: Any = None) -> Any:
        """Call the demo helpdesk as the service user; anything but success fails the test."""
        return await self._helpdesk("Token token=demo-zammad-token", method, path, body)

    async def helpdesk_as(self, email: str, method: str, path: str, body: Any = None) -> Any:
        """Call the demo helpdesk as one of its people."""
        return await self._helpdesk(aiohttp.encode_basic_auth(email, "demo"), method, path, body)

    async def _helpdesk(self, authorization: str, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": authorization}
        url = f"{self.demo.helpdesk}/api/v1{path}"
        async with self.session.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json()

    async def project(self, *team: int) -> int:
        """A new project with the default tasks; ``team`` are Harvest user ids."""
        number = next(_numbers)
        made = await self.harvest(
            "POST",
            "/v2/projects",
            {
                "client_id": 3001,
                "name": f"Test project {number}-{time.time_ns()}",
                "is_billable": True,
                "bill_by": "People",
                "budget_by": "project",
            },
        )
        for user_id in team:
            await self.harvest("POST", f"/v2/projects/{made['id']}/user_assignments", {"user_id": user_id})
        return int(made["id"])

    async def ticket(self, **fields: Any) -> int:
        """A new ticket in the group that ada may read."""
        made = await self.helpdesk(
            "POST",
            "/tickets",
            {
                "title": f"Test ticket {next(_numbers)}",
                "group": "Support",
                "customer": "acorn@example.com",
                "article": {"body": "A question", "type": "note", "internal": False},
                **fields,
            },
        )
        return int(made["id"])

    async def linked_ticket(self, *team: int, budget: str = "10") -> tuple[int, int]:
        """A new ticket with a project of its own: both ids."""
        project = await self.project(*(team or (ADA, BO)))
        return await self.ticket(harvest_project=str(project), budget_hours=budget), project

    async def entries(self, ticket: int) -> list[dict[str, Any]]:
        """The time entries in Harvest that name the ticket."""
        host = self.demo.helpdesk.removeprefix("http://")
        page = await self.harvest("GET", "/v2/time_entries", external_reference_id=f"{host}:{ticket}")
        entries: list[dict[str, Any]] = page["time_entries"]
        return entries

    async def fault(self, match: str, kind: str, **details: Any) -> None:
        """Let the simulated Harvest misbehave once."""
        await self.harvest("POST", "/_sim/faults", {"match": match, "kind": kind, "times": 1, **details})

    async def helpdesk_fault(self, match: str, kind: str, **details: Any) -> None:
        """Let the demo helpdesk misbehave once."""
        body = {"match": match, "kind": kind, **details}
        async with self.session.post(f"{self.demo.helpdesk}/_sim/faults", json=body) as response:
            assert response.status == 201, await response.text()

    async def helpdesk_fault_strikes(self, kind: str) -> None:
        """A fault set before has met its request: the helpdesk has it."""

        async def is_taken() -> bool:
            async with self.session.get(f"{self.demo.helpdesk}/_sim/faults") as response:
                return all(fault["kind"] != kind for fault in (await response.json())["faults"])

        await until(is_taken)

    async def helpdesk_faults_over(self) -> None:
        """The demo helpdesk behaves again."""
        async with self.session.delete(f"{self.demo.helpdesk}/_sim/faults") as response:
            assert response.status == 200, await response.text()

    async def setting(self, name: str, value: Any) -> None:
        """Change a setting of the helpdesk as its administrator does."""
        number = next(one["id"] for one in await self.helpdesk("GET", "/settings") if one["name"] == name)
        await self.helpdesk("PUT", f"/settings/{number}", {"state_current": {"value": value}})

    async def macro_flow(self, name: str, flow: str) -> None:
        """What becomes of the tab after the macro whose name begins so."""
        found = await self.helpdesk("GET", "/macros")
        number = next(one["id"] for one in found if one["name"].startswith(name))
        await self.helpdesk("PUT", f"/macros/{number}", {"ux_flow_next_up": flow})

    async def prefer(self, email: str, **preferences: Any) -> None:
        """Set what a person prefers in the helpdesk."""
        url = f"{self.demo.helpdesk}/api/v1/users/preferences"
        headers = {"Authorization": aiohttp.encode_basic_auth(email, "demo")}
        async with self.session.put(url, json=preferences, headers=headers) as response:
            assert response.status == 200, await response.text()


def today() -> str:
    """The day it is in the demo people's zone."""
    return datetime.now(UTC).date().isoformat()
