"""Which part is well and which is away: pure decisions from what was seen, no I/O, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Name = Literal["database", "queue", "worker", "harvest", "helpdesk"]
State = Literal["ok", "away", "refused", "unknown"]

WORKER_SILENT = timedelta(seconds=50)
"""A worker that has not been seen for so long is away: three of its signs have failed to come."""

STALE = timedelta(minutes=3)
"""A system that a running worker has not got through with for so long is away, though no look at it ended."""


@dataclass(frozen=True)
class Seen:
    """What the worker has noted of a part; see the migration."""

    looked_at: datetime
    answered_at: datetime | None
    failing_since: datetime | None
    refused: bool
    problem: str | None


@dataclass(frozen=True)
class Part:
    """How a part is now. ``since`` is when it was last well, as far as we know, for one that is not; ``seen_at`` the
    last sign of life of one that is. *unknown*: it can't be told, because what would tell it is away itself."""

    name: Name
    state: State
    since: datetime | None = None
    seen_at: datetime | None = None
    problem: str | None = None


def judge(
    seen: Mapping[str, Seen] | None,
    *,
    now: datetime,
    database_since: datetime | None = None,
    queue_since: datetime | None = None,
) -> list[Part]:
    """How every part is.

    ``seen`` is ``None`` when the database, which holds it, does not answer; ``database_since`` and ``queue_since`` are
    when those were first found away, ``None`` while they answer.
    """
    database = Part("database", "ok") if seen is not None else Part("database", "away", since=database_since or now)
    queue = Part("queue", "ok") if queue_since is None else Part("queue", "away", since=queue_since)
    if seen is None:
        return [database, queue, *(Part(name, "unknown") for name in ("worker", "harvest", "helpdesk"))]
    worker = _worker(seen.get("worker"), queue, now)
    return [
        database,
        queue,
        worker,
        _system("harvest", seen.get("harvest"), worker, now),
        _system("helpdesk", seen.get("helpdesk"), worker, now),
    ]


def _worker(seen: Seen | None, queue: Part, now: datetime) -> Part:
    last = seen.answered_at if seen else None
    if last is not None and now - last <= WORKER_SILENT:
        return Part("worker", "ok", seen_at=last)
    # It is the queue that sets the worker going: without it, nobody knows.
    return Part("worker", "unknown" if queue.state == "away" else "away", since=last)


def _system(name: Literal["harvest", "helpdesk"], seen: Seen | None, worker: Part, now: datetime) -> Part:
    if worker.state != "ok" or seen is None:
        return Part(name, "unknown", seen_at=seen.answered_at if seen else None)
    if seen.failing_since is not None:
        state: State = "refused" if seen.refused else "away"
        return Part(name, state, since=seen.answered_at or seen.failing_since, problem=seen.problem)
    if now - seen.looked_at > STALE:
        return Part(name, "away", since=seen.answered_at)
    return Part(name, "ok", seen_at=seen.answered_at)


def troubles(parts: Sequence[Part]) -> list[Part]:
    """The parts that are to be told of, the deepest first: what they carry is of no interest then."""
    return [part for part in parts if part.state in ("away", "refused")]


def can_serve(parts: Sequence[Part]) -> bool:
    """Whether requests can be answered at all. Everything else is waited out: logs are taken and kept."""
    return all(part.state == "ok" for part in parts if part.name == "database")
