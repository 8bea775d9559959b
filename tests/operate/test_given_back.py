"""What a worker holds when it is ended goes back at once; a token that is being renewed is stored first."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from plugin_server import services
from plugin_server.accounts import store as accounts_store
from plugin_server.accounts.crypto import Vault
from plugin_server.budgets.notices import store as notices_store
from plugin_server.budgets.notices.service import Notices
from plugin_server.budgets.writing import Writing
from plugin_server.outbox.service import Outbox
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.queue import NullQueue
from plugin_server.timelog import store as timelog_store
from plugin_server.timelog.rules import Entry
from tests.accounts.test_token_processes import Provider
from tests.support.server import write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
REQUEST_SECONDS = 2.0


@pytest.fixture
def database_url(make_database: Callable[[], str]) -> str:
    return make_database()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    async with await database.connect(database_url) as pool:
        await database.migrate(pool)
        yield pool


class Hanging:
    """A system that never answers, whatever it is asked; says when it has been."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()

    def __getattr__(self, _name: str) -> Callable[..., Awaitable[Any]]:
        return self.hang

    async def hang(self, *_args: Any, **_options: Any) -> Any:
        self.asked.set()
        await asyncio.Event().wait()


async def cut_off(work: Awaitable[Any], asked: asyncio.Event) -> None:
    """Let it come to where it waits, and end it there."""
    task = asyncio.ensure_future(work)
    async with asyncio.timeout(10):
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


class TestLog:
    @pytest.fixture
    async def outbox(self, pool: Pool) -> Outbox[timelog_store.Log]:
        async with pool.acquire() as connection:
            await timelog_store.write(
                connection,
                uuid.uuid4(),
                agent_id=1,
                ticket_id=7,
                project_id=1,
                entry=Entry(Decimal("0.25"), 1, NOW.date(), "Read logs"),
                state="queued",
                after_article_id=None,
                now=NOW,
                expires_at=NOW + timedelta(hours=1),
            )
        return Outbox(timelog_store.rows, "push_log", pool, NullQueue(), SetClock(NOW), REQUEST_SECONDS)

    async def test_is_free_at_once_where_no_call_was_made(self, outbox: Outbox[timelog_store.Log], pool: Pool) -> None:
        claimed, system = await outbox.claim_next(["queued"]), Hanging()
        assert claimed is not None
        assert await outbox.claim_next(["queued"]) is None
        await cut_off(outbox.run(claimed, system.hang, system.hang, "person"), system.asked)
        again = await outbox.claim_next(["queued"])
        assert again is not None
        assert (again.id, again.attempts) == (claimed.id, 1)

    async def test_waits_out_a_call_whose_outcome_nobody_knows(
        self, outbox: Outbox[timelog_store.Log], pool: Pool
    ) -> None:
        claimed, system = await outbox.claim_next(["queued"]), Hanging()
        assert claimed is not None

        async def take(row: timelog_store.Log) -> None:
            await outbox.make(row, system.hang)

        await cut_off(outbox.run(claimed, take, system.hang, "person"), system.asked)
        row = await pool.fetchrow("SELECT claim, lease_until, called_at, next_try_at, attempts FROM log")
        assert row is not None
        assert tuple(row) == (None, None, NOW, NOW + outbox.settles, 1)


async def test_tickets_and_notices_in_hand_are_anyones_again(pool: Pool) -> None:
    await pool.execute(
        "INSERT INTO ticket (id, number, title, group_id, project_text, budget_text, quoted_text, pm_text, updated_at,"
        " seen_at) SELECT n, n::text, 'Oven', 1, '', '', '', '', $1, $1 FROM generate_series(1, 3) n",
        NOW,
    )
    await pool.execute(
        "INSERT INTO ticket_budget (ticket_id, used, band, pressing, locked, accepted_budget, accepted_quoted,"
        " accepted_pm, wanted_used, wanted_utilization, wanted_state, write_due_at, computed_at)"
        " SELECT id, 0, 'none', 0, false, '', '', '', '', '', 'open', $1, $1 FROM ticket",
        NOW,
    )
    for number in (1, 2, 3):
        await notices_store.tell(pool, number, "asked", "Ada asks", NOW)
    clock, desk, managers = SetClock(NOW), Hanging(), Hanging()
    nobody = cast(Any, None)
    await cut_off(Writing(pool, cast(Any, desk), "token", nobody, clock).step(), desk.asked)
    assert await pool.fetchval("SELECT count(*) FROM ticket_budget WHERE write_due_at <= $1", NOW) == 3
    notices = Notices(
        pool, cast(Any, Hanging()), "token", cast(Any, managers), nobody, "https://example.com", "en", clock
    )
    await cut_off(notices.step(), managers.asked)
    assert await pool.fetchval("SELECT count(*) FROM budget_notice WHERE next_try_at <= $1", NOW) == 3


async def test_a_process_ends_after_the_token_that_it_renews_is_stored(
    pool: Pool, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    provider, asked, leaving = Provider(), asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await leaving.wait()

    provider.before_answer = wait
    app = web.Application()
    app.add_routes([web.post("/api/v2/oauth2/token", provider.token)])
    async with TestServer(app) as server:

        def change(data: dict[str, Any]) -> None:
            data["harvest"]["id_url"] = str(server.make_url("")).rstrip("/")

        settings = write_manifest(tmp_path, "k" * 32, change=change)
        vault = Vault([key.get_secret_value() for key in settings.server.token_keys])
        agent = await accounts_store.upsert_agent(pool, 3, "Ada", "ada@example.com", NOW)
        sealed = vault.seal("access-0"), vault.seal("refresh-0")
        await accounts_store.put_token(pool, agent.id, "harvest", *sealed, NOW - timedelta(days=1), NOW)
        async with services.running(settings, database_url, redis_url) as built:
            await cut_off(built.tokens.access(agent.id, "harvest"), asked)
            asyncio.get_running_loop().call_soon(leaving.set)
        stored = await accounts_store.token(pool, agent.id, "harvest")
    assert stored is not None
    assert vault.open(stored.refresh) == provider.good != "refresh-0"
