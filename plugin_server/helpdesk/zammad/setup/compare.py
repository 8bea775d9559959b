"""What stands in a Zammad against the definition. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from plugin_server.helpdesk.zammad.objects import Application, Definition, fill
from plugin_server.helpdesk.zammad.setup.fields import compare_fields
from plugin_server.helpdesk.zammad.setup.state import LISTS, OBJECTS, Row, State
from plugin_server.helpdesk.zammad.setup.steps import Kind, Plan, Step
from plugin_server.manifest import Roles

OLDEST = (6, 5)
"""The oldest Zammad that Deskhours works with."""

SERVICE_PERMISSION = "ticket.agent"
"""All that the running service's token needs."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_WORDS = {
    "active": "whether it is switched on",
    "condition": "conditions",
    "condition_saved": "conditions",
    "condition_selected": "conditions",
    "disable_notification": "notifications",
    "endpoint": "address",
    "object": "object",
    "perform": "effect",
    "preferences": "screens",
    "priority": "order",
    "signature_token": "signature",
    "stop_after_match": "stopping",
}


def compare(state: State, definition: Definition, roles: Roles) -> Plan:
    """The plan. Kinds that the administrator's token may not read are left out beside the refusal that says so."""
    steps = list(judged(state))
    if LISTS[OBJECTS] not in state.denied:
        steps += compare_fields(definition.attributes, state.attributes)
    was_set_up = any(step.kind == "field" and step.action == "ok" for step in steps)
    if LISTS["/roles"] in state.denied:
        return Plan(tuple(steps))
    steps += [_role(role, state.roles, was_set_up=was_set_up) for role in definition.roles]
    steps.append(_user(state, roles))
    known = known_ids(state.roles, roles)
    if state.service is not None:
        known["{service_user}"] = str(state.service["id"])
    if LISTS["/core_workflows"] not in state.denied:
        steps += [_record("workflow", fill(one, known), state.workflows) for one in definition.workflows]
    if definition.webhook is not None and LISTS["/webhooks"] not in state.denied:
        webhook = _record("webhook", definition.webhook, state.webhooks, ("endpoint", "signature_token", "active"))
        steps.append(webhook)
        if webhook.ids:
            known["{webhook}"] = str(webhook.ids[0])
    if definition.trigger is not None and not state.denied & {LISTS["/triggers"], LISTS["/webhooks"]}:
        trigger = fill(definition.trigger, known)
        steps.append(_record("trigger", trigger, state.triggers, tuple(key for key in trigger if key != "note")))
    if definition.application is not None and LISTS["/applications"] not in state.denied:
        steps.append(_application(definition.application, state.applications))
    return Plan(tuple(steps))


def judged(state: State) -> tuple[Step, Step]:
    """Zammad's version, and what the administrator's token may do."""
    return _version(state), _token(state)


def known_ids(rows: Sequence[Row], names: Roles) -> dict[str, str | list[str]]:
    """What the placeholders of the workflows stand for. Every role that lets somebody work as an agent is gated; one
    that does not exist yet stays a placeholder."""
    ids = {str(row["name"]): str(row["id"]) for row in rows}
    known: dict[str, str | list[str]] = {
        "{agents}": [str(row["id"]) for row in rows if "ticket.agent" in (row.get("permissions") or ())],
        "{admins}": ids.get(names.admin, "{nobody}"),
    }
    if names.pm in ids:
        known["{pm}"] = ids[names.pm]
    if names.service in ids:
        known["{service}"] = ids[names.service]
    return known


def same(present: Any, wanted: Any) -> bool:
    """Whether two values of a record agree: numbers and their text alike, lists of them in any order; Zammad may keep
    more beside what was sent."""
    if isinstance(wanted, Mapping) and isinstance(present, Mapping):
        return all(key in present and same(present[key], item) for key, item in wanted.items())
    if isinstance(wanted, list | tuple) and isinstance(present, list | tuple):
        return sorted(map(str, present)) == sorted(map(str, wanted))
    return present == wanted or str(present) == str(wanted)


