"""Which Zammad this is. Source: ``app/controllers/version_controller.rb`` and its policy: administrators may know."""

from __future__ import annotations

from aiohttp import web

from . import access, simulation
from .auth import ACTOR
from .settings import POOL


async def _show(request: web.Request) -> web.Response:
    access.require(request[ACTOR], "admin")
    return web.json_response({"version": await simulation.setting(request.app[POOL], "version")})


def add_routes(app: web.Application) -> None:
    """Mount ``/api/v1/version``."""
    app.router.add_get("/api/v1/version", _show)
