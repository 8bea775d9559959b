"""Background jobs. This module alone knows arq (in maintenance mode upstream), so it can be replaced.

A job is only ever a *nudge*: what has to be done stands in PostgreSQL, a periodic sweep finds it, and a lost or
repeated nudge changes nothing. Results are therefore not kept, and jobs are short.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from arq import create_pool, cron, func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from plugin_server.runtime import log, metrics
from plugin_server.runtime.stop import Stop

JOB_SECONDS = 40
"""Longest a job may take. A killed worker's job is taken up again after this and ten seconds, so it stays small."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Job:
    """Something to do on a nudge: ``run`` is called with the nudge's arguments."""

    name: str
    run: Callable[..., Awaitable[object]]


@dataclass(frozen=True)
class Periodic:
    """Something to do every ``seconds`` (a divisor of 60), by one of the workers; also once at start."""

    name: str
    run: Callable[[], Awaitable[object]]
    seconds: int


class Queue(Protocol):
    """Where a feature leaves its nudges."""

    async def nudge(self, job: str, *args: str | int, after: float = 0) -> None:
        """Ask a worker to run ``job``, after so many seconds. Never raises: the sweep makes up for a lost nudge."""

    async def ping(self) -> bool:
        """Whether the queue can be reached."""


class NullQueue:
    """Drops every nudge; remembers them for tests."""

    def __init__(self) -> None:
        self.nudges: list[tuple[str, tuple[str | int, ...]]] = []

    async def nudge(self, job: str, *args: str | int, after: float = 0) -> None:
        self.nudges.append((job, args))

    async def ping(self) -> bool:
        return True


class RedisQueue:
    """Nudges through arq and Redis or Valkey."""

    def __init__(self, redis: ArqRedis) -> None:
        self._redis = redis

    @classmethod
    async def connect(cls, url: str) -> RedisQueue:
        """Open the connection pool; raises when the server can't be reached."""
        return cls(await create_pool(_settings(url), job_serializer=_serialize, job_deserializer=_deserialize))

    async def nudge(self, job: str, *args: str | int, after: float = 0) -> None:
        try:
            await self._redis.enqueue_job(job, *args, _defer_by=after or None)
        except (RedisError, OSError) as error:
            _logger.warning("nudge lost, the sweep will do it", job=job, error=str(error))

    async def ping(self) -> bool:
        try:
            async with asyncio.timeout(2):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        await self._redis.aclose()


class _Worker(Worker):
    """arq's, which can be asked to begin nothing new. Its own handling of signals cuts jobs off, or begins one more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._beginning = asyncio.Lock()

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        async with self._beginning:
            if self.allow_pick_jobs:
                await super().start_jobs(job_ids)

    async def finish(self, seconds: float) -> None:
        """Begin nothing any more, and wait so long for what runs. What runs on then is cut off by :meth:`close`, which
        puts it back into the queue, where the next worker finds it at once."""
        self.allow_pick_jobs = False
        async with self._beginning:
            under_way = set(self.tasks.values())
        if under_way:
            _logger.info("stopping, jobs under way are finished", jobs=len(under_way), seconds=seconds)
            _done, left = await asyncio.wait(under_way, timeout=seconds)
            _logger.info("stopping", jobs_cut_off=len(left))


async def work(
    url: str, jobs: Sequence[Job], periodic: Sequence[Periodic], stop: Stop | None = None, stop_seconds: float = 0
) -> None:
    """Run jobs until cancelled, or until ``stop``: then those under way are finished, for ``stop_seconds`` at most. A
    lost connection to Redis never ends the worker."""
    stop = stop or Stop()
    while not stop.is_asked:
        worker = _Worker(
            functions=[func(_adapt(job.name, job.run), name=job.name, max_tries=3) for job in jobs],
            cron_jobs=[
                cron(
                    _adapt(item.name, item.run),
                    name=f"cron:{item.name}",
                    second=set(range(0, 60, item.seconds)),
                    run_at_startup=True,
                    keep_result=0,
                    max_tries=1,
                )
                for item in periodic
            ],
            redis_settings=_settings(url),
            handle_signals=False,
            keep_result=0,
            job_timeout=JOB_SECONDS,
            poll_delay=0.1,
            job_serializer=_serialize,
            job_deserializer=_deserialize,
            ctx={},
        )
        try:
            await _run(worker, stop, stop_seconds)
        except (RedisError, OSError) as error:
            _logger.warning("connection to the queue lost, trying again", error=str(error))
            await _pause(stop)
        except Exception:
            # Whatever went wrong in there: what has to be done stands in the database, and the next round does it.
            _logger.exception("the queue's worker failed, starting it anew")
            await _pause(stop)
        finally:
            await _close(worker)


async def _run(worker: _Worker, stop: Stop, stop_seconds: float) -> None:
    """Until it fails, or is asked to stop."""
    running, asked = asyncio.create_task(worker.async_run()), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        await worker.finish(stop_seconds)
    finally:
        asked.cancel()
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await running


async def _close(worker: Worker) -> None:
    """Closing talks to Redis as well; what fails there is no reason to end, nor is a job cut off before it began."""
    try:
        await worker.close()
    except (RedisError, OSError) as error:
        _logger.warning("the queue's worker was not closed", error=str(error))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task and task.cancelling():
            raise


async def _pause(stop: Stop) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await stop.wait()


def _adapt(name: str, run: Callable[..., Awaitable[object]]) -> Any:
    """A coroutine in arq's form; a failure is logged with its job and left to the sweep."""

    async def job(ctx: dict[str, Any], *args: Any) -> None:
        with structlog.contextvars.bound_contextvars(job=name, job_id=ctx.get("job_id")):
            try:
                with metrics.working(name):
                    async with asyncio.timeout(JOB_SECONDS - 2):
                        await run(*args)
            except Exception:
                _logger.exception("job failed, the sweep will try again")

    job.__qualname__ = name
    return job


def _settings(url: str) -> RedisSettings:
    """Connection settings that survive a restart of the server (OSError must be in the list, or the worker dies)."""
    settings = RedisSettings.from_dsn(url)
    settings.retry_on_timeout = True
    settings.retry_on_error = [RedisConnectionError, RedisTimeoutError, OSError]
    settings.retry = Retry(ExponentialBackoff(cap=1, base=0.1), 5)
    return settings


def _serialize(value: dict[str, Any]) -> bytes:
    """arq pickles unless told otherwise; JSON can't carry code."""
    return json.dumps(value, default=str).encode()


def _deserialize(data: bytes) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(data)
    return loaded
