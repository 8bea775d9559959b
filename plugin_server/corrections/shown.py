"""An entry's values as the fields of its form hold them, and which fields of a form were touched since.

A form carries a version: of the values, by which a change meanwhile is noticed, then of each field as it was shown, by
which a value that a person typed is told from one that only stood there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from plugin_server.corrections import rules
from plugin_server.corrections.rules import Values
from plugin_server.harvest.notes import clean_notes

FIELDS = ("hours", "started_time", "ended_time", "spent_date", "task_id", "notes", "ticket_number")


def shown(values: Values, ticket: str) -> dict[str, str]:
    """The text of each field; ``ticket`` is what people call the one that the entry counts for."""
    return {
        "hours": f"{values.hours:.2f}",
        "started_time": rules.clock(values.started),
        "ended_time": rules.clock(values.ended),
        "spent_date": values.spent_date.isoformat(),
        "task_id": str(values.task_id),
        "notes": values.notes,
        "ticket_number": ticket,
    }


def version(values: Values, ticket: str) -> str:
    """Of values that are shown."""
    texts = shown(values, ticket)
    return ".".join([values.version, *(_digest(name, texts[name]) for name in FIELDS)])


def is_of(version: str, values: Values) -> bool:
    """Whether a version is that of these values. What the ticket was called is not looked at: nothing is overtaken
    because the helpdesk does not answer."""
    return version.partition(".")[0] == values.version


def untouched(version: str, typed: Mapping[str, str]) -> set[str]:
    """The fields that still hold what was shown with this version; none where it does not say."""
    digests = version.split(".")[1:]
    if len(digests) != len(FIELDS):
        return set()
    kept = dict(zip(FIELDS, digests, strict=True))
    return {name for name, text in typed.items() if kept.get(name) == _digest(name, text)}


def _digest(name: str, text: str) -> str:
    text = clean_notes(text) if name == "notes" else text.strip()
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()
