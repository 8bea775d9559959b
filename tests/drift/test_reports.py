"""Browsers' reports of a page that is not as they expect it: who may tell, what may be told, and where it is seen."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugin_server.accounts import store as accounts_store
from plugin_server.check import rules as check_rules
from plugin_server.drift import rules, store
from plugin_server.drift.rules import Report
from plugin_server.gauges import Gauges
from plugin_server.runtime import database
from plugin_server.runtime.clock import SetClock
from plugin_server.runtime.database import Pool
from tests.support.server import Server, serving, write_manifest

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
COMPOSER = {"site": "zammad", "part": "composer", "expected": "1", "found": 0, "extension": "0.1.0"}
REPORT = Report(**COMPOSER)  # type: ignore[arg-type]


@pytest.fixture
async def pool(make_migrated: Callable[[], str]) -> AsyncIterator[Pool]:
    async with await database.connect(make_migrated()) as pool:
        yield pool


@pytest.fixture
async def server(pool: Pool, tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(write_manifest(tmp_path, "k" * 32), pool, SetClock(NOW)) as server:
        yield server


async def row(pool: Pool, at: datetime = NOW) -> check_rules.Result:
    return check_rules.page("page", await store.recent(pool, at))


async def test_what_an_agents_browser_tells_is_counted_and_fails_the_check(server: Server) -> None:
    agent = await accounts_store.upsert_agent(server.pool, 4, "Ada", "ada@example.com", NOW)
    token = (await server.sign_in(agent.id))["access_token"]
    assert (await row(server.pool)).state == "ok"
    for body in (COMPOSER, COMPOSER, {**COMPOSER, "part": "dialog_cancel", "expected": "1-9", "found": 12}):
        assert (await server.call("POST", "/api/v1/drift", body, token))[0] == 204
    found = await row(server.pool)
    assert found.state == "fail"
    assert "composer (expected 1, found 0) and dialog_cancel (expected 1-9, found 12)" in found.words
    assert "(0.1.0)" in found.words
    assert "3 report(s)" in found.words
    families = {one.name: one for one in await Gauges(server.pool, server.clock).read()}
    assert families["deskhours_page_drift_reports"].samples[0].value == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"part": "<script>"},
        {"part": ".article-new"},
        {"found": -1},
        {"expected": "many"},
        {"extension": "0.1.0; DROP"},
        {"site": "https://desk.example.com"},
        {"url": "https://desk.example.com/#ticket/zoom/1"},
    ],
)
async def test_nothing_but_names_and_counts_may_be_told(server: Server, wrong: dict[str, Any]) -> None:
    agent = await accounts_store.upsert_agent(server.pool, 4, "Ada", "ada@example.com", NOW)
    token = (await server.sign_in(agent.id))["access_token"]
    status, body = await server.call("POST", "/api/v1/drift", {**COMPOSER, **wrong}, token)
    assert (status, list(body["error"]["fields"])) == (422, list(wrong))
    assert (await row(server.pool)).state == "ok"


async def test_who_is_not_connected_tells_nothing(server: Server) -> None:
    assert (await server.call("POST", "/api/v1/drift", COMPOSER))[0] == 401
    assert (await row(server.pool)).state == "ok"


async def test_what_nobody_tells_any_more_is_over_and_forgotten_after_a_month(pool: Pool) -> None:
    await store.count(pool, REPORT, NOW)
    assert (await row(pool, NOW + rules.RECENT - timedelta(minutes=1))).state == "fail"
    assert (await row(pool, NOW + rules.RECENT)).state == "ok"
    later = NOW + rules.KEPT + timedelta(days=1)
    await store.count(pool, replace(REPORT, part="header"), later)
    assert [one.report.part for one in await store.recent(pool, later + timedelta(seconds=1))] == ["header"]
    assert await store.reported(pool, NOW - timedelta(days=400)) == 1


async def test_a_day_holds_only_so_many_different_reports(pool: Pool) -> None:
    for found in range(rules.MOST_A_DAY + 5):
        await store.count(pool, replace(REPORT, found=found), NOW)
    assert await store.reported(pool, NOW) == rules.MOST_A_DAY
    await store.count(pool, REPORT, NOW)  # known already, so it counts on
    assert await store.reported(pool, NOW) == rules.MOST_A_DAY + 1


async def test_more_parts_than_are_named_are_told_by_their_number(pool: Pool) -> None:
    for part in ("ticket", "composer", "body", "submit", "article"):
        await store.count(pool, replace(REPORT, part=part), NOW)
    await store.count(pool, replace(REPORT, extension="0.2.0"), NOW + timedelta(minutes=1))
    found = await row(pool)
    assert "composer (expected 1, found 0), " in found.words  # the most told first
    assert " and 2 more. 6 report(s), the first 2026-03-04 12:00 UTC" in found.words
    assert "0.1.0 and 0.2.0" in found.words
