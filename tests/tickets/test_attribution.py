"""Attribution as it goes: in whatever order facts come, the stored outcomes are those of the rule over all of them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plugin_server.helpdesk import base
from plugin_server.runtime.clock import SystemClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from plugin_server.tickets.attribution import rules, store
from plugin_server.tickets.attribution.service import Attribute
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.intake import Intake
from plugin_server.tickets.links import store as links_store

PREFIX = "desk.example.com:"
PATTERN = re.compile(r"#(\d{5})")
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class NoHelpdesk:
    """A helpdesk whose history says nothing; nothing else of it is asked."""

    async def history(self, _token: str, _ticket_id: int) -> base.History:
        return base.History()


def seen(ticket_id: int, project: str, day: int, **more: Any) -> base.Ticket:
    """A reading of a ticket."""
    return base.Ticket(
        id=ticket_id,
        number=str(10000 + ticket_id),
        title="A ticket",
        group_id=1,
        organisation_id=None,
        project=project,
        budget_hours="",
        quoted_hours="",
        pm="",
        updated_at=START + timedelta(days=day, seconds=day),
        created_at=START,
        **more,
    )


class Desk:
    """The tickets feature over a database, without a helpdesk."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.clock = SystemClock()
        self.intake = Intake(pool, NoHelpdesk(), "", NullQueue(), self.clock)  # type: ignore[arg-type]
        self.attribute = Attribute(pool, PREFIX, PATTERN, self.clock)

    async def entry(self, number: int, project: int, day: date, hours: int, **more: Any) -> None:
        """An entry as the mirror writes it, new or changed."""
        row = {"external_id": None, "notes": None, "deleted_at": None, **more}
        await self.pool.execute(
            """
            INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, billable, is_running,
                is_locked, is_billed, updated_at, created_at, external_id, notes, deleted_at, banked_hours)
            VALUES ($1, $2, 1, 1, $3, $4, true, false, false, false, now(), now(), $5, $6, $7, $4)
            ON CONFLICT (id) DO UPDATE SET project_id = $2, spent_date = $3, hours = $4, external_id = $5, notes = $6,
                deleted_at = $7, banked_hours = $4
            """,
            *(number, project, day, hours, row["external_id"], row["notes"], row["deleted_at"]),
        )

    async def outcomes(self) -> dict[int, tuple[int | None, str]]:
        rows = await self.pool.fetch("SELECT entry_id, ticket_id, rule FROM attribution")
        return {row["entry_id"]: (row["ticket_id"], row["rule"]) for row in rows}

    async def by_the_rule(self) -> dict[int, tuple[int | None, str]]:
        """The outcomes of the pure rule over everything that is known now."""
        async with self.pool.acquire() as connection:
            rows = await connection.fetch("SELECT * FROM time_entry WHERE deleted_at IS NULL")
            entries = [
                rules.Entry(
                    row["id"],
                    row["project_id"],
                    row["spent_date"],
                    rules.referenced(row["external_id"], PREFIX),
                    rules.named_number(row["notes"], PATTERN),
                )
                for row in rows
            ]
            facts = rules.Facts(
                links=await store.links(connection, [row["project_id"] for row in rows]),
                merged=await store.merges(connection),
                numbers=await store.numbers(connection, [one.number for one in entries if one.number]),
                assigned=dict(await connection.fetch("SELECT entry_id, ticket_id FROM entry_assignment")),
            )
        rule = rules.Attribution(facts)
        found = {entry.id: rule.of(entry) for entry in entries}
        return {number: (outcome.ticket_id, outcome.rule) for number, outcome in found.items()}


@pytest.fixture
def desk(pool: Pool) -> Desk:
    return Desk(pool)


TICKETS, PROJECTS, ENTRIES = st.integers(1, 3), st.integers(1, 2), st.integers(1, 6)
DAYS = st.integers(0, 20)
ENTRY = st.tuples(
    st.just("entry"),
    ENTRIES,
    PROJECTS,
    DAYS,
    st.integers(1, 800),
    st.sampled_from([None, None, None, None, 1, 2, 3]),
    st.sampled_from([None, "nothing", "see #10002", "#10003"]),
    st.sampled_from([False, False, False, True]),
)
TICKET = st.tuples(st.just("ticket"), TICKETS, st.sampled_from([1, 2, 1, 2, None]), DAYS)
OTHERS = st.one_of(
    st.tuples(st.just("merge"), TICKETS, TICKETS),
    st.tuples(st.just("assign"), ENTRIES, TICKETS),
    st.tuples(st.just("keep"), TICKETS),
)
EVENTS = st.integers(0, 9).flatmap(lambda kind: ENTRY if kind < 4 else TICKET if kind < 8 else OTHERS)


