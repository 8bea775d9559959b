"""From an HTTP request to a handler's answer: headers, token, account, limit, body, one transaction."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

import asyncpg
from aiohttp import web

from plugin_server.demo.harvest import tokens
from plugin_server.demo.harvest.access import Viewer
from plugin_server.demo.harvest.bodies import read_body
from plugin_server.demo.harvest.context import SERVER, Call, Handler
from plugin_server.demo.harvest.errors import bad_request, invalid_token, unprocessable

PREFIXES = ("/v2", "/api/v2")


def require_user_agent(request: web.Request) -> None:
    """400 without one, on the API and on the identity host alike."""
    if not request.headers.get("User-Agent", "").strip():
        raise bad_request("A User-Agent header naming your application and how to reach you is required.")


def bearer(request: web.Request) -> str:
    """The token of the header, or of the query; 401 without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    if token := request.query.get("access_token", ""):
        return token
    raise invalid_token()


def _throttled(request: web.Request, account: str) -> web.Response | None:
    """429 with a body that is not JSON, for Harvest promises none."""
    server = request.app[SERVER]
    wait = server.limiter.retry_after(account, time.monotonic()) if server.limiter else None
    if wait is None:
        return None
    return web.Response(status=429, text="Retry later\n", headers={"Retry-After": str(wait)})


def endpoint(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make a request handler of an API handler; what it writes is committed before the answer goes out."""

    async def handle(request: web.Request) -> web.Response:
        server = request.app[SERVER]
        require_user_agent(request)
        token = bearer(request)
        account = request.headers.get("Harvest-Account-Id") or request.query.get("account_id")
        if account is None or account.strip() != str(server.account_id):
            raise invalid_token()
        now = server.clock.now()
        async with server.pool.acquire() as conn:
            person = await tokens.person_of(conn, token, now)
            if person is None:
                raise invalid_token()
            if refused := _throttled(request, account):
                return refused
            body = await read_body(request) if request.method in ("POST", "PATCH") else {}
            try:
                async with conn.transaction():
                    company = await conn.fetchrow("SELECT * FROM company")
                    assert company is not None
                    return await handler(Call(server, request, conn, Viewer.of(person), company, body, now))
            except asyncpg.UniqueViolationError:
                raise unprocessable("It has already been taken") from None
            except asyncpg.ForeignKeyViolationError:
                raise unprocessable("It is used, or what it refers to is gone") from None
            except asyncpg.DataError:
                raise unprocessable("A value is out of range") from None

    return handle
