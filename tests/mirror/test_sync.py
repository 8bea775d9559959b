"""What changes in Harvest arrives by itself, for a constant number of calls, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin_server.harvest import core
from plugin_server.mirror.listing import Shifted
from plugin_server.mirror.service import RUNNING_EVERY
from plugin_server.runtime.clock import Clock, SetClock
from tests.demo_harvest.client import ADA, unique
from tests.mirror.stand import Stand

MINUTE = timedelta(minutes=1)


class Hurried(Clock):
    """Each look at it costs seconds: a run has time for a few pages only."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._now = datetime.now(UTC)

    def now(self) -> datetime:
        self._now += timedelta(seconds=self._seconds)
        return self._now


async def test_entries_made_in_harvests_own_apps_arrive_by_themselves(stand: Stand) -> None:
    project = await stand.harvest.project()
    entry = await stand.harvest.entry(project, notes="before")
    mirror = stand.mirror()
    await mirror.sync()
    await stand.assert_equal()
    await stand.harvest.call("PATCH", f"/v2/time_entries/{entry['id']}", {"notes": "after"}, who="ada")
    await stand.harvest.entry(project, spent_date="2024-02-29")
    await mirror.sync()
    await stand.assert_equal()


async def test_the_calls_do_not_grow_with_entries_projects_and_tickets(stand: Stand) -> None:
    mirror = stand.mirror()
    await mirror.beat(MINUTE)
    counts = []
    for number in (1, 40):
        for _ in range(number):
            await stand.bulk(1, await stand.harvest.project(), external_reference_id=unique("desk"))
        before = await stand.calls()
        await mirror.beat(timedelta())
        counts.append(await stand.calls() - before)
    assert counts == [9, 9]
    await stand.assert_equal()


async def test_what_is_due_by_the_clock(stand: Stand) -> None:
    clock = SetClock(datetime.now(UTC))
    mirror = stand.mirror(clock=clock)
    made = []
    for seconds in (0, 15, 15, 15, 15):
        clock.advance(seconds=seconds)
        before = await stand.calls()
        await mirror.beat(MINUTE)
        made.append(await stand.calls() - before)
    assert timedelta(seconds=30) == RUNNING_EVERY
    assert made == [9, 0, 3, 0, 9]


async def test_a_beat_that_reads_only_a_part_does_not_hide_what_the_rest_complained_of(stand: Stand) -> None:
    clock = SetClock(datetime.now(UTC))
    mirror = stand.mirror(clock=clock)
    await stand.fault("GET /v2/users", kind="status", status=403)
    with pytest.raises(core.Denied):
        await mirror.beat(MINUTE)
    assert await stand.pool.fetchval("SELECT count(*) FROM harvest_user_assignment")  # the other lists were read
    found = []
    for _ in range(3):
        clock.advance(seconds=30)
        found.append(await mirror.beat(MINUTE))
    assert found == [False, True, True]


async def test_the_directory_and_rates(stand: Stand) -> None:
    project = await stand.harvest.project(budget_by="project", budget=12.5, bill_by="Project", hourly_rate=99.95)
    path = f"/v2/users/{ADA}/cost_rates"
    await stand.harvest.make(path, {"amount": 41.25, "start_date": "2026-01-01"})
    mirror = stand.mirror()
    await mirror.beat(MINUTE)
    assert await mirror.night(2)
    found = await stand.pool.fetchrow("SELECT * FROM harvest_project WHERE id = $1", project["id"])
    assert found
    assert (found["budget_by"], found["budget"], found["hourly_rate"]) == ("project", 1250, 999_500)
    client = await stand.pool.fetchrow("SELECT * FROM harvest_client WHERE id = $1", project["client"]["id"])
    assert client
    assert client["currency"] == "EUR"
    assert await stand.pool.fetchval("SELECT access_roles FROM harvest_user WHERE id = $1", ADA) == ["member"]
    assigned = await stand.pool.fetchval(
        "SELECT array_agg(user_id) FROM harvest_user_assignment WHERE project_id = $1", project["id"]
    )
    assert ADA in assigned
    assert await stand.pool.fetchval(
        "SELECT count(*) FROM harvest_task_assignment WHERE project_id = $1", project["id"]
    )
    rates = await stand.pool.fetch(
        "SELECT start_date::text, amount FROM harvest_rate r"
        " WHERE user_id = $1 AND kind = 'cost' ORDER BY r.start_date",
        ADA,
    )
    assert [rate["start_date"] for rate in rates] == ["-infinity", "2026-01-01"]
    assert rates[1]["amount"] == 412_500
    before = await stand.calls()
    assert await mirror.night(2)
    assert await stand.calls() == before  # done for tonight


