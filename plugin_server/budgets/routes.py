"""HTTP of budgets: unlocking, and what a locked ticket still lets people do."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from plugin_server.budgets.desk import Desk, UnlockWish
from plugin_server.runtime.api import Answer, Call, PanelView, Refused, Route
from plugin_server.runtime.errors import Conflict, Invalid, Problem, Unavailable
from plugin_server.runtime.i18n import gettext as _

_TICKET = r"/api/v1/tickets/{ticket_id:\d{1,15}}"

Number = Annotated[StrictStr | StrictInt | StrictFloat | None, Field(union_mode="left_to_right")]


def _storable(text: str) -> str:
    """Without the one character that can't be stored and nobody types."""
    return text.replace("\x00", "")


Words = Annotated[StrictStr, AfterValidator(_storable)]


class UnlockIn(BaseModel):
    """Why and how far work may go on."""

    model_config = ConfigDict(extra="ignore")

    reason: Words = Field(default="", max_length=2000, description="Kept with the unlock; required.")
    ceiling_hours: Number = Field(
        default=None, description="Total hours used above which the ticket locks again, such as 12.5."
    )
    expires_on: StrictStr | None = Field(
        default=None, description="The last day, YYYY-MM-DD in your time zone, on which the unlock holds."
    )
    budget_hours: Number = Field(default=None, description="A new budget for the ticket, if it is to be raised.")


class NoteIn(BaseModel):
    """An internal note."""

    model_config = ConfigDict(extra="ignore")

    note_body: Words = Field(default="", max_length=60_000, description="Plain text.")


class OwnerIn(BaseModel):
    """Whom a ticket is given to."""

    model_config = ConfigDict(extra="ignore")

    owner_id: Number = Field(default=None, description="A helpdesk user of the ticket's group.")


class AskIn(BaseModel):
    """What the project manager should know."""

    model_config = ConfigDict(extra="ignore")

    ask_message: Words = Field(default="", max_length=2000)


class DoneOut(BaseModel):
    """It is done."""

    ticket_id: int
    done: bool = True


class BudgetRoutes:
    """Handlers of the budgets feature."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 409, 503)
        rows = (
            ("unlock", self.unlock, "Unlock a ticket that is over its budget (project managers)", UnlockIn),
            ("notes", self.note, "Add an internal note, also to a locked ticket", NoteIn),
            ("owner", self.assign, "Give a ticket to somebody, also a locked one", OwnerIn),
            ("close", self.close, "Close a ticket, also a locked one", None),
            ("ask", self.ask, "Ask the ticket's project manager to unlock it", AskIn),
        )
        return [
            Route("POST", f"{_TICKET}/{name}", handler, summary, body=body, answer=DoneOut, refusals=refusals)
            for name, handler, summary, body in rows
        ]

    async def unlock(self, call: Call[UnlockIn]) -> Answer:
        body, ticket_id = call.body, call.path_int("ticket_id")
        typed = {
            "reason": body.reason,
            "ceiling_hours": _text(body.ceiling_hours),
            "expires_on": body.expires_on or "",
            "budget_hours": _text(body.budget_hours),
        }
        try:
            wish = UnlockWish(body.reason, typed["ceiling_hours"], typed["expires_on"], typed["budget_hours"])
            await self._desk.unlock(call.caller, ticket_id, wish)
        except (Invalid, Conflict) as problem:
            raise _with_panel(problem, ticket_id, typed) from None
        return _done(ticket_id)

    async def note(self, call: Call[NoteIn]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        try:
            await self._desk.note(call.caller, ticket_id, call.body.note_body)
        except (Invalid, Conflict, Unavailable) as problem:
            if not problem.fields:
                raise
            raise _with_panel(problem, ticket_id, {"note_body": call.body.note_body}) from None
        return _done(ticket_id)

    async def assign(self, call: Call[OwnerIn]) -> Answer:
        ticket_id, owner = call.path_int("ticket_id"), _text(call.body.owner_id)
        try:
            if not (owner.isascii() and owner.isdigit() and len(owner) <= 15):
                raise Invalid(_("The ticket was not assigned."), fields={"owner_id": _("Choose a person.")})
            await self._desk.assign(call.caller, ticket_id, int(owner))
        except Invalid as problem:
            raise _with_panel(problem, ticket_id, {"owner_id": owner}) from None
        return _done(ticket_id)

    async def close(self, call: Call[Any]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        await self._desk.close(call.caller, ticket_id)
        return _done(ticket_id)

    async def ask(self, call: Call[AskIn]) -> Answer:
        ticket_id = call.path_int("ticket_id")
        await self._desk.ask(call.caller, ticket_id, call.body.ask_message)
        return _done(ticket_id)


def _done(ticket_id: int) -> Answer:
    return Answer(DoneOut(ticket_id=ticket_id), panel=PanelView(ticket_id))


def _text(value: str | int | float | None) -> str:
    return "" if value is None else str(Decimal(str(value))) if isinstance(value, float) else str(value)


def _with_panel(problem: Problem, ticket_id: int, values: dict[str, str]) -> Refused:
    return Refused(problem, PanelView(ticket_id, values, problem.fields))
