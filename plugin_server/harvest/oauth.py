"""Harvest's OAuth2: the page to send a person to, and tokens for codes.

Source: Harvest's API documentation, "Authentication". There is no scope parameter: what a token may do is its
user's role; the ``scope`` that comes back only names the accounts granted.
"""

from __future__ import annotations

from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import msgspec

from plugin_server.harvest import core, wire
from plugin_server.runtime import metrics
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.i18n import later

Kind = TypeVar("Kind")

CALL_SECONDS = 10.0


class HarvestOAuth:
    """Talks to Harvest's identity host. Raises :class:`~plugin_server.harvest.core.HarvestError`."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        id_url: str,
        client_id: str,
        client_secret: str,
        user_agent: str,
        clock: Clock,
    ) -> None:
        self._session = session
        self._id_url = id_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._user_agent = user_agent
        self._clock = clock

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Where a person grants us their Harvest account."""
        query = {
            "client_id": self._client_id,
            "response_type": "code",
            "state": state,
            "redirect_uri": redirect_uri,
        }
        return f"{self._id_url}/oauth2/authorize?{urlencode(query)}"

    async def exchange(self, code: str) -> wire.Token:
        """Tokens for a code."""
        return await self._token({"grant_type": "authorization_code", "code": code})

    async def refresh(self, refresh_token: str) -> wire.Token:
        """New tokens for a refresh token; store the refresh token that comes back, the old one may be dead."""
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def accounts(self, access_token: str) -> list[wire.Account]:
        """The accounts a token reaches."""
        headers = {"Authorization": f"Bearer {access_token}"}
        return (await self._call("GET", "/api/v2/accounts", wire.Accounts, headers, None)).accounts

    async def _token(self, fields: dict[str, str]) -> wire.Token:
        fields = {**fields, "client_id": self._client_id, "client_secret": self._client_secret}
        return await self._call("POST", "/api/v2/oauth2/token", wire.Token, {}, fields)

    async def _call(
        self, method: str, path: str, kind: type[Kind], headers: dict[str, str], form: dict[str, str] | None
    ) -> Kind:
        options: dict[str, Any] = {"data": form} if form else {}
        try:
            with metrics.calling("harvest", method, path) as called:
                async with self._session.request(
                    method,
                    f"{self._id_url}{path}",
                    headers={"User-Agent": self._user_agent, "Accept": "application/json", **headers},
                    timeout=aiohttp.ClientTimeout(total=CALL_SECONDS),
                    allow_redirects=False,
                    **options,
                ) as response:
                    content = await response.read()
                    called.status, reply_headers = response.status, response.headers
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise core.NoAnswer(later("Harvest did not answer"), repr(error)) from error
        core.check_token_reply(called.status, reply_headers, content, self._clock.now())
        try:
            return msgspec.json.decode(content, type=kind, strict=False)
        except msgspec.DecodeError as error:
            raise core.Faulty(later("Harvest's reply can't be read"), str(error)) from error
