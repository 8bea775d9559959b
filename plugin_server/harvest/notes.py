"""Notes of a time entry as Harvest can hold them."""

from __future__ import annotations

import unicodedata

from plugin_server.runtime.i18n import gettext as _

MAXIMUM_NOTES = 5000
"""Longest note we send, in characters. Harvest's own limit is far above; nobody reads so much on an invoice."""


def clean_notes(text: str) -> str:
    """The notes without characters that no system can store or show; line ends as one character."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in text if _storable(char)).strip()


def too_long(notes: str) -> str | None:
    """Why these notes are refused, in words; ``None`` when they are not."""
    return (
        _("At most {maximum} characters; these are {count}.").format(maximum=MAXIMUM_NOTES, count=len(notes))
        if len(notes) > MAXIMUM_NOTES
        else None
    )


def _storable(char: str) -> bool:
    """Control characters but tab and line feed, and lone surrogates, can't be kept; everything else can."""
    return char in "\n\t" or (unicodedata.category(char) not in {"Cc", "Cs"})