async def test_small_pages_read_the_same(stand: Stand) -> None:
    project = await stand.harvest.project()
    await stand.bulk(30, project, days=7)
    await stand.mirror(page=3).sync()
    await stand.assert_equal()


async def test_rows_that_shift_between_pages_are_not_passed_over(stand: Stand) -> None:
    project = await stand.harvest.project()
    made = await stand.bulk(40, project, days=5, last_day="2027-01-31")
    gone = iter(range(made["first_id"], made["last_id"] + 1, 5))  # of the latest day: everything behind moves up

    async def delete(_number: int) -> None:
        if entry_id := next(gone, None):
            await stand.delete({"id": entry_id})

    mirror = stand.mirror(page=9, before=delete)
    await mirror.sync()
    truth, seen = await stand.truth(), await stand.seen()
    assert truth.keys() - seen.keys() == set()


async def test_a_day_that_does_not_stand_still_counts_only_when_it_does(stand: Stand) -> None:
    project = await stand.harvest.project()
    made = await stand.bulk(20, project, last_day="2027-02-01")
    ids = iter(range(made["last_id"], made["first_id"], -1))

    async def delete(number: int) -> None:
        if number % 2 == 0:
            await stand.delete({"id": next(ids)})

    mirror = stand.mirror(page=4, before=delete)
    with pytest.raises(Shifted):
        await mirror.sync()
    assert await stand.watermark() is None
    assert "changed each time" in str(await stand.problem("time_entries"))
    await stand.mirror(page=4).sync()
    assert await stand.problem("time_entries") is None
    truth, seen = await stand.truth(), await stand.seen()
    assert truth.keys() - seen.keys() == set()


async def test_a_row_that_goes_and_one_that_comes_leave_the_totals_but_are_noticed(stand: Stand) -> None:
    project = await stand.harvest.project()
    older = await stand.harvest.entry(project, spent_date="2020-01-01")
    made = await stand.bulk(12, project, last_day="2027-03-01")

    async def exchange(number: int) -> None:
        if number == 3:  # the day's first page has been read: the second's first row moves up to it
            await stand.delete({"id": made["last_id"]})
            path = f"/v2/time_entries/{older['id']}"
            reply = await stand.harvest.call("PATCH", path, {"spent_date": "2027-03-01"}, who="ada")
            assert reply.status == 200

    await stand.mirror(page=5, before=exchange).sync()
    truth, seen = await stand.truth(), await stand.seen()
    assert {made["first_id"] + 6} <= seen.keys()
    assert truth.keys() - seen.keys() == set()


async def test_many_changes_at_once_are_read_in_several_runs_each_going_on_where_the_last_one_was(stand: Stand) -> None:
    project = await stand.harvest.project()
    await stand.mirror().sync()
    before = await stand.watermark()
    await stand.bulk(3000, project, days=300)
    runs, pages = 0, []
    while True:
        client = stand.client()
        mirror = stand.mirror(page=100, clock=Hurried(3))
        mirror._sync._listing._client = client
        await mirror.sync()
        runs += 1
        pages.append(client.pages)
        if await stand.watermark() != before:
            break
        assert runs < 40
    assert runs > 3
    assert sum(pages) < 3000 / 100 * 1.5
    await stand.assert_equal()
    assert await stand.pool.fetchval("SELECT count(*) FROM sync_pass") == 0


