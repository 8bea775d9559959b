"""Our own server, at the address that the world knows it by."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import aiohttp

from plugin_server.check.context import Context
from plugin_server.check.identity import PATH, identity
from plugin_server.check.rules import Result, fail, ok
from plugin_server.manifest import is_here
from plugin_server.runtime import reach
from plugin_server.runtime.i18n import later

CALL_SECONDS = 8.0
SETTING = "server.public_url"


async def public_url(context: Context) -> list[Result]:
    """Reached from this machine, over https, without a redirect; and it is ours that answers."""
    name, url = "public_url", f"{context.public_url}{PATH}"
    parts = urlsplit(context.public_url)
    if parts.scheme != "https" and not is_here(parts.hostname or ""):
        words = later("{url} is not https: tokens would travel for everybody to read, and Zammad refuses it.")
        todo = later("Put a certificate in front of the server, and write https:// in server.public_url.")
        return [fail(name, words.format(url=context.public_url), todo)]
    try:
        timeout = aiohttp.ClientTimeout(total=CALL_SECONDS)
        async with context.session.get(url, timeout=timeout, allow_redirects=False) as response:
            status, headers, body = response.status, response.headers, await response.read()
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        trouble = reach.of_error(error, url, SETTING)
        todo = later("{todo} Does deskhours serve run?").format(todo=trouble.todo)
        return [fail(name, trouble.words, todo)]
    told = _instance(body) if status == 200 else None
    if told is None:
        # A page that is not there is how most other servers answer; that the address has a path is not the reason.
        known = None if status == 404 else reach.of_answer(status, headers, body, url, SETTING)
        trouble = known or reach.Trouble(
            later("What answers at {url} is no Deskhours, or an older one ({status}).").format(
                url=context.public_url, status=status
            ),
            later("Let server.public_url lead to deskhours serve, and restart it with this version."),
        )
        return [fail(name, trouble.words, trouble.todo)]
    keys = [key.get_secret_value() for key in context.settings.server.jwt_keys]
    if told not in {identity(key) for key in keys}:
        words = later("Another Deskhours answers at {url}, or this one with other signing keys.")
        todo = later("Restart the server with this manifest, or correct server.public_url.")
        return [fail(name, words.format(url=context.public_url), todo)]
    return [ok(name, f"This server answers at {context.public_url}.")]


def _instance(body: bytes) -> str | None:
    """The instance's name in an answer; ``None`` in what is no server of ours."""
    try:
        value = json.loads(body)["instance"]
    except (ValueError, KeyError, TypeError):
        return None
    return value if isinstance(value, str) else None
