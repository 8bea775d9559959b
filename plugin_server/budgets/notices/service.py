"""Telling project managers, in the ticket itself: an internal note that mentions them, once for each thing told.

The helpdesk has no idempotency key, so each note carries its notice's id in a link; after a call whose outcome is not
known the ticket's articles are looked through for it before it is sent again.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

from markupsafe import escape

from plugin_server.budgets import store as budgets_store
from plugin_server.budgets.managers import Managers, Told
from plugin_server.budgets.notices import store
from plugin_server.helpdesk import base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.outbox.rules import retry_delay
from plugin_server.runtime import i18n, log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.i18n import later
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.intake import Intake

LEASE = timedelta(seconds=60)
AT_ONCE = 10
TRIES = 40
"""After so many (hours of them) a notice is given up and shown on the dashboard."""

MAILS = 4
"""After so many tries an e-mail becomes a note that mentions nobody."""

ALERT = "alert"
"""The kind of a notice that the assigned agent hears as well: a budget's level was crossed."""

_logger = log.get(__name__)


class Notices:
    """Sends what is to be told, as the service user, in the language that the helpdesk is written in."""

    def __init__(
        self,
        pool: Pool,
        helpdesk: Helpdesk,
        token: str,
        managers: Managers,
        intake: Intake,
        public_url: str,
        lang: str,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._intake = intake
        self._helpdesk = helpdesk
        self._token = token
        self._managers = managers
        self._public_url = public_url
        self._lang = lang
        self._clock = clock

    async def step(self) -> int:
        """Send what is due; returns how many notices were tried."""
        now = self._clock.now()
        due = await store.due(self._pool, now, now + LEASE, AT_ONCE)
        for number, notice in enumerate(due):
            try:
                with i18n.speaking(self._lang):
                    await self._send(notice)
            except asyncio.CancelledError:  # the worker ends; another one need not wait for our lease
                left = [notice.id for notice in due[number:]]
                await asyncio.shield(store.leave(self._pool, left, now + LEASE, self._clock.now()))
                raise
        return len(due)

    async def _send(self, notice: store.Notice) -> None:
        try:
            # A ticket that another one was merged into may not have been seen yet.
            ticket = await tickets_store.ticket(self._pool, notice.ticket_id) or await self._intake.read(
                notice.ticket_id
            )
        except base.HelpdeskError as error:
            await self._later(notice, error)
            return
        one = await budgets_store.budget(self._pool, notice.ticket_id)
        if ticket is None or ticket.deleted_at is not None:
            await self._give_up(notice, later("The helpdesk no longer has the ticket."))
            return
        mailed = notice.mailed
        try:
            if notice.called and (article_id := await self._sent(notice)) is not None:
                await store.told(self._pool, notice, article_id, self._clock.now(), "")
                return
            told = await self._managers.of(ticket, one.accepted_pm if one else ticket.pm_text)
            if notice.kind == ALERT:
                told = told.and_also(await self._managers.owner(ticket))
            await store.calling(self._pool, notice.id)
            article_id = await self._post(notice, ticket, told, mailed=mailed)
        except (base.Refused, base.Denied) as error:
            # The helpdesk lets nobody be mentioned who can't read the ticket: then by e-mail.
            if mailed:
                await self._give_up(notice, str(error))
                return
            now = self._clock.now()
            await store.not_told(self._pool, notice.id, str(error), now, mailed=True, called=False)
        except base.Missing:
            await self._give_up(notice, later("The helpdesk no longer has the ticket."))
        except base.HelpdeskError as error:
            await self._later(notice, error)
        else:
            to = ", ".join(member.name for member in told.members)
            await store.told(self._pool, notice, article_id, self._clock.now(), to)
            _logger.info("project manager told", ticket=notice.ticket_id, kind=notice.kind, article=article_id)

    async def _post(self, notice: store.Notice, ticket: tickets_store.Ticket, told: Told, *, mailed: bool) -> int:
        if mailed and notice.attempts >= MAILS:
            # A group without an address sends none; said in the ticket is better than not at all.
            return await self._helpdesk.add_note(self._token, ticket.id, self._html(notice, "", told))
        if not mailed:
            mentions = " ".join(self._helpdesk.mention(member.id, member.name) for member in told.members)
            return await self._helpdesk.add_note(self._token, ticket.id, self._html(notice, mentions, told))
        addresses = ", ".join(member.email for member in told.members if member.email)
        if not addresses:
            return await self._helpdesk.add_note(self._token, ticket.id, self._html(notice, "", told))
        subject = f"[#{ticket.number}] {ticket.title}"
        names = ", ".join(escape(member.name) for member in told.members)
        return await self._helpdesk.send_mail(
            self._token, ticket.id, addresses, subject, self._html(notice, names, told)
        )

    def _html(self, notice: store.Notice, whom: str, told: Told) -> str:
        """The note: who, what, where to decide; and its id, by which it is found again."""
        link = escape(f"{self._public_url}/dashboard?ticket={notice.ticket_id}&notice={notice.id}")
        parts = [f"<p>{whom}</p>" if whom else "", f"<p>{escape(i18n.retold(notice.words))}</p>"]
        if told.skipped:
            names = ", ".join(told.skipped)
            words = _("Not told, for want of the project manager role: {names}.").format(names=names)
            parts.append(f"<p>{escape(words)}</p>")
        if not told.members:
            words = _("Nobody holds the project manager role.")
            parts.append(f"<p>{escape(words)}</p>")
        parts.append(f'<p><a href="{link}">Deskhours</a></p>')
        return "".join(parts)

    async def _sent(self, notice: store.Notice) -> int | None:
        """The article of an earlier try, if that got through."""
        mark = str(notice.id)
        articles = await self._helpdesk.articles(self._token, notice.ticket_id)
        return next((article.id for article in articles if mark in article.body), None)

    async def _later(self, notice: store.Notice, error: base.HelpdeskError) -> None:
        _logger.warning("notice not sent", notice=str(notice.id), ticket=notice.ticket_id, reason=str(error))
        if notice.attempts + 1 >= TRIES:
            await self._give_up(notice, str(error))
            return
        again = self._clock.now() + retry_delay(notice.attempts + 1)
        await store.not_told(self._pool, notice.id, str(error), again, mailed=notice.mailed, called=True)

    async def _give_up(self, notice: store.Notice, problem: str) -> None:
        _logger.error("notice given up", notice=str(notice.id), ticket=notice.ticket_id, reason=problem)
        await store.not_told(self._pool, notice.id, problem, None, mailed=notice.mailed, called=notice.called)
