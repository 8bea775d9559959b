"""HTTP of the dashboard: its page, its tables as CSV, and what people do on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDictProxy

from plugin_server.accounts.web import rules as web_rules
from plugin_server.accounts.web.once import Once
from plugin_server.accounts.web.routes import Visitor, WebRoutes
from plugin_server.budgets.desk import Desk, UnlockWish
from plugin_server.dashboard import export, listing
from plugin_server.dashboard.board import Boards
from plugin_server.dashboard.headers import page
from plugin_server.dashboard.page import Form, Pages, kept
from plugin_server.dashboard.projects import Projects
from plugin_server.dashboard.tables import PROJECT_HEAD, TICKET_HEAD, project_cells, ticket_cells
from plugin_server.dashboard.undelivered import Undelivered
from plugin_server.runtime.api import language
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound, Problem, Unauthenticated, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.tickets.links.service import Links

STATIC = Path(__file__).resolve().parent / "static"

DONE_COOKIE = "deskhours_done"
"""Carries what was done from the form to the page that says so; shown once."""

_LONG_PAST = date(1970, 1, 1)
"""Given for a day that can't be read: the desk refuses it along with everything else that is wrong."""

_LENGTHS = {
    "reason": 2000,
    "ask_message": 2000,
    "note_body": 60_000,
    "ceiling_hours": 20,
    "budget_hours": 20,
    "expires_on": 20,
}
"""The fields of the forms, and how much each takes."""

Action = Callable[[Visitor, int, Mapping[str, str]], Awaitable[None]]


