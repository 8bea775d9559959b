"""The SQL of the helpdesk's people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plugin_server.runtime.database import Connection, Pool


@dataclass(frozen=True)
class Member:
    """A person of the helpdesk as last seen. ``groups`` maps group to rights, those of the roles included."""

    id: int
    login: str
    email: str
    name: str
    active: bool
    roles: tuple[str, ...]
    groups: dict[str, list[str]]
    seen_at: datetime

    @property
    def may_read_any(self) -> bool:
        """Whether there is a group whose tickets the person may read: who is an agent has one."""
        return any({"full", "read"} & set(rights) for rights in self.groups.values())

    def may_read(self, group_id: int) -> bool:
        """Whether the person may read tickets of a group as an agent does, internal notes included."""
        return bool({"full", "read"} & set(self.groups.get(str(group_id), [])))

    def may_change(self, group_id: int) -> bool:
        """Whether the person may change tickets of a group."""
        return bool({"full", "change"} & set(self.groups.get(str(group_id), [])))

    def may_own(self, group_id: int) -> bool:
        """Whether tickets of a group may be given to the person; Zammad asks for full access."""
        return self.active and "full" in self.groups.get(str(group_id), [])


_COLUMNS = "id, login, email, name, active, roles, groups, seen_at"


async def put(connection: Connection | Pool, members: Sequence[Member]) -> None:
    """Write people as just seen."""
    await connection.executemany(
        f"""
        INSERT INTO helpdesk_member ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (id) DO UPDATE SET login = excluded.login, email = excluded.email, name = excluded.name,
            active = excluded.active, roles = excluded.roles, groups = excluded.groups, seen_at = excluded.seen_at
        WHERE helpdesk_member.seen_at <= excluded.seen_at
        """,
        [
            (one.id, one.login, one.email, one.name, one.active, list(one.roles), one.groups, one.seen_at)
            for one in sorted(members, key=lambda one: one.id)
        ],
    )


async def members(pool: Pool, ids: Sequence[int]) -> dict[int, Member]:
    """People by id, as far as they have been seen."""
    rows = await pool.fetch(f"SELECT {_COLUMNS} FROM helpdesk_member WHERE id = ANY($1::bigint[])", ids)
    return {row["id"]: Member(**{**row, "roles": tuple(row["roles"])}) for row in rows}


async def by_name(pool: Pool, name: str) -> Member | None:
    """The person with this login or e-mail address, if seen."""
    row = await pool.fetchrow(
        f"SELECT {_COLUMNS} FROM helpdesk_member WHERE lower(login) = lower($1) OR lower(email) = lower($1)"
        " ORDER BY active DESC, id LIMIT 1",
        name,
    )
    return Member(**{**row, "roles": tuple(row["roles"])}) if row else None


async def with_role(pool: Pool, role: str) -> list[Member]:
    """Active people who hold a role, as last seen."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM helpdesk_member WHERE $1 = ANY(roles) AND active ORDER BY name, id", role
    )
    return [Member(**{**row, "roles": tuple(row["roles"])}) for row in rows]


async def with_right(pool: Pool, group_id: int, right: str) -> list[Member]:
    """Active people who hold a right on a group, as last seen."""
    rows = await pool.fetch(
        f"SELECT {_COLUMNS} FROM helpdesk_member WHERE active AND groups -> $1 ? $2 ORDER BY name, id",
        str(group_id),
        right,
    )
    return [Member(**{**row, "roles": tuple(row["roles"])}) for row in rows]


async def forget_rights(pool: Pool, before: datetime) -> None:
    """Who was not found when everybody was read has no role any more."""
    await pool.execute(
        "UPDATE helpdesk_member SET roles = '{}', groups = '{}' WHERE seen_at < $1 AND roles <> '{}'", before
    )


async def same_people(pool: Pool, user_ids: Sequence[int], harvest_user_ids: Sequence[int]) -> dict[int, int]:
    """Which Harvest user is the same human being as a helpdesk user, of those given: the one they have connected, else
    the one with the same e-mail address."""
    rows = await pool.fetch(
        """
        SELECT DISTINCT ON (user_id) user_id, harvest_user_id FROM (
            SELECT helpdesk_user_id AS user_id, harvest_user_id, 1 AS rank FROM agent
            WHERE harvest_user_id IS NOT NULL
            UNION ALL SELECT m.id, u.id, 2 FROM helpdesk_member m
                JOIN harvest_user u ON m.email <> '' AND lower(u.email) = lower(m.email)
        ) same
        WHERE user_id = ANY($1::bigint[]) OR harvest_user_id = ANY($2::bigint[])
        ORDER BY user_id, rank, harvest_user_id
        """,
        user_ids,
        harvest_user_ids,
    )
    return {row["user_id"]: row["harvest_user_id"] for row in rows}
