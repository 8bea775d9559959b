"""Everything that Deskhours needs to stand in a Zammad, defined once: fields, roles, workflows, webhook, trigger, OAuth
application.

Source of the gate: Zammad's ``checks_core_workflow``, which looks at two things when a ticket is written: a field that
is mandatory, shown and empty refuses the write, and a field whose values are restricted takes no other that is not
blank. So a field that must be filled but whose only allowed value is empty refuses every write; the reply that would
have come with it is not stored either. ``nulloption`` must be true, or the list of allowed values would be empty,
which Zammad takes for "any". The field is a select: a boolean's false would count as filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from plugin_server.manifest import Fields, Manifest, Roles, url_text

APPLICATION = "Deskhours"
WEBHOOK = "Deskhours"
TRIGGER = "Deskhours: a ticket changed"
GATE = "Deskhours: over budget, a project manager must release"
KEEPER = "Deskhours: budgets are set by project managers"

STATES = {"open": "open", "warn": "warn", "locked": "locked"}
RELEASED = {"released": "released"}


@dataclass(frozen=True)
class Application:
    """The OAuth application that agents sign in through: where it sends them back to, and what we hold of its
    credentials, empty text where nothing yet."""

    name: str
    redirect_uri: str
    client_id: str = ""
    client_secret: str = field(default="", repr=False)


@dataclass(frozen=True)
class Definition:
    """What Deskhours needs, in Zammad's own form. Workflows and triggers name roles, users and webhooks by ``{name}``
    placeholders (:func:`fill`), because their ids are known only once they exist. Without an ``application`` nothing is
    said of it."""

    attributes: tuple[Mapping[str, Any], ...]
    roles: tuple[Mapping[str, Any], ...]
    workflows: tuple[Mapping[str, Any], ...]
    webhook: Mapping[str, Any] | None
    trigger: Mapping[str, Any] | None
    application: Application | None = None


def of_manifest(
    settings: Manifest,
    *,
    webhook_path: str,
    callback_path: str,
    project_url: str | None = None,
    webhook_secret: str | None = None,
) -> Definition:
    """The definition for a whole manifest. The paths are those of our own server that the helpdesk calls and sends
    people back to; ``project_url`` as in :func:`define`; ``webhook_secret`` stands in for the manifest's own, which may
    be named and still missing."""
    desk, origin = settings.helpdesk, url_text(settings.server.public_url)
    secret = desk.webhook_secret
    return replace(
        define(
            desk.fields,
            desk.roles,
            f"{origin}{webhook_path}",
            webhook_secret or (secret.get_secret_value() if secret else None),
            project_url,
        ),
        application=Application(
            APPLICATION, f"{origin}{callback_path}", desk.client_id, desk.client_secret.get_secret_value()
        ),
    )


def define(fields: Fields, roles: Roles, endpoint: str, secret: str | None, project_url: str | None) -> Definition:
    """The definition for a manifest: names of fields and roles, where the webhook goes and what signs it, and where a
    project's page is (with ``{id}``), once the Harvest account's address is known."""
    return Definition(
        attributes=_attributes(fields, project_url),
        roles=(
            {"name": roles.pm, "note": "May unlock tickets over their budget, and set budgets."},
            {"name": roles.service, "note": "The user that Deskhours acts as. Give it to nobody else."},
        ),
        workflows=(_keeper(fields), _gate(fields)),
        webhook=None if secret is None else _webhook(endpoint, secret),
        trigger=None if secret is None else _trigger(),
    )


def fill(value: Any, known: Mapping[str, str | list[str]]) -> Any:
    """A copy with every ``{name}`` placeholder replaced by what it stands for."""
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, Mapping):
        return {key: fill(item, known) for key, item in value.items()}
    if isinstance(value, list):
        filled: list[Any] = []
        for item in value:
            one = fill(item, known)
            filled.extend(one if isinstance(one, list) and isinstance(item, str) else [one])
        return filled
    return value


def _screens(*, shown: bool) -> dict[str, Any]:
    """Agents see a field or not; customers never do."""
    agent = {"shown": shown, "required": False}
    hidden = {"shown": False, "required": False}
    return {
        "create_middle": {"ticket.agent": hidden, "ticket.customer": hidden},
        "edit": {"ticket.agent": agent, "ticket.customer": hidden},
    }


def _attributes(fields: Fields, project_url: str | None) -> tuple[dict[str, Any], ...]:
    project: dict[str, Any] = {"type": "text", "maxlength": 120, "null": True}
    if project_url:
        project["linktemplate"] = project_url.replace("{id}", f"#{{ticket.{fields.project}}}")
    text: dict[str, Any] = {"type": "text", "maxlength": 120, "null": True}
    percent: dict[str, Any] = {"min": 0, "max": 1_000_000, "null": True}
    rows: list[tuple[str, str, str, dict[str, Any], bool]] = [
        (fields.project, "Harvest Project ID", "input", project, True),
        (fields.budget_hours, "Budget Hours", "input", text, True),
        (fields.quoted_hours, "Quoted Hours", "input", text, True),
        (fields.hours_used, "Hours Used", "input", text, True),
        (fields.utilization, "Utilization %", "integer", percent, True),
        (fields.pm, "Budget PM", "input", text, True),
        (fields.state, "Budget state", "select", _select(STATES), False),
        (fields.release, "Over budget: a project manager must release this ticket", "select", _select(RELEASED), False),
    ]
    return tuple(
        {
            "name": name,
            "object": "Ticket",
            "display": display,
            "active": True,
            "data_type": kind,
            "data_option": option,
            "screens": _screens(shown=shown),
            "position": 1600 + place,
        }
        for place, (name, display, kind, option, shown) in enumerate(rows)
    )


def _select(options: Mapping[str, str]) -> dict[str, Any]:
    return {"options": dict(options), "default": "", "nulloption": True, "maxlength": 255, "null": True}


def _gate(fields: Fields) -> dict[str, Any]:
    """No agent without the PM role writes a locked ticket, whatever the write holds."""
    return {
        "name": GATE,
        "object": "Ticket",
        "preferences": {"screen": ["edit"]},
        "condition_saved": {
            f"ticket.{fields.state}": {"operator": "is", "value": ["locked"]},
            "session.role_ids": {"operator": "is not", "value": ["{pm}", "{service}"]},
        },
        "condition_selected": {"session.role_ids": {"operator": "is", "value": ["{agents}"]}},
        "perform": {
            f"ticket.{fields.release}": {
                "operator": ["show", "set_mandatory", "set_fixed_to"],
                "show": "true",
                "set_mandatory": "true",
                "set_fixed_to": [""],
            }
        },
        "active": True,
        "stop_after_match": False,
        "changeable": True,
        "priority": 9000,
    }


def _keeper(fields: Fields) -> dict[str, Any]:
    """The page offers nobody a field that would be put back. It binds the page alone; the rest is put back."""
    kept = [fields.budget_hours, fields.quoted_hours, fields.pm, fields.hours_used, fields.utilization]
    return {
        "name": KEEPER,
        "object": "Ticket",
        "preferences": {"screen": ["edit"]},
        "condition_saved": {},
        "condition_selected": {"session.role_ids": {"operator": "is not", "value": ["{pm}", "{admins}", "{service}"]}},
        "perform": {f"ticket.{name}": {"operator": "set_readonly", "set_readonly": "true"} for name in kept},
        "active": True,
        "stop_after_match": False,
        "changeable": True,
        "priority": 8000,
    }


def _webhook(endpoint: str, secret: str) -> dict[str, Any]:
    return {
        "name": WEBHOOK,
        "endpoint": endpoint,
        "signature_token": secret,
        "ssl_verify": endpoint.startswith("https://"),
        "active": True,
        "note": "Tells Deskhours at once what its poll would see half a minute later.",
    }


def _trigger() -> dict[str, Any]:
    """Every change by somebody else than the service user; our own writes must not come back as news."""
    return {
        "name": TRIGGER,
        "active": True,
        "activator": "action",
        "execution_condition_mode": "always",
        "condition": {
            "ticket.updated_by_id": {
                "operator": "is not",
                "pre_condition": "specific",
                "value": ["{service_user}"],
                "value_completion": "",
            }
        },
        "perform": {"notification.webhook": {"webhook_id": "{webhook}"}},
        "disable_notification": True,
        "note": "",
    }
