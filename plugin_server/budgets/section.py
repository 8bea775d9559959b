"""Budgets in the panel: each constraint with bar and words, the lock and what it still lets do, unlocking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.budgets import locking, rules, store
from plugin_server.budgets.desk import Desk
from plugin_server.budgets.managers import Managers
from plugin_server.budgets.service import Budgets, Figures, hours
from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets.service import Tickets, TicketView

UNLOCK_FIELDS = frozenset({"reason", "ceiling_hours", "expires_on", "budget_hours"})
LOCK_FIELDS = frozenset({"note_body", "owner_id"})

PENDING_POLL = 2.0
"""Seconds until the panel asks again while a change of the ticket is not in its figures yet."""


@dataclass(frozen=True)
class Line:
    """One constraint as shown. ``width`` is the bar's, in percent; ``running`` the hours that timers add."""

    source: locking.Source
    used: str
    limit: str
    percent: int
    band: rules.Band
    width: int


class BudgetSection:
    """What the ticket has cost so far, in words and shape as well as colour, and its lock."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        budgets: Budgets,
        desk: Desk,
        managers: Managers,
        people: People,
        templates: Templates,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._budgets = budgets
        self._desk = desk
        self._managers = managers
        self._people = people
        self._templates = templates
        self._clock = clock

    async def render(self, request: PanelRequest) -> Contribution:
        view = await self._tickets.shown(request)
        row = await store.budget(self._pool, request.ticket_id)
        text = row.accepted_budget if row else view.ticket.budget_text
        budget = ticket_rules.parse_budget(text)
        figures = await self._budgets.figures(view.ticket, budget)
        if view.project is None and not text and not figures.constraints and not figures.used.stopped:
            return Contribution(band="none")
        lines = [self._line(constraint) for constraint in figures.constraints]
        worst = max(lines, key=lambda line: line.percent, default=None)
        regions = [self._budget_region(request, view, row, text, figures, lines)]
        placed: frozenset[str] = frozenset()
        manager = None
        if figures.lock is not None:
            manager = await self._desk.manager(request.caller)
            locked = [await self._lock_region(request, view, row, figures.lock, manager)]
            if manager is not None:
                locked.append(self._unlock_region(request, figures))
            locked.append(await self._meanwhile_region(request, view, manager))
            regions[:0] = locked
            placed = LOCK_FIELDS | UNLOCK_FIELDS if manager is not None else LOCK_FIELDS
        elif (unlock := await self._open_unlock(figures, request.ticket_id)) is not None:
            regions.insert(0, self._opened_region(request, unlock))
        data = {
            "project": None
            if view.project is None
            else {"id": view.project.id, "name": view.project.label, "url": view.project_url},
            "budget": {
                "used_hours": f"{figures.hours:.2f}",
                "running_hours": f"{figures.running:.2f}",
                "budget_hours": None if budget is None else f"{budget:.2f}",
                "quoted_hours": None if view.quoted is None else f"{view.quoted:.2f}",
                "utilization_percent": next((line.percent for line in lines if line.source == "ticket"), None),
                "ends_on": row.ends_on.isoformat() if row and row.ends_on else None,
                "constraints": [
                    {"source": line.source, "used": line.used, "limit": line.limit, "band": line.band} for line in lines
                ],
            },
        }
        return Contribution(
            regions=tuple(regions),
            band=worst.band if worst else "none",
            locked=figures.lock is not None,
            placed=placed,
            poll=None if row is not None and view.ticket.is_checked else PENDING_POLL,
            data=data,
        )

    def _line(self, constraint: locking.Constraint) -> Line:
        figures = rules.utilization(constraint.used, constraint.limit, self._budgets.policy.thresholds)
        percent = figures.percent or 0
        used, limit = i18n.decimal(constraint.used), i18n.decimal(constraint.limit)
        return Line(constraint.source, used, limit, percent, figures.band, min(percent, 100))

    def _budget_region(
        self,
        request: PanelRequest,
        view: TicketView,
        row: store.Budget | None,
        text: str,
        figures: Figures,
        lines: list[Line],
    ) -> Region:
        html = self._templates.render(
            "budgets/budget.html",
            request.lang,
            project_name=view.project.label if view.project else None,
            client_name=view.project.client_name if view.project else "",
            project_url=view.project_url,
            lines=lines,
            own=any(line.source == "ticket" for line in lines),
            used=i18n.decimal(figures.hours),
            running=i18n.decimal(figures.running) if figures.running else None,
            quoted=None if view.quoted is None else i18n.decimal(view.quoted),
            budget_text=text,
            ends_on=i18n.day(row.ends_on) if row and row.ends_on and not figures.lock else None,
            holder=view.holder,
        )
        return Region("budget", html)

    async def _lock_region(
        self,
        request: PanelRequest,
        view: TicketView,
        row: store.Budget | None,
        lock: locking.Lock,
        manager: Member | None,
    ) -> Region:
        managers = [] if manager else await self._told(view, row)
        asked = await store.asked(self._pool, row) if row and not manager else None
        html = self._templates.render(
            "budgets/lock.html",
            request.lang,
            ticket_id=request.ticket_id,
            source=lock.constraint.source,
            used=i18n.decimal(lock.constraint.used),
            limit=i18n.decimal(lock.constraint.limit),
            managers=[one.name for one in managers],
            is_manager=manager is not None,
            asked=asked,
        )
        return Region("lock", html, tag="section")

    async def _meanwhile_region(self, request: PanelRequest, view: TicketView, manager: Member | None) -> Region:
        member = manager or await self._people.known(request.caller.helpdesk_user_id)
        may_change = member is not None and member.may_change(view.ticket.group_id)
        html = self._templates.render(
            "budgets/meanwhile.html",
            request.lang,
            ticket_id=request.ticket_id,
            owners=await self._desk.owners(view.ticket) if may_change else [],
            owner_id=view.ticket.owner_id,
            may_change=may_change,
            may_close=may_change and view.ticket.state_kind == "open",
            values={"note_body": "", "owner_id": "", **request.values},
            errors={name: request.errors.get(name) for name in LOCK_FIELDS},
        )
        return Region("meanwhile", html, tag="section")

    def _unlock_region(self, request: PanelRequest, figures: Figures) -> Region:
        today = self._clock.now().astimezone(request.caller.zone).date()
        values = {"reason": "", "ceiling_hours": "", "expires_on": "", "budget_hours": "", **request.values}
        html = self._templates.render(
            "budgets/unlock.html",
            request.lang,
            ticket_id=request.ticket_id,
            used=i18n.decimal(figures.hours),
            today=today.isoformat(),
            values=values,
            errors={name: request.errors.get(name) for name in UNLOCK_FIELDS},
        )
        return Region("unlock", html, tag="form")

    def _opened_region(self, request: PanelRequest, unlock: store.Event) -> Region:
        html = self._templates.render(
            "budgets/unlocked.html",
            request.lang,
            by=unlock.by_name,
            reason=unlock.reason,
            ceiling=None if unlock.ceiling is None else i18n.decimal(hours(unlock.ceiling)),
            until=None if unlock.expires_at is None else _last_day(unlock.expires_at, request.caller),
        )
        return Region("unlocked", html)

    async def _open_unlock(self, figures: Figures, ticket_id: int) -> store.Event | None:
        """The unlock that keeps open what would be locked without it."""
        policy = self._budgets.policy.lock
        now = self._clock.now()
        if locking.lock(figures.constraints, policy, [], figures.hours, now) is None:
            return None
        events = (await store.unlocks(self._pool, [ticket_id])).get(ticket_id, [])
        holding = [one for one in events if _opens(one, figures.hours, now)]
        return holding[-1] if holding else None

    async def _told(self, view: TicketView, row: store.Budget | None) -> tuple[Member, ...]:
        return (await self._managers.known(view.ticket, row.accepted_pm if row else view.ticket.pm_text)).members


def _opens(event: store.Event, used: Decimal, now: datetime) -> bool:
    ceiling = None if event.ceiling is None else hours(event.ceiling)
    return locking.Unlock(ceiling, event.expires_at).opens(used, now)


def _last_day(expires_at: datetime, caller: Caller) -> str:
    """The last day on which an unlock holds, in the reader's zone."""
    local = expires_at.astimezone(caller.zone)
    last = local if local.time().isoformat() != "00:00:00" else local.replace(hour=12)
    day = last.date() if last is local else last.date().fromordinal(last.date().toordinal() - 1)
    return i18n.day(day)
