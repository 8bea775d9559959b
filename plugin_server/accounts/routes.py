"""HTTP of signing in: the pages of the window, the exchange of the code, the refresh, and Disconnect."""

from __future__ import annotations

from typing import Any

from aiohttp import web
from pydantic import BaseModel, Field

from plugin_server.accounts import store
from plugin_server.accounts.connect import HARVEST_CALLBACK, HELPDESK_CALLBACK, Connect
from plugin_server.accounts.popup import AgentOut
from plugin_server.accounts.sessions import store as sessions_store
from plugin_server.accounts.sessions.service import Issued, Sessions
from plugin_server.accounts.web.routes import WebRoutes, is_web
from plugin_server.runtime.api import Answer, Call, Route
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool

COOKIE = "deskhours_connect"


class RedeemIn(BaseModel):
    """The end of a sign-in."""

    code: str = Field(min_length=1, max_length=200)
    code_verifier: str = Field(min_length=43, max_length=128)


class RefreshIn(BaseModel):
    """A session that is to go on."""

    refresh_token: str = Field(min_length=1, max_length=200)


class SessionOut(BaseModel):
    """A session."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = Field(description="Lifetime of the access token, in seconds.")
    refresh_token: str = Field(
        description="For `POST /api/v1/session/refresh`, which hands out its successor. It stays good until the"
        " successor, or an access token that came with it, has been used; used after that it ends the session."
    )
    agent: AgentOut

    @classmethod
    def of(cls, issued: Issued, agent: store.Agent) -> SessionOut:
        return cls(
            access_token=issued.access,
            expires_in=issued.seconds,
            refresh_token=issued.refresh,
            agent=AgentOut.of(agent),
        )


class AccountRoutes:
    """Handlers of the accounts feature."""

    def __init__(
        self, pool: Pool, connect: Connect, sessions: Sessions, browsers: WebRoutes, clock: Clock, *, secure: bool
    ) -> None:
        self._pool = pool
        self._connect = connect
        self._sessions = sessions
        self._browsers = browsers
        self._clock = clock
        self._secure = secure

    def pages(self) -> list[web.RouteDef]:
        """The window's own pages."""
        return [
            web.get("/oauth/start", self.start),
            web.get(HELPDESK_CALLBACK, self.helpdesk_callback),
            web.get(HARVEST_CALLBACK, self.harvest_callback),
        ]

    def api(self) -> list[Route]:
        """The API's operations."""
        return [
            Route(
                "POST",
                "/api/v1/session",
                self.create_session,
                "Exchange the one-time code of a sign-in for a session",
                body=RedeemIn,
                answer=SessionOut,
                success={201: "Signed in"},
                refusals=(),
                public=True,
            ),
            Route(
                "POST",
                "/api/v1/session/refresh",
                self.refresh_session,
                "Go on with a session: new tokens for a refresh token",
                body=RefreshIn,
                answer=SessionOut,
                success={200: "Signed in"},
                refusals=(401,),
                public=True,
            ),
            Route(
                "DELETE",
                "/api/v1/session",
                self.delete_session,
                "Disconnect: end this session at once",
                success={204: "Disconnected"},
                refusals=(401,),
            ),
        ]

    async def start(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        begun = await self._connect.start(
            query.get("redirect_uri", ""),
            query.get("state", ""),
            query.get("code_challenge", ""),
            query.get("code_challenge_method", ""),
        )
        response = _go(begun.location)
        response.set_cookie(
            COOKIE, begun.browser, max_age=600, path="/oauth", httponly=True, secure=self._secure, samesite="Lax"
        )
        return response

    async def helpdesk_callback(self, request: web.Request) -> web.StreamResponse:
        # The helpdesk knows one address to return to, for the extension's sign-in and for a browser's.
        if is_web(request.query.get("state", "")):
            return await self._browsers.callback(request)
        return _go(await self._connect.from_helpdesk(*_callback(request)))

    async def harvest_callback(self, request: web.Request) -> web.StreamResponse:
        return _go(await self._connect.from_harvest(*_callback(request)))

    async def create_session(self, call: Call[RedeemIn]) -> Answer:
        agent = await self._connect.redeem(call.body.code, call.body.code_verifier)
        issued = await self._sessions.open(agent.id)
        return Answer(SessionOut.of(issued, agent), status=201)

    async def refresh_session(self, call: Call[RefreshIn]) -> Answer:
        issued, agent = await self._sessions.refresh(call.body.refresh_token)
        return Answer(SessionOut.of(issued, agent))

    async def delete_session(self, call: Call[Any]) -> Answer:
        caller = call.caller
        async with self._pool.acquire() as connection, connection.transaction():
            if not await sessions_store.revoke_session(connection, caller.session_id, self._clock.now()):
                # The last one: nothing of the person's access stays behind.
                await store.delete_tokens(connection, caller.agent_id)
        return Answer(None)


def _callback(request: web.Request) -> tuple[str, str, str, str]:
    query = request.query
    return query.get("state", ""), request.cookies.get(COOKIE, ""), query.get("code", ""), query.get("error", "")


def _go(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})
