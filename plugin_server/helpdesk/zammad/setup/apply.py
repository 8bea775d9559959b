"""Putting the definition into a Zammad, so that doing it again changes nothing. Needs a token with the administrator's
permissions for objects, roles, users, workflows, webhooks and triggers; the running service never has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import Definition, fill
from plugin_server.manifest import Roles

_OBJECTS = "/object_manager_attributes"


class Setup:
    """Applies a definition with an administrator's token. Every call may raise
    :class:`~plugin_server.helpdesk.base.HelpdeskError`; what was done until then stays and is found the next time."""

    def __init__(self, calls: Calls, token: str, roles: Roles) -> None:
        self._calls = calls
        self._token = token
        self._roles = roles

    async def apply(self, definition: Definition, service_token: str) -> list[str]:
        """Create what is missing and mend what is different; returns a line for each thing done."""
        done = await self._attributes(definition)
        for role in definition.roles:
            done += await self._one("/roles", role, "role", keep=("name",))
        roles = {str(row["name"]): row for row in await self._list("/roles?expand=true")}
        service = await self._calls.get(service_token, "/users/me")
        done += await self._service_role(service, int(roles[self._roles.service]["id"]))
        known = _role_ids(roles, self._roles)
        known["{service_user}"] = str(service["id"])
        for workflow in definition.workflows:
            done += await self._one("/core_workflows", fill(workflow, known), "workflow")
        if definition.webhook is not None and definition.trigger is not None:
            done += await self._one("/webhooks", definition.webhook, "webhook", keep=("name", "endpoint", "active"))
            webhooks = {row["name"]: row for row in await self._list("/webhooks")}
            known["{webhook}"] = str(webhooks[definition.webhook["name"]]["id"])
            done += await self._one("/triggers", fill(definition.trigger, known), "trigger")
        return done

    async def _list(self, path: str) -> list[Mapping[str, Any]]:
        rows: list[Mapping[str, Any]] = await self._calls.get(self._token, path)
        return rows

    async def _attributes(self, definition: Definition) -> list[str]:
        there = {row["name"]: row for row in await self._list(_OBJECTS) if row.get("object", "Ticket") == "Ticket"}
        done = []
        for wanted in definition.attributes:
            name = wanted["name"]
            if name not in there:
                await self._calls.api("POST", self._token, _OBJECTS, json=wanted)
                done.append(f"field {name}: created")
            elif there[name]["data_type"] != wanted["data_type"]:
                raise base.Refused(
                    f"The ticket field {name} exists with the type {there[name]['data_type']};"
                    f" Deskhours needs {wanted['data_type']}. Name another field in the manifest (helpdesk.fields)."
                )
            elif wanted["data_type"] == "select" and not there[name]["data_option"].get("nulloption"):
                raise base.Refused(
                    f"The ticket field {name} exists and must be set (no empty option), which leaves the lock open."
                    " Allow it to be empty, or name another field in the manifest (helpdesk.fields)."
                )
        if done or any(row.get("to_migrate") or row.get("to_create") for row in there.values()):
            await self._calls.api("POST", self._token, f"{_OBJECTS}_execute_migrations", json={})
        return done

    async def _one(self, path: str, wanted: Mapping[str, Any], kind: str, *, keep: tuple[str, ...] = ()) -> list[str]:
        """Create by name, or mend; ``keep`` names what is compared where the rest is not told or may be changed."""
        present = next((row for row in await self._list(path) if row["name"] == wanted["name"]), None)
        if present is None:
            await self._calls.api("POST", self._token, path, json=wanted)
            return [f"{kind} {wanted['name']}: created"]
        if all(_same(present.get(key), wanted[key]) for key in (keep or wanted)):
            return []
        await self._calls.api("PUT", self._token, f"{path}/{present['id']}", json=wanted)
        return [f"{kind} {wanted['name']}: mended"]

    async def _service_role(self, service: Mapping[str, Any], role_id: int) -> list[str]:
        role_ids = list(service.get("role_ids") or [])
        if role_id in role_ids:
            return []
        await self._calls.api("PUT", self._token, f"/users/{service['id']}", json={"role_ids": [*role_ids, role_id]})
        return [f"user {service.get('login')}: given the role {self._roles.service}"]


def _role_ids(roles: Mapping[str, Mapping[str, Any]], names: Roles) -> dict[str, str | list[str]]:
    """What the placeholders of the workflows stand for. Every role that lets somebody work as an agent is gated."""
    agents = [str(row["id"]) for row in roles.values() if "ticket.agent" in (row.get("permissions") or ())]
    return {
        "{pm}": str(roles[names.pm]["id"]),
        "{service}": str(roles[names.service]["id"]),
        "{admins}": str(roles[names.admin]["id"]) if names.admin in roles else "{nobody}",
        "{agents}": agents,
    }


def _same(present: Any, wanted: Any) -> bool:
    """Whether two values of a record agree, numbers and their text alike."""
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        return all(_same(present.get(key), item) for key, item in wanted.items()) and len(present) >= len(wanted)
    if isinstance(wanted, list | tuple) and isinstance(present, list | tuple):
        return len(present) == len(wanted) and all(map(_same, present, wanted))
    return present == wanted or str(present) == str(wanted)
