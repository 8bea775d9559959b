"""The page of one time entry for a plain browser: correcting it, deleting it, its history; without script."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from aiohttp import web
from multidict import MultiDictProxy

from plugin_server.accounts.web.once import Once
from plugin_server.accounts.web.routes import Visitor, WebRoutes
from plugin_server.corrections import rules, store
from plugin_server.corrections.moving import Wish
from plugin_server.corrections.service import Corrections
from plugin_server.corrections.shown import FIELDS
from plugin_server.corrections.view import Refusal, Views, outcome, told
from plugin_server.runtime.api import language
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable

STATIC = Path(__file__).resolve().parent / "static"

DONE_COOKIE = "deskhours_corrected"
"""Carries what was done from the form to the page that says so; shown once."""

# With no referrer at all, browsers say of a form that it comes from nowhere ("Origin: null").
PAGE_HEADERS = {"Referrer-Policy": "same-origin"}

_ENTRY = r"/tickets/{ticket_id:\d{1,15}}/entries/{entry_id:[1-9]\d{0,17}}"


class EntryPages:
    """Handlers of the page."""

    def __init__(self, browsers: WebRoutes, corrections: Corrections, views: Views) -> None:
        self._browsers = browsers
        self._once = Once(DONE_COOKIE, "/tickets", browsers.secure)
        self._corrections = corrections
        self._views = views

    def pages(self) -> list[web.AbstractRouteDef]:
        """The page's addresses."""
        return [
            web.get(_ENTRY, self.show),
            web.post(f"{_ENTRY}/correct", self.correct),
            web.post(f"{_ENTRY}/delete", self.delete),
            web.post(f"{_ENTRY}/withdraw", self.withdraw),
            web.static("/tickets/entries", STATIC),
        ]

    async def show(self, request: web.Request) -> web.Response:
        visitor = await self._browsers.visitor(request)
        shown = await self._page(request, visitor, told=told(self._once.word(request)))
        return self._once.said(request, shown)

    async def correct(self, request: web.Request) -> web.Response:
        """Change what is typed; what is refused is shown with what was typed."""
        visitor, fields = await self._browsers.form(request)
        typed = {name: fields[name].replace("\0", "") for name in FIELDS if name in fields}
        wish = _wish(typed, fields)
        try:
            found = await self._corrections.change(visitor.caller, int(request.match_info["entry_id"]), wish)
        except (Conflict, Forbidden, Invalid, NotFound, Unavailable) as problem:
            return await self._page(request, visitor, refusal=Refusal(problem, typed, wish))
        return self._go_back(request, found)

    async def delete(self, request: web.Request) -> web.Response:
        visitor, fields = await self._browsers.form(request)
        version = fields.get("version")
        try:
            found = await self._corrections.delete(visitor.caller, int(request.match_info["entry_id"]), version)
        except (Conflict, Forbidden, NotFound, Unavailable) as problem:
            return await self._page(request, visitor, refusal=Refusal(problem))
        return self._go_back(request, found)

    async def withdraw(self, request: web.Request) -> web.Response:
        """Think better of a correction that waits."""
        visitor, _fields = await self._browsers.form(request)
        try:
            found = await self._corrections.withdraw(visitor.caller, int(request.match_info["entry_id"]))
        except (Conflict, Forbidden, NotFound, Unavailable) as problem:
            return await self._page(request, visitor, refusal=Refusal(problem))
        return self._go_back(request, found)

    async def _page(
        self, request: web.Request, visitor: Visitor, *, told: str = "", refusal: Refusal | None = None
    ) -> web.Response:
        found = await self._corrections.look(visitor.caller, int(request.match_info["entry_id"]))
        ticket_id = found.ticket.id if found.ticket else int(request.match_info["ticket_id"])
        if refusal is not None:
            tasks = await self._corrections.tasks(visitor.caller, found, refusal.wish)
            refusal = replace(refusal, tasks=tasks)
        html = self._views.page(visitor, language(request), found, ticket_id, told=told, refusal=refusal)
        status = refusal.problem.status if refusal else 200
        return web.Response(text=html, status=status, content_type="text/html", headers=PAGE_HEADERS)

    def _go_back(self, request: web.Request, found: store.Correction | None) -> web.Response:
        """To the entry's page, which says what was done."""
        return self._once.go(request.path.rpartition("/")[0], outcome(found))


def _wish(typed: dict[str, str], fields: MultiDictProxy[str]) -> Wish:
    entered = rules.Typed(
        hours=typed.get("hours"),
        started_time=typed.get("started_time"),
        ended_time=typed.get("ended_time"),
        task_id=typed.get("task_id"),
        spent_date=typed.get("spent_date"),
        notes=typed.get("notes"),
    )
    number, confirmed = typed.get("ticket_number"), fields.get("confirmed", "")
    return Wish(entered, fields.get("version"), ticket_number=number, confirmed=confirmed)
