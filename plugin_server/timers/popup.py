"""An agent's timers on any ticket, in the popup."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest, moment
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets
from plugin_server.timers import store
from plugin_server.timers.service import Timers

MOVING_POLL = 1.5
"""Seconds until the popup asks again while Harvest is being told."""


@dataclass(frozen=True)
class _Line:
    """One timer as shown; times in the agent's zone, ``title`` empty where the agent may not be told."""

    timer: store.Timer
    hours: Decimal
    number: str
    title: str
    url: str
    since: str
    ended: str


class TimerSection:
    """What runs, and what was stopped and not logged yet."""

    def __init__(
        self, pool: Pool, tickets: Tickets, timers: Timers, helpdesk: Helpdesk, templates: Templates, clock: Clock
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._timers = timers
        self._helpdesk = helpdesk
        self._templates = templates
        self._clock = clock

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None:
            return PopupPart()
        timers = await store.unlogged(self._pool, caller.agent_id)
        if not timers:
            return PopupPart()
        named = await self._tickets.titles(caller, [timer.ticket_id for timer in timers])
        now = self._clock.now()
        lines = []
        for timer in timers:
            number, title = named.get(timer.ticket_id, (str(timer.ticket_id), ""))
            view = await self._timers.look(caller, timer.id)
            since = moment(timer.start_wanted_at, now, caller.zone)
            ended = moment(timer.stop_wanted_at or now, now, caller.zone)
            url = self._helpdesk.ticket_url(timer.ticket_id)
            lines.append(_Line(timer, view.hours, number, title, url, since, ended))
        html = self._templates.render("timers/popup.html", request.lang, lines=lines)
        data = [
            {
                "id": str(line.timer.id),
                "ticket_id": line.timer.ticket_id,
                "state": line.timer.state,
                "hours": f"{line.hours:.2f}",
            }
            for line in lines
        ]
        moving = any(timer.state in ("starting", "stopping") for timer in timers)
        return PopupPart(body=(Region("timers", html),), poll=MOVING_POLL if moving else None, data={"timers": data})
