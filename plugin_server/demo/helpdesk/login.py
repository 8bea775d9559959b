"""Signing in and out: the plain form at ``/login``, and the API's ``signin``, ``signout`` and ``signshow``."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import aiohttp_jinja2
from aiohttp import web

from . import attributes, auth, catalog, config, inputs, macros, sessions, shapes
from .database import Db
from .errors import UnauthorizedError
from .settings import POOL

_HASH = re.compile(r"#[A-Za-z0-9_/\-]{0,200}")
_RETURN = re.compile(r"/oauth/authorize\?[^\s\\]{0,4000}")
"""Where a sign-in may lead back to besides the page itself: nowhere but the consent form of this server."""


def login_address(return_to: str) -> str:
    """The login page that leads on to ``return_to`` (a path of this server)."""
    return "/login?" + urlencode({"return_to": return_to})


def _wanted(text: str, form: re.Pattern[str]) -> str:
    return text if form.fullmatch(text) else ""


async def _render(request: web.Request, values: dict[str, str], error: str = "") -> web.Response:
    session = await sessions.ensure(request)
    context = {
        "csrf": session.token(),
        "error": error,
        "email": values.get("email", "")[:200],
        "hash": _wanted(values.get("hash", ""), _HASH),
        "return_to": _wanted(values.get("return_to", ""), _RETURN),
    }
    return aiohttp_jinja2.render_template("login.html", request, context, status=401 if error else 200)


async def _form(request: web.Request) -> web.StreamResponse:
    return await _render(request, inputs.query(request))


async def _submit(request: web.Request) -> web.StreamResponse:
    values = await inputs.form(request)
    session = await sessions.find(request)
    if session is None or not session.fits(values.get("authenticity_token", "")):
        return await _render(request, values, "This form was open for too long. Please sign in again.")
    user = await auth.sign_in(request.app[POOL], values.get("email", ""), values.get("password", ""))
    if user is None:
        return await _render(request, values, "E-mail or password is wrong.")
    await sessions.start(request, user["id"])
    return_to = _wanted(values.get("return_to", ""), _RETURN)
    target = return_to or "/" + _wanted(values.get("hash", ""), _HASH)
    return web.Response(status=303, headers={"Location": target})


async def _logout(request: web.Request) -> web.StreamResponse:
    values = await inputs.form(request)
    session = await sessions.find(request)
    if session is not None and session.fits(values.get("authenticity_token", "")):
        await sessions.end(request)
    return web.Response(status=303, headers={"Location": "/login"})


async def _signin(request: web.Request) -> web.Response:
    # Signing in is a write: it needs the CSRF token of the visitor's session (`GET /` or signshow hand one out).
    auth.check_csrf(request, await sessions.find(request))
    params = await inputs.body(request)
    name = inputs.text(params.get("username"), "username") or ""
    user = await auth.sign_in(request.app[POOL], name, inputs.text(params.get("password"), "password") or "")
    if user is None:
        raise UnauthorizedError(auth.LOGIN_FAILED)
    await sessions.start(request, user["id"])
    return web.json_response(await _signed_in(request, user["id"]), status=201)


async def _signout(request: web.Request) -> web.Response:
    session = await sessions.find(request)
    if session is not None:
        auth.check_csrf(request, session)
        await sessions.end(request)
    return web.json_response({})


async def _signshow(request: web.Request) -> web.Response:
    session = await sessions.ensure(request)
    if session.user_id is not None:
        return web.json_response(await _signed_in(request, session.user_id))
    return web.json_response(
        {"error": "no valid session", "config": await _config(request), "models": {}, "collections": {}}
    )


async def _config(request: web.Request, *, signed_in: bool = False) -> dict[str, Any]:
    own = {"product_name": "Helpdesk", "fqdn": request.host, "http_type": request.url.scheme}
    return own | await config.values(request.app[POOL]) if signed_in else own


async def _signed_in(request: web.Request, user_id: int) -> dict[str, Any]:
    db = request.app[POOL]
    row = await db.fetchrow("SELECT * FROM users WHERE id = $1", user_id)
    assert row is not None
    me = (await shapes.users(db, [row]))[0]
    groups = await db.fetch("SELECT * FROM groups WHERE active ORDER BY id")
    held: dict[str, list[str]] = {}
    for one in await db.fetch("SELECT group_id, access FROM group_access WHERE user_id = $1 ORDER BY 1, 2", user_id):
        held.setdefault(str(one["group_id"]), []).append(one["access"])
    return {
        "session": me,
        # The real page adds up what comes by the person and by the roles; here it is told the sum.
        "group_access": held,
        "config": await _config(request, signed_in=True),
        "models": {"Ticket": [attributes.definition(one) for one in await attributes.in_forms(db)]},
        "collections": {
            "Group": [shapes.group(one) for one in groups],
            "TicketState": [{"id": key, "name": name} for key, name in catalog.STATES.items()],
            "TicketPriority": [{"id": key, "name": name} for key, name in catalog.PRIORITIES.items()],
            "User": await _owners(db),
            "Macro": [macros.shape(one) for one in await macros.active(db)],
        },
    }


async def _owners(db: Db) -> list[dict[str, Any]]:
    """Who may own tickets, with the groups in which he may."""
    rows = await db.fetch(
        "SELECT u.id, u.login, u.firstname, u.lastname, array_agg(g.group_id ORDER BY g.group_id) AS owner_in "
        "FROM users u JOIN group_access g ON g.user_id = u.id AND g.access = 'full' "
        "WHERE u.active GROUP BY u.id ORDER BY u.firstname, u.lastname, u.id"
    )
    return [dict(row) for row in rows]


def add_routes(app: web.Application) -> None:
    """Mount the login page and its API."""
    app.router.add_get("/login", _form)
    app.router.add_post("/login", _submit)
    app.router.add_post("/logout", _logout)
    app.router.add_post("/api/v1/signin", _signin)
    app.router.add_delete("/api/v1/signout", _signout)
    app.router.add_get("/api/v1/signshow", _signshow)