async def happen(desk: Desk, event: tuple[Any, ...]) -> None:
    kind, *what = event
    if kind == "entry":
        number, project, day, hours, reference, notes, deleted = what
        await desk.entry(
            number,
            project,
            START.date() + timedelta(days=day),
            hours,
            external_id=None if reference is None else f"{PREFIX}{reference}",
            notes=notes,
            deleted_at=START if deleted else None,
        )
    elif kind == "ticket":
        ticket, project, day = what
        await desk.intake.keep(seen(ticket, "" if project is None else str(project), day))
    elif kind == "merge":
        source, target = what
        if source != target and await desk.pool.fetchval("SELECT true FROM ticket WHERE id = $1", source):
            async with desk.pool.acquire() as connection, connection.transaction():
                await connection.execute("UPDATE ticket SET merged_into = $2 WHERE id = $1", source, target)
                await store.due(connection, "ticket", [source])
                row = await connection.fetchrow("SELECT project_id FROM ticket WHERE id = $1", source)
                await store.due(connection, "project", [row["project_id"]] if row and row["project_id"] else [])
    elif kind == "assign":
        await store.assign(desk.pool, what[0], what[1], 1, START)
    else:
        change = await links_store.latest(desk.pool, what[0])
        if change is not None:
            async with desk.pool.acquire() as connection, connection.transaction():
                if await links_store.answer(connection, change.id, "keep", 1, START):
                    await store.due(connection, "project", [change.old_project_id])


TABLES = (
    "time_entry, changed_entry, ticket, ticket_link, link_change, attribution, entry_assignment, attribution_due,"
    " dirty_ticket"
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(EVENTS, st.booleans()), min_size=5, max_size=25))
def test_whatever_happens_the_outcomes_are_the_rules(pool: Pool, events: list[tuple[tuple[Any, ...], bool]]) -> None:
    """Incremental is complete: no order of events, and no moment of attributing, leaves anything behind; hours are
    never counted twice or lost."""

    async def run() -> None:
        desk = Desk(pool)
        await pool.execute(f"TRUNCATE {TABLES} CASCADE")
        for event, attributing in events:
            await happen(desk, event)
            if attributing:
                await desk.attribute.run()
        await desk.attribute.run()
        assert await desk.outcomes() == await desk.by_the_rule()
        hours = await pool.fetchval("SELECT coalesce(sum(hours), 0) FROM time_entry WHERE deleted_at IS NULL")
        by_ticket = await store.used(pool, [1, 2, 3], START, Counting())
        none = await pool.fetchval(
            "SELECT coalesce(sum(e.hours), 0) FROM attribution a JOIN time_entry e ON e.id = a.entry_id"
            " WHERE a.ticket_id IS NULL"
        )
        assert sum(one.stopped for one in by_ticket.values()) + none == hours

    asyncio.get_event_loop().run_until_complete(run())


async def test_readings_in_any_order_lead_to_the_same(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 100)
    readings = [seen(1, "4001", 1), seen(1, "4002", 2), seen(1, "4001", 3)]
    for reading in (readings[2], readings[0], readings[1]):
        await desk.intake.keep(reading)
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (1, "dedicated")}


async def test_a_changed_project_says_what_moved(desk: Desk) -> None:
    for number, project, reference in ((1, 4001, None), (2, 4001, f"{PREFIX}1"), (3, 4002, None), (4, 4002, None)):
        await desk.entry(number, project, START.date(), number * 100, external_id=reference)
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()
    await desk.intake.keep(seen(1, "4002", 2))
    await desk.attribute.run()
    change = await links_store.latest(desk.pool, 1)
    assert change is not None
    moved = (change.left_entries, change.left_hours, change.came_entries, change.came_hours, change.staying)
    assert moved == (1, 100, 2, 700, 1)
    assert await desk.outcomes() == {
        1: (None, "none"),
        2: (1, "reference"),
        3: (1, "dedicated"),
        4: (1, "dedicated"),
    }


async def test_a_change_of_an_entry_makes_its_tickets_dirty(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 100)
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()
    await desk.pool.execute("DELETE FROM dirty_ticket")
    await desk.entry(1, 4001, START.date(), 150)
    await desk.attribute.run()
    async with desk.pool.acquire() as connection, connection.transaction():
        assert await store.take_dirty(connection, 10) == [1]


