"""The SQL of projects made for tickets, and of finding projects in the mirror."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from plugin_server.mirror.store import Project
from plugin_server.outbox.store import Rows
from plugin_server.projects.rules import Hindrance, Plan, State, Template, told
from plugin_server.runtime.database import Connection, Pool
from plugin_server.runtime.i18n import retold

BY_RULE = 0
"""Stands for the agent where a rule of the manifest asked."""


@dataclass(frozen=True)
class Making:
    """A wish that a ticket gets a project, and how far it has come. ``budget`` in hundredths of an hour."""

    id: UUID
    agent_id: int
    ticket_id: int
    state: State
    client_id: int | None
    name: str
    code: str
    budget: int | None
    project_id: int | None
    linked: bool
    details: Mapping[str, str]
    problem: str | None
    problem_code: str | None
    called_at: datetime | None
    attempts: int
    changed_at: datetime
    claim: UUID | None

    @property
    def words(self) -> str | None:
        """What holds it up, for people, in the language of what is under way."""
        return told(self.problem_code, self.details) or retold(self.problem or "") or None


_COLUMNS = (
    "id, agent_id, ticket_id, state, client_id, name, code, budget, project_id, linked, details, problem, problem_code,"
    " called_at, attempts, changed_at, claim"
)


def _making(row: Any) -> Making:
    return Making(**row)


rows: Rows[Making] = Rows("project_making", _COLUMNS, _making, "check_late_at")
"""What the outbox does with a wish."""


async def wish(connection: Connection | Pool, ticket_id: int, agent_id: int, now: datetime) -> UUID | None:
    """Wish for a project; ``None`` when one is wished for already, which is the same wish."""
    found: UUID | None = await connection.fetchval(
        "INSERT INTO project_making (ticket_id, agent_id, state, next_try_at, created_at, changed_at)"
        " VALUES ($1, $2, 'making', $3, $3, $3)"
        " ON CONFLICT (ticket_id) WHERE state IN ('making', 'stopped') DO NOTHING RETURNING id",
        ticket_id,
        agent_id,
        now,
    )
    return found


async def of_ticket(pool: Pool, ticket_id: int) -> Making | None:
    """The latest wish of a ticket."""
    row = await pool.fetchrow(
        f"SELECT {_COLUMNS} FROM project_making WHERE ticket_id = $1 ORDER BY created_at DESC LIMIT 1", ticket_id
    )
    return _making(row) if row else None


async def ever_wished(pool: Pool, ticket_ids: Sequence[int]) -> set[int]:
    """Those of the tickets for which a project was ever wished: no rule of the manifest asks a second time."""
    found = await pool.fetch(
        "SELECT DISTINCT ticket_id FROM project_making WHERE ticket_id = ANY($1::bigint[])", ticket_ids
    )
    return {row["ticket_id"] for row in found}


async def stopped(pool: Pool) -> list[Making]:
    """Wishes that only a person can help on, the oldest first."""
    found = await pool.fetch(f"SELECT {_COLUMNS} FROM project_making WHERE state = 'stopped' ORDER BY changed_at, id")
    return [_making(row) for row in found]


async def retry(connection: Connection, making_id: UUID, now: datetime) -> bool:
    """Go on with a wish that was stopped; a project that was deleted meanwhile is made anew. Says whether it was."""
    done = await connection.fetchval(
        """
        UPDATE project_making SET state = 'making', changed_at = $2, next_try_at = $2, attempts = 0, problem = NULL,
            problem_code = NULL, details = '{}', linked = linked AND problem_code <> 'project_gone',
            project_id = CASE WHEN problem_code <> 'project_gone' THEN project_id END
        WHERE id = $1 AND state = 'stopped' RETURNING true
        """,
        making_id,
        now,
    )
    return bool(done)


async def drop(pool: Pool, making_id: UUID, now: datetime) -> bool:
    """Give up a wish that was stopped: before anything was made of it, or leaving what is there as it is. Not while
    nobody knows whether there is something; says whether it was given up."""
    done = await pool.fetchval(
        "UPDATE project_making SET state = CASE WHEN project_id IS NULL THEN 'dropped' ELSE 'made' END, changed_at = $2"
        " WHERE id = $1 AND state = 'stopped' AND (project_id IS NOT NULL OR called_at IS NULL) RETURNING true",
        making_id,
        now,
    )
    return bool(done)


async def look_again(pool: Pool, before: datetime, now: datetime) -> None:
    """Go on with what was stopped before an instant."""
    await pool.execute(
        "UPDATE project_making SET state = 'making', changed_at = $2, next_try_at = $2, attempts = 0"
        " WHERE state = 'stopped' AND changed_at < $1 AND problem_code NOT IN ('project_gone', 'linked_elsewhere')",
        before,
        now,
    )


async def go_on(pool: Pool, ticket_ids: Sequence[int], codes: Sequence[str], now: datetime) -> list[UUID]:
    """Go on with the tickets' wishes that were stopped for one of these reasons."""
    found = await pool.fetch(
        "UPDATE project_making SET state = 'making', changed_at = $3, next_try_at = $3, attempts = 0, problem = NULL,"
        " problem_code = NULL WHERE state = 'stopped' AND ticket_id = ANY($1::bigint[]) AND problem_code = ANY($2)"
        " RETURNING id",
        ticket_ids,
        list(codes),
        now,
    )
    return [row["id"] for row in found]


