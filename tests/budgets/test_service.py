"""Figures and locks as they follow from rows, with a clock of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from plugin_server.budgets import locking, rules, store
from plugin_server.budgets.service import Budgets, Policy
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.intake import Intake
from tests.tickets.test_attribution import PATTERN, PREFIX, NoHelpdesk, seen

MARCH = datetime(2026, 3, 20, 9, tzinfo=UTC)


class Office:
    """Tickets and budgets over a database, without a helpdesk and without Harvest."""

    def __init__(self, pool: Pool, **policy: Any) -> None:
        self.pool, self.clock = pool, SetClock(MARCH)
        thresholds = rules.Thresholds(Decimal(75), Decimal(90), Decimal(100))
        settings = {"never_tags": frozenset(), "never_priorities": frozenset(), **policy}
        self.budgets = Budgets(pool, Policy(thresholds, Counting(), locking.Policy(), **settings), self.clock)
        self._intake = Intake(pool, NoHelpdesk(), "", NullQueue(), self.clock)  # type: ignore[arg-type]
        self._attribute = Attribute(pool, PREFIX, PATTERN, self.clock)
        self._version = 0

    async def project(self, **budget: Any) -> None:
        """Project 1 in the mirror; hours of its budget in hundredths."""
        row = {"budget": None, "budget_by": "none", "budget_is_monthly": False, "is_active": True, **budget}
        await self.pool.execute(
            """
            INSERT INTO harvest_project (id, client_id, is_active, updated_at, name, client_name, budget_by, budget,
                budget_is_monthly) VALUES (1, 1, $1, now(), 'P', 'C', $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET is_active = $1, budget_by = $2, budget = $3, budget_is_monthly = $4
            """,
            *(row["is_active"], row["budget_by"], row["budget"], row["budget_is_monthly"]),
        )

    async def ticket(self, **fields: Any) -> None:
        """Ticket 1 as the helpdesk shows it now, looked at."""
        self._version += 1
        reading = replace(seen(1, "1", self._version), **{"budget_hours": "2", **fields})
        await self._intake.keep(reading)
        await tickets_store.checked(self.pool, 1, reading.updated_at)

    async def worked(self, hours: float, days_ago: int = 0) -> None:
        day = (self.clock.now() - timedelta(days=days_ago)).date()
        await self.pool.execute(
            """
            INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, billable, is_running,
                is_locked, is_billed, updated_at, created_at, banked_hours)
            VALUES ((SELECT coalesce(max(id), 0) + 1 FROM time_entry), 1, 1, 1, $1, $2, true, false, false, false,
                now(), now(), $2)
            """,
            day,
            round(hours * 100),
        )

    async def row(self) -> store.Budget:
        """Ticket 1's figures, everything that waits computed."""
        await self._attribute.run()
        await self.budgets.recompute()
        found = await store.budget(self.pool, 1)
        assert found is not None
        return found

    async def told(self) -> list[str]:
        rows = await self.pool.fetch("SELECT words FROM budget_notice ORDER BY created_at, words")
        return [row["words"] for row in rows]


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    pool = await database.connect(make_migrated())
    yield pool
    await pool.close()


async def test_an_unlock_ends_with_its_day(pool: Pool) -> None:
    office = Office(pool)
    await office.project()
    await office.ticket()
    await office.worked(3)
    assert (await office.row()).locked
    ends = office.clock.now() + timedelta(hours=5)
    await store.write_down(pool, store.Event(1, office.clock.now(), "unlocked", reason="x", expires_at=ends))
    await office.budgets.recompute_now(1)
    assert not (await office.row()).locked
    office.clock.advance(hours=5)
    assert (await office.row()).locked, "nobody has touched the ticket since"


async def test_a_monthly_budget_begins_anew_with_the_month(pool: Pool) -> None:
    office = Office(pool)
    await office.project(budget_by="project", budget=200, budget_is_monthly=True)
    await office.ticket(budget_hours="")
    await office.worked(3)
    row = await office.row()
    assert (row.locked, row.lock_source) == (True, "project")
    office.clock.advance(days=11, hours=15)  # the first of April
    assert not (await office.row()).locked


async def test_a_projects_own_budget_changed_in_harvest(pool: Pool) -> None:
    office = Office(pool)
    await office.project(budget_by="project", budget=200)
    await office.ticket(budget_hours="")
    await office.worked(3)
    assert (await office.row()).locked
    await office.project(budget_by="project", budget=300)
    assert not (await office.row()).locked
    await office.project(budget_by="project", budget=299)
    assert (await office.row()).locked
    await office.project(budget_by="project", budget=299, is_active=False)
    assert not (await office.row()).locked, "an archived project"


async def test_what_opens_a_lock_by_tag_or_priority_is_told(pool: Pool) -> None:
    office = Office(pool, never_priorities=frozenset({"3 high"}))
    await office.project()
    await office.ticket(priority="2 normal")
    await office.worked(3)
    assert (await office.row()).locked
    await office.ticket(priority="3 high")
    assert not (await office.row()).locked
    assert any("its priority, has opened it" in words for words in await office.told())


async def test_nothing_is_written_before_it_is_known_who_changed_the_ticket(pool: Pool) -> None:
    office = Office(pool)
    await office.project()
    await office.ticket()
    await office.worked(1)
    assert (await office.row()).write_due_at is not None
    await pool.execute("UPDATE ticket_budget SET write_due_at = NULL")
    await pool.execute("UPDATE ticket SET checked_at = NULL")
    await office.worked(5)
    row = await office.row()
    assert (row.locked, row.write_due_at) == (True, None)
    await pool.execute("UPDATE ticket SET checked_at = updated_at")
    await office.budgets.recompute_now(1)
    assert (await office.row()).write_due_at is not None


async def test_figures_wait_a_minute_and_a_lock_does_not(pool: Pool) -> None:
    office = Office(pool)
    await office.project()
    await office.ticket()
    await office.worked(1)
    row = await office.row()
    await store.written(pool, row, office.clock.now())
    await office.ticket(used=row.wanted_used, utilization=row.wanted_utilization, lock=row.wanted_state)
    await office.worked(0.25)
    assert (await office.row()).write_due_at == office.clock.now() + timedelta(minutes=1)
    await office.worked(5)
    assert (await office.row()).write_due_at == office.clock.now()
