"""Sessions: a signed JWT for the extension, and the row that lets Disconnect end it at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import jwt
from aiohttp import web

from plugin_server.accounts import store
from plugin_server.harvest import timezones
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Unauthenticated

AUDIENCE = "deskhours-extension"
ALGORITHM = "HS256"


class Sessions:
    """Issues and checks sessions. The first key signs, every key verifies."""

    def __init__(self, pool: Pool, keys: Sequence[str], issuer: str, minutes: int, clock: Clock) -> None:
        self._pool = pool
        self._keys = {hashlib.sha256(key.encode()).hexdigest()[:12]: key for key in keys}
        self._issuer = issuer
        self._lifetime = timedelta(minutes=minutes)
        self._clock = clock

    async def open(self, agent_id: int) -> tuple[str, int]:
        """A new session's token, and its lifetime in seconds."""
        now = self._clock.now()
        expires_at = now + self._lifetime
        session_id = await store.open_session(self._pool, agent_id, now, expires_at)
        kid, key = next(iter(self._keys.items()))
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(agent_id),
            "sid": str(session_id),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid}), int(self._lifetime.total_seconds())

    async def authenticate(self, request: web.Request) -> Caller:
        """The caller of a request. Raises :class:`Unauthenticated`, without saying which check failed."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Nobody is signed in. Connect to Deskhours first.")
        refusal = Unauthenticated("This sign-in is over or not valid. Connect to Deskhours again.")
        session_id, agent_id = self._verify(token.strip(), refusal)
        agent = await store.session_agent(self._pool, session_id, self._clock.now())
        if agent is None or agent.id != agent_id:
            raise refusal
        return Caller(
            agent_id=agent.id,
            session_id=session_id,
            name=agent.name,
            email=agent.email,
            helpdesk_user_id=agent.helpdesk_user_id,
            harvest_user_id=agent.harvest_user_id,
            zone=timezones.zone(agent.harvest_timezone),
        )

    def _verify(self, token: str, refusal: Unauthenticated) -> tuple[UUID, int]:
        try:
            key = self._keys[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                issuer=self._issuer,
                # Expiry is judged by our own clock, on the session's row as well.
                options={"require": ["exp", "iat", "sub", "aud", "iss"], "verify_exp": False, "verify_iat": False},
            )
            if int(claims["exp"]) <= self._clock.now().timestamp():
                raise refusal
            return UUID(claims["sid"]), int(claims["sub"])
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
            raise refusal from None
