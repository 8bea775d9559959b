"""Carrying out a plan, so that doing it again changes nothing, a broken one is finished by the next, and two at once
make one of each.

Zammad keeps the names of roles, workflows and triggers apart, those of webhooks and applications not. So after every
round everything is read and compared again: who was late finds its twin, and everybody keeps the oldest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import WEBHOOK, Application, Definition, fill
from plugin_server.helpdesk.zammad.setup.compare import known_ids, own_applications
from plugin_server.helpdesk.zammad.setup.plan import plan
from plugin_server.helpdesk.zammad.setup.state import OBJECTS, listed
from plugin_server.helpdesk.zammad.setup.steps import Plan, Step
from plugin_server.manifest import Roles

ROUNDS = 6
"""How often everything is compared again before what still differs is told instead of written."""

TRIES = 3
"""How often Zammad may refuse the same step before that is told."""

PATHS = {
    "field": OBJECTS,
    "role": "/roles",
    "user": "/users",
    "workflow": "/core_workflows",
    "webhook": "/webhooks",
    "trigger": "/triggers",
    "application": "/applications",
}

MIGRATE_SECONDS = 120.0
"""Time limit of Zammad's database update, which rewrites its tables."""

Progress = Callable[[Step], None]
"""Called with each step before it is done."""


class CannotSetUp(Exception):
    """The plan has refused steps, or something still differs after every try. ``begun``: there were writes before."""

    def __init__(self, found: Plan, *, begun: bool = False) -> None:
        super().__init__("; ".join(f"{step.name} {step.words}" for step in found.refused or found.todo))
        self.plan = found
        self.begun = begun


class Setup:
    """Applies a definition with an administrator's token. Every call may raise
    :class:`~plugin_server.helpdesk.base.HelpdeskError`; what was done until then stays and is found the next time."""

    def __init__(self, calls: Calls, token: str, roles: Roles) -> None:
        self._calls = calls
        self._token = token
        self._roles = roles
        self._refusals: Counter[tuple[str, str]] = Counter()

    async def apply(
        self, definition: Definition, service_token: str, progress: Progress = lambda step: None
    ) -> list[Step]:
        """Create what is missing and mend what differs; returns the steps that were done. Raises
        :class:`CannotSetUp` before the first write when there is anything that must be refused."""
        done: list[Step] = []
        rounds = 0
        while True:
            found = await plan(self._calls, self._token, definition, self._roles, service_token)
            if found.refused or (found.todo and rounds == ROUNDS):
                raise CannotSetUp(found, begun=rounds > 0)
            if not found.todo:
                return done
            rounds += 1
            fields = [step for step in found.todo if step.kind == "field"]
            for step in found.todo:
                if step not in done:
                    progress(step)
                    done.append(step)
                await self._tolerant(step, self._do(step))
                if step in fields[-1:]:
                    # Before the workflows: they are to find the columns that they ask for.
                    await self._tolerant(step, self._migrate())

    async def credentials(self, application: Application) -> tuple[str, str] | None:
        """Client id and secret of the application that stands in Zammad; None where Zammad does not tell the secret."""
        rows = await listed(self._calls, self._token, PATHS["application"])
        row = next(iter(own_applications(application, rows)), None)
        return (str(row["uid"]), str(row["secret"])) if row and row.get("uid") and row.get("secret") else None

    async def _do(self, step: Step) -> None:
        path, body = PATHS[step.kind], await self._filled(step)
        if step.action == "create":
            await self._calls.api("POST", self._token, path, json=body)
            return
        kept, *twins = step.ids
        if body:
            await self._calls.api("PUT", self._token, f"{path}/{kept}", json=body)
        for twin in twins:
            await self._calls.api("DELETE", self._token, f"{path}/{twin}")

    async def _filled(self, step: Step) -> Mapping[str, Any]:
        """What to write, with the ids of what was made since the plan was."""
        if step.kind not in ("user", "workflow", "trigger"):
            return step.body
        known = known_ids(await listed(self._calls, self._token, PATHS["role"]), self._roles)
        if step.kind == "trigger":
            webhooks = await listed(self._calls, self._token, PATHS["webhook"])
            known |= {"{webhook}": next((str(row["id"]) for row in webhooks if row["name"] == WEBHOOK), "{webhook}")}
        body: dict[str, Any] = fill(step.body, known)
        return {key: [int(one) for one in value] if key == "role_ids" else value for key, value in body.items()}

    async def _migrate(self) -> None:
        await self._calls.api("POST", self._token, f"{OBJECTS}_execute_migrations", MIGRATE_SECONDS, json={})

    async def _tolerant(self, step: Step, work: Awaitable[None]) -> None:
        """A refusal, or something gone, may be another administrator's doing; the next round will tell. One that comes
        again and again is Zammad's own."""
        try:
            await work
        except (base.Refused, base.Missing) as error:
            self._refusals[step.kind, step.name] += 1
            if self._refusals[step.kind, step.name] == TRIES:
                raise base.Refused(f"Zammad does not take the {step.kind} {step.name}: {error}") from error
