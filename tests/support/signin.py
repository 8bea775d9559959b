"""Signing in as the extension does, over plain HTTP: for tests of the server that need no browser."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import aiohttp

from tests.support.demo import Demo

EXTENSION_ID = "gpgkmjpofdcmminommfhinjchafmclje"
REDIRECT_URI = f"https://{EXTENSION_ID}.chromiumapp.org/deskhours"


class Window:
    """A person in the sign-in window: follows redirects, fills in the forms, keeps cookies."""

    def __init__(
        self, session: aiohttp.ClientSession, email: str, *, refuse_harvest: bool = False, harvest_email: str = ""
    ) -> None:
        self._session = session
        self._email = email
        self._harvest_email = harvest_email or email
        self._refuse_harvest = refuse_harvest

    async def walk(self, url: str) -> str:
        """The address outside the demo at which the walk ends."""
        method, form = "GET", None
        for _step in range(20):
            if urlsplit(url).hostname != "127.0.0.1":
                return url
            async with self._session.request(method, url, data=form, allow_redirects=False) as response:
                text = await response.text()
                if response.status in (302, 303, 307):
                    url, method, form = urljoin(url, response.headers["Location"]), "GET", None
                    continue
                assert response.status == 200, f"{url}: {response.status} {text[:2000]}"
            if self._refuse_harvest and "/oauth2/" in url and "email" not in text:
                url, method, form = urljoin(url, _link(text, "ancel")), "GET", None
                continue
            action, form = _form(text)
            if "email" in form:
                email = self._harvest_email if "/sign_in" in url else self._email  # Harvest's page, or the helpdesk's
                form |= {"email": email, "password": "demo"}
            url, method = urljoin(url, action), "POST"
        raise AssertionError(f"the sign-in does not end; last at {url}")


def _form(text: str) -> tuple[str, dict[str, str]]:
    form = re.search(r"<form[^>]*>.*?</form>", text, re.DOTALL)
    assert form, text[:500]
    action = re.search(r'<form[^>]*\baction="([^"]*)"', form.group())
    fields = {}
    for tag in re.findall(r"<(?:input|button)[^>]*>", form.group()):
        if name := re.search(r'\bname="([^"]*)"', tag):
            value = re.search(r'\bvalue="([^"]*)"', tag)
            fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
    return html.unescape(action.group(1)) if action else "", fields


def _link(text: str, words: str) -> str:
    link = re.search(rf'<a[^>]*href="([^"]*)"[^>]*>[^<]*{words}', text)
    assert link, text[:500]
    return html.unescape(link.group(1))


@dataclass(frozen=True)
class Answer:
    """An answer of the API, as JSON or as text."""

    status: int
    body: Any

    @property
    def json(self) -> dict[str, Any]:
        assert isinstance(self.body, dict), self.body
        return self.body

    @property
    def text(self) -> str:
        return str(self.body)


class Api:
    """The server's API, as one signed-in agent."""

    def __init__(self, session: aiohttp.ClientSession, base: str, token: str | None) -> None:
        self._session = session
        self.base = base
        self.token = token

    async def get(self, path: str, *, html: bool = False) -> Answer:
        """Read something, as JSON or as the extension does."""
        return Answer(*await self.call("GET", path, **({"Accept": "text/html"} if html else {})))

    async def post(self, path: str, body: Any = None) -> Answer:
        """Do something."""
        return Answer(*await self.call("POST", path, body))

    async def call(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and body: parsed JSON, or text for anything else."""
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        options = {"data": body} if isinstance(body, bytes) else {"json": body} if body is not None else {}
        async with self._session.request(method, self.base + path, headers=headers, **options) as response:
            if response.content_type == "application/json":
                return response.status, await response.json()
            return response.status, await response.text()


async def sign_in_code(
    demo: Demo, email: str, *, refuse_harvest: bool = False, harvest_email: str = ""
) -> tuple[str, dict[str, str]]:
    """Go through the windows; the PKCE verifier, and the body that exchanges the code for a session."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        start = (
            f"{demo.url}/oauth/start?redirect_uri={REDIRECT_URI}&state=client-state-1234"
            f"&code_challenge={challenge}&code_challenge_method=S256"
        )
        window = Window(session, email, refuse_harvest=refuse_harvest, harvest_email=harvest_email)
        end = await window.walk(start)
        assert end.startswith(REDIRECT_URI), end
        query = parse_qs(urlsplit(end).query)
        assert query["state"] == ["client-state-1234"]
        return verifier, {"code": query["code"][0], "code_verifier": verifier}


async def connect(demo: Demo, email: str, *, refuse_harvest: bool = False) -> tuple[int, dict[str, Any]]:
    """Go through the whole sign-in; status and body of the code's exchange."""
    _verifier, body = await sign_in_code(demo, email, refuse_harvest=refuse_harvest)
    async with aiohttp.ClientSession() as session, session.post(f"{demo.url}/api/v1/session", json=body) as response:
        return response.status, await response.json()


@asynccontextmanager
async def signed_in(demo: Demo, email: str) -> AsyncIterator[Api]:
    """The API as ``email``."""
    status, body = await connect(demo, email)
    assert status == 201, body
    async with aiohttp.ClientSession() as session:
        yield Api(session, demo.url, body["access_token"])
