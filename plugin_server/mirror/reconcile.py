"""Deletions. Harvest keeps no trace of a deleted entry: it only stops being listed (its API documentation has no list
of deleted ones). So what a listing no longer holds is asked for by itself, and a 404 is the proof; but only for who is
shown everything, for everybody else is answered the same about what is hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from plugin_server.harvest import core
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror import store
from plugin_server.mirror.directory import store as directory
from plugin_server.mirror.listing import Batch, Filters, Listing
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.runs import BLIND, Blind, Run
from plugin_server.mirror.sync import Sync
from plugin_server.mirror.writing import again
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

RELIST_CALLS = 20
"""Calls that re-listing hot tickets may take in a run, however many are hot."""

RELIST_EVERY = timedelta(minutes=10)
"""How often a scope is listed again, unless somebody asks for it."""

CONFIRM = 60
"""At most so many entries are asked for one by one in a run; more wait for the next."""

MANY = 3
"""If more entries of one project have vanished, the project itself is asked for first: it may be gone with them."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Scope:
    """Entries that belong together: of a project, or those that name a ticket (``<helpdesk host>:<ticket id>``)."""

    project_id: int | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        if (self.project_id is None) == (self.reference is None):
            raise ValueError("a scope is a project or a reference")

    @property
    def key(self) -> str:
        """Its name among the scopes."""
        return f"project:{self.project_id}" if self.reference is None else f"reference:{self.reference}"

    @property
    def filters(self) -> Filters:
        """Harvest's filter for it."""
        if self.reference is None:
            return {"project_id": self.project_id or 0}
        return {"external_reference_id": self.reference}


@dataclass
class Budget:
    """Calls that may still be made."""

    calls: int
    dead_projects: set[int] = field(default_factory=set)
    live_projects: set[int] = field(default_factory=set)

    def take(self) -> bool:
        """Whether there is one more; it is taken then."""
        self.calls -= 1
        return self.calls >= 0


class Reconcile:
    """Finds what was deleted in Harvest."""

    EVERYTHING = "reconcile"

    def __init__(self, pool: Pool, client: HarvestClient, clock: Clock, sync: Sync, page: int) -> None:
        self._pool = pool
        self._client = client
        self._clock = clock
        self._sync = sync
        self._listing = Listing(client, clock, page)

    async def demand_sight(self) -> None:
        """Raises :class:`Blind` unless the token's user is shown everything."""
        user = await self._client.me()
        if not user.sees_all:
            raise Blind(BLIND.format(name=user.name or "a person"))

    async def everything(self, run: Run) -> bool:
        """All days, from the latest on; where time is over the next run goes on."""
        await self.demand_sight()
        work = await progress.unfinished(self._pool, self.EVERYTHING)
        work = work or progress.Pass(self.EVERYTHING, self._clock.now(), None, None)
        budget = Budget(CONFIRM)
        async for batch in self._listing.read({}, last=work.reached):
            run.add(len(batch.entries))
            if not await self._compare(batch, budget, None):
                return False
            async with self._pool.acquire() as connection, connection.transaction():
                if batch.last:
                    await store.move_watermark(connection, self.EVERYTHING, work.began_at)
                    await progress.finish(connection, self.EVERYTHING)
                elif batch.whole is not None:
                    await progress.go_on(connection, work, batch.reached)
            if run.over and batch.whole is not None and not batch.last:
                return False
        return True

    async def window(self, run: Run, first: date | None, last: date | None, project_id: int | None = None) -> bool:
        """These days, of one project at will; however many calls it takes."""
        await self.demand_sight()
        scope = Scope(project_id=project_id) if project_id is not None else None
        async for batch in self._listing.read(scope.filters if scope else {}, first, last):
            run.add(len(batch.entries))
            await self._compare(batch, None, scope)
        return True

    async def relist(self, run: Run, scopes: Sequence[Scope], every: timedelta) -> bool:
        """The scopes whose turn it is, the longest unlisted first, for ``RELIST_CALLS`` calls. Says whether all of them
        have had their turn."""
        by_key = {scope.key: scope for scope in scopes}
        turns = await progress.to_relist(self._pool, list(by_key), self._clock.now() - every, RELIST_CALLS)
        if not turns:
            return True
        budget = Budget(RELIST_CALLS - 2)  # who asks is looked at before, and once more before anything is deleted
        await self.demand_sight()
        for done, key in enumerate(turns):
            if budget.calls <= 0 or run.over:
                return done == len(turns)
            # However far it gets: one scope that is too large must not keep the others waiting.
            await progress.note_relisted(self._pool, key, self._clock.now())
            await self._relist(run, by_key[key], budget)
        return len(turns) < RELIST_CALLS

    async def _relist(self, run: Run, scope: Scope, budget: Budget) -> None:
        batches = self._listing.read(scope.filters)
        while budget.take():
            batch = await anext(batches, None)
            if batch is None:
                return
            run.add(len(batch.entries))
            if not await self._compare(batch, budget, scope) or batch.last:
                return

    async def _compare(self, batch: Batch, budget: Budget | None, scope: Scope | None) -> bool:
        """Write what is listed, and note what is not and is gone. False: the budget did not reach."""
        await again(self._pool, store.upsert_entries, batch.entries, batch.asked_at)
        if batch.whole is None:
            return True
        first, last = batch.whole
        project_id, reference = (scope.project_id, scope.reference) if scope else (None, None)
        missing = await progress.vanished(self._pool, batch.ids, first, last, project_id, reference)
        gone, complete = await self._confirm(missing, budget or Budget(len(missing) * 2))
        if gone:
            # Whoever asked may have lost sight meanwhile.
            await self.demand_sight()
            now = self._clock.now()
            await again(self._pool, progress.mark_gone, gone, now)
            _logger.info("entries are gone from Harvest", count=len(gone))
        return complete

    async def _confirm(self, missing: Sequence[tuple[int, int]], budget: Budget) -> tuple[list[int], bool]:
        """Those that Harvest answers 404 for; and whether the budget was enough for all."""
        many = [project for project, count in Counter(project for _, project in missing).items() if count > MANY]
        for project_id in sorted(set(many) - budget.dead_projects - budget.live_projects):
            if not budget.take():
                break
            if await self._sync.project_is_gone(project_id):
                budget.dead_projects.add(project_id)
                now = self._clock.now()
                await again(self._pool, directory.mark_project_deleted, project_id, now)
            else:
                budget.live_projects.add(project_id)
        gone = [entry_id for entry_id, project_id in missing if project_id in budget.dead_projects]
        for entry_id, project_id in missing:
            if project_id in budget.dead_projects:
                continue
            if not budget.take():
                return gone, False
            asked_at = self._clock.now()
            try:
                found = await self._client.time_entry(entry_id)
            except core.Missing:
                gone.append(entry_id)
            else:
                await self._sync.write(found, asked_at)
        return gone, True
