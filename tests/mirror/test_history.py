"""``deskhours sync`` by hand: words, progress, exit codes; and an import that goes on after it was killed."""

from __future__ import annotations

import asyncio
import io
import json
import os
import pty
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.mirror.command import Progress
from plugin_server.mirror.history import months
from tests.demo_harvest.client import ADMIN
from tests.mirror.stand import Stand
from tests.support.server import write_manifest
from tests.support.world import until

CLONE = Path(__file__).resolve().parents[2]
Run = Callable[..., "Command"]


class Command:
    """``deskhours sync`` with these options, as a process."""

    def __init__(self, environment: dict[str, str], manifest: Path, options: tuple[str, ...]) -> None:
        self._environment = environment
        self._command = [sys.executable, "-m", "plugin_server.cli", "sync", "--manifest", str(manifest), *options]

    async def start(self, stderr: int = asyncio.subprocess.PIPE) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            cwd=CLONE,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
        )

    async def run(self) -> tuple[int, str]:
        """Exit code, and what it said."""
        process = await self.start()
        out, words = await process.communicate()
        assert out == b""
        return process.returncode or 0, words.decode()


@pytest.fixture
def sync(stand: Stand, database_url: str, redis_url: str, tmp_path: Path) -> Run:
    def change(data: dict[str, dict[str, Any]]) -> None:
        data["harvest"] |= {"api_url": f"{stand.harvest.url}/v2", "id_url": stand.harvest.url}

    write_manifest(tmp_path, "k" * 32, change=change)

    def make(*options: str, token: str = ADMIN, database: str = database_url) -> Command:
        (tmp_path / "secrets" / "harvest_token").write_text(token)
        environment = os.environ | {"DATABASE_URL": database, "REDIS_URL": redis_url}
        environment.pop("DESKHOURS_DATA", None)
        return Command(environment, tmp_path / "manifest.json", options)

    return make


async def test_without_options_it_reads_what_changed(stand: Stand, sync: Run) -> None:
    await stand.harvest.entry(await stand.harvest.project())
    assert await sync().run() == (0, "changes are read\n")
    await stand.assert_equal()
    assert await stand.pool.fetchval("SELECT count(*) FROM harvest_user")


async def test_history_of_a_project_with_its_deletions(stand: Stand, sync: Run) -> None:
    project, other = await stand.harvest.project(), await stand.harvest.project()
    await stand.bulk(20, project, days=400, last_day="2026-05-04")
    await stand.bulk(5, other)
    since = date(2025, 1, 1).isoformat()
    code, words = await sync("--from", since, "--project", str(project["id"])).run()
    assert (code, words.splitlines()[-1]) == (0, "20 entries read")
    assert {row[1] for row in (await stand.seen()).values()} == {project["id"]}
    assert await stand.watermark() is None
    gone = min(await stand.seen())
    await stand.delete({"id": gone})
    code, words = await sync("--reconcile", "--project", str(project["id"])).run()
    assert (code, words.splitlines()[-1]) == (0, "19 entries read, deletions looked for")
    assert len(await stand.seen()) == 19
    code, words = await sync("--reconcile").run()
    assert code == 0, words
    await stand.assert_equal()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--from", "soon"], "'soon' is no day; write it as 2026-01-31"),
        (["--from", "2199-01-01"], "before 2000-01-01 or still to come"),
        (["--from", "1999-12-31"], "before 2000-01-01 or still to come"),
        (["--project", "Oven"], "'Oven' is no project's number"),
        (["--project", "0"], "'0' is no project's number"),
        (["--project", "99999999"], "Harvest has no project 99999999"),
    ],
)
async def test_mistakes_in_the_call(sync: Run, options: list[str], words: str) -> None:
    code, said = await sync(*options).run()
    assert code == 2
    assert words in said
    assert "Traceback" not in said


async def test_what_can_not_be_done_is_said_in_words(
    stand: Stand, sync: Run, make_database: Callable[[], str], unused_tcp_port: int
) -> None:
    nowhere = f"postgresql://deskhours@127.0.0.1:{unused_tcp_port}/deskhours"
    member = await stand.harvest.token_of("ada")
    cases: list[tuple[str, list[str], dict[str, str]]] = [
        ("Harvest refuses the sync token", [], {"token": "revoked"}),
        ("sees only some entries", ["--from", "2026-01-01", "--reconcile"], {"token": member}),
        ("can't be reached", [], {"database": nowhere}),
        ("Run deskhours migrate first", [], {"database": make_database()}),
    ]
    for words, options, given_values in cases:
        code, said = await sync(*options, **given_values).run()
        assert code == 1, said
        assert words in said
        assert "Traceback" not in said


