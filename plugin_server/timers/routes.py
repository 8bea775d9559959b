"""HTTP of timers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from plugin_server.runtime import i18n
from plugin_server.runtime.api import Answer, Call, PanelView, Refused, Route
from plugin_server.runtime.errors import Conflict, Invalid, Problem
from plugin_server.timers import rules, store
from plugin_server.timers.rules import Event
from plugin_server.timers.service import Timers, View

_TIMER = r"/api/v1/timers/{timer_id:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}}"
_TICKET = r"/api/v1/tickets/{ticket_id:[1-9]\d{0,14}}/timer"

TaskId = Annotated[StrictStr | StrictInt | None, Field(union_mode="left_to_right")]


class StartIn(BaseModel):
    """What a timer is started with. The form's other fields may come along; they are of no use here."""

    model_config = ConfigDict(extra="ignore")

    task_id: TaskId = Field(default=None, description="A Harvest task assigned to you in the ticket's project.")
    notes: StrictStr | None = Field(
        default=None, description="Notes of the entry; they can be changed until it is logged."
    )


class TimerOut(BaseModel):
    """A timer."""

    id: UUID
    ticket_id: int
    state: rules.State
    task_id: int
    spent_date: date = Field(description="The day its time counts for, in your zone.")
    hours: str = Field(description="Hours up to now, two places.")
    running_since: datetime | None = Field(description="The time goes on from here, or stands still.")
    entry_ids: list[int] = Field(description="Its Harvest time entries.")
    discarded: bool = Field(description="Given up: keep or delete its time.")
    held_by: UUID | None = Field(description="The log that records it.")
    problem: str | None = Field(description="What is wrong, in words.")

    @classmethod
    def of(cls, view: View) -> TimerOut:
        timer = view.timer
        return cls(
            id=timer.id,
            ticket_id=timer.ticket_id,
            state=timer.state,
            task_id=timer.task_id,
            spent_date=timer.spent_date,
            hours=f"{view.hours:.2f}",
            running_since=view.since,
            entry_ids=[entry.entry_id for entry in view.entries],
            discarded=timer.discarded,
            held_by=timer.held_by,
            problem=i18n.retold(timer.problem or "") or None,
        )


class TimerRoutes:
    """Handlers of the timers feature."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers

    def api(self) -> list[Route]:
        """The API's operations."""
        own = (401, 403, 404)
        on_ticket = (401, 403, 404, 409, 503)
        return [
            Route(
                "POST",
                _TICKET,
                self.start,
                "Start a timer on a ticket, or let the stopped one go on",
                body=StartIn,
                answer=TimerOut,
                refusals=on_ticket,
                description="It is Harvest's own timer, and Harvest runs one per person: starting this one stops any"
                " other. Starting it again while it runs changes nothing.",
            ),
            Route(
                "POST",
                rf"{_TICKET}/adopt/{{entry_id:[1-9]\d{{0,17}}}}",
                self.adopt,
                "Use a timer that was started in Harvest",
                answer=TimerOut,
                refusals=on_ticket,
            ),
            Route("GET", _TIMER, self.read, "Read a timer", answer=TimerOut, refusals=own),
            *(
                Route("POST", f"{_TIMER}/{name}", handler, summary, answer=TimerOut, refusals=(*own, 409))
                for name, handler, summary in (
                    ("stop", self.stop, "Stop a timer"),
                    ("discard", self.discard, "Give a timer up; its time stays in Harvest until you keep or delete it"),
                    ("keep", self.keep, "Leave a timer's time in Harvest as it is"),
                    ("delete", self.delete, "Delete a timer's time from Harvest"),
                    ("retry", self.retry, "Try again to stop a timer"),
                    ("dismiss", self.dismiss, "Put a timer away that could not be started"),
                    ("seen", self.seen, "Say that a timer is meant to run for so long"),
                )
            ),
        ]

    async def start(self, call: Call[StartIn]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        task_id, notes = str(call.body.task_id or ""), call.body.notes or ""
        try:
            return await self._answer(call, await self._timers.start(call.caller, ticket_id, task_id, notes))
        except (Invalid, Conflict) as problem:
            raise _with_panel(problem, ticket_id) from None

    async def adopt(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        try:
            adopted = await self._timers.adopt(call.caller, ticket_id, call.path_int("entry_id"))
        except Conflict as problem:
            raise _with_panel(problem, ticket_id) from None
        return await self._answer(call, adopted)

    async def read(self, call: Call[Any]) -> Answer:
        view = await self._timers.look(call.caller, _id(call))
        return Answer(TimerOut.of(view), panel=PanelView(view.timer.ticket_id))

    async def stop(self, call: Call[Any]) -> Answer:
        return await self._change(call, "stop")

    async def keep(self, call: Call[Any]) -> Answer:
        return await self._change(call, "keep")

    async def delete(self, call: Call[Any]) -> Answer:
        return await self._change(call, "delete")

    async def retry(self, call: Call[Any]) -> Answer:
        return await self._change(call, "retry")

    async def dismiss(self, call: Call[Any]) -> Answer:
        return await self._change(call, "dismiss")

    async def seen(self, call: Call[Any]) -> Answer:
        return await self._answer(call, await self._timers.still_meant(call.caller, _id(call)))

    async def discard(self, call: Call[Any]) -> Answer:
        view = await self._timers.look(call.caller, _id(call))
        try:
            return await self._answer(call, await self._timers.discard(call.caller, view.timer.id))
        except Conflict as problem:
            raise _with_panel(problem, view.timer.ticket_id) from None

    async def _change(self, call: Call[Any], event: Event) -> Answer:
        view = await self._timers.look(call.caller, _id(call))
        try:
            return await self._answer(call, await self._timers.change(call.caller, view.timer.id, event))
        except Conflict as problem:
            raise _with_panel(problem, view.timer.ticket_id) from None

    async def _answer(self, call: Call[Any], timer: store.Timer) -> Answer:
        view = await self._timers.look(call.caller, timer.id)
        return Answer(TimerOut.of(view), panel=PanelView(timer.ticket_id))


def _id(call: Call[Any]) -> UUID:
    return UUID(call.request.match_info["timer_id"])


def _with_panel(problem: Problem, ticket_id: int) -> Refused:
    """The problem; in HTML, the ticket's panel with the reasons in place."""
    errors = {name: words for name, words in problem.fields.items() if name != "ticket_id"}
    return Refused(problem, PanelView(ticket_id, {}, errors or {"": problem.message}))
