"""The API of corrections: what may be corrected of an entry, correcting it, deleting it, its history."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from plugin_server.corrections import rules, store
from plugin_server.corrections.moving import Wish
from plugin_server.corrections.service import Corrections
from plugin_server.corrections.shown import FIELDS
from plugin_server.corrections.view import Refusal, Views, outcome, told
from plugin_server.corrections.viewing import View
from plugin_server.harvest.notes import MAXIMUM_NOTES
from plugin_server.runtime import i18n
from plugin_server.runtime.api import Answer, Call, Route, wants_html
from plugin_server.runtime.errors import Conflict, Forbidden, Invalid, NotFound

_ENTRY = r"/api/v1/entries/{entry_id:[1-9]\d{0,17}}"

Number = Annotated[StrictStr | StrictInt | StrictFloat | None, Field(union_mode="left_to_right")]
"""Text or number as typed; what it means is decided by the rules, with words for each field."""


class CorrectionIn(BaseModel):
    """What the entry is to hold; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    hours: Number = Field(
        default=None,
        description="Hours, such as 0.5, 0,5 or 1:30; in accounts that keep times, counted from the start.",
    )
    started_time: StrictStr | None = Field(
        default=None, description="In accounts that keep times: when it began, such as 14:30 or 2:30pm."
    )
    ended_time: StrictStr | None = Field(default=None, description="And when it ended, on the same day.")
    task_id: Number = Field(default=None, description="A task of the entry's project, or of the other ticket's.")
    spent_date: StrictStr | None = Field(default=None, description="YYYY-MM-DD; today or earlier where its person is.")
    notes: StrictStr | None = Field(default=None, description=f"At most {MAXIMUM_NOTES} characters.")
    ticket_id: StrictInt | None = Field(
        default=None, gt=0, lt=2**53, description="Move it: the helpdesk's id of the ticket that it is to count for."
    )
    ticket_number: StrictStr | None = Field(default=None, description="The same by the ticket's number.")
    version: StrictStr | None = Field(
        default=None, description="Of the values that were shown: it is refused when others stand there by now."
    )

    confirmed: StrictStr | None = Field(
        default=None,
        description="Of people's forms, which are asked again before time goes where its budget does not hold it, or"
        " where nobody named: the ticket that this was said of. Programs leave it out, and are not asked.",
    )

    def wish(self) -> Wish:
        """As the rules take it."""
        typed = rules.Typed(
            hours=_text(self.hours),
            started_time=self.started_time,
            ended_time=self.ended_time,
            task_id=_text(self.task_id),
            spent_date=self.spent_date,
            notes=self.notes,
        )
        return Wish(typed, self.version, self.ticket_id, self.ticket_number, self.confirmed)


class DeletionIn(BaseModel):
    """Nothing more is needed."""

    model_config = ConfigDict(extra="forbid")

    version: StrictStr | None = Field(default=None, description="As when it is changed.")


class ValuesOut(BaseModel):
    """What stood, or was to stand, in an entry, with the names of that time."""

    project_id: int
    project: str
    task_id: int
    task: str
    spent_date: date
    hours: str = Field(description="Hours, two places.")
    started_time: str | None = Field(description="In accounts that keep times: HH:MM.")
    ended_time: str | None
    notes: str
    ticket: str = Field(description="The ticket that it counted for, such as #31001; empty: none.")

    @classmethod
    def of(cls, kept: store.Named) -> ValuesOut:
        times = {"started_time": rules.clock(kept["started"]) or None, "ended_time": rules.clock(kept["ended"]) or None}
        return cls.model_validate({**kept, **times})


class CorrectionOut(BaseModel):
    """A correction that was asked for in Deskhours. What is changed in Harvest itself is not listed."""

    id: UUID
    kind: rules.Kind
    state: rules.State = Field(description="`asked`: it waits for Harvest, and goes by itself.")
    asked_by: str
    asked_at: datetime
    access: rules.Access = Field(description="Whose access to Harvest it went with.")
    access_name: str
    before: ValuesOut
    after: ValuesOut | None = Field(description="null: deleted.")
    problem: str | None = Field(description="Why it waits, or was refused, in words.")

    @classmethod
    def of(cls, found: store.Correction) -> CorrectionOut:
        return cls(
            id=found.id,
            kind=found.kind,
            state=found.state,
            asked_by=found.asked_by,
            asked_at=found.asked_at,
            access=found.access,
            access_name=found.access_name,
            before=ValuesOut.of(found.before),
            after=ValuesOut.of(found.after) if found.after is not None else None,
            problem=i18n.retold(found.problem or "") or None,
        )


class TaskOut(BaseModel):
    """A task that may be chosen."""

    id: int
    name: str


