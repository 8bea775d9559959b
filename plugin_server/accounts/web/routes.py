"""HTTP of a browser's session: the way to the helpdesk and back, who is there, and what proves a form genuine."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from multidict import MultiDictProxy

from plugin_server.accounts.web import rules
from plugin_server.accounts.web.service import WebSessions
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.errors import Forbidden, Problem
from plugin_server.runtime.i18n import gettext as _

ATTEMPT_COOKIE = "deskhours_sign_in"
CSRF_FIELD = "csrf_token"
SIGN_IN_PATH = "/dashboard/sign-in"
SIGN_OUT_PATH = "/dashboard/sign-out"


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page, and the token that its forms are to carry."""

    caller: Caller
    csrf: str


class WebRoutes:
    """Pages of signing in and out, and the guard of all other pages that a cookie opens."""

    def __init__(self, sessions: WebSessions, public_url: str) -> None:
        self._sessions = sessions
        self._public_url = public_url
        self.secure = public_url.startswith("https://")
        # With the prefix a browser takes the cookie from this very host alone, and only over HTTPS.
        self.cookie = "__Host-deskhours_session" if self.secure else "deskhours_session"

    def pages(self) -> list[web.RouteDef]:
        """The browser's own pages."""
        return [web.get(SIGN_IN_PATH, self.start), web.post(SIGN_OUT_PATH, self.sign_out)]

    async def visitor(self, request: web.Request) -> Visitor:
        """Who asks for a page. Raises :class:`~plugin_server.runtime.errors.Unauthenticated`."""
        token = self._token(request)
        return Visitor(await self._sessions.caller(token), rules.csrf_token(token))

    async def form(self, request: web.Request) -> tuple[Visitor, MultiDictProxy[str]]:
        """Who sends a form, and the text of its fields. Raises as :meth:`visitor`, and :class:`Forbidden` for a form
        that no page of this session made."""
        visitor = await self.visitor(request)
        headers = request.headers
        try:
            sent = await request.post()
        except (ValueError, LookupError):  # an encoding that is none, or text that is not in it
            raise Problem(_("This form can't be read.")) from None
        if any(not isinstance(value, str) for value in sent.values()):
            raise Problem(_("No files are expected here."))
        fields: MultiDictProxy[str] = sent  # type: ignore[assignment]
        if not rules.is_same_origin(
            headers.get("Origin"), headers.get("Sec-Fetch-Site"), self._public_url
        ) or not rules.is_genuine(fields.get(CSRF_FIELD, ""), self._token(request)):
            raise Forbidden(
                _(
                    "This form is not one of your session's pages, or it is from an earlier"
                    " session. Nothing was changed; open the dashboard again."
                ),
                code="csrf",
            )
        return visitor, fields

    def _token(self, request: web.Request) -> str:
        """The session's token that the browser sent; nothing where it can't be one of ours."""
        return _ascii(request.cookies.get(self.cookie, ""))

    async def start(self, request: web.Request) -> web.StreamResponse:
        begun = await self._sessions.start(request.query.get("return_to", ""))
        response = web.Response(status=302, headers={"Location": begun.location})
        response.set_cookie(
            ATTEMPT_COOKIE,
            begun.browser,
            max_age=600,
            path="/oauth",
            httponly=True,
            secure=self.secure,
            samesite="Lax",
        )
        return response

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """The helpdesk sent a browser back."""
        query = request.query
        signed_in = await self._sessions.from_helpdesk(
            query.get("state", ""),
            _ascii(request.cookies.get(ATTEMPT_COOKIE, "")),
            query.get("code", ""),
            query.get("error", ""),
            self._token(request),
        )
        response = web.Response(status=303, headers={"Location": signed_in.location})
        response.del_cookie(ATTEMPT_COOKIE, path="/oauth")
        response.set_cookie(
            self.cookie,
            signed_in.token,
            max_age=int(rules.LONGEST.total_seconds()),
            path="/",
            httponly=True,
            secure=self.secure,
            samesite="Lax",
        )
        return response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        await self.form(request)
        await self._sessions.sign_out(self._token(request))
        response = web.Response(status=303, headers={"Location": rules.HOME})
        response.del_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Lax")
        return response


def _ascii(value: str) -> str:
    """A cookie's value; nothing where it holds what we never set."""
    return value if value.isascii() else ""


def is_web(state: str) -> bool:
    """Whether a state that came back is that of a browser's sign-in."""
    return state.startswith(rules.STATE_MARK)
