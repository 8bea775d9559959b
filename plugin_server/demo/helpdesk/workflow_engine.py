"""The core workflow engine: what a form may show, must hold and may offer, for one person and one ticket.

Source: ``app/models/core_workflow/result.rb`` with ``result/*.rb``, ``condition.rb`` and ``attributes.rb``. It computes
alone; ``workflow_world`` reads what it needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from . import catalog
from .errors import BrokenError
from .workflow_conditions import OPERATORS, text, texts

Row = dict[str, Any]
MAX_RERUNS = 25


@dataclass(frozen=True)
class Field:
    """One attribute of the form, as this person's screen has it.

    ``offered``: the values its options or its relation allow, None for a free one; ``fallback``: what a relation puts
    in place of a value that is not allowed; ``screen``: shown, required, null and nulloption on this screen, which come
    before those in ``option``.
    """

    name: str
    option: Mapping[str, Any]
    screen: Mapping[str, Any]
    offered: tuple[str, ...] | None = None
    fallback: str | None = None

    def setting(self, key: str) -> Any:
        """The screen's word on this, else the attribute's own."""
        value = self.screen.get(key)
        return self.option.get(key) if value is None else value

    def mandatory(self) -> bool:
        """Whether the field must be filled as long as no workflow says otherwise."""
        if self.setting("required") is not None:
            return bool(self.setting("required"))
        return self.setting("null") is not None and not self.setting("null")


@dataclass(frozen=True)
class Workflow:
    """A stored workflow. ``builtin``: the one that is code."""

    id: int
    screens: tuple[str, ...]
    saved: Mapping[str, Any]
    selected: Mapping[str, Any]
    perform: Mapping[str, Any]
    stop_after_match: bool
    builtin: bool = False


@dataclass(frozen=True)
class World:
    """All that a run looks at. ``related`` holds the rows that references lead to, by table and id."""

    screen: str
    fields: Mapping[str, Field]
    workflows: tuple[Workflow, ...]
    session: Row
    related: Mapping[tuple[str, str], Row]
    saved: Row | None
    last_changed: str | None = None


@dataclass
class Result:
    """What came out, by field; the names are the API's."""

    restrict_values: dict[str, list[str]] = field(default_factory=dict)
    visibility: dict[str, str] = field(default_factory=dict)
    mandatory: dict[str, bool] = field(default_factory=dict)
    readonly: dict[str, bool] = field(default_factory=dict)
    select: dict[str, Any] = field(default_factory=dict)
    fill_in: dict[str, Any] = field(default_factory=dict)
    matched_workflows: list[int] = field(default_factory=list)
    rerun_count: int = 0


_REFERENCES = {
    "customer": "users",
    "owner": "users",
    "created_by": "users",
    "updated_by": "users",
    "organization": "organizations",
    "group": "groups",
}


