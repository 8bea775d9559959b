"""Faults on demand: what a network, a busy server and a refusing one do to a request, when a test wants it.

``latency`` waits before the work begins and so before anything is stored; the work is done even when the caller has
gone. ``status`` answers without doing anything, in Zammad's own form: a 422 as a core workflow refuses, whose text
only administrators read. ``drop_before`` cuts the connection without doing anything, ``drop_after`` does the work,
stores it, and cuts the connection without an answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from . import inputs
from .errors import ApiError, UnprocessableError

KINDS = ("latency", "status", "drop_before", "drop_after")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
LONGEST = 120.0
"""Seconds; a longer latency is a typing error."""

_WORDS = {
    401: "Invalid BasicAuth credentials",
    403: "Not authorized",
    404: "Couldn't find Ticket",
    422: "Missing required value for field 'budget_release'!",
}
_OF_A_PROXY = (429, 502, 503, 504)
"""Statuses that Zammad itself never gives: what stands before it answers them, as a page."""


@dataclass
class Fault:
    """``match`` is ``METHOD /path``: the path itself, everything below it, or a pattern with ``*``.

    ``times`` counts down; None is for ever. ``seconds`` is the latency, or the Retry-After of a 429 or 503. ``error``
    is a text that everybody may read, in place of the usual one. ``page``: only requests of people's pages are struck,
    not those that carry an ``Authorization``.
    """

    match: str
    kind: str
    times: int | None = 1
    status: int = 500
    seconds: float = 2.0
    error: str | None = None
    page: bool = False


class Faults:
    """The faults that wait for a matching request, oldest first, and the work that outlives its caller."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self.work: set[asyncio.Task[web.StreamResponse]] = set()

    def listed(self) -> list[dict[str, object]]:
        """What still waits."""
        return [asdict(fault) for fault in self.waiting]

    def take(self, method: str, path: str, *, page: bool = True) -> list[Fault]:
        """The faults that strike this request: any latencies, and the first of the other kinds."""
        struck: list[Fault] = []
        ended = False
        for fault in list(self.waiting):
            if (ended and fault.kind != "latency") or not matches(fault.match, method, path):
                continue
            if fault.page and not page:
                continue
            struck.append(fault)
            ended = ended or fault.kind != "latency"
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
        return struck


FAULTS: web.AppKey[Faults] = web.AppKey("faults", Faults)


def matches(match: str, method: str, path: str) -> bool:
    """Whether a fault's ``match`` means this request. ``/tickets/1`` is not the beginning of ``/tickets/10``."""
    wanted, _, pattern = match.partition(" ")
    if wanted != method:
        return False
    whole = pattern.rstrip("/")
    return path == whole or path.startswith(whole + "/") or fnmatchcase(path, pattern)


@web.middleware
async def strike(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the faults that match strike, and finish what was begun even when the caller has gone."""
    if request.path.startswith("/_sim/"):
        return await handler(request)
    faults = request.app[FAULTS]
    struck = faults.take(request.method, request.path, page="Authorization" not in request.headers)
    if not struck:
        return await handler(request)
    await request.read()  # from here on the caller is not needed any more
    work = asyncio.create_task(_work(request, handler, struck))
    faults.work.add(work)
    work.add_done_callback(faults.work.discard)
    return await asyncio.shield(work)


async def _work(request: web.Request, handler: Handler, struck: list[Fault]) -> web.StreamResponse:
    for fault in struck:
        if fault.kind == "latency":
            await asyncio.sleep(fault.seconds)
        elif fault.kind == "status":
            return _refuse(fault)
        elif fault.kind == "drop_before":
            return _drop(request)
    response = await handler(request)
    if any(fault.kind == "drop_after" for fault in struck):
        return _drop(request)
    return response


def _refuse(fault: Fault) -> web.Response:
    if fault.status in _OF_A_PROXY:
        headers = {"Retry-After": f"{fault.seconds:g}"} if fault.status in (429, 503) else None
        page = f"<!doctype html><title>{fault.status}</title><h1>{fault.status}</h1>"
        return web.Response(text=page, content_type="text/html", status=fault.status, headers=headers)
    error = ApiError(fault.error or _WORDS.get(fault.status, "Fault on demand"))
    error.status = fault.status
    error.human = fault.error is not None or fault.status in (401, 403, 404)
    raise error


def _drop(request: web.Request) -> web.StreamResponse:
    """Cut the connection; the answer returned can reach nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def read(body: dict[str, Any]) -> Fault:
    """A fault out of what a test sends; ``times`` of null strikes for ever. 422 for anything that makes no sense."""
    known = ("match", "kind", "times", "status", "seconds", "error", "page")
    match, kind, times = body.get("match"), body.get("kind"), body.get("times", 1)
    status, seconds, error = body.get("status", 500), body.get("seconds", 2), body.get("error")
    method, _, path = match.partition(" ") if isinstance(match, str) else ("", "", "")
    sensible = {
        "match": method in METHODS and path.startswith("/"),
        "kind": kind in KINDS,
        "times": times is None or (inputs.as_id(times) is not None and not isinstance(times, str)),
        "status": isinstance(status, int) and not isinstance(status, bool) and 400 <= status <= 599,
        "seconds": isinstance(seconds, int | float) and not isinstance(seconds, bool) and 0 <= seconds <= LONGEST,
        "error": error is None or isinstance(error, str),
        "page": isinstance(body.get("page", False), bool),
    }
    wrong = [name for name, good in sensible.items() if not good] + [name for name in body if name not in known]
    if wrong:
        raise UnprocessableError(f"not a fault: {', '.join(wrong)}")
    return Fault(str(match), str(kind), times, status, float(seconds), error, body.get("page", False))


async def _add(request: web.Request) -> web.Response:
    faults = request.app[FAULTS]
    faults.waiting.append(read(await inputs.body(request)))
    return web.json_response({"faults": faults.listed()}, status=201)


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"faults": request.app[FAULTS].listed()})


async def _clear(request: web.Request) -> web.Response:
    request.app[FAULTS].waiting.clear()
    return web.json_response({"faults": []})


async def _stop(app: web.Application) -> None:
    for work in list(app[FAULTS].work):
        work.cancel()


def add_routes(app: web.Application) -> None:
    """Mount ``/_sim/faults``."""
    app[FAULTS] = Faults()
    app.on_cleanup.append(_stop)
    app.router.add_get("/_sim/faults", _list)
    app.router.add_post("/_sim/faults", _add)
    app.router.add_delete("/_sim/faults", _clear)
