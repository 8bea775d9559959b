"""The agents' own access to the helpdesk and to Harvest: stored encrypted, refreshed once however many ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeVar

import aiohttp

from plugin_server.accounts import store
from plugin_server.accounts.crypto import UnreadableSecret, Vault
from plugin_server.harvest import core as harvest_core
from plugin_server.harvest.client import HarvestClient
from plugin_server.harvest.limiter import UNLIMITED, Limiter
from plugin_server.harvest.oauth import HarvestOAuth
from plugin_server.helpdesk import base as helpdesk_base
from plugin_server.helpdesk.base import Helpdesk
from plugin_server.manifest import Harvest as HarvestSettings
from plugin_server.manifest import url_text
from plugin_server.runtime import log
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Connection, Pool

Result = TypeVar("Result")

MARGIN = timedelta(minutes=5)
"""A token is refreshed this long before it ends."""

_logger = log.get(__name__)


class NotConnected(Exception):
    """There is no usable grant: the person has to connect again. ``system`` says to what."""

    def __init__(self, system: store.System) -> None:
        super().__init__(f"no usable {system} grant")
        self.system = system


class CannotRefresh(Exception):
    """The token is over and its system can't renew it now; trying again later may work."""


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
        turns: Limiter = UNLIMITED,
    ) -> None:
        self._pool = pool
        self._vault = vault
        self._helpdesk = helpdesk
        self._oauth = oauth
        self._session = session
        self._settings = settings
        self._clock = clock
        self._turns = turns
        self._flights: dict[tuple[int, store.System], asyncio.Task[str]] = {}

    async def put(
        self,
        connection: Connection | Pool,
        agent_id: int,
        system: store.System,
        access: str,
        refresh: str,
        expires_in: int,
    ) -> None:
        """Store what a person has just granted; ``expires_in`` in seconds."""
        now = self._clock.now()
        sealed = self._vault.seal(access), self._vault.seal(refresh)
        await store.put_token(connection, agent_id, system, *sealed, now + timedelta(seconds=expires_in), now)

    async def with_helpdesk(self, agent_id: int, call: Callable[[str], Awaitable[Result]]) -> Result:
        """Call the helpdesk as the agent, with a token that is refreshed once if it is refused.

        Raises what ``call`` raises, and as :meth:`access`; :class:`NotConnected` when the new token is refused too.
        """
        token = await self.access(agent_id, "helpdesk")
        try:
            return await call(token)
        except helpdesk_base.Unauthorized:
            token = await self.access(agent_id, "helpdesk", refused=token)
        try:
            return await call(token)
        except helpdesk_base.Unauthorized:
            raise NotConnected("helpdesk") from None

    async def with_harvest(self, agent_id: int, call: Callable[[HarvestClient], Awaitable[Result]]) -> Result:
        """Call Harvest as the agent; as :meth:`with_helpdesk`."""
        token = await self.access(agent_id, "harvest")
        try:
            return await call(self.client(token))
        except harvest_core.Unauthorized:
            token = await self.access(agent_id, "harvest", refused=token)
        try:
            return await call(self.client(token))
        except harvest_core.Unauthorized:
            raise NotConnected("harvest") from None

    @property
    def substitutes(self) -> bool:
        """Whether the administrator's token stands in for an agent's that is gone."""
        return self._settings.when_disconnected == "administrator"

    async def for_agent(self, agent_id: int, call: Callable[[HarvestClient], Awaitable[Result]]) -> Result:
        """Call Harvest for what belongs to the agent: as the agent, or, where that grant is gone and the manifest says
        so, as the administrator; what is made then must name the agent's user. Raises as :meth:`with_harvest`."""
        try:
            return await self.with_harvest(agent_id, call)
        except NotConnected:
            if not self.substitutes:
                raise
            return await call(self.client(self._settings.token.get_secret_value()))

    async def usable_since(self, agent_id: int, instant: datetime) -> bool:
        """Whether Harvest can be called for the agent again, by a grant made after ``instant`` or by an
        administrator's token."""
        stored = await store.token(self._pool, agent_id, "harvest")
        return self.substitutes or (stored is not None and stored.broken_at is None and stored.granted_at > instant)

    async def access(self, agent_id: int, system: store.System, *, refused: str | None = None) -> str:
        """A token of the agent's that works. ``refused`` is one that was just answered with 401: it is refreshed,
        unless someone else has done so since.

        Raises :class:`NotConnected` when a person has to connect again, :class:`CannotRefresh` when only time helps.
        """
        stored = await store.token(self._pool, agent_id, system)
        if stored is None or stored.broken_at is not None:
            raise NotConnected(system)
        if not self._stale(stored, system, refused):
            return self._open(stored.access, system)
        # One refresh at a time in this process, so that those who wait hold no connection; and never one that is cut
        # off because who asked has gone: the system may have rotated the token by then.
        key = (agent_id, system)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = asyncio.create_task(self._renew(agent_id, system, refused))
            flight.add_done_callback(lambda _done: self._flights.pop(key, None))
        return await asyncio.shield(flight)

    async def settle(self) -> None:
        """Wait for the refreshes under way: one that is cut off loses a token that its system has rotated already."""
        if self._flights:
            await asyncio.wait(self._flights.values())

    def client(self, token: str) -> HarvestClient:
        """A Harvest client for a token."""
        settings = self._settings
        return HarvestClient(
            self._session,
            url_text(settings.api_url),
            settings.account_id,
            harvest_core.user_agent(settings.contact),
            token,
            settings.request_seconds,
            self._clock,
            self._turns,
        )

    def _stale(self, stored: store.StoredToken, system: store.System, refused: str | None) -> bool:
        if stored.expires_at - MARGIN <= self._clock.now():
            return True
        return refused is not None and self._open(stored.access, system) == refused

    def _open(self, sealed: bytes, system: store.System) -> str:
        try:
            return self._vault.open(sealed)
        except UnreadableSecret:
            raise NotConnected(system) from None

    async def _renew(self, agent_id: int, system: store.System, refused: str | None) -> str:
        async with self._pool.acquire() as connection:
            async with connection.transaction():
                # Of all processes: the row's lock makes this the one refresh, and who waited finds the new token here.
                stored = await store.token(connection, agent_id, system, lock=True)
                if stored is None or stored.broken_at is not None:
                    raise NotConnected(system)
                if not self._stale(stored, system, refused):
                    return self._open(stored.access, system)
                renewed = await self._refresh(connection, agent_id, system, stored, refused)
            # Committed: only now may the rotated token be used.
            if renewed is None:
                raise NotConnected(system)
            return renewed

    async def _refresh(
        self,
        connection: Connection,
        agent_id: int,
        system: store.System,
        stored: store.StoredToken,
        refused: str | None,
    ) -> str | None:
        """Refresh and store, inside the caller's transaction. ``None``: the grant is gone for good, and noted so."""
        now = self._clock.now()
        refresh_token = self._open(stored.refresh, system)
        try:
            if system == "helpdesk":
                grant = await self._helpdesk.refresh(refresh_token)
                access, refresh, expires_in = grant.access, grant.refresh, grant.expires_in
            else:
                token = await self._oauth.refresh(refresh_token)
                access, refresh, expires_in = token.access_token, token.refresh_token, token.expires_in
        except (helpdesk_base.GrantRefused, harvest_core.GrantRefused) as error:
            _logger.warning("grant refused for good", agent=agent_id, system=system, reason=str(error))
            await store.mark_broken(connection, agent_id, system, now)
            return None
        except (helpdesk_base.HelpdeskError, harvest_core.HarvestError) as error:
            # Not the person's doing (no answer, our client's secret is wrong, …): the grant stays as it is.
            detail = error.detail if isinstance(error, harvest_core.HarvestError) else ""
            _logger.error("token not refreshed", agent=agent_id, system=system, reason=str(error), detail=detail)
            if refused is None and stored.expires_at > now:
                return self._open(stored.access, system)
            raise CannotRefresh(str(error)) from error
        sealed = self._vault.seal(access), self._vault.seal(refresh)
        await store.renew_token(connection, agent_id, system, *sealed, now + timedelta(seconds=expires_in))
        return access
