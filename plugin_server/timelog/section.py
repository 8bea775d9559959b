"""The log in the panel: the timer, the form, what is under way, or why nothing can be logged here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from markupsafe import Markup

from plugin_server.manifest import Time as TimeSettings
from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import i18n
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets, Tracking
from plugin_server.tickets.store import Ticket
from plugin_server.timelog import rules, store
from plugin_server.timelog.starting.rules import first_task
from plugin_server.timelog.timer_row import TimerRow
from plugin_server.timers import rules as timer_rules
from plugin_server.timers.service import Elsewhere, Timers, View

REFRESH_JOB = "refresh_person"
"""Nudged when something the panel needs is not in the mirror: it may have been made in Harvest a moment ago."""

FIELDS = frozenset({"hours", "task_id", "spent_date", "notes"})
"""The form's fields whose errors stand beside them."""

NEW_LINK = timedelta(minutes=3)

MISSING_POLL = 2.0
"""Seconds until the panel asks again while Harvest is asked for a project or assignment that is missing."""

UNDERWAY_POLL = 0.7
"""Seconds until the panel asks again while a log is under way."""

WAITING_POLL = 3.0
"""Seconds until the panel asks again while a timer waits for a Harvest that does not answer."""


@dataclass(frozen=True)
class _Line:
    """One log as shown. What was corrected since is shown as it is now, or as ``deleted``."""

    log: store.Log
    hours: str
    task: str
    deleted: bool
    entry_url: str | None
    actions: tuple[str, ...]
    error: bool


