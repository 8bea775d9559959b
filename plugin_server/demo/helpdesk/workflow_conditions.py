"""The operators of core workflows' conditions, on the texts of an attribute's values.

Source: ``app/models/core_workflow/condition/*.rb``. A value that is not set has no texts at all; a value set to the
empty text has one, which is empty. Operators about time, patterns and modules are not simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Texts = Sequence[str]


def _one_of(value: Texts, wanted: Texts) -> bool:
    return any(one in wanted for one in value)


def _some_other(value: Texts, wanted: Texts) -> bool:
    return not value or any(one not in wanted for one in value)


def _all_of(value: Texts, wanted: Texts) -> bool:
    return len(set(value) & set(wanted)) == len(wanted)


OPERATORS: dict[str, Callable[[Texts, Texts], bool]] = {
    "is": _one_of,
    "is not": lambda value, wanted: not _one_of(value, wanted),
    "is any of": _one_of,
    "is none of": lambda value, wanted: not _one_of(value, wanted),
    "is set": lambda value, _: bool(value) and list(value) != [""],
    "not set": lambda value, _: not value or list(value) == [""],
    # In a workflow these compare whole values: nobody looks inside a text.
    "contains": _one_of,
    "contains one": _one_of,
    "contains all": _all_of,
    "contains not": _some_other,
    "contains one not": _some_other,
    "contains all not": lambda value, wanted: not _one_of(value, wanted),
    "starts with": lambda value, wanted: bool(value) and all(v.startswith(w) for v in value for w in wanted),
    "starts with one of": lambda value, wanted: any(v.startswith(w) for v in value for w in wanted),
    "ends with": lambda value, wanted: bool(value) and all(v.endswith(w) for v in value for w in wanted),
    "ends with one of": lambda value, wanted: any(v.endswith(w) for v in value for w in wanted),
}
"""Operators that look at the value alone."""

OF_CHANGES = ("is modified", "is modified to", "just changed", "just changed to")
"""Operators that look at what was changed in the form."""


def texts(value: object) -> list[str]:
    """An attribute's values as conditions compare them."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [text(one) for one in value]
    return [text(value)]


def text(value: object) -> str:
    """One value in Ruby's words."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
