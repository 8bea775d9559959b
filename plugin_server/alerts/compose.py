"""The parts of alerts, plugged together from the manifest, for server and worker."""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from plugin_server.accounts.people.service import People
from plugin_server.alerts.desktop import Desktop
from plugin_server.alerts.digest import Digests
from plugin_server.alerts.judging import Judging, Ways, levels
from plugin_server.alerts.sending.chat import Chat
from plugin_server.alerts.sending.mail import Server
from plugin_server.alerts.sending.service import Deliveries
from plugin_server.budgets.managers import Managers
from plugin_server.budgets.service import Budgets
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Alerts as Settings
from plugin_server.manifest import Email
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.templates import Templates


@dataclass(frozen=True)
class Alerts:
    """What of alerts others plug in. ``digests`` is ``None`` where the manifest wants none; ``own`` are the ways that
    each person may turn off."""

    judging: Judging
    deliveries: Deliveries
    digests: Digests | None
    desktop: Desktop
    own: tuple[str, ...]


def compose(
    pool: Pool,
    budgets: Budgets,
    managers: Managers,
    people: People,
    helpdesk: Helpdesk,
    session: aiohttp.ClientSession,
    settings: Settings,
    public_url: str,
    lang: str,
    clock: Clock,
) -> Alerts:
    """Alerts as the manifest has them; ``lang`` is the helpdesk's language, which the chat speaks."""
    digest = settings.digest
    ways = Ways(
        levels(settings.levels),
        settings.note,
        settings.email is not None and not (digest is not None and digest.instead),
        settings.chat is not None,
        settings.desktop,
    )
    digests = Digests(
        pool,
        people,
        managers,
        helpdesk,
        public_url,
        digest.hour if digest else 0,
        frozenset(digest.weekdays) if digest else frozenset(),
        budgets.policy.thresholds.yellow,
        clock,
    )
    room = settings.chat
    chat = Chat(session, room.url.get_secret_value(), room.format, clock) if room else None
    server = server_of(settings.email) if settings.email else None
    deliveries = Deliveries(pool, people, helpdesk, digests, server, chat, Templates(), lang, clock)
    own = ("desktop",) * settings.desktop + ("email",) * (settings.email is not None)
    return Alerts(
        Judging(pool, budgets, managers, ways, clock),
        deliveries,
        digests if digest else None,
        Desktop(pool, helpdesk, clock, on=settings.desktop),
        own,
    )


def server_of(email: Email) -> Server:
    """The mail server that the manifest names."""
    password = email.password.get_secret_value() if email.password else None
    return Server(email.host, email.port, email.tls, email.user, password, email.sender)
