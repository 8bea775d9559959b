"""A server over a database with tickets and entries; helpdesk and Harvest are nobody's ports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from plugin_server.accounts import store as accounts_store
from plugin_server.helpdesk import base
from plugin_server.panel import store as health_store
from plugin_server.tickets import rules
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.links import store as links_store
from tests.panel.conftest import NOW, Stand
from tests.panel.conftest import stand as stand

ADA, BO = 2001, 2002
DAY = date(2026, 3, 4)


@dataclass
class Office:
    """Tickets, links, entries, as intake and sync would have written them."""

    stand: Stand

    async def ticket(self, ticket_id: int, project: str, budget: str = "10", *, seen_by: int | None = None) -> None:
        """A ticket that names a project since the day before; the helpdesk lets the stand's agent (or another) see
        it."""
        reading = base.Ticket(
            id=ticket_id,
            number=str(10000 + ticket_id),
            title=f"Ticket {ticket_id}",
            group_id=1,
            organisation_id=None,
            project=project,
            budget_hours=budget,
            quoted_hours="",
            pm="",
            updated_at=NOW + timedelta(seconds=ticket_id),
        )
        project_id = rules.parse_project_id(project)
        pool = self.stand.server.pool
        async with pool.acquire() as connection, connection.transaction():
            await tickets_store.upsert(connection, reading, project_id, NOW)
            await links_store.see(connection, ticket_id, project_id, NOW + timedelta(seconds=ticket_id), NOW)
            if seen_by != 0:
                await tickets_store.allow(connection, seen_by or self.stand.agent, ticket_id, NOW)

    async def entry(self, number: int, project: int, hours: int = 100, **more: Any) -> None:
        """An entry as the mirror has it, ada's unless told otherwise; counted with the next round."""
        row: dict[str, Any] = {"user": ADA, "ticket": None, "notes": None, "day": DAY, "deleted_at": None, **more}
        reference = row["ticket"] and self.stand.server.services.tickets.reference(row["ticket"])
        await self.stand.server.pool.execute(
            """
            INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, billable, is_running,
                is_locked, is_billed, updated_at, created_at, external_id, notes, deleted_at, banked_hours)
            VALUES ($1, $2, $3, 5001, $4, $5, true, false, false, false, now(), now(), $6, $7, $8, $5)
            """,
            *(number, project, row["user"], row["day"], hours, reference, row["notes"], row["deleted_at"]),
        )

    async def project(self, project_id: int, name: str, *, active: bool = True) -> None:
        await self.stand.server.pool.execute(
            "INSERT INTO harvest_project (id, client_id, is_active, updated_at, name, client_name)"
            " VALUES ($1, 3001, $3, now(), $2, 'Bakery')",
            project_id,
            name,
            active,
        )

    async def count(self) -> None:
        """Attribute what waits."""
        await self.stand.server.services.attribute.run()

    async def read(self, at: datetime = NOW) -> None:
        """A sync that came through, and a worker that lives."""
        await self.stand.server.pool.execute(
            "INSERT INTO sync_watermark (name, reached_at) VALUES ('time_entries', $1)"
            " ON CONFLICT (name) DO UPDATE SET reached_at = $1",
            at,
        )
        await health_store.note(self.stand.server.pool, "worker", at, None, refused=False)

    async def ask(self, path: str, token: str = "", method: str = "GET") -> Any:
        """A diagnosis as a program reads it."""
        status, told = await self.stand.server.call(method, f"/api/v1/{path}", token=token or self.stand.token)
        assert status == 200, told
        return told

    async def other(self) -> tuple[int, str]:
        """Bo, signed in: id and token."""
        pool = self.stand.server.pool
        bo = (await accounts_store.upsert_agent(pool, 4, "Bo Agent", "bo@example.com", NOW)).id
        async with pool.acquire() as connection:
            await accounts_store.set_harvest_user(connection, bo, BO, "Europe/Berlin")
            never = NOW + timedelta(days=365)
            await accounts_store.put_token(connection, bo, "harvest", b"access", b"refresh", never, NOW)
        return bo, (await self.stand.server.sign_in(bo))["access_token"]


@pytest.fixture
async def office(stand: Stand) -> Office:
    made = Office(stand)
    await made.project(4001, "Oven controller")
    await made.project(4002, "Shop checkout")
    await made.read()
    return made


def told(found: Any) -> dict[str, str]:
    """The words of a diagnosis by code."""
    return {one["code"]: one["words"] for one in found["findings"]}
