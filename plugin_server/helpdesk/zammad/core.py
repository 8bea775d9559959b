"""Zammad's REST API without I/O: what a reply means, and its objects as ours.

Sources: Zammad's API documentation and its ``handles_errors`` concern (error bodies); ``ticket.rst`` for the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from email.utils import parseaddr
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.manifest import Fields
from plugin_server.runtime.i18n import later

SYSTEM_USER = 1
"""Zammad's own user, the owner of tickets that nobody owns."""


def check(status: int, body: bytes) -> Any:
    """The reply's JSON; raises the :class:`~plugin_server.helpdesk.base.HelpdeskError` that another reply means."""
    if status >= 500 or status == 429:
        raise base.Unreachable(later("Zammad answered {status}").format(status=status))
    try:
        data = json.loads(body)
    except ValueError:
        # A proxy's or login page: also for a 401 or 403, because then it is not Zammad that speaks.
        raise base.Unreachable(
            later("Zammad answered {status} with something that is not JSON").format(status=status)
        ) from None
    if status < 300:
        return data
    words = str(data.get("error_human") or data.get("error") or status) if isinstance(data, dict) else str(status)
    if status == 401:
        raise base.Unauthorized(words)
    if status == 403:
        raise base.Denied(words)
    if status == 404:
        raise base.Missing(words)
    if status == 422:
        raise base.Refused(words)
    raise base.HelpdeskError(words)


def check_token_reply(status: int, body: bytes) -> Any:
    """As :func:`check`, for the token endpoint: only ``invalid_grant`` says that the person's grant is over."""
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    if status in (400, 401) and isinstance(data, dict) and data.get("error") == "invalid_grant":
        raise base.GrantRefused(str(data.get("error_description") or "invalid_grant"))
    return check(status, body)


def person(data: Mapping[str, Any], *, is_agent: bool) -> base.Person:
    """``GET /users/me``."""
    name = f"{data.get('firstname') or ''} {data.get('lastname') or ''}".strip()
    return base.Person(
        id=int(data["id"]),
        name=name or str(data.get("login") or data["id"]),
        email=str(data.get("email") or data.get("login") or ""),
        is_agent=is_agent,
    )


def state_kinds(data: Sequence[Mapping[str, Any]]) -> dict[str, base.StateKind]:
    """``GET /ticket_states?expand=true``: what each state's name comes to, by its type."""
    return {str(item["name"]): _kind(str(item.get("state_type") or item["name"])) for item in data}


def _kind(name: str) -> base.StateKind:
    if name in ("merged", "removed"):
        return "merged"
    return "closed" if name == "closed" else "open"


def ticket(data: Mapping[str, Any], fields: Fields, kinds: Mapping[str, base.StateKind]) -> base.Ticket:
    """``GET /tickets/:id?expand=true``; ``kinds`` as far as they are known."""
    state = _text(data.get("state"))
    owner = data.get("owner_id")
    return base.Ticket(
        id=int(data["id"]),
        number=str(data.get("number") or data["id"]),
        title=str(data.get("title") or ""),
        group_id=int(data.get("group_id") or 0),
        organisation_id=data.get("organization_id"),
        project=_text(data.get(fields.project)),
        budget_hours=_text(data.get(fields.budget_hours)),
        quoted_hours=_text(data.get(fields.quoted_hours)),
        pm=_text(data.get(fields.pm)),
        updated_at=datetime.fromisoformat(str(data["updated_at"])),
        owner_id=None if owner in (None, SYSTEM_USER) else int(owner),
        customer_id=data.get("customer_id"),
        state=state,
        state_kind=kinds.get(state) or _kind(state),
        priority=_text(data.get("priority")),
        used=_text(data.get(fields.hours_used)),
        utilization=_text(data.get(fields.utilization)),
        lock=_text(data.get(fields.state)),
        release=_text(data.get(fields.release)),
        created_at=datetime.fromisoformat(str(data["created_at"])) if data.get("created_at") else None,
        created_by=data.get("created_by_id"),
    )


def found(data: Any) -> list[Mapping[str, Any]]:
    """The tickets of a search's answer: a list, or (up to Zammad 6.4) ids beside assets."""
    if isinstance(data, dict):
        assets = data.get("assets", {}).get("Ticket", {})
        return [assets[str(number)] for number in data.get("tickets", []) if str(number) in assets]
    return list(data)


