"""Where a ticket's hours come from and which near ones are not among them: facts become findings. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from plugin_server.explain.rules import Finding, Sync, hours, ordered, sync_findings
from plugin_server.runtime.i18n import day, decimal, ngettext, retold
from plugin_server.runtime.i18n import gettext as _
from plugin_server.tickets.account.rules import NOTHING, Share
from plugin_server.tickets.attribution.rules import Rule

RULES: tuple[Rule, ...] = ("reference", "number", "assigned", "dedicated")
"""The rules by which an entry counts, in the order in which they are asked."""


@dataclass(frozen=True)
class Changed:
    """The ticket's project was changed at ``at``; what became of the old one's entries: those that ``left``, those that
    name the ticket and are ``staying``. ``open``: nobody has decided about them."""

    old: str
    new: str
    at: datetime
    left: Share
    staying: int
    open: bool


@dataclass(frozen=True)
class Project:
    """The project that the ticket names: by its number alone (``known`` is false) where Harvest has no such."""

    id: int
    label: str
    known: bool = True
    active: bool = True


@dataclass(frozen=True)
class Waiting:
    """A log on the ticket that is not in Harvest, in its ``state``; a correction of an entry that waits for Harvest
    (``correction``, ``deletion``); a timer that nobody has logged (``timer``). Whose, ``hours`` in hundredths, why it
    waits (``problem``)."""

    state: str
    hours: int
    day: date
    who: str
    problem: str = ""


@dataclass(frozen=True)
class Facts:
    """All that bears on a ticket's hours, as far as the reader may know it.

    ``project_text`` and ``budget_text`` are what people typed; ``budget`` in hours is what counts of it. ``holder`` is
    the number of the ticket that named the project first (empty: the reader may not be told). ``counts`` are entries by
    rule. ``elsewhere`` are the project's entries by the number of the ticket they count for (``""``: tickets that the
    reader may not see). ``twice`` are groups of entries that say the same; ``oldest`` is the day of the project's first
    entry that has been read.
    """

    number: str
    sync: Sync
    project_text: str = ""
    project: Project | None = None
    linked_at: datetime | None = None
    held: bool = False
    holder: str = ""
    changed: Changed | None = None
    merged_into: str | None = None
    is_merged: bool = False
    is_deleted: bool = False
    counts: dict[Rule, Share] = field(default_factory=dict)
    not_billable: Share = NOTHING
    billable_only: bool = False
    running: int = 0
    deleted: Share = NOTHING
    elsewhere: dict[str, Share] = field(default_factory=dict)
    unassigned: Share = NOTHING
    uncounted: int = 0
    twice: tuple[tuple[int, ...], ...] = ()
    removed_twins: int = 0
    waiting: tuple[Waiting, ...] = ()
    oldest: date | None = None
    budget_text: str = ""
    budget: Decimal | None = None
    computed: bool = True

    @property
    def total(self) -> Share:
        """Everything that counts."""
        return sum(self.counts.values(), NOTHING)


def rule_words(rule: Rule) -> str:
    """Why an entry counts, in a few words."""
    return {
        "reference": _("name this ticket"),
        "number": _("carry its number in the notes"),
        "assigned": _("were assigned by hand"),
        "dedicated": _("are on its project and name no ticket"),
        "none": _("count for no ticket"),
    }[rule]


def findings(facts: Facts) -> list[Finding]:
    """What there is to say, the most pressing first."""
    parts = (_standing(facts), _link(facts), _counting(facts), _near(facts), _under_way(facts), _budget(facts))
    return ordered([finding for part in parts for finding in part] + sync_findings(facts.sync) + [*_history(facts)])


def _standing(facts: Facts) -> Iterator[Finding]:
    if facts.is_deleted:
        words = _(
            "The helpdesk no longer has this ticket. Its hours stay; its project's later entries don't count here."
        )
        yield Finding("ticket_deleted", "note", words)
    if facts.is_merged:
        target = _("ticket #{number}").format(number=facts.merged_into) if facts.merged_into else _("another ticket")
        words = _("This ticket was merged into {target}: everything that names it counts there.")
        yield Finding("ticket_merged", "look", words.format(target=target), _("Look at that ticket instead."))


def _link(facts: Facts) -> Iterator[Finding]:
    project, text = facts.project, facts.project_text.strip()
    correct = _("Correct the field Harvest Project ID on the ticket: the number at the end of the project's address.")
    if project is None and not text:
        yield Finding(
            "no_project",
            "look",
            _("The ticket names no Harvest project. Only entries that name the ticket itself count here."),
            _("Enter the number of the Harvest project in the field Harvest Project ID."),
        )
    elif project is None:
        words = _("The ticket's Harvest Project ID “{text}” is not a project's number, so no project is linked.")
        yield Finding("bad_project", "look", words.format(text=text), correct)
    elif not project.known:
        words = _("Harvest project {number}, which the ticket names, is not known in this account.")
        todo = _("{correct} A project that is only just made shows with the next sync.").format(correct=correct)
        yield Finding("unknown_project", "look", words.format(number=project.id), todo)
    else:
        since = "" if facts.linked_at is None else day(facts.linked_at.astimezone(facts.sync.zone).date())
        words = _("The ticket names the Harvest project {project} since {day}.").format(
            project=project.label, day=since
        )
        todo = _("If that is not where you logged the time, correct Harvest Project ID, or move the entry in Harvest.")
        yield Finding("linked_project", "ok", words, todo)
        if not project.active:
            words = _("The Harvest project {project} is archived: its entries count, new ones can't be made.")
            todo = _("To log more time, restore it in Harvest or name another project on the ticket.")
            yield Finding("archived_project", "look", words.format(project=project.label), todo)
    if facts.held:
        first = _("Ticket #{number}").format(number=facts.holder) if facts.holder else _("Another ticket")
        words = _("{first} named this project first: only entries that name this ticket count here.")
        todo = _("Write this ticket's number into the entry's notes, or log the time from this ticket.")
        yield Finding("project_held", "note", words.format(first=first), todo)
    if facts.changed is not None:
        yield _changed(facts.changed, facts.sync)


def _changed(changed: Changed, sync: Sync) -> Finding:
    words = [
        _("The project was changed from {old} to {new} ({time}).").format(
            old=changed.old, new=changed.new, time=sync.at(changed.at)
        )
    ]
    if changed.left.entries:
        text = ngettext(
            "{count} entry of the old one ({hours}) no longer counts here.",
            "{count} entries of the old one ({hours}) no longer count here.",
            changed.left.entries,
        )
        words.append(text.format(count=changed.left.entries, hours=hours(changed.left.hours)))
    if changed.staying:
        text = ngettext(
            "{count} entry of the old one names this ticket and still counts.",
            "{count} entries of the old one name this ticket and still count.",
            changed.staying,
        )
        words.append(text.format(count=changed.staying))
    if not changed.open:
        return Finding("project_changed", "note", " ".join(words))
    todo = _("Choose in the panel: move what stayed to the new project in Harvest, keep counting it, or leave it so.")
    return Finding("project_changed", "look", " ".join(words), todo)


def _counting(facts: Facts) -> Iterator[Finding]:
    total = facts.total
    if total.entries:
        text = ngettext("{count} entry counts here, {hours}.", "{count} entries count here, {hours}.", total.entries)
        yield Finding("counts", "ok", text.format(count=total.entries, hours=hours(total.hours)))
    else:
        todo = _("Log time from this ticket, or write its number, {number}, into the entry's notes in Harvest.")
        yield Finding("nothing_counts", "look", _("No time entry counts here."), todo.format(number=facts.number))
    if facts.uncounted:
        text = ngettext(
            "{count} entry has only just been read and is being counted.",
            "{count} entries have only just been read and are being counted.",
            facts.uncounted,
        )
        yield Finding("being_counted", "wait", text.format(count=facts.uncounted), _("That takes some seconds."))
    if facts.not_billable.entries:
        share = facts.not_billable
        text = ngettext(
            "{count} entry ({hours}) is not billable, and only billable hours count for budgets here.",
            "{count} entries ({hours}) are not billable, and only billable hours count for budgets here.",
            share.entries,
        )
        todo = _("If they should be billable, choose another task for them in Harvest.")
        yield Finding("not_billable", "note", text.format(count=share.entries, hours=hours(share.hours)), todo)
    if facts.running:
        text = ngettext(
            "{count} timer is running: its time shows, but counts for the lock only once it is stopped.",
            "{count} timers are running: their time shows, but counts for the lock only once they are stopped.",
            facts.running,
        )
        yield Finding("running", "note", text.format(count=facts.running))


def _near(facts: Facts) -> Iterator[Finding]:
    if facts.unassigned.entries:
        share = facts.unassigned
        text = ngettext(
            "{count} entry of the project ({hours}) counts for no ticket.",
            "{count} entries of the project ({hours}) count for no ticket.",
            share.entries,
        )
        todo = _(
            "In the panel, open “Time on this project that counts for no ticket” and choose Assign here for those that"
            " belong to this ticket, or write its number into their notes."
        )
        yield Finding("unassigned", "look", text.format(count=share.entries, hours=hours(share.hours)), todo)
    for number, share in sorted(facts.elsewhere.items()):
        text = ngettext(
            "{count} entry of the project ({hours}) counts for {ticket}.",
            "{count} entries of the project ({hours}) count for {ticket}.",
            share.entries,
        )
        ticket = _("ticket #{number}").format(number=number) if number else _("tickets that you may not see")
        todo = _("One that is there by mistake names that ticket, or was assigned to it; change its notes in Harvest.")
        words = text.format(count=share.entries, hours=hours(share.hours), ticket=ticket)
        yield Finding("other_tickets", "note", words, todo)
    if facts.deleted.entries:
        share = facts.deleted
        text = ngettext(
            "{count} entry that named this ticket ({hours}) was deleted in Harvest.",
            "{count} entries that named this ticket ({hours}) were deleted in Harvest.",
            share.entries,
        )
        yield Finding("deleted", "note", text.format(count=share.entries, hours=hours(share.hours)))
    for group in facts.twice:
        ids = ", ".join(map(str, group))
        words = _("{count} entries say the same: one person, day, task, hours and notes ({ids}).")
        todo = _("Each counts once. If one is there by mistake, delete it in Harvest; it is gone here soon after.")
        yield Finding("same_twice", "look", words.format(count=len(group), ids=ids), todo)
    if facts.removed_twins:
        text = ngettext(
            "{count} second entry that an uncertain call had made was found and removed.",
            "{count} second entries that uncertain calls had made were found and removed.",
            facts.removed_twins,
        )
        yield Finding("twin_removed", "note", text.format(count=facts.removed_twins))


def _under_way(facts: Facts) -> Iterator[Finding]:
    for one in facts.waiting:
        what = _("{hours} of {day}").format(hours=hours(one.hours), day=day(one.day))
        whose = f"{what}, {one.who}" if one.who else what
        if one.state == "armed":
            words = _("{what}: waits for the reply or note that it was entered with.")
            yield Finding("log_armed", "wait", words.format(what=whose), _("Send the reply, or log it without one."))
        elif one.state == "queued" and not one.problem:
            yield Finding("log_queued", "wait", _("{what}: on its way to Harvest.").format(what=whose))
        elif one.state in ("correction", "deletion"):
            words = _("{what}: a correction waits for Harvest; until then the entry stands as it was. {problem}")
            if one.state == "deletion":
                words = _("{what}: its deletion waits for Harvest; until then the entry counts. {problem}")
            told = words.format(what=whose, problem=retold(one.problem)).strip()
            yield Finding("correction_waits", "wait", told, _("The entry's own page says more; it opens with Correct."))
        elif one.state == "timer":
            words = _(
                "{what}: a timer that was stopped and not logged. Its time is in Harvest without notes. {problem}"
            )
            told = words.format(what=whose, problem=retold(one.problem)).strip()
            yield Finding("timer_unlogged", "look", told, _("Its agent can log or discard it in the panel."))
        elif one.state == "expired":
            words = _("{what}: not logged, because no reply or note went through.").format(what=whose)
            yield Finding("log_expired", "look", words, _("Log it again in the panel, or discard it there."))
        else:
            problem = retold(one.problem)
            words = _("{what}: not in Harvest. {problem}").format(what=whose, problem=problem).strip()
            todo = _("Its agent can try again, or connect again, in the panel or in the toolbar's popup.")
            yield Finding("log_attention", "look", words, todo)


def _budget(facts: Facts) -> Iterator[Finding]:
    typed = facts.budget_text.strip()
    if facts.budget is None:
        words = (
            _("The ticket's budget “{text}” is not a number of hours above 0, so there is no utilization and no lock.")
            if typed
            else _("No budget is set on the ticket, so there is no utilization and no lock.")
        ).format(text=typed)
        todo = _("A project manager or admin can enter the hours in the field Budget Hours.")
        yield Finding("no_budget", "look", words, todo)
    elif not facts.computed:
        words = _("The figures are not computed yet: who set the budget is being looked up in the helpdesk.")
        yield Finding("budget_waits", "wait", words, _("That takes some seconds, while the worker runs."))
    else:
        words = _("The budget is {hours} h.").format(hours=decimal(facts.budget))
        yield Finding("budget", "ok", words)


def _history(facts: Facts) -> Iterator[Finding]:
    """Old entries missing."""
    if facts.project is None or facts.sync.reading_back or facts.sync.read_at is None:
        return
    words = (
        _("Of the project's entries the oldest that has been read is of {day}.").format(day=day(facts.oldest))
        if facts.oldest
        else _("The project has no entries that have been read.")
    )
    todo = _("If older ones are missing, ask an administrator to read them again: {command}.")
    command = f"deskhours sync --from DATE --project {facts.project.id}"
    yield Finding("history", "ok", words, todo.format(command=command))
