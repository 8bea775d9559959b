"""Tickets that get their project by the manifest's rules, clients made on demand, and budgets that follow."""

from __future__ import annotations

from typing import Any

from plugin_server.projects import store
from plugin_server.projects.clients import store as clients_store
from tests.demo_harvest.client import unique
from tests.projects.office import ORGANISATION, TICKET, Office

BUDGET: dict[str, Any] = {"when": [{"budget": True}]}


async def accept(office: Office, hours: str, ticket_id: int = TICKET) -> None:
    """A budget that is known to come from who may set it."""
    await office.pool.execute(
        "INSERT INTO ticket_budget (ticket_id, used, band, pressing, locked, accepted_budget, accepted_quoted,"
        " accepted_pm, wanted_used, wanted_utilization, wanted_state, computed_at)"
        " VALUES ($1, 0, 'none', 0, false, $2, '', '', '', '', '', now())"
        " ON CONFLICT (ticket_id) DO UPDATE SET accepted_budget = excluded.accepted_budget",
        ticket_id,
        hours,
    )


async def test_a_ticket_gets_its_project_when_a_budget_is_assigned(office: Office) -> None:
    work = office.work(**BUDGET)
    assert await work.work.watch.look() == 0
    await accept(office, "8")
    await office.ticket(budget_hours="8")
    assert await work.work.watch.look() == 1
    assert await office.work(**BUDGET).work.watch.look() == 0, "another worker, another look"
    await work.until_done((await office.row()).id)
    project = await office.assert_whole()
    assert project["budget"] == 8
    # Unlinked by somebody: no rule makes a second one.
    await office.ticket(project="")
    assert await work.work.watch.look() == 0


async def test_tickets_that_nobody_has_touched_since_rules_were_set_get_none(office: Office) -> None:
    await accept(office, "8")
    office.clock.advance(hours=1)
    work = office.work(**BUDGET)
    assert await work.work.watch.look() == 0
    office.clock.advance(days=3)  # the worker was away
    await office.ticket(updated_at=office.clock.now())
    assert await work.work.watch.look() == 1


async def test_a_budget_changed_later_follows_unless_somebody_decided_in_harvest(office: Office) -> None:
    await accept(office, "8")
    await office.work().until_done(await office.wish())
    project = await office.assert_whole()
    await accept(office, "9,5")
    watch = office.work().work.watch
    assert await watch.follow_budgets() == 1
    assert await watch.follow_budgets() == 0
    assert [one["budget"] for one in await office.projects()] == [9.5]
    await office.harvest.call("PATCH", f"/v2/projects/{project['id']}", {"budget": 20})
    await office.mirror.sync()
    await accept(office, "11")
    assert await watch.follow_budgets() == 0
    assert [one["budget"] for one in await office.projects()] == [20]
    assert await office.work(follow_budget=False).work.watch.follow_budgets() == 0


async def wish_for_client(office: Office, name: str) -> str:
    async with office.pool.acquire() as connection, connection.transaction():
        wish = await clients_store.wish(connection, ORGANISATION, name, 3, "Mo", office.clock.now())
    return str(wish.id)


async def named(office: Office, name: str) -> list[int]:
    found = (await office.harvest.get("/v2/clients"))["clients"]
    return [one["id"] for one in found if one["name"] == name]


async def test_a_client_is_made_once_and_its_tickets_go_on(office: Office) -> None:
    office.desk.names[ORGANISATION] = "Somebody Else"
    office.clock.advance(days=2)
    await office.work().read_names()
    making_id = await office.wish()
    await office.work().until_done(making_id)
    assert (await office.row()).problem_code == "client_unknown"
    for kind in ("drop_before", "drop_after"):
        await office.fault("POST /v2/clients", kind)
    name = unique("Somebody Else")
    wish = await wish_for_client(office, name)
    assert await wish_for_client(office, name) == wish, "a second click is the same wish"
    for _ in range(4):
        await office.work().work.clients.step(wish)
        office.clock.advance(seconds=30)
    (client_id,) = await named(office, name)
    assert await clients_store.chosen(office.pool, ORGANISATION) == client_id
    row = await office.row()
    assert row.state == "making", "the ticket waited for it"
    await office.work().until_done(making_id)
    row = await office.row()
    assert (row.state, row.client_id) == ("made", client_id)


async def test_a_client_whose_name_is_taken_is_not_taken_over(office: Office) -> None:
    wish = await wish_for_client(office, office.name)
    await office.work().work.clients.step(wish)
    found = (await clients_store.makings(office.pool))[ORGANISATION]
    assert (found.state, found.problem_code) == ("stopped", "taken")
    assert await clients_store.chosen(office.pool, ORGANISATION) is None


async def test_the_search_finds_words_wherever_they_stand(office: Office) -> None:
    label = [one.label for one in await store.search(office.pool, ["oven", "t1"], 5)]
    assert label == ["[T1] Oven controller"]
    assert [one.id for one in await store.search(office.pool, ["4002"], 5)] == [4002]
    assert await store.search(office.pool, ["%"], 5) == []
    assert len(await store.search(office.pool, [], 3)) == 3
