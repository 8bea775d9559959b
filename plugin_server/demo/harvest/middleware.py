"""Around every request: counting, faults, finishing what was begun, and errors in Harvest's words."""

from __future__ import annotations

import asyncio
import logging
from email.utils import format_datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.errors import ApiError, not_found
from plugin_server.demo.harvest.faults import Fault
from plugin_server.demo.harvest.web.html import message
from plugin_server.demo.harvest.wire import reply

log = logging.getLogger(__name__)


def is_api(path: str) -> bool:
    """Paths whose errors are JSON."""
    return path.startswith(("/v2/", "/api/", "/_sim/"))


def route_of(request: web.Request) -> str:
    """The route's template without the optional ``/api``, for counting: ``/v2/time_entries/{id}``."""
    resource = request.match_info.route.resource
    template = resource.canonical if resource else request.path
    return template.removeprefix("/api") if template.startswith("/api/v2/") else template


def _names(request: web.Request) -> set[str]:
    """Everything that a fault may call this request."""
    paths = {request.path, route_of(request)}
    paths |= {p.removeprefix("/api") for p in paths if p.startswith("/api/v2/")}
    paths |= {f"/api{p}" for p in paths if p.startswith("/v2/")}
    return {f"{request.method} {path}" for path in paths}


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal of the API as JSON; a page's as a page. A fault of ours is logged and answered with 500."""
    try:
        return await handler(request)
    except ApiError as error:
        return reply(error.body, error.status)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        if not is_api(request.path):
            return message(error.status, error.reason, "There is nothing here.")
        if error.status == 413:
            return reply({"message": "The body is too large."}, 413)
        # Harvest has no 405: a method that a path does not know is not found.
        return reply(not_found().body, 404)
    except Exception:
        log.exception("%s %s failed", request.method, request.path)
        return reply({"message": "An internal error occurred."}, 500)


@web.middleware
async def shielded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request, let a fault strike it, and finish the work even when the caller has gone."""
    if request.path.startswith("/_sim/"):
        return await handler(request)
    server = request.app[SERVER]
    server.calls[f"{request.method} {route_of(request)}"] += 1
    await request.read()  # from here on the caller is not needed any more
    struck = server.faults.take(_names(request))
    work = asyncio.create_task(_work(request, handler, struck))
    server.work.add(work)
    work.add_done_callback(server.work.discard)
    return await asyncio.shield(work)


async def _work(request: web.Request, handler: Handler, struck: list[Fault]) -> web.StreamResponse:
    for fault in struck:
        if fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "status":
            headers = {"Retry-After": f"{fault.seconds:g}"} if fault.status in (429, 503) else None
            return web.Response(status=fault.status, text="fault on demand\n", headers=headers)
        elif fault.kind == "drop_before":
            return _drop(request)
    response = await handler(request)
    if any(fault.kind == "drop_after" for fault in struck):
        return _drop(request)
    return response


async def dated(request: web.Request, response: web.StreamResponse) -> None:
    """Every answer says what time it is by the clock that everything else here goes by."""
    response.headers["Date"] = format_datetime(request.app[SERVER].clock.now(), usegmt=True)


def _drop(request: web.Request) -> web.StreamResponse:
    """Cut the connection; the answer returned can reach nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
