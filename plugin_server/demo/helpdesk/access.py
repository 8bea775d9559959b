"""Who may do what: permissions by role and token, access by group.

Source: ``app/policies/ticket_policy.rb``, ``app/policies/controllers/*``, ``app/models/concerns/has_groups.rb``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import catalog
from .database import Db, Record
from .errors import ForbiddenError, UnprocessableError


@dataclass(frozen=True)
class Actor:
    """The user a request acts as. ``token``: the permissions of the access token used, None without one."""

    id: int
    login: str
    name: str
    email: str
    organization_id: int | None
    permissions: frozenset[str]
    groups: dict[int, frozenset[str]]
    way: str
    role_ids: tuple[int, ...] = ()
    token: frozenset[str] | None = None

    def may(self, *wanted: str) -> bool:
        """Whether role and token grant one of the permissions (a parent grants its children)."""
        return any(
            _grants(self.permissions, one) and (self.token is None or _grants(self.token, one)) for one in wanted
        )

    def on_group(self, group_id: int, access: str) -> bool:
        """Whether an agent holds this access on the group."""
        return self.may("ticket.agent") and not {"full", access}.isdisjoint(self.groups.get(group_id, frozenset()))

    def groups_with(self, access: str) -> list[int]:
        """The ids of the groups on which an agent holds this access."""
        return [group_id for group_id in self.groups if self.on_group(group_id, access)]


def _grants(held: Iterable[str], wanted: str) -> bool:
    if wanted.endswith(".*"):
        parent = wanted[:-2]
        return any(one == parent or one.startswith(parent + ".") for one in held)
    parts = wanted.split(".")
    chain = {".".join(parts[: n + 1]) for n in range(len(parts))}
    return not chain.isdisjoint(held)


async def load(db: Db, user: Record, way: str, token: Iterable[str] | None = None) -> Actor:
    """The actor for a row of ``users``."""
    roles = await db.fetch("SELECT permissions FROM roles WHERE active AND id = ANY($1)", user["role_ids"])
    groups: dict[int, set[str]] = {}
    for row in await db.fetch("SELECT group_id, access FROM group_access WHERE user_id = $1", user["id"]):
        groups.setdefault(row["group_id"], set()).add(row["access"])
    return Actor(
        id=user["id"],
        login=user["login"],
        name=f"{user['firstname']} {user['lastname']}".strip(),
        email=user["email"],
        organization_id=user["organization_id"],
        permissions=frozenset(one for row in roles for one in row["permissions"]),
        groups={key: frozenset(value) for key, value in groups.items()},
        way=way,
        role_ids=tuple(user["role_ids"]),
        token=None if token is None else frozenset(token),
    )


def require(actor: Actor, *wanted: str) -> None:
    """403 unless one of the permissions is held; the words say whether the user or the token falls short."""
    if actor.may(*wanted):
        return
    by_user = any(_grants(actor.permissions, one) for one in wanted)
    raise ForbiddenError("Token authorization failed." if by_user else "User authorization failed.")


async def _as_customer(db: Db, actor: Actor, ticket: Any) -> bool:
    if not actor.may("ticket.customer"):
        return False
    if ticket["customer_id"] == actor.id:
        return True
    organization = ticket["organization_id"]
    if organization is None or organization != actor.organization_id:
        return False
    return bool(await db.fetchval("SELECT shared FROM organizations WHERE id = $1", organization))


async def may_see(db: Db, actor: Actor, ticket: Any, access: str = "read") -> bool:
    """Whether the actor has this access to a ticket, as an agent of its group or as its customer."""
    return actor.on_group(ticket["group_id"], access) or await _as_customer(db, actor, ticket)


async def require_ticket(db: Db, actor: Actor, ticket: Any, access: str = "read") -> None:
    """403 ``Not authorized`` without this access."""
    if not await may_see(db, actor, ticket, access):
        raise ForbiddenError


async def require_follow_up(db: Db, actor: Actor, ticket: Any) -> None:
    """What an update asks: ``change`` on the group, or being the customer of a ticket that may still be answered."""
    if actor.on_group(ticket["group_id"], "change"):
        return
    # An agent who may only read doesn't get through as the ticket's customer either.
    if actor.on_group(ticket["group_id"], "read") or not await _as_customer(db, actor, ticket):
        raise ForbiddenError
    closed = ticket["state_id"] in (catalog.CLOSED, catalog.MERGED)
    if closed:
        possible = await db.fetchval("SELECT follow_up_possible FROM groups WHERE id = $1", ticket["group_id"])
        if possible != "yes":
            raise UnprocessableError("Cannot follow-up on a closed ticket. Please create a new ticket.")


def reads_internal(actor: Actor, ticket: Any) -> bool:
    """Internal articles are for agents with ``read`` on the group."""
    return actor.on_group(ticket["group_id"], "read")


def readable(actor: Actor, first: int) -> tuple[str, list[Any]]:
    """A condition on ``tickets t`` for what the actor may read, and its arguments, numbered from ``first``."""
    customer = actor.id if actor.may("ticket.customer") else 0
    organization = (actor.organization_id or 0) if customer else 0
    # Only the numbers of the arguments are written into the text.
    condition = (
        f"(t.group_id = ANY(${first}::int[]) OR t.customer_id = ${first + 1} OR t.organization_id = "  # noqa: S608
        f"(SELECT o.id FROM organizations o WHERE o.id = ${first + 2} AND o.shared))"
    )
    return condition, [actor.groups_with("read"), customer, organization]
