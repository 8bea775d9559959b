"""The whole chain in small: both simulated systems, a server, a database; and an administrator who breaks a link."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp

from plugin_server import manifest as manifests
from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.connect import HELPDESK_CALLBACK
from plugin_server.accounts.crypto import Vault
from plugin_server.accounts.people.service import People
from plugin_server.check import service
from plugin_server.check.context import Context, opened
from plugin_server.check.rules import Result
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.client import Zammad
from plugin_server.helpdesk.zammad.objects import of_manifest
from plugin_server.helpdesk.zammad.setup.apply import Setup
from plugin_server.manifest import Manifest
from plugin_server.panel.health import worker_seen
from plugin_server.runtime.clock import SystemClock
from plugin_server.runtime.database import Pool
from plugin_server.tickets import rules as ticket_rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.routes import WEBHOOK
from tests.support.world import until

Change = Callable[[dict[str, Any]], object]
SETUP_TOKEN = "demo-zammad-setup-token"
ROBOT = "robot@example.com"


@dataclass
class Systems:
    """Addresses of both simulated systems, and the one that our server has in them. ``is_set_up``: what Deskhours needs
    in the helpdesk stands there, and no test has touched it since."""

    helpdesk: str
    harvest: str
    product: str
    is_set_up: bool = False


class Rows:
    """What a check told."""

    def __init__(self, results: list[Result]) -> None:
        self.all = results

    def __getitem__(self, name: str) -> Result:
        """The only row of this name."""
        found = self.named(name)
        assert len(found) == 1, found
        return found[0]

    def named(self, name: str) -> list[Result]:
        return [one for one in self.all if one.name == name]

    def but_ok(self) -> dict[str, str]:
        """The state of each row that is not well."""
        return {one.name: one.state for one in self.all if one.state != "ok"}


@dataclass
class Stand:
    """A chain that holds, but for what a test breaks. ``folder`` has the manifest and its secrets."""

    systems: Systems
    folder: Path
    pool: Pool
    database_url: str
    redis_url: str
    http: aiohttp.ClientSession
    settings: Manifest
    """The manifest before the test changed it."""
    began: str = field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}")

    @property
    def path(self) -> Path:
        return self.folder / "manifest.json"

    @property
    def manifest(self) -> Manifest:
        return manifests.load(self.path)

    def change(self, change: Change) -> None:
        """Edit the manifest."""
        data = json.loads(self.path.read_text())
        change(data)
        self.path.write_text(json.dumps(data))

    def secret(self, name: str, text: str) -> None:
        """Put another text into a secret's file."""
        (self.folder / "secrets" / name).write_text(text)

    async def check(self, *, admin: bool = False, **context: Any) -> Rows:
        """``deskhours check``; as an administrator's token lets it, too."""
        asked = {"database_url": self.database_url, "redis_url": self.redis_url, **context}
        asked.setdefault("setup_token", SETUP_TOKEN if admin else "")
        async with (
            aiohttp.ClientSession() as session,
            opened(Context(session, worker_seen, self.path, **asked)) as made,
        ):
            return Rows(await service.check(made))

    async def helpdesk(self, method: str, path: str, body: Any = None, *, who: str = "") -> Any:
        """Call the helpdesk as its administrator, or as one of its people."""
        if method in ("PUT", "DELETE") and not path.startswith("/tickets/"):
            self.systems.is_set_up = False
        authorization = aiohttp.encode_basic_auth(who, "demo") if who else f"Bearer {SETUP_TOKEN}"
        url = f"{self.systems.helpdesk}/api/v1{path}"
        headers = {"Authorization": authorization}
        async with self.http.request(method, url, json=body, headers=headers) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return json.loads(text)

    async def named(self, path: str, name: str) -> dict[str, Any]:
        """A record of the helpdesk."""
        found: list[dict[str, Any]] = await self.helpdesk("GET", f"{path}?expand=true")
        return next(one for one in found if one["name"] == name)

    async def edit(self, path: str, name: str, /, **values: Any) -> None:
        """Change a record of the helpdesk, found by its name."""
        one = await self.named(path, name)
        await self.helpdesk("PUT", f"{path}/{one['id']}", values)

    async def personal_token(self, who: str, *permissions: str) -> str:
        """An access token that a person makes for themselves."""
        wanted = {"name": f"Check {datetime.now(UTC).timestamp()}", "permission": list(permissions)}
        return str((await self.helpdesk("POST", "/user_access_token", wanted, who=who))["token"])

    async def least_token(self) -> str:
        """A token of an agent that has the rights that are needed and no more; without the service role."""
        found = await self.helpdesk("GET", f"/users/search?query={ROBOT}")
        if not found:
            groups = {"1": ["full"], "2": ["read", "create", "change"]}
            role = (await self.named("/roles", "Agent"))["id"]
            user = {"email": ROBOT, "firstname": "Robot", "password": "demo", "role_ids": [role]}
            await self.helpdesk("POST", "/users", {**user, "group_ids": groups})
        return await self.personal_token(ROBOT, "ticket.agent")

    async def give_role(self, email: str, name: str) -> None:
        """Give somebody a role."""
        user = (await self.helpdesk("GET", f"/users/search?query={email}"))[0]
        role = (await self.named("/roles", name))["id"]
        await self.helpdesk("PUT", f"/users/{user['id']}", {"role_ids": [*user["role_ids"], role]})

    async def take_role(self, email: str, name: str) -> None:
        """Take a role from somebody; :meth:`set_up` gives the service user its own back."""
        user = (await self.helpdesk("GET", f"/users/search?query={email}"))[0]
        role = (await self.named("/roles", name))["id"]
        kept = [one for one in user["role_ids"] if one != role]
        await self.helpdesk("PUT", f"/users/{user['id']}", {"role_ids": kept})

    async def simulate(self, **switches: Any) -> None:
        """Turn a switch of the simulated helpdesk."""
        async with self.http.put(f"{self.systems.helpdesk}/_sim/settings", json=switches) as response:
            assert response.status == 200, await response.text()

    async def harvest(self, method: str, path: str, body: Any = None) -> Any:
        """Call the simulated Harvest's own door."""
        async with self.http.request(method, f"{self.systems.harvest}{path}", json=body) as response:
            assert response.status < 300, await response.text()
            return await response.json()

    async def calls(self) -> list[dict[str, Any]]:
        """The helpdesk's log of its calls to this stand's server."""
        logged = await self.helpdesk("GET", "/http_logs/webhook")
        return [one for one in logged if one["created_at"] >= self.began]

    async def connect(self, email: str) -> None:
        """An agent lets us act for them. A token of their own making does what one of OAuth does."""
        token = await self.personal_token(email, "ticket.agent")
        me = await self.helpdesk("GET", "/users/me", who=email)
        now = datetime.now(UTC)
        agent = await accounts_store.upsert_agent(self.pool, int(me["id"]), str(me["firstname"]), email, now)
        sealed = self.vault.seal(token)
        async with self.pool.acquire() as connection:
            await accounts_store.put_token(
                connection, agent.id, "helpdesk", sealed, sealed, now + timedelta(days=1), now
            )
        await self.people().refresh()

    async def lock_a_ticket(self, **fields: Any) -> int:
        """A ticket that the helpdesk holds for locked, as we have read it."""
        ticket = {"title": "Over", "group": "Support", "customer": "acorn@example.com"}
        article = {"article": {"body": "A question", "type": "note", "internal": False}}
        made = await self.helpdesk("POST", "/tickets", {**ticket, **article}, who="admin@example.com")
        await self.helpdesk(
            "PUT", f"/tickets/{made['id']}", {"budget_state": "locked", **fields}, who="admin@example.com"
        )
        seen = await self.zammad().ticket(self.manifest.helpdesk.token.get_secret_value(), made["id"], seconds=5)
        async with self.pool.acquire() as connection:
            project = ticket_rules.parse_project_id(seen.project)
            await tickets_store.upsert(connection, seen, project, datetime.now(UTC))
        return int(made["id"])

    async def all_is_told(self) -> None:
        """No call of the helpdesk's webhooks waits any more."""

        async def is_idle() -> bool:
            async with self.http.post(f"{self.systems.helpdesk}/_sim/jobs/run"):
                pass
            async with self.http.get(f"{self.systems.helpdesk}/_sim/jobs") as response:
                return all(job["state"] != "waiting" for job in await response.json())

        await until(is_idle)

    @property
    def vault(self) -> Vault:
        return Vault([key.get_secret_value() for key in self.manifest.server.token_keys])

    def zammad(self) -> Zammad:
        desk = self.manifest.helpdesk
        secret = desk.client_secret.get_secret_value()
        return Zammad(self.http, self.systems.helpdesk, desk.client_id, secret, desk.fields)

    def people(self) -> People:
        desk = self.manifest.helpdesk
        return People(self.pool, self.zammad(), desk.token.get_secret_value(), desk.roles, SystemClock())

    async def set_up(self) -> None:
        """Put into the helpdesk what Deskhours needs there; a second time it mends what a test broke."""
        settings = self.settings
        definition = of_manifest(settings, webhook_path=WEBHOOK, callback_path=HELPDESK_CALLBACK)
        setup = Setup(Calls(self.http, self.systems.helpdesk), SETUP_TOKEN, settings.helpdesk.roles)
        await setup.apply(definition, settings.helpdesk.token.get_secret_value())
        self.systems.is_set_up = True


def write(folder: Path, root: Path, systems: Systems) -> None:
    """The repository's manifest for these systems, with the secrets of the demo's world."""
    data = json.loads((root / "manifest.json").read_text())
    seed = json.loads((root / "plugin_server" / "demo" / "seed.json").read_text())
    data["server"]["public_url"] = systems.product
    data["helpdesk"]["url"] = systems.helpdesk
    data["harvest"] |= {"api_url": f"{systems.harvest}/v2", "id_url": systems.harvest}
    shutil.rmtree(folder / "secrets", ignore_errors=True)
    (folder / "secrets").mkdir(mode=0o700)
    texts = {
        "jwt_key": "a signing key that is long enough for HS256",
        "token_key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "webhook_secret": "a webhook's secret",
        "harvest_token": seed["tokens"]["harvest"],
        "harvest_client_secret": seed["oauth"]["harvest"]["client_secret"],
        "helpdesk_token": seed["tokens"]["zammad"],
        "helpdesk_client_secret": seed["oauth"]["zammad"]["client_secret"],
    }
    for name, text in texts.items():
        (folder / "secrets" / name).write_text(text)
        (folder / "secrets" / name).chmod(0o600)
    (folder / "manifest.json").write_text(json.dumps(data))
