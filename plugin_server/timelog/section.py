"""The log in the panel: the form, what is under way, or why nothing can be logged here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from plugin_server.mirror.service import Mirror
from plugin_server.mirror.store import Task
from plugin_server.runtime import clock as clocks
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.runtime.section import Contribution, PanelRequest, Region
from plugin_server.runtime.templates import Templates
from plugin_server.tickets.service import Tickets, TicketView
from plugin_server.timelog import rules, store
from plugin_server.timelog.service import TimeLog

REFRESH_JOB = "refresh_person"
"""Nudged when something the panel needs is not in the mirror: it may have been made in Harvest a moment ago."""

FIELDS = frozenset({"hours", "task_id", "spent_date", "notes"})
"""The form's fields whose errors stand beside them."""

NEW_LINK = timedelta(minutes=3)

MISSING_POLL = 2.0
"""Seconds until the panel asks again while Harvest is asked for a project or assignment that is missing."""

UNDERWAY_POLL = 0.7
"""Seconds until the panel asks again while a log is under way."""


@dataclass(frozen=True)
class _Line:
    """One log as shown."""

    log: store.Log
    hours: str
    task: str
    entry_url: str | None
    actions: tuple[str, ...]
    error: bool


class TimeLogSection:
    """Form and logs of one agent on one ticket."""

    def __init__(
        self,
        pool: Pool,
        tickets: Tickets,
        timelog: TimeLog,
        mirror: Mirror,
        queue: Queue,
        templates: Templates,
        clock: Clock,
        default_task: str | None,
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._timelog = timelog
        self._mirror = mirror
        self._queue = queue
        self._templates = templates
        self._clock = clock
        self._default_task = default_task

    async def render(self, request: PanelRequest) -> Contribution:
        view = await self._tickets.view(request.caller, request.ticket_id)
        logs = await store.shown(self._pool, request.caller.agent_id, request.ticket_id, self._clock.now())
        tasks = await self._timelog.tasks(request.caller, view.ticket.project_id) if view.ticket.project_id else []
        regions: list[Region] = []
        placed: frozenset[str] = frozenset()
        words: tuple[Markup, ...] = ()
        why = self._obstacle(request, view, tasks)
        armed = any(log.state == "armed" for log in logs)
        if why:
            words = (
                self._templates.render(
                    "timelog/obstacle.html",
                    request.lang,
                    why=why,
                    ticket_id=request.ticket_id,
                    project_text=view.ticket.project_text,
                    project_name=view.project.label if view.project else "",
                    pm=view.ticket.pm_text,
                ),
            )
            if why in ("unknown_project", "not_assigned") and self._is_new(view):
                await self._queue.nudge(REFRESH_JOB, request.caller.agent_id)
        elif not armed:
            regions.append(await self._form(request, view, tasks, logs))
            placed = FIELDS
        lines = [await self._line(request, log, tasks) for log in _to_show(logs)]
        if lines:
            regions.append(Region("log", self._templates.render("timelog/log.html", request.lang, lines=lines)))
        state = self._state(logs)
        if why == "not_connected" and state == "idle":
            state = "identified"
        poll = None
        if why in ("unknown_project", "not_assigned") and self._is_new(view):
            poll = MISSING_POLL
        if any(log.state in ("armed", "queued", "undoing") for log in logs):
            poll = UNDERWAY_POLL
        for log in logs:
            left = (log.changed_at + rules.UNDO_FOR - self._clock.now()).total_seconds()
            if log.state == "logged" and left > 0:
                # Undo goes when its minute is over.
                poll = min(poll or left + 0.5, left + 0.5)
        return Contribution(
            regions=tuple(regions),
            state=state,
            # A ticket that nobody has linked yet is nothing wrong.
            alerts=() if why == "no_project" else words,
            notes=words if why == "no_project" else (),
            placed=placed,
            poll=poll,
        )

    def _obstacle(self, request: PanelRequest, view: TicketView, tasks: list[Task]) -> str | None:
        if view.ticket.project_id is None:
            return "bad_project" if view.ticket.project_text else "no_project"
        if request.caller.harvest_user_id is None:
            return "not_connected"
        if view.project is None:
            return "unknown_project"
        if not view.project.is_active:
            return "archived"
        return None if tasks else "not_assigned"

    async def _form(self, request: PanelRequest, view: TicketView, tasks: list[Task], logs: list[store.Log]) -> Region:
        today = clocks.today(self._clock, request.caller.zone).isoformat()
        earlier = next(iter(logs), None)
        if request.values:
            values = {"hours": "", "spent_date": today, "task_id": "", "notes": "", **request.values}
        elif earlier and earlier.state in ("disarmed", "expired", "undone") and self._is_recent(earlier):
            # What was typed comes back to be changed; it isn't lost because the reply was refused or undone.
            values = {
                "hours": f"{earlier.hours:f}",
                "spent_date": earlier.spent_date.isoformat(),
                "task_id": str(earlier.task_id),
                "notes": earlier.notes,
            }
        else:
            task = await self._first_task(request, view, tasks)
            values = {"hours": "", "spent_date": today, "task_id": str(task.id), "notes": ""}
        html = self._templates.render(
            "timelog/form.html",
            request.lang,
            ticked=bool(request.values) or bool(earlier and earlier.state == "disarmed" and self._is_recent(earlier)),
            values=values,
            errors={name: request.errors.get(name) for name in FIELDS},
            refused=bool(request.errors),
            tasks=tasks,
            today=today,
        )
        return Region("form", html, tag="form")

    def _is_new(self, view: TicketView) -> bool:
        """Whether the link was first seen a moment ago: then what is missing may have been made a moment ago, too.
        Otherwise the regular runs and *Check again* do."""
        linked_at = view.ticket.linked_at
        return linked_at is not None and self._clock.now() - linked_at < NEW_LINK

    def _is_recent(self, log: store.Log) -> bool:
        """Values of a log that was given up long ago must not slip into a later one."""
        return self._clock.now() - log.changed_at < rules.SHOWN_FOR

    def _state(self, logs: list[store.Log]) -> str:
        """The panel's state by the most pressing log; *logged* for as long as there is Undo."""
        now = self._clock.now()
        states = {log.state for log in _to_show(logs) if log.state != "logged" or now - log.changed_at < rules.UNDO_FOR}
        if "armed" in states:
            return "armed"
        if states & {"attention", "expired"}:
            return "error"
        if states & {"queued", "undoing"}:
            return "queued"
        return "logged" if "logged" in states else "idle"

    async def _first_task(self, request: PanelRequest, view: TicketView, tasks: list[Task]) -> Task:
        assert view.ticket.project_id is not None
        used = await store.last_tasks(self._pool, request.caller.agent_id, view.ticket.project_id)
        by_id = next((task for last in used for task in tasks if task.id == last), None)
        by_name = next((task for task in tasks if task.name == self._default_task), None)
        return by_id or by_name or tasks[0]

    async def _line(self, request: PanelRequest, log: store.Log, tasks: list[Task]) -> _Line:
        url = None
        if log.state == "logged" and request.caller.harvest_user_id is not None:
            url = await self._mirror.day_url(request.caller.harvest_user_id, log.spent_date)
        names = {task.id: task.name for task in tasks}
        actions: tuple[str, ...] = ()
        if log.state == "armed":
            actions = ("disarm", "discard")
        elif log.state == "expired":
            actions = ("discard",)
        elif log.state == "attention":
            again = "connect" if log.problem_code == "reconnect" else "retry"
            actions = (again, "disarm", "discard")
        elif log.state == "logged" and self._clock.now() - log.changed_at < rules.UNDO_FOR:
            actions = ("undo",)
        return _Line(
            log=log,
            hours=f"{log.hours:.2f}",
            task=names.get(log.task_id, f"#{log.task_id}"),
            entry_url=url,
            actions=actions,
            error=log.state in ("attention", "expired"),
        )


def _to_show(logs: list[store.Log]) -> list[store.Log]:
    """What is open, and the latest of the finished ones unless something newer is under way."""
    open_ones = [log for log in logs if log.state in rules.OPEN]
    finished = [log for log in logs if log.state in ("logged", "undone")]
    return open_ones or finished[:1]
