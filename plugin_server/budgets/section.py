"""The budget in the panel: project, bar, used of budget."""

from __future__ import annotations

from plugin_server.budgets import rules
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets


class BudgetSection:
    """Shows what the ticket's project has cost so far, in words and shape as well as colour."""

    def __init__(self, tickets: Tickets, thresholds: rules.Thresholds, templates: Templates) -> None:
        self._tickets = tickets
        self._thresholds = thresholds
        self._templates = templates

    async def render(self, request: PanelRequest) -> Contribution:
        view = await self._tickets.view(request.caller, request.ticket_id)
        if view.project is None:
            return Contribution(band="none")
        figures = rules.utilization(view.used, view.budget, self._thresholds)
        html = self._templates.render(
            "budgets/budget.html",
            request.lang,
            project_name=view.project.label,
            client_name=view.project.client_name,
            project_url=view.project_url,
            used=f"{view.used:.2f}",
            budget=None if view.budget is None else f"{view.budget:.2f}",
            budget_text=view.ticket.budget_text,
            percent=figures.percent,
            band=figures.band,
        )
        data = {
            "project": {"id": view.project.id, "name": view.project.label, "url": view.project_url},
            "budget": {
                "used_hours": f"{view.used:.2f}",
                "budget_hours": None if view.budget is None else f"{view.budget:.2f}",
                "utilization_percent": figures.percent,
            },
        }
        return Contribution(regions=(Region("budget", html),), band=figures.band, data=data)
