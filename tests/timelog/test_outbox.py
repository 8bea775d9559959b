"""The outbox, step by step: what two workers, a lost answer or a helpdesk that is away must not do to a log."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.tokens import CannotRefresh, NotConnected
from plugin_server.harvest import core, limiter, wire
from plugin_server.helpdesk import base
from plugin_server.mirror.service import Mirror
from plugin_server.outbox.service import BUSY
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.errors import Conflict
from plugin_server.runtime.queue import NullQueue
from plugin_server.timelog import rules, store
from plugin_server.timelog.outbox import DRAIN_JOB, WATCH_JOB, LogOutbox
from plugin_server.timelog.rules import Entry, HoursRule
from plugin_server.timelog.service import TimeLog
from plugin_server.timers.service import Timers

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY = date(2026, 3, 4)
TICKET = 1
ADA_IN_HELPDESK, ADA_IN_HARVEST = 3, 2001


@dataclass
class Harvest:
    """Harvest as far as the outbox calls it; `fault` is raised after the write, or before it with `lost`."""

    entries: list[wire.TimeEntry] = field(default_factory=list)
    fault: Exception | None = None
    lost: bool = False
    before_write: Callable[[], Awaitable[object]] | None = None

    async def create_time_entry(self, new: wire.NewTimeEntry) -> wire.TimeEntry:
        await limiter.admit(limiter.UNLIMITED, "person")  # as the real client; the turn was reserved
        fault, self.fault = self.fault, None
        if self.before_write:
            hook, self.before_write = self.before_write, None
            await hook()
        if fault and self.lost:
            raise fault
        made = wire.TimeEntry(
            id=501 + len(self.entries),
            spent_date=new.spent_date,
            user=wire.Ref(ADA_IN_HARVEST),
            client=wire.Ref(1),
            project=wire.Ref(new.project_id),
            task=wire.Ref(new.task_id),
            hours=new.hours,
            updated_at=NOW,
            created_at=NOW,
            notes=new.notes,
            external_reference=new.external_reference,
        )
        self.entries.append(made)
        if fault:
            raise fault
        return made

    async def delete_time_entry(self, entry_id: int) -> None:
        self.entries = [entry for entry in self.entries if entry.id != entry_id]

    async def time_entries(self, **_filters: Any) -> AsyncIterator[wire.TimeEntryPage]:
        yield wire.TimeEntryPage(list(self.entries), wire.Links())


@dataclass
class Tokens:
    """Grants that work, or don't."""

    harvest: Harvest
    broken: str = ""
    usable_from: datetime | None = None
    substitutes: bool = False
    cannot_refresh: str = ""

    async def usable_since(self, _agent_id: int, instant: datetime) -> bool:
        return self.usable_from is not None and self.usable_from > instant

    async def for_agent(self, _agent_id: int, call: Callable[[Any], Awaitable[Any]]) -> Any:
        if self.cannot_refresh:
            raise CannotRefresh(self.cannot_refresh)
        if self.broken == "harvest":
            raise NotConnected("harvest")
        return await call(self.harvest)

    async def with_helpdesk(self, _agent_id: int, call: Callable[[str], Awaitable[Any]]) -> Any:
        if self.broken == "helpdesk":
            raise NotConnected("helpdesk")
        return await call("token")


@dataclass
class Helpdesk:
    """Articles of the one ticket."""

    ids: list[int] = field(default_factory=list)
    away: bool = False

    async def articles(self, _token: str, ticket_id: int) -> list[base.Article]:
        if self.away:
            raise base.Unreachable("away")
        return [base.Article(number, ticket_id, ADA_IN_HELPDESK, by_agent=True) for number in self.ids]

    def ticket_url(self, ticket_id: int, log_id: str | None = None) -> str:
        return f"https://desk.example.com/?deskhours={log_id}#ticket/zoom/{ticket_id}"


@dataclass
class Turns:
    """The limiter, with so many turns left (``None``: any number), the next one in ``seconds``."""

    left: int | None = None
    seconds: float = 7.0
    given: list[str] = field(default_factory=list)

    async def enter(self, kind: limiter.Kind, patience: float) -> None:
        if self.left == 0:
            raise core.Throttled("Harvest is busy", self.seconds)
        self.left = None if self.left is None else self.left - 1
        self.given.append(kind)

    async def wait(self, kind: limiter.Kind) -> float:
        return self.seconds if self.left == 0 else 0.0

    async def pause(self, seconds: float) -> None:
        raise AssertionError("only a client hears of a 429")


