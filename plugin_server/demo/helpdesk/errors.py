"""Zammad's error answers.

Every REST error is ``{"error", "error_human"}``. Errors that Zammad does not consider fit for people lose their text
for everybody but administrators (``app/controllers/application_controller/handles_errors.rb``).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from aiohttp import web


class ApiError(Exception):
    """An answer of 4xx (or the few documented 500s). ``human`` False: only administrators read the text."""

    status = 422
    human = True

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadRequestError(ApiError):
    """400: the request can't be read at all."""

    status = 400


class UnauthorizedError(ApiError):
    """401: the credentials shown are no good."""

    status = 401


class ForbiddenError(ApiError):
    """403: no credentials, or not allowed."""

    status = 403

    def __init__(self, message: str = "Not authorized") -> None:
        super().__init__(message)


class NotFoundError(ApiError):
    """404: no such record."""

    status = 404


class UnprocessableError(ApiError):
    """422 whose text everybody reads."""


class MaskedError(ApiError):
    """422 whose text only administrators read: database errors, core workflows and the like."""

    human = False


class BrokenError(ApiError):
    """500, where the real one answers that by its own code's error."""

    status = 500
    human = False


def printable(text: str) -> str:
    """``text`` fit for a header or a JSON body: no line breaks, control characters or halves of surrogate pairs."""
    return "".join("?" if ord(c) < 32 or ord(c) == 127 or 0xD800 <= ord(c) <= 0xDFFF else c for c in text)


def _header(text: str) -> str:
    return printable(text).encode("latin-1", "replace").decode("latin-1")[:500]


def body(error: ApiError, *, admin: bool) -> Mapping[str, str]:
    """The JSON of an error, as this caller may read it."""
    message = printable(error.message)
    if error.human:
        return {"error": message, "error_human": message}
    if admin:
        return {"error": message}
    # The real one logs the text under this id; here nobody would look for it.
    return {"error": f"Error ID {secrets.token_urlsafe(6)}: Please contact your administrator."}


def answer(error: ApiError, *, admin: bool, html: bool) -> web.Response:
    """The HTTP answer. ``html``: the caller prefers HTML and gets a page, as from the real one."""
    content = body(error, admin=admin)
    headers = {"X-Failure": _header(content["error"])} if error.status in (401, 403) else {}
    if html:
        page = f"<!doctype html><title>{error.status}</title><h1>{error.status}</h1><p>The request was refused.</p>"
        return web.Response(text=page, content_type="text/html", status=error.status, headers=headers)
    return web.json_response(content, status=error.status, headers=headers)
