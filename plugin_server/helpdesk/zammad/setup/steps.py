"""The words of a plan: its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["helpdesk", "token", "field", "role", "user", "workflow", "webhook", "trigger", "application"]
"""``helpdesk`` is Zammad itself, its version; ``token`` what the administrator's token may do."""

Action = Literal["ok", "create", "mend", "remove", "refuse"]
"""``remove`` stands in plans of a removal alone."""


@dataclass(frozen=True)
class Step:
    """One thing, and what is to be done about it. ``words``: what was found, for people; of a refusal also what to do.

    ``body`` is what is written, with placeholders where an id is not known yet; ``ids`` are the records of this name,
    the oldest first: that one is kept, any younger are twins.
    """

    kind: Kind
    name: str
    action: Action
    words: str
    body: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    ids: tuple[int, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Plan:
    """All steps, in the order in which they are done. With a refused one nothing is done."""

    steps: tuple[Step, ...]

    @property
    def refused(self) -> tuple[Step, ...]:
        """What must be put right by a person first."""
        return tuple(step for step in self.steps if step.action == "refuse")

    @property
    def todo(self) -> tuple[Step, ...]:
        """What would be written."""
        return tuple(step for step in self.steps if step.action in ("create", "mend", "remove"))

    @property
    def restarts(self) -> bool:
        """Whether the database gets new columns, after which Zammad has to be restarted: for fields that are made, and
        for those that were made before and only wait."""
        return any(step.kind == "field" and (step.action == "create" or not step.body) for step in self.todo)