async def test_what_changes_during_a_long_pass_arrives_with_the_next(stand: Stand) -> None:
    project = await stand.harvest.project()
    made = await stand.bulk(30, project, days=10, last_day="2027-01-31")
    path = f"/v2/time_entries/{made['last_id']}"

    async def move(number: int) -> None:
        if number == 2:  # from a day that is still to come to one that has been read
            reply = await stand.harvest.call("PATCH", path, {"spent_date": "2027-02-20"}, who="ada")
            assert reply.status == 200

    await stand.mirror(page=5, before=move).sync()
    await stand.mirror(page=5).sync()
    await stand.assert_equal()


async def test_one_of_two_workers_syncs(stand: Stand) -> None:
    await stand.harvest.project()
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def wait(_number: int) -> None:
        inside.set()
        await go_on.wait()

    first = asyncio.create_task(stand.mirror(before=wait).sync())
    await inside.wait()
    second = stand.client()
    other = stand.mirror()
    other._sync._listing._client = second
    await other.sync()
    assert second.pages == 0
    go_on.set()
    await first
    await stand.assert_equal()


async def test_a_worker_that_dies_in_the_middle_leaves_it_to_the_next(stand: Stand) -> None:
    project = await stand.harvest.project()
    await stand.bulk(50, project, days=25)
    inside = asyncio.Event()

    async def die(number: int) -> None:
        if number == 4:
            inside.set()
            await asyncio.Event().wait()

    dying = asyncio.create_task(stand.mirror(page=6, before=die).sync())
    await inside.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await stand.watermark() is None
    client = stand.client()
    mirror = stand.mirror(page=6)
    mirror._sync._listing._client = client
    await mirror.sync()
    await stand.assert_equal()
    assert await stand.watermark()


async def test_429_for_minutes_loses_nothing(stand: Stand) -> None:
    project = await stand.harvest.project()
    mirror = stand.mirror()
    await mirror.sync()
    before = await stand.watermark()
    await stand.harvest.entry(project)
    await stand.fault("GET /v2/time_entries", kind="status", status=429, seconds=60, times=None)
    for _ in range(3):
        with pytest.raises(core.Throttled):
            await mirror.sync()
    assert await stand.watermark() == before
    state = next(state for state in await mirror.states() if state.name == "time_entries")
    assert state.problem
    assert state.failing_since
    assert state.succeeded_at
    await stand.harvest.call("DELETE", "/_sim/faults")
    await mirror.sync()
    await stand.assert_equal()
    assert await stand.problem("time_entries") is None


async def test_a_revoked_token_stops_it_loudly(stand: Stand) -> None:
    with pytest.raises(core.Unauthorized):
        await stand.mirror("revoked").sync()
    assert await stand.problem("projects")
    assert await stand.watermark() is None


async def test_a_members_token_is_refused_loudly_and_its_own_entries_are_read(stand: Stand) -> None:
    project = await stand.harvest.project()
    entry = await stand.harvest.entry(project)
    mirror = stand.mirror(await stand.harvest.token_of("ada"))
    with pytest.raises(core.Denied):
        await mirror.beat(MINUTE)
    assert await stand.problem("projects")
    assert await stand.problem("directory")
    seen = await stand.seen()
    assert entry["id"] in seen
    assert {row[0] for row in seen.values()} == {ADA}


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "status"])
async def test_a_broken_call_is_made_up_for(stand: Stand, kind: str) -> None:
    project = await stand.harvest.project()
    await stand.bulk(120, project, days=10)
    details: dict[str, Any] = {"status": 503, "seconds": 0} if kind == "status" else {}
    mirror = stand.mirror(page=50)
    # The client asks once more by itself where a connection that was kept open breaks.
    await stand.fault("GET /v2/time_entries", kind=kind, times=2, **details)
    with pytest.raises(core.HarvestError):
        await mirror.sync()
    await stand.harvest.call("DELETE", "/_sim/faults")
    await mirror.sync()
    await stand.assert_equal()
