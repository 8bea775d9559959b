"""HTTP of tickets' projects: what would be made, having it made, finding and linking one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from plugin_server.projects.rules import Hindrance
from plugin_server.projects.service import FIELD, Projects
from plugin_server.runtime.api import Answer, Call, PanelView, Refused, Route
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid
from plugin_server.runtime.templates import Templates

_TICKET = r"/api/v1/tickets/{ticket_id:\d{1,15}}"


class LinkIn(BaseModel):
    """Which project."""

    model_config = ConfigDict(extra="ignore")

    project_query: StrictStr = Field(
        default="",
        max_length=500,
        description="The project's number, a link to it, what the list said, or words that only one project has.",
    )


class FoundOut(BaseModel):
    """An active project."""

    id: int
    name: str = Field(description="With its code, as Harvest writes it.")
    client: str


class FoundAllOut(BaseModel):
    """The first projects that are like what was asked for."""

    projects: list[FoundOut]


class PlanOut(BaseModel):
    """What would be made; or, with ``problem``, why nothing would."""

    problem: str | None = None
    code: str | None = Field(default=None, description="A stable word for the problem.")
    client: str | None = None
    name: str | None = None
    project_code: str | None = None
    budget_hours: str | None = None
    tasks: list[str] = []
    team: list[str] = []


class DoneOut(BaseModel):
    """It is done, or taken to be done."""

    ticket_id: int
    done: bool = True


class ProjectRoutes:
    """Handlers of the projects feature."""

    def __init__(self, projects: Projects, templates: Templates) -> None:
        self._projects = projects
        self._templates = templates

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 409, 503)
        project = f"{_TICKET}/project"
        return [
            Route(
                "GET",
                f"{_TICKET}/projects",
                self.find,
                "Find a Harvest project that the ticket could be linked to",
                answer=FoundAllOut,
                refusals=(401, 403, 404, 503),
                query={"q": "Words that stand in name, code, client or number."},
            ),
            Route(
                "PUT",
                project,
                self.link,
                "Link a Harvest project to a ticket",
                body=LinkIn,
                answer=DoneOut,
                refusals=refusals,
            ),
            Route("DELETE", project, self.unlink, "Unlink a ticket's project", answer=DoneOut, refusals=refusals),
            Route(
                "GET",
                f"{project}/plan",
                self.plan,
                "The Harvest project that would be made for a ticket",
                answer=PlanOut,
                refusals=(401, 403, 404, 503),
            ),
            Route(
                "POST",
                f"{project}/make",
                self.make,
                "Have a Harvest project made for a ticket; asking again makes no second one",
                answer=DoneOut,
                success={202: "It is being made"},
                refusals=refusals,
            ),
            *(
                Route("POST", f"{project}/{name}", handler, summary, answer=DoneOut, refusals=refusals)
                for name, handler, summary in (
                    ("retry", self.retry, "Go on with a project that could not be made"),
                    ("drop", self.drop, "Give up a project that could not be made, or leave it incomplete"),
                )
            ),
        ]

    async def find(self, call: Call[Any]) -> Answer:
        found = await self._projects.find(call.caller, call.path_int("ticket_id"), call.request.query.get("q", ""))
        html = self._templates.render("projects/options.html", call.lang, projects=found)
        projects = [FoundOut(id=one.id, name=one.label, client=one.client_name) for one in found]
        return Answer(FoundAllOut(projects=projects), html=html)

    async def link(self, call: Call[LinkIn]) -> Answer:
        ticket_id, typed = call.path_int("ticket_id"), call.body.project_query
        try:
            await self._projects.link(call.caller, ticket_id, typed)
        except (Invalid, Conflict) as problem:
            errors = problem.fields or {FIELD: problem.message}
            raise Refused(problem, PanelView(ticket_id, {FIELD: typed}, errors)) from None
        return _done(ticket_id)

    async def unlink(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        try:
            await self._projects.unlink(call.caller, ticket_id)
        except Conflict as problem:
            raise Refused(problem, PanelView(ticket_id, {}, {FIELD: problem.message})) from None
        return _done(ticket_id)

    async def plan(self, call: Call[Any]) -> Answer:
        plan = await self._projects.plan(call.caller, call.path_int("ticket_id"))
        if isinstance(plan, Hindrance):
            return Answer(PlanOut(problem=plan.words, code=plan.code))
        return Answer(
            PlanOut(
                client=plan.client.name,
                name=plan.name,
                project_code=plan.code or None,
                budget_hours=None if plan.budget is None else f"{plan.budget:.2f}",
                tasks=list(plan.template.tasks),
                team=list(plan.template.team),
            )
        )

    async def make(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        try:
            await self._projects.ask(call.caller, ticket_id)
        except (Conflict, Forbidden) as problem:
            raise Refused(problem, PanelView(ticket_id, {}, {"": problem.message})) from None
        return Answer(DoneOut(ticket_id=ticket_id), status=202, panel=PanelView(ticket_id))

    async def retry(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        await self._projects.retry(call.caller, ticket_id)
        return _done(ticket_id)

    async def drop(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        await self._projects.drop(call.caller, ticket_id)
        return _done(ticket_id)


def _done(ticket_id: int) -> Answer:
    return Answer(DoneOut(ticket_id=ticket_id), panel=PanelView(ticket_id))
