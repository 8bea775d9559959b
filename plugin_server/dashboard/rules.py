"""Who sees what on the dashboard: a pure decision, no I/O, no clock.

Administrators of the helpdesk see all tickets, project managers those they are told of, agents those they own or have
worked on; each only in groups whose tickets the helpdesk lets them read. Who is told of a ticket is decided as for
notices: its PM field, else the organisation's PM, else Harvest's project manager, else everyone in the PM role; a
person named without the role is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

Role = Literal["admin", "manager", "agent"]


@dataclass(frozen=True)
class Viewer:
    """Who looks. ``names`` are login and e-mail address in lower case, ``readable`` and ``changeable`` the groups whose
    tickets the helpdesk lets them read and change."""

    user_id: int
    names: frozenset[str]
    role: Role
    readable: frozenset[int]
    changeable: frozenset[int]

    @property
    def may_manage(self) -> bool:
        """Whether they may unlock tickets and set budgets."""
        return self.role != "agent"


@dataclass(frozen=True)
class Stake:
    """What decides who sees a ticket. ``named`` are those who may be its project managers, in lower case: by its field,
    by its organisation, by Harvest; an earlier word counts before a later one."""

    group_id: int
    owner_id: int | None
    named: tuple[tuple[str, ...], ...] = ()
    worked_on: bool = False


def may_see(viewer: Viewer, stake: Stake, managers: Set[str]) -> bool:
    """Whether the viewer sees the ticket. ``managers`` are logins and addresses of all who may manage budgets."""
    if stake.group_id not in viewer.readable:
        return False
    if viewer.role == "admin" or stake.worked_on or stake.owner_id == viewer.user_id:
        return True
    return viewer.role == "manager" and _is_told(viewer, stake, managers)


def _is_told(viewer: Viewer, stake: Stake, managers: Set[str]) -> bool:
    for names in stake.named:
        known = set(names) & managers
        if known:
            return bool(known & viewer.names)
    return True


def groups_with(groups: Mapping[str, Iterable[str]], *rights: str) -> frozenset[int]:
    """The groups in which a person has one of these rights."""
    return frozenset(int(group) for group, held in groups.items() if set(held) & set(rights))
