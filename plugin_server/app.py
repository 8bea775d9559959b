"""The server's composition root: features' routes and sections, plugged into one aiohttp application."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

from aiohttp import web

from plugin_server.accounts.connect import Connect
from plugin_server.accounts.popup import AccountSection
from plugin_server.accounts.routes import AccountRoutes
from plugin_server.accounts.sessions.service import Sessions
from plugin_server.accounts.web.routes import WebRoutes
from plugin_server.accounts.web.service import WebSessions
from plugin_server.alerts.popup import AlertSection
from plugin_server.alerts.routes import AlertRoutes
from plugin_server.budgets.ahead import Ahead
from plugin_server.budgets.history.source import LedgerSource
from plugin_server.budgets.routes import BudgetRoutes
from plugin_server.budgets.section import BudgetSection
from plugin_server.check import identity
from plugin_server.corrections.history.source import CorrectionSource
from plugin_server.corrections.pages import EntryPages
from plugin_server.corrections.routes import CorrectionRoutes
from plugin_server.corrections.view import Views as CorrectionViews
from plugin_server.dashboard import compose as dashboard
from plugin_server.drift.routes import DriftRoutes
from plugin_server.explain.routes import ExplainRoutes
from plugin_server.explain.section import ExplainSection
from plugin_server.gauges import Gauges
from plugin_server.manifest import url_text
from plugin_server.notes.routes import NoteRoutes
from plugin_server.panel.compose import Panel
from plugin_server.panel.health import Health, HealthSection
from plugin_server.panel.popup import PATH, Popup
from plugin_server.panel.routes import PanelRoutes
from plugin_server.panel.rules import can_serve
from plugin_server.projects.routes import ProjectRoutes
from plugin_server.projects.section import ProjectSection
from plugin_server.runtime import api, database, fit, metrics, openapi
from plugin_server.runtime.errors import Problem
from plugin_server.runtime.stop import STOP
from plugin_server.runtime.templates import Templates
from plugin_server.runtime.web import identify, secure, tell_problems
from plugin_server.services import Services
from plugin_server.tickets.articles.source import ArticleSource
from plugin_server.tickets.entries.source import EntrySource
from plugin_server.tickets.routes import TicketRoutes
from plugin_server.tickets.section import LinkSection
from plugin_server.timeline.routes import TimelineRoutes
from plugin_server.timeline.service import Timelines
from plugin_server.timeline.view import Views
from plugin_server.timelog.popup import LogSection
from plugin_server.timelog.routes import LogRoutes
from plugin_server.timelog.section import REFRESH_JOB, TimeLogSection
from plugin_server.timelog.starting.popup import StartSection
from plugin_server.timelog.timesheet.popup import TimesheetSection
from plugin_server.timers.popup import TimerSection
from plugin_server.timers.routes import TimerRoutes

STATIC = Path(__file__).resolve().parent / "panel" / "static"


def create(services: Services) -> web.Application:
    """The application, ready to serve."""
    manifest, pool, clock = services.manifest, services.pool, services.clock
    public_url = url_text(manifest.server.public_url)
    templates = Templates()
    keys = [key.get_secret_value() for key in manifest.server.jwt_keys]
    lifetimes = timedelta(minutes=manifest.server.access_minutes), timedelta(days=manifest.server.session_days)
    sessions = Sessions(pool, keys, public_url, *lifetimes, clock)
    connect = Connect(
        pool, manifest, services.helpdesk, services.oauth, services.tokens, services.mirror, clock, services.timelog
    )
    secrets = (manifest.helpdesk.webhook_secret, manifest.helpdesk.webhook_secret_before)
    tickets = TicketRoutes(
        services.intake,
        services.links,
        services.helpdesk,
        [secret.get_secret_value() for secret in secrets if secret is not None],
    )
    ahead = Ahead(pool, services.budgets, services.tickets)
    panel = Panel(
        pool,
        services.tickets,
        [
            TimeLogSection(
                pool,
                services.tickets,
                services.timers,
                services.mirror,
                services.queue,
                templates,
                clock,
                manifest.time,
                ai_notes=services.notes.uses_model,
            ),
            BudgetSection(
                pool,
                services.tickets,
                services.budgets,
                services.budget_desk,
                services.managers,
                services.people,
                templates,
                clock,
            ),
            ProjectSection(
                pool,
                services.tickets,
                services.projects,
                services.people,
                services.queue,
                templates,
                f"{public_url}{dashboard.CLIENTS_PATH}",
            ),
            LinkSection(pool, services.tickets, services.mirror, templates),
            ExplainSection(templates),
        ],
        templates,
        clock,
    )
    health = Health(pool, services.queue, clock)
    popup = Popup(
        [
            AccountSection(pool, templates),
            HealthSection(health, services.mirror, templates, clock),
            TimerSection(pool, services.tickets, services.timers, services.helpdesk, templates, clock),
            LogSection(pool, services.tickets, services.helpdesk, templates, clock),
            AlertSection(pool, services.alerts.own, templates),
            TimesheetSection(pool, services.tickets, services.mirror, services.helpdesk, templates, clock),
            StartSection(pool, services.tickets, services.helpdesk, templates, manifest.time.default_task),
        ],
        templates,
    )
    web_sessions = WebSessions(
        pool, services.helpdesk, services.people, services.tokens, public_url, lifetimes[1], clock
    )
    browsers = WebRoutes(web_sessions, public_url)
    accounts = AccountRoutes(pool, connect, sessions, browsers, clock, secure=public_url.startswith("https://"))
    board = dashboard.compose(
        pool,
        browsers,
        services.people,
        services.tickets,
        services.links,
        services.budget_desk,
        services.alerts.deliveries,
        services.budgets.policy,
        services.mirror,
        services.clients,
        services.helpdesk,
        health,
        manifest.helpdesk.roles,
        manifest.budgets.managers,
        templates,
        clock,
    )
    entries = EntrySource(pool, services.mirror, services.budgets.policy.counting)
    timelines = Timelines(
        pool,
        services.tickets,
        services.articles,
        services.people,
        entries,
        [
            ArticleSource(pool, services.articles, services.helpdesk),
            LedgerSource(pool),
            CorrectionSource(pool, services.mirror),
        ],
    )
    views = Views(pool, services.helpdesk, templates, public_url)
    timeline = TimelineRoutes(browsers, timelines, views, services.links)
    corrected = CorrectionViews(templates, clock)
    entry_pages = EntryPages(browsers, services.corrections, corrected)
    routes = [
        *PanelRoutes(panel, services.tickets, services.queue, REFRESH_JOB).api(),
        *LogRoutes(services.timelog, ahead, templates).api(),
        *NoteRoutes(services.notes).api(),
        *tickets.api(),
        *ExplainRoutes(services.explain, services.tickets, templates).api(),
        *BudgetRoutes(services.budget_desk).api(),
        *AlertRoutes(services.alerts.desktop).api(),
        *TimerRoutes(services.timers).api(),
        *ProjectRoutes(services.projects, templates).api(),
        *CorrectionRoutes(services.corrections, corrected).api(),
        *popup.api(),
        *DriftRoutes(pool, clock).api(),
        *accounts.api(),
        *board.api.api(),
        *timeline.api(),
    ]

    app = web.Application(
        middlewares=[metrics.measure, identify, tell_problems, fit.refuse_misfits], client_max_size=api.MAXIMUM_BODY
    )
    app.on_response_prepare.extend([secure, fit.tell_versions])
    templates.attach(app)
    app[api.AUTHENTICATE] = sessions.authenticate
    app[api.RENDER_PANEL] = panel.render

    async def render_problem(request: web.Request, problem: Problem) -> str:
        if request.path == PATH:
            return await popup.problem(problem, api.language(request))
        if request.path.startswith((dashboard.PATH, "/tickets/")):
            return await board.routes.problem(request, problem)
        return await panel.problem(request, problem)

    app[api.RENDER_PROBLEM] = render_problem
    api.add_routes(app, routes)
    app.add_routes([*accounts.pages(), *tickets.pages(), *browsers.pages()])
    app.add_routes([*board.routes.pages(), *board.clients.pages(), *timeline.pages(), *entry_pages.pages()])
    app.router.add_static("/static", STATIC)

    described = openapi.document("Deskhours", version("deskhours"), public_url, routes)

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(described)

    async def welcome(request: web.Request) -> web.Response:
        lang = api.language(request)
        page = templates.render("panel/welcome.html", lang, helpdesk_url=url_text(manifest.helpdesk.url))
        return web.Response(text=page, content_type="text/html")

    async def healthz(_request: web.Request) -> web.Response:
        """How every part is, in one word each. Only what keeps this server from answering makes it a 503: what waits
        for the worker, Harvest or the helpdesk is taken and kept, so nobody must be sent elsewhere for it."""
        parts = await health.look()
        words = {part.name: "away" if part.state == "refused" else part.state for part in parts}
        ok = can_serve(parts)
        return web.json_response({"ok": ok, **words}, status=200 if ok else 503)

    async def ready(_request: web.Request) -> web.Response:
        """Whether requests can be served: the database answers and is migrated, the queue answers, and this server is
        not about to end."""
        state = {"database": False, "migrations": False, "queue": await services.queue.ping()}
        problem = None
        with contextlib.suppress(Exception):  # whatever it is, the answer is "not ready"
            async with asyncio.timeout(2):
                missing = await database.pending(pool)
                state |= {"database": True, "migrations": not missing}
                if missing:
                    problem = f"The database is older than this server. Run deskhours migrate ({', '.join(missing)})."
        stopping = STOP in app and app[STOP].is_asked
        if stopping:
            problem = "This server is about to end."
        ok = all(state.values()) and not stopping
        words = {} if problem is None else {"problem": problem}
        return web.json_response({"ok": ok, **state, **words}, status=200 if ok else 503)

    async def instance(_request: web.Request) -> web.Response:
        return web.json_response({"instance": identity.identity(keys[0])})

    app.router.add_get("/", welcome)
    app.router.add_get(identity.PATH, instance)
    app.router.add_get("/api/openapi.json", describe)
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", ready)
    token = manifest.server.metrics_token
    exposition = metrics.Exposition(pool, token.get_secret_value() if token else None, Gauges(pool, clock).read)
    app.router.add_get(metrics.PATH, exposition.guarded)
    return app
