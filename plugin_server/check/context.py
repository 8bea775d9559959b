"""What the links share: where everything is, and the clients to ask with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import aiohttp

from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.tokens import Tokens
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.client import Zammad
from plugin_server.helpdesk.zammad.probe import Probe
from plugin_server.manifest import Manifest, url_text
from plugin_server.runtime.clock import Clock, SystemClock
from plugin_server.runtime.database import Pool

WorkerSeen = Callable[[Pool], Awaitable[datetime | None]]
"""When a worker last gave a sign of life; who knows that stands above."""

SETUP_TOKEN = "DESKHOURS_SETUP_TOKEN"  # noqa: S105 (the variable's name)
"""The variable that may hold an administrator's token of the helpdesk, for what nobody else may look at."""


@dataclass
class Context:
    """What a check goes by. ``manifest`` and ``pool`` are filled in by the links that find them in order;
    ``database_url`` and ``redis_url`` are ``None`` where nobody has named them."""

    session: aiohttp.ClientSession
    worker_seen: WorkerSeen
    manifest_path: Path = Path("manifest.json")
    database_url: str | None = None
    redis_url: str | None = None
    setup_token: str = ""
    clock: Clock = field(default_factory=SystemClock)
    limiter: Limiter = UNLIMITED
    manifest: Manifest | None = None
    lacking: tuple[str, ...] = ()
    """Paths of the secrets that the manifest names and nobody finds; they are empty text in ``manifest``."""
    pool: Pool | None = None
    lent: Tokens | None = None
    """The agents' tokens of who runs beside, so that a refresh is made once."""

    def lacks(self, *paths: str) -> bool:
        """Whether a secret at one of these paths, or below it, is missing."""
        return any(one == path or one.startswith((f"{path}.", f"{path}[")) for one in self.lacking for path in paths)

    @property
    def settings(self) -> Manifest:
        """The manifest, for links that need it."""
        assert self.manifest is not None, "the link does not say that it needs the manifest"
        return self.manifest

    @property
    def database(self) -> Pool:
        """The database, for links that need it."""
        assert self.pool is not None, "the link does not say that it needs the database"
        return self.pool

    @property
    def public_url(self) -> str:
        return url_text(self.settings.server.public_url)

    @property
    def helpdesk_url(self) -> str:
        return url_text(self.settings.helpdesk.url)

    @property
    def service_token(self) -> str:
        return self.settings.helpdesk.token.get_secret_value()

    @property
    def calls(self) -> Calls:
        return Calls(self.session, self.helpdesk_url)

    @property
    def probe(self) -> Probe:
        return Probe(self.calls)

    @property
    def helpdesk(self) -> Zammad:
        desk = self.settings.helpdesk
        return Zammad(
            self.session, self.helpdesk_url, desk.client_id, desk.client_secret.get_secret_value(), desk.fields
        )

    @property
    def user_agent(self) -> str:
        return harvest_core.user_agent(self.settings.harvest.contact)

    @property
    def harvest(self) -> HarvestClient:
        """Harvest with the manifest's own token."""
        harvest = self.settings.harvest
        return HarvestClient(
            self.session,
            url_text(harvest.api_url),
            harvest.account_id,
            self.user_agent,
            harvest.token.get_secret_value(),
            harvest.request_seconds,
            self.clock,
            self.limiter,
        )

    @property
    def oauth(self) -> HarvestOAuth:
        harvest = self.settings.harvest
        secret = harvest.client_secret.get_secret_value()
        return HarvestOAuth(
            self.session, url_text(harvest.id_url), harvest.client_id, secret, self.user_agent, self.clock
        )

    @property
    def tokens(self) -> Tokens:
        """What agents have granted."""
        if self.lent is None:
            vault = Vault([key.get_secret_value() for key in self.settings.server.token_keys])
            harvest = self.settings.harvest
            self.lent = Tokens(
                self.database, vault, self.helpdesk, self.oauth, self.session, harvest, self.clock, self.limiter
            )
        return self.lent


@asynccontextmanager
async def opened(context: Context) -> AsyncIterator[Context]:
    """The context; what its links open is closed at the end."""
    lent = context.pool
    try:
        yield context
    finally:
        if context.pool is not None and context.pool is not lent:
            await context.pool.close()
