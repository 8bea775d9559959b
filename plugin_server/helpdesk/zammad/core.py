"""Zammad's REST API without I/O: what a reply means, and its objects as ours.

Sources: Zammad's API documentation and its ``handles_errors`` concern (error bodies); ``ticket.rst`` for the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.manifest import Fields


def check(status: int, body: bytes) -> Any:
    """The reply's JSON; raises the :class:`~plugin_server.helpdesk.base.HelpdeskError` that another reply means."""
    if status >= 500 or status == 429:
        raise base.Unreachable(f"Zammad answered {status}")
    try:
        data = json.loads(body)
    except ValueError:
        # A proxy's or login page: also for a 401 or 403, because then it is not Zammad that speaks.
        raise base.Unreachable(f"Zammad answered {status} with something that is not JSON") from None
    if status < 300:
        return data
    words = str(data.get("error_human") or data.get("error") or status) if isinstance(data, dict) else str(status)
    if status == 401:
        raise base.Unauthorized(words)
    if status == 403:
        raise base.Denied(words)
    if status == 404:
        raise base.Missing(words)
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


def ticket(data: Mapping[str, Any], fields: Fields) -> base.Ticket:
    """``GET /tickets/:id``."""
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
    )


def article(data: Mapping[str, Any]) -> base.Article:
    """One of ``GET /ticket_articles/by_ticket/:id``."""
    return base.Article(
        id=int(data["id"]),
        ticket_id=int(data["ticket_id"]),
        author_id=int(data["created_by_id"]),
        by_agent=data.get("sender") == "Agent",
    )


def _text(value: object) -> str:
    """A custom attribute as text; Zammad sends null for one that was never filled."""
    return "" if value is None else str(value).strip()