class EntryOut(BaseModel):
    """A time entry, and what may be corrected of it."""

    id: int
    person: str = Field(description="Whose time it is.")
    ticket_id: int | None = Field(description="The ticket that it counts for, where you may see that.")
    values: ValuesOut
    version: str = Field(description="Changes when a value does.")
    may_correct: bool = Field(description="Whether you may correct it now.")
    why_not: str | None = Field(description="A stable word for why not.")
    why_not_words: str | None
    access: rules.Access | None = Field(description="Whose access to Harvest a correction of yours would go with.")
    tasks: list[TaskOut]
    history: list[CorrectionOut] = Field(description="Corrections made in Deskhours, the latest first.")

    @classmethod
    def of(cls, view: View) -> EntryOut:
        return cls(
            id=view.entry.id,
            person=view.entry.user_name,
            ticket_id=view.ticket.id if view.ticket else None,
            values=ValuesOut.of(store.told(view.values, view.names)),
            version=view.version,
            may_correct=view.hindrance is None,
            why_not=view.hindrance,
            why_not_words=rules.words(view.hindrance) if view.hindrance else None,
            access=next(iter(view.accesses), None),
            tasks=[TaskOut(id=task.id, name=task.name) for task in view.tasks],
            history=[CorrectionOut.of(one) for one in view.history],
        )


class OutcomeOut(BaseModel):
    """What became of it."""

    state: rules.State = Field(
        description="`done`; `asked`: Harvest has not answered, it goes by itself; or `withdrawn`."
    )
    correction: CorrectionOut | None = Field(description="null: the entry holds all of this already.")


class CorrectionRoutes:
    """Handlers of the API's operations."""

    def __init__(self, corrections: Corrections, views: Views) -> None:
        self._corrections = corrections
        self._views = views

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 409, 503)
        done = {200: "Done", 202: "Harvest has not answered yet; it goes by itself"}
        return [
            Route(
                "GET",
                _ENTRY,
                self.get_entry,
                "A time entry: what may be corrected, why not, and what has been",
                answer=EntryOut,
                refusals=refusals,
            ),
            Route(
                "PATCH",
                _ENTRY,
                self.correct_entry,
                "Correct a time entry: hours, day, task, notes, or the ticket that it counts for",
                body=CorrectionIn,
                answer=OutcomeOut,
                success=done,
                refusals=(*refusals, 422),
                description="Agents correct their own entries, project managers those of their tickets. It is written"
                " to Harvest with your own access where Harvest allows that, else with the service's; both names are"
                " kept, with the values before and after. Sending the same again changes nothing more.",
            ),
            Route(
                "DELETE",
                _ENTRY,
                self.delete_entry,
                "Delete a time entry in Harvest; what stood in it is kept in its history",
                body=DeletionIn,
                answer=OutcomeOut,
                success=done,
                refusals=refusals,
            ),
            Route(
                "POST",
                f"{_ENTRY}/withdraw",
                self.withdraw_correction,
                "Withdraw the correction of a time entry that waits for Harvest",
                answer=OutcomeOut,
                refusals=refusals,
                description="For who has asked for it, and for project managers; too late once Harvest is being asked.",
            ),
        ]

    async def get_entry(self, call: Call[Any]) -> Answer:
        view = await self._corrections.look(call.caller, call.path_int("entry_id"))
        return Answer(EntryOut.of(view), html=self._views.fragment(call.caller, call.lang, view))

    async def correct_entry(self, call: Call[CorrectionIn]) -> Answer:
        entry_id, wish = call.path_int("entry_id"), call.body.wish()
        try:
            found = await self._corrections.change(call.caller, entry_id, wish)
        except (Conflict, Forbidden, Invalid, NotFound) as problem:
            typed = {name: _text(value) or "" for name, value in call.body if name in FIELDS and value is not None}
            return await self._refused(call, entry_id, Refusal(problem, typed, wish))
        return await self._answer(call, entry_id, found)

    async def delete_entry(self, call: Call[DeletionIn]) -> Answer:
        entry_id = call.path_int("entry_id")
        try:
            found = await self._corrections.delete(call.caller, entry_id, call.body.version)
        except (Conflict, Forbidden, NotFound) as problem:
            return await self._refused(call, entry_id, Refusal(problem))
        return await self._answer(call, entry_id, found)

    async def withdraw_correction(self, call: Call[Any]) -> Answer:
        entry_id = call.path_int("entry_id")
        try:
            found = await self._corrections.withdraw(call.caller, entry_id)
        except (Conflict, Forbidden) as problem:
            return await self._refused(call, entry_id, Refusal(problem))
        return await self._answer(call, entry_id, found)

    async def _answer(self, call: Call[Any], entry_id: int, found: store.Correction | None) -> Answer:
        state = found.state if found else "done"
        out = OutcomeOut(state=state, correction=CorrectionOut.of(found) if found else None)
        status, html = 202 if state == "asked" else 200, None
        if wants_html(call.request):
            view = await self._corrections.look(call.caller, entry_id)
            html = self._views.fragment(call.caller, call.lang, view, told=told(outcome(found)))
        return Answer(out, status=status, html=html)

    async def _refused(self, call: Call[Any], entry_id: int, refusal: Refusal) -> Answer:
        """In HTML the form again, with what was typed; for programs, the problem as it is."""
        if not wants_html(call.request):
            raise refusal.problem
        view = await self._corrections.look(call.caller, entry_id)
        tasks = await self._corrections.tasks(call.caller, view, refusal.wish)
        html = self._views.fragment(call.caller, call.lang, view, refusal=replace(refusal, tasks=tasks))
        return Answer(None, status=refusal.problem.status, html=html)


def _text(value: str | float | None) -> str | None:
    return None if value is None else str(value)
