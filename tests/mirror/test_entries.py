"""Writing entries, and what is noted of it for those who follow them."""

from __future__ import annotations

import asyncio
import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from plugin_server.harvest import wire
from plugin_server.mirror import changes, store
from plugin_server.mirror.changes import Change
from plugin_server.mirror.writing import again
from plugin_server.runtime.database import Connection, Pool
from tests.mirror.entries import DAY, NOW, entry, later


async def write(pool: Pool, *entries: wire.TimeEntry, **options: Any) -> None:
    await again(pool, lambda connection: store.upsert_entries(connection, entries, **options))


async def take(pool: Pool, reader: str = "reader", limit: int = 1000) -> list[Change]:
    """What the reader finds; it has done it then."""
    async with pool.acquire() as connection, connection.transaction():
        found = await changes.changes(connection, reader, limit)
        if found:
            await changes.move(connection, reader, found[-1])
        return found


def brief(found: list[Change]) -> list[tuple[object, ...]]:
    return [
        (c.entry_id, c.old_project_id, c.new_project_id, c.old_reference, c.new_reference, c.old_day, c.new_day)
        for c in found
    ]


async def row(pool: Pool, entry_id: int = 1) -> asyncpg.Record:
    found = await pool.fetchrow("SELECT * FROM time_entry WHERE id = $1", entry_id)
    assert found
    return found


async def test_a_new_entry_a_moved_one_and_a_deleted_one(pool: Pool) -> None:
    await write(pool, entry(2, reference="desk:1"), entry(1))
    assert brief(await take(pool)) == [
        (1, None, 4001, None, None, None, DAY),
        (2, None, 4001, None, "desk:1", None, DAY),
    ]
    day = date(2026, 2, 1)
    await write(pool, entry(2, project=4002, reference="desk:2", spent_date=day, updated_at=later()))
    assert brief(await take(pool)) == [(2, 4001, 4002, "desk:1", "desk:2", DAY, day)]
    async with pool.acquire() as connection:
        await store.mark_deleted(connection, 2, NOW)
        await store.mark_deleted(connection, 2, NOW)
        assert brief(await take(pool)) == [(2, 4002, None, "desk:2", None, day, None)]
    back = entry(2, project=4002, reference="desk:2", spent_date=day, updated_at=later())
    await write(pool, back, listed_at=later())
    await write(pool, back, listed_at=later())
    assert brief(await take(pool)) == [(2, None, 4002, None, "desk:2", None, day)]


async def test_a_page_with_one_entry_that_is_known_already(pool: Pool) -> None:
    """Pages that look all new are copied straight into the table; whether they are, a sample says."""
    known = next(number for number in range(1, 101) if number - 1 not in range(0, 100, 100 // store.SAMPLE))
    await write(pool, entry(known, notes="as it was"))
    await write(pool, *(entry(number, notes="as listed", updated_at=later()) for number in range(1, 101)))
    rows = await pool.fetch("SELECT id, notes FROM time_entry ORDER BY id")
    assert [(row["id"], row["notes"]) for row in rows] == [(number, "as listed") for number in range(1, 101)]
    assert len(await take(pool)) == 101


async def test_who_writes_the_same_new_entries_at_once(pool: Pool) -> None:
    page = [entry(number) for number in range(1, 501)]
    await asyncio.gather(*(write(pool, *page) for _ in range(4)))
    assert await pool.fetchval("SELECT count(*) FROM time_entry") == 500
    assert len(await take(pool)) == 500


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, False),
        ({"updated_at": later()}, False),
        ({"hours": Decimal(2)}, True),
        ({"rounded_hours": Decimal("1.25")}, True),
        ({"billable": True}, True),
        ({"notes": "again"}, True),
        ({"user": wire.Ref(2002)}, True),
        ({"task": wire.Ref(5002)}, True),
        ({"is_running": True, "timer_started_at": NOW, "hours_without_timer": Decimal(1)}, True),
        ({"is_billed": True, "invoice": wire.Ref(8001)}, True),
        ({"is_locked": True}, True),
        ({"approval_status": "approved"}, True),
        ({"cost_rate": Decimal("30.5")}, True),
    ],
)
async def test_what_counts_as_a_change(pool: Pool, change: dict[str, Any], counts: bool) -> None:
    await write(pool, entry())
    await take(pool)
    await write(pool, entry(**change))
    assert [found.entry_id for found in await take(pool)] == [1] * counts


async def test_a_running_timer_ticks_without_a_change_until_it_stops(pool: Pool) -> None:
    running: dict[str, Any] = {"is_running": True, "timer_started_at": NOW, "hours_without_timer": Decimal("0.5")}
    await write(pool, entry(hours=Decimal("0.5"), **running))
    await take(pool)
    await write(pool, entry(hours=Decimal("0.75"), **running))
    assert await take(pool) == []
    assert (await row(pool))["hours"] == 75
    await write(pool, entry(hours=Decimal("0.75"), updated_at=later()))
    assert len(await take(pool)) == 1


async def test_an_older_version_and_an_equal_one_change_nothing(pool: Pool) -> None:
    await write(pool, entry(notes="new", updated_at=later()))
    before = (await row(pool))["notes"], await pool.fetchval("SELECT xmin::text FROM time_entry")
    await write(pool, entry(notes="old"))
    await write(pool, entry(notes="new", updated_at=later()))
    assert before == ((await row(pool))["notes"], await pool.fetchval("SELECT xmin::text FROM time_entry"))


