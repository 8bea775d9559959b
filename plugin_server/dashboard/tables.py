"""The columns of the dashboard's tables, as CSV has them. Hours with a point and two places, days as YYYY-MM-DD."""

from __future__ import annotations

from collections.abc import Sequence

from plugin_server.budgets.service import hours
from plugin_server.dashboard.board import Row
from plugin_server.dashboard.projects import ProjectRow

TICKET_HEAD = (
    "ticket",
    "title",
    "state",
    "client",
    "project",
    "used_hours",
    "budget_hours",
    "quoted_hours",
    "percent",
    "band",
    "locked",
    "locked_since",
    "ends_on",
    "owner",
    "pm",
)
PROJECT_HEAD = (
    "project_id",
    "project",
    "client",
    "used_hours",
    "budget_hours",
    "budget_is_monthly",
    "percent",
    "band",
    "hours_without_ticket",
    "tickets",
)


def ticket_cells(row: Row) -> Sequence[object]:
    """A ticket's cells."""
    ticket, figures, project = row.ticket, row.figures, row.project
    return (
        ticket.number,
        ticket.title,
        ticket.state,
        project.client_name if project else "",
        project.label if project else ticket.project_text,
        in_hours(figures.used),
        in_hours(figures.budget),
        in_hours(figures.quoted),
        figures.percent,
        figures.band,
        "yes" if figures.locked else "no",
        figures.locked_at.isoformat() if figures.locked_at else "",
        figures.ends_on or "",
        row.owner,
        figures.accepted_pm,
    )


def project_cells(row: ProjectRow) -> Sequence[object]:
    """A project's cells."""
    project = row.project
    return (
        project.id,
        project.label,
        project.client_name,
        in_hours(row.used),
        in_hours(project.budget),
        "yes" if project.monthly else "no",
        row.percent,
        row.band,
        in_hours(row.loose),
        " ".join(one.ticket.number for one in row.tickets),
    )


def in_hours(hundredths: int | None) -> str:
    """Hours with a point; nothing where there are none to speak of."""
    return "" if hundredths is None else f"{hours(hundredths):.2f}"
