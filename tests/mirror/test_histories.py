"""Whatever is done in Harvest, and wherever a sync is killed: in the end the mirror is what Harvest is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from plugin_server.mirror import changes
from plugin_server.mirror.reconcile import Scope
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.clock import SetClock
from tests.demo_harvest.client import ADA, SUPPORT
from tests.mirror.stand import Stand

pytestmark = pytest.mark.many_processes

# Time goes on from one history to the next, as Harvest's own never goes back.
clock = SetClock((datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0))
PAGE = 4
DAY = date(2026, 5, 4)

pick = st.integers(0, 7)
steps = st.one_of(
    st.tuples(st.just("create"), pick, pick),
    st.tuples(st.just("edit"), pick, pick),
    st.tuples(st.just("move"), pick, pick),
    st.tuples(st.just("refer"), pick, pick),
    st.tuples(st.just("change_project"), pick, pick),
    st.tuples(st.just("delete"), pick, pick),
    st.tuples(st.just("delete_project"), pick, pick),
    st.tuples(st.just("timer"), pick, pick),
    st.tuples(st.just("clock"), pick, pick),
    st.tuples(st.just("sync"), pick, pick),
    st.tuples(st.just("killed"), pick, pick),
    st.tuples(st.just("reconcile"), pick, pick),
    st.tuples(st.just("relist"), pick, pick),
)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Story:
    """Harvest and the mirror on clocks that go together."""

    stand: Stand
    clock: SetClock
    projects: list[int]
    entries: list[int] = field(default_factory=list)
    dead_after: int | None = None

    def mirror(self) -> Mirror:
        return self.stand.mirror(page=PAGE, clock=self.clock, before=self._maybe_die)

    async def _maybe_die(self, _page: int) -> None:
        if self.dead_after is not None:
            self.dead_after -= 1
            if self.dead_after < 0:
                raise Killed

    async def do(self, what: str, first: int, second: int) -> None:
        await getattr(self, what)(first, second)

    async def _patch(self, first: int, body: dict[str, Any]) -> None:
        if self.entries:  # refused where the entry is gone or locked: that is a history too
            await self.stand.harvest.call("PATCH", f"/v2/time_entries/{self._entry(first)}", body)

    def _entry(self, number: int) -> int:
        return self.entries[number % len(self.entries)]

    def _project(self, number: int) -> int:
        return self.projects[number % len(self.projects)]

    async def create(self, first: int, second: int) -> None:
        for _ in range(first % 3 + 1):
            body = {"project_id": self._project(first), "task_id": SUPPORT, "user_id": ADA, "hours": 1}
            day = {"spent_date": (DAY - timedelta(days=second)).isoformat()}
            reply = await self.stand.harvest.call("POST", "/v2/time_entries", body | day)
            if reply.status == 201:
                self.entries.append(reply.body["id"])

    async def edit(self, first: int, second: int) -> None:
        await self._patch(first, {"notes": f"note {second}", "hours": second})

    async def move(self, first: int, second: int) -> None:
        await self._patch(first, {"spent_date": (DAY - timedelta(days=second)).isoformat()})

    async def refer(self, first: int, second: int) -> None:
        await self._patch(first, {"external_reference": {"id": f"desk:{second % 2}"}})

    async def change_project(self, first: int, second: int) -> None:
        await self._patch(first, {"project_id": self._project(second)})

    async def delete(self, first: int, _second: int) -> None:
        if self.entries:
            await self.stand.harvest.call("DELETE", f"/v2/time_entries/{self._entry(first)}")

    async def delete_project(self, first: int, second: int) -> None:
        if first == 0:
            await self.stand.harvest.call("DELETE", f"/v2/projects/{self._project(second)}")

    async def timer(self, first: int, second: int) -> None:
        if second % 2 and self.entries:
            await self.stand.harvest.call("PATCH", f"/v2/time_entries/{self._entry(first)}/stop")
        elif self.entries:
            await self.stand.harvest.call("PATCH", f"/v2/time_entries/{self._entry(first)}/restart")

    async def tick(self, seconds: int) -> None:
        self.clock.advance(seconds=seconds)
        body = {"now": f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ}"}
        assert (await self.stand.harvest.call("POST", "/_sim/clock", body)).status == 200

    async def time_passes(self, first: int, second: int) -> None:
        await self.tick((first + 1) * (second + 1) * 17)

    async def sync(self, _first: int, _second: int) -> None:
        await self.mirror().sync()

    async def killed(self, first: int, second: int) -> None:
        self.dead_after = first
        mirror = self.mirror()
        try:
            await (mirror.sync() if second % 2 else self._reconciled(mirror))
        except Killed:
            pass
        finally:
            self.dead_after = None

    async def reconcile(self, _first: int, _second: int) -> None:
        await self._reconciled(self.mirror())

    @staticmethod
    async def _reconciled(mirror: Mirror) -> None:
        await mirror._runs.do("reconcile", mirror._reconcile.everything)

    async def relist(self, first: int, _second: int) -> None:
        scopes = [Scope(project_id=project) for project in self.projects]
        await self.mirror().relist([*scopes, Scope(reference=f"desk:{first % 2}")], force=True)


async def followed(stand: Stand) -> dict[int, tuple[object, ...]]:
    """Each entry's project, reference and day as somebody knows them who only reads the changes."""
    known: dict[int, tuple[object, ...]] = {}
    while True:
        async with stand.pool.acquire() as connection, connection.transaction():
            found = await changes.changes(connection, "story", 7)
            if not found:
                return known
            await changes.move(connection, "story", found[-1])
        for change in found:
            old = (change.old_project_id, change.old_reference, change.old_day)
            assert known.pop(change.entry_id, (None, None, None)) == old
            if change.new_day is not None:
                known[change.entry_id] = (change.new_project_id, change.new_reference, change.new_day)


# A found history is not made shorter: each try takes a whole one, and it is short enough to be read.
@settings(
    max_examples=30,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=st.lists(steps, min_size=12, max_size=40))
async def test_in_the_end_the_mirror_is_what_harvest_is(stand: Stand, story: list[tuple[str, int, int]]) -> None:
    tables = (
        "time_entry, harvest_project, changed_entry, change_reader, sync_state, sync_pass, sync_watermark, relisted"
    )
    await stand.pool.execute(f"TRUNCATE {tables}")
    run = Story(stand, clock, [])
    await run.tick(3600)
    for _ in range(2):
        run.projects.append((await stand.harvest.project())["id"])
    for what, first, second in story:
        await run.do({"clock": "time_passes"}.get(what, what), first, second)
        await run.tick(1)
    await run.tick(30)
    await run.mirror().sync()
    truth, seen = await stand.truth(), await stand.seen()
    assert {entry_id for entry_id, entry in truth.items() if seen.get(entry_id) != entry} == set()
    for _ in range(10):
        if await run.mirror()._runs.do("reconcile", run.mirror()._reconcile.everything):
            break
    await run.mirror().sync_running()
    await stand.assert_equal()
    rows = await stand.pool.fetch(
        "SELECT id, project_id, external_id, spent_date FROM time_entry WHERE deleted_at IS NULL"
    )
    assert await followed(stand) == {row["id"]: tuple(row)[1:] for row in rows}
    for project in run.projects:
        await stand.harvest.call("DELETE", f"/v2/projects/{project}")
