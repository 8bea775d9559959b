"""Keeping the mirror true: what Harvest changed since last time, asked once for the whole account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store
from plugin_server.mirror.directory import store as directory
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

OVERLAP = timedelta(minutes=2)
"""How far each run reaches back behind the last one's start. ``updated_since`` is exclusive and counts whole seconds,
and Harvest's clock is not ours; rows seen twice change nothing."""

REREAD = 20
"""At most so many entries are read one by one in a run."""

_logger = log.get(__name__)


class Mirror:
    """Harvest's data as we last saw it. Each sync has a name, under which it remembers how far it has come."""

    PROJECTS = "projects"
    TIME_ENTRIES = "time_entries"

    @staticmethod
    def assignments_of(user_id: int) -> str:
        """The name of the sync of one person's assignments."""
        return f"assignments of {user_id}"

    def __init__(self, pool: Pool, service_client: HarvestClient, clock: Clock) -> None:
        self._pool = pool
        self._client = service_client
        self._clock = clock

    async def sync(self) -> None:
        """Bring projects and time entries up to date, running timers too."""
        await self._sync_projects()
        await self._sync_entries()
        await self.sync_running()

    async def _sync_projects(self) -> None:
        began = self._clock.now()
        since = await store.watermark(self._pool, self.PROJECTS)
        company = await self._client.company()
        async with self._pool.acquire() as connection:
            await store.write_company(connection, company)
        async for page in self._client.projects(since - OVERLAP if since else None):
            async with self._pool.acquire() as connection, connection.transaction():
                await directory.write(connection, "projects", [directory.project(item) for item in page])
        async with self._pool.acquire() as connection:
            await store.move_watermark(connection, self.PROJECTS, began)

    async def _sync_entries(self) -> None:
        """Write pages as they come; the watermark moves with the last one, so an interrupted run starts again."""
        began = self._clock.now()
        since = await store.watermark(self._pool, self.TIME_ENTRIES)
        filters = {"updated_since": since - OVERLAP} if since else {}
        count = 0
        async for page in self._client.time_entries(**filters):
            count += len(page.time_entries)
            async with self._pool.acquire() as connection, connection.transaction():
                await store.upsert_entries(connection, page.time_entries, began)
                if page.links.next is None:
                    await store.move_watermark(connection, self.TIME_ENTRIES, began)
        if count:
            _logger.info("time entries read", count=count)

    async def sync_running(self) -> None:
        """Read the account's running timers, and anew what ran last time and no longer does.

        A running timer's ``updated_at`` is not known to advance while it ticks, so ``updated_since`` is no way to see
        it; and one that was deleted leaves no trace but a 404.
        """
        before = await store.running_ids(self._pool)
        running: set[int] = set()
        async for page in self._client.time_entries(is_running="true"):
            running |= {entry.id for entry in page.time_entries}
            await self.keep(page.time_entries)
        for entry_id in [known for known in before if known not in running][:REREAD]:
            await self.reread(self._client, entry_id)

    async def reread(self, client: HarvestClient, entry_id: int) -> wire.TimeEntry | None:
        """One entry as it is now; ``None`` when Harvest has it no more, which is noted."""
        try:
            entry = await client.time_entry(entry_id)
        except core.Missing:
            async with self._pool.acquire() as connection:
                await store.mark_deleted(connection, entry_id, self._clock.now())
            return None
        async with self._pool.acquire() as connection, connection.transaction():
            await store.upsert_entries(connection, [entry])
            await store.mark_present(connection, entry_id)
        return entry

    async def keep(self, entries: Sequence[wire.TimeEntry]) -> None:
        """Write entries as a reply showed them."""
        async with self._pool.acquire() as connection, connection.transaction():
            await store.upsert_entries(connection, entries)

    async def refresh_assignments(self, client: HarvestClient, user_id: int) -> None:
        """Read a person's own assignments with that person's ``client``."""
        began = self._clock.now()
        assignments = await client.project_assignments()
        async with self._pool.acquire() as connection, connection.transaction():
            await store.replace_assignments(connection, user_id, assignments)
            await store.move_watermark(connection, self.assignments_of(user_id), began)

    async def age(self, name: str) -> timedelta:
        """How long ago the sync of this name began that came through last; a very long time when none did."""
        read_at = await store.watermark(self._pool, name)
        return self._clock.now() - read_at if read_at else timedelta.max

    async def project(self, project_id: int) -> store.Project | None:
        """A project as last seen."""
        return await store.project(self._pool, project_id)

    async def tasks(self, user_id: int, project_id: int) -> list[store.Task]:
        """The tasks a person may track time on in a project."""
        return await store.tasks(self._pool, user_id, project_id)

    async def project_url(self, project_id: int) -> str | None:
        """The project's page in Harvest, once the account's address is known."""
        company = await store.company(self._pool)
        return f"{company.base_uri}/projects/{project_id}" if company else None

    async def day_url(self, user_id: int, day: date) -> str | None:
        """A person's day in Harvest, where that day's entries stand; Harvest has no page for one entry."""
        company = await store.company(self._pool)
        return f"{company.base_uri}/time/day/{day:%Y/%m/%d}/{user_id}" if company else None

    async def company(self) -> store.Company | None:
        """The account's company, once it has been read."""
        return await store.company(self._pool)

    async def running(self, user_id: int) -> store.Running | None:
        """A person's running timer as last seen."""
        return await store.running(self._pool, user_id)
