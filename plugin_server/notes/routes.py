"""HTTP of notes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, StrictStr

from plugin_server.notes.service import Notes, Written
from plugin_server.runtime.api import Answer, Call, Route
from plugin_server.runtime.errors import Invalid
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later

LONGEST_TEXT = 100_000
"""Characters of a reply that are taken; who types more than that has pasted something."""

_WHY = {
    "not_configured": later("Made on this server, without AI. Check it before you log."),
    "limit": later("Your AI notes for today are used up; this one was made on this server. Check it before you log."),
    "no_good": later("The AI wrote no usable note; this one was made on this server. Check it before you log."),
    "slow": later("The AI did not answer in time; this note was made on this server. Check it before you log."),
    "busy": later("The AI is busy right now; this note was made on this server. Check it before you log."),
}
_AWAY = later("The AI can't be used right now; this note was made on this server. Check it before you log.")


class NoteIn(BaseModel):
    """The reply that a note is wanted for."""

    model_config = ConfigDict(extra="forbid")

    text: StrictStr = Field(
        max_length=LONGEST_TEXT,
        description="The reply as it is typed, as plain text. It is not kept, and not logged.",
    )


class NoteOut(BaseModel):
    """A note."""

    note: str = Field(description="2 to 8 words.")
    source: Literal["model", "offline"] = Field(
        description="Who wrote it: the language model that the manifest names, or this server by rule."
    )
    message: str = Field(description="Who wrote it, in words for people.")


class NoteRoutes:
    """Handlers of the notes."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "POST",
                r"/api/v1/tickets/{ticket_id:\d{1,15}}/note",
                self.write_note,
                "Write the note of a time entry from a reply",
                body=NoteIn,
                answer=NoteOut,
                refusals=(401, 403, 404, 413, 422, 503),
                description="In the reply's language. Where the manifest names a model, the reply goes there, without"
                " what was quoted, signatures, addresses, numbers and secrets (docs/notes.md). Nothing of it is"
                " stored.",
            )
        ]

    async def write_note(self, call: Call[NoteIn]) -> Answer:
        if not call.body.text.strip():
            raise Invalid(_("There is no text yet that a note could be made of."), fields={"text": _("Expected text.")})
        written = await self._notes.write(call.caller, call.path_int("ticket_id"), call.body.text)
        if written is None:
            words = _("The reply is too short for a note; type a few words.")
            raise Invalid(words, code="no_note", fields={"text": words})
        return Answer(NoteOut(note=written.note, source=written.source, message=_words(written)))


def _words(written: Written) -> str:
    if written.source == "model":
        return _("Written by AI. Check it before you log.")
    return _(_WHY.get(written.why or "", _AWAY))
