"""Migrations while the version before them serves: nobody waits behind one, and what is cut off is taken up again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from plugin_server.runtime import database
from plugin_server.runtime.database import MigrationError, Pool
from tests.support.world import until

TABLES = "CREATE TABLE desk (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hours integer NOT NULL);"
COLUMN = "ALTER TABLE desk ADD COLUMN notes text;"
INDEX = "-- outside a transaction\n-- Hours are asked for.\nCREATE INDEX CONCURRENTLY desk_hours ON desk (hours);\n"
LOCK_SECONDS = 0.3
MACHINE = 0.7
"""What a loaded machine may add to a request's time."""


@pytest.fixture
async def pool(make_database: Callable[[], str]) -> AsyncIterator[Pool]:
    async with await database.connect(make_database()) as pool:
        yield pool


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.removeprefix('m')}.sql").write_text(text)
    return folder


async def columns(pool: Pool) -> set[str]:
    rows = await pool.fetch("SELECT attname FROM pg_attribute WHERE attrelid = 'desk'::regclass AND attnum > 0")
    return {row["attname"] for row in rows}


async def waits_for_a_lock(pool: Pool) -> bool:
    return bool(
        await pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


async def test_no_request_waits_longer_than_the_lock_timeout_while_a_migration_stands_behind_a_long_transaction(
    pool: Pool, tmp_path: Path
) -> None:
    await database.migrate(pool, write(tmp_path, m0001_desk=TABLES))
    write(tmp_path, m0002_notes=COLUMN)
    over, slowest, writes = asyncio.Event(), 0.0, 0

    async def old_version() -> None:
        nonlocal slowest, writes
        while not over.is_set():
            began = time.monotonic()
            await pool.execute("INSERT INTO desk (hours) VALUES (25)")
            slowest, writes = max(slowest, time.monotonic() - began), writes + 1
            await asyncio.sleep(0)

    async with pool.acquire() as long, asyncio.TaskGroup() as group:
        transaction = long.transaction()
        await transaction.start()
        await long.execute("SELECT count(*) FROM desk")  # a report: it holds its lock until it ends
        for _writer in range(3):
            group.create_task(old_version())
        migration = group.create_task(database.migrate(pool, tmp_path, lock_seconds=LOCK_SECONDS))
        for _try in range(2):
            await until(lambda: waits_for_a_lock(pool))
            await until(lambda: waits_for_a_lock(pool), lambda waiting: not waiting)
        before = writes
        await until(lambda: asyncio.sleep(0, writes), lambda count: count > before + 10)
        assert not migration.done()
        await transaction.rollback()
        assert await migration == ["0002_notes.sql"]
        over.set()
    assert slowest < LOCK_SECONDS + MACHINE
    assert await columns(pool) == {"id", "hours", "notes"}


async def test_patience_ends_in_words_and_with_nothing_changed(pool: Pool, tmp_path: Path) -> None:
    await database.migrate(pool, write(tmp_path, m0001_desk=TABLES))
    write(tmp_path, m0002_notes=COLUMN)
    async with pool.acquire() as long, long.transaction():
        await long.execute("SELECT count(*) FROM desk")
        with pytest.raises(MigrationError, match=r"0002_notes\.sql was not applied: others have held .* migrate again"):
            await database.migrate(pool, tmp_path, lock_seconds=0.05, patience_seconds=0.1)
    assert await columns(pool) == {"id", "hours"}
    assert await database.pending(pool, tmp_path) == ["0002_notes.sql"]


async def test_two_processes_that_migrate_apply_each_file_once(pool: Pool, tmp_path: Path) -> None:
    write(tmp_path, m0001_desk=TABLES, m0002_notes=COLUMN, m0003_index=INDEX)
    done = await asyncio.gather(*(database.migrate(pool, tmp_path) for _process in range(4)))
    assert sorted(name for names in done for name in names) == ["0001_desk.sql", "0002_notes.sql", "0003_index.sql"]


async def test_an_index_left_half_built_is_built_anew(pool: Pool, tmp_path: Path) -> None:
    await database.migrate(pool, write(tmp_path, m0001_desk=TABLES))
    await pool.execute("INSERT INTO desk (hours) VALUES (25), (25)")
    write(tmp_path, m0002_hours=INDEX.replace("CREATE INDEX", "CREATE UNIQUE INDEX"))
    with pytest.raises(asyncpg.UniqueViolationError):
        await database.migrate(pool, tmp_path)
    state = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('desk_hours')"
    assert await pool.fetchval(state) is False
    await pool.execute("DELETE FROM desk WHERE id = 1")
    assert await database.migrate(pool, tmp_path) == ["0002_hours.sql"]
    assert await pool.fetchval(state) is True


async def test_an_index_is_built_while_the_table_is_written(pool: Pool, tmp_path: Path) -> None:
    await database.migrate(pool, write(tmp_path, m0001_desk=TABLES))
    write(tmp_path, m0002_hours=INDEX)
    async with pool.acquire() as writer:
        transaction = writer.transaction()
        await transaction.start()
        await writer.execute("INSERT INTO desk (hours) VALUES (25)")
        migration = asyncio.create_task(database.migrate(pool, tmp_path))
        await until(lambda: waits_for_a_lock(pool))
        async with asyncio.timeout(LOCK_SECONDS + MACHINE):
            await pool.execute("INSERT INTO desk (hours) VALUES (50)")
        await transaction.commit()
    assert await migration == ["0002_hours.sql"]


async def test_an_edited_file_and_an_older_version_are_refused_and_the_older_version_serves_on(
    pool: Pool, tmp_path: Path
) -> None:
    await database.migrate(pool, write(tmp_path, m0001_desk=TABLES, m0002_notes=COLUMN))
    (tmp_path / "0002_notes.sql").unlink()
    assert await database.pending(pool, tmp_path) == []
    with pytest.raises(MigrationError, match=r"the database knows 0002_notes\.sql, this version does not"):
        await database.migrate(pool, tmp_path)
    write(tmp_path, m0001_desk=TABLES + " ")
    with pytest.raises(MigrationError, match=r"0001_desk\.sql has changed since it was applied"):
        await database.migrate(pool, tmp_path)


async def test_a_file_outside_a_transaction_holds_one_index_and_nothing_else(pool: Pool, tmp_path: Path) -> None:
    write(tmp_path, m0001_desk=TABLES, m0002_both=INDEX + COLUMN)
    with pytest.raises(MigrationError, match=r"0002_both\.sql is marked .* and is not one CREATE INDEX CONCURRENTLY"):
        await database.migrate(pool, tmp_path)
