"""Which entry counts for which ticket: a pure function of facts, whatever order they became known in.

The rule (seed "Project Linking" and "Common Scenarios"): an entry that names a ticket counts there, by its external
reference or by the ticket's number in its notes. One that names none counts where a person assigned it, else for the
ticket that its project was dedicated to on its day. What is left belongs to the project.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, NamedTuple

Rule = Literal["reference", "number", "assigned", "dedicated", "none"]
"""By which rule an entry counts; ``none``: for no ticket."""


@dataclass(frozen=True)
class Link:
    """A ticket named a project from ``linked_at`` until ``ended_at`` (``None``: still). One that was ``corrected`` was
    wrong all along and never counted. Days are those of the instants in UTC; the day of a change
    is the new link's, unless the old one has no other."""

    ticket_id: int
    project_id: int
    linked_at: datetime
    ended_at: datetime | None = None
    corrected: bool = False

    def covers(self, day: date) -> bool:
        """Whether the ticket named the project on that day."""
        first, end = self.linked_at.date(), self.ended_at.date() if self.ended_at else None
        return first <= day and (end is None or day < end or day == first == end)

    @property
    def counts(self) -> bool:
        """Whether it was right."""
        return not self.corrected


class Entry(NamedTuple):
    """What attribution needs to know of an entry. ``reference`` is the ticket that its external reference names,
    ``number`` the ticket number that its notes carry."""

    id: int
    project_id: int
    day: date
    reference: int | None = None
    number: str | None = None


@dataclass(frozen=True)
class Facts:
    """All that bears on where entries count. ``links`` of the projects in question, ``merged`` from a ticket to the one
    it was merged into, ``numbers`` from ticket number to ticket, ``assigned`` from entry to ticket."""

    links: Sequence[Link] = ()
    merged: Mapping[int, int] = field(default_factory=dict)
    numbers: Mapping[str, int] = field(default_factory=dict)
    assigned: Mapping[int, int] = field(default_factory=dict)


class Outcome(NamedTuple):
    """Where an entry counts, and why."""

    ticket_id: int | None
    rule: Rule


_NOWHERE = Outcome(None, "none")


class Attribution:
    """The outcome for any entry, under given facts."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._links: dict[int, list[Link]] = {}
        for link in sorted(facts.links, key=lambda link: (link.linked_at, link.ticket_id)):
            if link.counts:
                self._links.setdefault(link.project_id, []).append(link)

    def of(self, entry: Entry) -> Outcome:
        """Where this entry counts."""
        facts = self._facts
        if entry.reference is not None:
            return Outcome(self._final(entry.reference), "reference")
        if entry.number is not None and entry.number in facts.numbers:
            return Outcome(self._final(facts.numbers[entry.number]), "number")
        if entry.id in facts.assigned:
            return Outcome(self._final(facts.assigned[entry.id]), "assigned")
        if entry.project_id not in self._links:
            return _NOWHERE
        holder = self.holder(entry.project_id, entry.day)
        return _NOWHERE if holder is None else Outcome(self._final(holder), "dedicated")

    def holder(self, project_id: int, day: date) -> int | None:
        """The ticket that a project is dedicated to on a day: of those that named it then the first that did; where
        none did, the next one to come, whose first link reaches back to the project's first entry."""
        links = self._links.get(project_id, [])
        for link in links:
            if link.covers(day):
                return link.ticket_id
        earlier: set[int] = set()
        for link in links:
            if link.linked_at.date() > day and link.ticket_id not in earlier:
                return link.ticket_id
            earlier.add(link.ticket_id)
        return None

    def _final(self, ticket_id: int) -> int:
        """The ticket that this one was merged into, at the end of all merges."""
        seen = {ticket_id}
        while (target := self._facts.merged.get(ticket_id)) is not None and target not in seen:
            seen.add(target)
            ticket_id = target
        return ticket_id


def named_number(notes: str | None, pattern: re.Pattern[str]) -> str | None:
    """The first ticket number that the notes carry, by the manifest's pattern; its first group, or all of it."""
    match = pattern.search(notes or "")
    if match is None:
        return None
    return next((group for group in match.groups() if group), match.group(0))


def referenced(external_id: str | None, prefix: str) -> int | None:
    """The ticket of this helpdesk that an external reference names; ``prefix`` is ``<helpdesk host>:``."""
    if not external_id or not external_id.startswith(prefix):
        return None
    number = external_id[len(prefix) :]
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 15 else None
