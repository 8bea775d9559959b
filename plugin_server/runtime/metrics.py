"""What this process counts and times, in Prometheus' text format. Labels are our own words, never what somebody typed:
routes and calls go by their template, so no id, name or secret gets in and their number stays small.

Every metric stands in ``docs/operate.md`` with its meaning; a test compares the two.
"""

from __future__ import annotations

import asyncio
import hmac
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Handler
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from plugin_server.runtime import log
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import NotFound, Unauthenticated
from plugin_server.runtime.i18n import gettext as _
from plugin_server.runtime.web import identify, tell_problems

PATH = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH_SECONDS = 10.0
"""The database is asked at most so often, however many scrape."""
READ_SECONDS = 5.0

Outcome = Literal["ok", "refused", "throttled", "fault", "no_answer"]
Read = Callable[[], Awaitable[list[GaugeMetricFamily]]]

disable_created_metrics()  # type: ignore[no-untyped-call]  # twice the lines, for what nobody asks
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_FAST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_built = Gauge("deskhours_info", "Always 1; says which version runs", ["version"], registry=REGISTRY)
_built.labels(version("deskhours")).set(1)
_requests = Histogram(
    "deskhours_http_request_seconds",
    "Requests that the server answered, by route template and class of status",
    ["method", "route", "status"],
    buckets=_FAST,
    registry=REGISTRY,
)
_in_flight = Gauge("deskhours_http_requests_in_flight", "Requests being answered", registry=REGISTRY)
_calls = Histogram(
    "deskhours_call_seconds",
    "Calls to Harvest and to the helpdesk, by template and outcome",
    ["system", "call", "outcome"],
    buckets=_SLOW,
    registry=REGISTRY,
)
_throttled = Counter("deskhours_call_throttled", "Answers 429", ["system"], registry=REGISTRY)
_jobs = Histogram(
    "deskhours_job_seconds", "Jobs of the worker, by outcome", ["job", "outcome"], buckets=_SLOW, registry=REGISTRY
)

_logger = log.get(__name__)


@web.middleware
async def measure(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count and time a request."""
    began, status = time.perf_counter(), "gone"
    resource = request.match_info.route.resource
    method = request.method if request.method in _METHODS else "other"
    with _in_flight.track_inprogress():
        try:
            response = await handler(request)
            status = f"{response.status // 100}xx"
        except web.HTTPException as error:
            status = f"{error.status // 100}xx"
            raise
        finally:
            route = resource.canonical if resource else "none"
            _requests.labels(method, route, status).observe(time.perf_counter() - began)
    return response


class Called:
    """A call under way; whoever makes it notes the ``status`` of the answer."""

    status: int | None = None


@contextmanager
def calling(system: Literal["harvest", "helpdesk"], method: str, path: str) -> Iterator[Called]:
    """Count and time a call to another system. ``path`` may carry ids and a query; neither is kept."""
    called, began = Called(), time.perf_counter()
    try:
        yield called
    finally:
        outcome = _outcome(called.status)
        _calls.labels(system, f"{method} {template(path)}", outcome).observe(time.perf_counter() - began)
        if outcome == "throttled":
            _throttled.labels(system).inc()


def template(path: str) -> str:
    """A path without query, its numbers as ``{id}``."""
    return re.sub(r"(?<=/)\d+(?=/|$)", "{id}", path.partition("?")[0])


def _outcome(status: int | None) -> Outcome:
    if status is None:
        return "no_answer"
    if status == 429:
        return "throttled"
    return "ok" if status < 400 else "refused" if status < 500 else "fault"


@contextmanager
def working(job: str) -> Iterator[None]:
    """Count and time a job; one that raises has failed, one that is cancelled was cut off."""
    began, outcome = time.perf_counter(), "ok"
    try:
        yield
    except Exception:
        outcome = "failed"
        raise
    except asyncio.CancelledError:
        outcome = "cut_off"
        raise
    finally:
        _jobs.labels(job, outcome).observe(time.perf_counter() - began)


class Exposition:
    """Answers ``/metrics``. ``token`` is what the caller has to send as a Bearer token; ``read`` asks the database."""

    def __init__(self, pool: Pool, token: str | None, read: Read | None = None) -> None:
        self._pool = pool
        self._token = token
        self._read = read
        self._lock = asyncio.Lock()
        self._known: list[GaugeMetricFamily] = []
        self._known_at = float("-inf")

    async def guarded(self, request: web.Request) -> web.Response:
        """For who has the token; without one set there is nothing here."""
        if self._token is None:
            raise NotFound(_("There is nothing at this address."))
        scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), self._token.encode()):
            raise Unauthenticated(_("The metrics want the token that the manifest's server.metrics_token names."))
        return await self.open(request)

    async def open(self, _request: web.Request) -> web.Response:
        """For everybody who can reach this address."""
        registry = CollectorRegistry()
        registry.register(_Families([*self._of_pool(), *await self._of_database()]))
        body = generate_latest(REGISTRY) + generate_latest(registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    def _of_pool(self) -> list[GaugeMetricFamily]:
        size, idle = self._pool.get_size(), self._pool.get_idle_size()
        family = GaugeMetricFamily("deskhours_database_connections", "Connections to the database", labels=["state"])
        for state, count in (("used", size - idle), ("idle", idle), ("most", self._pool.get_max_size())):
            family.add_metric([state], count)
        return [family]

    async def _of_database(self) -> list[GaugeMetricFamily]:
        if self._read is None:
            return []
        async with self._lock:
            now = asyncio.get_running_loop().time()
            if now - self._known_at >= FRESH_SECONDS:
                answers = GaugeMetricFamily("deskhours_database_up", "Whether the database answered the last scrape")
                try:
                    async with asyncio.timeout(READ_SECONDS):
                        found = await self._read()
                    answers.add_metric([], 1)
                except Exception as error:  # whatever it is, the process's own metrics are worth having all the more
                    _logger.warning("metrics lack what the database knows", reason=repr(error))
                    found = []
                    answers.add_metric([], 0)
                self._known, self._known_at = [answers, *found], now
            return self._known


class _Families(Collector):
    def __init__(self, families: list[GaugeMetricFamily]) -> None:
        self._families = families

    def collect(self) -> list[GaugeMetricFamily]:
        return self._families


async def listen(exposition: Exposition, host: str, port: int, *, guarded: bool) -> web.AppRunner:
    """Serve nothing but the metrics, for a process that serves nothing else; clean the runner up at the end. Raises
    OSError when the port is taken."""
    app = web.Application(middlewares=[identify, tell_problems])
    app.router.add_get(PATH, exposition.guarded if guarded else exposition.open)
    runner = web.AppRunner(app, access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