async def intend(pool: Pool, claimed: Making, plan: Plan, budget: int | None) -> bool:
    """Note what is about to be made; ``False`` when the claim has passed to somebody else."""
    done = await pool.fetchval(
        "UPDATE project_making SET client_id = $3, name = $4, code = $5, budget = $6 WHERE id = $1 AND claim = $2"
        " RETURNING true",
        claimed.id,
        claimed.claim,
        plan.client.id,
        plan.name,
        plan.code,
        budget,
    )
    return bool(done)


async def made(connection: Connection | Pool, making_id: UUID, project_id: int, check_late_at: datetime | None) -> int:
    """Note the project that was made, whoever holds the claim by now; the first one stays. Returns which that is."""
    found: int = await connection.fetchval(
        "UPDATE project_making SET project_id = coalesce(project_id, $2), called_at = NULL,"
        " check_late_at = coalesce($3, check_late_at) WHERE id = $1 RETURNING project_id",
        making_id,
        project_id,
        check_late_at,
    )
    return found


async def note_linked(pool: Pool, making_id: UUID) -> None:
    """The ticket has named the project."""
    await pool.execute("UPDATE project_making SET linked = true WHERE id = $1", making_id)


async def explain(pool: Pool, claimed: Making, hindrance: Hindrance) -> None:
    """Keep what the words of a problem name."""
    await pool.execute(
        "UPDATE project_making SET details = $3 WHERE id = $1 AND claim = $2",
        claimed.id,
        claimed.claim,
        dict(hindrance.details),
    )


async def look_late(connection: Connection, making_id: UUID, at: datetime) -> None:
    """Look then whether a call of unknown outcome has made a project after all."""
    await connection.execute("UPDATE project_making SET check_late_at = $2 WHERE id = $1", making_id, at)


async def end_late_look(pool: Pool, making_id: UUID) -> None:
    """All calls are over and looked at."""
    await pool.execute("UPDATE project_making SET check_late_at = NULL WHERE id = $1", making_id)


async def following(pool: Pool) -> list[tuple[Making, int | None]]:
    """The active projects that were made for tickets, each with its budget of hours as the mirror last saw it."""
    found = await pool.fetch(
        f"""
        SELECT {", ".join(f"m.{name}" for name in _COLUMNS.split(", "))},
            CASE WHEN p.budget_by = 'project' THEN p.budget END AS in_harvest
        FROM project_making m JOIN harvest_project p ON p.id = m.project_id
        WHERE m.state = 'made' AND m.linked AND p.deleted_at IS NULL AND p.is_active ORDER BY m.created_at
        """
    )
    return [(_making({name: row[name] for name in _COLUMNS.split(", ")}), row["in_harvest"]) for row in found]


async def set_budget(pool: Pool, making_id: UUID, budget: int | None) -> None:
    """Note the budget that was written to Harvest."""
    await pool.execute("UPDATE project_making SET budget = $2 WHERE id = $1", making_id, budget)


async def template(pool: Pool, project_id: int) -> Template | None:
    """The template project as last seen; one that Harvest no longer has is none."""
    row = await pool.fetchrow(
        """
        SELECT p.name, p.code, p.is_active,
            ARRAY(SELECT t.name FROM harvest_task_assignment a JOIN harvest_task t ON t.id = a.task_id
                WHERE a.project_id = p.id AND a.is_active AND t.is_active ORDER BY lower(t.name)) AS tasks,
            ARRAY(SELECT u.name FROM harvest_user_assignment a JOIN harvest_user u ON u.id = a.user_id
                WHERE a.project_id = p.id AND a.is_active AND u.is_active ORDER BY lower(u.name)) AS team
        FROM harvest_project p WHERE p.id = $1 AND p.deleted_at IS NULL
        """,
        project_id,
    )
    if row is None:
        return None
    label = f"[{row['code']}] {row['name']}" if row["code"] else row["name"]
    return Template(label, row["is_active"], tuple(row["tasks"]), tuple(row["team"]))


async def archived(pool: Pool) -> tuple[set[int], set[int]]:
    """Tasks and people that are archived: they can't be put into a project."""
    found = await pool.fetch(
        "SELECT 'task' AS kind, id FROM harvest_task WHERE NOT is_active"
        " UNION ALL SELECT 'user', id FROM harvest_user WHERE NOT is_active"
    )
    tasks, people = ({row["id"] for row in found if row["kind"] == kind} for kind in ("task", "user"))
    return tasks, people


async def names_of_client(pool: Pool, client_id: int) -> list[str]:
    """Names of a client's projects, archived ones too."""
    found = await pool.fetch("SELECT name FROM harvest_project WHERE client_id = $1 AND deleted_at IS NULL", client_id)
    return [row["name"] for row in found]


async def search(pool: Pool, words: Sequence[str], limit: int) -> list[Project]:
    """Active projects in whose name, code, client or number all the words stand; those first whose code or name begins
    with the first word."""
    patterns = [f"%{_literal(word)}%" for word in words]
    first = f"{_literal(words[0])}%" if words else "%"
    found = await pool.fetch(
        """
        SELECT id, name, code, client_name, is_active FROM harvest_project
        WHERE is_active AND deleted_at IS NULL
            AND concat_ws(' ', code, name, client_name, id::text) ILIKE ALL ($1::text[])
        ORDER BY (coalesce(code, '') ILIKE $2 OR name ILIKE $2) DESC, lower(client_name), lower(name), id LIMIT $3
        """,
        patterns,
        first,
        limit,
    )
    return [Project(**row) for row in found]


def _literal(word: str) -> str:
    """A word in which LIKE finds nothing special."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
