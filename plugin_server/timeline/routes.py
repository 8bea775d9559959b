"""HTTP of timelines: the page for a plain browser with its CSV and *Assign here*, and the API for the extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from plugin_server.accounts.web.once import Once
from plugin_server.accounts.web.routes import WebRoutes
from plugin_server.dashboard import export
from plugin_server.dashboard.headers import page
from plugin_server.extension.stamp import source as extension_source
from plugin_server.runtime.api import Answer, Call, Route, language, wants_html
from plugin_server.runtime.errors import Conflict, Forbidden, NotFound, Unavailable
from plugin_server.tickets.links.service import Links
from plugin_server.timeline import rules, view
from plugin_server.timeline.service import Timelines
from plugin_server.timeline.view import TimelineOut, Told, Views

PATH = "/tickets/"
"""Below it stand the pages."""

STATIC = Path(__file__).resolve().parent / "static"

DONE_COOKIE = "deskhours_assigned"
"""Carries from the form to the page that an entry was assigned; shown once."""

_TICKET = r"/tickets/{ticket_id:\d{1,15}}/timeline"
_QUERY = {
    "what": "messages, time or budget; may be given several times. None: everything.",
    "person": "Only what this person did, by a key of `people`.",
    "billable": "yes or no: only time entries that are, or are not.",
    "from": "The first day, YYYY-MM-DD, in the caller's zone; of time entries, the day they count for.",
    "to": "The last day.",
    "order": "oldest (the default) or newest first.",
    "size": f"Items of a page, {rules.SIZE} unless told, {rules.MOST} at most.",
    "cursor": "The `next` of the page before.",
}


class TimelineRoutes:
    """Handlers of timelines."""

    def __init__(self, browsers: WebRoutes, timelines: Timelines, views: Views, links: Links) -> None:
        self._browsers = browsers
        self._once = Once(DONE_COOKIE, "/tickets", browsers.secure)
        self._timelines = timelines
        self._views = views
        self._links = links

    def pages(self) -> list[web.AbstractRouteDef]:
        """The browser's own pages."""
        return [
            web.get(_TICKET, self.show),
            web.get(f"{_TICKET}.csv", self.send_csv),
            web.post(rf"{_TICKET}/entries/{{entry_id:\d{{1,18}}}}/assign", self.assign),
            web.get("/tickets/static/lines.css", self.send_lines),
            web.static("/tickets/static", STATIC),
        ]

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "GET",
                rf"/api/v1{_TICKET}",
                self.get_timeline,
                "A ticket's messages, time entries and budget changes in order, as the caller may see them",
                answer=TimelineOut,
                refusals=(400, 401, 403, 404, 503),
                query=_QUERY,
            )
        ]

    async def get_timeline(self, call: Call[Any]) -> Answer:
        wanted = rules.wanted(call.request.query.items())
        timeline = await self._timelines.read(call.caller, call.path_int("ticket_id"), wanted)
        if wants_html(call.request):
            return Answer(None, html=await self._views.fragment(call.caller, call.lang, timeline))
        return Answer(view.to_json(timeline))

    async def show(self, request: web.Request) -> web.Response:
        told = Told(done=bool(self._once.word(request)))
        return self._once.said(request, await self._page(request, request.query.items(), told))

    async def send_csv(self, request: web.Request) -> web.StreamResponse:
        """The whole filtered timeline."""
        visitor = await self._browsers.visitor(request)
        wanted = rules.wanted(request.query.items())
        found = await self._timelines.export(visitor.caller, int(request.match_info["ticket_id"]), wanted)
        name = "".join(sign for sign in found.ticket.number if sign.isascii() and sign.isalnum())
        name = f"deskhours-timeline-{name or found.ticket.id}.csv"
        return await export.send(request, name, view.HEAD, view.rows(found, visitor.caller))

    async def send_lines(self, _request: web.Request) -> web.FileResponse:
        """How lines look: as in the extension's sidebar."""
        return web.FileResponse(extension_source() / "content" / "lines.css")

    async def assign(self, request: web.Request) -> web.Response:
        """*Assign here*: an entry counts for this ticket from now on."""
        visitor, fields = await self._browsers.form(request)
        ticket_id = int(request.match_info["ticket_id"])
        back = rules.query(rules.wanted(parse_qsl(fields.get("back", ""))))
        try:
            await self._links.assign(visitor.caller, int(request.match_info["entry_id"]), ticket_id)
        except (Conflict, Forbidden, NotFound, Unavailable) as problem:
            return await self._page(request, back, Told(problem=problem.message), problem.status)
        address = request.rel_url.with_path(view.path(ticket_id)).with_query(back)
        return self._once.go(str(address), "assigned")

    async def _page(self, request: web.Request, query: Any, told: Told, status: int = 200) -> web.Response:
        visitor = await self._browsers.visitor(request)
        wanted = rules.wanted(query)
        timeline = await self._timelines.read(visitor.caller, int(request.match_info["ticket_id"]), wanted)
        html = await self._views.page(visitor, language(request), timeline, told)
        return page(html, status)
