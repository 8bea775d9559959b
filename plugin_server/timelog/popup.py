"""An agent's logs under way on any ticket, in the popup."""

from __future__ import annotations

from dataclasses import dataclass

from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import i18n
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest, moment
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets
from plugin_server.timelog import rules, store

SHOWN = 20
"""At most so many are listed."""

MOVING_POLL = 1.5
"""Seconds until the popup asks again while a log moves by itself."""


@dataclass(frozen=True)
class _Line:
    """One log as shown; ``since`` in the agent's zone, ``title`` empty where the agent may not be told."""

    log: store.Log
    number: str
    title: str
    url: str
    since: str
    actions: tuple[str, ...]


class LogSection:
    """What of the agent's time is not in Harvest yet, why, and what can be done about it."""

    def __init__(self, pool: Pool, tickets: Tickets, helpdesk: Helpdesk, templates: Templates, clock: Clock) -> None:
        self._pool = pool
        self._tickets = tickets
        self._helpdesk = helpdesk
        self._templates = templates
        self._clock = clock

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None:
            return PopupPart()
        logs = await store.under_way(self._pool, caller.agent_id, SHOWN + 1)
        named = await self._tickets.titles(caller, [log.ticket_id for log in logs])
        now = self._clock.now()
        lines = []
        for log in logs[:SHOWN]:
            number, title = named.get(log.ticket_id, (str(log.ticket_id), ""))
            since = moment(log.changed_at, now, caller.zone)
            url = self._helpdesk.ticket_url(log.ticket_id)
            lines.append(_Line(log, number, title, url, since, _actions(log)))
        html = self._templates.render("timelog/popup.html", request.lang, lines=lines, more=len(logs) > SHOWN)
        data = [
            {
                "id": str(line.log.id),
                "ticket_id": line.log.ticket_id,
                "state": line.log.state,
                "hours": f"{line.log.hours:.2f}",
                "spent_date": line.log.spent_date.isoformat(),
                "since": line.log.changed_at.isoformat(),
                "problem": i18n.retold(line.log.problem or "") or None,
            }
            for line in lines
        ]
        moving = any(log.state in ("queued", "undoing") for log in logs)
        return PopupPart(body=(Region("logs", html),), poll=MOVING_POLL if moving else None, data={"logs": data})


def _actions(log: store.Log) -> tuple[str, ...]:
    """What the rules let the agent do from here; changing its values needs the ticket's own form."""
    actions: list[str] = []
    if rules.accepts(log.state, "retry"):
        actions.append("connect" if log.problem_code == "reconnect" else "retry")
    # While it is not known whether Harvest has recorded it, discarding would say what may not be true.
    if rules.accepts(log.state, "discard") and log.called_at is None:
        actions.append("discard")
    return tuple(actions)
