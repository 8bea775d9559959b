"""Why one time entry counts where it does, or nowhere: facts become findings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from plugin_server.explain.rules import Finding, Sync, hours, ordered, sync_findings
from plugin_server.runtime.i18n import day, retold
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.attribution.rules import Rule

Asked = Literal["shown", "missing", "hidden", "away"]
"""What came of asking Harvest for it: here it is; there is none; none that this token is shown; no clear answer."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asked about: an entry, or a person's entries of a day (``user_id`` ``None``: their own)."""

    entry_id: int | None = None
    day: date | None = None
    user_id: int | None = None


_DAY = re.compile(r"(?:^|/day/)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:/(\d{1,18}))?/?$", re.ASCII)
_ENTRY = re.compile(r"(?:^#?|/(?:time_entries|entries|time)/)(\d{1,18})/?$", re.ASCII)


def wanted(text: str) -> Wanted | None:
    """What a person typed or pasted: an entry's id, Harvest's address of an entry or of a day, or a day
    (``2026-03-04``); ``None`` for anything else. Harvest has no page for one entry; its pages are days."""
    text = text.strip().partition("?")[0]
    if match := _DAY.search(text):
        year, month, number, user = match.groups()
        try:
            return Wanted(day=date(int(year), int(month), int(number)), user_id=int(user) if user else None)
        except ValueError:
            return None
    match = _ENTRY.search(text)
    return Wanted(entry_id=int(match.group(1))) if match and int(match.group(1)) > 0 else None


@dataclass(frozen=True)
class Ticket:
    """A ticket as the reader may know it; ``number`` is empty where they may not see it."""

    id: int
    number: str
    project_id: int | None = None
    project: str = ""

    def __str__(self) -> str:
        return _("ticket #{number}").format(number=self.number) if self.number else _("a ticket that you may not see")


@dataclass(frozen=True)
class Entry:
    """An entry as last read; ``hours`` in hundredths. ``foreign``: its reference names something else than a ticket of
    this helpdesk."""

    id: int
    day: date
    hours: int
    who: str
    project_id: int
    project: str
    project_known: bool = True
    project_active: bool = True
    billable: bool = True
    running: bool = False
    deleted_at: datetime | None = None
    notes: str = ""
    foreign: bool = False


@dataclass(frozen=True)
class Corrected:
    """A correction of an entry that was asked for in Deskhours: ``by`` whom and ``at`` when. It ``deletes`` the entry,
    has it name another ticket (``moves``), or changes something else."""

    by: str
    at: datetime
    deletes: bool = False
    moves: bool = False


@dataclass(frozen=True)
class Facts:
    """All that bears on one entry, as far as the reader may know it.

    ``entry`` is ``None`` for one that has not been read, or (``private``) that the reader may not be told of.
    ``asked``: what came of asking Harvest just now; ``reason``: why it could not be. It ``counts_for`` a ticket by a
    ``rule``, which is ``None`` while the entry is being counted. ``named`` is the ticket that reference or notes name,
    ``number`` the ticket number in its notes. ``asker`` is the ticket from which it is asked; ``assigned_by`` is who
    assigned it by hand. ``corrected`` is what in Deskhours had it end where it is, ``waiting`` what waits for
    Harvest.
    """

    id: int
    sync: Sync
    entry: Entry | None = None
    private: bool = False
    asked: Asked | None = None
    reason: str = ""
    may_ask: bool = False
    counts_for: Ticket | None = None
    rule: Rule | None = None
    named: Ticket | None = None
    number: str = ""
    asker: Ticket | None = None
    assigned_by: str = ""
    assigned_at: datetime | None = None
    billable_only: bool = False
    twins: tuple[int, ...] = ()
    corrected: Corrected | None = None
    waiting: Corrected | None = None

    @property
    def offers_assigning(self) -> bool:
        """Whether *Assign here* would help: it counts nowhere, and is of the project of the ticket it is asked from."""
        same = self.asker is not None and self.entry is not None and self.asker.project_id == self.entry.project_id
        return same and self.rule == "none" and self.entry is not None and self.entry.deleted_at is None


