"""Speaking to the simulated Harvest as any client does: over HTTP, knowing nothing of its code."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

ADMIN = "demo-harvest-token"
AGENT = "Deskhours tests (tests@example.com)"
CLIENT = {"client_id": "deskhours-demo", "client_secret": "demo-harvest-client-secret"}
CALLBACK = "http://127.0.0.1:8700/oauth/harvest/callback"
ADA, BO, PM, BOSS = 2001, 2002, 2003, 2004
SUPPORT, DEVELOPMENT, MEETING = 5001, 5002, 5003
_numbers = itertools.count(1)


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str]
    text: str = ""


@dataclass
class Harvest:
    """One running server; ``call`` is as an Administrator unless ``token`` or ``who`` says otherwise."""

    url: str
    session: aiohttp.ClientSession = field(init=False)  # of the running test
    tokens: dict[str, str] = field(default_factory=dict)

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str | None = None,
        token: str | None = ADMIN,
        account: str | None = "1",
        agent: str | None = AGENT,
        data: object = None,
        headers: dict[str, str] | None = None,
        **params: object,
    ) -> Reply:
        if who is not None:
            token = await self.token_of(who)
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if account is not None:
            sent["Harvest-Account-Id"] = account
        if agent is not None:
            sent["User-Agent"] = agent
        if body is not None:
            data = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        url = path if path.startswith("http") else self.url + path
        if params:
            url += ("&" if "?" in url else "?") + urlencode({k.rstrip("_"): v for k, v in params.items()})
        async with self.session.request(method, url, data=data, headers=sent, allow_redirects=False) as response:
            text = await response.text()
            return Reply(response.status, _json(text), dict(response.headers), text)

    async def get(self, path: str, **options: Any) -> Any:
        """The body of a 200."""
        reply = await self.call("GET", path, **options)
        assert reply.status == 200, reply
        return reply.body

    async def make(self, path: str, body: object, **options: Any) -> Any:
        """The body of a 201."""
        reply = await self.call("POST", path, body, **options)
        assert reply.status == 201, reply
        return reply.body

    async def token_of(self, email: str) -> str:
        """An access token of this person, by the documented way, once per server."""
        email = email if "@" in email else f"{email}@example.com"
        if email not in self.tokens:
            pair = await self.exchange(await Browser(self).grant(email))
            self.tokens[email] = pair.body["access_token"]
        return self.tokens[email]

    async def exchange(self, code: str) -> Reply:
        form = {"grant_type": "authorization_code", "code": code, **CLIENT}
        return await self.call("POST", "/api/v2/oauth2/token", data=form, token=None, account=None)

    async def refresh(self, token: str) -> Reply:
        form = {"grant_type": "refresh_token", "refresh_token": token, **CLIENT}
        return await self.call("POST", "/api/v2/oauth2/token", data=form, token=None, account=None)

    async def project(self, **fields: object) -> dict[str, Any]:
        """A project of its own for one test: ada and bo work on it, pm manages it, the default tasks are there."""
        client = await self.make("/v2/clients", {"name": unique("Client")})
        body = {"client_id": client["id"], "name": unique("Project"), "is_billable": True, "bill_by": "none"}
        project: dict[str, Any] = await self.make("/v2/projects", {**body, "budget_by": "none", **fields})
        for user_id in (ADA, BO, PM):
            await self.make(f"/v2/projects/{project['id']}/user_assignments", {"user_id": user_id})
        return project

    async def entry(self, project: dict[str, Any], **fields: object) -> dict[str, Any]:
        """A time entry of ada on it: one hour of today's support unless told otherwise."""
        base = {"project_id": project["id"], "task_id": SUPPORT, "spent_date": "2026-05-04", "hours": 1}
        body = {k: v for k, v in {**base, **fields}.items() if v != "leave out"}
        made: dict[str, Any] = await self.make("/v2/time_entries", body, who="ada")
        return made


def unique(word: str) -> str:
    return f"{word} {next(_numbers)}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


class Browser:
    """Cookies and forms, as far as the login and consent pages need them."""

    def __init__(self, harvest: Harvest) -> None:
        self.harvest = harvest
        self.cookies: dict[str, str] = {}

    async def open(self, path: str, form: dict[str, str] | None = None) -> Reply:
        """One page, redirects not followed."""
        url = path if path.startswith("http") else self.harvest.url + path
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "User-Agent": "Browser"}
        method = "GET" if form is None else "POST"
        session = self.harvest.session
        async with session.request(method, url, data=form, headers=headers, allow_redirects=False) as response:
            self.cookies |= {name: morsel.value for name, morsel in response.cookies.items()}
            text = await response.text()
            return Reply(response.status, None, dict(response.headers), text)

    async def sign_in(self, email: str, password: str = "demo", return_to: str = "/") -> Reply:
        return await self.open("/sign_in", {"email": email, "password": password, "return_to": return_to})

    async def consent(self, **params: str) -> Reply:
        """The consent page, for somebody who has signed in."""
        asked = {"client_id": CLIENT["client_id"], "response_type": "code", **params}
        return await self.open(f"/oauth2/authorize?{urlencode(asked)}")

    async def grant(self, email: str, **params: str) -> str:
        """The code that comes of signing in and allowing."""
        assert (await self.sign_in(email)).status == 303
        page = await self.consent(**params)
        assert page.status == 200, page
        back = await self.open("/oauth2/authorize", hidden(page.text))
        assert back.status == 302, back
        return parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return {unescape(k): unescape(v) for k, v in re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', page)}
