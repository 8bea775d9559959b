"""What a check asks a Zammad beyond what the product asks of it. Nothing here writes anything.

Sources: Zammad's API documentation; ``core_workflows_controller.rb`` (``perform`` is open to agents and customers);
``http_logs_controller.rb``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core
from plugin_server.helpdesk.zammad.calls import Calls, read

_PAGE = "1000"


@dataclass(frozen=True)
class Role:
    """A role with its permissions by name, and its rights by group."""

    id: int
    name: str
    permissions: frozenset[str]
    groups: Mapping[int, frozenset[str]]


@dataclass(frozen=True)
class Change:
    """A ticket with the instant of its last change."""

    ticket_id: int
    number: str
    at: datetime


@dataclass(frozen=True)
class Call:
    """A webhook's call in the helpdesk's own log; ``status`` is 0 where none came back, ``answer`` then says why."""

    status: int
    at: str
    answer: str


class Probe:
    """Asks one Zammad as whose token is given. Every call may raise
    :class:`~plugin_server.helpdesk.base.HelpdeskError`."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def me(self, token: str) -> base.Member:
        """The token's own user."""
        data = await self._calls.get(token, "/users/me")
        return read(lambda: core.member(data))

    async def roles(self, token: str) -> list[Role]:
        """All roles; active ones only count for their holders."""
        data = await self._calls.get(token, "/roles", {"expand": "true", "per_page": _PAGE})
        return read(lambda: [_role(row) for row in data if row.get("active", True)])

    async def acts_as_agent(self, token: str) -> None:
        """Return when the token may be used as an agent's; :class:`~plugin_server.helpdesk.base.Denied` otherwise."""
        await self._calls.api("POST", token, "/core_workflows/perform", json={})

    async def version(self, token: str) -> str | None:
        """Zammad's version; ``None`` for who is not told: no administrator, or nobody."""
        try:
            data = await self._calls.get(token, "/version")
        except (base.Unauthorized, base.Denied, base.Missing):
            return None
        return read(lambda: str(data["version"]))

    async def sample(self, token: str) -> tuple[bool, frozenset[str] | None]:
        """Whether a search answers in the shape of Zammad 6.4; and the names of a ticket's attributes, ``None`` where
        the token sees no ticket."""
        condition = {"ticket.id": {"operator": "is not", "value": ["0"]}}
        data = await self._calls.api("POST", token, "/tickets/search", json={"condition": condition, "limit": 1})
        found = read(lambda: core.found(data))
        return isinstance(data, dict), frozenset(found[0]) if found else None

    async def changed_by_others(self, token: str, user_id: int, within: timedelta) -> list[Change]:
        """Tickets whose last change, of late, was not this user's: what the trigger's condition holds for."""
        minutes = str(max(1, round(within.total_seconds() / 60)))
        condition = {
            "ticket.updated_at": {"operator": "within last (relative)", "range": "minute", "value": minutes},
            "ticket.updated_by_id": {"operator": "is not", "pre_condition": "specific", "value": [str(user_id)]},
        }
        wanted = {"condition": condition, "sort_by": "updated_at", "order_by": "desc", "limit": 50}
        data = await self._calls.api("POST", token, "/tickets/search", json=wanted)
        return read(lambda: [_change(row) for row in core.found(data)])

    async def perform(self, token: str, ticket_id: int) -> Mapping[str, Any]:
        """What the workflows make of a ticket's form, for the token's user: a dry run. What is stored of the ticket
        decides, so it is the ticket as it stands."""
        form = {
            "event": "core_workflow",
            "request_id": "deskhours-check",
            "class_name": "Ticket",
            "screen": "edit",
            "params": {"id": ticket_id},
        }
        data = await self._calls.api("POST", token, "/core_workflows/perform", json=form)
        return read(lambda: dict(data))

    async def workflows(self, token: str) -> Sequence[Mapping[str, Any]]:
        """All core workflows, as an administrator reads them."""
        data = await self._calls.get(token, "/core_workflows", {"per_page": _PAGE})
        return read(lambda: [dict(row) for row in data])

    async def last_call(self, token: str, name: str) -> Call | None:
        """The last call of the webhook of this name, to wherever it goes, by the log that Zammad shows to
        administrators; ``None`` when there was none, or for who is not told."""
        try:
            webhooks = await self._calls.get(token, "/webhooks", {"per_page": _PAGE})
            data = await self._calls.get(token, "/http_logs/webhook", {"limit": "200"})
        except (base.Unauthorized, base.Denied, base.Missing):
            return None
        # The log knows addresses alone.
        endpoints = read(lambda: {row["endpoint"] for row in webhooks if row["name"] == name})
        rows = read(lambda: [row for row in data if row["url"] in endpoints])
        return read(lambda: _call(rows[0])) if rows else None


def _call(row: Mapping[str, Any]) -> Call:
    answer = (row.get("response") or {}).get("content") or ""
    return Call(int(row["status"] or 0), str(row["created_at"]), str(answer))


def _role(row: Mapping[str, Any]) -> Role:
    return Role(int(row["id"]), str(row["name"]), frozenset(row.get("permissions") or ()), core.role(row).groups)


def _change(row: Mapping[str, Any]) -> Change:
    at = datetime.fromisoformat(str(row["updated_at"]))
    return Change(int(row["id"]), str(row.get("number") or row["id"]), at)
