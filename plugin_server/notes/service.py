"""Writing a note: by the model where there is one, else on this server; in ten seconds in any case."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Literal

from plugin_server.notes import offline, phrasing, rules, store
from plugin_server.notes.cutting import Cut, cut
from plugin_server.notes.languages import Language, told_by
from plugin_server.notes.model import Asked, ModelFailed
from plugin_server.notes.model import Why as ModelWhy
from plugin_server.runtime import clock as clocks
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.service import Tickets

MODEL_SECONDS = 6.0
"""Time that the model has altogether, its second try included: with the helpdesk's two seconds for whether the agent
may see the ticket, and a second to load the library the first time, an answer is there before the extension gives up
(ten seconds)."""

LEAST_SECONDS = 1.0
"""A second try is not begun with less."""

Why = ModelWhy | Literal["not_configured", "limit", "no_good"]
"""Why the model did not write the note: there is none; the agent's day is used up; what it wrote was no note; or as the
model failed."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Written:
    """A note. ``why`` says of one made offline why the model did not write it."""

    note: str
    source: Literal["model", "offline"]
    why: Why | None = None


class Notes:
    """The wand. ``model`` is ``None`` where the manifest names none; ``daily_limit`` is of questions to it, for each
    agent and day in the agent's zone; ``try_seconds`` is its time for one answer."""

    def __init__(
        self, pool: Pool, tickets: Tickets, model: Asked | None, daily_limit: int, try_seconds: float, clock: Clock
    ) -> None:
        self._pool = pool
        self._tickets = tickets
        self._model = model
        self._daily_limit = daily_limit
        self._try_seconds = try_seconds
        self._clock = clock

    @property
    def uses_model(self) -> bool:
        """Whether a press may send text to a model."""
        return self._model is not None

    async def write(self, caller: Caller, ticket_id: int, reply: str) -> Written | None:
        """A note for the reply that the caller is typing on a ticket; ``None`` where its text says too little.

        Raises as :meth:`Tickets.require` for who may not see the ticket.
        """
        await self._tickets.require(caller, ticket_id)
        text = await asyncio.to_thread(cut, reply, caller.name)
        if not text.sentences:
            return None
        language = told_by(text.text)
        by_model, why = await self._by_model(caller, text, language)
        if by_model is not None:
            return Written(by_model, "model")
        made = await asyncio.to_thread(offline.make, text, language)
        return Written(made, "offline", why) if made is not None else None

    async def close(self) -> None:
        """Close the model's connections."""
        if self._model is not None:
            await self._model.close()

    async def _by_model(self, caller: Caller, text: Cut, language: Language | None) -> tuple[str | None, Why | None]:
        if self._model is None:
            return None, "not_configured"
        end = time.monotonic() + MODEL_SECONDS
        wrong: list[str] = []
        last = ""
        day = clocks.today(self._clock, caller.zone)
        try:
            for number in (1, 2):
                left = min(self._try_seconds, end - time.monotonic())
                if left < LEAST_SECONDS:
                    break
                if not await store.take(self._pool, caller.agent_id, day, self._daily_limit):
                    if number == 1:
                        return None, "limit"
                    break
                note = rules.tidy(await self._model.answer(text.text, wrong, left))
                wrong = rules.faults(note, text, language)
                if not wrong:
                    return note, None
                last = note
        except ModelFailed as failed:
            _logger.warning("the note's model gave no answer", why=failed.why)
            if not last:
                return None, failed.why
        short = phrasing.shortened(last, language)
        return (short, None) if last and not rules.faults(short, text, language) else (None, "no_good")
