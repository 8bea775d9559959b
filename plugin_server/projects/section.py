"""A ticket's project in the panel: being made, what holds it up, what would be made, and the picker."""

from __future__ import annotations

from plugin_server.accounts.people.service import People
from plugin_server.projects import store
from plugin_server.projects.jobs import NAMES_JOB
from plugin_server.projects.rules import BY_MAPPING, Hindrance, Plan
from plugin_server.projects.service import FIELD, Projects
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets, TicketView

MAKING_POLL = 1.0
"""Seconds until the panel asks again while a project is being made."""

WAITING_POLL = 5.0
"""The same while that waits for Harvest or the helpdesk."""


class ProjectSection:
    """Shows what can be done about the ticket's project, to who may. ``clients_url`` is the dashboard's page on which
    an organisation's client is chosen."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        projects: Projects,
        people: People,
        queue: Queue,
        templates: Templates,
        clients_url: str,
    ) -> None:
        self._queue = queue
        self._pool = pool
        self._tickets = tickets
        self._projects = projects
        self._people = people
        self._templates = templates
        self._clients_url = clients_url

    async def render(self, request: PanelRequest) -> Contribution:
        view = await self._tickets.shown(request)
        making = await store.of_ticket(self._pool, request.ticket_id)
        under_way = making is not None and making.state == "making"
        member = await self._people.known(request.caller.helpdesk_user_id)
        may_change = member is not None and member.may_change(view.ticket.group_id)
        regions, polls = [], []
        if making is not None and making.state in ("making", "stopped"):
            manages = self._people.may_manage(member)
            regions.append(self._making_region(request, making, may_change=may_change, manages=manages))
        elif not view.ticket.project_text and self._projects.may_ask(member, view.ticket):
            plan = await self._projects.planner.plan(view.ticket)
            if isinstance(plan, Hindrance) and plan.code == "organisation_unread":
                await self._queue.nudge(NAMES_JOB)
                polls.append(MAKING_POLL)
            regions.append(self._plan_region(request, plan, manages=self._people.may_manage(member)))
        if may_change and not under_way:
            regions.append(self._link_region(request, view))
        if making is not None and under_way:
            polls.append(WAITING_POLL if making.problem else MAKING_POLL)
        data: dict[str, object] = {}
        if making is not None and making.state in ("making", "stopped"):
            data["project_making"] = {"state": making.state, "problem": making.words}
        placed = frozenset({FIELD}) if may_change and not under_way else frozenset[str]()
        return Contribution(regions=tuple(regions), poll=min(polls, default=None), placed=placed, data=data)

    def _making_region(self, request: PanelRequest, making: store.Making, *, may_change: bool, manages: bool) -> Region:
        html = self._templates.render(
            "projects/making.html",
            request.lang,
            making=making,
            words=lambda: making.words,
            ticket_id=request.ticket_id,
            may_change=may_change,
            may_drop=making.project_id is not None or making.called_at is None,
            clients_url=self._clients_url if manages and making.problem_code in BY_MAPPING else None,
        )
        return Region("project-making", html, tag="section")

    def _plan_region(self, request: PanelRequest, plan: Plan | Hindrance, *, manages: bool) -> Region:
        hindrance = plan if isinstance(plan, Hindrance) else None
        chooses = hindrance is not None and hindrance.code in BY_MAPPING and manages
        html = self._templates.render(
            "projects/plan.html",
            request.lang,
            plan=None if hindrance else plan,
            words=lambda: hindrance.words if hindrance else "",
            ticket_id=request.ticket_id,
            clients_url=self._clients_url if chooses else None,
        )
        return Region("project-plan", html, tag="section")

    def _link_region(self, request: PanelRequest, view: TicketView) -> Region:
        html = self._templates.render(
            "projects/link.html",
            request.lang,
            ticket_id=request.ticket_id,
            linked=bool(view.ticket.project_text),
            value=request.values.get(FIELD, ""),
            error=request.errors.get(FIELD),
        )
        return Region("project-link", html, tag="section")
