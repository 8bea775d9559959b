"""Time entries in the helpdesk's own accounting: one booking each, whatever becomes of calls and entries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.bookings import rules, store
from plugin_server.bookings.rules import Booked, Correct, Remove, Worked
from plugin_server.bookings.service import NOT_ALLOWED, SETTLES, Bookings
from plugin_server.helpdesk import base
from plugin_server.helpdesk.zammad import core
from plugin_server.helpdesk.zammad.client import Zammad
from plugin_server.manifest import Fields
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.tickets.attribution import store as attribution
from tests.demo_helpdesk.client import ADMIN, basic
from tests.helpdesk.zammad import Stand

SINCE = date(2026, 3, 1)

hours = st.integers(-100, 5000)
places = st.integers(1, 3)


@given(
    st.dictionaries(st.integers(1, 6), st.none() | hours),
    st.dictionaries(st.integers(1, 6), st.tuples(places, hours)),
    st.sampled_from(["hour", "quarter", "minute"]),
)
def test_after_the_plan_the_ticket_holds_its_entries_and_no_other_does(
    worked: dict[int, int | None], booked: dict[int, tuple[int, int]], unit: rules.Unit
) -> None:
    rows = [Booked(entry, place, entry * 10, Decimal(amount)) for entry, (place, amount) in booked.items()]
    held = {one.entry_id: one for one in rows}
    entries = [Worked(entry, amount) for entry, amount in worked.items()]
    for step in rules.plan(1, entries, [one for one in rows if one.ticket_id == 1 or one.entry_id in worked], unit):
        if isinstance(step, Remove):
            del held[step.booked.entry_id]
        elif isinstance(step, Correct):
            one = step.booked
            held[one.entry_id] = Booked(one.entry_id, one.ticket_id, one.accounting_id, step.units)
        else:
            assert step.entry_id not in held, "never booked twice"
            held[step.entry_id] = Booked(step.entry_id, 1, 0, step.units)
    here = {entry: one.units for entry, one in held.items() if one.ticket_id == 1}
    stopped = {entry: rules.units(amount, unit) for entry, amount in worked.items() if amount and amount > 0}
    running = {entry for entry, amount in worked.items() if amount is None}
    untouched = {one.entry_id: one.units for one in rows if one.ticket_id == 1 and one.entry_id in running}
    assert here == stopped | untouched
    assert all(held[entry].ticket_id == 1 for entry in worked if entry in held)


def test_amounts() -> None:
    assert rules.units(125, "quarter") == Decimal("5.00")
    assert rules.units(33, "minute") == Decimal("19.80")
    with pytest.raises(rules.TooMuch):
        rules.units(16_667, "minute")


@dataclass
class Office:
    """Deskhours' tables beside a simulated Zammad with two tickets, and entries as attribution leaves them."""

    stand: Stand
    pool: Pool
    helpdesk: Zammad
    clock: SetClock
    bookings: Bookings

    async def worked(
        self, entry: int, ticket: int | None, hours: float, day: date = SINCE, *, running: bool = False
    ) -> None:
        """The entry as it is now."""
        await self.pool.execute(
            """
            INSERT INTO time_entry (id, project_id, user_id, task_id, spent_date, hours, billable, is_running,
                is_locked, is_billed, updated_at, created_at)
            VALUES ($1, 1, 1, 1, $2, $3, true, $4, false, false, now(), now())
            ON CONFLICT (id) DO UPDATE SET hours = excluded.hours, spent_date = excluded.spent_date,
                is_running = excluded.is_running
            """,
            entry,
            day,
            round(hours * 100),
            running,
        )
        before = await self.pool.fetchval("SELECT ticket_id FROM attribution WHERE entry_id = $1", entry)
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "INSERT INTO attribution (entry_id, ticket_id, project_id, rule) VALUES ($1, $2, 1, 'reference')"
                " ON CONFLICT (entry_id) DO UPDATE SET ticket_id = excluded.ticket_id",
                entry,
                ticket,
            )
            await attribution.mark_dirty(connection, {one for one in (before, ticket) if one is not None}, set())

    async def book(self) -> list[tuple[int, str]]:
        """Everything that is due; then what stands in the helpdesk, by ticket."""
        await self.bookings.step()
        found = await self.stand.listed("time_accountings")
        return sorted((one["ticket_id"], one["time_unit"]) for one in found)

    async def fault(self, kind: str, **more: Any) -> None:
        answer = await self.stand.desk.call("POST", "/_sim/faults", {"kind": kind, "times": 1, **more})
        assert answer.status < 300, answer.data

    async def problem(self) -> str | None:
        return (await store.troubles(self.pool))[1]


@pytest.fixture
async def office(stand: Stand, make_migrated: Callable[[], str]) -> AsyncIterator[Office]:
    await stand.desk.call("PUT", "settings/101", {"state": True}, ADMIN)
    token = {"name": "Time", "permission": ["ticket.agent", "admin.time_accounting"]}
    role = await stand.write(
        "POST", "roles", {"name": "Time", "permissions": ["ticket.agent", "admin.time_accounting"]}
    )
    me = (await stand.desk.get("users/search?query=deskhours@example.com", ADMIN)).data[0]
    await stand.write("PUT", f"users/{me['id']}", {"role_ids": [*me["role_ids"], role.data["id"]]})
    made = await stand.desk.call("POST", "user_access_token", token, basic("deskhours@example.com", "pw"))
    pool = await database.connect(make_migrated())
    clock = SetClock(datetime.now(UTC))
    helpdesk = Zammad(stand.session, stand.desk.url, "", "", Fields())
    bookings = Bookings(pool, helpdesk, made.data["token"], "quarter", SINCE, clock)
    yield Office(stand, pool, helpdesk, clock, bookings)
    for one in await stand.listed("time_accountings"):
        await stand.write("DELETE", f"time_accountings/{one['id']}")
    await pool.close()


