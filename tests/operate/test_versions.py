"""Servers and databases of different versions, and what the page for operators has people type into the database."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from plugin_server.runtime.migrations import MIGRATIONS
from plugin_server.timelog import store as timelog_store
from plugin_server.timelog.rules import Entry
from tests.support.server import serving, write_manifest

DOCS = Path(__file__).resolve().parents[2] / "docs" / "operate.md"
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def pool(make_database: Callable[[], str]) -> AsyncIterator[Pool]:
    async with await database.connect(make_database()) as pool:
        yield pool


async def test_a_server_whose_database_is_older_says_what_to_do(pool: Pool, tmp_path: Path) -> None:
    async with serving(write_manifest(tmp_path, "k" * 32), pool, SetClock(NOW)) as server:
        status, body = await server.call("GET", "/readyz")
        assert (status, body["ok"], body["database"], body["migrations"]) == (503, False, True, False)
        assert body["problem"].startswith("The database is older than this server. Run deskhours migrate (0001_mirror")
        await database.migrate(pool)
        assert await server.call("GET", "/readyz") == (
            200,
            {"ok": True, "database": True, "migrations": True, "queue": True},
        )


async def test_a_server_whose_database_is_newer_serves_on(pool: Pool, tmp_path: Path) -> None:
    for path in MIGRATIONS.glob("*.sql"):
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / "9999_next.sql").write_text("CREATE TABLE next_version (id bigint PRIMARY KEY);")
    await database.migrate(pool, tmp_path)
    async with serving(write_manifest(tmp_path, "k" * 32), pool, SetClock(NOW)) as server:
        assert (await server.call("GET", "/readyz"))[0] == 200


async def test_after_a_restore_what_waits_is_looked_up_before_it_is_sent(pool: Pool) -> None:
    await database.migrate(pool)
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
    [words] = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    await pool.execute(words)
    assert await pool.fetchval("SELECT called_at FROM log") == NOW
