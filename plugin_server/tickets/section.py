"""Links in the panel: what a changed project moved, and entries of the project that count for no ticket."""

from __future__ import annotations

from decimal import Decimal

from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Project
from plugin_server.runtime import i18n
from plugin_server.runtime.database import Pool
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.attribution import store as attribution_store
from plugin_server.tickets.links import store as links_store
from plugin_server.tickets.service import Tickets

SHOWN = 5
"""Unassigned entries offered at a time."""


class LinkSection:
    """Shows what is to be decided about entries."""

    def __init__(self, pool: Pool, tickets: Tickets, mirror: Mirror, templates: Templates) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._templates = templates

    async def render(self, request: PanelRequest) -> Contribution:
        ticket = (await self._tickets.shown(request)).ticket
        change = await links_store.latest(self._pool, ticket.id)
        regions = []
        if change is not None and (change.left_entries or change.came_entries or change.staying):
            open_question = change.answer is None and bool(change.left_entries or change.staying)
            if open_question or change.outcome:
                html = self._templates.render(
                    "tickets/change.html",
                    request.lang,
                    change=change,
                    old=_label(await self._mirror.project(change.old_project_id), change.old_project_id),
                    new=_label(await self._mirror.project(change.new_project_id or 0), change.new_project_id),
                    left_hours=i18n.decimal(Decimal(change.left_hours) / 100),
                    came_hours=i18n.decimal(Decimal(change.came_hours) / 100),
                    asks=open_question,
                )
                regions.append(Region("link-change", html))
        if ticket.project_id is not None:
            found = await attribution_store.unassigned(self._pool, ticket.project_id, SHOWN + 1)
            if found:
                html = self._templates.render(
                    "tickets/unassigned.html",
                    request.lang,
                    ticket_id=ticket.id,
                    entries=[(one, i18n.decimal(Decimal(one.hours) / 100)) for one in found[:SHOWN]],
                    more=len(found) > SHOWN,
                )
                regions.append(Region("unassigned", html))
        return Contribution(regions=tuple(regions))


def _label(project: Project | None, project_id: int | None) -> str:
    if project is not None:
        return project.label
    return "–" if project_id is None else str(project_id)
