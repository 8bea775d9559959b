"""Articles of tickets: heads kept for timelines that people open, texts read as the reader when they are shown."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from plugin_server.accounts.tokens import CannotRefresh, NotConnected, Tokens
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import Queue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.articles import rules, store

ARTICLES_JOB = "read_articles"
"""Nudged with a ticket's id to have its heads read, however long that takes."""

OPEN_SECONDS = 3.0
"""Who opens a timeline waits so long for heads that are not there yet; after that they are read in the background."""

TEXT_SECONDS = 4.0
"""Longest wait for all texts of a page."""

AT_ONCE = 8
"""Texts that are asked for at the same time."""

TEXTS_KEPT = timedelta(minutes=10)
"""For so long a text that was read as a person is not asked for again for the same person: articles don't change. Who
may see the ticket is asked each minute all the same."""

TEXTS = 5000
"""Texts kept at most, in a process."""

FOLLOWED = timedelta(days=30)
"""After so long without anybody opening its timeline, a ticket's heads are no longer kept up to date."""

AT_A_TIME = 20
"""Tickets whose heads are read in one step."""

AGAIN = timedelta(minutes=1)

Trouble = Literal["away", "denied", "gone"]
"""Why there is no text: the helpdesk does not answer in time, does not let the reader see it, no longer has it."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Text:
    """An article's words without markup, shortened (``is_cut``); or why there are none."""

    words: str = ""
    is_cut: bool = False
    trouble: Trouble | None = None


class Articles:
    """Keeps heads true and reads texts. ``token`` is the service user's: it sees all articles."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, token: str, tokens: Tokens, queue: Queue, clock: Clock) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._tokens = tokens
        self._queue = queue
        self._clock = clock
        self._texts: OrderedDict[tuple[int, int], tuple[datetime, Text]] = OrderedDict()

    async def opened(self, ticket_id: int) -> bool:
        """Somebody opens a ticket's timeline: have its heads there. ``False`` when they could not be read in time; what
        is known of them then is older, or nothing."""
        reading = await store.opened(self._pool, ticket_id, self._clock.now())
        if not reading.stale:
            return True
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await self.read(ticket_id)
        except (base.HelpdeskError, TimeoutError) as error:
            _logger.warning("articles not read", ticket=ticket_id, reason=str(error) or "it takes too long")
            await self._queue.nudge(ARTICLES_JOB, ticket_id)
            return False
        return True

    async def read(self, ticket_id: int) -> None:
        """Read a ticket's heads as they are now. Raises :class:`~plugin_server.helpdesk.base.HelpdeskError`."""
        ticket = await tickets_store.ticket(self._pool, ticket_id)
        if ticket is None:
            return
        try:
            found = await self._helpdesk.articles(self._token, ticket_id)
        except base.Missing:
            found = []
        heads = [rules.head(one, ticket.updated_at) for one in found]
        async with self._pool.acquire() as connection:
            await store.replace(connection, ticket_id, ticket.updated_at, heads)

    async def job(self, ticket_id: int) -> None:
        """As :meth:`read`, for the worker: what fails is tried again."""
        try:
            await self.read(ticket_id)
        except base.HelpdeskError as error:
            _logger.warning("articles not read", ticket=ticket_id, reason=str(error))
            await store.later(self._pool, ticket_id, self._clock.now() + AGAIN)

    async def step(self) -> int:
        """Read the heads of tickets that have changed since; returns how many there were."""
        now = self._clock.now()
        waiting = await store.stale(self._pool, now, now - FOLLOWED, AT_A_TIME)
        for ticket_id in waiting:
            await self.job(ticket_id)
        return len(waiting)

    async def texts(self, caller: Caller, ids: Sequence[int]) -> dict[int, Text]:
        """The texts of articles, by id, read as the caller, some at a time and within :data:`TEXT_SECONDS` in all."""
        now = self._clock.now()
        found = {number: text for number in ids if (text := self._kept(caller.agent_id, number, now))}
        wanted = [number for number in ids if number not in found]
        if not wanted:
            return found
        found |= {number: Text(trouble="away") for number in wanted}
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(token: str, number: int) -> None:
            async with turns:
                text = found[number] = await self._text(token, number)
            if text.trouble is None:
                self._keep(caller.agent_id, number, now, text)

        async def all_of_them(token: str) -> None:
            outcomes = await asyncio.gather(*(one(token, number) for number in wanted), return_exceptions=True)
            for error in outcomes:
                if error is not None:
                    raise error

        try:
            async with asyncio.timeout(TEXT_SECONDS):
                await self._tokens.with_helpdesk(caller.agent_id, all_of_them)
        except (base.HelpdeskError, CannotRefresh, NotConnected, TimeoutError) as error:
            _logger.warning("texts not read", reason=str(error) or "it takes too long")
        return found

    async def all_texts(self, caller: Caller, ticket_id: int) -> dict[int, Text]:
        """The texts of all articles that the caller may see, at once and at full length, for an export. Raises
        :class:`~plugin_server.helpdesk.base.HelpdeskError`, :class:`CannotRefresh`, :class:`NotConnected`."""
        found = await self._tokens.with_helpdesk(
            caller.agent_id, lambda token: self._helpdesk.articles(token, ticket_id)
        )
        return {
            one.id: Text(rules.plain(one.body, is_html=one.is_html), is_cut=rules.is_too_long(one.body))
            for one in found
        }

    async def _text(self, token: str, article_id: int) -> Text:
        try:
            found = await self._helpdesk.article(token, article_id, seconds=TEXT_SECONDS)
        except base.Denied:
            return Text(trouble="denied")
        except base.Missing:
            await store.forget(self._pool, article_id)
            return Text(trouble="gone")
        except base.Unauthorized:
            raise
        except base.HelpdeskError:
            return Text(trouble="away")
        words, is_cut = rules.shortened(rules.plain(found.body, is_html=found.is_html))
        return Text(words, is_cut)

    def _kept(self, agent_id: int, article_id: int, now: datetime) -> Text | None:
        kept = self._texts.get((agent_id, article_id))
        return kept[1] if kept and now - kept[0] < TEXTS_KEPT else None

    def _keep(self, agent_id: int, article_id: int, now: datetime, text: Text) -> None:
        self._texts[agent_id, article_id] = now, text
        while len(self._texts) > TEXTS:
            self._texts.popitem(last=False)
