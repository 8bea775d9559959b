"""An entry's correction as people see it: the form with what was typed, why there is none, and the entry's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from plugin_server.accounts.web.routes import CSRF_FIELD, SIGN_OUT_PATH, Visitor
from plugin_server.corrections import rules, store
from plugin_server.corrections.moving import Unsure, Wish
from plugin_server.corrections.shown import FIELDS, shown, untouched
from plugin_server.corrections.viewing import View
from plugin_server.mirror.store import Task
from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock, today
from plugin_server.runtime.errors import Problem
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.templates import Templates
from plugin_server.timers.rules import clock_time


@dataclass(frozen=True)
class Change:
    """A value before and after, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Line:
    """A correction in the history of its entry."""

    at: datetime
    title: str
    by: str
    changes: tuple[Change, ...]
    problem: str


@dataclass(frozen=True)
class Refusal:
    """A form that was refused: what it held, and why; ``tasks`` are those of the ticket that it named."""

    problem: Problem
    values: Mapping[str, str] = field(default_factory=dict)
    wish: Wish | None = None
    tasks: list[Task] | None = None

    @property
    def typed(self) -> dict[str, str]:
        """What was typed. Of a form that was overtaken, what only stood in it is not what the person wants: saving it
        again would take back what somebody else has done."""
        typed = {name: self.values[name] for name in FIELDS if name in self.values}
        stale = untouched(self.wish.version or "", typed) if self.is_overtaken and self.wish is not None else set()
        return {name: text for name, text in typed.items() if name not in stale}

    @property
    def is_overtaken(self) -> bool:
        """Whether something else stands there by now than the person was shown."""
        return self.problem.code in ("changed", "kept")


def line(found: store.Correction, notation: str) -> Line:
    """A correction in words, in the language of what is under way."""
    titles = {
        ("change", "done"): _("Corrected"),
        ("delete", "done"): _("Deleted"),
        ("change", "asked"): _("Correction waits for Harvest"),
        ("delete", "asked"): _("Deletion waits for Harvest"),
        ("change", "refused"): _("Correction refused"),
        ("delete", "refused"): _("Deletion refused"),
    }
    by = found.asked_by
    if found.access == "service":
        by = _("{name}, with the access of {other} to Harvest").format(name=found.asked_by, other=found.access_name)
    return Line(
        found.asked_at,
        titles[found.kind, found.state] if found.state != "withdrawn" else _("Withdrawn"),
        by,
        tuple(changes(found.before, found.after, notation)),
        i18n.retold(found.problem or "") if found.state != "done" else "",
    )


def outcome(found: store.Correction | None) -> str:
    """A word for what became of a correction, for :func:`told`."""
    return "same" if found is None else f"{found.kind}.{found.state}"


def told(word: str) -> str:
    """What became of a correction, for who has asked for it; nothing where the form says what it waits for."""
    return {
        "same": _("The entry holds all of this already."),
        "change.done": _("The entry was corrected in Harvest."),
        "delete.done": _("The entry was deleted in Harvest."),
        "change.withdrawn": _("The correction was withdrawn; the entry is as it was."),
        "delete.withdrawn": _("The deletion was withdrawn; the entry is as it was."),
    }.get(word, "")


def changes(before: store.Named, after: store.Named | None, notation: str) -> list[Change]:
    """What differs, in words; of a deletion, what was there."""
    found = []
    for label, tell in _TOLD:
        old, new = tell(before, notation), tell(after, notation) if after is not None else ""
        if old != new:
            found.append(Change(_(label), old, new))
    return found


def _times(kept: store.Named, notation: str) -> str:
    if kept["started"] is None or kept["ended"] is None:
        return ""
    return f"{clock_time(kept['started'], notation)} – {clock_time(kept['ended'], notation)}"


_TOLD = (
    (i18n.later("Hours"), lambda kept, _notation: i18n.decimal(Decimal(kept["hours"]))),
    (i18n.later("Time"), _times),
    (i18n.later("Day"), lambda kept, _notation: i18n.day(date.fromisoformat(kept["spent_date"]))),
    (i18n.later("Task"), lambda kept, _notation: kept["task"]),
    (i18n.later("Project"), lambda kept, _notation: kept["project"]),
    (i18n.later("Ticket"), lambda kept, _notation: kept["ticket"]),
    (i18n.later("Notes"), lambda kept, _notation: kept["notes"]),
)


class Views:
    """Renders corrections."""

    def __init__(self, templates: Templates, clock: Clock) -> None:
        self._templates = templates
        self._clock = clock

    def fragment(
        self, caller: Caller, lang: str, view: View, *, told: str = "", refusal: Refusal | None = None
    ) -> Markup:
        """The form and history for the extension."""
        with i18n.speaking(lang):
            context = self._context(caller, view, refusal)
        return self._templates.render("corrections/fragment.html", lang, told=told, web=False, csrf="", **context)

    def page(
        self, visitor: Visitor, lang: str, view: View, ticket_id: int, *, told: str = "", refusal: Refusal | None = None
    ) -> Markup:
        """The page for a plain browser."""
        with i18n.speaking(lang):
            context = self._context(visitor.caller, view, refusal)
        return self._templates.render(
            "corrections/page.html",
            lang,
            told=told,
            web=True,
            visitor=visitor.caller,
            csrf_field=CSRF_FIELD,
            csrf=visitor.csrf,
            sign_out=SIGN_OUT_PATH,
            timeline=f"/tickets/{ticket_id}/timeline",
            here=f"/tickets/{ticket_id}/entries/{view.entry.id}",
            **context,
        )

    def _context(self, caller: Caller, view: View, refusal: Refusal | None) -> dict[str, Any]:
        present = shown(view.values, view.names["ticket"])
        typed = refusal.typed if refusal else {}
        problem = refusal.problem if refusal else None
        tasks = list(refusal.tasks if refusal and refusal.tasks is not None else view.tasks)
        if not any(task.id == view.entry.task_id for task in tasks) and not (refusal and refusal.tasks is not None):
            tasks.insert(0, Task(view.entry.task_id, view.entry.task, billable=False))
        overtaken = refusal is not None and refusal.is_overtaken
        now = (
            {name: _told_now(view, name, present) for name in typed if typed[name] != present[name]}
            if overtaken
            else {}
        )
        return {
            "view": view,
            "entry": view.entry,
            "zone": caller.zone,
            "values": {**present, **typed},
            "errors": dict(problem.fields) if problem else {},
            "message": problem.message if problem else "",
            "confirmed": problem.confirmed if isinstance(problem, Unsure) else "",
            "now": now,
            "tasks": tasks,
            "today": today(self._clock, caller.zone).isoformat(),
            "why": rules.words(view.hindrance) if view.hindrance and view.hindrance != "pending" else "",
            "by_service": view.accesses[:1] == ("service",),
            "lines": [line(one, view.notation) for one in view.history],
        }


def _told_now(view: View, name: str, present: Mapping[str, str]) -> str:
    return view.entry.task if name == "task_id" else present[name] or "–"
