"""Thinking better of a correction that waits for Harvest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.corrections.bench import Bench
from tests.corrections.test_pages import words


async def waiting(bench: Bench) -> int:
    """An entry that ada has corrected while Harvest was away."""
    entry = await bench.entry()
    await bench.fault("GET /v2/time_entries/*", "status", status=500)
    assert (await bench.correct(entry, hours=2))[0] == 202
    return entry


async def withdraw(bench: Bench, entry: int, who: str, **headers: str) -> tuple[int, object]:
    return await bench.server.call("POST", f"/api/v1/entries/{entry}/withdraw", {}, bench.token(who), **headers)


@pytest.mark.parametrize("who", ["ada", "mo"])
async def test_who_asked_and_who_manages_withdraw_it(bench: Bench, who: str) -> None:
    entry = await waiting(bench)
    assert f'action="/tickets/1/entries/{entry}/withdraw"' in (await bench.page(entry, who))[1]
    status, went = await bench.send(entry, "withdraw", who)
    assert (status, went.split()[1]) == (303, "change.withdrawn")
    _status, page = await bench.page(entry, cookies="deskhours_corrected=change.withdrawn")
    assert "The correction was withdrawn; the entry is as it was." in page
    name = {"ada": "Ada Agent", "mo": "Mo Manager"}[who]
    assert f"Withdrawn · Ada Agent Hours: 1.00 → 2.00 Withdrawn by {name}." in words(page)
    assert "/withdraw" not in page
    await bench.worker()
    assert (await bench.there(entry))["hours"] == 1
    assert (await bench.correct(entry, hours=3))[0] == 200, "another one may follow"


async def test_the_sidebar_withdraws_in_its_place(bench: Bench) -> None:
    entry = await waiting(bench)
    path = f"/api/v1/entries/{entry}"
    _status, fragment = await bench.server.call("GET", path, token=bench.token("ada"), Accept="text/html")
    assert f'data-action="entry-withdraw" data-method="POST" data-path="{path}/withdraw"' in fragment
    status, fragment = await withdraw(bench, entry, "ada", Accept="text/html")
    assert (status, "The correction was withdrawn" in str(fragment)) == (200, True)


async def test_nobody_else_withdraws_it(bench: Bench) -> None:
    entry = await waiting(bench)
    status, _body = await withdraw(bench, entry, "bo")
    assert status == 403
    assert "/withdraw" not in (await bench.page(entry, "bo"))[1]


async def test_it_is_too_late_once_a_worker_has_it_and_when_it_is_over(bench: Bench) -> None:
    entry = await waiting(bench)
    now = bench.server.clock.now()
    await bench.pool.execute("UPDATE entry_correction SET lease_until = $1", now + timedelta(seconds=9))
    status, body = await withdraw(bench, entry, "ada")
    assert (status, body["error"]["code"]) == (409, "too_late")  # type: ignore[index]
    await bench.worker()
    status, body = await withdraw(bench, entry, "ada")
    assert (status, body["error"]["code"]) == (409, "over")  # type: ignore[index]
    assert (await bench.there(entry))["hours"] == 2


async def test_what_harvest_may_have_done_already_is_not_withdrawn(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.fault(f"PATCH /v2/time_entries/{entry}", "drop_after")
    assert (await bench.correct(entry, hours=2))[0] == 202
    assert "/withdraw" not in (await bench.page(entry))[1]
    status, body = await withdraw(bench, entry, "ada")
    assert (status, body["error"]["code"]) == (409, "too_late")  # type: ignore[index]
