"""A plain client of the simulated helpdesk, and shorthands for what many tests need."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

SERVICE = {"Authorization": "Bearer demo-zammad-token"}
_numbers = itertools.count(1)


def basic(login: str, password: str = "demo") -> dict[str, str]:
    """The header of Basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}


ADMIN, ADA, BO = (basic(f"{name}@example.com") for name in ("admin", "ada", "bo"))
CUSTOMER = basic("acorn@example.com")


@dataclass
class Answer:
    """What came back; ``data`` is the JSON, or the text where it is none."""

    status: int
    data: Any
    headers: Mapping[str, str]


class Helpdesk:
    """Calls to one running helpdesk, without cookies unless ``http`` keeps them."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.http = http

    async def call(
        self, method: str, path: str, data: Any = None, headers: dict[str, str] | None = None, **more: Any
    ) -> Answer:
        """One call; ``path`` below /api/v1 unless it starts with a slash."""
        url = self.url + (path if path.startswith("/") else f"/api/v1/{path}")
        if data is not None:
            more["json"] = data
        async with self.http.request(method, url, headers=headers, allow_redirects=False, **more) as response:
            raw = await response.text()
            try:
                return Answer(response.status, json.loads(raw), response.headers)
            except ValueError:
                return Answer(response.status, raw, response.headers)

    async def get(self, path: str, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        return await self.call("GET", path, None, headers, **more)

    async def submit(self, path: str, form: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        """Post a form."""
        async with self.http.post(self.url + path, data=form, headers=headers, allow_redirects=False) as response:
            raw = await response.text()
            is_json = response.content_type == "application/json"
            return Answer(response.status, json.loads(raw) if is_json else raw, response.headers)

    async def agent(self, groups: dict[str, list[str]], **fields: Any) -> tuple[dict[str, Any], dict[str, str]]:
        """A new agent with this group access: the user, and the header to call as him."""
        email = f"agent{next(_numbers)}@example.org"
        user = {"email": email, "firstname": "Test", "lastname": "Agent", "roles": ["Agent"], "password": "pw"}
        made = await self.call("POST", "users", {**user, "group_ids": groups, **fields}, SERVICE)
        assert made.status == 201, made.data
        return made.data, basic(email, "pw")

    async def ticket(self, **fields: Any) -> dict[str, Any]:
        """A new ticket in Support, made by the service user."""
        params = {"title": "New", "group": "Support", "customer": "acorn@example.com", "article": {"body": "Hello"}}
        made = await self.call("POST", "tickets", {**params, **fields}, SERVICE)
        assert made.status == 201, made.data
        return dict(made.data)

    async def sign_in(self, email: str, password: str = "demo") -> str:
        """Sign in by the login form; the CSRF token of the new session. ``http`` keeps the cookie."""
        page = await self.get("/login")
        token = re.search(r'name="authenticity_token" value="([^"]+)"', page.data)
        assert token is not None
        form = {"authenticity_token": token[1], "email": email, "password": password, "hash": "#ticket/zoom/1"}
        done = await self.submit("/login", form)
        assert done.status == 303, done.data
        assert done.headers["Location"] == "/#ticket/zoom/1"
        shown = await self.get("signshow")
        return str(shown.headers["CSRF-TOKEN"])

    async def fault(self, match: str, kind: str, **details: Any) -> None:
        """Let the helpdesk misbehave, once unless ``times`` says otherwise."""
        made = await self.call("POST", "/_sim/faults", {"match": match, "kind": kind, **details})
        assert made.status == 201, made.data

    async def set(self, name: str, value: Any) -> None:
        """Change one of the administrator's settings."""
        listed = await self.get("settings", SERVICE)
        number = next(one["id"] for one in listed.data if one["name"] == name)
        done = await self.call("PUT", f"settings/{number}", {"state_current": {"value": value}}, SERVICE)
        assert done.status == 200, done.data
