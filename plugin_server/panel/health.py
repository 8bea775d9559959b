"""The health of all parts, for the popup and for who watches the server.

Database and queue are asked at each look. What the worker finds on its rounds (itself, Harvest, the helpdesk) stands in
the database. So no page waits for another system, and all server processes tell the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plugin_server.mirror.service import Mirror
from plugin_server.panel import rules, store
from plugin_server.panel.rules import Part
from plugin_server.runtime import i18n, log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest, moment
from plugin_server.runtime.queue import Queue
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates

DATABASE_SECONDS = 2.0

_logger = log.get(__name__)


class Health:
    """Looks at the parts and notes how they are."""

    def __init__(self, pool: Pool, queue: Queue, clock: Clock) -> None:
        self._pool = pool
        self._queue = queue
        self._clock = clock
        # Since when this process has found them away; a store of which is what they would be needed for.
        self._database_since: datetime | None = None
        self._queue_since: datetime | None = None

    async def note(self, name: str, problem: str | None = None, *, refused: bool = False) -> None:
        """The worker has looked at a part. ``refused``: it answers, but not to us."""
        await store.note(self._pool, name, self._clock.now(), problem, refused)

    async def look(self) -> list[Part]:
        """How every part is now. Never raises; takes two seconds at most for each that does not answer."""
        answers, seen = await asyncio.gather(self._queue.ping(), self._seen())
        now = self._clock.now()
        self._queue_since = None if answers else self._queue_since or now
        self._database_since = None if seen is not None else self._database_since or now
        return rules.judge(seen, now=now, database_since=self._database_since, queue_since=self._queue_since)

    async def _seen(self) -> dict[str, rules.Seen] | None:
        try:
            async with asyncio.timeout(DATABASE_SECONDS):
                return await store.seen(self._pool)
        except Exception as error:  # whatever it is, what is asked here is whether it answers
            _logger.warning("the database does not answer", reason=repr(error))
            return None


async def worker_seen(pool: Pool) -> datetime | None:
    """When a worker last gave a sign of life."""
    worker = (await store.seen(pool)).get("worker")
    return worker.answered_at if worker else None


@dataclass(frozen=True)
class _Line:
    """A part as shown; times in the reader's zone, ``age`` in seconds."""

    part: Part
    since: str
    age: int | None


class HealthSection:
    """The health in the popup: one line when all is well; else what is away, since when, and what still works."""

    def __init__(self, health: Health, mirror: Mirror, templates: Templates, clock: Clock) -> None:
        self._health = health
        self._mirror = mirror
        self._templates = templates
        self._clock = clock

    async def popup(self, request: PopupRequest) -> PopupPart:
        parts = await self._health.look()
        zone = request.caller.zone if request.caller else None
        lines = [self._line(part, zone) for part in parts]
        away = [line for line in lines if line.part in rules.troubles(parts)]
        read = None
        if rules.can_serve(parts):
            age = await self._mirror.age(self._mirror.TIME_ENTRIES)
            read = None if age == timedelta.max else round(age.total_seconds())
        settled = all(part.state == "ok" for part in parts)
        head = self._templates.render("panel/health.html", request.lang, away=away, settled=settled)
        body = self._templates.render("panel/parts.html", request.lang, lines=lines, read=read)
        data: dict[str, Any] = {
            part.name: {"state": part.state, "problem": i18n.retold(part.problem or "") or None} for part in parts
        }
        return PopupPart(head=(Region("health", head),), tail=(Region("parts", body),), data={"health": data})

    def _line(self, part: Part, zone: ZoneInfo | None) -> _Line:
        now = self._clock.now()
        age = None if part.seen_at is None else max(0, round((now - part.seen_at).total_seconds()))
        return _Line(part, moment(part.since, now, zone) if part.since else "", age)
