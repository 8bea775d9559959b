"""One step of a row that waits for Harvest, and what its failure means: later, or a person has to act.

What has to be done stands in the row's table: a nudge makes it quick, the sweep makes it certain. Harvest has no
idempotency key, so a row says *uncertain* (``called_at``) while a call is out that makes something; an uncertain row is
looked up, after the call's own time limit has passed, before the call is made again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Generic, TypeVar
from uuid import UUID

from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.harvest import core, limiter
from plugin_server.outbox import rules
from plugin_server.outbox.store import Row, Rows
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.runtime.queue import Queue

Result = TypeVar("Result")

AWAY = later("Harvest can't be reached; this goes by itself as soon as it can.")
SLOW = later("Harvest has not answered; this goes by itself as soon as it does.")
TROUBLED = later("Harvest has a fault; this goes by itself when it is over.")
BUSY = later("Harvest is busy; this goes by itself.")
FAULT = later("Something went wrong on our side; it is tried again by itself.")

_logger = log.get(__name__)


class Later(Exception):
    """The step can't be taken now. ``at_least`` is the shortest time to wait; ``code`` names the reason."""

    def __init__(self, words: str, code: str, at_least: timedelta = timedelta()) -> None:
        super().__init__(words)
        self.code = code
        self.at_least = at_least


class Stopped(Exception):
    """The step will never succeed by itself: a person has to act."""

    def __init__(self, words: str, code: str) -> None:
        super().__init__(words)
        self.code = code


