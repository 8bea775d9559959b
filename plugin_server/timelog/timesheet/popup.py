"""A person's own hours in the popup: today and this week by ticket, and the days with gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from plugin_server.helpdesk.base import Helpdesk
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import clock as clocks
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.popup import PopupPart, PopupRequest
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.account import store as account_store
from plugin_server.tickets.service import Tickets
from plugin_server.timelog.timesheet import rules, store
from plugin_server.timelog.timesheet.rules import Gap, Sheet, Worked

SHOWN = 6
"""Tickets listed by themselves; hours of the others are one line."""


@dataclass(frozen=True)
class _Row:
    """A line as shown; hours as hours. Without a ``number`` it is the sum of what belongs to no ticket, or
    (``others``) of so many further tickets."""

    today: Decimal
    week: Decimal
    number: str = ""
    title: str = ""
    url: str = ""
    others: int = 0


class TimesheetSection:
    """What the person has worked, from the mirror and from what is on its way to it."""

    def __init__(
        self, pool: Pool, tickets: Tickets, mirror: Mirror, helpdesk: Helpdesk, templates: Templates, clock: Clock
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._mirror = mirror
        self._helpdesk = helpdesk
        self._templates = templates
        self._clock = clock

    async def popup(self, request: PopupRequest) -> PopupPart:
        caller = request.caller
        if caller is None or caller.harvest_user_id is None:
            return PopupPart()
        today = clocks.today(self._clock, caller.zone)
        company = await self._mirror.company()
        start = rules.start_of_weeks(company.week_start_day if company else "")
        first, last = rules.span(today, start)
        worked = [
            Worked(*one)
            for one in await account_store.worked(self._pool, caller.harvest_user_id, first, last, self._clock.now())
        ]
        worked += await store.waiting(self._pool, caller.agent_id, caller.harvest_user_id, first, last)
        armed = await store.armed(self._pool, caller.agent_id)
        sheet = rules.sheet(worked, today, start)
        by_day: dict[date, int] = {}
        for one in worked:
            by_day[one.day] = by_day.get(one.day, 0) + one.hours
        capacity, begun = await store.expected(self._pool, caller.harvest_user_id, today - rules.AWAY)
        missing = rules.gaps(by_day, today, capacity, begun)
        hours = self._templates.render(
            "timelog/timesheet.html",
            request.lang,
            rows=await self._rows(caller, sheet),
            today=_hours(sheet.today),
            week=_hours(sheet.week),
            waiting=_hours(sheet.waiting),
            armed=_hours(armed),
        )
        gaps = self._templates.render(
            "timelog/gaps.html",
            request.lang,
            gaps=[await self._gap(caller.harvest_user_id, one) for one in missing],
            knows=bool(capacity and begun),
        )
        return PopupPart(body=(Region("hours", hours), Region("gaps", gaps)), data=_data(sheet, armed, missing))

    async def _gap(self, user_id: int, gap: Gap) -> tuple[date, Decimal, Decimal, str | None]:
        """A gap as shown, with the day's page in Harvest."""
        return gap.day, _hours(gap.hours), _hours(gap.target), await self._mirror.day_url(user_id, gap.day)

    async def _rows(self, caller: Caller, sheet: Sheet) -> list[_Row]:
        """The lines with what people call their tickets; one that the agent may not see goes by its id."""
        own = [line for line in sheet.lines if line.ticket_id is not None]
        shown, rest = (own, []) if len(own) <= SHOWN else (own[: SHOWN - 1], own[SHOWN - 1 :])
        named = await self._tickets.titles(caller, [line.ticket_id for line in shown if line.ticket_id is not None])
        rows = []
        for line in shown:
            assert line.ticket_id is not None, "the others are of no ticket"
            number, title = named.get(line.ticket_id, (str(line.ticket_id), ""))
            url = self._helpdesk.ticket_url(line.ticket_id)
            rows.append(_Row(_hours(line.today), _hours(line.week), number, title, url))
        if rest:
            sums = (sum(line.today for line in rest), sum(line.week for line in rest))
            rows.append(_Row(_hours(sums[0]), _hours(sums[1]), others=len(rest)))
        rows += [_Row(_hours(line.today), _hours(line.week)) for line in sheet.lines if line.ticket_id is None]
        return rows


def _hours(hundredths: int) -> Decimal:
    return Decimal(hundredths) / 100


def _text(hundredths: int) -> str:
    return f"{hundredths / 100:.2f}"


def _data(sheet: Sheet, armed: int, missing: list[Gap]) -> Mapping[str, object]:
    return {
        "hours": {
            "today": _text(sheet.today),
            "week": _text(sheet.week),
            "waiting": _text(sheet.waiting),
            "armed": _text(armed),
            "tickets": [
                {"ticket_id": line.ticket_id, "today": _text(line.today), "week": _text(line.week)}
                for line in sheet.lines
            ],
        },
        "gaps": [
            {"day": one.day.isoformat(), "hours": _text(one.hours), "target": _text(one.target)} for one in missing
        ],
    }
