"""Which crossings become alerts, as figures come and go over a database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from plugin_server.alerts import words
from plugin_server.alerts.store import Alert
from plugin_server.budgets.notices.service import Notices
from plugin_server.budgets.rules import Thresholds
from plugin_server.runtime import i18n
from plugin_server.runtime.database import Pool
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.attribution import store as attribution_store
from tests.alerts.office import ADA, MO, Office
from tests.tickets.test_attribution import PREFIX, seen


async def test_each_level_is_told_once_and_again_after_falling_below(office: Office) -> None:
    await office.opened()
    await office.worked(6)
    assert await office.look() == []
    await office.worked(1.5)
    assert await office.look() == ["yellow"]
    assert await office.look() == []
    await office.worked(1.8)
    assert await office.look() == ["orange"]
    await office.entry_deleted()
    await office.pool.execute("INSERT INTO dirty_ticket (ticket_id) VALUES (1) ON CONFLICT DO NOTHING")
    assert await office.look() == []
    await office.worked(2.5)
    assert await office.look() == ["red"], "exactly the budget: used up, and not locked"


async def test_a_jump_tells_the_highest(office: Office) -> None:
    await office.opened()
    await office.worked(9.6)
    assert await office.look() == ["orange"]
    row = await office.pool.fetchrow("SELECT percent, used, budget, source FROM alert")
    assert tuple(row) == (96, 960, 1000, "ticket")


async def test_a_lock_sends_its_own_note_and_nothing_else(office: Office) -> None:
    await office.opened()
    await office.worked(11)
    assert await office.look() == []
    [told] = await office.told()
    assert told.startswith("This ticket's budget is used up")
    assert await office.rows() == []
    # A project manager opens it: it is where it was.
    await office.ticket(budget_hours="10", pm="mo", owner_id=ADA, title="Oven")
    await office.pool.execute(
        "INSERT INTO budget_event (ticket_id, at, kind, ceiling) VALUES (1, $1, 'unlocked', 2000)", office.clock.now()
    )
    await office.budgets.recompute_now(1)
    assert await office.look() == []
    assert not (await office.row()).locked


async def test_a_lock_between_two_looks_counts_as_well(office: Office) -> None:
    await office.opened()
    await office.worked(11)
    assert (await office.row()).locked
    await office.pool.execute(
        "INSERT INTO budget_event (ticket_id, at, kind, ceiling) VALUES (1, $1, 'unlocked', 2000)", office.clock.now()
    )
    await office.budgets.recompute_now(1)
    assert await office.look() == []


async def test_what_was_there_before_is_told_to_nobody(office: Office) -> None:
    await office.project()
    await office.ticket(budget_hours="10")
    await office.worked(7.6)
    assert await office.look() == [], "never seen before"
    await office.worked(1.6)
    assert await office.look() == [], "Harvest has not been listed to its end"
    await office.opened()
    assert await office.levels() == []
    await office.worked(0.8)
    assert await office.look() == ["red"]


async def test_an_import_of_history_is_told_to_nobody(office: Office) -> None:
    await office.opened()
    await office.worked(9.5, days_ago=40)
    assert await office.look() == []
    await office.worked(0.5)
    assert await office.look() == ["red"]


async def test_a_restored_backup_tells_nothing_twice(office: Office) -> None:
    """What docs/operate.md says to do before anything is started."""
    await office.opened()
    await office.worked(7.6)
    assert await office.look() == ["yellow"]
    await office.pool.execute("DELETE FROM alert")  # after the backup
    await office.pool.execute("UPDATE alert_seen SET band = 'green'")
    await office.pool.execute("UPDATE sync_state SET succeeded_at = $1", office.clock.now())
    await office.pool.execute("DELETE FROM alert_start")
    assert await office.look() == [], "Harvest has not been read since"
    await office.worked(1.6)
    assert await office.look() == [], "nor now"
    await office.pool.execute("UPDATE sync_state SET succeeded_at = $1", office.clock.now())
    assert await office.look() == []
    await office.worked(0.8)
    assert await office.look() == ["red"]


async def test_a_budget_that_is_new_tells_nothing_one_that_is_lowered_does(office: Office) -> None:
    await office.opened(budget_hours="")
    await office.worked(9, days_ago=20)
    assert await office.look() == []
    for hours, told in (("10", []), ("100", []), ("9.5", ["orange"]), ("20", []), ("9", ["red"])):
        await office.pool.execute("UPDATE ticket_budget SET accepted_budget = $1", hours)
        await office.budgets.recompute_now(1)
        assert await office.look() == told, hours


async def test_a_project_that_is_linked_anew_tells_nothing(office: Office) -> None:
    await office.opened(project="")
    await office.ticket(budget_hours="10", project="1", owner_id=ADA)
    await office.worked(9.2)
    assert await office.look() == []
    await office.worked(0.8)
    assert await office.look() == ["red"]


async def test_manager_and_agent_are_told_once_each(office: Office) -> None:
    await office.opened()
    await office.worked(8)
    await office.look()
    assert [row[:3] for row in await office.rows()] == [("desktop", MO, "queued"), ("desktop", ADA, "queued")]


async def test_who_is_both_is_told_once(office: Office) -> None:
    await office.opened(owner_id=MO)
    await office.worked(8)
    await office.look()
    assert [row[:2] for row in await office.rows()] == [("desktop", MO)]


async def test_while_nobody_knows_who_is_told_the_alert_waits(office: Office) -> None:
    await office.opened(pm="zoe")
    office.desk.away = True
    await office.worked(8)
    assert await office.look() == ["yellow"]
    assert await office.rows() == []
    office.desk.away = False
    office.clock.advance(minutes=1)
    await office.look()
    assert [row[:2] for row in await office.rows()] == [("desktop", MO), ("desktop", ADA)], (
        "zoe is nobody: all managers"
    )


def notices(office: Office) -> Notices:
    return Notices(
        office.pool,
        office.desk,  # type: ignore[arg-type]
        "",
        office.managers,
        office._intake,
        "https://hours.example.com",
        "en",
        office.clock,
    )


async def test_the_note_mentions_both_and_stands_in_the_ticket_once(office: Office) -> None:
    await office.opened()
    await office.worked(9.2)
    await office.look()
    office.desk.drop_after_note = 1
    await notices(office).step()
    office.clock.advance(seconds=5)
    await notices(office).step()
    [(ticket, note)] = office.desk.notes
    assert ticket == 1
    assert f'data-mention-user-id="{MO}"' in note
    assert f'data-mention-user-id="{ADA}"' in note
    assert "The ticket&#39;s budget is 92 % used: 9.20 of 10.00 h." in note
    state = await office.pool.fetchval("SELECT state FROM budget_notice WHERE kind = 'alert'")
    assert state == "sent"


async def test_looking_waits_for_nobody_who_computes(office: Office, pool: Pool) -> None:
    await office.opened()
    await office.worked(8)
    await office._attribute.run()
    await office.budgets.recompute_now(1)  # one look is due already
    async with pool.acquire() as connection:
        change = connection.transaction()
        await change.start()
        await connection.execute("SELECT FROM ticket_budget FOR UPDATE")
        async with asyncio.timeout(5):
            await office.alerts.judging.step()
        await office.budgets.compute(connection, [1])
        await change.commit()
    assert await office.look() == []
    assert await office.levels() == ["yellow"]


async def test_two_workers_tell_once(office: Office, pool: Pool) -> None:
    await office.opened()
    await office.worked(8)
    await office._attribute.run()
    await office.budgets.recompute()
    other = office.built()
    await office.alerts.judging.step()
    await other.judging.step()
    assert await office.levels() == ["yellow"]
    assert len(await office.rows()) == 2
    assert await pool.fetchval("SELECT count(*) FROM budget_notice") == 1


def test_a_title_is_one_line() -> None:
    title = words.one_line("Oven\r\nBcc: eve@example.com\u2028\x00" + "x" * 200)
    assert len(title) == words.TITLE
    assert title.startswith("Oven Bcc: eve@example.com xxx")
    assert title.isprintable()


async def test_bands_that_begin_elsewhere_swallow_no_crossing(office: Office) -> None:
    await office.opened()
    await office.worked(6)
    assert await office.look() == []
    bands = Thresholds(Decimal(50), Decimal(92), Decimal(100))
    office.budgets.policy = replace(office.budgets.policy, thresholds=bands)
    office.alerts = office.built()  # started again with another manifest
    assert await office.look() == [], "nobody has worked: it is yellow by the new bands alone"
    await office.worked(3.5)
    assert await office.look() == ["orange"]


@pytest.mark.parametrize("ends_on", [None, date(2026, 9, 25)], ids=["no_pace", "pace"])
@pytest.mark.parametrize("source", ["ticket", "project"])
def test_a_note_that_was_stored_is_retold_whole(source: str, ends_on: date | None) -> None:
    alert = Alert(UUID(int=1), 1, "orange", source, 92, 120_000, 130_000, ends_on, datetime(2026, 9, 1, tzinfo=UTC))
    stored = words.note(alert)
    with i18n.speaking("de"):
        assert i18n.retold(stored) == words.note(alert) != stored


async def test_old_hours_that_somebody_assigns_today_are_told(office: Office, pool: Pool) -> None:
    await office.opened()
    await office.worked(9.5, days_ago=40)
    await pool.execute("UPDATE time_entry SET project_id = 2")
    assert await office.look() == []
    await attribution_store.assign(pool, 1, 1, 1, office.clock.now())
    assert await office.look() == ["orange"]


async def test_old_hours_that_come_by_a_merge_are_told(office: Office, pool: Pool) -> None:
    await office.opened()
    await office.worked(9.5, days_ago=40)
    await pool.execute("UPDATE time_entry SET project_id = 2, external_id = $1", f"{PREFIX}2")
    other = replace(seen(2, "", 1), updated_at=office.clock.now())
    async with pool.acquire() as connection, connection.transaction():
        await tickets_store.upsert(connection, other, None, office.clock.now())
    assert await office.look() == []
    async with pool.acquire() as connection, connection.transaction():
        await tickets_store.merge(connection, 2, 1)
        await attribution_store.due(connection, "ticket", [2])
    assert await office.look() == ["orange"]