def _version(state: State) -> Step:
    oldest = ".".join(map(str, OLDEST))
    if state.version is None:
        words = f"tells its version to administrators only (see the token); Deskhours needs {oldest} or newer"
        return Step("helpdesk", "Zammad", "refuse", words)
    found = re.match(r"(\d+)\.(\d+)", state.version)
    if found is None:
        return Step(
            "helpdesk", f"Zammad {state.version}", "refuse", f"is a version that can't be read as {oldest} or newer"
        )
    if (int(found[1]), int(found[2])) < OLDEST:
        words = f"is too old; Deskhours needs {oldest} or newer. Update Zammad first"
        return Step("helpdesk", f"Zammad {state.version}", "refuse", words)
    return Step("helpdesk", f"Zammad {state.version}", "ok", "is new enough")


def _token(state: State) -> Step:
    login = str(state.me.get("login") or "the setup token")
    if not state.denied:
        return Step("token", login, "ok", "may set up Zammad")
    words = (
        f"may not do all that setup needs; missing: {', '.join(sorted(state.denied))}. In Zammad, as an administrator,"
        " make a token with the permission admin (your avatar > Profile > Token Access), which holds all of them"
    )
    return Step("token", login, "refuse", words)


def _role(wanted: Mapping[str, Any], rows: Sequence[Row], *, was_set_up: bool) -> Step:
    name = str(wanted["name"])
    present = next((row for row in rows if row["name"] == name), None)
    if present is None:
        # Zammad takes no second role whose name differs in capitals alone.
        other = next((row for row in rows if str(row["name"]).casefold() == name.casefold()), None)
        if other is not None:
            words = f"is written {other['name']} in Zammad. Write it so in the manifest (helpdesk.roles)"
            return Step("role", name, "refuse", words)
        # Making it again would lock out those who hold it under its new name.
        renamed = "; if it was renamed, write its new name into the manifest instead (helpdesk.roles)"
        return Step("role", name, "create", f"is missing{renamed if was_set_up else ''}", wanted)
    if not present.get("active", True):
        return Step("role", name, "mend", "is switched off", {"name": name, "active": True}, (int(present["id"]),))
    return Step("role", name, "ok", "is there", ids=(int(present["id"]),))


def _user(state: State, roles: Roles) -> Step:
    """The service user: there, somebody of its own, an agent, and holding the service role."""
    how = f"a user of its own, with the role Agent, and a token of that user with the permission {SERVICE_PERMISSION}"
    if state.service is None:
        if state.service_denied is not None:
            words = f"has a token that Zammad refuses ({state.service_denied}). Deskhours needs {how}"
        else:
            words = "has no token yet: the file or variable that the manifest's helpdesk.token names is empty."
            words += f" Deskhours needs {how}"
        return Step("user", "service user", "refuse", words)
    login = str(state.service.get("login") or state.service["id"])
    if state.service["id"] == state.me.get("id"):
        words = f"runs the setup, too. What a person does must not look like Deskhours' own doing: it needs {how}"
        return Step("user", login, "refuse", words)
    held = {int(number) for number in state.service.get("role_ids") or ()}
    permissions = {one for row in state.roles if int(row["id"]) in held for one in row.get("permissions") or ()}
    if SERVICE_PERMISSION not in permissions:
        return Step("user", login, "refuse", "is no agent. In Zammad, under Admin > Users, give it the role Agent")
    if not state.service_agent:
        words = f"has a token without the permission {SERVICE_PERMISSION}. Make one that has it, for helpdesk.token"
        return Step("user", login, "refuse", words)
    role = next((row for row in state.roles if row["name"] == roles.service), None)
    more = "; it is an administrator, which Deskhours does not need" if "admin" in permissions else ""
    if role is not None and int(role["id"]) in held:
        return Step("user", login, "ok", f"has the role {roles.service}{more}", ids=(int(state.service["id"]),))
    body = {"role_ids": [*sorted(held), "{service}"]}
    return Step("user", login, "mend", f"lacks the role {roles.service}{more}", body, (int(state.service["id"]),))


