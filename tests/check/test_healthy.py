"""A chain that holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from plugin_server.check import command, service
from tests.check.stand import Stand
from tests.support.world import until

KNOWN = {"service_user": "warn", "note_model": "skipped"}
"""The demo's service user is an administrator, too, and its notes are made without a model."""


async def test_a_chain_that_holds_is_well_from_end_to_end(stand: Stand) -> None:
    for email in ("ada@example.com", "pm@example.com"):
        await stand.connect(email)
    await stand.lock_a_ticket()
    await until(stand.calls)  # the helpdesk tells us of it, by the webhook
    rows = await stand.check(admin=True)
    assert tuple(dict.fromkeys(one.name for one in rows.all)) == service.ROWS
    assert rows.but_ok() == KNOWN, rows.all
    assert rows["gate"].words == "A dry run as 1 agent(s) on a locked ticket: the helpdesk refuses the change."


async def test_json_is_for_programs_and_the_table_fits_a_terminal(stand: Stand) -> None:
    rows = await stand.check()
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    told = json.loads(command.as_json(rows.all, now))
    assert set(told) == {"ok", "exit_code", "checked_at", "results"}
    assert (told["ok"], told["exit_code"], told["checked_at"]) == (True, 0, now.isoformat())
    assert all(set(one) == {"name", "state", "words", "todo"} for one in told["results"])
    assert {one["state"] for one in told["results"]} <= {"ok", "warn", "fail", "skipped"}
    table = command.as_table(rows.all)
    # An address or a path may stand out alone: it is there to be copied.
    long = [line for line in table.splitlines() if len(line) > command.WIDTH and len(line[26:].split()) > 1]
    assert long == []
    assert "ok      helpdesk" in table
