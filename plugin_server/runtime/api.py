"""The JSON API: a table of routes that is served, validated and described from one declaration.

A handler takes a :class:`Call` and returns an :class:`Answer`. Who asks for ``text/html`` (the extension) gets the
panel that results; everyone else gets JSON. Refusals are :class:`~plugin_server.runtime.errors.Problem`, in both forms.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.errors import Invalid, OtherPerson, Problem
from plugin_server.runtime.i18n import gettext as _

Body = TypeVar("Body", bound=BaseModel | None)

PERSON_HEADER = "X-Helpdesk-User"
"""Names the helpdesk user whose page the extension stands in."""

MAXIMUM_BODY = 256 * 1024
"""Largest request body, in bytes."""


class ErrorDetail(BaseModel):
    """What went wrong."""

    code: str = Field(description="A stable word for programs.")
    message: str = Field(description="A sentence for people: what happened, to what, what to do.")
    fields: dict[str, str] = Field(default_factory=dict, description="The reason by field, for values refused.")
    request_id: str = Field(description="Names this request in the server's log.")


class ErrorBody(BaseModel):
    """The body of every refusal."""

    error: ErrorDetail


@dataclass(frozen=True)
class PanelView:
    """Which panel the HTML form of an answer shows, and what of the form is to be shown again."""

    ticket_id: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """A handler's result: ``data`` as JSON, or as HTML the panel ``panel`` or the fragment ``html``."""

    data: BaseModel | None
    status: int = 200
    panel: PanelView | None = None
    html: str | None = None


class Refused(Problem):
    """A problem whose HTML form is the ticket's whole panel with the errors in place."""

    def __init__(self, problem: Problem, panel: PanelView) -> None:
        super().__init__(problem.message, code=problem.code, fields=problem.fields, status=problem.status)
        self.panel = panel


@dataclass(frozen=True)
class Call(Generic[Body]):
    """One request to a handler; ``body`` is validated, the caller known."""

    request: web.Request
    signed_in: Caller | None
    body: Body

    @property
    def caller(self) -> Caller:
        """Who is calling; a public route has none."""
        if self.signed_in is None:
            raise RuntimeError("a public route asked for its caller")
        return self.signed_in

    @property
    def lang(self) -> str:
        return language(self.request)

    def path_int(self, name: str) -> int:
        return int(self.request.match_info[name])


Handler = Callable[[Call[Any]], Awaitable[Answer]]
Authenticate = Callable[[web.Request], Awaitable[Caller]]
RenderPanel = Callable[[Caller, PanelView, str], Awaitable[str]]
RenderProblem = Callable[[web.Request, Problem], Awaitable[str]]

AUTHENTICATE: web.AppKey[Authenticate] = web.AppKey("authenticate")
RENDER_PANEL: web.AppKey[RenderPanel] = web.AppKey("render_panel")
RENDER_PROBLEM: web.AppKey[RenderProblem] = web.AppKey("render_problem")


@dataclass(frozen=True)
class Route:
    """One operation of the API. ``path`` is aiohttp's, with a pattern for each parameter; ``query`` says what each word
    of the query string means, all of them optional text."""

    method: str
    path: str
    handler: Handler
    summary: str
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    success: Mapping[int, str] = field(default_factory=lambda: {200: "Done"})
    refusals: Sequence[int] = (401, 403, 404)
    description: str = ""
    public: bool = False
    query: Mapping[str, str] = field(default_factory=dict)


def language(request: web.Request) -> str:
    """The language to answer in."""
    return i18n.negotiate(request.headers.get("Accept-Language", ""))


def wants_html(request: web.Request) -> bool:
    """Whether the caller prefers HTML to JSON; a program that says nothing gets JSON."""
    accept = request.headers.get("Accept", "")
    html = accept.find("text/html")
    json = accept.find("application/json")
    return html >= 0 and (json < 0 or html < json)


def add_routes(app: web.Application, routes: Sequence[Route]) -> None:
    """Serve the routes."""
    for route in routes:
        app.router.add_route(route.method, route.path, _serve(route))


def _serve(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = None if route.public else await request.app[AUTHENTICATE](request)
        if caller is not None:
            _same_person(request, caller)
        body = await _read(request, route.body) if route.body else None
        answer = await route.handler(Call(request, caller, body))
        if wants_html(request):
            html = answer.html
            if html is None and answer.panel is not None and caller is not None:
                html = await request.app[RENDER_PANEL](caller, answer.panel, language(request))
            if html is not None:
                return web.Response(text=html, status=answer.status, content_type="text/html")
        if answer.data is None:
            return web.Response(status=204)
        return web.Response(
            text=answer.data.model_dump_json(by_alias=True), status=answer.status, content_type="application/json"
        )

    return handle


def _same_person(request: web.Request, caller: Caller) -> None:
    """Refuse when the page says that it is used by somebody else. What a page claims proves nothing, but a browser in
    which another agent has signed in to the helpdesk must not log that agent's time as the caller's."""
    claimed = request.headers.get(PERSON_HEADER, "")
    if claimed.isascii() and claimed.isdigit() and claimed != str(caller.helpdesk_user_id):
        raise OtherPerson(
            _(
                "You are signed in to the helpdesk as somebody else than {name}, whom Deskhours"
                " is connected as in this browser. Connect again as yourself to log time."
            ).format(name=caller.name)
        )


async def _read(request: web.Request, model: type[BaseModel]) -> BaseModel:
    """The validated body. Raises :class:`Invalid` naming every wrong field."""
    try:
        raw = await request.read()
        return model.model_validate_json(raw or b"{}")
    except ValidationError as error:
        if any(item["type"] == "json_invalid" for item in error.errors()):
            raise Problem(_("The request's body is not JSON."), code="not_json") from None
        raise Invalid(_("Some values can't be accepted."), fields=_reasons(error)) from None


def _reasons(error: ValidationError) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else "(body)"
        # A field that may be of several types fails once for each: one sentence says what they have in common.
        several = len(item["loc"]) > 1 and item["loc"][-1] in ("str", "int", "float")
        reasons.setdefault(
            name, _("Expected text or a number.") if several else item["msg"].removeprefix("Value error, ")
        )
    return reasons
