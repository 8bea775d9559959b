"""What has changed in Harvest since last time, asked once for the whole account, however many tickets there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.listing import Batch, Filters, Listing, ahead
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.runs import Run, last_night
from plugin_server.mirror.writing import again
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool

OVERLAP = timedelta(minutes=2)
"""How far each run reaches back behind the last one's start. ``updated_since`` is exclusive and counts whole seconds,
and Harvest's clock is not ours; rows seen twice change nothing."""

CONFIRM = 20
"""Of projects that are no longer listed at most so many are asked for one by one in a run."""


@dataclass(frozen=True)
class _List:
    """One of the account's lists: how it is read, and how its items become rows."""

    kind: directory.Kind
    pages: Callable[[HarvestClient, datetime | None], AsyncIterator[Sequence[Any]]]
    row: Callable[[Any], directory.Row]


PROJECTS = _List("projects", HarvestClient.projects, directory.project)
LISTS = (
    _List("clients", HarvestClient.clients, directory.client),
    _List("tasks", HarvestClient.tasks, directory.task),
    _List("users", HarvestClient.users, directory.user),
    _List("user_assignments", HarvestClient.user_assignments, directory.user_assignment),
    _List("task_assignments", HarvestClient.task_assignments, directory.task_assignment),
)


class Sync:
    """Reads changes with the service user's token."""

    ENTRIES = "time_entries"

    def __init__(self, pool: Pool, client: HarvestClient, clock: Clock, listing: Listing) -> None:
        self._pool = pool
        self._client = client
        self._clock = clock
        self._listing = listing

    async def projects(self, run: Run) -> bool:
        """The company and what changed in projects: two calls."""
        company = await self._client.company()
        async with self._pool.acquire() as connection:
            await store.write_company(connection, company)
        await self._changes(run, PROJECTS)
        return True

    async def directory(self, run: Run) -> bool:
        """Clients, tasks, people and who works on what: one call each. What the token's user may not read does not
        keep the rest from being read; it is raised in the end."""
        denied: core.Denied | None = None
        for one in LISTS:
            try:
                await self._changes(run, one)
            except core.Denied as error:
                denied = error
        if denied:
            raise denied
        return True

    async def _changes(self, run: Run, one: _List) -> None:
        """A list by its cursor, which does not shift; the watermark moves when it has been read to its end."""
        began = self._clock.now()
        since = await store.watermark(self._pool, one.kind)
        async for page in one.pages(self._client, since - OVERLAP if since else None):
            run.add(len(page))
            await self._write(one, page)
        async with self._pool.acquire() as connection:
            await store.move_watermark(connection, one.kind, began)

    async def _write(self, one: _List, page: Sequence[Any]) -> None:
        await again(self._pool, directory.write, one.kind, [one.row(item) for item in page])

    async def entries(self, run: Run) -> bool:
        """What changed in time entries. Batches are written as they come; how far it is, or the watermark, moves with
        each batch's rows, so whoever goes on does so there. The first time, everything: the latest days first."""
        work = await progress.unfinished(self._pool, self.ENTRIES)
        if work is None:
            since = await store.watermark(self._pool, self.ENTRIES)
            work = progress.Pass(self.ENTRIES, self._clock.now(), since - OVERLAP if since else None, None)
        filters: Filters = {"updated_since": work.since} if work.since else {}
        async with aclosing(ahead(self._listing.read(filters, last=work.reached))) as batches:
            async for batch in batches:
                run.add(len(batch.entries))
                await self._keep(work, batch)
                if run.over and batch.whole is not None and not batch.last:
                    return False
        return True

    async def _keep(self, work: progress.Pass, batch: Batch) -> None:
        async def write(connection: Connection) -> None:
            await store.upsert_entries(connection, batch.entries, batch.asked_at)
            if batch.last:
                await store.move_watermark(connection, work.name, work.began_at)
                await progress.finish(connection, work.name)
            elif batch.whole is not None:
                await progress.go_on(connection, work, batch.reached)

        await again(self._pool, write)

    async def whole_lists(self, run: Run) -> bool:
        """Each list whole: what is no longer in it is gone. Only with a token that sees everything."""
        for one in LISTS:
            began = self._clock.now()
            listed = await self._whole(run, one)
            await again(self._pool, directory.forget, one.kind, listed, began - OVERLAP)
        listed = await self._whole(run, PROJECTS)
        missing = await directory.missing_projects(self._pool, listed)
        for project_id in missing[:CONFIRM]:
            if await self.project_is_gone(project_id):
                async with self._pool.acquire() as connection:
                    await directory.mark_project_deleted(connection, project_id, self._clock.now())
        return len(missing) <= CONFIRM

    async def _whole(self, run: Run, one: _List) -> set[int]:
        listed: set[int] = set()
        async for page in one.pages(self._client, None):
            run.add(len(page))
            listed |= {item.id for item in page}
            await self._write(one, page)
        return listed

    async def project_is_gone(self, project_id: int) -> bool:
        """Whether Harvest answers 404 for a project; for who sees everything that is a proof."""
        try:
            await self._client.project(project_id)
        except core.Missing:
            return True
        return False

    async def rates(self, run: Run, hour: int) -> bool:
        """The rates of people that were last read before last night: two calls each, as many people as the run's time
        allows."""
        due = last_night(self._clock.now(), hour)
        people = await directory.active_users(self._pool)
        for user_id in people:
            name, began = f"rates of {user_id}", self._clock.now()
            read_at = await store.watermark(self._pool, name)
            if read_at is not None and read_at >= due:
                continue
            if run.over:
                return False
            billable, cost = await self._client.billable_rates(user_id), await self._client.cost_rates(user_id)
            run.add(len(billable) + len(cost))
            async with self._pool.acquire() as connection, connection.transaction():
                await directory.replace_rates(connection, user_id, "billable", billable)
                await directory.replace_rates(connection, user_id, "cost", cost)
                await store.move_watermark(connection, name, began)
        return bool(people)  # nobody: they have not been read yet

    async def history(self, run: Run, first: date | None, last: date | None, project_id: int | None) -> None:
        """Every entry of these days, of one project at will; moves no watermark."""
        filters: Filters = {"project_id": project_id} if project_id else {}
        async with aclosing(ahead(self._listing.read(filters, first, last))) as batches:
            async for batch in batches:
                run.add(len(batch.entries))
                await again(self._pool, store.upsert_entries, batch.entries, batch.asked_at)

    async def write(self, entry: wire.TimeEntry, asked_at: datetime) -> None:
        """One entry as it was found when it was asked for."""
        await again(self._pool, store.upsert_entries, [entry], asked_at)
