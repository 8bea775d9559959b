"""HTTP of the panel."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from plugin_server.panel.compose import Panel, first
from plugin_server.runtime.api import Answer, Call, PanelView, Route, wants_html
from plugin_server.runtime.queue import Queue
from plugin_server.tickets.intake import RELIST_JOB
from plugin_server.tickets.service import Tickets


class PanelOut(BaseModel):
    """A ticket's panel in figures."""

    ticket_id: int
    state: str
    band: str = Field(description="green, yellow, orange, red or none.")
    locked: bool
    details: dict[str, Any] = Field(description="Project and budget; hours as text with two places.")


class PanelRoutes:
    """Handlers of the panel."""

    def __init__(self, panel: Panel, tickets: Tickets, queue: Queue, refresh_job: str) -> None:
        self._panel = panel
        self._tickets = tickets
        self._queue = queue
        self._refresh_job = refresh_job

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 503)
        return [
            Route(
                "GET",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/panel",
                self.get_panel,
                "A ticket's project, budget and logs, as the caller sees them",
                answer=PanelOut,
                refusals=refusals,
            ),
            Route(
                "POST",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/refresh",
                self.refresh_panel,
                "Read the ticket again, and ask Harvest for news in the background",
                answer=PanelOut,
                refusals=refusals,
            ),
        ]

    async def get_panel(self, call: Call[Any]) -> Answer:
        view = PanelView(call.path_int("ticket_id"))
        if wants_html(call.request):
            return Answer(None, panel=view)
        parts = await self._panel.contributions(call.caller, view, call.lang)
        out = PanelOut(
            ticket_id=view.ticket_id,
            state=first(part.state for part in parts) or "idle",
            band=first(part.band for part in parts) or "none",
            locked=any(part.locked for part in parts),
            details={name: value for part in parts for name, value in part.data.items()},
        )
        return Answer(out, panel=view)

    async def refresh_panel(self, call: Call[Any]) -> Answer:
        await self._tickets.require(call.caller, call.path_int("ticket_id"), fresh=True)
        await self._queue.nudge(self._refresh_job, call.caller.agent_id, 1)
        await self._queue.nudge(RELIST_JOB, call.path_int("ticket_id"))
        return await self.get_panel(call)
