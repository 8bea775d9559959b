"""The panel: composed of what the features' sections contribute."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from aiohttp import web
from markupsafe import Markup, escape

from plugin_server.runtime.api import PanelView, language
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import OtherPerson, Problem
from plugin_server.runtime.reading import reading
from plugin_server.runtime.section import Contribution, PanelRequest, Region, Section
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets

IDLE_POLL = 20.0
"""Seconds until a panel at rest asks again: a new figure or lock shows well within a minute."""

_TICKET = re.compile(r"/api/v1/tickets/(\d+)/")


class Panel:
    """Composes the panel from its sections, in the order given."""

    def __init__(
        self, pool: Pool, tickets: Tickets, sections: Sequence[Section], templates: Templates, clock: Clock
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._sections = sections
        self._templates = templates
        self._clock = clock

    async def contributions(self, caller: Caller, view: PanelView, lang: str) -> list[Contribution]:
        """What each section has to show. Raises as :meth:`~plugin_server.tickets.service.Tickets.require`."""
        request = PanelRequest(caller, view.ticket_id, lang, view.values, view.errors)
        await self._tickets.open(request)  # which may ask the helpdesk: not while a connection is held
        async with reading(self._pool):
            return [await section.render(request) for section in self._sections]

    async def render(self, caller: Caller, view: PanelView, lang: str) -> str:
        """The panel as HTML."""
        parts = await self.contributions(caller, view, lang)
        placed = frozenset[str]().union(*(part.placed for part in parts))
        words = [escape(text) for name, text in view.errors.items() if name not in placed]
        alerts = [*words, *(alert for part in parts for alert in part.alerts)]
        regions = [region for part in parts for region in part.regions]
        notes = [note for part in parts for note in part.notes]
        if alerts or notes:
            html = self._templates.render("panel/alert.html", lang, alerts=alerts, notes=notes)
            regions.insert(0, Region("alert", html))
        state = first(part.state for part in parts) or "idle"
        return self._fragment(
            lang,
            view.ticket_id,
            regions,
            state="error" if view.errors else state,
            band=first(part.band for part in parts) or "none",
            locked=any(part.locked for part in parts),
            poll=min([part.poll for part in parts if part.poll is not None], default=IDLE_POLL),
            marks={name: value for part in parts for name, value in part.marks.items()},
        )

    async def problem(self, request: web.Request, problem: Problem) -> str:
        """A problem in the form of what was asked for: a panel, or a page of its own."""
        lang = language(request)
        if request.path.startswith("/oauth/") or not request.path.startswith("/api/"):
            return self._templates.render("accounts/problem.html", lang, message=problem.message)
        match = _TICKET.match(request.path)
        ticket_id = int(match.group(1)) if match else 0
        if problem.status == 401 or isinstance(problem, OtherPerson):
            words = None if problem.status == 401 else problem.message
            region = Region("alert", self._templates.render("panel/connect.html", lang, message=words))
            return self._fragment(lang, ticket_id, [region], state="disconnected")
        told: Markup = escape(problem.message)
        if match and problem.status >= 500:
            told = self._templates.render("panel/again.html", lang, message=problem.message, ticket_id=ticket_id)
        region = Region("alert", self._templates.render("panel/alert.html", lang, alerts=[told], notes=[]))
        return self._fragment(lang, ticket_id, [region], state="error")

    def _fragment(
        self,
        lang: str,
        ticket_id: int,
        regions: Sequence[Region],
        *,
        state: str,
        band: str = "none",
        locked: bool = False,
        poll: float = IDLE_POLL,
        marks: Mapping[str, str] | None = None,
    ) -> str:
        return self._templates.render(
            "panel/panel.html",
            lang,
            ticket_id=ticket_id,
            regions=regions,
            state=state,
            band=band,
            locked=locked,
            poll=poll,
            now=self._clock.now().isoformat(timespec="milliseconds"),
            marks=marks or {},
        )


def first(values: Iterable[str | None]) -> str | None:
    """The first of the values that says something."""
    return next((value for value in values if value is not None), None)
