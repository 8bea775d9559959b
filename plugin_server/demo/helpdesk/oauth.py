"""Zammad as OAuth2 provider (Doorkeeper): consent page, token endpoint, revocation.

Source: ``config/initializers/doorkeeper.rb``; the answers are RFC 6749's and RFC 7009's. Clients are confidential; a
``code_challenge`` is ignored, as the real one (6.5) has no columns for it.
"""

from __future__ import annotations

import base64
import hmac
from typing import Any
from urllib.parse import unquote_plus, urlencode

import aiohttp_jinja2
from aiohttp import web

from . import inputs, oauth_store, sessions
from .database import Record
from .digests import digest
from .login import login_address
from .settings import POOL

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_CLIENT_FAILED = (
    "Client authentication failed due to unknown client, no client authentication included, or unsupported "
    "authentication method."
)
_GRANT_FAILED = (
    "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the "
    "authorization request, or was issued to another client."
)


def _back(redirect_uri: str, state: str, **values: str) -> str:
    if state:
        values["state"] = state
    return redirect_uri + ("&" if "?" in redirect_uri else "?") + urlencode(values)


def _redirect(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location})


def _refused(request: web.Request, text: str) -> web.Response:
    """A request that can't be answered by redirecting: nobody knows where to."""
    return aiohttp_jinja2.render_template("oauth_error.html", request, {"text": text}, status=400)


async def _asked(request: web.Request, values: dict[str, Any]) -> Record | web.Response:
    """The application that asks, or the answer to a request that is wrong."""
    application = await oauth_store.application(request.app[POOL], str(values.get("client_id", "")))
    if application is None:
        return _refused(request, _CLIENT_FAILED)
    if values.get("redirect_uri") not in application["redirect_uri"].split():
        return _refused(request, "The requested redirect uri is malformed or doesn't match client redirect URI.")
    state = str(values.get("state", ""))
    if values.get("response_type") != "code":
        return _redirect(
            _back(
                values["redirect_uri"],
                state,
                error="unsupported_response_type",
                error_description="The authorization server does not support this response type.",
            )
        )
    if values.get("scope") not in (None, "", "full"):
        return _redirect(
            _back(
                values["redirect_uri"],
                state,
                error="invalid_scope",
                error_description="The requested scope is invalid, unknown, or malformed.",
            )
        )
    return application


async def _authorize(request: web.Request) -> web.StreamResponse:
    session = await sessions.find(request)
    if session is None or session.user_id is None:
        return web.Response(status=302, headers={"Location": login_address(request.rel_url.raw_path_qs)})
    values = inputs.query(request)
    asked = await _asked(request, values)
    if isinstance(asked, web.Response):
        return asked
    user = await request.app[POOL].fetchrow("SELECT * FROM users WHERE id = $1", session.user_id)
    state = str(values.get("state", ""))
    context = {
        "csrf": session.token(),
        "application": asked["name"],
        "user": user,
        "values": {
            "client_id": asked["uid"],
            "redirect_uri": values["redirect_uri"],
            "response_type": "code",
            "scope": "full",
            "state": state,
        },
        "cancel": _back(
            values["redirect_uri"],
            state,
            error="access_denied",
            error_description="The resource owner or authorization server denied the request.",
        ),
    }
    return aiohttp_jinja2.render_template("consent.html", request, context)


async def _consent(request: web.Request) -> web.StreamResponse:
    session = await sessions.find(request)
    values: dict[str, Any] = dict(await inputs.form(request))
    if session is None or session.user_id is None or not session.fits(values.get("authenticity_token", "")):
        return _refused(request, "This form was open for too long. Please start again.")
    asked = await _asked(request, values)
    if isinstance(asked, web.Response):
        return asked
    code = await oauth_store.new_code(request.app[POOL], asked["id"], session.user_id, values["redirect_uri"])
    return _redirect(_back(values["redirect_uri"], str(values.get("state", "")), code=code))


def _error(name: str, text: str, status: int = 400) -> web.Response:
    headers = dict(_NO_STORE)
    if name == "invalid_client":
        headers["WWW-Authenticate"] = 'Bearer realm="Doorkeeper", error="invalid_client"'
    return web.json_response({"error": name, "error_description": text}, status=status, headers=headers)


async def _client(request: web.Request, values: dict[str, Any]) -> Record | None:
    """The client that shows its secret, by Basic or in the body."""
    uid, secret = values.get("client_id"), values.get("client_secret")
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            uid, _, secret = base64.b64decode(rest.strip(), validate=True).decode("utf-8").partition(":")
        except ValueError:
            return None
        uid, secret = unquote_plus(uid), unquote_plus(secret)
    if not isinstance(uid, str) or not isinstance(secret, str) or "\0" in uid:
        return None
    application = await oauth_store.application(request.app[POOL], uid)
    if application is None or not hmac.compare_digest(digest(secret), application["secret_digest"]):
        return None
    return application


async def _token(request: web.Request) -> web.Response:
    values = await inputs.body(request)
    grant = values.get("grant_type")
    if grant in (None, ""):
        return _error("invalid_request", "Missing required parameter: grant_type.")
    if grant not in ("authorization_code", "refresh_token"):
        return _error("unsupported_grant_type", "The authorization grant type is not supported.")
    client = await _client(request, values)
    if client is None:
        return _error("invalid_client", _CLIENT_FAILED, 401)
    needed = ("code", "redirect_uri") if grant == "authorization_code" else ("refresh_token",)
    for name in needed:
        if not isinstance(values.get(name), str) or not values[name]:
            return _error("invalid_request", f"Missing required parameter: {name}.")
    async with request.app[POOL].acquire() as connection, connection.transaction():
        if grant == "authorization_code":
            user = await oauth_store.spend_code(connection, values["code"], client["id"], values["redirect_uri"])
        else:
            user = await oauth_store.spend_refresh(connection, values["refresh_token"], client["id"])
        made = await oauth_store.new_tokens(connection, client["id"], user) if user is not None else None
    if made is None:
        return _error("invalid_grant", _GRANT_FAILED)
    access, refresh, now = made
    content = {
        "access_token": access,
        "token_type": "Bearer",
        "expires_in": int(oauth_store.TOKEN_LIFE.total_seconds()),
        "refresh_token": refresh,
        "scope": "full",
        "created_at": int(now.timestamp()),
    }
    return web.json_response(content, headers=_NO_STORE)


async def _revoke(request: web.Request) -> web.Response:
    values = await inputs.body(request)
    client = await _client(request, values)
    if client is None:
        return _error("unauthorized_client", "You are not authorized to revoke this token.", 403)
    token = values.get("token")
    if isinstance(token, str):
        await oauth_store.revoke(request.app[POOL], token, client["id"])
    # RFC 7009: also for a token that nobody knows.
    return web.json_response({}, headers=_NO_STORE)


def add_routes(app: web.Application) -> None:
    """Mount ``/oauth``."""
    app.router.add_get("/oauth/authorize", _authorize)
    app.router.add_post("/oauth/authorize", _consent)
    app.router.add_post("/oauth/token", _token)
    app.router.add_post("/oauth/revoke", _revoke)
