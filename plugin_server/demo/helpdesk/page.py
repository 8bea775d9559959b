"""The one page of the agents' interface, and its scripts and styles."""

from __future__ import annotations

from pathlib import Path

import aiohttp_jinja2
import jinja2
from aiohttp import web

from . import sessions
from .middleware import NONCE

HERE = Path(__file__).parent


async def _index(request: web.Request) -> web.StreamResponse:
    session = await sessions.find(request)
    if session is None or session.user_id is None:
        # Browsers carry the address's hash over a redirect, so the login page knows where to go on.
        return web.Response(status=302, headers={"Location": "/login"})
    return aiohttp_jinja2.render_template("index.html", request, {"csrf": session.token(), "nonce": request[NONCE]})


async def _favicon(_: web.Request) -> web.Response:
    return web.Response(status=204)


def add_routes(app: web.Application) -> None:
    """Mount the page, ``/assets`` and the templates."""
    aiohttp_jinja2.setup(app, loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True)
    app.router.add_get("/", _index)
    app.router.add_get("/favicon.ico", _favicon)
    app.router.add_static("/assets/", HERE / "static")
