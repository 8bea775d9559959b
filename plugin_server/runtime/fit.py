"""Whether a browser's extension and this server fit: each names what it speaks, and the server judges.

What changes in ``/api/v1`` so that an extension of before can't go on raises :data:`API` there and here, and
:data:`LEAST_EXTENSION` to the first extension that speaks it. Who sends no extension's version is a program of its own
and is let through.
"""

from __future__ import annotations

import re

from aiohttp import web
from aiohttp.typedefs import Handler

from plugin_server.runtime.errors import Problem
from plugin_server.runtime.i18n import gettext as _

API = 1
"""Of the contract in docs/extension.md; ``extension/background/fit.js`` has its own."""

LEAST_EXTENSION = "0.1.0"
"""The oldest extension that is served."""

API_HEADER = "X-Deskhours-Api"
EXTENSION_HEADER = "X-Deskhours-Extension"
LEAST_HEADER = "X-Deskhours-Least-Extension"

_ROOT = "/api/"
_VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){0,3}")


class Misfit(Problem):
    """The extension and this server can't work with each other; nothing was looked at, stored or sent."""

    status = 412
    code = "misfit"


def judge(extension: str, api: str) -> str | None:
    """What is to be said to an extension of that version which speaks that API, both as its headers have them; None
    when it is served. What is no version says nothing."""
    if api.isascii() and api.isdigit() and int(api[:9]) > API:
        return _(
            "Deskhours in this browser ({extension}) is newer than its server. Ask your"
            " administrator to update the server; what you typed is kept."
        ).format(extension=extension)
    if _VERSION.fullmatch(extension) and _parts(extension) < _parts(LEAST_EXTENSION):
        return _(
            "Deskhours in this browser ({extension}) is older than its server takes. Ask your"
            " administrator for version {least} or newer; what you typed is kept."
        ).format(extension=extension, least=LEAST_EXTENSION)
    return None


def _parts(version: str) -> tuple[int, ...]:
    """A version to be compared: missing parts are 0 (Chromium's rule for ``version`` in an extension's manifest)."""
    parts = [int(part) for part in version.split(".")]
    return (*parts, *[0] * (4 - len(parts)))


@web.middleware
async def refuse_misfits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raise :class:`Misfit` before anything of the request is looked at."""
    extension = request.headers.get(EXTENSION_HEADER, "")
    if extension and request.path.startswith(_ROOT):
        words = judge(extension[:40], request.headers.get(API_HEADER, ""))
        if words is not None:
            raise Misfit(words)
    return await handler(request)


async def tell_versions(request: web.Request, response: web.StreamResponse) -> None:
    """Say on every answer of the API what this server speaks and whom it serves."""
    if request.path.startswith(_ROOT):
        response.headers[API_HEADER] = str(API)
        response.headers[LEAST_HEADER] = LEAST_EXTENSION
