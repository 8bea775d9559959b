"""What was done by a form, said once by the page that its redirect leads to."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

SECONDS = 60
"""Who comes back later has seen what was done by other means."""


@dataclass(frozen=True)
class Once:
    """A word that goes by a ``cookie`` from a form to a page below ``path``; ``secure`` as the session's own cookie."""

    cookie: str
    path: str
    secure: bool

    def go(self, address: str, word: str) -> web.Response:
        """To the page that says what was done."""
        response = web.Response(status=303, headers={"Location": address})
        response.set_cookie(
            self.cookie, word, max_age=SECONDS, path=self.path, httponly=True, secure=self.secure, samesite="Lax"
        )
        return response

    def word(self, request: web.Request) -> str:
        """What is to be said; nothing where there is nothing, and what a browser made up where it did."""
        return request.cookies.get(self.cookie, "")

    def said(self, request: web.Request, response: web.Response) -> web.Response:
        """The page that says it; the next one does not."""
        if self.cookie in request.cookies:
            response.del_cookie(self.cookie, path=self.path)
        return response
