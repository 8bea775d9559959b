"""One limiter for all processes, people before batches.

Harvest takes 100 requests within 15 seconds and answers more with 429 and ``Retry-After`` (its API documentation,
"Overview"). Whether it counts by account, person or token is not documented; the retired v1 spoke of accounts, the
strictest of them, and said that each call made while throttled begins the wait anew. So calls are counted for the
account, in Redis or Valkey, by that server's clock; and a 429 that one process gets stops all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal, Protocol

from redis.asyncio import Redis

from plugin_server.harvest import core
from plugin_server.runtime import log
from plugin_server.runtime.i18n import later
from plugin_server.runtime.redis import AWAY

Kind = Literal["person", "batch"]
"""``person``: somebody waits for the call. ``batch``: nobody does (the sync, late checks, a backlog of logs)."""

PATIENCE: dict[Kind, float] = {"person": 2.0, "batch": 20.0}
"""Longest wait for a call's turn, in seconds. Whoever's person waits longer than this has given the work back to the
outbox meanwhile; a batch waits a whole window."""

BATCH_PERCENT = 80
"""The part of the window that batches may fill; the rest is there for people at any moment."""

ALONE_SECONDS = 2.0
"""How long a process counts on its own before it asks a server again that did not answer."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Rule:
    """At most so many ``requests`` within any so many ``seconds``."""

    requests: int
    seconds: float

    def share(self, kind: Kind) -> int:
        """How full the window may be when a call of this kind still starts."""
        return self.requests if kind == "person" else max(1, self.requests * BATCH_PERCENT // 100)


@dataclass
class Work:
    """What calls are made for: their kind, how long each may wait, and how many have ``begun``. ``reserved`` calls have
    had their turn already."""

    kind: Kind
    patience: float
    begun: int = 0
    reserved: int = 0


@dataclass
class Count:
    """How many calls have begun."""

    calls: int = 0


_current: ContextVar[Work | None] = ContextVar("work", default=None)
_counts: ContextVar[tuple[Count, ...]] = ContextVar("counts", default=())


@contextmanager
def counting() -> Iterator[Count]:
    """Counts the calls to Harvest that are made inside."""
    count = Count()
    token = _counts.set((*_counts.get(), count))
    try:
        yield count
    finally:
        _counts.reset(token)


@contextmanager
def working(kind: Kind, patience: float | None = None, reserved: int = 0) -> Iterator[Work]:
    """Calls to Harvest inside are of this kind, whichever client makes them; ``reserved`` of them need not wait."""
    work = Work(kind, PATIENCE[kind] if patience is None else patience, reserved=reserved)
    token = _current.set(work)
    try:
        yield work
    finally:
        _current.reset(token)


class Limiter(Protocol):
    """Says when a call may start."""

    async def enter(self, kind: Kind, patience: float) -> None:
        """Wait for a call's turn, and count it. Raises :class:`~plugin_server.harvest.core.Throttled`, with the seconds
        that are left to wait, when it will not come within ``patience`` seconds."""

    async def wait(self, kind: Kind) -> float:
        """Seconds until a call of this kind could start; 0: now. Counts nothing."""

    async def pause(self, seconds: float) -> None:
        """Harvest has asked for silence: no call starts before so many seconds have passed."""


class Unlimited:
    """Lets every call start at once."""

    async def enter(self, kind: Kind, patience: float) -> None:
        pass

    async def wait(self, kind: Kind) -> float:
        return 0.0

    async def pause(self, seconds: float) -> None:
        pass


UNLIMITED = Unlimited()


async def admit(limiter: Limiter, kind: Kind) -> None:
    """A client's call asks for its turn: as the work it is made for says, or as ``kind`` when it is part of none."""
    work = _current.get()
    if work is None:
        await limiter.enter(kind, PATIENCE[kind])
    elif work.reserved:
        work.reserved -= 1
    else:
        await limiter.enter(work.kind, work.patience)
    if work is not None:
        work.begun += 1
    for count in _counts.get():
        count.calls += 1


async def reserve(limiter: Limiter) -> None:
    """Wait now for the turn of the work's next call, so that it starts without any wait when it is made."""
    work = _current.get()
    if work is not None and not work.reserved:
        await limiter.enter(work.kind, work.patience)
        work.reserved += 1


@dataclass
class Window:
    """The rule for one process; ``now`` is a monotonic number of seconds."""

    rule: Rule
    _starts: deque[float] = field(default_factory=deque)
    _silent_until: float = 0.0

    def wait(self, kind: Kind, now: float) -> float:
        """Seconds until a call could start; 0: now."""
        if now < self._silent_until:
            return self._silent_until - now
        while self._starts and self._starts[0] + self.rule.seconds <= now:
            self._starts.popleft()
        over = len(self._starts) - self.rule.share(kind)
        return 0.0 if over < 0 else self._starts[over] + self.rule.seconds - now

    def count(self, now: float) -> None:
        """A call starts."""
        self._starts.append(now)

    def pause(self, seconds: float, now: float) -> None:
        self._silent_until = max(self._silent_until, now + seconds)


# KEYS: the instants of the calls in the window, the oldest first; a key that lives as long as the silence.
# ARGV: the window in microseconds; how full it may be; 1 to count a call, 0 to look only.
# Answers the microseconds to wait; 0: now. Instants are the server's, so no process's clock matters.
_ENTER = """
local silent = redis.call('PTTL', KEYS[2])
if silent > 0 then return silent * 1000 end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local window, share = tonumber(ARGV[1]), tonumber(ARGV[2])
local last = redis.call('LINDEX', KEYS[1], -1)
-- The server's clock was put back: what it has counted would block everybody until it is there again.
if last and tonumber(last) > now + 1000000 then redis.call('DEL', KEYS[1]) end
while true do
  local first = redis.call('LINDEX', KEYS[1], 0)
  if not first or tonumber(first) + window > now then break end
  redis.call('LPOP', KEYS[1])
end
local over = redis.call('LLEN', KEYS[1]) - share
if over >= 0 then return tonumber(redis.call('LINDEX', KEYS[1], over)) + window - now end
if ARGV[3] == '1' then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], math.ceil(window / 1000))
end
return 0
"""

# Lengthens the silence, never shortens it. ARGV: milliseconds.
_PAUSE = """
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 0
"""


class SharedLimiter:
    """Counts with all other processes of the deployment. While the server that they share is away, each goes by the
    same rule on its own: too many calls then are answered with 429, and none is kept from being made."""

    def __init__(self, redis: Redis, account_id: int, rule: Rule) -> None:
        self._rule = rule
        # In braces: the part by which a cluster keeps both on one node.
        self._keys = [f"deskhours:{{harvest:{account_id}}}:{name}" for name in ("calls", "silence")]
        self._enter = redis.register_script(_ENTER)
        self._pause = redis.register_script(_PAUSE)
        self._own = Window(rule)
        self._alone_until = 0.0

    async def enter(self, kind: Kind, patience: float) -> None:
        end = _now() + patience
        while (wait := await self._ask(kind, count=True)) > 0:
            if _now() + wait > end:
                raise core.Throttled(later("Harvest is busy"), wait)
            await asyncio.sleep(wait)

    async def wait(self, kind: Kind) -> float:
        return await self._ask(kind, count=False)

    async def pause(self, seconds: float) -> None:
        _logger.warning("Harvest asks for silence", seconds=seconds)
        self._own.pause(seconds, _now())
        if _now() >= self._alone_until:
            try:
                await self._pause(keys=self._keys[1:], args=[max(1, round(seconds * 1000))])
            except AWAY as error:
                self._be_alone(error)

    async def _ask(self, kind: Kind, *, count: bool) -> float:
        if _now() >= self._alone_until:
            window = round(self._rule.seconds * 1_000_000)
            try:
                left = await self._enter(keys=self._keys, args=[window, self._rule.share(kind), int(count)])
            except AWAY as error:
                self._be_alone(error)
            else:
                if left == 0 and count:
                    self._own.count(_now())  # should the server go away, this process remembers what it has done
                return int(left) / 1_000_000
        now = _now()
        wait = self._own.wait(kind, now)
        if wait == 0 and count:
            self._own.count(now)
        return wait

    def _be_alone(self, error: Exception) -> None:
        _logger.warning("calls to Harvest are counted by each process alone", reason=repr(error))
        self._alone_until = _now() + ALONE_SECONDS


def _now() -> float:
    return asyncio.get_running_loop().time()
