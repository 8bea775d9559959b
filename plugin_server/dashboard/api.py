"""The dashboard as JSON, for programs: alerts, what needs attention in numbers, and the table of tickets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, Field

from plugin_server.dashboard import listing
from plugin_server.dashboard.alerts import AlertDesk
from plugin_server.dashboard.attention import AttentionDesk
from plugin_server.dashboard.board import Boards, Row
from plugin_server.dashboard.tables import in_hours
from plugin_server.runtime.api import Answer, Call, Route

_QUERY = {
    "q": "Words that stand in number, title or project.",
    "band": "green, yellow, orange, red or none.",
    "locked": "1: only locked tickets.",
    "project": "Only tickets that name this Harvest project.",
    "mine": "1: only the caller's own tickets.",
    "state": "open, closed or all (the default).",
    "sort": "utilization (the default), number or used.",
    "cursor": "The `next` of the page before.",
}


class TicketBudgetOut(BaseModel):
    """A ticket's budget. Hours as text with two places."""

    ticket_id: int
    number: str
    title: str
    state: str
    project_id: int | None
    project: str | None
    used_hours: str
    budget_hours: str | None
    quoted_hours: str | None
    percent: int | None = Field(description="Of the ticket's own budget, rounded down.")
    pressing: str = Field(description="The highest utilization of all its constraints, in percent.")
    band: str
    locked: bool
    locked_at: datetime | None
    ends_on: date | None = Field(description="When the budget ends at the present pace.")
    owner: str
    pm: str

    @classmethod
    def of(cls, row: Row) -> TicketBudgetOut:
        figures = row.figures
        return cls(
            ticket_id=row.id,
            number=row.ticket.number,
            title=row.ticket.title,
            state=row.ticket.state,
            project_id=row.ticket.project_id,
            project=row.project.label if row.project else None,
            used_hours=in_hours(figures.used),
            budget_hours=in_hours(figures.budget) or None,
            quoted_hours=in_hours(figures.quoted) or None,
            percent=figures.percent,
            pressing=f"{figures.pressing:.2f}",
            band=figures.band,
            locked=figures.locked,
            locked_at=figures.locked_at,
            ends_on=figures.ends_on,
            owner=row.owner,
            pm=figures.accepted_pm,
        )


class BudgetsOut(BaseModel):
    """A page of tickets with budgets."""

    items: list[TicketBudgetOut]
    total: int = Field(description="How many there are on all pages, now.")
    next: str | None = Field(description="Pass as `cursor` for the next page; null on the last one.")


class LockOut(BaseModel):
    """A locked ticket, and who asked for it to be unlocked."""

    budget: TicketBudgetOut
    asked_by: str | None
    asked: str | None


class OpenedOut(BaseModel):
    """A ticket over its budget that a project manager has opened."""

    budget: TicketBudgetOut
    by: str
    reason: str
    ceiling_hours: str | None
    expires_at: datetime | None


class AttentionOut(BaseModel):
    """How many things there are to look at. Syncs, parts and checks are null for who may not see them."""

    logs: int
    unassigned_entries: int
    reported_changes: int
    failed_notices: int
    undelivered_alerts: int
    unwritten_fields: int
    broken_links: int
    failing_syncs: int | None
    parts_away: int | None
    failed_checks: int | None


class DashboardOut(BaseModel):
    """Alerts first, then what needs attention in numbers."""

    role: str = Field(description="admin, manager or agent: whose view this is.")
    locked: list[LockOut]
    opened: list[OpenedOut]
    attention: AttentionOut


class DashboardApi:
    """The dashboard's operations of the API."""

    def __init__(self, boards: Boards, alerts: AlertDesk, attention: AttentionDesk) -> None:
        self._boards = boards
        self._alerts = alerts
        self._attention = attention

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "GET",
                "/api/v1/dashboard",
                self.get_dashboard,
                "Locked tickets and what needs attention, as far as it is the caller's",
                answer=DashboardOut,
                refusals=(401, 403, 503),
            ),
            Route(
                "GET",
                "/api/v1/budgets",
                self.get_budgets,
                "Tickets by utilization, as far as they are the caller's",
                answer=BudgetsOut,
                refusals=(400, 401, 403, 503),
                query=_QUERY,
            ),
        ]

    async def get_dashboard(self, call: Call[Any]) -> Answer:
        board = await self._boards.read(call.caller)
        alerts = await self._alerts.read(board)
        attention = await self._attention.read(board)
        out = DashboardOut(
            role=board.viewer.role,
            locked=[
                LockOut(
                    budget=TicketBudgetOut.of(one.row),
                    asked_by=one.asked.by_name if one.asked else None,
                    asked=one.asked.reason if one.asked else None,
                )
                for one in alerts.locked
            ],
            opened=[
                OpenedOut(
                    budget=TicketBudgetOut.of(one.row),
                    by=one.unlock.by_name,
                    reason=one.unlock.reason,
                    ceiling_hours=in_hours(one.unlock.ceiling) or None,
                    expires_at=one.unlock.expires_at,
                )
                for one in alerts.opened
            ],
            attention=AttentionOut(
                logs=attention.logs_total,
                unassigned_entries=attention.entries_total,
                reported_changes=len(attention.events),
                failed_notices=len(attention.untold),
                undelivered_alerts=len(attention.undelivered),
                unwritten_fields=len(attention.unwritten),
                broken_links=len(attention.troubles),
                failing_syncs=None if attention.syncs is None else attention.failing_syncs,
                parts_away=None if attention.parts is None else attention.parts_away,
                failed_checks=None if attention.checks is None else len(attention.checks),
            ),
        )
        return Answer(out)

    async def get_budgets(self, call: Call[Any]) -> Answer:
        board = await self._boards.read(call.caller)
        found = board.page(listing.wanted(call.request.query, default_state="all"))
        items = [TicketBudgetOut.of(row) for row in found.rows]
        return Answer(BudgetsOut(items=items, total=found.total, next=found.after))
