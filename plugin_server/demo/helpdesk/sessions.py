"""Browser sessions: the cookie, and the CSRF token that every write with it must show.

As in Rails, a token is valid for the whole session and looks different in every answer (the session's secret under a
fresh mask). Visitors who haven't signed in have a session too: signing in is a write.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass

from aiohttp import web

from .digests import digest
from .settings import COOKIE, POOL

_SIZE = 32
_COOKIE_FORM = re.compile(r"[0-9a-f]{32}")


@dataclass
class Session:
    """One browser's session. ``key``: the cookie's value where it is to be sent. ``user_id`` None: a visitor."""

    digest: str
    csrf: bytes
    user_id: int | None
    key: str | None = None

    def token(self) -> str:
        """A fresh CSRF token."""
        mask = secrets.token_bytes(_SIZE)
        return base64.b64encode(mask + _xor(mask, self.csrf)).decode()

    def fits(self, token: str) -> bool:
        """Whether a token was made for this session."""
        try:
            raw = base64.b64decode(token.encode("ascii"), validate=True)
        except ValueError:
            return False
        return len(raw) == 2 * _SIZE and hmac.compare_digest(_xor(raw[:_SIZE], raw[_SIZE:]), self.csrf)


SESSION: web.RequestKey[Session] = web.RequestKey("session", Session)


def _xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


async def find(request: web.Request) -> Session | None:
    """The session of the request's cookie."""
    if SESSION in request:
        return request[SESSION]
    key = request.cookies.get(COOKIE, "")
    if not _COOKIE_FORM.fullmatch(key):
        return None
    row = await request.app[POOL].fetchrow("SELECT * FROM sessions WHERE digest = $1", digest(key))
    if row is None:
        return None
    request[SESSION] = Session(row["digest"], bytes.fromhex(row["csrf"]), row["user_id"])
    return request[SESSION]


async def start(request: web.Request, user_id: int | None = None) -> Session:
    """A new session in place of the old one, so that a key known before signing in is worth nothing after it."""
    await end(request)
    key, csrf = secrets.token_hex(16), secrets.token_bytes(_SIZE)
    await request.app[POOL].execute(
        "INSERT INTO sessions (digest, user_id, csrf) VALUES ($1, $2, $3)", digest(key), user_id, csrf.hex()
    )
    if user_id is not None:
        await request.app[POOL].execute("UPDATE users SET last_login = now() WHERE id = $1", user_id)
    request[SESSION] = Session(digest(key), csrf, user_id, key)
    return request[SESSION]


async def ensure(request: web.Request) -> Session:
    """The request's session; a visitor gets one."""
    return await find(request) or await start(request)


async def end(request: web.Request) -> None:
    """Forget the request's session."""
    session = await find(request)
    if session is not None:
        await request.app[POOL].execute("DELETE FROM sessions WHERE digest = $1", session.digest)
        del request[SESSION]


def attach(request: web.Request, response: web.StreamResponse) -> None:
    """Send cookie and CSRF token along, where the request has a session."""
    if SESSION not in request:
        return
    session = request[SESSION]
    response.headers["CSRF-TOKEN"] = session.token()
    if session.key is not None:
        response.set_cookie(
            COOKIE, session.key, httponly=True, samesite="Lax", path="/", secure=request.url.scheme == "https"
        )
