"""Entries in their order on a real PostgreSQL, against the rule in Python; and article heads as they are replaced."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from plugin_server.harvest import timezones
from plugin_server.runtime.database import Pool
from plugin_server.tickets.articles import store as articles_store
from plugin_server.tickets.articles.rules import Head
from plugin_server.tickets.attribution.store import Counting
from plugin_server.tickets.entries import rules, store

TICKET = 4
ZONES = {1: "UTC", 2: "Europe/Berlin", 3: "Pacific/Auckland", 4: "America/St_Johns"}
ALL_DAYS = store.Choice(TICKET, date(1970, 1, 1), date(2999, 1, 1))
BEGINNING, END = (datetime(1, 1, 1, tzinfo=UTC), -1), (datetime(9999, 1, 1, tzinfo=UTC), -1)
STARTS = [None, "9:05", "09:05", "0:00", "23:59", "12:30am", "1:05pm", "2:30", "11:59 pm", "24:00", "noon", "", "٣:٠٥"]


def some(count: int, seed: int) -> list[dict[str, Any]]:
    """Entries around the days on which clocks change, several at the same instant."""
    chance = random.Random(seed)
    days = [date(2026, 3, 28) + timedelta(days=one) for one in range(4)]
    days += [date(2026, 10, 24) + timedelta(days=one) for one in range(3)] + [date(2026, 4, 5), date(2026, 9, 27)]
    rows = []
    for number in range(1, count + 1):
        day = chance.choice(days)
        created = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=chance.randrange(-20, 50))
        rows.append(
            {
                "id": number,
                "user_id": chance.choice(list(ZONES)),
                "spent_date": day,
                "started_time": chance.choice(STARTS),
                "created_at": created,
                "hours": chance.randrange(0, 400),
                "billable": chance.random() < 0.6,
            }
        )
    return rows


async def fill(pool: Pool, rows: list[dict[str, Any]]) -> None:
    await pool.executemany(
        "INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, billable, is_running, is_locked,"
        " is_billed, updated_at, created_at, started_time)"
        " VALUES ($1, 1, $2, 1, $3, $4, $5, false, false, false, $6, $6, $7)",
        [
            (one["id"], one["user_id"], one["spent_date"], one["hours"], one["billable"], one["created_at"],
             one["started_time"])
            for one in rows
        ],
    )  # fmt: skip
    await pool.execute(
        "INSERT INTO attribution (entry_id, ticket_id, project_id, rule) SELECT id, $1, 1, 'reference' FROM time_entry",
        TICKET,
    )


async def read(pool: Pool, size: int, *, newest_first: bool, counting: Counting | None = None) -> list[store.Entry]:
    """All pages, one after the other."""
    found: list[store.Entry] = []
    beyond = END if newest_first else BEGINNING
    while True:
        page = await store.entries(
            pool, ALL_DAYS, counting or Counting(), ZONES, beyond, size, newest_first=newest_first
        )
        found += page
        if len(page) < size:
            return found
        beyond = page[-1].at, page[-1].id


async def test_the_order_of_sql_is_the_rules_whatever_the_page(pool: Pool) -> None:
    rows = some(300, 7)
    await fill(pool, rows)
    placed = [
        (rules.instant(row["spent_date"], row["started_time"], row["created_at"], ZoneInfo(ZONES[row["user_id"]])), row)
        for row in rows
    ]
    expected = sorted(placed, key=lambda pair: (pair[0][0], pair[1]["id"]))
    for size in (1000, 100, 7):
        found = await read(pool, size, newest_first=False)
        assert [(one.id, one.at, one.is_exact) for one in found] == [
            (row["id"], at, is_exact) for (at, is_exact), row in expected
        ]
    assert [one.id for one in await read(pool, 9, newest_first=True)] == [row["id"] for _at, row in reversed(expected)]
    so_far = 0
    for one, (_at, row) in zip(found, expected, strict=True):
        so_far += row["hours"]
        assert one.total == so_far


async def test_totals_are_of_all_that_counts_whatever_is_chosen(pool: Pool) -> None:
    rows = some(60, 8)
    await fill(pool, rows)
    everything = {one.id: one for one in await read(pool, 100, newest_first=False)}
    chosen = store.Choice(TICKET, date(2026, 3, 28), date(2026, 3, 31), workers=[2], billable=True)
    found = await store.entries(pool, chosen, Counting(), ZONES, BEGINNING, 100, newest_first=False)
    assert found == [everything[one.id] for one in found]
    assert {one.id for one in found} == {
        row["id"]
        for row in rows
        if row["user_id"] == 2 and row["billable"] and date(2026, 3, 28) <= row["spent_date"] <= date(2026, 3, 31)
    }
    sums = await store.sums(pool, chosen, Counting())
    assert [(one.user_id, one.hours, one.entries) for one in sums] == [(2, sum(one.hours for one in found), len(found))]
    last = (await read(pool, 100, newest_first=True, counting=Counting(billable_only=True)))[0]
    assert last.total == sum(row["hours"] for row in rows if row["billable"])


async def test_deleted_entries_and_those_of_others_are_not_there(pool: Pool) -> None:
    await fill(pool, some(5, 9))
    await pool.execute("UPDATE time_entry SET deleted_at = now() WHERE id = 2")
    await pool.execute("UPDATE attribution SET ticket_id = NULL WHERE entry_id = 3")
    found = await read(pool, 10, newest_first=False)
    assert sorted(one.id for one in found) == [1, 4, 5]
    assert found[-1].total == sum(one.hours for one in found)


async def test_postgresql_knows_every_zone_that_harvests_names_lead_to(pool: Pool) -> None:
    names = {str(timezones.zone(name)) for name in [*timezones._IANA, "Nowhere"]}
    for name in names:
        assert await pool.fetchval("SELECT now() AT TIME ZONE $1", name)


def head(number: int, **values: Any) -> Head:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Head(number, TICKET, 17, "Ada", "agent", "note", False, at)._replace(**values)


async def kept(pool: Pool, **values: Any) -> list[int]:
    first, last = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    wish = {"since": first, "until": last, "writers": None, "internal": True, **values}
    found = await articles_store.heads(pool, articles_store.Choice(TICKET, **wish), BEGINNING, 100, newest_first=False)
    return [one.id for one in found]


async def test_heads_are_replaced_by_a_later_reading_alone(pool: Pool) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    reading = await articles_store.opened(pool, TICKET, now)
    assert (reading.as_of, reading.stale) == (None, True)
    async with pool.acquire() as connection:
        assert await articles_store.replace(connection, TICKET, now, [head(1), head(2), head(3)])
        assert (await articles_store.opened(pool, TICKET, now)).stale is False
        late = now + timedelta(minutes=1)
        await articles_store.changed(connection, TICKET, late)
        assert await articles_store.stale(pool, now, now, 10) == [TICKET]
        assert await articles_store.replace(connection, TICKET, late, [head(1), head(3, internal=True), head(4)])
        assert await articles_store.replace(connection, TICKET, now, [head(2)]) is False
        await articles_store.changed(connection, TICKET, late)  # known already
    assert await articles_store.stale(pool, now, now, 10) == []
    assert await kept(pool) == [1, 3, 4]
    assert await kept(pool, internal=False) == [1, 4]
    assert await kept(pool, writers=[18]) == []
    assert await kept(pool, since=head(4).created_at) == [4]


async def test_a_ticket_whose_timeline_nobody_opens_is_not_followed(pool: Pool) -> None:
    now = datetime(2026, 3, 4, tzinfo=UTC)
    async with pool.acquire() as connection:
        await articles_store.changed(connection, TICKET, now)
        assert await articles_store.replace(connection, TICKET, now, [head(1)]) is False
    assert await articles_store.stale(pool, now, now, 10) == []
    await articles_store.opened(pool, TICKET, now)
    assert await articles_store.stale(pool, now, now + timedelta(days=1), 10) == []
    await articles_store.later(pool, TICKET, now + timedelta(minutes=1))
    assert await articles_store.stale(pool, now, now, 10) == []


async def test_an_entry_without_a_clock_time_does_not_break_the_order(pool: Pool) -> None:
    rows = [{**one, "started_time": "99:99pm"} for one in some(3, 1)]
    await fill(pool, rows)
    assert len(await read(pool, 10, newest_first=False)) == 3


@pytest.mark.parametrize("newest_first", [False, True])
async def test_nothing_is_repeated_when_entries_come_between_two_pages(pool: Pool, newest_first: bool) -> None:
    await fill(pool, some(20, 3))
    beyond = END if newest_first else BEGINNING
    first = await store.entries(pool, ALL_DAYS, Counting(), ZONES, beyond, 8, newest_first=newest_first)
    await pool.execute("UPDATE attribution SET ticket_id = NULL WHERE entry_id = $1", first[0].id)
    beyond = first[-1].at, first[-1].id
    rest = await store.entries(pool, ALL_DAYS, Counting(), ZONES, beyond, 100, newest_first=newest_first)
    assert not {one.id for one in first} & {one.id for one in rest}
    assert len(first) + len(rest) == 20
