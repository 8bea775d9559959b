"""When a ticket is locked: a pure function of its constraints, the policy and the ledger of unlocks.

The seed says both "100 %+: over budget (locked)" and "when utilization exceeds the threshold". Settled: the colour is
red at 100 %, the lock needs more than that; exactly 100 % is red and not locked. The tiers of the ``tiered`` policy are
those of the system that the seed describes, made monotone: a larger budget never locks earlier than a smaller one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

Source = Literal["ticket", "project", "plan"]
"""Whose budget a constraint is."""

_TIERS: tuple[tuple[Decimal | None, Decimal], ...] = (
    (Decimal(5), Decimal("1.50")),
    (Decimal(20), Decimal("1.25")),
    (Decimal(50), Decimal("1.15")),
    (None, Decimal("1.10")),
)
"""Budgets up to and including so many hours, with the part of them above which they lock."""


@dataclass(frozen=True)
class Constraint:
    """One budget that bears on a ticket: ``used`` of ``limit``, in hours. ``used`` counts stopped hours only."""

    source: Source
    used: Decimal
    limit: Decimal


@dataclass(frozen=True)
class Policy:
    """The admin's choice: when a budget locks, and which ones may."""

    kind: Literal["over", "tiered", "never"] = "over"
    sources: frozenset[str] = frozenset({"ticket", "project"})


@dataclass(frozen=True)
class Unlock:
    """A PM's word that work may go on: until the ticket has used more than ``ceiling`` hours, or until ``expires_at``;
    whichever comes first where both are given."""

    ceiling: Decimal | None
    expires_at: datetime | None

    def opens(self, used: Decimal, now: datetime) -> bool:
        """Whether it holds, for a ticket that has used so many hours."""
        if self.ceiling is None and self.expires_at is None:
            return False
        within = self.ceiling is None or used <= self.ceiling
        return within and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class Lock:
    """Why a ticket is locked: the constraint that does it, and the hours above which it does."""

    constraint: Constraint
    point: Decimal


def lock_point(limit: Decimal, policy: Policy) -> Decimal | None:
    """The hours above which a budget locks; ``None``: never."""
    if policy.kind == "never" or limit <= 0:
        return None
    if policy.kind == "over":
        return limit
    point = Decimal(0)
    for upper, factor in _TIERS:
        if upper is None or limit <= upper:
            return max(point, limit * factor)
        point = max(point, upper * factor)
    raise AssertionError("the last tier has no upper bound")


def lock(
    constraints: Iterable[Constraint], policy: Policy, unlocks: Sequence[Unlock], used: Decimal, now: datetime
) -> Lock | None:
    """The ticket's lock, if any; ``used`` are its own stopped hours, which an unlock's ceiling is about."""
    if any(unlock.opens(used, now) for unlock in unlocks):
        return None
    for constraint in constraints:
        if constraint.source not in policy.sources:
            continue
        point = lock_point(constraint.limit, policy)
        if point is not None and constraint.used > point:
            return Lock(constraint, point)
    return None
