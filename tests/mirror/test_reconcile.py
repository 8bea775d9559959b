"""Deletions are followed, but never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin_server.harvest import core
from plugin_server.mirror import reconcile
from plugin_server.mirror.reconcile import RELIST_CALLS, Scope
from plugin_server.mirror.service import Mirror
from plugin_server.runtime.clock import SetClock, SystemClock
from tests.mirror.stand import Stand

NIGHT = 2


async def deleted(stand: Stand) -> set[int]:
    rows = await stand.pool.fetch("SELECT id FROM time_entry WHERE deleted_at IS NOT NULL")
    return {row["id"] for row in rows}


async def test_a_deleted_entry_is_found_in_the_night(stand: Stand) -> None:
    project = await stand.harvest.project()
    kept, gone = [await stand.harvest.entry(project) for _ in range(2)]
    mirror = stand.mirror()
    await mirror.beat(timedelta(minutes=1))
    await stand.delete(gone)
    await mirror.sync()
    assert gone["id"] in await stand.seen()
    assert await mirror.night(NIGHT)
    await stand.assert_equal()
    assert await deleted(stand) == {gone["id"]}
    assert kept["id"] in await stand.seen()


async def test_a_deleted_project_takes_its_entries_along_for_one_question(stand: Stand) -> None:
    project = await stand.harvest.project()
    await stand.bulk(500, project, days=100)
    mirror = stand.mirror()
    await mirror.sync()
    assert (await stand.harvest.call("DELETE", f"/v2/projects/{project['id']}")).status == 200
    before = await stand.calls()
    await mirror.history.read(Silent(), first=None, reconcile=True)
    assert await stand.calls() - before < 10
    await stand.assert_equal()
    assert await stand.pool.fetchval("SELECT deleted_at FROM harvest_project WHERE id = $1", project["id"])


async def test_what_is_only_elsewhere_is_not_gone(stand: Stand) -> None:
    """An entry was moved to a day that the listing had passed."""
    project = await stand.harvest.project()
    made = await stand.bulk(30, project, days=10, last_day="2027-01-31")
    mirror = stand.mirror()
    await mirror.sync()

    async def move(number: int) -> None:
        if number == 2:
            path = f"/v2/time_entries/{made['last_id']}"
            assert (await stand.harvest.call("PATCH", path, {"spent_date": "2027-02-20"}, who="ada")).status == 200

    disturbed = stand.mirror(page=5, before=move)
    await disturbed.history.read(Silent(), first=None, reconcile=True)
    assert await deleted(stand) == set()
    await stand.assert_equal()


async def test_a_members_token_deletes_nothing_and_the_reason_is_kept(stand: Stand) -> None:
    project = await stand.harvest.project()
    entry = await stand.harvest.entry(project)
    await stand.mirror().sync()
    await stand.delete(entry)
    member = stand.mirror(await stand.harvest.token_of("bo"))
    await member.night(NIGHT)
    await member.relist([Scope(project_id=project["id"])])
    assert await deleted(stand) == set()
    for name in ("reconcile", "relist", "lists"):
        assert "is no administrator and sees only some entries" in str(await stand.problem(name))
    before = await stand.calls()
    await member.night(NIGHT)
    assert await stand.calls() == before  # what complained is not tried again before an hour is over
    await stand.mirror().relist([Scope(project_id=project["id"])], force=True)
    assert await deleted(stand) == {entry["id"]}


async def test_who_loses_sight_in_the_middle_deletes_nothing(stand: Stand) -> None:
    project = await stand.harvest.project()
    entry = await stand.harvest.entry(project)
    await stand.mirror().sync()
    await stand.delete(entry)
    client = stand.client()
    client.sights = 1  # an administrator at the first look, a member at the next
    mirror = Mirror(stand.pool, client, SystemClock())
    await mirror.relist([Scope(project_id=project["id"])])
    assert await deleted(stand) == set()
    assert await stand.problem("relist")


async def test_more_than_a_run_may_ask_for_waits_for_the_next(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "CONFIRM", 4)
    monkeypatch.setattr(reconcile, "MANY", 1000)
    project = await stand.harvest.project()
    made = await stand.bulk(10, project, days=10)
    mirror = stand.mirror(page=20)
    await mirror.beat(timedelta(minutes=1))
    for entry_id in range(made["first_id"], made["last_id"] + 1):
        await stand.delete({"id": entry_id})
    found = []
    while not await mirror.night(NIGHT):
        found.append(len(await deleted(stand)))
        assert len(found) < 10
    assert found == [4, 8]
    await stand.assert_equal()


async def test_every_night_once_and_on_after_a_day(stand: Stand) -> None:
    clock = SetClock(datetime(2026, 3, 4, 12, tzinfo=UTC))
    mirror = stand.mirror(clock=clock)
    await mirror.beat(timedelta(minutes=1))
    made = []
    for hours in (0, 13, 2, 12):
        clock.advance(hours=hours)
        before = await stand.calls()
        await mirror.night(NIGHT)
        made.append(await stand.calls() > before)
    assert made == [True, False, True, False]


async def test_hot_tickets_take_twenty_calls_at_most_and_each_gets_its_turn(stand: Stand) -> None:
    project = await stand.harvest.project()
    references = [f"desk.example.com:{number}" for number in range(60)]
    scopes = [Scope(reference=reference) for reference in references]
    hot = {}
    for reference in (references[0], references[59]):
        hot[reference] = (await stand.bulk(1, project, external_reference_id=reference))["first_id"]
    clock = SetClock(datetime.now(UTC))
    mirror = stand.mirror(clock=clock)
    await mirror.sync()
    for entry_id in hot.values():
        await stand.delete({"id": entry_id})
    runs = 0
    done: bool | None = False
    while not done:
        before = await stand.calls()
        done = await mirror.relist(scopes)
        assert await stand.calls() - before <= RELIST_CALLS
        runs += 1
        assert runs < 10
    assert await deleted(stand) == set(hot.values())
    before = await stand.calls()
    await mirror.relist(scopes)
    assert await stand.calls() == before  # nobody's turn within ten minutes
    await mirror.relist(scopes[:1], force=True)
    assert await stand.calls() - before == 2
    clock.advance(minutes=10)
    await mirror.relist(scopes)
    assert await stand.calls() - before > 2


@pytest.mark.parametrize("count", [1, 10, 10_000])
async def test_the_calls_of_a_run_do_not_grow_with_the_hot_tickets(stand: Stand, count: int) -> None:
    mirror = stand.mirror()
    before = await stand.calls()
    await mirror.relist([Scope(reference=f"desk.example.com:{number}") for number in range(count)])
    assert await stand.calls() - before <= RELIST_CALLS


async def test_a_scope_is_one_or_the_other() -> None:
    for wrong in ({}, {"project_id": 1, "reference": "desk:1"}):
        with pytest.raises(ValueError, match="a project or a reference"):
            Scope(**wrong)  # type: ignore[arg-type]


async def test_what_was_marked_wrongly_comes_back_with_the_next_listing(stand: Stand) -> None:
    project = await stand.harvest.project()
    entry = await stand.harvest.entry(project)
    mirror = stand.mirror()
    await mirror.sync()
    await stand.pool.execute("UPDATE time_entry SET deleted_at = now() WHERE id = $1", entry["id"])
    await mirror.relist([Scope(project_id=project["id"])])
    assert await deleted(stand) == set()


async def test_a_404_is_believed_to_its_user_and_to_administrators_only(stand: Stand) -> None:
    project = await stand.harvest.project()
    entries = [await stand.harvest.entry(project) for _ in range(2)]
    mirror = stand.mirror()
    await mirror.sync()
    for entry in entries:
        await stand.delete(entry)
    bo = stand.client(await stand.harvest.token_of("bo"))
    with pytest.raises(core.Denied):
        await mirror.reread(bo, entries[0]["id"])
    assert await deleted(stand) == set()
    assert await mirror.reread(stand.client(await stand.harvest.token_of("ada")), entries[0]["id"]) is None
    assert await mirror.reread(stand.client(), entries[1]["id"]) is None
    assert await deleted(stand) == {entry["id"] for entry in entries}


async def test_projects_and_assignments_that_are_gone(stand: Stand) -> None:
    project = await stand.harvest.project()
    clock = SetClock(datetime.now(UTC))
    mirror = stand.mirror(clock=clock)
    await mirror.beat(timedelta(minutes=1))
    assert (await stand.harvest.call("DELETE", f"/v2/projects/{project['id']}")).status == 200
    clock.advance(hours=1)
    await mirror.night(NIGHT)
    assert await stand.pool.fetchval("SELECT deleted_at FROM harvest_project WHERE id = $1", project["id"])
    for table in ("harvest_user_assignment", "harvest_task_assignment"):
        query = f"SELECT count(*) FROM {table} WHERE project_id = $1"
        assert await stand.pool.fetchval(query, project["id"]) == 0


class Silent:
    """Looks on without a word."""

    def step(self, done: int, of: int, rows: int, words: str) -> None:
        pass

    def waits(self, seconds: float) -> None:
        pass
