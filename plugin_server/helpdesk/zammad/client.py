"""Zammad as a :class:`~plugin_server.helpdesk.base.Helpdesk`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import aiohttp

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core
from plugin_server.manifest import Fields

Result = TypeVar("Result")

CALL_SECONDS = 10.0
"""Time limit of a call that nobody waits for in front of a page."""


class Zammad:
    """Talks to one Zammad over REST and its OAuth2 provider."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, client_id: str, client_secret: str, fields: Fields
    ) -> None:
        self._session = session
        self._url = url
        self._client_id = client_id
        self._client_secret = client_secret
        self._fields = fields

    @property
    def host(self) -> str:
        return urlsplit(self._url).netloc

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": "full",
            "state": state,
        }
        return f"{self._url}/oauth/authorize?{urlencode(query)}"

    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        query = f"?{urlencode({'deskhours': log_id})}" if log_id else ""
        return f"{self._url}/{query}#ticket/zoom/{ticket_id}"

    async def exchange(self, code: str, redirect_uri: str) -> base.Tokens:
        return await self._token({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri})

    async def refresh(self, refresh_token: str) -> base.Tokens:
        return await self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def person(self, token: str) -> base.Person:
        data = await self._get(token, "/users/me", CALL_SECONDS)
        try:
            # Only agents may list the ticket states; rights on groups don't tell, they may come through roles.
            await self._get(token, "/ticket_states", CALL_SECONDS)
            is_agent = True
        except base.Denied:
            is_agent = False
        return _read(lambda: core.person(data, is_agent=is_agent))

    async def ticket(self, token: str, ticket_id: int, *, seconds: float) -> base.Ticket:
        data = await self._get(token, f"/tickets/{ticket_id}", seconds)
        return _read(lambda: core.ticket(data, self._fields))

    async def articles(self, token: str, ticket_id: int) -> list[base.Article]:
        data = await self._get(token, f"/ticket_articles/by_ticket/{ticket_id}", CALL_SECONDS)
        return _read(lambda: sorted((core.article(item) for item in data), key=lambda item: item.id))

    async def _get(self, token: str, path: str, seconds: float) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return core.check(*await self._send("GET", f"/api/v1{path}", seconds, headers=headers))

    async def _token(self, form: dict[str, str]) -> base.Tokens:
        form = {**form, "client_id": self._client_id, "client_secret": self._client_secret}
        status, body = await self._send("POST", "/oauth/token", CALL_SECONDS, data=form)
        data = core.check_token_reply(status, body)
        return _read(
            lambda: base.Tokens(
                access=str(data["access_token"]),
                refresh=str(data.get("refresh_token") or ""),
                expires_in=int(data.get("expires_in") or 7200),
            )
        )

    async def _send(self, method: str, path: str, seconds: float, **options: Any) -> tuple[int, bytes]:
        options["headers"] = {"Accept": "application/json", **options.get("headers", {})}
        try:
            async with self._session.request(
                method,
                f"{self._url}{path}",
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
                **options,
            ) as response:
                return response.status, await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise base.Unreachable(f"Zammad did not answer: {error or type(error).__name__}") from error


def _read(convert: Callable[[], Result]) -> Result:
    """Turn Zammad's answer into ours; one of another shape is no answer."""
    try:
        return convert()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise base.Unreachable(f"Zammad's answer can't be read: {error!r}") from error
