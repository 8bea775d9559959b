"""Signing in with mail and password, and the cookie that remembers it."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from plugin_server.demo.harvest import tokens
from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.fields import storable
from plugin_server.demo.harvest.sql import Row
from plugin_server.demo.harvest.web.html import page

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection

COOKIE = "harvest_session"


async def signed_in(conn: Connection, request: web.Request) -> Row | None:
    """The active person behind the cookie, with the ``form_key`` that guards this session's forms."""
    cookie = request.cookies.get(COOKIE)
    if not cookie:
        return None
    row: Row | None = await conn.fetchrow(
        "SELECT p.*, s.form_key FROM web_session s JOIN person p ON p.id = s.user_id"
        " WHERE s.digest = $1 AND p.is_active",
        tokens.digest(cookie),
    )
    return row


def to_login(request: web.Request) -> web.Response:
    """Off to the form, to come back to this very address."""
    target = f"/sign_in?{urlencode({'return_to': str(request.rel_url)})}"
    return web.Response(status=302, headers={"Location": target, "Cache-Control": "no-store"})


def _local(target: str) -> str:
    """A path of this server; anything that a browser might take elsewhere becomes the first page."""
    plain = all(" " < c < "\x7f" and c != "\\" for c in target)
    return target if plain and target.startswith("/") and not target.startswith("//") else "/"


async def form(request: web.Request) -> web.Response:
    """The login form."""
    return_to = _local(request.query.get("return_to", "/"))
    return page("login.html", title="Sign in", wrong=False, email="", return_to=return_to)


async def submit(request: web.Request) -> web.Response:
    """Check mail and password; a wrong one shows the form again with 401."""
    data = await request.post()
    email, password, return_to = (str(data.get(name, "")) for name in ("email", "password", "return_to"))
    return_to = _local(return_to)
    async with request.app[SERVER].pool.acquire() as conn:
        person = None
        if storable(email):
            person = await conn.fetchrow("SELECT * FROM person WHERE lower(email) = lower($1) AND is_active", email)
        known = person["password"] if person else None
        good = known is not None and hmac.compare_digest(known.encode(), password.encode(errors="replace"))
        if person is None or not good:
            return page("login.html", 401, title="Sign in", wrong=True, email=email, return_to=return_to)
        cookie = tokens.fresh()
        await conn.execute(
            "INSERT INTO web_session (digest, user_id, form_key) VALUES ($1, $2, $3)",
            tokens.digest(cookie),
            person["id"],
            tokens.fresh(),
        )
    response = web.Response(status=303, headers={"Location": return_to, "Cache-Control": "no-store"})
    secure = request.app[SERVER].settings.public_url.startswith("https:")
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="Lax", secure=secure, path="/")
    return response


def form_is_ours(person: Row, key: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(str(person["form_key"]).encode(), key.encode(errors="replace"))
