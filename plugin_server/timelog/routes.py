"""HTTP of logs."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from plugin_server.budgets.ahead import Ahead
from plugin_server.harvest.notes import MAXIMUM_NOTES
from plugin_server.runtime import i18n
from plugin_server.runtime.api import Answer, Call, PanelView, Refused, Route
from plugin_server.runtime.errors import Conflict, Invalid, Problem
from plugin_server.runtime.templates import Templates
from plugin_server.timelog import rules, store
from plugin_server.timelog.rules import Event, Typed
from plugin_server.timelog.service import TimeLog, Wish

_UUID = r"{log_id:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}}"

Number = Annotated[StrictStr | StrictInt | StrictFloat | None, Field(union_mode="left_to_right")]
"""Text or number as typed; what it means is decided by the rules, with words for each field."""


class LogIn(BaseModel):
    """What is to be recorded."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"required": ["ticket_id", "confirm", "task_id"]})

    ticket_id: StrictInt = Field(gt=0, lt=2**53, description="The helpdesk's ticket id.")
    confirm: Literal["article", "now"] = Field(
        description="`article`: record it once an article of yours with an id above `after_article_id` is on the"
        " ticket. `now`: record it without one.",
    )
    after_article_id: StrictInt | None = Field(
        default=None, ge=0, lt=2**53, description="The ticket's last article before the reply; 0 if it had none."
    )
    hours: Number = Field(default=None, description="Hours, such as 0.5, 0,5 or 1:30; at least 0.25, in steps of 0.25.")
    task_id: Number = Field(default=None, description="A Harvest task assigned to you in the ticket's project.")
    spent_date: StrictStr | None = Field(
        default=None, description="The day the time counts for, YYYY-MM-DD; today or earlier in your time zone."
    )
    notes: StrictStr | None = Field(default=None, description=f"At most {MAXIMUM_NOTES} characters.")
    timer_id: UUID | None = Field(
        default=None,
        description="The timer whose time it is; it is stopped first. `hours` then correct what it measured, once it"
        " has stopped. Without hours and without this, your timer on the ticket is meant, if there is one.",
    )
    age_seconds: StrictInt = Field(
        default=0,
        ge=0,
        le=30 * 86_400,
        description="How long ago the person asked for this, when it could not be sent at once: a timer is stopped as"
        " of then.",
    )


class LogOut(BaseModel):
    """A log."""

    id: UUID
    ticket_id: int
    state: rules.State
    hours: str = Field(description="Hours, two places.")
    task_id: int
    spent_date: date
    notes: str
    timer_id: UUID | None = Field(description="The timer that it records.")
    entry_id: int | None = Field(description="The Harvest time entry, once there is one; of a timer, its last one.")
    problem: str | None = Field(description="Why it is not recorded yet, in words.")
    expires_at: datetime = Field(description="When an armed log expires.")

    @classmethod
    def of(cls, found: store.Log) -> LogOut:
        return cls(
            id=found.id,
            ticket_id=found.ticket_id,
            state=found.state,
            hours=f"{found.hours:.2f}",
            task_id=found.task_id,
            spent_date=found.spent_date,
            notes=found.notes,
            timer_id=found.timer_id,
            entry_id=found.entry_id,
            problem=i18n.retold(found.problem or "") or None,
            expires_at=found.expires_at,
        )


class AheadOut(BaseModel):
    """What the ticket's budget would come to."""

    percent: int | None = Field(description="Utilization now, in whole percent; null without a budget.")
    percent_after: int | None = Field(description="Utilization with those hours.")
    locks: bool = Field(description="Whether those hours would lock the ticket.")