def field_names(fields: Fields) -> dict[base.Guarded, str]:
    """Our names for the guarded fields, with the helpdesk's."""
    return {
        "project": fields.project,
        "budget_hours": fields.budget_hours,
        "quoted_hours": fields.quoted_hours,
        "hours_used": fields.hours_used,
        "pm": fields.pm,
        "utilization": fields.utilization,
        "state": fields.state,
        "release": fields.release,
    }


def field_values(values: Mapping[base.Guarded, str | None], fields: Fields) -> dict[str, str | int | None]:
    """Guarded fields as ``PUT /tickets/:id`` takes them; the utilization is an integer attribute."""
    names = field_names(fields)
    written: dict[str, str | int | None] = {}
    for name, value in values.items():
        written[names[name]] = int(value) if name == "utilization" and value else value
    if "utilization" in values and not values["utilization"]:
        written[fields.utilization] = None
    return written


def history(data: Mapping[str, Any], fields: Fields) -> base.History:
    """``GET /ticket_history/:id``."""
    ours = {theirs: name for name, theirs in field_names(fields).items()}
    changes, merged = [], None
    for item in data["history"]:
        if item.get("object") != "Ticket":
            continue
        if item.get("type") == "merged_into":
            merged = int(item["id_to"])
        name = ours.get(str(item.get("attribute")))
        if name is not None:
            by, at = int(item["created_by_id"]), datetime.fromisoformat(str(item["created_at"]))
            changes.append(base.FieldChange(name, _text(item.get("value_from")), _text(item.get("value_to")), by, at))
    return base.History(tuple(changes), merged)


def member(data: Mapping[str, Any]) -> base.Member:
    """``GET /users/:id``."""
    name = f"{data.get('firstname') or ''} {data.get('lastname') or ''}".strip()
    return base.Member(
        id=int(data["id"]),
        login=str(data.get("login") or ""),
        email=str(data.get("email") or ""),
        name=name or str(data.get("login") or data["id"]),
        active=bool(data.get("active", True)),
        role_ids=frozenset(int(number) for number in data.get("role_ids") or ()),
        groups=_groups(data),
    )


def role(data: Mapping[str, Any]) -> base.Role:
    """One of ``GET /roles?expand=true``; only then it says the names of its permissions."""
    return base.Role(
        int(data["id"]), str(data["name"]), _groups(data), "ticket.agent" in (data.get("permissions") or ())
    )


def _groups(data: Mapping[str, Any]) -> dict[int, frozenset[str]]:
    groups = data.get("group_ids") or {}
    return {int(group): frozenset(rights) for group, rights in dict(groups).items()}


_SENDERS: dict[str, base.Sender] = {"Agent": "agent", "Customer": "customer", "System": "system"}


def article(data: Mapping[str, Any]) -> base.Article:
    """``GET /ticket_articles/:id``, or one of ``GET /ticket_articles/by_ticket/:id``."""
    return base.Article(
        id=int(data["id"]),
        ticket_id=int(data["ticket_id"]),
        author_id=int(data["created_by_id"]),
        by_agent=data.get("sender") == "Agent",
        internal=bool(data.get("internal")),
        kind=str(data.get("type") or ""),
        body=str(data.get("body") or ""),
        changed_by=data.get("updated_by_id"),
        created_at=datetime.fromisoformat(str(data["created_at"])) if data.get("created_at") else None,
        sender=_SENDERS.get(str(data.get("sender")), "system"),
        origin_id=data.get("origin_by_id"),
        signed=_signature(str(data.get("from") or "")),
        is_html="html" in str(data.get("content_type") or ""),
    )


def accounted(data: Mapping[str, Any]) -> base.AccountedTime:
    """One of ``GET /tickets/:id/time_accountings``; the amount comes as text."""
    return base.AccountedTime(
        id=int(data["id"]),
        units=Decimal(str(data["time_unit"])),
        created_by=int(data["created_by_id"]),
        created_at=datetime.fromisoformat(str(data["created_at"])),
    )


def _signature(text: str) -> str:
    """The name in an article's ``from``: a bare name, or an e-mail address with one. Agents write as
    ``Ada Agent via Support``, by the setting ``ticket_define_email_from``."""
    name, address = parseaddr(text) if "@" in text else (text, "")
    return (name.split(" via ")[0] or address).strip()


def _text(value: object) -> str:
    """A custom attribute as text; Zammad sends null for one that was never filled."""
    return "" if value is None else str(value).strip()