class TimeLogSection:
    """Timer, form and logs of one agent on one ticket."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        timers: Timers,
        mirror: Mirror,
        queue: Queue,
        templates: Templates,
        clock: Clock,
        settings: TimeSettings,
        *,
        ai_notes: bool,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._timers = timers
        self._mirror = mirror
        self._queue = queue
        self._templates = templates
        self._clock = clock
        self._settings = settings
        self._ai_notes = ai_notes
        self._timer_row = TimerRow(templates, clock, settings)

    async def render(self, request: PanelRequest) -> Contribution:
        view = await self._tickets.shown(request)
        ticket = view.ticket
        tracking = await self._tickets.tracking_on(request.caller, ticket, view.project)
        logs = await store.shown(self._pool, request.caller.agent_id, request.ticket_id, self._clock.now())
        timer = await self._timers.live(request.caller, request.ticket_id)
        if timer and timer.timer.held_by is not None:
            timer = None  # its log stands there instead
        other = await self._timers.elsewhere(request.caller, request.ticket_id)
        missing = tracking.obstacle in ("unknown_project", "not_assigned") and self._is_new(ticket)
        if missing:
            await self._queue.nudge(REFRESH_JOB, request.caller.agent_id)
        words = self._obstacle(request, ticket, tracking)
        armed = any(log.state == "armed" for log in logs)
        usable = timer if timer and timer.timer.state != "failed" and not timer.timer.discarded else None
        # Time that a timer has counted can be logged whatever has happened to the ticket's project since.
        may_log = not armed and (not tracking.obstacle or usable is not None) and tracking.obstacle != "not_connected"
        regions: list[Region] = []
        if timer:
            regions.append(self._timer_row.timer(request, timer, refused=self._was_refused(logs, timer)))
        ticking = timer is not None and timer.since is not None
        if other and not armed and not tracking.obstacle and (other.adoptable or not ticking):
            regions.append(self._timer_row.elsewhere(request, other))
        if may_log:
            start = None if tracking.obstacle else _start_button(timer)
            regions.append(await self._form(request, ticket, tracking, logs, usable, start))
        lines = [await self._line(request, log, tracking.tasks) for log in _to_show(logs)]
        if lines:
            regions.append(Region("log", self._templates.render("timelog/log.html", request.lang, lines=lines)))
        state = self._state(logs, timer)
        if tracking.obstacle == "not_connected" and state == "idle":
            state = "identified"
        # A ticket that nobody has linked yet is nothing wrong.
        news = tracking.obstacle == "no_project"
        return Contribution(
            regions=tuple(regions),
            state=state,
            alerts=() if news else words,
            notes=words if news else (),
            placed=FIELDS if may_log else frozenset(),
            poll=self._poll(logs, timer, missing=missing),
            marks=self._marks(request, timer, other, may_log=may_log and not tracking.obstacle, logged=bool(lines)),
        )

    def _obstacle(self, request: PanelRequest, ticket: Ticket, tracking: Tracking) -> tuple[Markup, ...]:
        if tracking.obstacle is None:
            return ()
        words = self._templates.render(
            "timelog/obstacle.html",
            request.lang,
            why=tracking.obstacle,
            ticket_id=request.ticket_id,
            project_text=ticket.project_text,
            project_name=tracking.project.label if tracking.project else tracking.lost or "",
            pm=ticket.pm_text,
        )
        return (words,)

    def _poll(self, logs: list[store.Log], timer: View | None, *, missing: bool) -> float | None:
        """Seconds until there may be something new to show."""
        polls = [MISSING_POLL] if missing else []
        if any(log.state in rules.OURS for log in logs):
            polls.append(UNDERWAY_POLL)
        if any(log.state == "attention" for log in logs):
            polls.append(WAITING_POLL)  # it may go on by itself, once its agent has connected again
        if timer and timer.timer.state in ("starting", "stopping", "deleting"):
            polls.append(WAITING_POLL if timer.timer.problem else UNDERWAY_POLL)
        for log in logs:
            if self._may_undo(log):
                left = (log.changed_at + rules.UNDO_FOR - self._clock.now()).total_seconds()
                polls.append(left + 0.5)  # Undo goes when its minute is over
        return min(polls, default=None)

    def _marks(
        self, request: PanelRequest, timer: View | None, other: Elsewhere | None, *, may_log: bool, logged: bool
    ) -> dict[str, str]:
        """What the extension does by itself: let nothing out without time, start a timer when a ticket is opened."""
        marks = {}
        if may_log and not logged and self._settings.required:
            marks["required"] = "true"
        if may_log and self._settings.start_on_open and timer is None and other is None:
            marks["on-open"] = f"/api/v1/tickets/{request.ticket_id}/timer"
        return marks

    async def _form(
        self,
        request: PanelRequest,
        ticket: Ticket,
        tracking: Tracking,
        logs: list[store.Log],
        timer: View | None,
        start: str | None,
    ) -> Region:
        today = clocks.today(self._clock, request.caller.zone).isoformat()
        tasks = list(tracking.tasks)
        if timer and all(task.id != timer.timer.task_id for task in tasks):
            tasks.append(Task(timer.timer.task_id, timer.timer.task_name, billable=False))
        earlier = next(iter(logs), None)
        given_up = earlier is not None and earlier.state in ("disarmed", "expired", "undone")
        of_timer = timer.timer.id if timer else None
        # Another form of the panel may have been refused; that says nothing of this one.
        typed = {name: value for name, value in request.values.items() if name in FIELDS}
        if typed:
            values = {"hours": "", "spent_date": today, "task_id": "", "notes": "", **typed}
        elif earlier and given_up and self._is_recent(earlier):
            # What was typed comes back to be changed; it isn't lost because the reply was refused or undone.
            values = {
                "hours": _typed_hours(earlier) if earlier.timer_id == of_timer else "",
                "spent_date": earlier.spent_date.isoformat(),
                "task_id": str(earlier.task_id),
                "notes": earlier.notes,
            }
        elif timer:
            values = {"hours": "", "spent_date": today, "task_id": str(timer.timer.task_id), "notes": timer.timer.notes}
        else:
            task = await self._first_task(request, ticket, tasks)
            values = {"hours": "", "spent_date": today, "task_id": str(task.id), "notes": ""}
        stopped = timer is not None and timer.timer.state == "stopped"
        running = timer is not None and timer.since is not None
        html = self._templates.render(
            "timelog/form.html",
            request.lang,
            ticked=timer is not None
            or bool(typed)
            or bool(earlier and earlier.state == "disarmed" and self._is_recent(earlier)),
            values=values,
            errors={name: request.errors.get(name) for name in FIELDS},
            refused=bool(FIELDS & request.errors.keys()),
            tasks=tasks,
            today=today,
            least=i18n.number(self._settings.minimum_hours),
            ticket_id=request.ticket_id,
            timer_id=timer.timer.id if timer else None,
            run=timer_rules.mark(timer.timer.id, timer.timer.run) if timer else None,
            hours_field=timer is None or (stopped and len(timer.entries) == 1),
            measured=i18n.decimal(timer.hours) if timer else None,
            running=running,
            start=start,
            ai=self._ai_notes,
        )
        return Region("form", html, tag="form")

    def _is_new(self, ticket: Ticket) -> bool:
        """Whether the link was first seen a moment ago: then what is missing may have been made a moment ago, too.
        Otherwise the regular runs and *Check again* do."""
        return ticket.linked_at is not None and self._clock.now() - ticket.linked_at < NEW_LINK

    def _was_refused(self, logs: list[store.Log], timer: View) -> bool:
        """Whether the timer stopped for a reply that did not go out, or that was taken back."""
        latest = next(iter(logs), None)
        given_up = latest is not None and latest.state in ("disarmed", "expired") and self._is_recent(latest)
        return given_up and latest is not None and latest.timer_id == timer.timer.id

    def _may_undo(self, log: store.Log) -> bool:
        recent = self._clock.now() - log.changed_at < rules.UNDO_FOR
        return log.state == "logged" and log.corrected_at is None and recent

    def _is_recent(self, log: store.Log) -> bool:
        """Values of a log that was given up long ago must not slip into a later one."""
        return self._clock.now() - log.changed_at < rules.SHOWN_FOR

    def _state(self, logs: list[store.Log], timer: View | None) -> str:
        """The panel's state by what presses most; *logged* for as long as there is Undo."""
        now = self._clock.now()
        states = {log.state for log in _to_show(logs) if log.state != "logged" or now - log.changed_at < rules.UNDO_FOR}
        if "armed" in states:
            return "armed"
        if states & {"attention", "expired"} or (timer and timer.timer.state in ("attention", "failed")):
            return "error"
        if timer and timer.timer.state in ("starting", "running"):
            return "running"
        if states & {"queued", "undoing"}:
            return "queued"
        if timer:
            return "stopped"
        return "logged" if "logged" in states else "idle"

    async def _first_task(self, request: PanelRequest, ticket: Ticket, tasks: list[Task]) -> Task:
        assert ticket.project_id is not None
        used = await store.last_tasks(self._pool, request.caller.agent_id, ticket.project_id)
        return first_task(used, tasks, self._settings.default_task)

    async def _line(self, request: PanelRequest, log: store.Log, tasks: list[Task]) -> _Line:
        deleted, url = False, None
        if log.state == "logged" and log.corrected_at is not None and log.timer_id is None and log.entry_id is not None:
            recorded = await store.recorded(self._pool, log.entry_id)
            deleted = recorded is None
            if recorded is not None:
                log = replace(log, **vars(recorded))
        if log.state == "logged" and request.caller.harvest_user_id is not None:
            url = await self._mirror.day_url(request.caller.harvest_user_id, log.spent_date)
        names = {task.id: task.name for task in tasks}
        actions: tuple[str, ...] = ()
        if log.state == "armed" or log.state == "expired":
            actions = ("disarm", "discard")
        elif log.state == "attention":
            again = "connect" if log.problem_code == "reconnect" else "retry"
            actions = (again, "disarm", "discard")
        elif self._may_undo(log):
            actions = ("undo",)
        return _Line(
            log=log,
            hours=i18n.decimal(log.hours),
            task=names.get(log.task_id, f"#{log.task_id}"),
            deleted=deleted,
            entry_url=url,
            actions=actions,
            error=log.state in ("attention", "expired"),
        )


def _typed_hours(log: store.Log) -> str:
    """What its person typed; of a timer's log only a correction is."""
    hours = log.hours if log.timer_id is None else log.typed_hours
    return "" if hours is None else f"{hours:f}"


def _start_button(timer: View | None) -> str | None:
    """What pressing it does: begin a timer, or let the stopped one go on, also one that was given up by mistake."""
    if timer is None or timer.timer.state == "failed":
        return "start"
    return "continue" if timer.timer.state == "stopped" else None


def _to_show(logs: list[store.Log]) -> list[store.Log]:
    """What is open, and the latest of the finished ones unless something newer is under way."""
    open_ones = [log for log in logs if log.state in rules.OPEN]
    finished = [log for log in logs if log.state in ("logged", "undone")]
    troubled = [log for log in finished[1:] if log.problem_code == "twin"]
    return (open_ones or finished[:1]) + troubled
