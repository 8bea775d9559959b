"""Taking Deskhours out of a Zammad without loss: what tickets hold and who held which role stays, switched off.

Workflows go first: one that asks for a field nobody sees any more would go on refusing every write of a locked ticket.
Zammad keeps the column of a field that is switched off, and the members of a role that is; setup switches both on
again, and writes the rest anew.
"""

from __future__ import annotations

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.calls import Calls
from plugin_server.helpdesk.zammad.objects import Definition
from plugin_server.helpdesk.zammad.setup.apply import MIGRATE_SECONDS, PATHS, CannotSetUp, Progress
from plugin_server.helpdesk.zammad.setup.compare import judged, own_applications
from plugin_server.helpdesk.zammad.setup.fields import strangers
from plugin_server.helpdesk.zammad.setup.state import LISTS, OBJECTS, Row, State, read_state
from plugin_server.helpdesk.zammad.setup.steps import Kind, Plan, Step


def removal(state: State, definition: Definition) -> Plan:
    """What is to be taken out, in this order: workflows, trigger, webhook, application, roles, fields. Pure."""
    steps = list(judged(state))
    if state.denied & set(LISTS.values()):
        return Plan(tuple(steps))
    for workflow in definition.workflows:
        steps += _gone("workflow", str(workflow["name"]), state.workflows)
    if definition.trigger is not None:
        steps += _gone("trigger", str(definition.trigger["name"]), state.triggers)
    if definition.webhook is not None:
        steps += _gone("webhook", str(definition.webhook["name"]), state.webhooks)
    if definition.application is not None:
        mine = own_applications(definition.application, state.applications)
        steps += [_removed("application", str(row["name"]), row, "is deleted") for row in mine]
    for role in definition.roles:
        steps += [_off(row) for row in state.roles if row["name"] == role["name"] and row.get("active", True)]
    wanted = {str(one["name"]): one["data_type"] for one in definition.attributes}
    fields = [_hidden(row) for row in state.attributes if _is_field(row, wanted) and row.get("active", True)]
    if any(step.action == "remove" for step in fields):
        fields += strangers(wanted, state.attributes)
    return Plan((*steps, *fields))


class Removal:
    """Takes a definition out with an administrator's token; what is raised is as in
    :class:`~plugin_server.helpdesk.zammad.setup.apply.Setup`."""

    def __init__(self, calls: Calls, token: str) -> None:
        self._calls = calls
        self._token = token

    async def plan(self, definition: Definition) -> Plan:
        """What would be taken out; writes nothing."""
        return removal(await read_state(self._calls, self._token, ""), definition)

    async def apply(self, definition: Definition, progress: Progress = lambda step: None) -> list[Step]:
        """Take it out; returns the steps that were done."""
        found = await self.plan(definition)
        if found.refused:
            raise CannotSetUp(found)
        for step in found.todo:
            progress(step)
            (number,) = step.ids
            path = f"{PATHS[step.kind]}/{number}"
            try:
                if step.body:
                    await self._calls.api("PUT", self._token, path, json=step.body)
                else:
                    await self._calls.api("DELETE", self._token, path)
            except base.Missing:
                continue  # another administrator was faster
            except base.Refused as error:
                raise base.Refused(f"Zammad keeps the {step.kind} {step.name}: {error}") from error
        if any(step.kind == "field" for step in found.todo):
            path = f"{OBJECTS}_execute_migrations"
            await self._calls.api("POST", self._token, path, MIGRATE_SECONDS, json={})
        return list(found.todo)


def _gone(kind: Kind, name: str, rows: tuple[Row, ...]) -> list[Step]:
    return [_removed(kind, name, row, "is deleted") for row in rows if row["name"] == name]


def _removed(kind: Kind, name: str, row: Row, words: str) -> Step:
    return Step(kind, name, "remove", words, ids=(int(row["id"]),))


def _off(row: Row) -> Step:
    """A role that permits nothing by itself means nothing without Deskhours; any other is the administrator's."""
    name = str(row["name"])
    if row.get("permissions") or row.get("group_ids"):
        return Step("role", name, "ok", "stays as it is: it gives permissions of its own", ids=(int(row["id"]),))
    words = "is switched off; its members are kept"
    return Step("role", name, "remove", words, {"name": name, "active": False}, (int(row["id"]),))


def _is_field(row: Row, wanted: dict[str, str]) -> bool:
    """Whether a field is one of ours: one of another type was never touched."""
    return row.get("object", "Ticket") == "Ticket" and wanted.get(str(row["name"])) == row.get("data_type")


def _hidden(row: Row) -> Step:
    name = str(row["name"])
    if not row.get("deletable", True):
        # Zammad switches off nothing that a trigger, an overview or a report asks for.
        reason = str(row.get("not_deletable_reason") or "something else in Zammad uses it")
        return Step("field", name, "ok", f"stays as it is: {reason}", ids=(int(row["id"]),))
    kept = ("name", "object", "display", "data_type", "data_option", "screens", "position")
    body = {**{key: row[key] for key in kept if key in row}, "active": False}
    return Step("field", name, "remove", "is switched off; what tickets hold is kept", body, (int(row["id"]),))