async def test_two_workers_share_the_work(desk: Desk) -> None:
    for number in range(1, 200):
        await desk.entry(number, 4001, START.date(), 1)
    await desk.intake.keep(seen(1, "4001", 1))
    await asyncio.gather(*(desk.attribute.run() for _ in range(3)))
    assert set((await desk.outcomes()).values()) == {(1, "dedicated")}


async def test_rounded_and_billable_hours_count_as_the_manifest_says(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 110)
    await desk.pool.execute("UPDATE time_entry SET rounded_hours = 125")
    await desk.entry(2, 4001, START.date(), 50)
    await desk.pool.execute("UPDATE time_entry SET billable = false, rounded_hours = 50 WHERE id = 2")
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()

    async def used(counting: Counting) -> Decimal:
        return Decimal((await store.used(desk.pool, [1], START, counting))[1].stopped) / 100

    assert await used(Counting()) == Decimal("1.6")
    assert await used(Counting(rounded=True)) == Decimal("1.75")
    assert await used(Counting(rounded=True, billable_only=True)) == Decimal("1.25")


async def test_a_running_timer_counts_apart_from_stopped_hours(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 180)
    await desk.pool.execute(
        "UPDATE time_entry SET is_running = true, banked_hours = 100, timer_started_at = $1", START - timedelta(hours=1)
    )
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()
    found = (await store.used(desk.pool, [1], START, Counting()))[1]
    assert (found.stopped, found.running) == (100, 100)


async def test_a_deleted_ticket_ends_its_link_and_keeps_its_hours(desk: Desk) -> None:
    class Gone(NoHelpdesk):
        async def ticket(self, _token: str, _ticket_id: int, *, seconds: float) -> base.Ticket:
            raise base.Missing("gone")

    await desk.entry(1, 4001, START.date(), 100)
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()
    intake = Intake(desk.pool, Gone(), "", NullQueue(), desk.clock)  # type: ignore[arg-type]
    assert await intake.read(1) is None
    await desk.entry(2, 4001, desk.clock.now().date() + timedelta(days=1), 100)
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (1, "dedicated"), 2: (None, "none")}
    await desk.intake.keep(replace(seen(2, "4001", 400)))
    await desk.attribute.run()
    assert (await desk.outcomes())[2] == (2, "dedicated")


async def test_a_mark_that_is_there_already_is_not_lost(desk: Desk) -> None:
    """Who takes a mark while somebody else is changing what it is about must see that change, or leave the mark."""
    await desk.entry(1, 4001, START.date(), 100)
    await desk.intake.keep(seen(1, "4001", 1))
    async with desk.pool.acquire() as changing, changing.transaction():
        await changing.execute("UPDATE time_entry SET external_id = $1 WHERE id = 1", f"{PREFIX}2")
        await store.due(changing, "project", [4001])
        await store.mark_dirty(changing, [1])
        taking = asyncio.create_task(desk.attribute.run())
        async with desk.pool.acquire() as other, other.transaction():
            assert await store.take_dirty(other, 10) == [], "it is being marked again"
    await taking
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (2, "reference")}
    async with desk.pool.acquire() as other, other.transaction():
        assert 1 in await store.take_dirty(other, 10)


async def test_a_link_changed_on_the_day_it_was_made_can_be_kept(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 200)
    await desk.intake.keep(seen(1, "4001", 1))
    await desk.attribute.run()
    await desk.intake.keep(replace(seen(1, "4002", 1), updated_at=START + timedelta(days=1, hours=2)))
    await desk.attribute.run()
    change = await links_store.latest(desk.pool, 1)
    assert change is not None
    async with desk.pool.acquire() as connection, connection.transaction():
        await links_store.answer(connection, change.id, "keep", 1, START)
        await store.due(connection, "project", [4001])
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (1, "dedicated")}


async def test_an_entry_that_changes_its_project_is_offered_under_the_new_one(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 200)
    await desk.attribute.run()
    await desk.entry(1, 4002, START.date(), 200)
    await desk.attribute.run()
    assert await store.unassigned(desk.pool, 4001, 5) == []
    assert [one.id for one in await store.unassigned(desk.pool, 4002, 5)] == [1]


async def test_a_number_in_notes_counts_once_its_ticket_is_known(desk: Desk) -> None:
    await desk.entry(1, 4001, START.date(), 100, notes="Call about #10007")
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (None, "none")}
    await desk.intake.keep(seen(7, "", 1))
    await desk.attribute.run()
    assert await desk.outcomes() == {1: (7, "number")}
