"""HTTP of diagnoses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from plugin_server.explain import entry as entry_rules
from plugin_server.explain import rules, ticket
from plugin_server.explain.service import Explain, Reader
from plugin_server.runtime.api import Answer, Call, Route
from plugin_server.runtime.errors import Invalid
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.templates import Templates
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.service import Tickets


class FindingOut(BaseModel):
    """One answer."""

    code: str = Field(description="A stable word; docs/explain.md has them all.")
    state: Literal["look", "wait", "note", "ok"] = Field(
        description="look: somebody should do something; wait: comes by itself; note: good to know; ok: as it should be"
    )
    words: str
    todo: str = Field(description="What to do, or nothing.")

    @classmethod
    def of(cls, found: rules.Finding) -> FindingOut:
        return cls(code=found.code, state=found.state, words=found.words, todo=found.todo)


class ShareOut(BaseModel):
    """Entries that count by one rule."""

    rule: str = Field(description="reference, number, assigned or dedicated.")
    entries: int
    hours: str = Field(description="Two places.")


class EntryExplainedOut(BaseModel):
    """Where one entry counts, and why."""

    entry_id: int
    known: bool = Field(description="It has been read from Harvest, and you may be told of it.")
    counts_for: int | None = Field(description="The ticket's id, where you may see that ticket.")
    rule: str | None = Field(description="reference, number, assigned, dedicated or none; null: being counted.")
    findings: list[FindingOut]

    @classmethod
    def of(cls, facts: entry_rules.Facts) -> EntryExplainedOut:
        counts_for = facts.counts_for if facts.counts_for and facts.counts_for.number else None
        return cls(
            entry_id=facts.id,
            known=facts.entry is not None,
            counts_for=counts_for.id if counts_for else None,
            rule=facts.rule if facts.entry else None,
            findings=[FindingOut.of(one) for one in entry_rules.findings(facts)],
        )


class TicketExplainedOut(BaseModel):
    """Where a ticket's hours come from, and which near entries are not among them."""

    ticket_id: int
    read_at: datetime | None = Field(description="All that changed in Harvest before has been read.")
    next_at: datetime | None = Field(description="When the next sync is due.")
    counts: list[ShareOut]
    findings: list[FindingOut]
    entries: list[EntryExplainedOut] = Field(description="What was asked about with `entry`.")

    @classmethod
    def of(cls, ticket_id: int, facts: ticket.Facts, asked: Sequence[entry_rules.Facts]) -> TicketExplainedOut:
        return cls(
            ticket_id=ticket_id,
            read_at=facts.sync.read_at,
            next_at=facts.sync.next_at,
            counts=[
                ShareOut(rule=rule, entries=facts.counts[rule].entries, hours=f"{facts.counts[rule].hours / 100:.2f}")
                for rule in ticket.RULES
                if rule in facts.counts
            ],
            findings=[FindingOut.of(one) for one in ticket.findings(facts)],
            entries=[EntryExplainedOut.of(one) for one in asked],
        )


@dataclass(frozen=True)
class _Line:
    """An entry as shown."""

    facts: entry_rules.Facts

    @property
    def findings(self) -> list[rules.Finding]:
        return entry_rules.findings(self.facts)

    @property
    def heading(self) -> str:
        return entry_rules.heading(self.facts.entry) if self.facts.entry else ""

    @property
    def offers_assigning(self) -> bool:
        return self.facts.offers_assigning

    @property
    def may_ask(self) -> bool:
        return self.facts.may_ask and self.facts.entry is None and self.facts.asked in (None, "away")


class ExplainRoutes:
    """Handlers of diagnoses. Who may see a ticket is asked of the helpdesk as everywhere."""

    def __init__(self, explain: Explain, tickets: Tickets, templates: Templates) -> None:
        self._explain = explain
        self._tickets = tickets
        self._templates = templates

    def api(self) -> list[Route]:
        """The API's operations."""
        refusals = (401, 403, 404, 503)
        entry = r"/api/v1/entries/{entry_id:[1-9]\d{0,17}}/explain"
        query = {"ticket": "The id of the ticket that it is missed on."}
        return [
            Route(
                "GET",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/explain",
                self.of_ticket,
                "Where is my entry? What counts for a ticket and why, what near it does not, what waits",
                answer=TicketExplainedOut,
                refusals=(*refusals, 422),
                query={"entry": "An entry's id, a day (2026-03-04), or Harvest's address of one: explained too."},
            ),
            Route(
                "GET",
                entry,
                self.of_entry,
                "Where one time entry counts, and why",
                answer=EntryExplainedOut,
                refusals=refusals,
                query=query,
            ),
            Route(
                "POST",
                entry,
                self.ask_harvest,
                "Read one time entry from Harvest with your own sign-in, one call, and say where it counts",
                answer=EntryExplainedOut,
                refusals=refusals,
                query=query,
            ),
        ]

    async def of_ticket(self, call: Call[Any]) -> Answer:
        shown = await self._tickets.require(call.caller, call.path_int("ticket_id"))
        reader = Reader(call.caller.zone, call.caller)
        typed = call.request.query.get("entry", "").strip()
        asked, problem = await self._about(typed, reader, shown)
        facts = await self._explain.ticket(shown, reader)
        html = self._templates.render(
            "explain/ticket.html",
            call.lang,
            ticket_id=shown.id,
            asked_for=typed,
            entries=[_Line(one) for one in asked],
            problem=problem,
            findings=ticket.findings(facts),
            shares=[
                (ticket.rule_words(rule), facts.counts[rule].entries, rules.hours(facts.counts[rule].hours))
                for rule in ticket.RULES
                if rule in facts.counts
            ],
        )
        if problem and not asked and "text/html" not in call.request.headers.get("Accept", ""):
            raise Invalid(problem, fields={"entry": problem})
        return Answer(TicketExplainedOut.of(shown.id, facts, asked), html=html)

    async def _about(
        self, typed: str, reader: Reader, shown: tickets_store.Ticket
    ) -> tuple[list[entry_rules.Facts], str]:
        """What was asked about, and words where it can't be told."""
        if not typed:
            return [], ""
        asked = entry_rules.wanted(typed)
        if asked is None:
            return [], _("“{text}” is neither an entry's number nor a day such as 2026-03-04.").format(text=typed)
        if asked.entry_id is not None:
            return [await self._explain.entry(asked.entry_id, reader, shown)], ""
        found = [await self._explain.entry(one, reader, shown) for one in await self._explain.of_day(reader, asked)]
        return found, "" if found else _("No entry of yours on that day has been read from Harvest.")

    async def of_entry(self, call: Call[Any]) -> Answer:
        return await self._entry(call, ask=False)

    async def ask_harvest(self, call: Call[Any]) -> Answer:
        return await self._entry(call, ask=True)

    async def _entry(self, call: Call[Any], *, ask: bool) -> Answer:
        shown = None
        from_ticket = call.request.query.get("ticket", "")
        if from_ticket.isascii() and from_ticket.isdigit() and len(from_ticket) <= 15:
            shown = await self._tickets.require(call.caller, int(from_ticket))
        reader = Reader(call.caller.zone, call.caller)
        facts = await self._explain.entry(call.path_int("entry_id"), reader, shown, ask=ask)
        html = self._templates.render(
            "explain/entry.html",
            call.lang,
            ticket_id=shown.id if shown else None,
            entries=[_Line(facts)],
            problem="",
        )
        return Answer(EntryExplainedOut.of(facts), html=html)