async def test_twice_in_one_page_the_newer_counts(pool: Pool) -> None:
    await write(pool, entry(notes="new", updated_at=later()), entry(notes="old"))
    assert (await row(pool))["notes"] == "new"


async def test_a_deleted_entry_comes_back_only_by_a_listing_asked_for_afterwards(pool: Pool) -> None:
    await write(pool, entry())
    async with pool.acquire() as connection:
        await store.mark_deleted(connection, 1, later(10))
    await write(pool, entry(notes="late reply", updated_at=later()))
    await write(pool, entry(notes="late reply", updated_at=later()), listed_at=later(9))
    assert (await row(pool))["deleted_at"] == later(10)
    await write(pool, entry(notes="late reply", updated_at=later()), listed_at=later(11))
    assert (await row(pool))["deleted_at"] is None


async def test_who_may_not_see_rates_does_not_remove_them(pool: Pool) -> None:
    await write(pool, entry(billable=True, billable_rate=Decimal("95.5"), cost_rate=Decimal("0.0001")))
    await write(pool, entry(billable=True, notes="by its agent", updated_at=later()))
    found = await row(pool)
    assert (found["billable_rate"], found["cost_rate"], found["notes"]) == (955_000, 1, "by its agent")
    await write(pool, entry(billable=False, updated_at=later(2)))
    assert (await row(pool))["billable_rate"] is None


async def test_a_change_of_a_transaction_that_commits_late_is_not_missed(pool: Pool) -> None:
    async with pool.acquire() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await store.upsert_entries(slow, [entry(1)])
        await write(pool, entry(2))  # began later, committed earlier
        assert await take(pool) == []  # held back: it would overtake the other
        await transaction.commit()
    assert [found.entry_id for found in await take(pool)] == [1, 2]
    assert await take(pool) == []


async def test_what_is_rolled_back_was_never_changed(pool: Pool) -> None:
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await store.upsert_entries(connection, [entry()])
        await transaction.rollback()
    assert await take(pool) == []


async def test_each_reader_has_its_own_position(pool: Pool) -> None:
    await write(pool, *(entry(number) for number in range(1, 6)))
    assert [found.entry_id for found in await take(pool, "one", 2)] == [1, 2]
    assert [found.entry_id for found in await take(pool, "two")] == [1, 2, 3, 4, 5]
    assert [found.entry_id for found in await take(pool, "one")] == [3, 4, 5]


async def test_two_workers_never_read_the_same_and_one_that_dies_leaves_it_all(pool: Pool) -> None:
    await write(pool, entry())
    async with pool.acquire() as first:
        dying = first.transaction()
        await dying.start()
        assert len(await changes.changes(first, "reader", 10)) == 1
        assert await take(pool) == []
        await dying.rollback()
    assert len(await take(pool)) == 1


async def test_readers_and_writers_at_once_miss_nothing_and_keep_the_order(pool: Pool) -> None:
    # By reader: who has committed first may still be the last to note it here.
    seen: list[list[Change]] = [[], []]
    writing = True

    async def writer(first: int) -> None:
        for number in range(20):
            await write(pool, *(entry(first * 100 + one) for one in range(number % 3 + 1)))
            await write(pool, entry(7, notes=f"{first} {number}", updated_at=later(first * 20 + number)))

    async def reader(mine: list[Change]) -> None:
        while writing:
            mine.extend(await take(pool, limit=7))

    readers = [asyncio.create_task(reader(mine)) for mine in seen]
    await asyncio.gather(*(writer(number) for number in range(1, 5)))
    writing = False
    await asyncio.gather(*readers)
    rest: list[Change] = []
    while found := await take(pool):
        rest.extend(found)
    places = [[(one.xid, one.position) for one in part] for part in (*seen, rest)]
    assert all(part == sorted(part) for part in places)
    written = await pool.fetch("SELECT xid::text::bigint AS xid, position FROM changed_entry ORDER BY 1, 2")
    assert sorted(itertools.chain(*places)) == [tuple(one) for one in written]


async def test_old_changes_go_once_every_reader_has_passed_them(pool: Pool) -> None:
    await write(pool, entry(1))
    await write(pool, entry(2))
    await pool.execute("UPDATE changed_entry SET at = now() - interval '8 days'")
    await write(pool, entry(3))
    await take(pool, "quick")
    await take(pool, "slow", 1)
    assert await changes.prune(pool) == 1
    assert [found.entry_id for found in await take(pool, "slow")] == [2, 3]
    await write(pool, entry(4))
    assert await changes.prune(pool, at_once=1) == 1
    assert await pool.fetchval("SELECT array_agg(entry_id ORDER BY entry_id) FROM changed_entry") == [3, 4]


async def test_pages_in_opposite_order_come_through_a_deadlock(pool: Pool) -> None:
    await write(pool, entry(1), entry(2))
    both_hold = asyncio.Barrier(2)
    tries = 0

    async def one_after_the_other(connection: Connection, first: int, second: int, notes: str) -> None:
        nonlocal tries
        tries += 1
        await store.upsert_entries(connection, [entry(first, notes=notes, updated_at=later())])
        if tries <= 2:
            await both_hold.wait()
        await store.upsert_entries(connection, [entry(second, notes=notes, updated_at=later())])

    await asyncio.gather(
        again(pool, lambda connection: one_after_the_other(connection, 1, 2, "a")),
        again(pool, lambda connection: one_after_the_other(connection, 2, 1, "b")),
    )
    assert tries >= 3
    assert (await row(pool, 1))["notes"] == (await row(pool, 2))["notes"]
