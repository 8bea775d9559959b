"""Harvest projects by utilization: what was tracked on them, and what of it counts for no ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from plugin_server.budgets import rules as budget_rules
from plugin_server.budgets.service import Policy, hours
from plugin_server.dashboard import listing
from plugin_server.dashboard.board import Board, Row
from plugin_server.dashboard.store import Project
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.attribution.store import Used
from plugin_server.tickets.board import store as tickets_store


@dataclass(frozen=True)
class ProjectRow:
    """A project as a table shows it. Hours in hundredths; ``used`` are all entries', of this month where the budget is
    monthly; ``loose`` those of all time that count for no ticket; ``tickets`` those of the viewer's that name it."""

    project: Project
    used: int
    loose: int
    percent: int | None
    band: str
    tickets: tuple[Row, ...]

    @property
    def id(self) -> int:
        return self.project.id


class Projects:
    """Reads the projects of a board: administrators' all that have a budget of hours or a ticket, project managers'
    those of their tickets and those they manage in Harvest, agents' those of their tickets."""

    def __init__(self, pool: Pool, policy: Policy, clock: Clock) -> None:
        self._pool = pool
        self._policy = policy
        self._clock = clock

    async def page(
        self, board: Board, text: str, after: str, size: int | None = listing.SIZE
    ) -> listing.Page[ProjectRow]:
        """A page of the projects whose name, client or code holds the text; ``size`` ``None``: all."""
        tickets: dict[int, list[Row]] = {}
        for row in board.rows.values():
            if row.ticket.project_id is not None:
                tickets.setdefault(row.ticket.project_id, []).append(row)
        chosen = [
            one
            for one in board.projects.values()
            if self._is_seen(one, board, tickets) and listing.contains(text, one.label, one.client_name)
        ]
        used = await self._used(chosen)
        rows = [self._row(one, used.get(one.id, Used()), tickets.get(one.id, ())) for one in chosen]
        found = listing.page(rows, _place, "utilization", after, size)
        loose = await tickets_store.unassigned_hours(self._pool, [row.id for row in found.rows], self._policy.counting)
        return listing.Page(
            tuple(
                ProjectRow(row.project, row.used, loose.get(row.id, 0), row.percent, row.band, row.tickets)
                for row in found.rows
            ),
            found.total,
            found.after,
        )

    def _is_seen(self, project: Project, board: Board, tickets: Mapping[int, Sequence[Row]]) -> bool:
        if project.id in tickets:
            return True
        if project.budget is None or not project.is_active or project.is_deleted:
            return False
        if board.viewer.role == "admin":
            return True
        managing = set(board.managers_of_projects.get(project.id, ()))
        return board.viewer.role == "manager" and bool(managing & board.viewer.names)

    async def _used(self, projects: Sequence[Project]) -> dict[int, Used]:
        now, counting = self._clock.now(), self._policy.counting
        monthly = [one.id for one in projects if one.monthly]
        whole = [one.id for one in projects if not one.monthly]
        found = await attribution_store.used_by_project(self._pool, whole, now, counting, None)
        if monthly:
            since = now.date().replace(day=1)
            found |= await attribution_store.used_by_project(self._pool, monthly, now, counting, since)
        return found

    def _row(self, project: Project, used: Used, tickets: Sequence[Row]) -> ProjectRow:
        budget: Decimal | None = None if project.budget is None else hours(project.budget)
        figures = budget_rules.utilization(hours(used.stopped), budget, self._policy.thresholds)
        ordered = tuple(sorted(tickets, key=lambda row: row.id))
        return ProjectRow(project, used.stopped, 0, figures.percent, figures.band, ordered)


def _place(row: ProjectRow) -> listing.Place:
    """The most used of its budget first; those without a budget last, in the order of their ids."""
    if not row.project.budget:
        return 1, row.id
    return -(row.used * 10_000 // row.project.budget), row.id
