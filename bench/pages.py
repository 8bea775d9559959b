"""A Harvest that does nothing but hand out ready pages, so that what is measured is who reads them.

``python -m bench.pages --entries 100000`` prints its port. Every entry is encoded before the first request; a page is
a slice of them, in Harvest's order (the latest day first) with its filters ``from`` and ``to``. Projects, company and
running timers are there for the sync that asks for them.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import random
import sys
from datetime import date, timedelta

import msgspec
from aiohttp import web

from bench.stand import tell

PROJECTS, USERS, TASKS, TICKETS = 2000, 300, 8, 200
LAST_DAY = date(2026, 10, 30)
DAYS = 3 * 365
HOST = "desk.example.com"

_WORDS = ("answered", "checked", "the", "export", "logs", "and", "sent", "a", "new", "file", "to", "accounting")


class Pages:
    """So many entries, ready to be sent."""

    def __init__(self, count: int) -> None:
        self._base = ""
        rows = sorted((_entry(number, count) for number in range(count)), key=lambda row: (row[0], row[1]))
        # Ascending by how far back a day is, so that a day is found by bisection.
        self._ages = [age for age, _id, _body in rows]
        self._bodies = [body for _age, _id, body in rows]

    def routes(self) -> list[web.RouteDef]:
        """The few endpoints that a sync of entries asks for."""
        return [
            web.get("/v2/company", self.company),
            web.get("/v2/projects", self.projects),
            web.get("/v2/time_entries", self.entries),
        ]

    async def company(self, _request: web.Request) -> web.Response:
        """The account."""
        return web.json_response(
            {"base_uri": "https://acorn.example.com", "wants_timestamp_timers": False, "clock": "24h", "name": "Acorn"}
        )

    async def projects(self, _request: web.Request) -> web.Response:
        """All projects, on one page."""
        projects = [
            {
                "id": 10_000 + number,
                "client": {"id": 1 + number % 50, "name": f"Client {number % 50}"},
                "name": f"Project {number}",
                "code": f"P{number}",
                "is_active": True,
                "updated_at": "2026-01-01T00:00:00Z",
            }
            for number in range(PROJECTS)
        ]
        return web.json_response({"projects": projects, "links": {"next": None}})

    async def entries(self, request: web.Request) -> web.Response:
        """A page; ``is_running`` has none."""
        query = request.query
        if query.get("is_running") == "true":
            return web.json_response({"time_entries": [], "total_entries": 0, "links": {"next": None}})
        first, end = 0, len(self._ages)
        if "to" in query:
            first = bisect.bisect_left(self._ages, (LAST_DAY - date.fromisoformat(query["to"])).days)
        if "from" in query:
            end = bisect.bisect_right(self._ages, (LAST_DAY - date.fromisoformat(query["from"])).days)
        size, number = int(query.get("per_page", "2000")), int(query.get("page", "1"))
        begin = first + (number - 1) * size
        stop = min(begin + size, end)
        following = request.url.update_query(page=str(number + 1)) if stop < end else None
        tail = {"total_entries": max(end - first, 0), "links": {"next": str(following) if following else None}}
        body = b"".join(
            (b'{"time_entries":[', b",".join(self._bodies[begin:stop]), b"],", msgspec.json.encode(tail)[1:])
        )
        return web.Response(body=body, content_type="application/json")


def _entry(number: int, count: int) -> tuple[int, int, bytes]:
    """An entry as Harvest sends it to an administrator, with its age in days and its id. A third names a ticket by
    reference, a twentieth by number in its notes."""
    some = random.Random(number)
    age = (count - 1 - number) * DAYS // count
    project, user, task = some.randrange(PROJECTS), some.randrange(USERS), some.randrange(TASKS)
    hours = some.randrange(1, 33) / 4 if some.random() < 0.8 else some.randrange(1, 900) / 100
    chance = some.random()
    ticket = some.randrange(1, TICKETS + 1)
    notes = " ".join(some.choices(_WORDS, k=some.randrange(6, 30)))
    day = LAST_DAY - timedelta(days=age)
    at = f"{day.isoformat()}T{some.randrange(7, 19):02}:{some.randrange(60):02}:{some.randrange(60):02}Z"
    reference = None
    if chance < 1 / 3:
        reference = {
            "id": f"{HOST}:{ticket}",
            "group_id": str(ticket % 40),
            "account_id": None,
            "permalink": f"https://{HOST}/#ticket/zoom/{ticket}?deskhours={some.getrandbits(64):016x}",
            "service": HOST,
            "service_icon_url": f"https://proxy.example.com/production_harvestapp_public/uploads/{HOST}.png",
        }
    elif chance < 1 / 3 + 1 / 20:
        notes += f" (#{90_000 + ticket})"
    body = {
        "id": 2_500_000_000 + number,
        "spent_date": day.isoformat(),
        "hours": hours,
        "hours_without_timer": hours,
        "rounded_hours": hours,
        "notes": notes,
        "is_locked": False,
        "locked_reason": None,
        "approval_status": "unsubmitted",
        "is_closed": False,
        "is_billed": False,
        "timer_started_at": None,
        "started_time": None,
        "ended_time": None,
        "is_running": False,
        "billable": some.random() < 0.7,
        "budgeted": True,
        "billable_rate": 120.0,
        "cost_rate": 55.5,
        "created_at": at,
        "updated_at": at,
        "user": {"id": 2000 + user, "name": f"Person Number {user}"},
        "client": {"id": 1 + project % 50, "name": f"Client {project % 50}", "currency": "EUR"},
        "project": {"id": 10_000 + project, "name": f"Project {project}", "code": f"P{project}"},
        "task": {"id": 300 + task, "name": f"Task {task}"},
        "user_assignment": {
            "id": 125_000_000 + project,
            "is_project_manager": False,
            "is_active": True,
            "use_default_rates": True,
            "budget": None,
            "created_at": "2024-01-22T21:52:06Z",
            "updated_at": "2024-01-22T21:52:06Z",
            "hourly_rate": 120.0,
        },
        "task_assignment": {
            "id": 155_000_000 + project,
            "billable": True,
            "is_active": True,
            "created_at": "2024-01-22T21:52:06Z",
            "updated_at": "2024-01-22T21:52:06Z",
            "hourly_rate": 120.0,
            "budget": None,
        },
        "invoice": None,
        "external_reference": reference,
    }
    return age, -number, msgspec.json.encode(body)


async def serve(count: int) -> None:
    """Serve until the standard input ends, after having printed the port."""
    app = web.Application()
    app.add_routes(Pages(count).routes())
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tell(runner.addresses[0][1])
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--entries", type=int, default=100_000)
    asyncio.run(serve(parser.parse_args().entries))


if __name__ == "__main__":
    main()
