"""Sessions: a signed JWT for some minutes, a refresh token to go on with, and the row that lets Disconnect end both."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import jwt
from aiohttp import web

from plugin_server.accounts.crypto import digest
from plugin_server.accounts.sessions import rules, store
from plugin_server.accounts.store import Agent
from plugin_server.harvest import timezones
from plugin_server.runtime import log
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import Clock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Unauthenticated
from plugin_server.runtime.i18n import gettext as _

AUDIENCE = "deskhours-extension"
ALGORITHM = "HS256"
SIGNED_KEPT = 1000
"""So many tokens are remembered as signed by us; expiry, and whether the session stands, are asked each time."""

_logger = log.get(__name__)


@dataclass(frozen=True)
class Issued:
    """What a signed-in extension holds. ``seconds`` is the access token's lifetime."""

    access: str
    refresh: str
    seconds: int


@dataclass(frozen=True)
class _Claims:
    session_id: UUID
    agent_id: int
    generation: int
    expires_at: int


class Sessions:
    """Issues and checks sessions. The first key signs access tokens, every key verifies; refresh tokens are not signed,
    so they outlive any key."""

    def __init__(
        self, pool: Pool, keys: Sequence[str], issuer: str, access: timedelta, lifetime: timedelta, clock: Clock
    ) -> None:
        self._pool = pool
        self._keys = {hashlib.sha256(key.encode()).hexdigest()[:12]: key for key in keys}
        self._issuer = issuer
        self._access = access
        self._lifetime = lifetime
        self._clock = clock
        # A token comes with every request for ten minutes: its signature does not change meanwhile.
        self._signed = lru_cache(SIGNED_KEPT)(self._decode)

    async def open(self, agent_id: int) -> Issued:
        """A new session."""
        now = self._clock.now()
        token = rules.first()
        session_id = await store.open_session(
            self._pool, agent_id, digest(token.family), digest(token.secret), now, now + self._lifetime
        )
        return self._issue(session_id, agent_id, 0, token, now)

    async def refresh(self, text: str) -> tuple[Issued, Agent]:
        """New tokens for a refresh token. The one sent stays good until one of the new ones has been used.

        Raises :class:`Unauthenticated`, without saying why. A token that was replaced before ends its session.
        """
        refusal = _over()
        token = rules.parse(text)
        if token is None:
            raise refusal
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            stored = await store.lock(connection, digest(token.family), now)
            if stored is None:
                raise refusal
            standing = rules.standing(token, stored.refresh_hash, stored.next_hash)
            if standing == "replaced":
                await store.revoke_session(connection, stored.id, now)
            else:
                # The successor sent means that it has arrived, and the token before it is done with.
                generation = stored.generation + (standing == "next")
                salt = stored.next_salt if standing == "in use" else None
                salt = salt or rules.salt()
                following = rules.successor(token, salt)
                await store.hand_out(
                    connection,
                    stored.id,
                    generation,
                    digest(token.secret),
                    digest(following.secret),
                    salt,
                    now + self._lifetime,
                )
        if standing == "replaced":
            _logger.warning(
                "a refresh token came back after its successor had been used: somebody has a copy, the session is over",
                session=str(stored.id),
                agent=stored.agent_id,
            )
            raise refusal
        found = await store.session_agent(self._pool, stored.id, now)
        if found is None:
            raise refusal
        return self._issue(stored.id, stored.agent_id, generation + 1, following, now), found[0]

    async def authenticate(self, request: web.Request) -> Caller:
        """The caller of a request. Raises :class:`Unauthenticated`, without saying which check failed."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated(_("Nobody is signed in. Connect to Deskhours first."))
        claims = self._verify(token.strip())
        found = await store.session_agent(self._pool, claims.session_id, self._clock.now())
        if found is None or found[0].id != claims.agent_id:
            raise _over()
        agent, generation = found
        if claims.generation > generation:
            await store.adopt(self._pool, claims.session_id, claims.generation)
        return Caller(
            agent_id=agent.id,
            session_id=claims.session_id,
            name=agent.name,
            email=agent.email,
            helpdesk_user_id=agent.helpdesk_user_id,
            harvest_user_id=agent.harvest_user_id,
            zone=timezones.zone(agent.harvest_timezone),
        )

    def _issue(
        self, session_id: UUID, agent_id: int, generation: int, token: rules.RefreshToken, now: datetime
    ) -> Issued:
        kid, key = next(iter(self._keys.items()))
        claims = {
            "iss": self._issuer,
            "aud": AUDIENCE,
            "sub": str(agent_id),
            "sid": str(session_id),
            # Which refresh token it came with: its first use shows that that one has arrived as well.
            "gen": generation,
            "iat": int(now.timestamp()),
            "exp": int((now + self._access).timestamp()),
        }
        access = jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": kid})
        return Issued(access, str(token), int(self._access.total_seconds()))

    def _verify(self, token: str) -> _Claims:
        claims = self._signed(token)
        if claims.expires_at <= self._clock.now().timestamp():
            raise _over()
        return claims

    def _decode(self, token: str) -> _Claims:
        """What a token says that one of the keys has signed; nothing about whether it still holds."""
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
            return _Claims(UUID(claims["sid"]), int(claims["sub"]), int(claims["gen"]), int(claims["exp"]))
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
            raise _over() from None


def _over() -> Unauthenticated:
    return Unauthenticated(_("This sign-in is over or not valid. Connect to Deskhours again."))
