"""Keeping the mirror true: what Harvest changed since last time, asked once for the whole account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

from plugin_server.harvest import core, wire
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import changes, store
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.history import Busy, History
from plugin_server.mirror.listing import PAGE, Listing
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.progress.store import SyncState
from plugin_server.mirror.reconcile import RELIST_EVERY, Reconcile, Scope
from plugin_server.mirror.runs import Run, Runs, last_night
from plugin_server.mirror.sync import Sync
from plugin_server.mirror.writing import again
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later

REREAD = 20
"""At most so many entries are read one by one in a run."""

RUNNING_EVERY = timedelta(seconds=30)
"""How often running timers and projects are read: a timer started elsewhere, and a project archived there, is expected
here within a minute."""

JITTER = timedelta(seconds=5)
"""A run that comes so much early is not put off to the next beat."""

AGAIN_AFTER = timedelta(hours=1)
"""When a nightly run that complained of something is tried again."""

_logger = log.get(__name__)


class Mirror:
    """Harvest's data as we last saw it. Each sync has a name, under which it remembers how far it has come."""

    PROJECTS = "projects"
    TIME_ENTRIES = Sync.ENTRIES
    _CHANGES = (PROJECTS, TIME_ENTRIES, "directory")

    @staticmethod
    def assignments_of(user_id: int) -> str:
        """The name of the sync of one person's assignments."""
        return f"assignments of {user_id}"

    def __init__(self, pool: Pool, service_client: HarvestClient, clock: Clock, page: int = PAGE) -> None:
        self._pool = pool
        self._client = service_client
        self._clock = clock
        self._runs = Runs(pool, clock)
        self._sync = Sync(pool, service_client, clock, Listing(service_client, clock, page))
        self._reconcile = Reconcile(pool, service_client, clock, self._sync, page)
        self.history = History(pool, service_client, clock, self._runs, self._sync, self._reconcile)

    async def beat(self, every: timedelta) -> bool:
        """What is due of it: all changes ``every`` so often, projects and running timers every half minute. To be
        called more often than that. False: nothing was, or only these while the rest is not well, so that nobody takes
        Harvest for well; or another worker is at it, which would be done with a part before we looked at it."""
        async with progress.held(self._pool, "beat") as mine:
            return mine and await self._beat(every)

    async def _beat(self, every: timedelta) -> bool:
        if await self._due(self.TIME_ENTRIES, every) or await progress.unfinished(self._pool, self.TIME_ENTRIES):
            await _all(self.sync, self.sync_directory)
        elif await self._due("running", min(every, RUNNING_EVERY)):
            await _all(lambda: self._runs.do(self.PROJECTS, self._sync.projects), self.sync_running)
            return not any(state.problem for state in await self.states() if state.name in self._CHANGES)
        else:
            return False
        return True

    async def _due(self, name: str, every: timedelta) -> bool:
        state = await progress.state(self._pool, name)
        return state is None or self._clock.now() - state.began_at >= every - JITTER

    async def sync(self) -> None:
        """Bring projects and time entries up to date, running timers too: what panels show. A constant number of calls
        unless much has changed. Raises what Harvest answered; one part that is refused does not stop the others."""
        await _all(
            lambda: self._runs.do(self.PROJECTS, self._sync.projects),
            lambda: self._runs.do(self.TIME_ENTRIES, self._sync.entries),
            self.sync_running,
        )

    async def sync_now(self) -> None:
        """All that is read each minute, until nothing is left of a pass that takes several runs."""
        await _all(self.sync, self.sync_directory)
        while await progress.unfinished(self._pool, self.TIME_ENTRIES):
            if await self._runs.do(self.TIME_ENTRIES, self._sync.entries) is None:
                raise Busy

    async def sync_directory(self) -> None:
        """Bring clients, tasks, people and assignments up to date: five calls."""
        await self._runs.do("directory", self._sync.directory)

    async def sync_running(self) -> None:
        """Read the account's running timers, and anew what ran last time and no longer does.

        A running timer's ``updated_at`` is not known to advance while it ticks, so ``updated_since`` is no way to see
        it; and one that was deleted leaves no trace but a 404.
        """
        await self._runs.do("running", self._running)

    async def _running(self, run: Run) -> bool:
        before = await store.running_ids(self._pool)
        running: set[int] = set()
        async for page in self._client.time_entries(is_running="true"):
            run.add(len(page.time_entries))
            running |= {entry.id for entry in page.time_entries}
            await self.keep(page.time_entries)
        stopped = [known for known in before if known not in running]
        for entry_id in stopped[:REREAD]:
            try:
                await self.reread(self._client, entry_id)
            except core.Denied as error:
                _logger.warning("a timer can't be followed", entry=entry_id, reason=str(error))
        return len(stopped) <= REREAD

    async def night(self, hour: int) -> bool:
        """What is due of the nightly work, which begins at ``hour`` (UTC): deletions everywhere, rates, lists whole,
        old changes. To be called every minute; goes on where its last run ended. Says whether nothing is left."""
        due = last_night(self._clock.now(), hour)
        if await store.watermark(self._pool, self.TIME_ENTRIES) is None:
            return False  # the first sync reads it all
        parts: dict[str, Callable[[Run], Awaitable[bool]]] = {
            Reconcile.EVERYTHING: self._reconcile.everything,
            "lists": self._whole_lists,
            "changes": self._prune,
            "rates": lambda run: self._sync.rates(run, hour),
        }
        for name, work in parts.items():
            state = await progress.state(self._pool, name)
            if state and state.succeeded_at and state.succeeded_at >= due:
                continue
            if state and state.problem and self._clock.now() - state.began_at < AGAIN_AFTER:
                continue
            if await self._runs.do(name, work) is not True:
                return False  # its time is over; the next call goes on
        return True

    async def _whole_lists(self, run: Run) -> bool:
        await self._reconcile.demand_sight()
        return await self._sync.whole_lists(run)

    async def _prune(self, run: Run) -> bool:
        run.rows = await changes.prune(self._pool)
        return run.rows < changes.PRUNE_AT_ONCE

    async def relist(
        self, scopes: Sequence[Scope], every: timedelta = RELIST_EVERY, *, force: bool = False
    ) -> bool | None:
        """Follow deletions in scopes that are hot, each at most ``every`` so often (``force``: now), the longest
        unlisted first; 20 calls at most, however many they are. Says whether all have had their turn; ``None``:
        another process is at it."""
        pause = timedelta() if force else every
        return await self._runs.do("relist", lambda run: self._reconcile.relist(run, scopes, pause))

    async def states(self) -> list[SyncState]:
        """How every sync is doing, by name."""
        return await progress.states(self._pool)

    async def reread(self, client: HarvestClient, entry_id: int) -> wire.TimeEntry | None:
        """One entry as it is now; ``None`` when Harvest has it no more, which is noted.

        A 404 says so only to who would be shown it: its own user, and administrators. To anybody else Harvest may
        answer the same about an entry that is there: :class:`~plugin_server.harvest.core.Denied`.
        """
        asked_at = self._clock.now()
        try:
            entry = await client.time_entry(entry_id)
        except core.Missing:
            owner = await store.owner(self._pool, entry_id)
            user = await client.me() if owner is not None else None
            if user is not None and user.id != owner and not user.sees_all:
                raise core.Denied(
                    later("Harvest does not show this entry to everybody: it may still be there")
                ) from None
            async with self._pool.acquire() as connection:
                await store.mark_deleted(connection, entry_id, self._clock.now())
            return None
        await self._sync.write(entry, asked_at)
        return entry

    async def keep(self, entries: Sequence[wire.TimeEntry]) -> None:
        """Write entries as a reply showed them."""
        await again(self._pool, store.upsert_entries, entries)

    async def learn(self, kind: directory.Kind, rows: Sequence[directory.Row]) -> None:
        """Write rows of the directory as a reply showed them, so that nobody has to wait for the next sync."""
        await again(self._pool, directory.write, kind, rows)

    async def learn_deleted(self, project_id: int) -> None:
        """Note that Harvest no longer has a project, as it has just told who saw it while it was there."""
        await again(self._pool, directory.mark_project_deleted, project_id, self._clock.now())

    async def admit_team(self, project_id: int) -> None:
        """Let the people of a project that was just made track time on it before they are read anew."""
        async with self._pool.acquire() as connection:
            await store.admit_team(connection, project_id)

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

    async def lost(self, project_id: int) -> str | None:
        """What a project was called that Harvest no longer has; ``None`` for any other."""
        return await store.lost(self._pool, project_id)

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


async def _all(*steps: Callable[[], Awaitable[object]]) -> None:
    """One after the other; a 403 of one does not keep the others from being done, and is raised in the end."""
    denied: core.Denied | None = None
    for step in steps:
        try:
            await step()
        except core.Denied as error:
            denied = denied or error
    if denied:
        raise denied
