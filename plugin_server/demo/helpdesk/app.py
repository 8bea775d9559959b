"""The composition root: one aiohttp application over one database."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from . import (
    applications,
    articles,
    config,
    core_workflows,
    directory,
    events,
    faults,
    history,
    http_logs,
    links,
    login,
    macros,
    mentions,
    middleware,
    notifications,
    oauth,
    object_manager,
    page,
    roles,
    seed,
    simulation,
    tags,
    ticket_merge,
    ticket_search,
    tickets,
    tickets_mass,
    time_accountings,
    time_types,
    tokens,
    triggers,
    users,
    version,
    webhook_jobs,
    webhooks,
)
from .database import Pool, connect
from .settings import POOL, SETTINGS, Settings

MAX_BODY = 30 * 1024 * 1024
"""Bytes; beyond it 413."""


def create_app(pool: Pool, settings: Settings, outer: Sequence[Middleware] = ()) -> web.Application:
    """The application. ``outer`` middlewares stand before everything else."""
    app = web.Application(
        middlewares=[
            *outer,
            middleware.headers,
            middleware.failures,
            simulation.only_from_here,
            middleware.caller,
            faults.strike,
        ],
        client_max_size=MAX_BODY,
    )
    app[POOL] = pool
    app[SETTINGS] = settings
    app[events.LISTENERS] = []
    for part in (
        simulation, faults, login, oauth, applications, version, tokens, users, directory, roles, object_manager,
        core_workflows, config,
        ticket_search, time_accountings, tickets_mass, ticket_merge, history, links, time_types, tickets, articles,
        tags, macros, webhooks, triggers, webhook_jobs, http_logs, mentions, notifications,
        page,
    ):  # fmt: skip
        part.add_routes(app)
    return app


async def open_app(database: str, settings: Settings, outer: Sequence[Middleware] = ()) -> web.Application:
    """The application over a database given by address, seeded; it closes its pool at the end."""
    pool = await connect(database)
    try:
        await seed.prepare(pool, settings)
    except BaseException:
        pool.terminate()
        raise
    app = create_app(pool, settings, outer)

    async def close(_: web.Application) -> None:
        await pool.close()

    app.on_cleanup.append(close)
    return app