def _record(kind: Kind, wanted: Mapping[str, Any], rows: Sequence[Row], keep: Sequence[str] = ()) -> Step:
    """A step for a record known by its name; ``keep`` names what is compared, where the rest may be changed."""
    name = str(wanted["name"])
    mine = [row for row in rows if row["name"] == name]
    if not mine:
        return Step(kind, name, "create", "is missing", wanted)
    ids = tuple(int(row["id"]) for row in mine)
    different = [key for key in keep or wanted if not _agrees(key, mine[0].get(key), wanted[key])]
    found = []
    if different == ["active"]:
        found.append("is switched off")
    elif different:
        found.append("differs in " + ", ".join(dict.fromkeys(_WORDS.get(key, key) for key in different)))
    if len(mine) > 1:
        found.append(f"is there {len(mine)} times; the oldest stays")
    if not found:
        return Step(kind, name, "ok", "is there", ids=ids)
    return Step(kind, name, "mend", ", ".join(found), wanted, ids)


def _agrees(key: str, present: Any, wanted: Any) -> bool:
    if key == "signature_token" and present and set(str(present)) == {"*"}:
        return True  # hidden from everybody; nobody can tell
    if key in ("perform", "condition", "condition_saved", "condition_selected") and isinstance(present, Mapping):
        # One condition more, and the gate stands open for somebody.
        return set(present) == set(wanted) and same(present, wanted)
    return same(present, wanted)


def _application(wanted: Application, rows: Sequence[Row]) -> Step:
    """The OAuth application: by the id that we hold, else by name and address."""
    parts = urlsplit(wanted.redirect_uri)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        words = f"would send people to {wanted.redirect_uri}; Zammad allows https only. Change server.public_url"
        return Step("application", wanted.name, "refuse", words)
    body = {"name": wanted.name, "redirect_uri": wanted.redirect_uri, "confidential": True}
    again = "Remove what helpdesk.client_id and helpdesk.client_secret hold, and run setup again: it writes them anew"
    if not wanted.client_id:
        mine = own_applications(wanted, rows)
        ids = tuple(int(row["id"]) for row in mine)
        if not mine:
            return Step("application", wanted.name, "create", "is missing", body)
        if len(mine) > 1:
            words = f"is there {len(mine)} times; the oldest stays"
            return Step("application", wanted.name, "mend", words, {}, ids)
        return Step("application", wanted.name, "ok", "is there", ids=ids)
    row = next(iter(own_applications(wanted, rows)), None)
    if row is None:
        words = f"is not in Zammad with the id that helpdesk.client_id gives. {again}"
        return Step("application", wanted.name, "refuse", words)
    ids = (int(row["id"]),)
    if wanted.client_secret and row.get("secret") and row["secret"] != wanted.client_secret:
        words = f"has another secret than helpdesk.client_secret gives. {again}"
        return Step("application", wanted.name, "refuse", words)
    if wanted.redirect_uri not in _addresses(row):
        addresses = "\n".join([*_addresses(row), wanted.redirect_uri])
        body = {**body, "name": row["name"], "redirect_uri": addresses}
        words = f"does not send people back to {wanted.redirect_uri}"
        return Step("application", wanted.name, "mend", words, body, ids)
    return Step("application", wanted.name, "ok", "is there", ids=ids)


def own_applications(wanted: Application, rows: Sequence[Row]) -> list[Row]:
    """The application whose id we hold; without one those that setup has made, the oldest first. Their name alone may
    be that of another Deskhours."""
    if wanted.client_id:
        return [row for row in rows if row.get("uid") == wanted.client_id]
    return [row for row in rows if row["name"] == wanted.name and wanted.redirect_uri in _addresses(row)]


def _addresses(row: Row) -> list[str]:
    """Where an application may send people back to; Zammad keeps them one per line."""
    return str(row.get("redirect_uri") or "").split()