class DashboardRoutes:
    """Handlers of the dashboard. The rules of what is done are the budgets' and the links' own."""

    def __init__(
        self,
        browsers: WebRoutes,
        pages: Pages,
        boards: Boards,
        projects: Projects,
        desk: Desk,
        links: Links,
        undelivered: Undelivered,
    ) -> None:
        self._browsers = browsers
        self._once = Once(DONE_COOKIE, "/dashboard", browsers.secure)
        self._pages = pages
        self._boards = boards
        self._projects = projects
        self._desk = desk
        self._links = links
        self._undelivered = undelivered
        self._actions: dict[str, Action] = {
            "unlock": self._unlock,
            "raise": self._raise,
            "note": self._note,
            "close": self._close,
            "ask": self._ask,
        }

    def pages(self) -> list[web.AbstractRouteDef]:
        """The dashboard's addresses."""
        names = "|".join(self._actions)
        return [
            web.get("/dashboard", self.show),
            web.get("/dashboard/tickets.csv", self.tickets_csv),
            web.get("/dashboard/projects.csv", self.projects_csv),
            web.post(rf"/dashboard/tickets/{{ticket_id:\d{{1,15}}}}/{{action:{names}}}", self.act),
            web.post(r"/dashboard/entries/{entry_id:\d{1,15}}/assign", self.assign),
            web.post(r"/dashboard/{kind:alerts|notices}/{number:[0-9a-f-]{36}}/retry", self.retry),
            web.static("/dashboard/static", STATIC),
        ]

    async def problem(self, request: web.Request, problem: Problem) -> str:
        """The page of a problem: for who is not signed in, the way to sign in and back."""
        lang = language(request)
        if isinstance(problem, Unauthenticated):
            here = request.path_qs if request.method == "GET" else web_rules.HOME
            had_one = self._browsers.cookie in request.cookies
            return self._pages.sign_in(lang, here, problem.message if had_one else "")
        return self._pages.problem(lang, problem)

    async def show(self, request: web.Request) -> web.Response:
        visitor = await self._browsers.visitor(request)
        done = _done(self._once.word(request))
        html = await self._pages.render(visitor, language(request), request.query, done=done)
        return self._once.said(request, page(html))

    async def tickets_csv(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._browsers.visitor(request)
        board = await self._boards.read(visitor.caller)
        found = board.page(replace(listing.wanted(request.query), after=""), size=None)
        rows = (ticket_cells(row) for row in found.rows)
        return await export.send(request, "deskhours-tickets.csv", TICKET_HEAD, rows)

    async def projects_csv(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._browsers.visitor(request)
        board = await self._boards.read(visitor.caller)
        found = await self._projects.page(board, request.query.get("pq", ""), "", size=None)
        rows = (project_cells(row) for row in found.rows)
        return await export.send(request, "deskhours-projects.csv", PROJECT_HEAD, rows)

    async def act(self, request: web.Request) -> web.Response:
        """Do something about a ticket's budget; what is refused is shown with what was typed."""
        visitor, fields = await self._browsers.form(request)
        ticket_id, action = int(request.match_info["ticket_id"]), request.match_info["action"]
        # PostgreSQL's text holds no NUL, and no keyboard types one.
        typed = {name: fields[name].replace("\0", "") for name in _LENGTHS if name in fields}
        try:
            _check_lengths(typed)
            await self._actions[action](visitor, ticket_id, typed)
        except (Invalid, Conflict, Forbidden, NotFound, Unavailable) as problem:
            form = Form(action, ticket_id, typed, problem.fields, problem.message)
            return await self._refused(request, visitor, fields, form, problem)
        return self._go_back(fields, action, ticket_id)

    async def assign(self, request: web.Request) -> web.Response:
        """*Assign here*: an entry counts for a ticket from now on."""
        visitor, fields = await self._browsers.form(request)
        ticket = fields.get("ticket_id", "")
        if not (ticket.isascii() and ticket.isdigit() and len(ticket) <= 15):
            raise Problem(_("This form names no ticket. Open the dashboard again."))
        try:
            await self._links.assign(visitor.caller, int(request.match_info["entry_id"]), int(ticket))
        except (Conflict, Forbidden, NotFound, Unavailable) as problem:
            form = Form("assign", int(ticket), message=problem.message)
            return await self._refused(request, visitor, fields, form, problem)
        return self._go_back(fields, "assign", int(ticket))

    async def retry(self, request: web.Request) -> web.Response:
        """*Try again*: an alert or a notice that did not get through is sent at once."""
        visitor, fields = await self._browsers.form(request)
        kind, number = request.match_info["kind"], request.match_info["number"]
        again = self._undelivered.retry_alert if kind == "alerts" else self._undelivered.retry_notice
        try:
            await again(visitor.caller, number)
        except (Conflict, Forbidden, NotFound, Unavailable) as problem:
            return await self._refused(request, visitor, fields, Form("retry", 0, message=problem.message), problem)
        return self._go_back(fields, "retry", 0)

    def _go_back(self, fields: Mapping[str, str], action: str, ticket_id: int) -> web.Response:
        """To the page as it was, which says what was done."""
        back = kept(dict(parse_qsl(fields.get("back", ""))))
        return self._once.go(f"/dashboard?{back}" if back else "/dashboard", f"{action}.{ticket_id}")

    async def _refused(
        self, request: web.Request, visitor: Visitor, fields: MultiDictProxy[str], form: Form, problem: Problem
    ) -> web.Response:
        query = dict(parse_qsl(fields.get("back", "")))
        html = await self._pages.render(visitor, language(request), query, form=form)
        return page(html, problem.status)

    async def _unlock(self, visitor: Visitor, ticket_id: int, typed: Mapping[str, str]) -> None:
        names = ("reason", "ceiling_hours", "expires_on", "budget_hours")
        await self._desk.unlock(visitor.caller, ticket_id, UnlockWish(*(typed.get(name, "") for name in names)))

    async def _raise(self, visitor: Visitor, ticket_id: int, typed: Mapping[str, str]) -> None:
        """A new budget, which is also how far work may go on."""
        budget = typed.get("budget_hours", "").strip()
        reason = typed.get("reason", "").strip() or later("Budget raised to {budget} hours").format(budget=budget)
        if not budget:
            raise Invalid(_("The budget was not raised."), fields={"budget_hours": _("Give the new budget in hours.")})
        try:
            await self._desk.unlock(visitor.caller, ticket_id, UnlockWish(reason, budget, "", budget))
        except Invalid as problem:
            words = problem.fields.get("budget_hours") or problem.fields.get("ceiling_hours") or problem.message
            raise Invalid(_("The budget was not raised."), fields={"budget_hours": words}) from None

    async def _note(self, visitor: Visitor, ticket_id: int, typed: Mapping[str, str]) -> None:
        await self._desk.note(visitor.caller, ticket_id, typed.get("note_body", ""))

    async def _close(self, visitor: Visitor, ticket_id: int, _typed: Mapping[str, str]) -> None:
        await self._desk.close(visitor.caller, ticket_id)

    async def _ask(self, visitor: Visitor, ticket_id: int, typed: Mapping[str, str]) -> None:
        await self._desk.ask(visitor.caller, ticket_id, typed.get("ask_message", ""))


def _done(cookie: str) -> tuple[str, int] | None:
    action, _, number = cookie.partition(".")
    return (action, int(number)) if number.isascii() and number.isdigit() and len(number) <= 15 else None


def _check_lengths(typed: Mapping[str, str]) -> None:
    wrong = {
        name: _("At most {maximum} characters.").format(maximum=_LENGTHS[name])
        for name in typed
        if len(typed[name]) > _LENGTHS[name]
    }
    if wrong:
        raise Invalid(_("Some values are too long."), fields=wrong)
