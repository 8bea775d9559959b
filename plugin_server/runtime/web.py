"""What every HTTP answer has: a request id, security headers, and problems told in the caller's form."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from plugin_server.runtime import database, i18n, log
from plugin_server.runtime.api import (
    AUTHENTICATE,
    RENDER_PANEL,
    RENDER_PROBLEM,
    ErrorBody,
    ErrorDetail,
    Refused,
    language,
    wants_html,
)
from plugin_server.runtime.errors import NotFound, Problem, Unavailable
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.stop import STOP

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked all the time by whoever watches the server; not worth a line each."""

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_logger = log.get(__name__)


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id (the proxy's, where it sent a sane one) and bind it to every log line."""
    given = request.headers.get("X-Request-Id", "")
    identity = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
    request[REQUEST_ID] = identity
    began = time.perf_counter()
    with structlog.contextvars.bound_contextvars(request_id=identity, method=request.method, path=request.path):
        response = await handler(request)
        if request.path not in QUIET:
            took = round((time.perf_counter() - began) * 1000, 1)
            _logger.info("answered", status=response.status, milliseconds=took)
    response.headers["X-Request-Id"] = identity
    if STOP in request.app and request.app[STOP].is_asked and not response.prepared:
        response.force_close()  # the next request goes to another server, and none to a connection about to end
    return response


async def secure(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer; a page may set a header of its own before."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


@web.middleware
async def tell_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and faults into an answer in the caller's form; only faults are logged with a traceback."""
    with i18n.speaking(language(request)):
        return await _told(request, handler)


async def _told(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return await _answer(request, problem)
    except web.HTTPNotFound:
        return await _answer(request, NotFound(_("There is nothing at this address.")))
    except web.HTTPRequestEntityTooLarge:
        return await _answer(request, Problem(_("The request's body is too large."), code="too_large", status=413))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        response = await _answer(request, Problem(error.reason, code="http_error", status=error.status))
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response
    except database.AWAY as error:
        if request.transport is None or request.transport.is_closing():
            _logger.info("the caller has gone")
            return web.Response(status=503)  # nobody reads it
        _logger.error("the database does not answer", reason=repr(error))
        words = _("Deskhours' database does not answer. Nothing you typed is lost; try again in a moment.")
        return await _answer(request, Unavailable(words))
    except Exception:
        _logger.exception("request failed")
        words = _("Something went wrong on the server. Nothing you typed is lost; try again in a moment.")
        return await _answer(request, Problem(words, code="fault", status=500))


async def _answer(request: web.Request, problem: Problem) -> web.Response:
    if problem.status < 500:
        _logger.info("refused", status=problem.status, code=problem.code, fields=sorted(problem.fields))
    if wants_html(request):
        try:
            return web.Response(text=await _html(request, problem), status=problem.status, content_type="text/html")
        except Exception:
            _logger.exception("the problem's page can't be shown")
    body = ErrorBody(
        error=ErrorDetail(
            code=problem.code, message=problem.message, fields=problem.fields, request_id=request[REQUEST_ID]
        )
    )
    return web.Response(text=body.model_dump_json(), status=problem.status, content_type="application/json")


async def _html(request: web.Request, problem: Problem) -> str:
    if isinstance(problem, Refused):
        caller = await request.app[AUTHENTICATE](request)
        return await request.app[RENDER_PANEL](caller, problem.panel, language(request))
    return await request.app[RENDER_PROBLEM](request, problem)
