"""The agents' own access to the helpdesk and to Harvest: stored encrypted, refreshed once however many ask at once."""

from __future__ import annotations

from datetime import timedelta

import aiohttp

from plugin_server.accounts import store
from plugin_server.accounts.crypto import UnreadableSecret, Vault
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk import base as helpdesk_base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Harvest as HarvestSettings
from plugin_server.manifest import url_text
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool

MARGIN = timedelta(minutes=5)
"""A token is refreshed this long before it ends."""

_logger = log.get(__name__)


class NotConnected(Exception):
    """There is no usable grant: the person has to connect again. ``system`` says to what."""

    def __init__(self, system: store.System) -> None:
        super().__init__(f"no usable {system} grant")
        self.system = system


class CannotRefresh(Exception):
    """The grant's system does not answer and the token is over; trying again later may work."""


class Tokens:
    """Hands out access tokens that work now."""

    def __init__(
        self,
        pool: Pool,
        vault: Vault,
        helpdesk: Helpdesk,
        oauth: HarvestOAuth,
        session: aiohttp.ClientSession,
        settings: HarvestSettings,
        clock: Clock,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._helpdesk = helpdesk
        self._oauth = oauth
        self._session = session
        self._settings = settings
        self._clock = clock

    async def put(
        self,
        connection: Connection | Pool,
        agent_id: int,
        system: store.System,
        access: str,
        refresh: str,
        expires_in: int,
    ) -> None:
        """Store a grant; ``expires_in`` in seconds."""
        now = self._clock.now()
        await store.put_token(
            connection,
            agent_id,
            system,
            self._vault.seal(access),
            self._vault.seal(refresh),
            now + timedelta(seconds=expires_in),
            now,
        )

    async def access(self, agent_id: int, system: store.System, *, refused: str | None = None) -> str:
        """A token of the agent's that works. ``refused`` is one that was just answered with 401: it is refreshed,
        unless someone else has done so since.

        Raises :class:`NotConnected` when a person has to connect again, :class:`CannotRefresh` when only time helps.
        """
        stored = await store.token(self._pool, agent_id, system)
        if stored and not self._stale(stored, refused):
            return self._open(stored, system)
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                # The row's lock makes this the one refresh; who waited for it finds the new token here.
                stored = await store.token(connection, agent_id, system, lock=True)
                if stored is None or stored.broken_at is not None:
                    raise NotConnected(system)
                if not self._stale(stored, refused):
                    return self._open(stored, system)
                renewed = await self._refresh(connection, agent_id, system, stored)
            # Committed: only now may the rotated token be used.
            if renewed is None:
                raise NotConnected(system)
            return renewed

    async def harvest(self, agent_id: int, *, refused: str | None = None) -> tuple[HarvestClient, str]:
        """A Harvest client that acts as the agent, and its token (to say which one was refused)."""
        token = await self.access(agent_id, "harvest", refused=refused)
        return self.client(token), token

    def client(self, token: str) -> HarvestClient:
        """A Harvest client for a token."""
        settings = self._settings
        return HarvestClient(
            self._session,
            url_text(settings.api_url),
            settings.account_id,
            harvest_core.user_agent(settings.contact),
            token,
            self._clock,
        )

    def _stale(self, stored: store.StoredToken, refused: str | None) -> bool:
        if stored.broken_at is not None or stored.expires_at - MARGIN <= self._clock.now():
            return True
        return refused is not None and self._vault.open(stored.access) == refused

    def _open(self, stored: store.StoredToken, system: store.System) -> str:
        try:
            return self._vault.open(stored.access)
        except UnreadableSecret:
            raise NotConnected(system) from None

    async def _refresh(
        self, connection: Connection, agent_id: int, system: store.System, stored: store.StoredToken
    ) -> str | None:
        """Refresh and store, inside the caller's transaction. ``None``: refused for good, and noted so."""
        try:
            refresh_token = self._vault.open(stored.refresh)
            if system == "helpdesk":
                grant = await self._helpdesk.refresh(refresh_token)
                access, refresh, expires_in = grant.access, grant.refresh, grant.expires_in
            else:
                token = await self._oauth.refresh(refresh_token)
                access, refresh, expires_in = token.access_token, token.refresh_token, token.expires_in
        except (
            UnreadableSecret,
            helpdesk_base.Unauthorized,
            harvest_core.Unauthorized,
            harvest_core.Refused,
            harvest_core.Denied,
        ) as error:
            _logger.warning("grant refused for good", agent=agent_id, system=system, reason=str(error))
            await store.mark_broken(connection, agent_id, system, self._clock.now())
            return None
        except (helpdesk_base.HelpdeskError, harvest_core.HarvestError) as error:
            if stored.expires_at > self._clock.now():
                return self._open(stored, system)
            raise CannotRefresh(str(error)) from error
        await self.put(connection, agent_id, system, access, refresh, expires_in)
        return access
