"""The composition root: database, seed, middlewares, routes; and serving until told to stop."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import asyncpg
from aiohttp import web

from plugin_server.demo.harvest.context import SERVER, Server
from plugin_server.demo.harvest.middleware import dated, errors, shielded
from plugin_server.demo.harvest.ratelimit import Limiter
from plugin_server.demo.harvest.routes import add_routes
from plugin_server.demo.harvest.seed import seed
from plugin_server.demo.harvest.settings import Settings

_SCHEMA = Path(__file__).resolve().parent / "schema.sql"
_STARTING = 0x4841_5256  # advisory lock: two starting at once must not seed twice
# Notes may have 16 million characters, and JSON may spell one with six.
_LARGEST_BODY = 100 * 1024 * 1024


async def create_app(settings: Settings) -> web.Application:
    """The application on its seeded database; its cleanup finishes begun work and closes the pool."""
    pool = await asyncpg.create_pool(settings.database, min_size=1, max_size=10, command_timeout=30)
    limiter = Limiter(settings.rate_limit) if settings.rate_limit else None
    server = Server(settings, pool, account_id=0, limiter=limiter)
    try:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("SELECT pg_advisory_xact_lock($1)", _STARTING)
            await conn.execute(_SCHEMA.read_text(encoding="utf-8"))
            server.account_id = await seed(conn, settings, server.clock.now())
    except BaseException:
        pool.terminate()
        raise
    app = web.Application(middlewares=[errors, shielded], client_max_size=_LARGEST_BODY)
    app[SERVER] = server
    app.on_response_prepare.append(dated)
    app.on_shutdown.append(_finish)
    app.on_cleanup.append(_close)
    add_routes(app)
    return app


async def _finish(app: web.Application) -> None:
    """Let begun work come to its end, but not for long: the whole stop is to take less than three seconds."""
    work = app[SERVER].work
    if work:
        await asyncio.wait(work, timeout=0.7)
    for task in list(work):
        task.cancel()


async def _close(app: web.Application) -> None:
    pool = app[SERVER].pool
    try:
        await asyncio.wait_for(pool.close(), timeout=0.5)
    except TimeoutError:
        pool.terminate()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then end within three seconds."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    runner = web.AppRunner(await create_app(settings), access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        await stop.wait()
    finally:
        await runner.cleanup()
