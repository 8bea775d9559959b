"""Who may see and do what: the access roles of a person, and what they reach.

Administrators reach everything; Managers the projects they manage, their teammates and themselves, more with each
extra permission; Members themselves. A list shows less without saying so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugin_server.demo.harvest.errors import forbidden
from plugin_server.demo.harvest.sql import Row, Select

if TYPE_CHECKING:
    from plugin_server.demo.harvest.sql import Connection

PERMISSIONS = (
    "project_creator",
    "billable_rates_manager",
    "managed_projects_invoice_drafter",
    "managed_projects_invoice_manager",
    "client_and_task_manager",
    "time_and_expenses_manager",
    "estimates_manager",
)
ACCESS_ROLES = ("administrator", "manager", "member", *PERMISSIONS)


@dataclass(frozen=True)
class Viewer:
    """The person whose token made the call."""

    id: int
    timezone: str
    access_roles: frozenset[str]

    @classmethod
    def of(cls, row: Row) -> Viewer:
        """From a row of ``person``."""
        return cls(row["id"], row["timezone"], frozenset(row["access_roles"]))

    @property
    def is_admin(self) -> bool:
        return "administrator" in self.access_roles

    @property
    def is_manager(self) -> bool:
        return not self.is_admin and "manager" in self.access_roles

    def may(self, permission: str) -> bool:
        """Administrators may everything, Managers what they were given, Members nothing of the kind."""
        return self.is_admin or (self.is_manager and permission in self.access_roles)

    @property
    def sees_rates(self) -> bool:
        """Billable rates, fees and money budgets."""
        return self.may("billable_rates_manager")

    @property
    def sees_costs(self) -> bool:
        return self.is_admin

    def require_admin(self) -> None:
        """403 for everybody else."""
        if not self.is_admin:
            raise forbidden()

    def require_staff(self) -> None:
        """403 for Members: whole families of endpoints are closed to them."""
        if not (self.is_admin or self.is_manager):
            raise forbidden()


def narrow_entries(select: Select, viewer: Viewer) -> Select:
    """Leave only the time entries (alias ``e``) that the viewer sees."""
    if viewer.is_admin:
        return select
    if not viewer.is_manager:
        return select.where("e.user_id = {}", viewer.id)
    return select.where(
        "(e.user_id = {} OR e.project_id IN (SELECT m.project_id FROM user_assignment m"
        " WHERE m.user_id = {} AND m.is_project_manager AND m.is_active)"
        " OR e.user_id IN (SELECT tm.person_id FROM teammate tm WHERE tm.manager_id = {}))",
        viewer.id,
        viewer.id,
        viewer.id,
    )


def narrow_projects(select: Select, viewer: Viewer, column: str) -> Select:
    """Leave only what belongs to the projects that the viewer manages; ``column`` holds the project's id."""
    if viewer.is_admin:
        return select
    return select.where(
        f"{column} IN (SELECT m.project_id FROM user_assignment m"  # noqa: S608 - one of our columns
        " WHERE m.user_id = {} AND m.is_project_manager AND m.is_active)",
        viewer.id,
    )


async def manages_project(conn: Connection, viewer: Viewer, project_id: int) -> bool:
    """Whether the viewer may change this project."""
    if viewer.is_admin:
        return True
    if not viewer.is_manager:
        return False
    return bool(
        await conn.fetchval(
            "SELECT true FROM user_assignment WHERE project_id = $1 AND user_id = $2"
            " AND is_project_manager AND is_active",
            project_id,
            viewer.id,
        )
    )


async def has_teammate(conn: Connection, viewer: Viewer, person_id: int) -> bool:
    """Whether this person is one of the Manager's own people."""
    return viewer.is_manager and bool(
        await conn.fetchval("SELECT true FROM teammate WHERE manager_id = $1 AND person_id = $2", viewer.id, person_id)
    )


async def may_enter_for(conn: Connection, viewer: Viewer, person_id: int, project_id: int) -> bool:
    """Whether the viewer may create or change this person's time on this project."""
    if viewer.is_admin or viewer.id == person_id:
        return True
    if not viewer.may("time_and_expenses_manager"):
        return False
    return await has_teammate(conn, viewer, person_id) or await manages_project(conn, viewer, project_id)
