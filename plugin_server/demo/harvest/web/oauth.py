"""The identity host: granting access in the browser, tokens for a code or a refresh token, the list of accounts.

Documented: the parameters, the reply's shape, the life of an access token (14 days), ``scope`` naming the account.
Taken strictly because undocumented: a refresh token works once; a code works once and for ten minutes.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from plugin_server.demo.harvest import tokens
from plugin_server.demo.harvest.bodies import read_body
from plugin_server.demo.harvest.context import SERVER
from plugin_server.demo.harvest.endpoint import bearer, require_user_agent
from plugin_server.demo.harvest.errors import invalid_token, oauth_error
from plugin_server.demo.harvest.fields import storable
from plugin_server.demo.harvest.sql import Row
from plugin_server.demo.harvest.web.html import message, page
from plugin_server.demo.harvest.web.session import form_is_ours, signed_in, to_login
from plugin_server.demo.harvest.wire import reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugin_server.demo.harvest.sql import Connection

    Params = Mapping[str, object]


def _text(params: Params, name: str) -> str:
    value = params.get(name)
    return value if isinstance(value, str) and storable(value) else ""


async def _client(conn: Connection, client_id: str) -> Row | None:
    row: Row | None = await conn.fetchrow("SELECT * FROM oauth_client WHERE id = $1", client_id)
    return row


def _redirect(target: str, params: Params, answer: dict[str, str]) -> str:
    """The registered address with the answer, and the state if there was one."""
    if params.get("state") is not None:
        answer["state"] = _text(params, "state")
    return f"{target}{'&' if urlsplit(target).query else '?'}{urlencode(answer)}"


def _see(location: str) -> web.Response:
    return web.Response(status=302, headers={"Location": location, "Cache-Control": "no-store"})


async def _checked(conn: Connection, params: Params) -> tuple[Row, str] | web.Response:
    """The client and where to send the browser back; a page when that cannot be told, for there is nowhere to go."""
    client = await _client(conn, _text(params, "client_id"))
    if client is None:
        return message(400, "Unknown application", "No application has this client_id.")
    target = _text(params, "redirect_uri") or client["redirect_uri"]
    plain = all("!" <= c <= "~" for c in target) and "#" not in target
    if not plain or not target.startswith(client["redirect_uri"]):
        return message(400, "Wrong redirect", "The redirect_uri does not begin with the registered one.")
    if params.get("response_type") != "code":
        return _see(_redirect(target, params, {"error": "unsupported_response_type"}))
    return client, target


async def authorize(request: web.Request) -> web.Response:
    """The consent form, after signing in."""
    server = request.app[SERVER]
    async with server.pool.acquire() as conn:
        checked = await _checked(conn, request.query)
        if isinstance(checked, web.Response):
            return checked
        person = await signed_in(conn, request)
        account = await conn.fetchval("SELECT name FROM company")
    if person is None:
        return to_login(request)
    client, target = checked
    return page(
        "consent.html",
        title="Authorize application",
        client=client["name"],
        client_id=client["id"],
        account=account,
        person=f"{person['first_name']} {person['last_name']}",
        form_key=person["form_key"],
        redirect_uri=target,
        state=request.query.get("state"),
        cancel=_redirect(target, request.query, {"error": "access_denied"}),
    )


async def allow(request: web.Request) -> web.Response:
    """The consent given: back to the application with a code."""
    server = request.app[SERVER]
    params = await request.post()
    async with server.pool.acquire() as conn:
        checked = await _checked(conn, params)
        if isinstance(checked, web.Response):
            return checked
        person = await signed_in(conn, request)
        if person is None or not form_is_ours(person, _text(params, "form_key")):
            return message(403, "Not authorized", "This form is not of your session. Go back and try again.")
        client, target = checked
        code = tokens.fresh()
        await conn.execute(
            "INSERT INTO oauth_code (digest, client_id, user_id, expires_at) VALUES ($1, $2, $3, $4)",
            tokens.digest(code),
            client["id"],
            person["id"],
            server.clock.now() + tokens.CODE_LIFE,
        )
    return _see(_redirect(target, params, {"code": code, "scope": f"harvest:{server.account_id}"}))


async def token(request: web.Request) -> web.Response:
    """A pair of tokens for a code or for a refresh token; both are used up in the same moment."""
    require_user_agent(request)
    server = request.app[SERVER]
    params = await read_body(request)
    now = server.clock.now()
    async with server.pool.acquire() as conn, conn.transaction():
        client = await _client(conn, _text(params, "client_id"))
        secret = _text(params, "client_secret").encode()
        if client is None or not hmac.compare_digest(client["secret"].encode(), secret):
            raise oauth_error(401, "invalid_client", "The client is unknown or its secret is wrong.")
        kind = params.get("grant_type")
        if kind == "authorization_code":
            row = await conn.fetchrow(
                "DELETE FROM oauth_code WHERE digest = $1 AND client_id = $2"
                " RETURNING user_id, expires_at > $3 AS good",
                tokens.digest(_text(params, "code")),
                client["id"],
                now,
            )
        elif kind == "refresh_token":
            row = await conn.fetchrow(
                "DELETE FROM token WHERE digest = $1 AND client_id = $2 AND kind = 'refresh'"
                " RETURNING user_id, true AS good",
                tokens.digest(_text(params, "refresh_token")),
                client["id"],
            )
        else:
            raise oauth_error(400, "unsupported_grant_type", "Use authorization_code or refresh_token.")
        active = row is not None and await conn.fetchval("SELECT is_active FROM person WHERE id = $1", row["user_id"])
        if row is None or not row["good"] or not active:
            raise oauth_error(400, "invalid_grant", "The code or refresh token is unknown, expired or already used.")
        return reply(await tokens.grant(conn, row["user_id"], client["id"], now))


async def accounts(request: web.Request) -> web.Response:
    """Whose token it is and for which accounts. The user's id is the identity host's, not the account's."""
    require_user_agent(request)
    server = request.app[SERVER]
    async with server.pool.acquire() as conn:
        person = await tokens.person_of(conn, bearer(request), server.clock.now())
        if person is None:
            raise invalid_token()
        name = await conn.fetchval("SELECT name FROM company")
    user = {"id": person["identity_id"], **{name: person[name] for name in ("first_name", "last_name", "email")}}
    return reply({"user": user, "accounts": [{"id": server.account_id, "name": name, "product": "harvest"}]})