class LogRoutes:
    """Handlers of the timelog feature."""

    def __init__(self, timelog: TimeLog, ahead: Ahead, templates: Templates) -> None:
        self._timelog = timelog
        self._ahead = ahead
        self._templates = templates

    def api(self) -> list[Route]:
        """The API's operations."""
        path = f"/api/v1/logs/{_UUID}"
        own = (401, 403, 404)
        return [
            Route(
                "PUT",
                path,
                self.put_log,
                "Log time on a ticket",
                body=LogIn,
                answer=LogOut,
                success={200: "Known already: as it is now", 201: "Accepted"},
                refusals=(401, 403, 404, 409, 503),
                description="The id is a UUID that the caller makes up: sending the same one again never makes a second"
                " entry. Nothing is stored or sent when any value is refused.",
            ),
            Route(
                "GET",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/ahead",
                self.look_ahead,
                "What a ticket's budget comes to with hours that are about to be logged (`?hours=1:30`)",
                answer=AheadOut,
                refusals=(401, 403, 404, 503),
            ),
            Route("GET", path, self.get_log, "Read a log", answer=LogOut, refusals=own),
            Route("DELETE", path, self.discard_log, "Discard a log", answer=LogOut, refusals=(*own, 409)),
            *(
                Route("POST", f"{path}/{name}", handler, summary, answer=LogOut, refusals=(*own, 409))
                for name, handler, summary in (
                    ("confirm", self.confirm_log, "Look for the reply or note now"),
                    ("disarm", self.disarm_log, "Take a log back to change it"),
                    ("retry", self.retry_log, "Try again to record a log"),
                    ("undo", self.undo_log, "Remove a log from Harvest again, within a minute"),
                )
            ),
        ]

    async def put_log(self, call: Call[LogIn]) -> Answer:
        body = call.body
        typed = Typed(_text(body.hours), _text(body.task_id), _text(body.spent_date), _text(body.notes))
        wish = Wish(body.ticket_id, typed, body.confirm, body.after_article_id, body.timer_id, body.age_seconds)
        try:
            found, new = await self._timelog.arm(call.caller, _id(call), wish)
        except (Invalid, Conflict) as problem:
            values = {
                "hours": typed.hours,
                "task_id": typed.task_id,
                "spent_date": typed.spent_date,
                "notes": typed.notes,
            }
            raise _with_panel(problem, body.ticket_id, values) from None
        return Answer(LogOut.of(found), status=201 if new else 200, panel=PanelView(found.ticket_id))

    async def look_ahead(self, call: Call[Any]) -> Answer:
        """Hours that can't be read change nothing: the person is still typing."""
        try:
            extra = rules.parse_hours(call.request.query.get("hours", ""), rules.MEASURED)
        except ValueError:
            extra = Decimal(0)
        seen = await self._ahead.look(call.caller, call.path_int("ticket_id"), extra)
        out = AheadOut(percent=seen.percent, percent_after=seen.percent_after, locks=seen.locks)
        html = self._templates.render(
            "budgets/ahead.html",
            call.lang,
            now=seen.percent,
            after=seen.percent_after if extra else None,
            locks=seen.locks,
        )
        return Answer(out, html=html)

    async def get_log(self, call: Call[Any]) -> Answer:
        return self._answer(await self._timelog.look(call.caller, _id(call)))

    async def confirm_log(self, call: Call[Any]) -> Answer:
        return self._answer(await self._timelog.confirm(call.caller, _id(call)))

    async def disarm_log(self, call: Call[Any]) -> Answer:
        return await self._change(call, "disarm")

    async def retry_log(self, call: Call[Any]) -> Answer:
        return await self._change(call, "retry")

    async def undo_log(self, call: Call[Any]) -> Answer:
        return await self._change(call, "undo")

    async def discard_log(self, call: Call[Any]) -> Answer:
        return await self._change(call, "discard")

    async def _change(self, call: Call[Any], event: Event) -> Answer:
        found = await self._timelog.look(call.caller, _id(call))
        try:
            return self._answer(await self._timelog.change(call.caller, found.id, event))
        except Conflict as problem:
            raise _with_panel(problem, found.ticket_id, {}) from None

    def _answer(self, found: store.Log) -> Answer:
        return Answer(LogOut.of(found), panel=PanelView(found.ticket_id))


def _id(call: Call[Any]) -> UUID:
    return UUID(call.request.match_info["log_id"])


def _text(value: str | float | None) -> str:
    return "" if value is None else str(value)


def _with_panel(problem: Problem, ticket_id: int, values: dict[str, str]) -> Refused:
    """The problem; in HTML, the ticket's panel with the reasons in place and what was typed still there."""
    # What is wrong with the ticket itself the panel says anyway.
    errors = {name: words for name, words in problem.fields.items() if name != "ticket_id"}
    return Refused(problem, PanelView(ticket_id, values, errors or {"": problem.message}))
