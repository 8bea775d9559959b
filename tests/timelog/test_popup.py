"""An agent's logs under way, in the popup."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from plugin_server.accounts import store as accounts_store
from plugin_server.helpdesk import base
from plugin_server.tickets import store as tickets_store
from plugin_server.timelog import store
from plugin_server.timelog.rules import Entry, State
from tests.panel.conftest import NOW, Stand
from tests.panel.conftest import stand as stand

TICKET = base.Ticket(
    id=12,
    number="10012",
    title="Oven <b>too</b> hot",
    group_id=1,
    organisation_id=None,
    project="",
    budget_hours="",
    quoted_hours="",
    pm="",
    updated_at=NOW,
)


async def log(
    stand: Stand, state: State, *, agent: int = 0, problem: str | None = None, code: str | None = None
) -> uuid.UUID:
    """A log in a state."""
    identity = uuid.uuid4()
    async with stand.server.pool.acquire() as connection:
        await store.write(
            connection,
            identity,
            agent_id=agent or stand.agent,
            ticket_id=TICKET.id,
            project_id=1,
            entry=Entry(Decimal("0.50"), 5001, date(2026, 3, 4), "notes"),
            state=state,
            after_article_id=None,
            now=stand.clock.now(),
            expires_at=NOW,
        )
        await connection.execute(
            "UPDATE log SET problem = $2, problem_code = $3 WHERE id = $1", identity, problem, code
        )
    return identity


async def see(stand: Stand, agent: int) -> None:
    """The helpdesk lets the agent see the ticket."""
    async with stand.server.pool.acquire() as connection:
        await tickets_store.upsert(connection, TICKET, None, NOW)
        await tickets_store.allow(connection, agent, TICKET.id, NOW)


def row(html: str, identity: uuid.UUID) -> str:
    """A log's own part of the fragment; empty when it is not there."""
    _before, _mark, after = html.partition(f'data-log="{identity}"')
    return after.partition("</li>")[0]


@pytest.mark.parametrize(
    ("state", "words", "actions"),
    [
        ("armed", "Waits for your reply or note, since 13:00.", {"discard"}),
        ("queued", "On its way to Harvest since 13:00.", set()),
        ("undoing", "Being removed from Harvest since 13:00.", set()),
        ("attention", "Not logged yet. It has waited for you since 13:00.", {"retry", "discard"}),
        ("expired", "Not logged: no reply or note went through by 13:00.", {"discard"}),
    ],
)
async def test_each_log_under_way_is_shown_in_words_with_what_can_be_done(
    stand: Stand, state: State, words: str, actions: set[str]
) -> None:
    await see(stand, stand.agent)
    identity = await log(stand, state, problem="Harvest refused this: <no>.")
    stand.clock.advance(minutes=2)
    shown = row(await stand.popup(), identity)
    assert words in shown
    assert "Harvest refused this: &lt;no&gt;." in shown
    assert "0.50 h" in shown
    assert "4 Mar 2026" in shown
    assert ">Ticket 10012</a>" in shown
    assert ">Oven &lt;b&gt;too&lt;/b&gt; hot</p>" in shown
    assert f'href="{stand.settings.helpdesk.url}'.rstrip("/") in shown
    assert "#ticket/zoom/12" in shown
    assert {name for name in ("retry", "discard", "connect") if f'data-action="{name}"' in shown} == actions
    _status, me = await stand.server.call("GET", "/api/v1/me", token=stand.token)
    assert [(item["id"], item["state"]) for item in me["details"]["logs"]] == [(str(identity), state)]


@pytest.mark.parametrize("state", ["logged", "disarmed", "discarded", "undone"])
async def test_what_is_done_with_is_not_shown(stand: Stand, state: State) -> None:
    identity = await log(stand, state)
    html = await stand.popup()
    assert not row(html, identity)
    assert "None. What you logged is in Harvest." in html


async def test_its_actions_do_what_they_say(stand: Stand) -> None:
    again, gone = await log(stand, "attention"), await log(stand, "attention")
    assert (await stand.server.call("POST", f"/api/v1/logs/{again}/retry", {}, token=stand.token))[0] == 200
    assert (await stand.server.call("DELETE", f"/api/v1/logs/{gone}", token=stand.token))[0] == 200
    html = await stand.popup()
    assert "On its way to Harvest" in row(html, again)
    assert not row(html, gone)


async def test_who_has_to_connect_again_is_offered_that(stand: Stand) -> None:
    identity = await log(stand, "attention", problem="Harvest no longer accepts your sign-in.", code="reconnect")
    shown = row(await stand.popup(), identity)
    assert 'data-action="connect"' in shown
    assert 'data-action="retry"' not in shown


async def test_a_log_of_unknown_outcome_can_be_tried_again_but_not_discarded(stand: Stand) -> None:
    identity = await log(stand, "attention")
    await stand.server.pool.execute("UPDATE log SET called_at = $2 WHERE id = $1", identity, NOW)
    shown = row(await stand.popup(), identity)
    assert 'data-action="retry"' in shown
    assert 'data-action="discard"' not in shown
    assert (await stand.server.call("DELETE", f"/api/v1/logs/{identity}", token=stand.token))[0] == 409


async def test_nobody_sees_anothers_logs_nor_the_title_of_a_ticket_that_is_not_for_them(stand: Stand) -> None:
    bo = await accounts_store.upsert_agent(stand.server.pool, 4, "Bo Agent", "bo@example.com", datetime.now(UTC))
    await see(stand, bo.id)
    own, others = await log(stand, "attention"), await log(stand, "attention", agent=bo.id)
    html = await stand.popup()
    assert "Ticket 12</a>" in row(html, own)
    assert "Oven" not in html
    assert not row(html, others)


async def test_those_that_need_the_agent_come_first_and_a_moving_one_is_asked_after_sooner(stand: Stand) -> None:
    first = await log(stand, "expired")
    stand.clock.advance(minutes=1)
    second = await log(stand, "armed")
    html = await stand.popup()
    assert html.index(str(first)) < html.index(str(second))
    assert 'data-poll="5.0"' in html
    await log(stand, "queued")
    assert 'data-poll="1.5"' in await stand.popup()