def findings(facts: Facts) -> list[Finding]:
    """What there is to say, the most pressing first."""
    found = [*_asked(facts)]
    if facts.private:
        words = _("Entry {id} is a colleague's, and has nothing to do with a ticket that you may see.")
        todo = _("Ask the person who logged it, or a project manager.")
        return [*found, Finding("not_yours", "note", words.format(id=facts.id), todo)]
    if facts.entry is None:
        return ordered([*found, *_unread(facts), *sync_findings(facts.sync)])
    if facts.entry.deleted_at is not None:
        return [*found, _deleted(facts, facts.entry.deleted_at)]
    parts = [*found, *_waiting(facts), *_counts(facts, facts.entry), *_itself(facts, facts.entry)]
    return ordered(parts + [one for one in sync_findings(facts.sync) if one.state != "ok"])


def _deleted(facts: Facts, noticed_at: datetime) -> Finding:
    if facts.corrected is not None and facts.corrected.deletes:
        words = _("{name} deleted this entry in Deskhours, {time}. It counts nowhere.")
        words = words.format(name=facts.corrected.by, time=facts.sync.at(facts.corrected.at))
    else:
        words = _("This entry was deleted in Harvest; that was noticed at {time}. It counts nowhere.")
        words = words.format(time=facts.sync.at(noticed_at))
    return Finding("deleted", "look", words)


def _waiting(facts: Facts) -> Iterator[Finding]:
    if facts.waiting is None:
        return
    words = _("A correction by {name} ({time}) waits for Harvest; until then the entry stands as it was.")
    if facts.waiting.deletes:
        words = _("{name} has had it deleted ({time}); that waits for Harvest, and until then it counts.")
    told = words.format(name=facts.waiting.by, time=facts.sync.at(facts.waiting.at))
    yield Finding("correction_waits", "wait", told, _("The entry's own page says more; it opens with Correct."))


def _asked(facts: Facts) -> Iterator[Finding]:
    if facts.asked == "missing":
        words = _("Harvest has no entry {id}: it was deleted, or the number is another one's.")
        todo = _("Look in Harvest on the day you logged it; paste the address of that day here instead.")
        yield Finding("not_in_harvest", "look", words.format(id=facts.id), todo)
    elif facts.asked == "hidden":
        words = _("Harvest does not show entry {id} to you: it is a colleague's, or was deleted.")
        yield Finding("not_shown", "look", words.format(id=facts.id), _("Ask the person who logged it."))
    elif facts.asked == "away":
        words = _("Harvest could not be asked: {reason}.").format(reason=retold(facts.reason).rstrip("."))
        yield Finding("harvest_not_asked", "look", words, _("Try again in a moment."))


def _unread(facts: Facts) -> Iterator[Finding]:
    if facts.asked is not None:
        return
    words = _("Entry {id} has not been read from Harvest: it is newer than the last sync, was deleted, or never was.")
    todo = _("Wait for the next sync.")
    if facts.may_ask:
        todo = _("Wait for the next sync, or ask Harvest for this one entry now.")
    yield Finding("not_read", "look", words.format(id=facts.id), todo)


def _counts(facts: Facts, entry: Entry) -> Iterator[Finding]:
    if facts.rule is None:
        yield Finding(
            "being_counted",
            "wait",
            _("It has only just been read and is being counted."),
            _("That takes some seconds."),
        )
    elif facts.counts_for is None:
        yield from _nowhere(facts, entry)
    else:
        here = facts.asker is not None and facts.asker.id == facts.counts_for.id
        where = _("this ticket") if here else str(facts.counts_for)
        yield Finding("counts" if here or facts.asker is None else "counts_elsewhere", "ok", _why(facts, where))
        if not here and facts.asker is not None:
            yield _not_here(facts, entry, facts.asker)
    if facts.number and facts.named is None:
        words = _("Its notes carry the number {number}, which is no ticket's.")
        yield Finding("number_unknown", "look", words.format(number=facts.number), _("Correct it in Harvest."))
    if facts.named is not None and facts.counts_for is not None and facts.named.id != facts.counts_for.id:
        words = _("It names {named}, which was merged into {target}.")
        yield Finding("ticket_merged", "note", words.format(named=facts.named, target=facts.counts_for))


