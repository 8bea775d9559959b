"""One run of a sync: by one process at a time, within its time, with its outcome noted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from plugin_server.harvest import core
from plugin_server.harvest.limiter import counting
from plugin_server.mirror.progress import store as progress
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later

RUN_SECONDS = 25.0
"""A worker's run begins nothing new after so long; the next one goes on. Shorter than a job of the queue may take, by
more than the longest wait for a call's turn allows for: a run that is cut off loses only the page in hand."""

BLIND = later(
    "The sync token belongs to {name}, who is no administrator and sees only some entries;"
    " deletions are not followed. Use an administrator's token."
)

_logger = log.get(__name__)


class Blind(Exception):
    """The token is not shown everything: what it does not see may well be there."""


@dataclass
class Run:
    """A run as it goes: the rows it has read, and when it has to come to an end; ``None``: whenever it is done."""

    clock: Clock
    until: datetime | None = None
    rows: int = 0
    told: Callable[[], None] | None = None

    def add(self, rows: int) -> None:
        """So many more have been read; who looks on is told."""
        self.rows += rows
        if self.told:
            self.told()

    @property
    def over(self) -> bool:
        return self.until is not None and self.clock.now() >= self.until


class Runs:
    """Does runs and notes them in ``sync_state``."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def do(
        self, name: str, work: Callable[[Run], Awaitable[bool]], seconds: float | None = RUN_SECONDS
    ) -> bool | None:
        """Do ``work``, which says whether nothing is left to do. ``None``: another process does it now.

        What Harvest refuses is noted and raised. A token that does not see all is noted, and no error.
        """
        async with progress.held(self._pool, name) as mine:
            if not mine:
                return None
            now = self._clock.now()
            run = Run(self._clock, now + timedelta(seconds=seconds) if seconds else None)
            await progress.begin(self._pool, name, now)
            with counting() as count:
                try:
                    done = await work(run)
                except core.HarvestError as error:
                    await self._end(
                        name, run, count.calls, problem=str(error) or later("Harvest did not do what was asked")
                    )
                    raise
                except Blind as error:
                    await self._end(name, run, count.calls, problem=str(error))
                    _logger.warning("deletions are not followed", reason=str(error))
                    return True
            await self._end(name, run, count.calls, done=done)
            if run.rows:
                _logger.info("read from Harvest", sync=name, rows=run.rows, calls=count.calls)
            return done

    async def _end(self, name: str, run: Run, calls: int, problem: str | None = None, done: bool = False) -> None:
        now = self._clock.now()
        await progress.end(self._pool, name, now, problem=problem, done=done, rows=run.rows, calls=calls)


def last_night(now: datetime, hour: int) -> datetime:
    """The latest instant at which it was ``hour`` o'clock (UTC): what began before it is due again."""
    tonight = datetime.combine(now.date(), time(hour), now.tzinfo)
    return tonight if tonight <= now else tonight - timedelta(days=1)
