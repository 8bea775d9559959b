"""Timers step by step: answers that are lost, calls that come late, clocks that disagree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import NotConnected
from plugin_server.harvest import core, wire
from plugin_server.mirror import store as mirror_store
from plugin_server.mirror.service import Mirror
from plugin_server.runtime import database
from plugin_server.runtime.caller import Caller
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from plugin_server.timers import rules, store
from plugin_server.timers.outbox import TimerOutbox
from plugin_server.timers.service import Timers

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
TICKET, PROJECT, TASK, ADA = 1, 4001, 5001, 2001
REFERENCE = "desk.example.com:1"


@dataclass
class Harvest:
    """Harvest's timers by its own clock. ``faults`` are raised by the next calls, after the write or, with ``lost``,
    instead of it."""

    clock: SetClock
    ahead: timedelta = timedelta()
    entries: dict[int, wire.TimeEntry] = field(default_factory=dict)
    faults: list[Exception] = field(default_factory=list)
    lost: bool = False

    @property
    def now(self) -> datetime:
        return self.clock.now() + self.ahead

    def show(self, entry_id: int) -> wire.TimeEntry:
        """As a reply would have it: with the running part."""
        found = self.entries.get(entry_id)
        if found is None:
            raise core.Missing("Not found")
        shown = wire.TimeEntry(**{name: getattr(found, name) for name in found.__struct_fields__})
        shown.hours_without_timer = found.hours
        if found.is_running and found.timer_started_at:
            shown.hours = found.hours + rules.hours_between(found.timer_started_at, self.now)
        return shown

    async def _call(self, write: Callable[[], int]) -> wire.TimeEntry:
        fault = self.faults.pop(0) if self.faults else None
        if fault and self.lost:
            raise fault
        entry_id = write()
        if fault:
            raise fault
        return self.show(entry_id)

    def make(self, new: wire.NewTimeEntry) -> int:
        """Write an entry, also long after who asked for it has given up."""
        running = new.hours is None and new.ended_time is None
        if running:
            self._stop_running()
        entry_id = 501 + len(self.entries)
        self.entries[entry_id] = wire.TimeEntry(
            id=entry_id,
            spent_date=new.spent_date,
            user=wire.Ref(ADA),
            client=wire.Ref(1),
            project=wire.Ref(new.project_id),
            task=wire.Ref(new.task_id),
            hours=new.hours or Decimal(0),
            updated_at=self.now,
            created_at=self.now,
            notes=new.notes,
            external_reference=new.external_reference,
            is_running=running,
            timer_started_at=self.now if running else None,
        )
        return entry_id

    def _stop_running(self) -> None:
        for entry_id, entry in self.entries.items():
            if entry.is_running:
                self.stop(entry_id)

    def stop(self, entry_id: int) -> int:
        entry = self.entries[entry_id]
        if not entry.is_running:
            raise core.Refused("The time entry is not running")
        entry.hours = self.show(entry_id).hours
        entry.is_running, entry.timer_started_at, entry.updated_at = False, None, self.now
        return entry_id

    def restart(self, entry_id: int) -> int:
        self._stop_running()
        entry = self.entries[entry_id]
        entry.is_running, entry.timer_started_at, entry.updated_at = True, self.now, self.now
        return entry_id

    async def me(self) -> wire.User:
        return wire.User(ADA, "Ada", "Agent", "ada@example.com")

    async def create_time_entry(self, new: wire.NewTimeEntry) -> wire.TimeEntry:
        return await self._call(lambda: self.make(new))

    async def stop_time_entry(self, entry_id: int) -> wire.TimeEntry:
        return await self._call(lambda: self.stop(entry_id))

    async def restart_time_entry(self, entry_id: int) -> wire.TimeEntry:
        return await self._call(lambda: self.restart(entry_id))

    async def change_time_entry(self, entry_id: int, change: wire.TimeEntryChange) -> wire.TimeEntry:
        entry = self.entries[entry_id]
        if isinstance(change.hours, Decimal):
            entry.hours = change.hours
        entry.updated_at = self.now
        return self.show(entry_id)

    async def delete_time_entry(self, entry_id: int) -> None:
        del self.entries[entry_id]

    async def time_entry(self, entry_id: int) -> wire.TimeEntry:
        return self.show(entry_id)

    async def time_entries(self, **_filters: Any) -> AsyncIterator[wire.TimeEntryPage]:
        yield wire.TimeEntryPage([self.show(entry_id) for entry_id in self.entries], wire.Links())


@dataclass
class Tokens:
    harvest: Harvest
    broken: bool = False
    substitutes: bool = False

    async def usable_since(self, _agent_id: int, _instant: datetime) -> bool:
        return not self.broken

    async def for_agent(self, _agent_id: int, call: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.broken:
            raise NotConnected("harvest")
        return await call(self.harvest)


class Helpdesk:
    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        return f"https://desk.example.com/?deskhours={log_id}#ticket/zoom/{ticket_id}"


class Tickets:
    def reference(self, _ticket_id: int) -> str:
        return REFERENCE

    async def require(self, _caller: Caller, _ticket_id: int) -> Any:
        return type("Ticket", (), {"project_id": PROJECT})

    async def titles(self, _caller: Caller, _ticket_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        return {}

    async def tracking(self, _caller: Caller, _ticket: Any) -> Any:
        task = mirror_store.Task(TASK, "Support", billable=True)
        return type("Tracking", (), {"obstacle": None, "tasks": [task], "refusal": lambda *_: None})()


@dataclass
class Bench:
    pool: Pool
    clock: SetClock
    harvest: Harvest
    tokens: Tokens
    timers: Timers
    outbox: TimerOutbox
    caller: Caller

    async def start(self) -> UUID:
        return (await self.timers.start(self.caller, TICKET, str(TASK), "")).id

    async def read(self, timer: UUID) -> store.Timer:
        found = await store.rows.get(self.pool, timer)
        assert found
        return found

    async def go(self, timer: UUID, state: str) -> None:
        """Let the worker try, as often as it is due, until the timer is in the state."""
        for _try in range(6):
            if (await self.read(timer)).state == state:
                return
            await self.outbox.step(str(timer))
            self.clock.advance(seconds=20)
        assert (await self.read(timer)).state == state

    def pass_time(self, **amount: float) -> None:
        self.clock.advance(**amount)

    def hours(self) -> list[Decimal]:
        return [self.harvest.show(entry_id).hours for entry_id in self.harvest.entries]


@pytest.fixture
async def bench(make_migrated: Callable[[], str]) -> AsyncIterator[Bench]:
    pool = await database.connect(make_migrated())
    agent = await accounts_store.upsert_agent(pool, 3, "Ada Agent", "ada@example.com", NOW)
    async with pool.acquire() as connection:
        await accounts_store.set_harvest_user(connection, agent.id, ADA, "UTC")
        company = wire.Company(base_uri="https://acme.harvestapp.com", wants_timestamp_timers=False)
        await mirror_store.write_company(connection, company)
    clock = SetClock(NOW)
    harvest = Harvest(clock)
    tokens, tickets = Tokens(harvest), cast(Any, Tickets())
    mirror = Mirror(pool, cast(Any, harvest), clock)
    timers = Timers(pool, tickets, mirror, NullQueue(), clock, timedelta(hours=8))
    outbox = TimerOutbox(
        pool, tickets, mirror, cast(Any, Helpdesk()), cast(Any, tokens), NullQueue(), clock, request_seconds=2
    )
    caller = Caller(agent.id, UUID(int=1), "Ada Agent", "ada@example.com", 3, ADA, ZoneInfo("UTC"))
    yield Bench(pool, clock, harvest, tokens, timers, outbox, caller)
    await pool.close()


@pytest.mark.parametrize("lost", [True, False])
async def test_a_lost_answer_to_start_makes_one_entry(bench: Bench, lost: bool) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("gone")], lost
    timer = await bench.start()
    await bench.go(timer, "running")
    assert len(bench.harvest.entries) == 1


@pytest.mark.parametrize("lost", [True, False])
async def test_a_lost_answer_to_continue_restarts_the_same_entry(bench: Bench, lost: bool) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    bench.harvest.faults, bench.harvest.lost = [core.Faulty("500")], lost
    assert await bench.start() == timer
    await bench.go(timer, "running")
    assert [entry.is_running for entry in bench.harvest.entries.values()] == [True]


@pytest.mark.parametrize("lost", [True, False])
async def test_a_lost_answer_to_stop_counts_the_right_hours(bench: Bench, lost: bool) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(minutes=30)
    before = (await bench.read(timer)).start_wanted_at
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("gone")], lost
    worked = rules.hours_between(before, bench.clock.now())
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    [hours] = bench.hours()
    assert abs(hours - worked) <= Decimal("0.01")


async def test_an_hour_without_harvest_costs_no_minute(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")] * 3, True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=20)
    await bench.outbox.step(str(timer))
    assert (await bench.read(timer)).state == "starting"
    bench.pass_time(minutes=20)
    bench.harvest.faults = []
    await bench.outbox.step(str(timer))
    assert (await bench.read(timer)).state == "running"  # Harvest counts from here, the person for forty minutes
    bench.pass_time(minutes=20)
    bench.harvest.faults = [core.NotReached("away")]
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=45)
    await bench.outbox.step(str(timer))
    assert (await bench.read(timer)).state == "stopped"
    assert bench.hours() == [Decimal("1.00")]


async def test_a_run_that_harvest_never_heard_of_becomes_an_entry_all_the_same(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")] * 9, True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=30)
    await bench.timers.change(bench.caller, timer, "stop")
    bench.pass_time(minutes=30)
    bench.harvest.faults = []
    await bench.go(timer, "stopped")
    assert bench.hours() == [Decimal("0.50")]
    [entry] = bench.harvest.entries.values()
    assert (entry.is_running, entry.spent_date) == (False, date(2026, 3, 4))


async def test_a_press_by_mistake_leaves_nothing(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")], True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(seconds=3)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "failed")
    assert bench.harvest.entries == {}


async def test_another_clock_in_harvest_changes_no_hours(bench: Bench) -> None:
    bench.harvest.ahead = timedelta(minutes=17)
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=30)
    view = await bench.timers.look(bench.caller, timer)
    assert view.since == NOW
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.outbox.step(str(timer))
    assert bench.hours() == [Decimal("0.50")]


async def test_who_changes_the_hours_in_harvest_while_it_runs_has_the_last_word(bench: Bench) -> None:
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    [entry] = bench.harvest.entries.values()
    bench.pass_time(minutes=30)
    entry.hours, entry.timer_started_at = Decimal("3.00"), bench.harvest.now  # typed over there
    await bench.timers.change(bench.caller, timer, "stop")
    bench.pass_time(minutes=10)
    await bench.outbox.step(str(timer))
    assert bench.hours() == [Decimal("3.17")]


async def test_stop_while_start_is_still_out_stops_what_comes_of_it(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("slow")], False
    timer = await bench.start()
    await bench.outbox.step(str(timer))  # the entry runs, and nobody knows
    bench.pass_time(seconds=2)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    assert [entry.is_running for entry in bench.harvest.entries.values()] == [False]


async def test_a_start_carried_out_after_the_look_up_adds_no_minute_and_keeps_running(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("slow")], True
    timer = await bench.start()
    await bench.go(timer, "running")
    [first] = bench.harvest.entries.values()
    bench.pass_time(minutes=1)
    bench.harvest.make(_again(first))  # the first call after all: it stops the second one's entry
    bench.pass_time(minutes=29)
    await bench.outbox.sweep()
    assert (await bench.read(timer)).state == "running"
    view = await bench.timers.look(bench.caller, timer)
    assert len(view.entries) == 2
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    assert not any(entry.is_running for entry in bench.harvest.entries.values())
    assert abs(sum(bench.hours()) - Decimal("0.50")) <= Decimal("0.02")


async def test_a_start_carried_out_after_stop_is_taken_back(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("slow")], True
    timer = await bench.start()
    await bench.go(timer, "running")
    [first] = bench.harvest.entries.values()
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    hours = bench.hours()
    bench.harvest.make(_again(first))
    bench.pass_time(minutes=5)
    await bench.outbox.sweep()
    assert (bench.hours(), [entry.is_running for entry in bench.harvest.entries.values()]) == (hours, [False])


async def test_an_entry_deleted_in_harvest_is_said_and_ends_the_timer(bench: Bench) -> None:
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.harvest.entries.clear()
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "failed")
    assert "deleted" in ((await bench.read(timer)).problem or "")


async def test_a_broken_grant_leaves_the_timer_to_be_stopped_again(bench: Bench) -> None:
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.tokens.broken = True
    bench.pass_time(minutes=30)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.outbox.step(str(timer))
    found = await bench.read(timer)
    assert (found.state, found.problem_code) == ("attention", "reconnect")
    await bench.outbox.sweep()
    assert (await bench.read(timer)).state == "attention"
    bench.tokens.broken = False
    bench.pass_time(minutes=30)
    await bench.outbox.sweep()  # connected again
    await bench.go(timer, "stopped")
    assert bench.hours() == [Decimal("0.50")]  # the half hour that was worked


async def test_two_workers_make_one_entry(bench: Bench) -> None:
    timer = await bench.start()
    first = await store.rows.claim(bench.pool, timer, ["starting"], NOW, timedelta(seconds=5))
    assert first is not None
    await bench.outbox.step(str(timer))
    assert bench.harvest.entries == {}  # the other one is at it
    bench.pass_time(seconds=6)  # and is gone
    await bench.go(timer, "running")
    assert len(bench.harvest.entries) == 1


async def test_continue_on_another_day_gets_an_entry_of_its_own(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    bench.pass_time(hours=20)
    await bench.start()
    await bench.go(timer, "running")
    days = [entry.spent_date for entry in bench.harvest.entries.values()]
    assert days == [date(2026, 3, 4), date(2026, 3, 5)]


@pytest.mark.parametrize(("age", "hours"), [(timedelta(minutes=45), "0.25"), (timedelta(days=1), "1.00")])
async def test_a_log_that_arrives_late_stops_it_as_of_then_unless_that_can_not_be(
    bench: Bench, age: timedelta, hours: str
) -> None:
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(hours=1)
    async with bench.pool.acquire() as connection, connection.transaction():
        await bench.timers.hold(connection, bench.caller, timer, UUID(int=7), "", bench.clock.now() - age)
    await bench.outbox.step(str(timer))
    assert bench.hours() == [Decimal(hours)]


async def test_a_timer_past_midnight_says_so_and_asks(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(hours=13)
    view = await bench.timers.look(bench.caller, timer)
    assert (view.midnight, view.forgotten) == (True, True)
    await bench.timers.still_meant(bench.caller, timer)
    assert not (await bench.timers.look(bench.caller, timer)).forgotten


def _again(entry: wire.TimeEntry) -> wire.NewTimeEntry:
    return wire.NewTimeEntry(
        project_id=PROJECT,
        task_id=TASK,
        spent_date=entry.spent_date,
        notes=entry.notes,
        external_reference=entry.external_reference,
    )


async def test_an_outage_after_a_lost_start_costs_no_minute(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("gone")] + [core.NotReached("away")] * 2, True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    for _try in range(2):
        bench.pass_time(minutes=25)
        await bench.outbox.step(str(timer))
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=1)
    await bench.outbox.step(str(timer))
    assert (await bench.read(timer)).state == "running"
    worked = rules.hours_between(NOW, bench.clock.now())
    bench.pass_time(minutes=9)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    assert abs(bench.hours()[0] - worked - Decimal("0.15")) <= Decimal("0.02")


async def test_a_lost_call_of_one_run_does_not_date_the_next(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(minutes=30)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("gone")], True
    await bench.start()
    await bench.outbox.step(str(timer))
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    before = sum(bench.hours())
    bench.pass_time(hours=3)
    await bench.start()
    await bench.go(timer, "running")
    begun = (await bench.read(timer)).start_wanted_at
    bench.pass_time(minutes=30)
    worked = rules.hours_between(begun, bench.clock.now())
    await bench.timers.change(bench.caller, timer, "stop")
    bench.pass_time(minutes=5)
    await bench.go(timer, "stopped")
    assert abs(sum(bench.hours()) - before - worked) <= Decimal("0.02")


async def test_a_continue_that_is_refused_leaves_what_was_counted_to_be_logged(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(minutes=30)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    bench.tokens.broken = True
    await bench.start()
    await bench.outbox.step(str(timer))
    found = await bench.read(timer)
    assert (found.state, found.problem_code) == ("stopped", "reconnect")
    assert len((await bench.timers.look(bench.caller, timer)).entries) == 1


async def test_a_start_refused_long_after_it_was_pressed_says_what_is_missing(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away"), core.Refused("The project is locked")], True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=45)
    await bench.go(timer, "failed")
    assert "0.75 h" in ((await bench.read(timer)).problem or "")


async def test_no_minute_counts_twice_when_harvest_learns_late_of_another_start(bench: Bench) -> None:
    """Twenty minutes on the one, then on the other, of which Harvest hears twenty minutes later."""
    first = await bench.start()
    await bench.go(first, "running")
    begun = (await bench.read(first)).start_wanted_at
    bench.pass_time(minutes=20)
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")] * 2, True
    second = (await bench.timers.start(bench.caller, 2, str(TASK), "")).id
    pressed = bench.clock.now()
    await bench.outbox.step(str(first))
    await bench.outbox.step(str(second))
    bench.pass_time(minutes=20)
    await bench.go(second, "running")
    await bench.go(first, "stopped")
    bench.pass_time(minutes=20)
    ended = bench.clock.now()
    await bench.timers.change(bench.caller, second, "stop")
    await bench.go(second, "stopped")
    one, other = bench.hours()
    assert abs(one - rules.hours_between(begun, pressed)) <= Decimal("0.02")
    assert abs(other - rules.hours_between(pressed, ended)) <= Decimal("0.02")


async def test_of_two_starts_that_harvest_hears_of_late_both_count_what_they_were(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")] * 2, True
    first = await bench.start()
    await bench.outbox.step(str(first))
    bench.pass_time(minutes=20)
    second = (await bench.timers.start(bench.caller, 2, str(TASK), "")).id
    await bench.outbox.step(str(second))
    bench.harvest.faults = []
    bench.pass_time(minutes=10)
    await bench.go(second, "running")
    await bench.go(first, "stopped")
    bench.pass_time(minutes=20)
    await bench.timers.change(bench.caller, second, "stop")
    await bench.go(second, "stopped")
    view = await bench.timers.look(bench.caller, first)
    assert abs(view.hours - Decimal("0.33")) <= Decimal("0.02")


async def test_stopped_in_harvest_after_a_late_start_still_counts_from_the_press(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")], True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(minutes=40)
    await bench.go(timer, "running")
    [entry] = bench.harvest.entries
    bench.pass_time(minutes=20)
    bench.harvest.stop(entry)
    await bench.timers._mirror.reread(cast(Any, bench.harvest), entry)  # the next sync sees it
    await bench.outbox.notice()
    await bench.go(timer, "stopped")
    assert abs(bench.hours()[0] - Decimal("1.00")) <= Decimal("0.03")


async def test_who_stops_and_corrects_it_in_harvest_is_not_overruled(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(minutes=60)
    bench.harvest.faults, bench.harvest.lost = [core.NotReached("away")], True
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.outbox.step(str(timer))
    [entry] = bench.harvest.entries
    bench.harvest.stop(entry)
    bench.harvest.entries[entry].hours = Decimal("0.75")
    bench.pass_time(minutes=30)
    await bench.go(timer, "stopped")
    assert bench.hours() == [Decimal("0.75")]


async def test_a_restart_carried_out_after_stop_is_taken_back(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    bench.pass_time(minutes=30)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    before = bench.hours()
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("slow")], True
    await bench.start()
    await bench.outbox.step(str(timer))
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    [entry] = bench.harvest.entries
    bench.harvest.restart(entry)  # the lost call after all
    bench.pass_time(minutes=4)
    await bench.timers._mirror.reread(cast(Any, bench.harvest), entry)
    await bench.outbox.sweep()
    assert (bench.hours(), bench.harvest.entries[entry].is_running) == (before, False)
    assert (await bench.read(timer)).state == "stopped"


async def test_a_start_carried_out_after_it_was_too_short_is_taken_back(bench: Bench) -> None:
    bench.harvest.faults, bench.harvest.lost = [core.NoAnswer("slow")], True
    timer = await bench.start()
    await bench.outbox.step(str(timer))
    bench.pass_time(seconds=3)
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "failed")
    mark = f"https://desk.example.com/?deskhours={rules.mark(timer, 1)}#ticket/zoom/1"
    late = wire.NewTimeEntry(
        project_id=PROJECT,
        task_id=TASK,
        spent_date=NOW.date(),
        external_reference=wire.ExternalReference(id=REFERENCE, permalink=mark),
    )
    bench.harvest.make(late)
    bench.pass_time(minutes=2)
    await bench.outbox.sweep()
    assert bench.harvest.entries == {}


async def test_a_timer_that_a_log_holds_is_not_revived_by_a_restart_in_harvest(bench: Bench) -> None:
    timer = await bench.start()
    await bench.go(timer, "running")
    await bench.timers.change(bench.caller, timer, "stop")
    await bench.go(timer, "stopped")
    async with bench.pool.acquire() as connection, connection.transaction():
        await bench.timers.hold(connection, bench.caller, timer, UUID(int=7), "", bench.clock.now())
    [entry] = bench.harvest.entries
    bench.harvest.restart(entry)
    await bench.timers._mirror.reread(cast(Any, bench.harvest), entry)
    await bench.outbox.notice()
    assert (await bench.read(timer)).state == "stopped"
