"""A ticket's messages, replies, notes and calls in its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.runtime.timeline import Group, Item, Place, Request, Someone
from plugin_server.tickets.articles import rules, store
from plugin_server.tickets.articles.rules import Head
from plugin_server.tickets.articles.service import Articles, Text

_LABELS: dict[rules.Kind, str] = {
    "message": later("Customer's message"),
    "reply": later("Reply"),
    "internal": later("Internal message"),
    "internal_note": later("Internal note"),
    "note": later("Note"),
    "call": later("Phone call"),
    "system": later("Automatic message"),
}


class ArticleSource:
    """Articles by their heads; texts are asked of the helpdesk as the reader, for what is shown alone."""

    group: Group = "messages"
    rank = 1

    def __init__(self, pool: Pool, articles: Articles, helpdesk: Helpdesk) -> None:
        self._pool = pool
        self._articles = articles
        self._helpdesk = helpdesk

    async def people(self, ticket_id: int, *, internal: bool) -> Sequence[Someone]:
        """Who has written."""
        found = await store.writers(self._pool, ticket_id, internal=internal)
        return [Someone(name, helpdesk_id=user_id) for user_id, name in found.items()]

    async def items(self, request: Request, limit: int) -> list[Item]:
        """Articles in order, without their texts."""
        if request.billable is not None:
            return []
        writers = None if request.person is None else request.person.helpdesk_ids
        chosen = store.Choice(request.ticket_id, request.since, request.until, writers, request.internal)
        beyond = request.beyond(self.rank)
        heads = await store.heads(self._pool, chosen, beyond, limit, newest_first=request.newest_first)
        return [self._item(request, head) for head in heads]

    async def complete(self, request: Request, items: Sequence[Item], *, whole: bool) -> Sequence[Item]:
        """The texts, as the helpdesk gives them to the reader; articles that it does not give are left out."""
        ids = [item.place.id for item in items]
        if not whole:
            texts = await self._articles.texts(request.caller, ids)
        else:
            try:
                texts = await self._articles.all_texts(request.caller, request.ticket_id) if ids else {}
                texts = {number: texts.get(number, Text(trouble="denied")) for number in ids}
            except (base.HelpdeskError, CannotRefresh, NotConnected):
                texts = {number: Text(trouble="away") for number in ids}
        away = _("The helpdesk did not give this text in time.")
        return [
            replace(item, text=text.words, is_cut=text.is_cut, trouble=away if text.trouble else "")
            for item in items
            if (text := texts[item.place.id]).trouble not in ("denied", "gone")
        ]

    def _item(self, request: Request, head: Head) -> Item:
        kind = rules.kind(head)
        return Item(
            Place(head.created_at, self.rank, head.id),
            self.group,
            kind,
            _(_LABELS[kind]),
            by=request.names.get(head.writer_id) or head.writer,
            url=self._helpdesk.article_url(head.ticket_id, head.id),
            internal=head.internal,
        )