class Tickets:
    """Only names tickets."""

    def reference(self, ticket_id: int) -> str:
        return f"desk.example.com:{ticket_id}"


@dataclass
class Bench:
    """The outbox on a real database, with everything else under control."""

    pool: Pool
    clock: SetClock
    harvest: Harvest
    tokens: Tokens
    helpdesk: Helpdesk
    queue: NullQueue
    turns: Turns
    timelog: TimeLog
    outbox: LogOutbox
    agent_id: int

    async def log(self, state: rules.State = "queued", after: int | None = None) -> uuid.UUID:
        identity = uuid.uuid4()
        async with self.pool.acquire() as connection:
            await store.write(
                connection,
                identity,
                agent_id=self.agent_id,
                ticket_id=TICKET,
                project_id=4001,
                entry=Entry(Decimal("0.50"), 5001, DAY, "a note"),
                state=state,
                after_article_id=after,
                now=self.clock.now(),
                expires_at=self.clock.now() + rules.ARMED_FOR,
            )
        return identity

    async def backlog(self, count: int) -> list[uuid.UUID]:
        """Logs that were queued one minute after the other, the last one five minutes ago."""
        end = self.clock.now()
        self.clock.advance(minutes=-5 - count)
        logs = []
        for _ in range(count):
            self.clock.advance(minutes=1)
            logs.append(await self.log())
        self.clock.advance(seconds=(end - self.clock.now()).total_seconds())
        return logs

    async def logged(self) -> list[uuid.UUID]:
        """What is in Harvest, in the order in which it came there."""
        links = [entry.external_reference.permalink for entry in self.harvest.entries if entry.external_reference]
        return [uuid.UUID(link.split("deskhours=")[1][:36]) for link in links if link]

    async def read(self, identity: uuid.UUID) -> store.Log:
        found = await store.rows.get(self.pool, identity)
        assert found
        return found

    async def change(self, identity: uuid.UUID, event: rules.Event) -> store.Log:
        caller = cast(Any, type("Caller", (), {"agent_id": self.agent_id}))
        return await self.timelog.change(caller, identity, event)


@pytest.fixture
async def bench(make_migrated: Callable[[], str]) -> AsyncIterator[Bench]:
    pool = await database.connect(make_migrated())
    agent = await accounts_store.upsert_agent(pool, ADA_IN_HELPDESK, "Ada Agent", "ada@example.com", NOW)
    async with pool.acquire() as connection:
        await accounts_store.set_harvest_user(connection, agent.id, ADA_IN_HARVEST, "UTC")
    clock, harvest, helpdesk, queue = SetClock(NOW), Harvest(), Helpdesk(), NullQueue()
    tokens, tickets, turns = Tokens(harvest), Tickets(), Turns()
    rule = HoursRule(Decimal("0.25"), Decimal("0.25"))
    mirror = Mirror(pool, cast(Any, harvest), clock)
    timers = Timers(pool, cast(Any, tickets), mirror, queue, clock, None)
    timelog = TimeLog(pool, cast(Any, tickets), cast(Any, helpdesk), cast(Any, tokens), timers, queue, clock, rule)
    outbox = LogOutbox(
        pool,
        timelog,
        cast(Any, tickets),
        mirror,
        cast(Any, helpdesk),
        cast(Any, tokens),
        queue,
        clock,
        request_seconds=2,
        turns=turns,
    )
    yield Bench(pool, clock, harvest, tokens, helpdesk, queue, turns, timelog, outbox, agent.id)
    await pool.close()


async def test_a_lost_answer_is_looked_up_before_it_is_tried_again(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault = core.NoAnswer("gone")
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).problem_code == "no_answer"
    bench.clock.advance(seconds=3)
    await bench.outbox.push(str(log))  # too early: the call may still be under way
    assert (await bench.read(log)).state == "queued"
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "logged"
    assert len(bench.harvest.entries) == 1


