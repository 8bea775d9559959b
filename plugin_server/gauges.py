"""What the database knows of how Deskhours is doing, as metrics: each feature counts its own rows. Every statement here
is answered from an index or a handful of rows; together they cost some milliseconds (``docs/operate.md``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily as Family

from plugin_server.alerts.sending import store as alerts
from plugin_server.budgets.board import store as budgets
from plugin_server.budgets.notices import store as notices
from plugin_server.corrections import store as corrections
from plugin_server.drift import store as drift
from plugin_server.mirror.changes import store as changes
from plugin_server.mirror.progress import store as progress
from plugin_server.outbox.store import Rows
from plugin_server.panel import store as panel
from plugin_server.projects import store as projects
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.reading import reading
from plugin_server.tickets import store as tickets
from plugin_server.tickets.attribution import store as attribution
from plugin_server.timelog import store as timelog
from plugin_server.timers import store as timers

LOGS = ("armed", "queued", "undoing", "attention")
TIMERS = ("starting", "stopping", "deleting")
PROJECTS = ("making", "stopped")
MOST_CHANGES = 10_000
"""A reader's backlog is counted so far."""


class Gauges:
    """Reads them all."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def read(self) -> list[Family]:
        """The families, read over one connection; raises what the database raises."""
        async with reading(self._pool):
            return [*await self._rows(), *await self._tickets(), *await self._syncs(), *await self._parts()]

    async def _rows(self) -> list[Family]:
        count = Family("deskhours_waiting", "Rows that wait for a system or a person", labels=["what", "state"])
        age = Family("deskhours_waiting_oldest_seconds", "How long the oldest has waited", labels=["what", "state"])
        waiting: tuple[tuple[str, Rows[Any], Sequence[str]], ...] = (
            ("log", timelog.rows, LOGS),
            ("timer", timers.rows, TIMERS),
            ("project", projects.rows, PROJECTS),
            ("correction", corrections.rows, ("asked",)),
        )
        for what, rows, states in waiting:
            found = await rows.waiting(self._pool, states)
            for state in states:
                number, since = found.get(state, (0, None))
                count.add_metric([what, state], number)
                age.add_metric([what, state], self._seconds(since))
        for state, (number, since) in (await alerts.waiting(self._pool)).items():
            count.add_metric(["alert", state], number)
            age.add_metric(["alert", state], self._seconds(since))
        for what, (number, since) in (
            ("notice", await notices.waiting(self._pool)),
            ("ticket_write", await budgets.to_write(self._pool)),
        ):
            count.add_metric([what, "queued"], number)
            age.add_metric([what, "queued"], self._seconds(since))
        return [count, age]

    async def _tickets(self) -> list[Family]:
        unassigned = Family("deskhours_entries_unassigned", "Time entries that count for no ticket")
        unassigned.add_metric([], await attribution.count_unassigned(self._pool))
        locked = Family("deskhours_tickets_locked", "Tickets locked over their budget")
        locked.add_metric([], await budgets.locked(self._pool))
        webhook = Family("deskhours_webhook_last_seconds", "Since the helpdesk's webhook last called")
        if (last := await tickets.last_delivery(self._pool)) is not None:
            webhook.add_metric([], self._seconds(last))
        differing = Family(
            "deskhours_page_drift_reports", "Browsers' reports of a page unlike what they expect, in 2 days"
        )
        differing.add_metric([], await drift.reported(self._pool, self._clock.now()))
        return [unassigned, locked, webhook, differing]

    async def _syncs(self) -> list[Family]:
        lag = Family("deskhours_sync_lag_seconds", "Since the sync last did all it had to", labels=["sync"])
        failing = Family("deskhours_sync_failing", "Whether its last run failed", labels=["sync"])
        for state in await progress.states(self._pool):
            lag.add_metric([state.name], self._seconds(state.succeeded_at or state.began_at))
            failing.add_metric([state.name], state.failing_since is not None)
        backlog = Family("deskhours_changes_backlog", "Changed entries that a reader has before it", labels=["reader"])
        for reader, number in (await changes.backlog(self._pool, MOST_CHANGES)).items():
            backlog.add_metric([reader], number)
        return [lag, failing, backlog]

    async def _parts(self) -> list[Family]:
        failing = Family("deskhours_part_failing", "Whether the last look at it found a fault", labels=["part"])
        seen = Family("deskhours_part_seen_seconds", "Since it last answered", labels=["part"])
        for name, part in (await panel.seen(self._pool)).items():
            failing.add_metric([name], part.failing_since is not None)
            if part.answered_at is not None:
                seen.add_metric([name], self._seconds(part.answered_at))
        return [failing, seen]

    def _seconds(self, since: datetime | None) -> float:
        return 0.0 if since is None else max(0.0, (self._clock.now() - since).total_seconds())
