"""Replies that got out of a locked ticket: what Zammad's gate does not stop is noticed and reported.

Source of the holes: Zammad's own paths by which a reply leaves. The gate binds writes of the ticket; an article sent by
itself, an old note made public, a merge and a split pass it.
"""

from __future__ import annotations

from plugin_server.accounts.people.service import People
from plugin_server.budgets import store
from plugin_server.budgets.notices import store as notices_store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets import store as tickets_store

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
        watched = await store.watched(self._pool)
        count = 0
        for ticket in await tickets_store.tickets(self._pool, list(watched)):
            state = watched[ticket.id]
            if state.watched_at is None or state.watched_at < ticket.updated_at:
                try:
                    await self._look(ticket, state)
                except base.Missing:
                    continue  # the intake finds that out by itself
                count += 1
        return count

    async def _look(self, ticket: tickets_store.Ticket, state: store.Watched) -> None:
        articles = await self._helpdesk.articles(self._token, ticket.id)
        linked = await self._helpdesk.linked_tickets(self._token, ticket.id)
        now = self._clock.now()
        if state.watched_article is not None:
            for article in articles:
                flipped = article.id in state.internal_articles and not article.internal
                fresh = article.id > state.watched_article and not article.internal
                if (fresh and article.by_agent) or flipped:
                    await self._report_article(ticket, article, flipped=flipped)
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
        _logger.debug("locked ticket looked at", ticket=ticket.id, at=now.isoformat())

    async def _report_article(self, ticket: tickets_store.Ticket, article: base.Article, *, flipped: bool) -> None:
        author = article.changed_by if flipped and article.changed_by else article.author_id
        member = await self._people.member(author)
        if member is not None and (self._people.may_manage(member) or self._people.is_service(member)):
            return
        name = member.name if member else f"User {author}"
        if flipped:
            words = f"{name} made an internal note public although the ticket is locked."
        else:
            words = f"{name} replied although the ticket is locked ({article.kind}, article {article.id})."
        await self._report(ticket, words, author, name, article.id)

    async def _report_link(self, ticket: tickets_store.Ticket, other: int, state: store.Watched) -> None:
        """A ticket made since the lock and linked with the locked one: split off it, most likely."""
        made = await self._helpdesk.ticket(self._token, other, seconds=10)
        if made.created_at is None or state.locked_at is None or made.created_at < state.locked_at:
            return
        author = made.created_by or 0
        member = await self._people.member(author)
        if member is not None and (self._people.may_manage(member) or self._people.is_service(member)):
            return
        name = member.name if member else f"User {author}"
        words = f"{name} opened ticket #{made.number}, linked with this one, although this one is locked."
        await self._report(ticket, words, author, name, None)

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
