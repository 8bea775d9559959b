"""What comes first on the dashboard: locked tickets, and those that are open by a project manager's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from plugin_server.budgets import locking
from plugin_server.budgets import store as ledger_store
from plugin_server.budgets.board import store as budgets_store
from plugin_server.budgets.service import hours
from plugin_server.budgets.store import Event
from plugin_server.dashboard.board import Board, Row
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool


@dataclass(frozen=True)
class Lock:
    """A locked ticket; ``asked`` is the latest word of who wants it unlocked."""

    row: Row
    asked: Event | None


@dataclass(frozen=True)
class Opened:
    """A ticket that is over a budget and open all the same: by whose word, and how far."""

    row: Row
    unlock: Event


@dataclass(frozen=True)
class Alerts:
    """Locked tickets, the most pressing first, and opened ones, the latest word first."""

    locked: Sequence[Lock]
    opened: Sequence[Opened]


class AlertDesk:
    """Reads the alerts of a board."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def read(self, board: Board) -> Alerts:
        """The board's alerts."""
        locked = sorted(
            (row for row in board.rows.values() if row.may_be_locked), key=lambda row: (-row.figures.pressing, row.id)
        )
        asked = await budgets_store.asked(self._pool, [row.id for row in locked])
        return Alerts([Lock(row, asked.get(row.id)) for row in locked], await self._opened(board))

    async def _opened(self, board: Board) -> list[Opened]:
        over = [
            row
            for row in board.rows.values()
            if row.figures.band == "red" and not row.figures.locked and row.ticket.state_kind == "open"
        ]
        events = await ledger_store.unlocks(self._pool, [row.id for row in over])
        found = []
        for row in over:
            holding = [event for event in events.get(row.id, ()) if self._holds(event, row)]
            if holding:
                found.append(Opened(row, holding[-1]))
        return sorted(found, key=lambda one: one.unlock.at, reverse=True)

    def _holds(self, event: Event, row: Row) -> bool:
        ceiling = None if event.ceiling is None else hours(event.ceiling)
        return locking.Unlock(ceiling, event.expires_at).opens(hours(row.figures.used), self._clock.now())
