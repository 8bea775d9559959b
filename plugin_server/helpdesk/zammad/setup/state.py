"""What stands in a Zammad now, as far as the definition is concerned; read with an administrator's token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad.calls import Calls, read

Row = Mapping[str, Any]

OBJECTS = "/object_manager_attributes"
PAGE = 500
"""Rows of one page of a list: what Zammad sends without being asked for more."""

LISTS = {
    OBJECTS: "admin.object",
    "/roles": "admin.role",
    "/core_workflows": "admin.core_workflow",
    "/webhooks": "admin.webhook",
    "/triggers": "admin.trigger",
    "/applications": "admin.api",
}
"""The lists that are read, with the permission that each needs. Source: Zammad's ``app/policies/controllers``."""


@dataclass(frozen=True)
class State:
    """The rows by kind, oldest first, and what could not be read.

    ``version`` is Zammad's own text, None where the token may not know it. ``denied`` are the permissions that the
    administrator's token lacks. ``service`` is the user behind the service token: None without a token, or when Zammad
    refuses it; ``service_denied`` says in Zammad's words why. ``service_agent``: that token may work as an agent.
    """

    version: str | None = None
    denied: frozenset[str] = frozenset()
    me: Row = field(default_factory=dict)
    service: Row | None = None
    service_denied: str | None = None
    service_agent: bool = False
    attributes: tuple[Row, ...] = ()
    roles: tuple[Row, ...] = ()
    workflows: tuple[Row, ...] = ()
    webhooks: tuple[Row, ...] = ()
    triggers: tuple[Row, ...] = ()
    applications: tuple[Row, ...] = ()


async def read_state(calls: Calls, token: str, service_token: str) -> State:
    """Read everything; raises :class:`~plugin_server.helpdesk.base.HelpdeskError` when Zammad can't be reached or does
    not know the administrator's token."""
    me = await calls.get(token, "/users/me")
    denied: set[str] = set()
    version: str | None = None
    try:
        answer = await calls.get(token, "/version")
        version = read(lambda: str(answer["version"]))
    except base.Denied:
        denied.add("admin")
    rows: dict[str, tuple[Row, ...]] = {}
    for path, permission in LISTS.items():
        try:
            rows[path] = await listed(calls, token, path)
        except base.Denied:
            denied.add(permission)
            rows[path] = ()
    service, refusal, agent = await _service(calls, service_token)
    return State(
        version,
        frozenset(denied),
        me,
        service,
        refusal,
        agent,
        *(rows[path] for path in LISTS),
    )


async def listed(calls: Calls, token: str, path: str) -> tuple[Row, ...]:
    """A whole list by ids, page by page. Not every list knows pages: one that brings nothing new is the last."""
    found: dict[int, Row] = {}
    page = 1
    while True:
        query = {"page": str(page), "per_page": str(PAGE), **({"expand": "true"} if path == "/roles" else {})}
        data = await calls.get(token, path, query)
        new = read(lambda data=data: {int(row["id"]): row for row in data if int(row["id"]) not in found})  # type: ignore[misc]
        found.update(new)
        if len(new) < PAGE:
            return tuple(found[number] for number in sorted(found))
        page += 1


async def _service(calls: Calls, token: str) -> tuple[Row | None, str | None, bool]:
    """The service user, why not, and whether its token may work as an agent. How a token is limited is told nobody, so
    a search that only agents and administrators of users may make is tried."""
    if not token:
        return None, None, False
    try:
        user = await calls.get(token, "/users/me")
    except (base.Unauthorized, base.Denied) as error:
        return None, str(error) or "refused", False
    try:
        await calls.get(token, "/users/search", {"query": str(user.get("login") or "*"), "limit": "1"})
    except base.Denied:
        return user, None, False
    return user, None, True
