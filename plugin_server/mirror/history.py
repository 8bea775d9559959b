"""A sync by hand: the history by months, and deletions, with somebody looking on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Protocol, TypeVar

from plugin_server.harvest import core
from plugin_server.harvest.client import HarvestClient
from plugin_server.mirror.progress import store as progress
from plugin_server.mirror.reconcile import Reconcile
from plugin_server.mirror.runs import Run, Runs
from plugin_server.mirror.sync import Sync
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

Value = TypeVar("Value")


class Onlooker(Protocol):
    """Who is told how it goes on."""

    def step(self, done: int, of: int, rows: int, words: str) -> None:
        """So many of so many windows are done, with so many entries read."""

    def waits(self, seconds: float) -> None:
        """Harvest wants silence for so long; then it goes on by itself."""


class Busy(Exception):
    """Another process does the same now."""


class History:
    """Imports what was there before, beside the running sync: it moves none of its watermarks."""

    def __init__(
        self, pool: Pool, client: HarvestClient, clock: Clock, runs: Runs, sync: Sync, reconcile: Reconcile
    ) -> None:
        self._pool = pool
        self._client = client
        self._clock = clock
        self._runs = runs
        self._sync = sync
        self._reconcile = reconcile

    async def read(
        self, onlooker: Onlooker, *, first: date | None, project_id: int | None = None, reconcile: bool = False
    ) -> int:
        """Read every entry from the day ``first`` on (``None``: from the beginning), months one by one, the latest
        first, and say how many there were. Months that an earlier call has done before it was ended are not read again.
        With ``reconcile`` deletions are found in them too.

        Raises :class:`Busy`, :class:`~plugin_server.mirror.runs.Blind` for deletions, and what Harvest answers but 429,
        which is waited out; :class:`~plugin_server.harvest.core.Missing` is an unknown project.
        """
        scope = f"{'reconcile ' if reconcile else ''}{'all' if project_id is None else f'project:{project_id}'}"
        if project_id is not None:
            await self.patiently(onlooker, lambda: self._client.project(project_id))
        if reconcile:
            await self.patiently(onlooker, self._reconcile.demand_sight)

        async def work(run: Run) -> bool:
            windows = months(first, self._clock.now().date()) if first else [(None, None)]
            finished = await progress.finished_windows(self._pool, scope)
            for number, (start, end) in enumerate(windows):
                words = f"{start:%Y-%m}" if start else "everything"
                run.told = partial(self._tell, onlooker, run, number, len(windows), words)
                run.told()
                if start is not None and (start, end or date.max) in finished:
                    continue
                await self._window(run, onlooker, start, end, project_id, reconcile)
                if start is not None:
                    async with self._pool.acquire() as connection:
                        now = self._clock.now()
                        await progress.finish_window(connection, scope, start, end or date.max, now)
            await progress.forget_windows(self._pool, scope)
            onlooker.step(len(windows), len(windows), run.rows, "done")
            rows.append(run.rows)
            return True

        rows: list[int] = []
        if await self._runs.do(f"import {scope}", work, None) is None:
            raise Busy
        return sum(rows)

    @staticmethod
    def _tell(onlooker: Onlooker, run: Run, done: int, of: int, words: str) -> None:
        onlooker.step(done, of, run.rows, words)

    async def _window(
        self, run: Run, onlooker: Onlooker, start: date | None, end: date | None, project_id: int | None, gone: bool
    ) -> None:
        before = run.rows

        async def once() -> None:
            run.rows = before  # what is read once more is not counted twice
            if gone:
                await self._reconcile.window(run, start, end, project_id)
            else:
                await self._sync.history(run, start, end, project_id)

        await self.patiently(onlooker, once)

    async def patiently(self, onlooker: Onlooker, work: Callable[[], Awaitable[Value]]) -> Value:
        """Do ``work`` until it is done: 429 only means later."""
        while True:
            try:
                return await work()
            except core.Throttled as error:
                onlooker.waits(error.retry_after)
                await asyncio.sleep(max(error.retry_after, 0.1))


def months(first: date, today: date) -> list[tuple[date | None, date | None]]:
    """The months from the one of ``first`` on, the latest first; the latest has no end, for entries of days to come."""
    found: list[tuple[date | None, date | None]] = []
    start, end = max(first, today.replace(day=1)) if first <= today else first, None
    while True:
        found.append((start, end))
        if start <= first:
            return found
        end = start - timedelta(days=1)
        start = max(first, end.replace(day=1))
