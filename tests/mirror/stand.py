"""The mirror beside the simulated Harvest: made, disturbed and compared."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from plugin_server.harvest import wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.clock import Clock, SystemClock
from plugin_server.runtime.database import Pool
from tests.demo_harvest.client import ADMIN, Harvest

Hook = Callable[[int], Awaitable[object]]


class Disturbed(HarvestClient):
    """Something happens before each page of time entries; ``before`` is told its number, from 1. Its user is an
    administrator for so many ``sights`` only, if that is set."""

    before: Hook | None = None
    pages = 0
    sights: int | None = None

    async def me(self) -> wire.User:
        user = await super().me()
        if self.sights is not None:
            self.sights -= 1
            if self.sights < 0:
                user.access_roles = ["member"]
        return user

    async def time_entries_page(self, **filters: Any) -> wire.TimeEntryPage:
        self.pages += 1
        if self.before:
            await self.before(self.pages)
        return await super().time_entries_page(**filters)


@dataclass
class Stand:
    pool: Pool
    harvest: Harvest

    def client(self, token: str = ADMIN, before: Hook | None = None) -> Disturbed:
        client = Disturbed(
            self.harvest.session,
            f"{self.harvest.url}/v2",
            1,
            "Deskhours tests (tests@example.com)",
            token,
            20,
            SystemClock(),
            kind="batch",
        )
        client.before = before
        return client

    def mirror(
        self, token: str = ADMIN, *, page: int = 2000, clock: Clock | None = None, before: Hook | None = None
    ) -> Mirror:
        return Mirror(self.pool, self.client(token, before), clock or SystemClock(), page)

    async def truth(self) -> dict[int, tuple[object, ...]]:
        """Every entry in Harvest, whoever may see it."""
        state = (await self.harvest.call("GET", "/_sim/state")).body
        return {
            one["id"]: (
                one["user_id"],
                one["project_id"],
                one["task_id"],
                date.fromisoformat(one["spent_date"]),
                None if one["is_running"] else round(one["hours"] * 100),
                one["is_running"],
                one["notes"],
                (one["external_reference"] or {}).get("id"),
            )
            for one in state["time_entries"]
        }

    async def seen(self) -> dict[int, tuple[object, ...]]:
        """Every entry in the mirror that is not deleted."""
        rows = await self.pool.fetch(
            "SELECT id, user_id, project_id, task_id, spent_date, CASE WHEN NOT is_running THEN hours END,"
            " is_running, notes, external_id FROM time_entry WHERE deleted_at IS NULL"
        )
        return {row["id"]: tuple(row)[1:] for row in rows}

    async def assert_equal(self) -> None:
        seen, truth = await self.seen(), await self.truth()
        assert {k: v for k, v in seen.items() if truth.get(k) != v} == {}
        assert truth.keys() - seen.keys() == set()

    async def calls(self) -> int:
        """How many calls Harvest has answered."""
        state = (await self.harvest.call("GET", "/_sim/state")).body
        return sum(state["calls"].values())

    async def problem(self, name: str) -> str | None:
        state = await progress.state(self.pool, name)
        assert state
        return state.problem

    async def watermark(self, name: str = "time_entries") -> datetime | None:
        value: datetime | None = await self.pool.fetchval("SELECT reached_at FROM sync_watermark WHERE name = $1", name)
        return value

    async def delete(self, entry: dict[str, Any]) -> None:
        assert (await self.harvest.call("DELETE", f"/v2/time_entries/{entry['id']}")).status == 200

    async def bulk(self, count: int, project: dict[str, Any], **values: Any) -> Any:
        body = {"count": count, "project_id": project["id"], "user_id": 2001, "task_id": 5001}
        return await self.harvest.make("/_sim/entries", {**body, "last_day": "2026-05-04", **values})

    async def fault(self, match: str, **details: Any) -> None:
        await self.harvest.make("/_sim/faults", {"match": match, **details})
