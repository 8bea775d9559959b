"""Starting a timer from the popup: on the ticket that the browser shows, and on the last ones."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror.store import Task
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Problem
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.popup import PopupPart, PopupRequest
from plugin_server.runtime.reading import reading
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.account import store as account_store
from plugin_server.tickets.service import UNCHECKED, Tickets
from plugin_server.timelog import store
from plugin_server.timelog.starting.rules import first_task
from plugin_server.timers import store as timers_store

SHOWN = 4
"""Last tickets that are offered."""


@dataclass(frozen=True)
class _Line:
    """A ticket as shown: ``project`` where its time goes and the ``task`` that a timer would begin with, or in
    ``obstacle`` why none can be started. ``runs``: the agent's timer is running on it."""

    id: int
    number: str
    title: str
    url: str
    project: str
    task: Task | None
    obstacle: str
    runs: bool


class StartSection:
    """Tickets at hand, each with Start."""

    def __init__(
        self, pool: Pool, tickets: Tickets, helpdesk: Helpdesk, templates: Templates, default_task: str | None
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._helpdesk = helpdesk
        self._templates = templates
        self._default_task = default_task

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None or caller.harvest_user_id is None:
            return PopupPart()
        # Both may ask the helpdesk: not while a connection is held.
        shown = await self._shown(caller, request.ticket_id)
        ids = await account_store.last_seen(self._pool, caller.agent_id, SHOWN + 1)
        named = await self._tickets.titles(caller, ids)
        async with reading(self._pool):
            timers = await timers_store.unlogged(self._pool, caller.agent_id)
            running = {timer.ticket_id for timer in timers if timer.state in ("starting", "running")}
            here = None if shown is None else await self._line(caller, shown, running)
            ids = await account_store.last_seen(self._pool, caller.agent_id, SHOWN + 1)
            others = [one for one in ids if shown is None or one != shown.id][:SHOWN]
            last = [
                await self._line(caller, one, running) if one.id in named else self._unchecked(one, running)
                for one in await self._seen(others)
            ]
        head = self._templates.render("timelog/here.html", request.lang, line=here)
        body = self._templates.render("timelog/recent.html", request.lang, lines=last)
        data = {
            "here": None if here is None else _told(here),
            "recent": [_told(line) for line in last],
        }
        return PopupPart(head=(Region("here", head),), body=(Region("recent", body),), data=data)

    async def _shown(self, caller: Caller, ticket_id: int | None) -> tickets_store.Ticket | None:
        """The ticket on show, where the helpdesk lets the agent see it."""
        if ticket_id is None:
            return None
        try:
            return await self._tickets.require(caller, ticket_id)
        except Problem:
            return None  # its own page says why

    async def _seen(self, ticket_ids: list[int]) -> list[tickets_store.Ticket]:
        found = {one.id: one for one in await tickets_store.tickets(self._pool, ticket_ids)}
        return [found[one] for one in ticket_ids if one in found]

    def _unchecked(self, ticket: tickets_store.Ticket, running: Collection[int]) -> _Line:
        """A ticket of which it can't be asked now whether the agent may still see it: it goes by its number alone."""
        url = self._helpdesk.ticket_url(ticket.id)
        return _Line(ticket.id, ticket.number, "", url, "", None, _(UNCHECKED), ticket.id in running)

    async def _line(self, caller: Caller, ticket: tickets_store.Ticket, running: Collection[int]) -> _Line:
        tracking = await self._tickets.tracking(caller, ticket)
        task = None
        if tracking.obstacle is None and ticket.project_id is not None:
            used = await store.last_tasks(self._pool, caller.agent_id, ticket.project_id)
            task = first_task(used, tracking.tasks, self._default_task)
        return _Line(
            ticket.id,
            ticket.number,
            ticket.title,
            self._helpdesk.ticket_url(ticket.id),
            tracking.project.label if tracking.project else "",
            task,
            tracking.refusal(ticket) or "",
            ticket.id in running,
        )


def _told(line: _Line) -> dict[str, object]:
    return {
        "ticket_id": line.id,
        "number": line.number,
        "task_id": line.task.id if line.task else None,
        "obstacle": line.obstacle or None,
        "running": line.runs,
    }
