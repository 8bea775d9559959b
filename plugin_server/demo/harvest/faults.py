"""Faults on demand: what a network and a busy server do to a request, at the moment a test wants it.

``latency`` waits before the work begins and so before anything is stored; the work is done even when the caller has
gone. ``status`` answers without doing anything. ``drop_before`` closes the connection without doing anything,
``drop_after`` does the work, stores it, and then closes the connection without an answer.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase

KINDS = ("latency", "status", "drop_before", "drop_after")


@dataclass
class Fault:
    """``match`` is ``METHOD path``; the path may be a route (``/v2/time_entries/{id}``) or hold ``*``.

    ``times`` counts down; None is for ever. ``seconds`` is the latency, or the Retry-After of a status 429 or 503.
    """

    match: str
    kind: str
    times: int | None = 1
    status: int = 500
    seconds: float = 2.0


class Faults:
    """The faults that wait for a matching request, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let it wait."""
        self.waiting.append(fault)

    def clear(self) -> None:
        """Forget all of them."""
        self.waiting.clear()

    def listed(self) -> list[dict[str, object]]:
        """For ``/_sim/state``."""
        return [asdict(fault) for fault in self.waiting]

    def take(self, names: set[str]) -> list[Fault]:
        """The faults that strike this request: any latencies, and the first of the other kinds."""
        struck: list[Fault] = []
        ended = False
        for fault in list(self.waiting):
            if (ended and fault.kind != "latency") or not any(_matches(fault.match, name) for name in names):
                continue
            struck.append(fault)
            ended = ended or fault.kind != "latency"
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
        return struck


def _matches(pattern: str, name: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
