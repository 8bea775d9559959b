"""The panel in every state it can be in, made by the features' own templates from values of our own."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from plugin_server.runtime import i18n
from plugin_server.runtime.section import Region
from plugin_server.runtime.templates import Templates

DAY = date(2026, 3, 4)
TASKS = [
    SimpleNamespace(id=5001, name="Support", billable=True),
    SimpleNamespace(id=5002, name="Training", billable=False),
]
REFUSED = "Harvest refused this: The task is archived."
HOURS = Decimal("1.50")
LINES = ("armed", "queued", "undoing", "expired", "attention")
BLANK = {"hours": "", "spent_date": DAY.isoformat(), "task_id": "5001", "notes": ""}
LOCK_BLANK = {"reason": "", "ceiling_hours": "", "expires_on": "", "budget_hours": "", "note_body": "", "owner_id": ""}


class Fragments:
    """Whole panels and popups by name, in a language."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._templates = Templates()

    def popups(self) -> dict[str, str]:
        """Each of the popup's states."""
        agent = SimpleNamespace(name="Ada Agent", email="ada@example.com")
        parts = ("database", "queue", "worker", "harvest", "helpdesk")
        away = [self._part(name, "refused" if name == "harvest" else "away") for name in parts]
        well = [self._part(name, "unknown" if name == "harvest" else "ok") for name in parts]
        made = {
            "disconnected": [self._html("panel/popup_connect.html")],
            "problem": [self._html("panel/popup_problem.html", message=REFUSED)],
            "connected": [
                self._html("accounts/popup.html", agent=agent, state="connected"),
                self._html("timers/popup.html", lines=[self._timer_line(state) for state in ("running", "attention")]),
                self._html("timelog/popup.html", lines=[], more=False),
                self._html("panel/health.html", away=[], settled=True),
                self._html("panel/parts.html", lines=well, read=5),
            ],
            "full": [
                self._html("accounts/popup.html", agent=agent, state="connected"),
                self._html("timelog/here.html", line=self._ticket_line(task=True)),
                self._html("timers/popup.html", lines=[self._timer_line("running")]),
                self._html("timelog/popup.html", lines=[self._log_line(state) for state in LINES], more=True),
                self._sheet(),
                self._html("timelog/gaps.html", gaps=[(DAY, HOURS, HOURS, "https://example.com/")], knows=True),
                self._html("timelog/recent.html", lines=[self._ticket_line(task=True), self._ticket_line(task=False)]),
                self._html("alerts/popup.html", wishes=[_wish("desktop", wanted=True), _wish("email", wanted=False)]),
                self._html("panel/health.html", away=[], settled=True),
                self._html("panel/parts.html", lines=well, read=5),
            ],
            "lapsed": [
                self._html("accounts/popup.html", agent=agent, state="lapsed"),
                self._html("timelog/popup.html", lines=[self._log_line(state) for state in LINES], more=True),
                self._html("panel/health.html", away=away, settled=False),
                self._html("panel/parts.html", lines=away, read=None),
            ],
        }
        return {
            name: str(
                self._html(
                    "panel/popup.html",
                    state=name,
                    poll=3600,
                    regions=[Region(f"r{number}", html) for number, html in enumerate(regions)],
                )
            )
            for name, regions in made.items()
        }

    def _ticket_line(self, *, task: bool) -> SimpleNamespace:
        place = {"number": "10001", "title": "Oven " * 20, "url": "https://example.com/", "project": "Oven controller"}
        found = TASKS[0] if task else None
        return SimpleNamespace(id=1, task=found, obstacle="It has no project.", runs=not task, **place)

    def _sheet(self) -> Any:
        named = {"number": "10001", "title": "Oven " * 20, "url": "https://example.com/"}
        rows = [
            SimpleNamespace(**named, others=0, today=HOURS, week=HOURS),
            SimpleNamespace(number="", others=3, today=0, week=HOURS),
            SimpleNamespace(number="", others=0, today=0, week=HOURS),
        ]
        return self._html("timelog/timesheet.html", rows=rows, today=HOURS, week=3 * HOURS, waiting=HOURS, armed=HOURS)

    def _part(self, name: str, state: str) -> SimpleNamespace:
        part = SimpleNamespace(name=name, state=state, problem=REFUSED)
        return SimpleNamespace(part=part, since="10:30", age=20)

    def _timer_line(self, state: str) -> SimpleNamespace:
        timer = SimpleNamespace(id="1", state=state, spent_date=DAY, problem=REFUSED)
        when = {"since": "10:30", "ended": "10:40"}
        return SimpleNamespace(
            timer=timer, hours=HOURS, number="10001", title="Oven", url="https://example.com/", **when
        )

    def _log_line(self, state: str) -> SimpleNamespace:
        log = SimpleNamespace(id=state, state=state, spent_date=DAY, hours=HOURS, problem=REFUSED)
        actions = ("retry", "connect", "discard")
        named = {"number": "10001", "title": "Oven", "url": "https://example.com/", "since": "10:30"}
        return SimpleNamespace(log=log, actions=actions, **named)

    def panels(self) -> dict[str, str]:
        """Each of the panel's states, with everything that can stand in it."""
        wrong = {"hours": "No.", "spent_date": "No.", "task_id": "No.", "notes": "No."}
        made = {
            "disconnected": self._panel(
                "disconnected", Region("connect", self._html("panel/connect.html", message=None))
            ),
            "identified": self._panel("identified", self._alert("not_connected"), self._budget("green")),
            "idle": self._panel("idle", self._form(), self._budget("yellow")),
            "unlinked": self._panel("idle", self._alert("no_project"), self._unlinked()),
            "moved": self._panel("idle", self._change(), self._unassigned(), self._budget("orange")),
            "errors": self._panel("error", self._form(errors=wrong), self._budget("red")),
            "unlocked": self._panel("idle", self._unlocked(), self._form(), self._budget("red")),
            "locked": self._panel("idle", *self._lock(LOCK_BLANK, {}), self._form(), self._budget("red"), locked=True),
            "lock-errors": self._panel(
                "error", *self._lock(LOCK_BLANK, dict.fromkeys(LOCK_BLANK, "No.")), self._budget("red"), locked=True
            ),
        }
        for state in ("armed", "queued", "undoing", "undone", "logged", "expired", "attention"):
            made[state] = self._panel(state, self._form(), self._log(state), self._budget("green"))
        for state in ("starting", "running", "stopping", "stopped", "attention", "failed"):
            made[f"timer-{state}"] = self._panel(
                "running", self._timer(state), self._form(timer_id="1"), self._elsewhere()
            )
        return {name: str(html) for name, html in made.items()}

    def _panel(self, state: str, *regions: Region, locked: bool = False) -> str:
        return self._html(
            "panel/panel.html",
            ticket_id=1,
            state=state,
            band="red" if locked else "green",
            locked=locked,
            poll=3600,
            now="2026-03-04T12:00:00Z",
            marks={},
            regions=regions,
        )

    def _html(self, name: str, **context: Any) -> Any:
        return self._templates.render(name, self._lang, **context)

    def _number(self, hours: str) -> str:
        with i18n.speaking(self._lang):
            return i18n.decimal(Decimal(hours))

    def _alert(self, why: str) -> Region:
        context = {"ticket_id": 1, "project_text": "x1", "project_name": "Oven", "pm": "Mo"}
        words = self._html("timelog/obstacle.html", why=why, **context)
        return Region("alert", self._html("panel/alert.html", alerts=[words], notes=[words]))

    def _form(self, *, errors: dict[str, str] | None = None, timer_id: str | None = None) -> Region:
        html = self._html(
            "timelog/form.html",
            ticked=True,
            values=BLANK,
            errors={**dict.fromkeys(BLANK), **(errors or {})},
            refused=bool(errors),
            tasks=TASKS,
            today=DAY.isoformat(),
            least=self._number("0.25"),
            ticket_id=1,
            timer_id=timer_id,
            run=None,
            hours_field=True,
            measured=None,
            running=timer_id is not None,
            start="start",
            ai=True,
        )
        return Region("form", html, tag="form")

    def _log(self, state: str) -> Region:
        actions = {
            "armed": ("disarm", "discard"),
            "expired": ("disarm", "discard"),
            "attention": ("retry", "connect", "disarm", "discard"),
            "logged": ("undo",),
        }
        log = SimpleNamespace(
            id="1",
            state=state,
            spent_date=DAY,
            notes="Rewired the oven",
            timer_id=None,
            problem=REFUSED,
            corrected_at=None,
        )
        line = SimpleNamespace(
            log=log,
            hours=self._number("1.50"),
            task="Support",
            entry_url="https://example.com/" if state == "logged" else None,
            actions=actions.get(state, ()),
            error=state in ("attention", "expired"),
            deleted=False,
        )
        return Region("log", self._html("timelog/log.html", lines=[line]))

    def _timer(self, state: str) -> Region:
        looks = {"starting": "running", "stopping": "stopped"}
        timer = SimpleNamespace(
            id="1", state=state, task_name="Support", problem=REFUSED, problem_code="", discarded=state == "stopped"
        )
        html = self._html(
            "timelog/timer.html",
            timer=timer,
            look=looks.get(state, state),
            seconds=5400,
            since=None,
            clock="1:30:00",
            hours=self._number("1.50"),
            when="10:30",
            midnight=True,
            day="4",
            forgotten=state == "running",
            refused=False,
            limit=8,
        )
        return Region("timer", html)

    def _elsewhere(self) -> Region:
        other = SimpleNamespace(adoptable=True, entry_id=7, label="Oven")
        return Region("elsewhere", self._html("timelog/elsewhere.html", other=other, since="10:30", ticket_id=1))

    def _budget(self, band: str) -> Region:
        percent = {"green": 40, "yellow": 80, "orange": 95, "red": 120}[band]
        used, limit = self._number("4.00"), self._number("10.00")
        lines = [
            SimpleNamespace(source=source, used=used, limit=limit, percent=percent, band=band, width=min(percent, 100))
            for source in ("ticket", "project")
        ]
        return self._figures(lines, own=True)

    def _unlinked(self) -> Region:
        return self._figures([], own=False)

    def _figures(self, lines: list[Any], *, own: bool) -> Region:
        html = self._html(
            "budgets/budget.html",
            project_name="[T1] Oven controller",
            client_name="Acorn Bakery",
            project_url="https://example.com/projects/1",
            lines=lines,
            own=own,
            used=self._number("4.00"),
            running=self._number("0.50"),
            quoted=self._number("8.00"),
            budget_text="",
            ends_on="4",
            holder=True,
        )
        return Region("budget", html)

    def _lock(self, values: dict[str, str], errors: dict[str, str]) -> tuple[Region, ...]:
        owners = [SimpleNamespace(id=1, name="Ada Agent"), SimpleNamespace(id=2, name="Bo Agent")]
        is_refused, errors = bool(errors), {**dict.fromkeys(LOCK_BLANK), **errors}
        figures = {"used": self._number("12.00"), "limit": self._number("10.00")}
        lock = self._html(
            "budgets/lock.html",
            ticket_id=1,
            source="ticket",
            **figures,
            managers=["Mo Manager"],
            is_manager=False,
            asked=SimpleNamespace(by_name="Ada Agent") if is_refused else None,
        )
        unlock = self._html(
            "budgets/unlock.html",
            ticket_id=1,
            used=figures["used"],
            today=DAY.isoformat(),
            values=values,
            errors=errors,
        )
        meanwhile = self._html(
            "budgets/meanwhile.html",
            ticket_id=1,
            owners=owners,
            owner_id=None,
            may_change=True,
            may_close=True,
            values=values,
            errors=errors,
        )
        return (
            Region("lock", lock, tag="section"),
            Region("unlock", unlock, tag="form"),
            Region("meanwhile", meanwhile, tag="section"),
        )

    def _unlocked(self) -> Region:
        context = {"by": "Mo Manager", "reason": "Client agreed", "ceiling": self._number("14.00"), "until": "4"}
        return Region("unlocked", self._html("budgets/unlocked.html", **context))

    def _change(self) -> Region:
        change = SimpleNamespace(
            id=1, left_entries=2, came_entries=1, staying=1, outcome="1 moved in Harvest.", new_project_id=3
        )
        hours = {"left_hours": self._number("1.50"), "came_hours": self._number("0.50")}
        return Region(
            "link-change", self._html("tickets/change.html", change=change, old="Old", new="New", asks=True, **hours)
        )

    def _unassigned(self) -> Region:
        entry = SimpleNamespace(id=9, spent_date=DAY, notes="Call")
        context = {"ticket_id": 1, "entries": [(entry, self._number("0.50"))], "more": True}
        return Region("unassigned", self._html("tickets/unassigned.html", **context))


def _wish(channel: str, *, wanted: bool) -> SimpleNamespace:
    return SimpleNamespace(channel=channel, wanted=wanted)