async def test_an_import_that_was_killed_goes_on_where_it_was(stand: Stand, sync: Run) -> None:
    project = await stand.harvest.project()
    await stand.bulk(400, project, days=400, last_day="2026-05-04")
    options = ["--from", "2025-01-01", "--project", str(project["id"])]
    await stand.fault("GET /v2/time_entries", kind="latency", seconds=0.1, times=None)
    process = await sync(*options).start()

    async def windows() -> int:
        return int(await stand.pool.fetchval("SELECT count(*) FROM import_window"))

    await until(windows, lambda count: count >= 3, seconds=20)
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    await stand.harvest.call("DELETE", "/_sim/faults")
    finished = await windows()
    before = await stand.calls()
    code, words = await sync(*options).run()
    assert code == 0, words
    listed = await stand.calls() - before - 1  # the project was asked for
    assert listed == len(months(date(2025, 1, 1), datetime.now(UTC).date())) - finished
    assert {row[1] for row in (await stand.seen()).values()} == {project["id"]}
    assert len(await stand.seen()) == 400
    assert await windows() == 0  # the next import begins anew


async def test_only_one_at_a_time(stand: Stand, sync: Run) -> None:
    project = await stand.harvest.project()
    options = ["--from", "2026-01-01", "--project", str(project["id"])]
    await stand.fault("GET /v2/time_entries", kind="latency", seconds=8)
    first = await sync(*options).start()
    name = f"import project:{project['id']}"
    query = "SELECT count(*) FROM sync_state WHERE name = $1"
    await until(lambda: stand.pool.fetchval(query, name), seconds=20)
    code, words = await sync(*options).run()
    assert (code, words.splitlines()[-1][:28]) == (1, "Another process is doing the")
    await first.communicate()
    assert first.returncode == 0


async def test_a_terminal_shows_a_bar_and_waiting_for_harvest(stand: Stand, sync: Run) -> None:
    project = await stand.harvest.project()
    await stand.bulk(3, project)
    await stand.fault("GET /v2/time_entries", kind="status", status=429, seconds=1, times=2)
    ours, theirs = pty.openpty()
    process = await sync("--from", "2026-01-01", "--project", str(project["id"])).start(theirs)
    os.close(theirs)
    shown = b""
    loop = asyncio.get_running_loop()
    while True:
        try:
            piece = await loop.run_in_executor(None, os.read, ours, 10_000)
        except OSError:  # a terminal whose other side was closed
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    assert await process.wait() == 0
    text = shown.decode()
    assert "Harvest asks to wait 1 s" in text
    assert "░" in text
    assert "█" * 30 in text
    assert "3 entries" in text


def test_lines_are_written_now_and_then_where_there_is_no_terminal() -> None:
    stream, now = io.StringIO(), 0.0
    progress = Progress(stream, lambda: now)
    for done in range(100):
        now = done * 0.1
        progress.step(done, 100, done * 1000, "2026-03")
    progress.step(100, 100, 100_000, "done")
    assert stream.getvalue().splitlines() == [
        "0/100  2026-03  0 entries",
        "50/100  2026-03  50,000 entries",
        "100/100  done  100,000 entries",
    ]


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.dates(date(2000, 1, 1), date(2030, 1, 1)))
def test_months_cover_every_day_once_the_latest_first(first: date, today: date) -> None:
    windows = months(first, today)
    assert windows[0][1] is None
    assert windows[-1][0] == first
    for (start, _end), (_start, earlier) in pairwise(windows):
        assert start
        assert earlier == start - timedelta(days=1)
    assert all(start and (end is None or start <= end) for start, end in windows)
    assert all(end is None or (start and (start.year, start.month) == (end.year, end.month)) for start, end in windows)


def test_the_manifest_of_the_repository_has_the_settings() -> None:
    harvest = json.loads((CLONE / "manifest.json").read_text())["harvest"]
    assert (harvest["sync_seconds"], harvest["nightly_hour"]) == (60, 2)
