"""A simulated Zammad in the test's own process, as bare as one that nobody has prepared, for trying the setup on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.settings import POOL, Settings
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import Application, Definition, define
from plugin_server.manifest import Fields, Roles
from tests.demo_helpdesk.client import ADMIN, Answer, Helpdesk, basic

SETUP = "demo-zammad-setup-token"
ROLES = Roles()
HOOK = "http://127.0.0.1:9/hooks/helpdesk"
CALLBACK = "http://127.0.0.1:9/oauth/helpdesk/callback"

_FRESH = """
    TRUNCATE object_attributes, triggers, webhooks, oauth_tokens, oauth_codes, oauth_applications RESTART IDENTITY;
    DELETE FROM core_workflows WHERE changeable;
    DELETE FROM simulation;
    DELETE FROM access_tokens WHERE name <> 'Set up Deskhours';
    UPDATE users SET role_ids = ARRAY(SELECT unnest(role_ids) INTERSECT SELECT id FROM roles WHERE id <= 3);
    DELETE FROM role_groups WHERE role_id > 3;
    DELETE FROM roles WHERE id > 3;
    UPDATE tickets SET custom = '{}';
"""


def definition(**application: str) -> Definition:
    wanted = define(Fields(), ROLES, HOOK, "s3cret" * 8, "http://127.0.0.1:9/projects/{id}")
    ours = Application(**{"name": "Deskhours", "redirect_uri": CALLBACK, **application})
    return Definition(wanted.attributes, wanted.roles, wanted.workflows, wanted.webhook, wanted.trigger, ours)


class Killed(Exception):
    """The process that was setting up is gone."""


class Recorder(Calls):
    """Calls that are counted; ``dies_after`` so many writes nothing is called any more. ``together``: nobody writes
    before all have read."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        dies_after: int | None = None,
        together: asyncio.Barrier | None = None,
    ) -> None:
        super().__init__(session, url)
        self.writes: list[tuple[str, str]] = []
        self._dies_after = dies_after
        self._together = together

    async def send(self, method: str, path: str, seconds: float, **options: Any) -> tuple[int, bytes]:
        if method != "GET":
            if self._dies_after is not None and len(self.writes) >= self._dies_after:
                raise Killed
            if self._together is not None and not self.writes:
                await self._together.wait()
            self.writes.append((method, path))
        return await super().send(method, path, seconds, **options)


@dataclass
class Stand:
    """A running bare Zammad: ``desk`` calls it as tests do, ``service`` is the token of its service user."""

    app: web.Application
    desk: Helpdesk
    session: aiohttp.ClientSession
    service: str

    def calls(self, **options: Any) -> Recorder:
        return Recorder(self.session, self.desk.url, **options)

    async def refresh(self) -> None:
        """As if nobody had ever set it up."""
        await self.app[POOL].execute(_FRESH)
        self.service = await service_token(self.desk)

    async def listed(self, path: str) -> list[dict[str, Any]]:
        answer = await self.desk.get(path, {"Authorization": f"Bearer {SETUP}"})
        assert answer.status == 200, answer.data
        return list(answer.data)

    async def write(self, method: str, path: str, data: Any = None) -> Answer:
        answer = await self.desk.call(method, path, data, {"Authorization": f"Bearer {SETUP}"})
        assert answer.status in (200, 201), answer.data
        return answer

    async def simulate(self, **switches: Any) -> None:
        assert (await self.desk.call("PUT", "/_sim/settings", switches)).status == 200


@asynccontextmanager
async def standing(database: str) -> AsyncIterator[Stand]:
    """A bare Zammad with a service user and its token, made by hand as the documentation says. A database that was used
    before is made bare again."""
    app = await open_app(database, Settings(bare=True))
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        desk = Helpdesk(str(server.make_url("")).rstrip("/"), session)
        await app[POOL].execute(_FRESH)
        yield Stand(app, desk, session, await service_token(desk))


async def service_token(desk: Helpdesk) -> str:
    """Make the service user: an agent with access to all groups; and a token that may do no more than an agent."""
    groups = {"1": ["full"], "2": ["full"]}
    person = {"firstname": "Deskhours", "lastname": "Service", "email": "deskhours@example.com", "password": "pw"}
    if not (await desk.get("users/search?query=deskhours@example.com", ADMIN)).data:
        made = await desk.call("POST", "users", {**person, "roles": ["Agent"], "group_ids": groups}, ADMIN)
        assert made.status == 201, made.data
    token = {"name": "Deskhours", "permission": ["ticket.agent"]}
    answer = await desk.call("POST", "user_access_token", token, basic("deskhours@example.com", "pw"))
    assert answer.status == 200, answer.data
    return str(answer.data["token"])
