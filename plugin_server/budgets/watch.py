"""Replies that got out of a locked ticket: what Zammad's gate does not stop is noticed and reported.

Source of the holes: Zammad's own paths by which a reply leaves. The gate binds writes of the ticket; an article sent by
itself, an old note made public, a merge and a split pass it.
"""

from __future__ import annotations

from datetime import timedelta

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.budgets import store
from plugin_server.budgets.notices import store as notices_store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import later
from plugin_server.tickets import store as tickets_store

AGAIN = timedelta(seconds=30)
"""A ticket whose articles can't be read waits so long for its next turn."""

_logger = log.get(__name__)


class Watch:
    """Looks at locked tickets that have changed."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, token: str, people: People, clock: Clock) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._token = token
        self._people = people
        self._clock = clock

    async def step(self) -> int:
        """Look at every locked ticket that has changed since last time; returns how many there were."""
        watched = await store.watched(self._pool, self._clock.now())
        count = 0
        for ticket in await tickets_store.tickets(self._pool, list(watched)):
            state = watched[ticket.id]
            if state.watched_at is not None and state.watched_at >= ticket.updated_at:
                continue
            try:
                await self._look(ticket, state)
            except base.HelpdeskError as error:
                # One ticket that can't be looked at holds up no other.
                _logger.warning("a locked ticket can't be looked at", ticket=ticket.id, reason=str(error))
                await store.watch_later(self._pool, ticket.id, self._clock.now() + AGAIN)
            count += 1
        return count

    async def _look(self, ticket: tickets_store.Ticket, state: store.Watched) -> None:
        articles = await self._helpdesk.articles(self._token, ticket.id)
        linked = await self._helpdesk.linked_tickets(self._token, ticket.id)
        for article in articles:
            flipped = article.id in state.internal_articles and not article.internal
            if flipped or (_is_new(article, state) and not (article.internal and article.kind == "note")):
                await self._report_article(ticket, article, flipped=flipped)
        if state.watched_article is not None:
            for other in sorted(linked - set(state.linked_tickets)):
                await self._report_link(ticket, other, state)
        await store.watch(
            self._pool,
            ticket.id,
            ticket.updated_at,
            max((article.id for article in articles), default=0),
            [article.id for article in articles if article.internal],
            sorted(linked),
        )

    async def _offender(self, user_id: int) -> Member | None:
        """Who has done it, if it is somebody whom the lock binds: an agent who is no project manager. What an article
        calls its sender proves nothing: whoever sends one by the API may say so."""
        member = await self._people.member(user_id)
        if member is None or not member.may_read_any:
            return None
        return None if self._people.may_manage(member) or self._people.is_service(member) else member

    async def _report_article(self, ticket: tickets_store.Ticket, article: base.Article, *, flipped: bool) -> None:
        author = article.changed_by if flipped and article.changed_by else article.author_id
        member = await self._offender(author)
        if member is None:
            return
        if flipped:
            words = later("{name} made an internal note public although the ticket is locked.").format(name=member.name)
        else:
            words = later("{name} replied although the ticket is locked ({kind}, article {article}).").format(
                name=member.name, kind=article.kind, article=article.id
            )
        await self._report(ticket, words, author, member.name, article.id)

    async def _report_link(self, ticket: tickets_store.Ticket, other: int, state: store.Watched) -> None:
        """A ticket made since the lock and linked with the locked one: split off it, most likely."""
        try:
            made = await self._helpdesk.ticket(self._token, other, seconds=10)
        except (base.Missing, base.Denied):
            return
        if made.created_at is None or state.watched_from is None or made.created_at < state.watched_from:
            return
        member = await self._offender(made.created_by or 0)
        if member is None:
            return
        words = later("{name} opened ticket #{number}, linked with this one, although this one is locked.").format(
            name=member.name, number=made.number
        )
        await self._report(ticket, words, member.id, member.name, None)

    async def _report(
        self, ticket: tickets_store.Ticket, words: str, author: int, name: str, article_id: int | None
    ) -> None:
        now = self._clock.now()
        event = store.Event(
            ticket.id, now, "bypassed", by_user=author, by_name=name, reason=words, article_id=article_id
        )
        async with self._pool.acquire() as connection, connection.transaction():
            if await store.write_down(connection, event):
                await notices_store.tell(connection, ticket.id, "bypassed", words, now)
                _logger.warning("a locked ticket was bypassed", ticket=ticket.id, by=author, article=article_id)


def _is_new(article: base.Article, state: store.Watched) -> bool:
    """Whether an article came after the last look; at the first look, after the helpdesk began to keep the ticket
    locked."""
    if state.watched_article is not None:
        return article.id > state.watched_article
    began = state.watched_from
    return began is not None and article.created_at is not None and article.created_at > began
