"""A person at the dashboard, over plain HTTP: follows links, fills in forms, keeps cookies."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aiohttp

from tests.support.demo import Demo


@dataclass
class Visit:
    """A person's browser. ``text`` is the page it shows, ``path`` where that is."""

    session: aiohttp.ClientSession
    demo: Demo
    email: str
    text: str = ""
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    async def get(self, path: str) -> int:
        """Open a page of the server; redirects of its own are followed."""
        return await self._ask("GET", path, None)

    async def post(self, path: str, **fields: str) -> int:
        """Send a form of the page that is shown, with its CSRF token unless the fields hold another one."""
        return await self._ask("POST", path, {"csrf_token": self.csrf, **fields})

    @property
    def csrf(self) -> str:
        """The token that the shown page's forms carry."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
        return found[1] if found else ""

    async def _ask(self, method: str, path: str, data: Mapping[str, str] | None) -> int:
        url = urljoin(self.demo.url, path)
        headers = {"Accept": "text/html", **self.headers}
        async with self.session.request(method, url, data=data, headers=headers) as response:
            self.text, self.path = await response.text(), response.url.path_qs
            return response.status

    async def sign_in(self, path: str = "/dashboard") -> int:
        """Open a page without being signed in, and go through the helpdesk's pages; the status at the end."""
        assert await self.get(path) == 401
        link = re.search(r'href="(/dashboard/sign-in[^"]*)"', self.text)
        assert link, self.text
        return await self.walk(urljoin(self.demo.url, html.unescape(link[1])))

    async def walk(self, url: str) -> int:
        """Follow the helpdesk's pages until it is the server's turn again."""
        method: str = "GET"
        form: dict[str, str] | None = None
        for _step in range(10):
            async with self.session.request(method, url, data=form, allow_redirects=False) as response:
                self.text = await response.text()
                if response.status in (302, 303):
                    url, method, form = urljoin(url, response.headers["Location"]), "GET", None
                    continue
                if url.startswith(self.demo.url):
                    self.path = response.url.path_qs
                    return response.status
            action, form = self._form()
            if "email" in form:
                form |= {"email": self.email, "password": "demo"}
            url, method = urljoin(url, action), "POST"
        raise AssertionError(f"the sign-in does not end; last at {url}")

    def _form(self) -> tuple[str, dict[str, str]]:
        form = re.search(r"<form[^>]*>.*?</form>", self.text, re.DOTALL)
        assert form, self.text[:500]
        action = re.search(r'<form[^>]*\baction="([^"]*)"', form.group())
        fields = {}
        for tag in re.findall(r"<(?:input|button)[^>]*>", form.group()):
            if name := re.search(r'\bname="([^"]*)"', tag):
                value = re.search(r'\bvalue="([^"]*)"', tag)
                fields[name.group(1)] = html.unescape(value.group(1)) if value else ""
        return html.unescape(action.group(1)) if action else "", fields


def stranger(demo: Demo, email: str) -> Visit:
    """A browser that nobody has signed in with; its session is to be closed."""
    return Visit(aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)), demo, email)


@asynccontextmanager
async def visiting(demo: Demo, email: str) -> AsyncIterator[Visit]:
    """A person who has signed in to the dashboard."""
    visit = stranger(demo, email)
    async with visit.session:
        assert await visit.sign_in() == 200, visit.text
        yield visit


def alert(text: str, ticket: int) -> str:
    """The part of a page that tells of a locked ticket; nothing when it does not."""
    found = re.search(rf'<article class="alert" id="ticket-{ticket}".*?</article>', text, re.DOTALL)
    return html.unescape(found[0]) if found else ""


def section(text: str, name: str) -> str:
    """A section of the page."""
    found = re.search(rf'<section id="{name}".*?</section>', text, re.DOTALL)
    return html.unescape(found[0]) if found else ""
