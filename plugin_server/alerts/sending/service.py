"""Sends what is queued: e-mails and chat messages, each by one worker; those that go one way, one at a time.

Each is a row first. Who takes it counts a try and holds it for longer than any call takes; then it is delivered, queued
again with a growing pause, or given up and shown. A call whose outcome nobody knows (a worker that was killed, a server
that hung up) is made again: neither a mail server nor a webhook can be asked what it has. So what is told may come
twice after such a break, and is never lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

from plugin_server.accounts.people.service import People
from plugin_server.accounts.people.store import Member
from plugin_server.alerts import rules, store, words
from plugin_server.alerts.digest import Digests
from plugin_server.alerts.sending import mail
from plugin_server.alerts.sending import store as sending_store
from plugin_server.alerts.sending.chat import Chat
from plugin_server.alerts.sending.mail import Letter, Server
from plugin_server.alerts.sending.outcome import Never, NotNow, Pointless
from plugin_server.alerts.sending.store import Delivery
from plugin_server.alerts.store import Alert, Person
from plugin_server.alerts.words import About
from plugin_server.helpdesk.base import Helpdesk, HelpdeskError
from plugin_server.runtime import i18n, log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.templates import Templates
from plugin_server.tickets import store as tickets_store

LANES = (("email", "digest"), ("chat",))
"""Channels that go to the same server. No lane waits for another: a server that hangs holds up its own alone."""

LEASE = timedelta(minutes=1)
"""Outlasts a session with a mail server, and a chat's answer."""

STEP_SECONDS = 10.0
"""After so long what is left waits for the next step: a worker's job has its own limit."""

KEPT = timedelta(days=400)
"""What was told is remembered for so long."""

_logger = log.get(__name__)


class Deliveries:
    """Sends; ``server`` and ``chat`` are ``None`` where the manifest names none. ``lang`` is the helpdesk's language:
    that of the chat's room, and of e-mails to people whose own is not known."""

    def __init__(
        self,
        pool: Pool,
        people: People,
        helpdesk: Helpdesk,
        digests: Digests,
        server: Server | None,
        chat: Chat | None,
        templates: Templates,
        lang: str,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._people = people
        self._helpdesk = helpdesk
        self._digests = digests
        self._server = server
        self._chat = chat
        self._templates = templates
        self._lang = lang
        self._clock = clock
        self._ways: dict[str, Callable[[Delivery], Awaitable[None]]] = {
            "email": self._email,
            "chat": self._to_chat,
            "digest": self._digest,
        }

    async def step(self) -> int:
        """Send what is due, as far as time allows; returns how many were tried."""
        return sum(await asyncio.gather(*(self._send(lane) for lane in LANES)))

    async def _send(self, channels: tuple[str, ...]) -> int:
        loop, tried = asyncio.get_running_loop(), 0
        end = loop.time() + STEP_SECONDS
        while loop.time() < end:
            one = await sending_store.take(self._pool, channels, self._clock.now(), LEASE)
            if one is None:
                break
            await self._deliver(one)
            tried += 1
        return tried

    async def tidy(self) -> None:
        """Put away what nobody will fetch any more, and what is long past."""
        now = self._clock.now()
        await sending_store.expire(self._pool, now)
        await store.forget(self._pool, now - KEPT)
        await sending_store.forget(self._pool, now - KEPT)

    async def retry(self, delivery_id: UUID) -> bool:
        """A person wants it tried again; ``False`` when there is nothing to try."""
        now = self._clock.now()
        return await sending_store.retry(self._pool, delivery_id, now, now + rules.GIVE_UP)

    async def _deliver(self, one: Delivery) -> None:
        try:
            await self._ways[one.channel](one)
        except Pointless:
            await sending_store.drop(self._pool, one)
        except Never as refusal:
            await self._not_sent(one, str(refusal), None)
        except NotNow as trouble:
            await self._not_sent(one, str(trouble), trouble.after or rules.pause(one.attempts))
        except HelpdeskError:
            await self._not_sent(one, _("The helpdesk does not answer."), rules.pause(one.attempts))
        except Exception:
            # The row must not be tried at full speed for ever, nor hold up the others.
            _logger.exception("an alert can't be sent", delivery=str(one.id), channel=one.channel)
            problem = _("Deskhours made a mistake; see the worker's log.")
            await self._not_sent(one, problem, rules.pause(one.attempts))
        else:
            await sending_store.sent(self._pool, one, self._clock.now())
            _logger.info("alert delivered", delivery=str(one.id), channel=one.channel)

    async def _not_sent(self, one: Delivery, problem: str, after: timedelta | None) -> None:
        now = self._clock.now()
        again = None if after is None or now + after > one.give_up_at else now + after
        log_it = _logger.error if again is None else _logger.warning
        log_it("alert not delivered", delivery=str(one.id), channel=one.channel, reason=problem, again=str(again))
        await sending_store.not_sent(self._pool, one, problem, again)

    async def _email(self, one: Delivery) -> None:
        alert, about = await self._subject(one)
        member, person = await self._reader(one.user_id)
        with i18n.speaking(person.lang):
            headline, lines = words.headline(alert, about), words.facts(alert, about)
            html = self._templates.render(
                "alerts/mail.html", person.lang, headline=headline, lines=lines, url=about.url
            )
            text = "\n".join([headline, "", *lines, "", about.url, "", _mailed_by()])
        await self._mail(one, member, person, headline, text, html)

    async def _digest(self, one: Delivery) -> None:
        if self._clock.now() > one.give_up_at:
            raise Pointless  # a later day's has taken its place
        member, person = await self._reader(one.user_id)
        with i18n.speaking(person.lang):
            digest = await self._digests.of(member)
            if not digest.lines:
                raise Pointless
            html = self._templates.render("alerts/digest.html", person.lang, digest=digest)
            text = "\n".join([*digest.text(), "", _mailed_by()])
            subject = digest.subject
        await self._mail(one, member, person, subject, text, html)

    async def _mail(self, one: Delivery, member: Member, person: Person, subject: str, text: str, html: str) -> None:
        if self._server is None:
            raise Never(_("The manifest names no mail server any more."))
        if not member.email:
            raise Never(_("The helpdesk knows no e-mail address of {name}.").format(name=member.name))
        letter = Letter(
            str(one.id), words.one_line(member.name), member.email, subject, text, html, person.lang, one.created_at
        )
        await mail.send(self._server, mail.compose(self._server, letter))

    async def _to_chat(self, one: Delivery) -> None:
        if self._chat is None:
            raise Never(_("The manifest names no chat any more."))
        alert, about = await self._subject(one)
        with i18n.speaking(self._lang):
            headline, lines, link = words.headline(alert, about), words.facts(alert, about), _("Open the ticket")
        await self._chat.post(headline, lines, about.url, link)

    async def _subject(self, one: Delivery) -> tuple[Alert, About]:
        alert = await store.alert(self._pool, one.alert_id) if one.alert_id else None
        ticket = await tickets_store.ticket(self._pool, alert.ticket_id) if alert else None
        if alert is None or ticket is None or ticket.deleted_at is not None:
            raise Pointless
        return alert, About(ticket.number, ticket.title, self._helpdesk.ticket_url(ticket.id))

    async def _reader(self, user_id: int) -> tuple[Member, Person]:
        member = await self._people.member(user_id)
        if member is None or not member.active:
            raise Pointless
        person = (await store.people(self._pool, [user_id], self._lang))[user_id]
        if not person.email:
            raise Pointless
        return member, person


def _mailed_by() -> str:
    return _("Sent by Deskhours. You can turn these e-mails off in its popup in your browser.")