class Outbox(Generic[Row]):
    """Takes rows of one table a step on. ``job`` is the nudge's name."""

    def __init__(
        self,
        rows: Rows[Row],
        job: str,
        pool: Pool,
        queue: Queue,
        clock: Clock,
        request_seconds: float,
        turns: limiter.Limiter = limiter.UNLIMITED,
    ) -> None:
        self._rows = rows
        self._job = job
        self._pool = pool
        self._queue = queue
        self._clock = clock
        self._turns = turns
        self.settles = timedelta(seconds=request_seconds + 2)
        """After this long a call to Harvest is over, whatever happened to it, and a look-up tells the truth."""
        self.late = timedelta(seconds=6 * request_seconds)
        """A call may have been carried out even later than that; this much later nobody expects it any more."""
        # A step is a token's refresh, a look-up and a few writes. It is cut off before its lease ends, so that never
        # two workers are at one row.
        self._step_seconds = 2 * request_seconds + 5
        self.lease = timedelta(seconds=self._step_seconds + 3)

    async def step(
        self,
        row_id: str,
        states: Sequence[str],
        take: Callable[[Row], Awaitable[None]],
        stop: Callable[[Row, str, str], Awaitable[None]],
        kind: limiter.Kind = "person",
    ) -> Row | None:
        """Claim the row, if it is due in one of ``states``, and take it a step on; the row as it was claimed."""
        claimed = await self._rows.claim(self._pool, UUID(row_id), states, self._clock.now(), self.lease)
        if claimed is not None:
            await self.run(claimed, take, stop, kind)
        return claimed

    async def claim_next(self, states: Sequence[str]) -> Row | None:
        """Claim the most pressing row that is due in one of ``states``."""
        return await self._rows.claim_next(self._pool, states, self._clock.now(), self.lease)

    async def run(
        self,
        claimed: Row,
        take: Callable[[Row], Awaitable[None]],
        stop: Callable[[Row, str, str], Awaitable[None]],
        kind: limiter.Kind,
        reserved: int = 0,
    ) -> None:
        """Take a claimed row a step on. ``stop`` is told, in words and by code, when only a person can help.

        A lease is not held to wait for a turn: a ``batch`` has no more patience than a person here. So many
        ``reserved`` calls have had their turn.
        """
        async with self.given_back(claimed):
            await self._run(claimed, take, stop, kind, reserved)

    @asynccontextmanager
    async def given_back(self, claimed: Row) -> AsyncIterator[None]:
        """A step that is cut off inside, because its worker ends, gives the row back: another worker takes it at once,
        or, if a call is out, when that call is over. Without a call it does not count as a try."""
        try:
            yield
        except asyncio.CancelledError:
            await asyncio.shield(self._give_back(claimed))
            raise

    async def _give_back(self, claimed: Row) -> None:
        now = self._clock.now()
        left = await self._rows.get(self._pool, claimed.id)
        called_at = left.called_at if left else None
        again = now if called_at is None else max(now, called_at + self.settles)
        await self._rows.release(self._pool, claimed, again, None, None, tried=called_at is not None)
        _logger.info("given back, the worker ends", job=self._job, row=str(claimed.id))
        await self._queue.nudge(self._job, str(claimed.id), after=(again - now).total_seconds())

    async def _run(
        self,
        claimed: Row,
        take: Callable[[Row], Awaitable[None]],
        stop: Callable[[Row, str, str], Awaitable[None]],
        kind: limiter.Kind,
        reserved: int,
    ) -> None:
        with limiter.working(kind, limiter.PATIENCE["person"], reserved) as work:
            try:
                async with asyncio.timeout(self._step_seconds):
                    await take(claimed)
            except TimeoutError:
                await self._later(claimed, SLOW, "no_answer", self.settles)
            except Later as error:
                await self._later(claimed, str(error), error.code, error.at_least)
            except Stopped as error:
                await stop(claimed, str(error), error.code)
            except NotConnected:
                await stop(claimed, later("Harvest no longer accepts your sign-in."), "reconnect")
            except CannotRefresh as error:
                await self._later(claimed, AWAY, "unreachable", detail=str(error))
            except core.Throttled as error:
                await self._wait(claimed, error, tried=work.begun > 0)
            except core.UNCERTAIN as error:
                words = SLOW if isinstance(error, core.NoAnswer) else TROUBLED
                await self._later(claimed, words, "no_answer", self.settles, _reason(error))
            except core.NotReached as error:
                await self._later(claimed, AWAY, "unreachable", detail=_reason(error))
            except core.HarvestError as error:
                await stop(
                    claimed, later("Harvest refused this: {reason}.").format(reason=str(error).rstrip(".")), "refused"
                )
            except Exception:
                _logger.exception("step failed", job=self._job, row=str(claimed.id))
                await self._later(claimed, FAULT, "fault", self.settles)

    def check_settled(self, claimed: Row) -> None:
        """Raises :class:`Later` while a call of unknown outcome may still be under way."""
        if claimed.called_at is not None and self._clock.now() < claimed.called_at + self.settles:
            raise Later(SLOW, "no_answer", self.settles)

    async def make(self, claimed: Row, call: Callable[[], Awaitable[Result]]) -> Result | None:
        """Make a call that makes something, with the row marked as uncertain while it is out. ``None``: the claim has
        passed to somebody else, and nothing was called."""
        # An earlier call whose outcome is not known may be carried out even now, whatever becomes of this one.
        before = claimed.called_at
        if before is not None and self._clock.now() >= before + self.late:
            before = None
        # First the turn, then the mark: a call that only waits is not under way.
        await limiter.reserve(self._turns)
        if not await self._rows.set_called(self._pool, claimed, self._clock.now()):
            return None
        try:
            return await call()
        except core.UNCERTAIN:
            raise
        except (core.HarvestError, NotConnected, CannotRefresh):
            # A clear no: nothing was written by this call.
            await self._rows.set_called(self._pool, claimed, before)
            raise

    async def _later(
        self, claimed: Row, words: str, code: str, at_least: timedelta = timedelta(), detail: str = ""
    ) -> None:
        await self._release(claimed, max(rules.retry_delay(claimed.attempts), at_least), words, code, detail)

    async def _wait(self, claimed: Row, error: core.Throttled, *, tried: bool) -> None:
        """Too many calls, by Harvest's word or the limiter's: that says how long to wait, not the number of tries. What
        was begun before it stays a try, for the next one has to know that it may find things done."""
        await self._release(claimed, timedelta(seconds=error.retry_after), BUSY, "busy", _reason(error), tried=tried)

    async def _release(
        self, claimed: Row, wait: timedelta, words: str, code: str, detail: str, *, tried: bool = True
    ) -> None:
        seconds = wait.total_seconds()
        _logger.warning(
            "waits for Harvest", job=self._job, row=str(claimed.id), reason=words, detail=detail, wait=seconds
        )
        await self._rows.release(self._pool, claimed, self._clock.now() + wait, words, code, tried=tried)
        await self._queue.nudge(self._job, str(claimed.id), after=seconds)


def _reason(error: core.HarvestError) -> str:
    """For the log: all that is known. People are shown words that hold no addresses."""
    return f"{error} ({error.detail})" if error.detail else str(error)
