"""Who is calling the API: session, Basic, token, OAuth2, in this order; then ``From``.

Source: ``app/controllers/application_controller/{authenticates,has_user,prevents_csrf}.rb``,
``spec/requests/api_auth_spec.rb`` and ``api_auth_from_spec.rb``.
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime

from aiohttp import web

from . import access, sessions, simulation
from .access import Actor
from .database import Db, Record
from .digests import digest, password_fits
from .errors import ForbiddenError, UnauthorizedError
from .inputs import as_id
from .settings import POOL

ACTOR: web.RequestKey[Actor] = web.RequestKey("actor", Actor)

CSRF_FAILED = "CSRF token verification failed!"
LOGIN_FAILED = "Login failed. Have you double-checked your credentials and completed the email verification step?"
_READS = ("GET", "HEAD", "OPTIONS")
_SCHEME = re.compile(r"(\w+)\s+(.*)", re.DOTALL)
_TOKEN = re.compile(r'token\s*=\s*"?([^",\s]*)"?')


async def authenticate(request: web.Request) -> Actor:
    """The actor of a request, or 401/403 in Zammad's words."""
    db = request.app[POOL]
    session = await sessions.find(request)
    actor = None
    if session is not None and session.user_id is not None:
        user = await db.fetchrow("SELECT * FROM users WHERE id = $1", session.user_id)
        if user is not None:
            actor = await _active(db, user, "session")
    if actor is None:
        actor = await _by_header(request, db)
    if actor is None:
        raise ForbiddenError("Authentication required")
    if actor.way == "session":
        check_csrf(request, session)
    return await _on_behalf(request, db, actor)


def check_csrf(request: web.Request, session: sessions.Session | None) -> None:
    """401 when a write by cookie doesn't show the session's token."""
    if request.method in _READS:
        return
    if session is None or not session.fits(request.headers.get("X-CSRF-Token", "")):
        raise UnauthorizedError(CSRF_FAILED)


async def sign_in(db: Db, login: str, password: str) -> Record | None:
    """The active user with this login (or e-mail) and password."""
    user = await _by_login(db, login)
    if user is None or not user["active"] or not password_fits(password, user["password"]):
        return None
    return user


async def _by_login(db: Db, login: str) -> Record | None:
    if not _storable(login):
        return None
    return await db.fetchrow(
        "SELECT * FROM users WHERE login = $1 OR (email = $1 AND email <> '') ORDER BY login <> $1 LIMIT 1",
        login.strip().lower(),
    )


def _storable(text: str) -> bool:
    # aiohttp hands over bytes that are no UTF-8 as lone surrogates, which PostgreSQL can't take.
    return "\0" not in text and not any(0xD800 <= ord(c) <= 0xDFFF for c in text)


async def _active(db: Db, user: Record, way: str, token: list[str] | None = None) -> Actor:
    if not user["active"]:
        raise UnauthorizedError(LOGIN_FAILED)
    return await access.load(db, user, way, token)


async def _by_header(request: web.Request, db: Db) -> Actor | None:
    match = _SCHEME.fullmatch(request.headers.get("Authorization", "").strip())
    if match is None:
        return None
    scheme, rest = match[1].lower(), match[2].strip()
    if scheme == "basic":
        return await _by_password(request, db, rest)
    if scheme in ("token", "bearer"):
        return await _by_token(request, db, scheme, rest)
    return None


async def _by_password(request: web.Request, db: Db, credentials: str) -> Actor:
    if not await simulation.setting(db, "api_password_access"):
        raise ForbiddenError("API password access disabled!")
    try:
        name, _, password = base64.b64decode(credentials, validate=True).decode("utf-8").partition(":")
    except ValueError:
        raise UnauthorizedError("Invalid BasicAuth credentials") from None
    user = await sign_in(db, name, password)
    if user is None:
        raise UnauthorizedError("Invalid BasicAuth credentials")
    return await _active(db, user, "basic")


async def _by_token(request: web.Request, db: Db, scheme: str, rest: str) -> Actor:
    # Rails reads "Token" and "Bearer" alike, with or without `token=`; OAuth2 is what is tried last.
    found = _TOKEN.match(rest)
    token = found[1] if found else rest.strip('"')
    if not await simulation.setting(db, "api_token_access"):
        raise ForbiddenError("API token access disabled!")
    row = await db.fetchrow(
        "UPDATE access_tokens SET last_used_at = now() WHERE digest = $1 RETURNING *", digest(token)
    )
    if row is not None:
        if row["expires_at"] is not None and datetime.now(UTC).date() >= row["expires_at"]:
            raise UnauthorizedError("Not authorized (token expired)!")
        user = await db.fetchrow("SELECT * FROM users WHERE id = $1", row["user_id"])
        assert user is not None
        return await _active(db, user, "token", row["permissions"])
    if scheme == "token":
        raise UnauthorizedError("Can't find User for Token")
    return await _by_oauth(db, token)


async def _by_oauth(db: Db, token: str) -> Actor:
    row = await db.fetchrow(
        "SELECT u.*, t.expires_at AS token_ends, t.revoked_at AS token_revoked FROM oauth_tokens t "
        "JOIN users u ON u.id = t.user_id WHERE t.digest = $1",
        digest(token),
    )
    # The real one seems not to look at revoked_at; relying on that would be a mistake, so it is refused here.
    if row is None or row["token_revoked"] is not None:
        raise UnauthorizedError("The provided token is invalid.")
    if row["token_ends"] < datetime.now(UTC):
        raise UnauthorizedError("OAuth2 token is expired!")
    return await _active(db, row, "oauth")


async def _on_behalf(request: web.Request, db: Db, actor: Actor) -> Actor:
    wanted = request.headers.get("From") or request.headers.get("X-On-Behalf-Of")
    if not wanted:
        return actor
    if not actor.may("admin.user"):
        raise ForbiddenError("Current user has no permission to use 'From'/'X-On-Behalf-Of'!")
    user = None
    number = as_id(wanted.strip())
    if number is not None:
        user = await db.fetchrow("SELECT * FROM users WHERE id = $1", number)
    if user is None:
        user = await _by_login(db, wanted)
    if user is None:
        raise ForbiddenError(f"No such user '{wanted}'")
    # From here on the other user counts alone: the token's permissions no longer limit.
    return await access.load(db, user, actor.way)
