"""The page on which people say which Harvest client an organisation of the helpdesk is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from plugin_server.accounts.web.routes import CSRF_FIELD, SIGN_OUT_PATH, Visitor, WebRoutes
from plugin_server.dashboard.board import Boards
from plugin_server.dashboard.headers import page
from plugin_server.projects.clients.service import Clients
from plugin_server.runtime.api import language
from plugin_server.runtime.errors import Invalid, NotFound, Unavailable
from plugin_server.runtime.templates import Templates

PATH = "/dashboard/clients"


@dataclass(frozen=True)
class Form:
    """A form that was refused, to be shown again with what was typed and what is wrong."""

    organisation_id: int
    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


class ClientRoutes:
    """Handlers of the page. Its rules are the projects' own."""

    def __init__(self, browsers: WebRoutes, boards: Boards, clients: Clients, templates: Templates) -> None:
        self._browsers = browsers
        self._boards = boards
        self._clients = clients
        self._templates = templates

    def pages(self) -> list[web.AbstractRouteDef]:
        """The page's addresses."""
        return [
            web.get(PATH, self.show),
            web.post(rf"{PATH}/{{organisation_id:\d{{1,15}}}}/{{action:choose|make}}", self.act),
        ]

    async def show(self, request: web.Request) -> web.Response:
        visitor = await self._browsers.visitor(request)
        await self._clients.manager(visitor.caller)
        return page(await self._render(request, visitor, done=request.query.get("done", "")))

    async def act(self, request: web.Request) -> web.Response:
        """Choose a client, or have one made; what is refused is shown with what was typed."""
        visitor, fields = await self._browsers.form(request)
        number, typed = int(request.match_info["organisation_id"]), {}
        try:
            if request.match_info["action"] == "choose":
                typed = {"client_id": fields.get("client_id", "")}
                await self._clients.choose(visitor.caller, number, typed["client_id"])
            else:
                typed = {"client_name": fields.get("client_name", "").replace("\0", "")[:1000]}
                await self._clients.make(visitor.caller, number, typed["client_name"])
        except (Invalid, NotFound, Unavailable) as problem:
            form = Form(number, typed, problem.fields, problem.message)
            return page(await self._render(request, visitor, form=form), problem.status)
        return web.Response(status=303, headers={"Location": f"{PATH}?done={number}#organisation-{number}"})

    async def _render(self, request: web.Request, visitor: Visitor, *, form: Form | None = None, done: str = "") -> str:
        viewer = await self._boards.viewer(visitor.caller)
        lines = await self._clients.lines()
        return self._templates.render(
            "dashboard/clients.html",
            language(request),
            visitor=visitor.caller,
            viewer=viewer,
            csrf_field=CSRF_FIELD,
            csrf=visitor.csrf,
            sign_out=SIGN_OUT_PATH,
            path=PATH,
            lines=lines,
            clients=await self._clients.clients(),
            form=form,
            done=next((one for one in lines if str(one.id) == done), None),
        )
