"""The panel's parts that are read by themselves, and the sidebar's timeline, made by the features' own templates."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from plugin_server.budgets.service import hours
from plugin_server.projects.clients.rules import Client
from plugin_server.projects.rules import Hindrance, Plan, Template
from plugin_server.runtime import i18n
from plugin_server.runtime.section import Region
from plugin_server.runtime.timeline import Item, Place
from plugin_server.timeline.rules import Wanted
from tests.access.fragments import DAY, TASKS, Fragments

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
AMBIGUOUS = "Several projects are like that: choose one from the list."
CLIENTS = "https://hours.example.com/dashboard/clients"
ENTRY = 7
UNFOLDED = ("<details ", "<details open ")


class Features(Fragments):
    """Panels and parts of them by name, in a language."""

    def projects(self) -> dict[str, str]:
        """A ticket without project: the picker, what would be made, what is being made, what stands in the way."""
        ambiguous = Hindrance("client_ambiguous", {"organisation": "Acorn", "clients": "Acorn (1), Acorn (2)"})
        template = Template("Standard", is_active=True, tasks=("Support", "Training"), team=("Ada Agent", "Bo Agent"))
        plan = Plan(Client(1, "Acorn Bakery", is_active=True), "10001 Oven", "T1", Decimal("10.00"), template)
        made = {
            "picker": [self._picker(linked=False)],
            "picker-ambiguous": [self._picker(linked=True, error=AMBIGUOUS)],
            "plan": [self._plan(plan, None), self._picker(linked=False)],
            "plan-without-budget": [self._plan(replace(plan, budget=None, code=""), None)],
            "plan-impossible": [self._plan(None, ambiguous)],
            "making": [self._making("making", None, None)],
            "making-waits": [self._making("making", 5, Hindrance("helpdesk"))],
            "making-stopped": [self._making("stopped", None, ambiguous)],
        }
        panels = {name: self._panel("idle", self._alert("no_project"), *regions) for name, regions in made.items()}
        return {name: str(html).replace(*UNFOLDED) for name, html in panels.items()}

    def _picker(self, *, linked: bool, error: str | None = None) -> Region:
        html = self._html("projects/link.html", ticket_id=1, linked=linked, value="Oven" if error else "", error=error)
        return Region("project-link", html, tag="section")

    def _plan(self, plan: Plan | None, hindrance: Hindrance | None) -> Region:
        url = CLIENTS if hindrance else None
        html = self._html("projects/plan.html", plan=plan, words=self._words(hindrance), ticket_id=1, clients_url=url)
        return Region("project-plan", html, tag="section")

    def _making(self, state: str, project_id: int | None, hindrance: Hindrance | None) -> Region:
        making = SimpleNamespace(state=state, project_id=project_id, name="10001 Oven", problem=hindrance)
        html = self._html(
            "projects/making.html",
            making=making,
            words=self._words(hindrance),
            ticket_id=1,
            may_change=True,
            may_drop=True,
            clients_url=CLIENTS,
        )
        return Region("project-making", html, tag="section")

    def _words(self, hindrance: Hindrance | None) -> Any:
        return lambda: hindrance.words if hindrance else ""

    def options(self, *labels: str) -> str:
        """What the picker's list offers."""
        projects = [SimpleNamespace(id=number, label=label, client_name="Acorn") for number, label in enumerate(labels)]
        return str(self._html("projects/options.html", projects=projects))

    def asking(self) -> str:
        """A panel in which *Where is my entry?* can be opened, beside entries that count for no ticket."""
        html = self._html("explain/section.html", ticket_id=1)
        return str(self._panel("idle", self._budget("green"), self._unassigned(), Region("explain", html)))

    def explained(self) -> str:
        """What is told there: entries that count, that don't and that are unknown; every kind of finding."""
        findings = [
            SimpleNamespace(code=state, state=state, words=f"It is {state}.", todo="Look there.")
            for state in ("look", "wait", "note", "ok")
        ]
        entry = SimpleNamespace(project="Oven controller", notes="Rewired the oven")
        asked = [
            self._asked(ENTRY, entry, findings[3:], may_ask=True),
            self._asked(8, entry, findings[:1], offers_assigning=True),
            self._asked(9, None, findings[1:3], may_ask=True),
        ]
        loose = SimpleNamespace(id=10, spent_date=DAY, hours=50, notes="Call")
        html = self._html(
            "explain/ticket.html",
            ticket_id=1,
            asked_for="2026-03-04",
            entries=asked,
            problem="No.",
            findings=findings,
            shares=[("By reference", 3, self._number("4.00")), ("By hand", 1, self._number("0.50"))],
            unassigned=[loose],
        )
        return str(html)

    def _asked(self, number: int, entry: Any, findings: list[Any], **offers: bool) -> SimpleNamespace:
        facts = SimpleNamespace(id=number, entry=entry)
        may = {"offers_assigning": False, "may_ask": False, **offers}
        return SimpleNamespace(facts=facts, heading="4 · Ada · 1.50 h", findings=findings, **may)

    def timeline(self, *, unassigned: bool = True, more: int = 50, kinds: int = 6) -> str:
        """The sidebar's timeline: a line of each kind, entries that count for no ticket, more to be read."""
        loose = SimpleNamespace(entry=SimpleNamespace(id=11, hours=50, spent_date=DAY, notes="Call"), name="Bo Agent")
        items = [
            Item(Place(NOON, 1, 1), "messages", "message", "Message", by="Customer", text="It is cold.", is_cut=True),
            Item(Place(NOON, 1, 2), "messages", "note", "Note", by="Ada", trouble="It was not read.", internal=True),
            Item(
                Place(NOON, 2, ENTRY), "time", "entry", "Time entry", by="Ada Agent", day=DAY, text="Rewired the oven",
                hours=150, total=400, task="Support", billable=True, facts=("Invoiced",), url="https://example.com/1",
            ),
            Item(
                Place(NOON, 2, 8), "time", "entry", "Time entry", by="Bo", day=DAY, is_exact=False, hours=50, total=250,
                task="Training", billable=False, running_since=NOON,
            ),
            Item(Place(NOON, 3, 3), "budget", "locked", "Locked", facts=("12.00 of 10.00 h",)),
            Item(Place(NOON, 3, 4), "budget", "unlocked", "Unlocked", by="Mo Manager", text="Client agreed"),
        ]  # fmt: skip
        shown = items[:kinds]
        sums = [SimpleNamespace(name="Ada Agent", hours=150, other=50, billable=100)]
        timeline = SimpleNamespace(
            is_current=False,
            unassigned=[loose] if unassigned else [],
            has_more_unassigned=unassigned,
            sums=sums,
            items=shown,
            after="next",
            may_correct=lambda item: item.place.id == ENTRY,
        )
        html = self._html(
            "timeline/fragment.html",
            timeline=timeline,
            ticket=SimpleNamespace(id=1),
            wanted=Wanted(groups=frozenset({"time"})),
            days=[(DAY, shown)],
            zone=UTC,
            hours=lambda value: i18n.decimal(hours(value)),
            total=150,
            billable=100,
            page="https://hours.example.com/tickets/1/timeline",
            dashboard="https://hours.example.com/dashboard",
            poll=3600,
            more=more,
            entries="",
        )
        return str(html)

    def correction(self, *, errors: dict[str, str] | None = None, told: str = "", start_end: bool = False) -> str:
        """An entry's form in the timeline; refused, with what stands there now, where there are errors."""
        values = {"hours": "1.50", "started_time": "9:00", "ended_time": "10:30", "ticket_number": "10001"}
        values |= {"spent_date": DAY.isoformat(), "task_id": "5001", "notes": "Rewired the oven"}
        change = SimpleNamespace(label="Hours", old="1.00", new="1.50")
        waiting = SimpleNamespace(problem="Harvest has a fault.", kind="change", called_at=None)
        line = SimpleNamespace(at=NOON, title="Corrected", by="Ada", changes=[change], problem="No.")
        html = self._html(
            "corrections/fragment.html",
            entry=SimpleNamespace(id=ENTRY),
            view=SimpleNamespace(
                pending=waiting if start_end else None,
                may_withdraw=True,
                version="1",
                values=SimpleNamespace(timed=start_end),
                start_end=start_end,
            ),
            confirmed="1" if errors else "",
            told=told,
            message="The entry was not corrected." if errors else "",
            why="",
            web=False,
            values=values,
            errors=errors or {},
            now=dict.fromkeys(errors or {}, "1.00"),
            tasks=TASKS,
            today=DAY.isoformat(),
            by_service=True,
            lines=[line],
            zone=UTC,
        )
        return str(html)