def _why(facts: Facts, where: str) -> str:
    by = {
        "reference": _("It counts for {ticket}: it was logged from there."),
        "number": _("It counts for {ticket}: its notes carry the ticket's number."),
        "assigned": _("It counts for {ticket}: it was assigned by hand."),
        "dedicated": _("It counts for {ticket}: it names no ticket, and its project was that ticket's on its day."),
    }
    assert facts.rule is not None, "it counts"
    words = by[facts.rule].format(ticket=where)
    if facts.rule == "reference" and facts.corrected is not None and facts.corrected.moves:
        words = _("It counts for {ticket}: {name} moved it there, {time}.")
        return words.format(ticket=where, name=facts.corrected.by, time=facts.sync.at(facts.corrected.at))
    if facts.rule == "assigned" and facts.assigned_by and facts.assigned_at:
        who = _("By {name}, {time}.").format(name=facts.assigned_by, time=facts.sync.at(facts.assigned_at))
        words = f"{words} {who}"
    return words


def _not_here(facts: Facts, entry: Entry, asker: Ticket) -> Finding:
    """Why it does not count for the ticket from which it is asked."""
    if facts.rule in ("reference", "number"):
        words = _("So it does not count here: an entry counts for the ticket that it names, whatever its project.")
        todo = _("If it belongs here, write this ticket's number into its notes in Harvest in place of the other one.")
        if facts.rule == "reference":
            todo = _("If it belongs here, choose Correct at the entry in its ticket's timeline, and enter this ticket.")
        return Finding("names_other_ticket", "look", words, todo)
    if entry.project_id != asker.project_id:
        words = _("It is on the project {project}; this ticket names {own}.")
        own = asker.project or _("none")
        todo = _("Move the entry to this ticket's project in Harvest, or correct Harvest Project ID on the ticket.")
        return Finding("other_project", "look", words.format(project=entry.project, own=own), todo)
    words = _("The project is this ticket's too, but the other one named it first.")
    todo = _("If it belongs here, write this ticket's number into its notes in Harvest.")
    return Finding("project_held", "look", words, todo)


def _nowhere(facts: Facts, entry: Entry) -> Iterator[Finding]:
    asker = facts.asker
    if asker is not None and asker.project_id != entry.project_id:
        words = _("It counts for no ticket. It is on the project {project}; this ticket names {own}.")
        todo = _("Move the entry to this ticket's project in Harvest, or correct Harvest Project ID on the ticket.")
        own = asker.project or _("none")
        yield Finding("other_project", "look", words.format(project=entry.project, own=own), todo)
        return
    words = _("It counts for no ticket: it names none, and no ticket had its project, {project}, to itself on its day.")
    todo = _("Choose Assign here, or write the ticket's number into its notes in Harvest.")
    if not facts.offers_assigning:
        todo = _("Write the ticket's number into its notes in Harvest, or name its project on the ticket.")
    yield Finding("unassigned", "look", words.format(project=entry.project), todo)


def _itself(facts: Facts, entry: Entry) -> Iterator[Finding]:
    if not entry.project_known:
        words = _("Its project, {project}, is not known in this account any more.").format(project=entry.project)
        yield Finding("unknown_project", "note", words)
    elif not entry.project_active:
        words = _("Its project, {project}, is archived; that changes nothing about where it counts.")
        yield Finding("archived_project", "note", words.format(project=entry.project))
    if facts.billable_only and not entry.billable:
        words = _("It is not billable, and only billable hours count for budgets here.")
        yield Finding("not_billable", "look", words, _("If it should be, choose another task for it in Harvest."))
    if entry.running:
        words = _("Its timer is running: {hours} of it count for the lock, the rest once it is stopped.")
        yield Finding("running", "note", words.format(hours=hours(entry.hours)))
    if entry.foreign:
        words = _("Its reference was set by another tool and names no ticket of this helpdesk.")
        yield Finding("foreign_reference", "note", words)
    if facts.twins:
        ids = ", ".join(map(str, facts.twins))
        words = _("Another entry says the same ({ids}): one person, day, task, hours and notes. Each counts once.")
        yield Finding(
            "same_twice", "look", words.format(ids=ids), _("If one is there by mistake, delete it in Harvest.")
        )


def heading(entry: Entry) -> str:
    """An entry in a line: day, hours, person."""
    parts = [day(entry.day), hours(entry.hours), entry.who]
    return " · ".join(part for part in parts if part)
