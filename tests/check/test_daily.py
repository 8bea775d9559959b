"""What is kept for the dashboard: by the worker's own check, and by one made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from plugin_server.check import store
from plugin_server.check.rules import fail, ok
from plugin_server.check.service import DAILY, ROWS, Checks
from plugin_server.harvest.limiter import UNLIMITED
from plugin_server.panel.health import worker_seen
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.queue import NullQueue
from plugin_server.services import build
from tests.check.stand import Stand


def checks(stand: Stand, clock: SetClock) -> Checks:
    """A worker's check, just started."""
    tokens = build(stand.manifest, stand.pool, NullQueue(), stand.http, clock).tokens
    return Checks(stand.pool, stand.http, stand.manifest, tokens, worker_seen, clock, UNLIMITED)


async def failing(stand: Stand) -> list[str]:
    return [one.name for one in await store.failures(stand.pool)]


async def test_the_worker_checks_soon_after_its_start_and_what_fails_is_kept_until_it_is_mended(stand: Stand) -> None:
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=1))
    stand.secret("harvest_token", "revoked")
    broken = checks(stand, clock)
    assert not await broken.beat(), "what was started together is not up yet"
    clock.advance(minutes=1)
    assert await broken.beat()
    assert await failing(stand) == ["harvest"]
    since = (await store.failures(stand.pool))[0].since
    clock.advance(seconds=60)
    assert not await broken.beat()
    clock.advance(minutes=10)
    assert await broken.beat(), "while something fails it looks again soon"
    assert (await store.failures(stand.pool))[0].since == since

    stand.secret("harvest_token", "demo-harvest-token")
    mended = checks(stand, SetClock(clock.now() - timedelta(minutes=1)))
    await mended.now()
    assert "harvest" not in await failing(stand)


async def test_a_check_by_hand_is_kept_as_well(stand: Stand) -> None:
    stand.secret("helpdesk_token", "revoked")
    await stand.check()
    assert await failing(stand) == ["helpdesk"]
    stand.secret("helpdesk_token", "demo-zammad-token")
    await stand.check()
    assert await failing(stand) == []


async def test_what_only_an_administrator_may_look_at_is_told_and_not_kept(stand: Stand) -> None:
    await stand.check(setup_token="nobody's")
    assert await failing(stand) == []
    assert {"manifest", "setup", "workflows"}.isdisjoint(DAILY)
    assert set(DAILY) < set(ROWS)


async def test_a_manifest_that_cannot_be_used_says_nothing_of_the_service_that_runs(stand: Stand) -> None:
    stand.secret("helpdesk_token", "revoked")
    await stand.check()
    stand.path.write_text("{")
    await stand.check()
    assert await failing(stand) == ["helpdesk"]


async def test_one_row_may_tell_several_things(stand: Stand) -> None:
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    await store.keep(stand.pool, ["fields"], [fail("fields", "one", "mend"), fail("fields", "two", "mend")], now)
    assert [one.words for one in await store.failures(stand.pool)] == ["one", "two"]
    await store.keep(stand.pool, ["fields"], [ok("fields", "well")], now + timedelta(hours=1))
    assert await failing(stand) == []
    assert await store.last(stand.pool) == (now + timedelta(hours=1), False)
