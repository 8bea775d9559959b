"""The whole chain, link by link: run by hand (``deskhours check``), and once a day by a worker, but for what takes an
administrator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from plugin_server.accounts.tokens import Tokens
from plugin_server.check import chain, rules, store
from plugin_server.check.chain import Link
from plugin_server.check.context import Context, WorkerSeen
from plugin_server.check.links import (
    agents,
    alerts,
    bookings,
    clock,
    database,
    gate,
    harvest,
    helpdesk,
    manifest,
    notes,
    page,
    queue,
    server,
    setup,
)
from plugin_server.check.links import webhook as webhooks
from plugin_server.check.rules import Result, because
from plugin_server.harvest.limiter import Limiter, working
from plugin_server.manifest import Manifest
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

_USABLE = ("manifest", "secrets")
_DESK = ("helpdesk", "helpdesk_version", "service_token", "service_user", "pm_role", "fields")
_APPLICATION = ("helpdesk.client_id", "helpdesk.client_secret")
_HARVESTS = ("harvest.client_id", "harvest.client_secret")


def _keyed(
    tells: tuple[str, ...],
    look: Callable[[Context], Awaitable[Sequence[Result]]],
    secrets: tuple[str, ...],
    needs: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    *,
    daily: bool = True,
) -> Link[Context]:
    """A link that rests on the manifest and, of its secrets, on those at these paths alone."""

    async def looked(context: Context) -> Sequence[Result]:
        return [because(tells[0], "secrets")] if context.lacks(*secrets) else await look(context)

    return Link(tells, looked, ("manifest", *needs), after=("secrets", *after), daily=daily)


LINKS: tuple[Link[Context], ...] = (
    Link(("manifest",), manifest.manifest, daily=False),
    Link(("secrets",), manifest.secrets, daily=False),
    Link(("database",), database.database, daily=False),
    Link(("migrations",), database.migrations, ("database",), daily=False),
    Link(("queue",), queue.queue, daily=False),
    Link(("worker",), queue.worker, ("migrations",), daily=False),
    Link(("clock",), clock.clock, ("manifest",), after=("database",)),
    _keyed(("public_url",), server.public_url, ("server.jwt_keys",)),
    _keyed(("harvest", "harvest_role", "harvest_account"), harvest.harvest, ("harvest.token",)),
    Link(("harvest_limit",), harvest.rate_limit, ("manifest",)),
    _keyed(("harvest_sign_in",), harvest.sign_in, _HARVESTS),
    _keyed(_DESK, helpdesk.helpdesk, ("helpdesk.token",)),
    _keyed(("helpdesk_sign_in",), helpdesk.sign_in, _APPLICATION),
    _keyed(("setup",), setup.setup, ("helpdesk",), ("helpdesk",), daily=False),
    Link(("workflows",), setup.workflows, ("manifest", "helpdesk"), daily=False),
    _keyed(("webhook",), webhooks.webhook, ("helpdesk.webhook_secret",), ("migrations", "helpdesk")),
    Link(("time_accounting",), bookings.time_accounting, ("manifest", "migrations")),
    Link(("page",), page.page, ("migrations",)),
    _keyed(("note_model",), notes.note_model, ("notes.key",)),
    Link(("agents",), agents.agents, ("migrations",), after=("manifest", "secrets")),
    _keyed(("gate",), gate.gate, (*_APPLICATION, "server.token_keys"), ("migrations", "helpdesk"), ("agents",)),
    _keyed(("alerts_email",), alerts.email, ("alerts.email",)),
    _keyed(("alerts_chat",), alerts.chat, ("alerts.chat",)),
)
"""In the order in which they are told. A link comes after those it needs."""

ROWS = tuple(name for link in LINKS for name in link.tells)
DAILY = frozenset(name for link in LINKS if link.daily for name in link.tells)
"""What a worker looks at by itself, and what is therefore kept for the dashboard: it goes when it is mended."""

_logger = log.get(__name__)


async def check(context: Context) -> list[Result]:
    """Look at everything. What was found of the rows that the worker looks at is kept, too, where there is a database
    of this version."""
    results = await chain.run(LINKS, context)
    well = {one.name for one in results if one.state == "ok"}
    if context.pool is not None and {"database", "migrations"} <= well:
        # What could not be looked at because the manifest at hand is wrong says nothing of the service that runs.
        told = DAILY if set(_USABLE) <= {one.name for one in results if one.state != "fail"} else frozenset()
        await store.keep(context.pool, told, results, context.clock.now())
    return results


class Checks:
    """The worker's check."""

    def __init__(
        self,
        pool: Pool,
        session: aiohttp.ClientSession,
        settings: Manifest,
        tokens: Tokens,
        worker_seen: WorkerSeen,
        clock: Clock,
        limiter: Limiter,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._started = clock.now()
        self._fresh = True
        self._context = Context(
            session,
            worker_seen,
            clock=clock,
            limiter=limiter,
            manifest=settings,
            pool=pool,
            lent=tokens,
        )

    async def beat(self) -> bool:
        """Check if it is time; says whether it was. Several workers may: what they find is the same."""
        now = self._clock.now()
        last, failing = await store.last(self._pool)
        if not rules.is_due(now, self._started, last, failing=failing, fresh=self._fresh):
            return False
        self._fresh = False
        await self.now()
        return True

    async def now(self) -> Sequence[Result]:
        """Check, and keep what was found."""
        with working("batch"):
            results = await chain.run([link for link in LINKS if link.daily], self._context)
        await store.keep(self._pool, DAILY, results, self._clock.now())
        for one in results:
            if one.state == "fail":
                _logger.warning("check failed", row=one.name, found=one.words)
        return results
