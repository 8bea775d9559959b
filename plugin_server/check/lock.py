"""Whether the lock holds: by a dry run's answer, and by the workflows as they stand. Pure: no I/O.

Source: Zammad's ``checks_core_workflow`` and ``core_workflow/result.rb``; the gate is ``helpdesk/zammad/objects.py``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugin_server.check.rules import Result, fail, ok, warn


def gate_holes(answer: Mapping[str, Any], field: str) -> list[str]:
    """Why a dry run's answer would let a write of a locked ticket through; empty when the gate holds.

    Source: Zammad's ``checks_core_workflow``: a write is refused when a field is mandatory, shown and empty; and what
    it may be filled with is what ``restrict_values`` lists, where an empty list means anything.
    """
    if not (answer.get("mandatory") or {}).get(field):
        return [f"the field {field} need not be filled"]  # whatever else holds is of no use then
    holes = []
    if (answer.get("visibility") or {}).get(field) in ("hide", "remove"):
        holes.append(f"the field {field} is hidden, and a hidden field is not asked for")
    allowed = (answer.get("restrict_values") or {}).get(field)
    if not allowed:
        holes.append(f"the field {field} takes any value")
    elif any(str(value or "").strip() for value in allowed):
        values = ", ".join(f"“{value}”" for value in allowed if str(value or "").strip())
        holes.append(f"the field {field} may be filled with {values}")
    return holes


_LOOSENING = ("hide", "remove", "set_optional", "add_option", "remove_option", "select", "fill_in", "fill_in_empty")
"""What another workflow may do to the release field that opens the gate: a hidden or optional field is not asked for,
another option can be chosen, and a list emptied by removing options means anything."""


@dataclass(frozen=True)
class Workflow:
    """A core workflow as far as it matters here. ``fields`` maps a ticket's field to what is done to it."""

    id: int
    name: str
    priority: int
    stops: bool
    conditional: bool
    fields: Mapping[str, Sequence[str]]


def workflows(records: Iterable[Mapping[str, Any]]) -> list[Workflow]:
    """Those of Zammad's workflow records that run when an agent changes a ticket, in the order in which they run."""
    found = []
    for row in records:
        screens = (row.get("preferences") or {}).get("screen") or ["edit"]
        screens = [screens] if isinstance(screens, str) else screens
        if not row.get("active") or (row.get("object") or "Ticket") != "Ticket" or "edit" not in screens:
            continue
        fields = {}
        for key, config in (row.get("perform") or {}).items():
            done = config.get("operator") if isinstance(config, Mapping) else None
            fields[key.removeprefix("ticket.")] = [done] if isinstance(done, str) else list(done or ())
        conditional = bool(row.get("condition_saved") or row.get("condition_selected"))
        stops = bool(row.get("stop_after_match"))
        priority = int(row.get("priority") or 0)
        found.append(Workflow(int(row["id"]), str(row["name"]), priority, stops, conditional, fields))
    return sorted(found, key=lambda one: (one.priority, one.id))


def defeats(
    name: str, ordered: Sequence[Workflow], gate: str, ours: Collection[str], release: str, state: str
) -> list[Result]:
    """What of the other workflows could keep the lock from holding; a row for each, or one that says all is well.
    ``gate`` is the lock's, ``ours`` are the names of all that setup makes."""
    place = next((place for place, one in enumerate(ordered) if one.name == gate), None)
    if place is None:
        todo = "Run deskhours setup, which puts it back."
        return [fail(name, f"The workflow “{gate}” is not there or not active: nothing stops agents.", todo)]
    found = []
    for one in ordered[:place]:
        if one.stops:
            todo = (
                f"Switch off “stop after match” of “{one.name}”, or give it a priority above {ordered[place].priority}."
            )
            words = f"The workflow “{one.name}” comes before the lock's and ends the run"
            if one.conditional:
                found.append(warn(name, f"{words} where its conditions match: there, locks do not hold.", todo))
            else:
                found.append(fail(name, f"{words} every time: no lock holds.", todo))
    for one in ordered[place + 1 :]:
        done = [effect for effect in one.fields.get(release, ()) if effect in _LOOSENING]
        if done:
            todo = f"Take the field {release} out of the workflow “{one.name}”."
            words = f"The workflow “{one.name}” comes after the lock's and does {', '.join(done)} to {release}"
            found.append(fail(name, f"{words}: where it matches, locks do not hold.", todo))
    for one in ordered:
        if one.name not in ours and state in one.fields:
            todo = f"Take the field {state} out of the workflow “{one.name}”."
            found.append(warn(name, f"The workflow “{one.name}” acts on {state}, which only Deskhours writes.", todo))
    others = sum(1 for one in ordered if one.name not in ours)
    return found or [ok(name, f"None of the {others} workflow(s) that others have made for tickets touches the lock.")]
