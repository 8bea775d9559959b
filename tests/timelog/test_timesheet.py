"""A person's hours, gaps and tickets at hand, in the popup."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from plugin_server.helpdesk import base
from plugin_server.tickets import store as tickets_store
from plugin_server.tickets.rules import ACCESS_STANDS, SILENT_FOR
from tests.explain.conftest import ADA, BO, DAY, Office
from tests.explain.conftest import office as office
from tests.panel.conftest import NOW
from tests.panel.conftest import stand as stand
from tests.timelog.test_popup import log


async def details(office: Office, query: str = "") -> Any:
    """What the popup shows, as a program reads it."""
    _status, me = await office.stand.server.call("GET", f"/api/v1/me{query}", token=office.stand.token)
    return me["details"]


async def capacity(office: Office, hours: int) -> None:
    await office.stand.server.pool.execute(
        "INSERT INTO harvest_user VALUES ($1, true, false, $2, now(), 'Ada', 'ada@example.com', 'Berlin', '{}')",
        ADA,
        hours * 3600,
    )


async def assign(office: Office, project_id: int = 4001) -> None:
    """Ada may use two tasks of the project."""
    await office.stand.server.pool.executemany(
        "INSERT INTO project_assignment VALUES ($1, $2, $3, true, $4, $5)",
        [(ADA, project_id, 5001, "Support", 1), (ADA, project_id, 5002, "Development", 2)],
    )


async def test_hours_are_summed_by_ticket_with_what_is_on_its_way(office: Office) -> None:
    await office.ticket(12, "4001")
    await office.ticket(2, "", seen_by=0)
    await office.entry(1, 4001, 150, ticket=12)
    await office.entry(2, 4001, 200, ticket=12, day=DAY - timedelta(days=1))
    await office.entry(3, 4002, 25)
    await office.entry(4, 4002, 75, ticket=2)
    await office.entry(5, 4001, 800, ticket=12, user=BO)
    await office.entry(6, 4001, 800, ticket=12, day=DAY - timedelta(days=7))
    await office.entry(7, 4001, 800, ticket=12, deleted_at=NOW)
    await office.count()
    await log(office.stand, "queued")
    await log(office.stand, "discarded")
    await log(office.stand, "armed")
    shown = (await details(office))["hours"]
    assert shown == {
        "today": "3.00",
        "week": "5.00",
        "waiting": "0.50",
        "armed": "0.50",
        "tickets": [
            {"ticket_id": 12, "today": "2.00", "week": "4.00"},
            {"ticket_id": 2, "today": "0.75", "week": "0.75"},
            {"ticket_id": None, "today": "0.25", "week": "0.25"},
        ],
    }
    html = await office.stand.popup()
    assert "Ticket 12</span>" in html
    assert "Ticket 2</span>" not in html, "the helpdesk has not let her see it"
    assert "Other, for no ticket" in html
    assert "0.50 h of this are not in Harvest yet." in html
    await office.stand.server.pool.execute(
        "INSERT INTO harvest_company (base_uri, wants_timestamp_timers, week_start_day)"
        " VALUES ('https://acme.example.com', false, 'Wednesday')"
    )
    assert (await details(office))["hours"]["week"] == "3.00", "the account's weeks begin today"
    assert "0.50 h more wait for your reply or note." in html


async def test_a_log_of_unknown_outcome_whose_entry_is_mirrored_counts_once(office: Office) -> None:
    identity = await log(office.stand, "queued")
    pool = office.stand.server.pool
    await pool.execute("UPDATE log SET called_at = $1", NOW)
    assert (await details(office))["hours"]["week"] == "0.50", "nothing of it has been seen in Harvest"
    await office.entry(1, 4001, 50)
    assert (await details(office))["hours"]["week"] == "1.00", "the same hours of somebody else's making"
    await pool.execute(
        "UPDATE time_entry SET external_permalink = $1",
        f"https://desk.example.com/?deskhours={identity}#ticket/zoom/12",
    )
    shown = (await details(office))["hours"]
    assert (shown["week"], shown["waiting"]) == ("0.50", "0.00")
    await pool.execute("UPDATE log SET called_at = NULL")
    await pool.execute("UPDATE time_entry SET deleted_at = $1", NOW)
    assert (await details(office))["hours"]["waiting"] == "0.50", "taken out of Harvest, it is on its way again"


async def test_a_running_timer_counts_up_to_now(office: Office) -> None:
    await office.ticket(1, "4001")
    await office.entry(1, 4001, 25, ticket=1)
    await office.stand.server.pool.execute(
        "UPDATE time_entry SET is_running = true, timer_started_at = $1", NOW - timedelta(minutes=30)
    )
    await office.count()
    assert (await details(office))["hours"]["today"] == "0.75"


async def test_days_with_gaps_lead_to_their_day_in_harvest(office: Office) -> None:
    await capacity(office, 35)
    await office.stand.server.pool.execute(
        "INSERT INTO harvest_company VALUES (true, 'https://acme.example.com', false)"
    )
    await office.entry(1, 4001, 700, day=DAY - timedelta(days=2))
    await office.entry(2, 4001, 300, day=DAY - timedelta(days=1))
    assert (await details(office))["gaps"] == [{"day": "2026-03-03", "hours": "3.00", "target": "7.00"}]
    html = await office.stand.popup()
    assert "1 day of the last two weeks has gaps" in html
    assert f'href="https://acme.example.com/time/day/2026/03/03/{ADA}">Tue 3 Mar 2026</a>' in html
    assert "3.00 of 7.00 h" in html
    await office.entry(3, 4001, 400, day=DAY - timedelta(days=1))
    assert "No gaps in the last two weeks." in await office.stand.popup()


async def test_of_whom_nothing_is_known_nothing_is_missing(office: Office) -> None:
    html = await office.stand.popup()
    assert (await details(office))["gaps"] == []
    assert "gaps" not in html.replace('data-region="gaps"', "")


async def test_the_ticket_on_show_and_the_last_ones_offer_start(office: Office) -> None:
    await assign(office)
    await office.ticket(1, "4001")
    await office.ticket(12, "4001")
    await office.ticket(3, "")
    await office.ticket(4, "4001", seen_by=0)
    await office.stand.server.pool.execute(
        "UPDATE ticket_access SET allowed_at = $1 WHERE ticket_id = 3", NOW - timedelta(seconds=9)
    )
    shown = await details(office, "?ticket=12")
    assert shown["here"] == {
        "ticket_id": 12,
        "number": "10012",
        "task_id": 5001,
        "obstacle": None,
        "running": False,
    }
    assert [one["ticket_id"] for one in shown["recent"]] == [1, 3]
    assert "no Harvest project" in shown["recent"][1]["obstacle"]
    path = "/api/v1/me?ticket=12"
    _status, html = await office.stand.server.call("GET", path, token=office.stand.token, Accept="text/html")
    assert html.count('data-action="timer-start"') == 2
    # What the button sends is what a start takes; the task used last is the next one's.
    status, _timer = await office.stand.server.call(
        "POST", "/api/v1/tickets/12/timer", {"task_id": "5002"}, token=office.stand.token
    )
    assert status == 200
    assert (await details(office, "?ticket=12"))["here"]["running"]


async def test_a_ticket_that_one_may_not_see_is_not_offered(office: Office) -> None:
    await office.ticket(4, "4001", seen_by=0)
    for query in ("?ticket=4", "?ticket=77", "?ticket=x", ""):
        shown = await details(office, query)
        assert (shown["here"], shown["recent"]) == (None, []), query


async def test_a_title_is_told_for_as_long_as_a_yes_stands_and_then_asked_for_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await assign(office)
    for number in (1, 2, 3, 4):
        await office.ticket(number, "4001")
        await office.entry(number, 4001, 100, ticket=number)
    await office.count()
    pool = office.stand.server.pool
    old = NOW - ACCESS_STANDS
    await pool.execute("UPDATE ticket_access SET allowed_at = $1 WHERE ticket_id > 1", old)
    html = await office.stand.popup()
    assert titles(html) == {1}, "the helpdesk does not answer: by its number alone"
    assert "#10002</a>" in html
    assert "Oven controller · Support" in html
    assert html.count("Oven controller · Support") == 1, "nor what it would be worked on"
    asked: list[int] = []

    async def answer(_token: str, ticket_id: int, *, seconds: float) -> base.Ticket:
        del seconds
        asked.append(ticket_id)
        if ticket_id == 2:
            raise base.Denied("not any more")
        if ticket_id == 3:
            raise base.Missing("gone")
        return await reading(office, ticket_id)

    monkeypatch.setattr(office.stand.server.services.helpdesk, "ticket", answer)
    assert titles(await office.stand.popup()) == {1}, "a helpdesk that is silent is left alone for a while"
    assert asked == []
    office.stand.clock.advance(seconds=SILENT_FOR.total_seconds())
    html = await office.stand.popup()
    assert sorted(asked) == [2, 3, 4], "at the same time, and once"
    assert titles(html) == {1, 4}
    assert all(f'data-recent="{gone}"' not in html for gone in (2, 3))
    await office.stand.popup()
    assert len(asked) == 3


def titles(html: str) -> set[int]:
    """The tickets whose titles are told, among the hours or the last ones."""
    return {number for number in range(1, 5) if re.search(rf'(dh-quiet">|</a> )Ticket {number}<', html)}


async def reading(office: Office, ticket_id: int) -> base.Ticket:
    """A ticket as the helpdesk tells of it."""
    one = await tickets_store.ticket(office.stand.server.pool, ticket_id)
    assert one
    return base.Ticket(
        id=one.id,
        number=one.number,
        title=one.title,
        group_id=one.group_id,
        organisation_id=None,
        project=one.project_text,
        budget_hours=one.budget_text,
        quoted_hours="",
        pm="",
        updated_at=one.updated_at,
    )


async def test_without_a_harvest_account_there_are_no_hours(office: Office) -> None:
    await office.stand.server.pool.execute("UPDATE agent SET harvest_user_id = NULL")
    shown = await details(office)
    assert "hours" not in shown
    assert "here" not in shown
