"""Around every request: headers, errors in Zammad's form, and who is calling the API."""

from __future__ import annotations

import logging
import secrets

from aiohttp import web
from aiohttp.typedefs import Handler

from . import errors, sessions
from .auth import ACTOR, authenticate
from .settings import SETTINGS

API = "/api/v1/"
OPEN = ("/api/v1/signin", "/api/v1/signshow", "/api/v1/signout")
"""Calls that look at the session themselves."""

NONCE: web.RequestKey[str] = web.RequestKey("nonce", str)
_log = logging.getLogger(__name__)


@web.middleware
async def headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Zammad's security headers on every page, its cache headers on every API answer."""
    request[NONCE] = secrets.token_urlsafe(16)
    response = await handler(request)
    own = request.app[SETTINGS].public_url
    # As in config/initializers/content_security_policy.rb: an extension has to live with exactly this.
    response.headers["Content-Security-Policy"] = (
        "default-src 'self' ws: wss: https://images.zammad.com; "
        f"script-src 'self' 'unsafe-eval' 'nonce-{request[NONCE]}'; style-src 'self' 'unsafe-inline'; "
        "img-src * data: blob:; font-src 'self' data:; object-src 'none'; "
        f"frame-src www.youtube.com player.vimeo.com; base-uri 'self' {own}"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    if request.path.startswith("/assets/"):
        response.headers["Cache-Control"] = "no-cache"
    else:
        response.headers["Cache-Control"] = "no-cache, no-store, max-age=0, must-revalidate"
        response.headers["Pragma"] = "no-cache"
        response.headers["Expires"] = "-1"
    actor = request.get(ACTOR)
    if actor is not None and actor.way != "session":
        if response.status not in (401, 403):
            response.headers["Access-Control-Allow-Origin"] = "*"
    else:
        sessions.attach(request, response)
    return response


def _prefers_html(request: web.Request) -> bool:
    accept = request.headers.get("Accept", "")
    html, json = accept.find("text/html"), accept.find("json")
    return html >= 0 and (json < 0 or html < json)


@web.middleware
async def failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn what went wrong into the documented answer."""
    try:
        return await handler(request)
    except errors.ApiError as error:
        failure = error
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        if error.status in (404, 405):
            # A method without a route is an unknown route in Rails.
            failure = errors.NotFoundError(f"No route matches [{request.method}] {request.path}")
        else:
            failure = errors.ApiError(error.reason)
            failure.status = error.status
    except Exception:
        _log.exception("unexpected error at %s %s", request.method, request.path)
        failure = errors.BrokenError("Internal Server Error")
    actor = request.get(ACTOR)
    return errors.answer(failure, admin=actor is not None and actor.may("admin"), html=_prefers_html(request))


@web.middleware
async def caller(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every API call but the open ones needs somebody."""
    if request.path.startswith(API) and request.path not in OPEN and request.match_info.http_exception is None:
        request[ACTOR] = await authenticate(request)
    return await handler(request)
