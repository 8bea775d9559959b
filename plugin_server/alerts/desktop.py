"""Notifications of the browser: fetched by the extension of who is told, shown once over all their browsers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from plugin_server.alerts import store, words
from plugin_server.alerts.sending import store as sending_store
from plugin_server.alerts.words import About
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.runtime import i18n
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.tickets import store as tickets_store

LEASE = timedelta(minutes=2)
"""For so long one browser has what it fetched to itself; another gets it when that one has not said that it was
shown."""


@dataclass(frozen=True)
class Notification:
    """What a browser shows; a click on it opens ``url``."""

    id: UUID
    title: str
    message: str
    url: str


class Desktop:
    """What waits for a person's browser. ``on`` is the manifest's word."""

    def __init__(self, pool: Pool, helpdesk: Helpdesk, clock: Clock, *, on: bool) -> None:
        self._pool = pool
        self._helpdesk = helpdesk
        self._clock = clock
        self._on = on

    async def take(self, caller: Caller, lang: str) -> list[Notification]:
        """What the caller's browser is to show now, in its language, in which e-mails are written from now on too."""
        await store.speaks(self._pool, caller.helpdesk_user_id, lang)
        if not self._on:
            return []
        taken = await sending_store.take_desktop(self._pool, caller.helpdesk_user_id, self._clock.now(), LEASE)
        found, gone = [], []
        with i18n.speaking(lang):
            for one in taken:
                alert = await store.alert(self._pool, one.alert_id) if one.alert_id else None
                ticket = await tickets_store.ticket(self._pool, alert.ticket_id) if alert else None
                if alert is None or ticket is None or ticket.deleted_at is not None:
                    gone.append(one.id)
                    continue
                about = About(ticket.number, ticket.title, self._helpdesk.ticket_url(ticket.id))
                headline, lines = words.headline(alert, about), words.facts(alert, about)
                found.append(Notification(one.id, headline, "\n".join(lines), about.url))
        await sending_store.shown(self._pool, caller.helpdesk_user_id, gone, self._clock.now())
        return found

    async def shown(self, caller: Caller, delivery_id: UUID) -> None:
        """The caller's browser has shown it; no other does any more."""
        await sending_store.shown(self._pool, caller.helpdesk_user_id, [delivery_id], self._clock.now())

    async def want(self, caller: Caller, channel: str, *, wanted: bool) -> None:
        """Whether the caller wants to hear by ``email`` or on the ``desktop``."""
        await store.want(self._pool, caller.helpdesk_user_id, channel, wanted=wanted)
        if channel == "desktop" and not wanted:
            await sending_store.finish(self._pool, caller.helpdesk_user_id, self._clock.now())