async def test_a_call_that_never_arrived_is_made_again(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.NoAnswer("gone"), True
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "logged"
    assert len(bench.harvest.entries) == 1


async def test_a_killed_workers_log_is_not_tried_before_its_call_is_over(bench: Bench) -> None:
    log = await bench.log()
    claimed = await store.rows.claim(bench.pool, log, ["queued"], NOW, timedelta(seconds=1))
    assert claimed
    assert await store.rows.set_called(bench.pool, claimed, NOW)  # and here the worker is killed
    bench.clock.advance(seconds=2)
    await bench.outbox.push(str(log))
    assert bench.harvest.entries == []
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    assert len(bench.harvest.entries) == 1


async def test_who_has_lost_the_claim_changes_nothing_any_more(bench: Bench) -> None:
    log = await bench.log("armed", after=10)
    slow = await store.rows.claim(bench.pool, log, ["armed"], NOW, timedelta(seconds=30))
    assert slow
    async with bench.pool.acquire() as connection:
        assert await store.confirm(connection, log, 11, NOW)
    pusher = await store.rows.claim(bench.pool, log, ["queued"], NOW, timedelta(seconds=30))
    assert pusher
    await store.rows.release(bench.pool, slow, NOW, None, None)
    # The pusher's lease still stands: nobody else gets the log.
    assert await store.rows.claim(bench.pool, log, ["queued"], NOW, timedelta(seconds=30)) is None
    async with bench.pool.acquire() as connection:
        assert not await store.rows.settle(connection, slow, "expired", NOW)
    assert not await store.rows.set_called(bench.pool, slow, NOW)


async def test_two_workers_at_one_log_make_one_entry(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.before_write = lambda: bench.outbox.push(str(log))
    await bench.outbox.push(str(log))
    assert len(bench.harvest.entries) == 1


async def test_a_log_whose_outcome_is_unknown_cannot_be_given_up(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault = core.NoAnswer("gone")
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=60)
    bench.tokens.broken = "harvest"
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "attention"
    for event in ("discard", "disarm"):
        with pytest.raises(Conflict):
            await bench.change(log, cast(rules.Event, event))
    bench.tokens.broken = ""
    await bench.change(log, "retry")
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "logged"
    assert len(bench.harvest.entries) == 1


async def test_a_log_expires_only_when_its_article_could_be_looked_for(bench: Bench) -> None:
    log = await bench.log("armed", after=10)
    bench.helpdesk.away = True
    bench.clock.advance(minutes=16)
    await bench.outbox.watch(str(log))
    assert ((await bench.read(log)).state, (await bench.read(log)).problem) == (
        "armed",
        "The helpdesk does not answer.",
    )
    bench.helpdesk.away, bench.helpdesk.ids = False, [9, 11]
    bench.clock.advance(minutes=1)
    await bench.outbox.watch(str(log))
    assert ((await bench.read(log)).state, (await bench.read(log)).article_id) == ("queued", 11)


async def test_a_log_without_its_article_expires_visibly_and_only_then(bench: Bench) -> None:
    log = await bench.log("armed", after=10)
    bench.helpdesk.ids = [9, 10]
    await bench.outbox.watch(str(log))
    assert (await bench.read(log)).state == "armed"
    bench.clock.advance(minutes=15)
    await bench.outbox.watch(str(log))
    assert (await bench.read(log)).state == "expired"


async def test_an_article_confirms_one_log_only(bench: Bench) -> None:
    first = await bench.log("armed", after=10)
    bench.helpdesk.ids = [11]
    await bench.outbox.watch(str(first))
    second = await bench.log("armed", after=10)
    await bench.outbox.watch(str(second))
    assert (await bench.read(first)).state == "queued"
    assert (await bench.read(second)).state == "armed"


async def test_what_waits_for_a_grant_goes_on_only_after_a_new_one(bench: Bench) -> None:
    log = await bench.log()
    bench.tokens.broken, bench.tokens.usable_from = "harvest", NOW
    bench.clock.advance(seconds=1)
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).problem_code == "reconnect"
    await bench.outbox.sweep()
    assert (await bench.read(log)).state == "attention"  # the same grant that was refused
    bench.clock.advance(seconds=1)
    bench.tokens.usable_from = bench.clock.now()
    await bench.outbox.sweep()
    assert (await bench.read(log)).state == "queued"


async def test_a_call_carried_out_after_its_look_up_leaves_one_entry(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.NoAnswer("gone"), True
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    [kept] = bench.harvest.entries
    # Only now Harvest carries out the first call.
    late = wire.TimeEntry(**{name: getattr(kept, name) for name in kept.__struct_fields__} | {"id": 900})
    bench.harvest.entries.append(late)
    await bench.outbox.sweep()
    assert len(bench.harvest.entries) == 2  # nobody looks before every call is over
    bench.clock.advance(seconds=13)
    await bench.outbox.sweep()
    assert [entry.id for entry in bench.harvest.entries] == [kept.id]


@pytest.mark.parametrize(
    "difference",
    [{"notes": "changed by a person"}, {"hours": Decimal("2")}, {"is_locked": True}, {"is_billed": True}, {"id": 1}],
)
async def test_a_second_entry_that_differs_stays_and_is_told(bench: Bench, difference: dict[str, Any]) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.NoAnswer("gone"), True
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    [kept] = bench.harvest.entries
    values = {name: getattr(kept, name) for name in kept.__struct_fields__}
    bench.harvest.entries.append(wire.TimeEntry(**values | {"id": 900} | difference))
    bench.clock.advance(seconds=13)
    await bench.outbox.sweep()
    assert len(bench.harvest.entries) == 2
    assert "twice" in ((await bench.read(log)).problem or "")


async def test_to_wait_for_a_turn_is_no_failed_try(bench: Bench) -> None:
    log = await bench.log()
    bench.turns.left = 0
    for _ in range(3):
        await bench.outbox.push(str(log))
        found = await bench.read(log)
        assert (found.state, found.attempts, found.problem, found.problem_code) == ("queued", 0, BUSY, "busy")
        assert (found.claim, found.called_at) == (None, None)
        bench.clock.advance(seconds=7)
    bench.turns.left = 1
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "logged"


async def test_a_429_in_the_midst_waits_as_long_as_it_says_and_stays_a_try(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.Throttled("Retry later", 40), True
    await bench.outbox.push(str(log))
    found = await bench.read(log)
    assert (found.attempts, found.problem, found.called_at) == (1, BUSY, None)
    bench.clock.advance(seconds=39)
    await bench.outbox.push(str(log))
    assert bench.harvest.entries == []
    bench.clock.advance(seconds=1)
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).state == "logged"


async def test_who_waits_has_a_persons_turn_and_the_backlog_leaves_it_alone(bench: Bench) -> None:
    [old] = await bench.backlog(1)
    fresh = await bench.log()
    bench.turns.left = 0
    await bench.outbox.push(str(old))
    assert (await bench.read(old)).problem is None  # not even claimed
    bench.turns.left = None
    await bench.outbox.push(str(fresh))
    await bench.outbox.push(str(old))
    assert bench.turns.given == ["person", "batch"]
    assert await bench.logged() == [fresh, old]


async def test_a_drain_takes_the_fresh_one_first_then_the_oldest_and_claims_nothing_in_vain(bench: Bench) -> None:
    logs = await bench.backlog(40)
    fresh = await bench.log()
    bench.turns.left = 3
    await bench.outbox.drain()
    assert set(await bench.logged()) == {fresh, *logs[:2]}
    assert bench.turns.given == ["batch"] * 3
    for log in logs[2:]:
        found = await bench.read(log)
        assert (found.state, found.attempts, found.problem) == ("queued", 0, None)
    bench.turns.left = None
    await bench.outbox.drain()
    assert sorted(await bench.logged()) == sorted([*logs, fresh])
    assert len(bench.turns.given) == 42  # the last one found nothing left


async def test_one_that_fails_in_a_drain_holds_up_no_other(bench: Bench) -> None:
    logs = await bench.backlog(5)
    bench.harvest.fault, bench.harvest.lost = RuntimeError("a fault of our own"), True
    await bench.outbox.drain()
    assert len(set(await bench.logged()) & set(logs)) == 4


async def test_a_backlog_keeps_no_article_from_being_looked_for(bench: Bench) -> None:
    await bench.backlog(60)
    armed = await bench.log("armed", after=10)
    await bench.outbox.sweep()
    assert bench.queue.nudges == [(WATCH_JOB, (str(armed),)), (DRAIN_JOB, ())]


ADDRESS = "Connect call failed ('192.0.2.7', 8702) at harvest.example.com"


@pytest.mark.parametrize(
    "fault",
    [
        core.NotReached("Harvest can't be reached", ADDRESS),
        core.NoAnswer("Harvest did not answer", ADDRESS),
        core.Faulty("Harvest's reply can't be read", ADDRESS),
        core.Throttled("Harvest is busy", 2),
        CannotRefresh(ADDRESS),
    ],
)
async def test_people_read_plain_words_and_the_log_line_has_the_reason(bench: Bench, fault: Exception) -> None:
    log = await bench.log()
    if isinstance(fault, CannotRefresh):
        bench.tokens.cannot_refresh = str(fault)
    else:
        bench.harvest.fault, bench.harvest.lost = fault, True
    with capture_logs() as lines:
        await bench.outbox.push(str(log))
    problem = (await bench.read(log)).problem or ""
    assert "this goes by itself" in problem
    for part in ("192", "8702", "example.com", "Connect call"):
        assert part not in problem
    [line] = [line for line in lines if line["event"] == "waits for Harvest"]
    assert line["row"] == str(log)
    assert isinstance(fault, core.Throttled) or ADDRESS in line["detail"]


async def test_a_clear_no_does_not_forget_an_earlier_call_of_unknown_outcome(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.NoAnswer("gone"), True
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=8)
    bench.harvest.fault = core.NotReached("away")
    await bench.outbox.push(str(log))
    assert (await bench.read(log)).called_at is not None
    bench.clock.advance(seconds=8)
    await bench.outbox.push(str(log))
    [kept] = bench.harvest.entries
    late = wire.TimeEntry(**{name: getattr(kept, name) for name in kept.__struct_fields__} | {"id": 900})
    bench.harvest.entries.append(late)  # the first call after all
    bench.clock.advance(seconds=13)
    await bench.outbox.sweep()
    assert [entry.id for entry in bench.harvest.entries] == [kept.id]


async def test_what_was_undone_is_in_harvest_not_at_all_however_late_a_call_was_carried_out(bench: Bench) -> None:
    log = await bench.log()
    bench.harvest.fault, bench.harvest.lost = core.NoAnswer("gone"), True
    await bench.outbox.push(str(log))
    bench.clock.advance(seconds=60)
    await bench.outbox.push(str(log))
    [kept] = bench.harvest.entries
    late = wire.TimeEntry(**{name: getattr(kept, name) for name in kept.__struct_fields__} | {"id": 900})
    await bench.change(log, "undo")
    await bench.outbox.push(str(log))
    assert bench.harvest.entries == []
    bench.harvest.entries.append(late)
    bench.clock.advance(seconds=13)
    await bench.outbox.sweep()
    assert bench.harvest.entries == []


async def test_a_log_that_expired_long_ago_stays_until_its_person_has_dealt_with_it(bench: Bench) -> None:
    old = await bench.log("expired", after=10)
    bench.clock.advance(minutes=60)
    recent = await bench.log("expired", after=20)
    async with bench.pool.acquire() as connection:
        put = await store.put_aside(connection, bench.agent_id, TICKET, uuid.uuid4(), bench.clock.now())
    assert [log.id for log in put] == [recent]
    assert (await bench.read(old)).state == "expired"


async def test_what_was_corrected_since_is_not_undone(bench: Bench) -> None:
    identity = await bench.log()
    await bench.outbox.push(str(identity))
    entry_id = (await bench.read(identity)).entry_id
    assert entry_id
    async with bench.pool.acquire() as connection, connection.transaction():
        assert await store.correct(connection, entry_id, None, bench.clock.now()) is None
    with pytest.raises(Conflict) as refused:
        await bench.change(identity, "undo")
    assert refused.value.code == "corrected"
    assert len(bench.harvest.entries) == 1
    recorded = await store.recorded(bench.pool, entry_id)
    assert recorded
    assert (recorded.hours, recorded.notes) == (Decimal("0.50"), "a note")


async def test_what_is_being_undone_or_made_sure_of_is_not_corrected(bench: Bench) -> None:
    undone, unsure = await bench.log(), await bench.log()
    for identity in (undone, unsure):
        await bench.outbox.push(str(identity))
    await bench.change(undone, "undo")
    await bench.pool.execute("UPDATE log SET check_twins_at = now() WHERE id = $1", unsure)
    async with bench.pool.acquire() as connection, connection.transaction():
        for identity, reason in ((undone, "undoing"), (unsure, "settling")):
            entry_id = (await bench.read(identity)).entry_id
            assert entry_id
            assert await store.correct(connection, entry_id, None, bench.clock.now()) == reason
            assert (await bench.read(identity)).corrected_at is None