class Run:
    """One run over a world with the values a form holds."""

    def __init__(self, world: World, params: Row) -> None:
        self.world = world
        self.params = deepcopy(params)
        self.backup = deepcopy(params)
        self.result = Result()
        self.rerun = False

    def __call__(self) -> Result:
        """Run until nothing changes the values any more."""
        while True:
            self.rerun = False
            self._defaults()
            for workflow in self.world.workflows:
                if not self._matches(workflow):
                    continue
                self._perform(workflow)
                if workflow.id not in self.result.matched_workflows:
                    self.result.matched_workflows.append(workflow.id)
                if workflow.stop_after_match:
                    break
            if not self.rerun or self.result.rerun_count >= MAX_RERUNS:
                return self.result
            self.result.rerun_count += 1

    def _defaults(self) -> None:
        result, fields = self.result, self.world.fields.values()
        result.restrict_values = {}
        result.visibility = {one.name: "remove" if one.setting("shown") is False else "show" for one in fields}
        result.mandatory = {one.name: one.mandatory() for one in fields}
        result.readonly = {one.name: False for one in fields}
        for one in fields:
            if not one.offered:
                continue
            values = list(one.offered)
            if values != [""]:
                saved = None if one.name == "owner_id" else (self.world.saved or {}).get(one.name)
                values += [text(saved)] if saved not in (None, "") and text(saved) not in values else []
                if one.setting("nulloption") and "" not in values:
                    values.insert(0, "")
            self._fix(one.name, values, quiet=True)

    # What conditions see.

    def selected(self) -> Row:
        """The ticket as the form would save it: of a stored one only the form's own attributes can differ."""
        if self.world.saved is None:
            return self.params
        row = dict(self.world.saved)
        for name in self.world.fields:
            if name in self.params:
                row[name] = 1 if name == "owner_id" and self.params[name] is None else self.params[name]
        return row

    def _differs(self, name: str) -> bool:
        saved = self.world.saved or {}
        old, new = saved.get(name), self.selected().get(name)
        if name.endswith("_id") and (old is None or new is None or new == ""):
            return (old or None) != (new or None)
        return (old is None) != (new is None) or text(old) != text(new)

    def changed(self) -> bool:
        """Whether the form differs from what is stored."""
        return any(self._differs(name) for name in self.world.fields)

    def _matches(self, workflow: Workflow) -> bool:
        if workflow.screens and self.world.screen not in workflow.screens:
            return False
        return all(self._term(key, term, self.world.saved or {}) for key, term in workflow.saved.items()) and all(
            self._term(key, term, self.selected()) for key, term in workflow.selected.items()
        )

    def _term(self, key: str, term: Mapping[str, Any], row: Row) -> bool:
        operator, wanted = str(term["operator"]), texts(term.get("value"))
        if term.get("pre_condition") == "current_user.id":
            wanted = [text(self.world.session["id"])]
        elif term.get("pre_condition") == "not_set":
            operator = "not set"
        value, name = self._value(key, row), key.rpartition(".")[2]
        if operator.startswith("just changed"):
            just = self.world.last_changed == name
            return just and (operator == "just changed" or OPERATORS["is"](value, wanted))
        if operator.startswith("is modified"):
            return self._modified(name) and (operator == "is modified" or OPERATORS["is"](value, wanted))
        if key == "ticket.owner_id" and list(value) == ["1"] and operator in ("is set", "not set"):
            return operator == "not set"
        return OPERATORS[operator](value, wanted)

    def _modified(self, name: str) -> bool:
        if not self._differs(name):
            return False
        if self.world.saved is not None:
            return True
        new = self.selected().get(name)
        known = self.world.fields.get(name)
        if new in (None, "") or (name == "owner_id" and text(new) == "1"):
            return False
        return known is None or known.option.get("default") != new

    def _value(self, key: str, row: Row) -> list[str]:
        parts = key.split(".")
        found: Any = row
        if parts[0] == "session":
            found = self.world.session
        if parts[0] in ("session", "ticket"):
            parts = parts[1:]
        elif parts[0] == "article":
            article = self.params.get("article")
            found, parts = article if isinstance(article, dict) else {}, parts[1:]
        for part in parts:
            if not isinstance(found, dict):
                return []
            if part in found:
                found = found[part]
            elif part in _REFERENCES:
                number = found.get(f"{part}_id")
                found = self.world.related.get((_REFERENCES[part], text(number)))
            else:
                found = None
        return texts(found)

    # What workflows do.

    def _perform(self, workflow: Workflow) -> None:
        if workflow.builtin:
            pending = self.selected().get("state_id") in catalog.PENDING
            self.result.visibility["pending_time"] = "show" if pending else "remove"
            self.result.mandatory["pending_time"] = pending
            return
        for key, config in workflow.perform.items():
            name = key.rpartition(".")[2]
            operators = config["operator"]
            for operator in operators if isinstance(operators, list) else [operators]:
                self._apply(operator, name, config.get(operator))

    def _apply(self, operator: str, name: str, given: Any) -> None:
        result, values = self.result, given if isinstance(given, list) else [] if given is None else [given]
        match operator:
            case "show" | "hide" | "remove":
                result.visibility[name] = operator
            case "set_mandatory" | "set_optional":
                result.mandatory[name] = operator == "set_mandatory"
            case "set_readonly" | "unset_readonly":
                result.readonly[name] = operator == "set_readonly"
            case "set_fixed_to":
                self._fix(name, [text(one) for one in values])
            case "add_option":
                self._add(name, [text(one) for one in values])
            case "remove_option":
                held = result.restrict_values.setdefault(name, texts(self.params.get(name)))
                gone = {text(one) for one in values} - set(self._kept(name))
                result.restrict_values[name] = [one for one in held if one not in gone]
                self._drop_excluded(name)
            case "select":
                allowed = [one for one in values if text(one) in self._restricted(name)]
                self._put(result.select, name, allowed[0] if allowed else None)
            case "fill_in":
                self._put(result.fill_in, name, given)
            case "fill_in_empty" if self.params.get(name) in (None, "") and name not in result.fill_in:
                self._put(result.fill_in, name, given or None)
            case "auto_select":
                offered = [one for one in self._restricted(name) if one != ""]
                if len(offered) == 1 and self.params.get(name) in (None, ""):
                    self._put(result.select, name, offered[0])

    def _restricted(self, name: str) -> list[str]:
        if name not in self.result.restrict_values:
            # A field that offers nothing: the real one stumbles here, and every update with it.
            raise BrokenError(f"undefined method for nil: restrict_values of '{name}'")
        return self.result.restrict_values[name]

    def _put(self, target: dict[str, Any], name: str, value: Any) -> None:
        if value is None or value == self.params.get(name) or (name in target and value == target[name]):
            return
        target[name] = value
        self.params[name] = value
        self.rerun = True

    def _kept(self, name: str) -> list[str]:
        """The stored value, which stays allowed until something in the form is changed."""
        if self.world.saved is None or name not in self.world.fields or self.changed() or name == "owner_id":
            return []
        return texts(self.world.saved.get(name))

    def _fix(self, name: str, values: list[str], *, quiet: bool = False) -> None:
        allowed = [*values, *(one for one in self._kept(name) if one not in values)]
        held = self.result.restrict_values.get(name)
        self.result.restrict_values[name] = allowed if held is None else [one for one in held if one in allowed]
        self._drop_excluded(name, quiet=quiet)

    def _add(self, name: str, values: list[str]) -> None:
        held = self._restricted(name)
        held += [one for one in values if one not in held]
        before = self.backup.get(name)
        if text(before) in held and before != self.params.get(name):
            self.params[name] = before
            self.rerun = True

    def _drop_excluded(self, name: str, *, quiet: bool = False) -> None:
        """A value of the form that is not allowed gives way to the first that is (or to the relation's own default)."""
        held = self.result.restrict_values[name]
        if text(self.params.get(name)) in held:
            return
        known = self.world.fields.get(name)
        self.params[name] = (known.fallback if known else None) or (held[0] if held else None)
        self.rerun = self.rerun or not quiet
