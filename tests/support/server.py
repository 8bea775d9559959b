"""Our server on a database of the test's own, without helpdesk and Harvest: sign-ins, sessions, keys, restarts."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet

from plugin_server import app, manifest, services
from plugin_server.accounts import store
from plugin_server.accounts.crypto import challenge, digest, random_token
from plugin_server.manifest import Manifest
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue, Queue
from plugin_server.services import Services

ROOT = Path(__file__).resolve().parents[2]


def write_manifest(folder: Path, *jwt_keys: str, change: Callable[[dict[str, Any]], object] | None = None) -> Manifest:
    """The repository's manifest with these signing keys and secrets of no worth."""
    (folder / "secrets").mkdir(exist_ok=True)
    names = ("helpdesk_client_secret", "helpdesk_token", "webhook_secret", "harvest_client_secret", "harvest_token")
    for name in names:
        (folder / "secrets" / name).write_text(name)
    if not (folder / "secrets" / "token_key").exists():
        (folder / "secrets" / "token_key").write_text(Fernet.generate_key().decode())
    data = json.loads((ROOT / "manifest.json").read_text())
    data["server"]["jwt_keys"] = []
    for number, key in enumerate(jwt_keys):
        (folder / "secrets" / f"jwt_{number}").write_text(key)
        data["server"]["jwt_keys"].append({"file": f"secrets/jwt_{number}"})
    if change:
        change(data)
    path = folder / "manifest.json"
    path.write_text(json.dumps(data))
    return manifest.load(path)


@dataclass
class Server:
    """A running server, called as the extension calls it."""

    url: str
    pool: Pool
    clock: SetClock
    session: aiohttp.ClientSession
    services: Services

    async def call(self, method: str, path: str, body: Any = None, token: str = "", **headers: str) -> tuple[int, Any]:
        """Status, and the body as JSON or text."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
            is_json = response.content_type == "application/json"
            return response.status, await (response.json() if is_json else response.text())

    async def me(self, token: str) -> int:
        """The status that the token gets."""
        return (await self.call("GET", "/api/v1/me", token=token))[0]

    async def refresh(self, token: str) -> tuple[int, Any]:
        return await self.call("POST", "/api/v1/session/refresh", {"refresh_token": token})

    async def sign_in(self, agent_id: int) -> dict[str, Any]:
        """The end of a sign-in whose windows the agent has gone through; the session."""
        verifier, code, now = random_token(), random_token(), self.clock.now()
        end = now + timedelta(seconds=60)
        await store.begin_attempt(
            self.pool,
            state_hash=(state := digest(random_token())),
            browser_hash=b"",
            redirect_uri="",
            client_state="",
            code_challenge=challenge(verifier),
            now=now,
            expires_at=end,
        )
        attempt = await store.take_attempt(self.pool, "helpdesk", state, b"taken", now)
        assert attempt
        await store.advance_attempt(self.pool, attempt.id, "code", digest(code), agent_id, end)
        status, body = await self.call("POST", "/api/v1/session", {"code": code, "code_verifier": verifier})
        assert status == 201, body
        assert isinstance(body, dict)
        return body


@asynccontextmanager
async def serving(
    settings: Manifest, pool: Pool, clock: SetClock, queue: Queue | None = None, port: int | None = None
) -> AsyncIterator[Server]:
    """A server of this manifest, on any port unless told; a second one on the same pool is what a restart, or another
    process, is."""
    async with aiohttp.ClientSession() as outgoing, aiohttp.ClientSession() as session:
        built = services.build(settings, pool, queue or NullQueue(), outgoing, clock)
        async with TestServer(app.create(built), port=port) as running:
            yield Server(str(running.make_url("")).rstrip("/"), pool, clock, session, built)
