"""The dashboard's SQL over the mirror: projects, who manages them, and people's names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from plugin_server.runtime.database import Pool


@dataclass(frozen=True)
class Project:
    """A Harvest project as last seen. ``budget`` in hundredths of an hour, of the whole project; ``monthly``: of each
    calendar month."""

    id: int
    name: str
    code: str | None
    client_name: str
    is_active: bool
    is_deleted: bool
    budget: int | None
    monthly: bool

    @property
    def label(self) -> str:
        return f"[{self.code}] {self.name}" if self.code else self.name


async def projects(pool: Pool) -> dict[int, Project]:
    """Every project."""
    rows = await pool.fetch(
        "SELECT id, name, code, client_name, is_active, deleted_at IS NOT NULL AS is_deleted,"
        " CASE WHEN budget_by = 'project' AND budget > 0 THEN budget END AS budget, budget_is_monthly AS monthly"
        " FROM harvest_project"
    )
    return {row["id"]: Project(**row) for row in rows}


async def project_managers(pool: Pool) -> dict[int, tuple[str, ...]]:
    """E-mail addresses, in lower case, of those who manage each project in Harvest."""
    rows = await pool.fetch(
        "SELECT a.project_id, array_agg(lower(u.email) ORDER BY u.id) AS emails FROM harvest_user_assignment a"
        " JOIN harvest_user u ON u.id = a.user_id WHERE a.is_active AND a.is_project_manager AND u.is_active"
        " GROUP BY a.project_id"
    )
    return {row["project_id"]: tuple(row["emails"]) for row in rows}


async def people(pool: Pool, user_ids: Collection[int]) -> dict[int, str]:
    """Names of Harvest users."""
    rows = await pool.fetch("SELECT id, name FROM harvest_user WHERE id = ANY($1::bigint[])", list(user_ids))
    return {row["id"]: row["name"] for row in rows}