async def test_each_entry_is_booked_and_follows_its_corrections(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    await office.worked(2, 1, 1.25)
    await office.worked(3, 1, 8, day=SINCE - timedelta(days=1))
    await office.worked(4, None, 2)
    assert await office.book() == [(1, "2.0"), (1, "5.0")]
    await office.worked(1, 1, 0.75)
    await office.worked(2, 2, 1.25)
    assert await office.book() == [(1, "3.0"), (2, "5.0")]
    await office.worked(2, None, 1.25)
    assert await office.book() == [(1, "3.0")]
    assert await office.bookings.step() == 0, "nothing is due any more"


async def test_a_booking_stays_while_its_entrys_timer_runs_again(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    await office.worked(2, 1, 0.25, running=True)
    assert await office.book() == [(1, "2.0")], "what has never stopped is not booked yet"
    (before,) = await office.stand.listed("time_accountings")
    await office.worked(1, 1, 0.6, running=True)
    assert await office.book() == [(1, "2.0")]
    await office.worked(1, 1, 0.75)
    assert await office.book() == [(1, "3.0")]
    (after,) = await office.stand.listed("time_accountings")
    assert (after["id"], after["created_at"]) == (before["id"], before["created_at"]), "the same booking"
    await office.worked(1, 2, 0.75, running=True)
    assert await office.book() == [], "running it was moved: it is booked where it stops"


@pytest.mark.parametrize(("kind", "more"), [("drop_after", {}), ("drop_before", {}), ("status", {"status": 502})])
async def test_a_call_of_unknown_outcome_ends_in_one_booking(office: Office, kind: str, more: dict[str, Any]) -> None:
    await office.worked(1, 1, 0.5)
    await office.fault(kind, match="POST /api/v1/tickets/*/time_accountings", **more)
    await office.book()
    assert await office.problem() is not None
    office.clock.advance(seconds=5)
    assert len(await office.book()) == (1 if kind == "drop_after" else 0), "not tried again before it is known"
    office.clock.advance(seconds=SETTLES.total_seconds() * 2)
    assert await office.book() == [(1, "2.0")]
    assert await office.problem() is None


async def test_what_somebody_else_booked_is_not_taken_for_ours(office: Office) -> None:
    await office.stand.write("POST", "tickets/1/time_accountings", {"time_unit": "2.0"})
    await office.worked(1, 1, 0.5)
    await office.fault("drop_before", match="POST /api/v1/tickets/*/time_accountings")
    await office.book()
    office.clock.advance(seconds=SETTLES.total_seconds() + 1)
    assert await office.book() == [(1, "2.0"), (1, "2.0")]


async def test_a_booking_that_somebody_took_out_is_made_again_when_its_entry_changes(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    await office.book()
    (made,) = await office.stand.listed("time_accountings")
    await office.stand.write("DELETE", f"time_accountings/{made['id']}")
    await office.worked(1, 1, 1)
    assert await office.book() == [(1, "4.0")]


async def test_a_ticket_that_is_gone_takes_its_bookings_along(office: Office) -> None:
    await office.worked(1, 9999, 0.5)
    assert await office.book() == []
    assert await office.bookings.step() == 0


async def test_a_change_that_comes_while_it_is_booked_is_not_lost(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    (due,) = await store.due(office.pool, office.clock.now(), 10)
    await office.worked(1, 1, 1)
    await store.done(office.pool, due)
    assert await office.book() == [(1, "4.0")]


async def test_without_the_permission_it_says_so(office: Office) -> None:
    plain = Bookings(office.pool, office.helpdesk, office.stand.service, "hour", SINCE, office.clock)
    await office.worked(1, 1, 0.5)
    await plain.step()
    await office.worked(1, 1, 1)
    await plain.step()
    assert await office.problem() == NOT_ALLOWED


async def test_two_workers_book_once(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    async with office.pool.acquire() as connection:
        assert await store.begin(connection)
        assert await office.bookings.step() == 0, "another worker is at it"
        await store.end(connection)
    assert await office.book() == [(1, "2.0")]


async def test_what_the_helpdesk_refuses_is_said_and_forgotten(office: Office) -> None:
    await office.worked(1, 1, 0.5)
    await office.fault("status", match="POST /api/v1/tickets/*/time_accountings", status=422)
    await office.book()
    assert await office.problem()
    office.clock.advance(seconds=10)
    assert await office.book() == [(1, "2.0")], "a clear no need not be looked up"


def test_accounted_time_is_read_as_zammad_writes_it() -> None:
    row = {"id": 4, "time_unit": "15.0", "created_by_id": 6, "created_at": "2026-03-02T10:00:00.000Z"}
    assert core.accounted(row) == base.AccountedTime(4, Decimal("15.0"), 6, datetime(2026, 3, 2, 10, tzinfo=UTC))
