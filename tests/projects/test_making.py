"""One project with all its parts for each ticket, whatever Harvest, the helpdesk and the workers go through."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from plugin_server.projects import store
from plugin_server.runtime import i18n
from tests.demo_harvest.client import ADA, BO, unique
from tests.projects.office import ORGANISATION, REQUEST_SECONDS, TICKET, Office

CALLS = (
    "GET /v2/projects/{id}",
    "GET /v2/clients/{id}",
    "POST /v2/projects",
    "GET /v2/projects/{project_id}/task_assignments",
    "PATCH /v2/projects/{project_id}/task_assignments/{id}",
    "DELETE /v2/projects/{project_id}/task_assignments/{id}",
    "POST /v2/projects/{project_id}/user_assignments",
)
"""A call of each kind that making a project takes."""


async def test_a_project_is_made_like_the_template(office: Office) -> None:
    await office.ticket(budget_hours="12,5")
    await office.work().until_done(await office.wish())
    project = await office.assert_whole()
    assert project["name"] == "10001 Oven restarts"
    assert (project["budget_by"], project["budget"], project["bill_by"]) == ("project", 12.5, "Tasks")
    # Whoever is on its team sees it at once, and its organisation's client is known from now on.
    assert [task.name for task in await office.mirror.tasks(ADA, project["id"])] == ["Support", "Development"]
    (line,) = await office.work().clients.lines()
    assert (line.client and line.client.id, line.match.chosen_id) == (office.client_id, office.client_id)


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
async def test_each_call_whose_answer_is_lost_makes_nothing_twice(office: Office, kind: str) -> None:
    for call in CALLS:
        # A call that changes nothing when it is made twice is tried again at once by the HTTP client itself.
        await office.fault(call, kind, times=1 if call.startswith("P") else 2)
    making_id = await office.wish()
    await office.work().step(making_id)
    assert (await office.row()).state == "making"
    assert (await office.row()).words, "the ticket says what it waits for"
    await office.work().until_done(making_id)
    await office.assert_whole()
    assert await office.faults() == [], "each of the calls was struck"


async def test_a_project_made_after_its_look_up_is_found_all_the_same(office: Office) -> None:
    making_id = await office.wish()
    await office.fault("POST /v2/projects", "latency", seconds=REQUEST_SECONDS + 0.7)
    await office.work().step(making_id)  # gives up; Harvest makes it a moment later
    office.clock.advance(seconds=60)  # our clock is ahead: the look-up comes too early, and a second call is made
    await office.work().step(making_id)
    await office.work().until_done(making_id)
    await office.assert_whole()


async def test_a_second_project_that_a_late_call_made_is_archived(office: Office) -> None:
    making_id = await office.wish()
    await office.fault("POST /v2/projects", "drop_before")
    await office.work().step(making_id)
    await office.work().until_done(making_id)
    project = await office.assert_whole()
    twin = {name: project[name] for name in ("is_billable", "bill_by", "budget_by", "notes")}
    late = await office.harvest.make(
        "/v2/projects", {**twin, "client_id": office.client_id, "name": unique("The same, carried out late")}
    )
    office.clock.advance(seconds=6 * REQUEST_SECONDS + 60)
    await office.work().work.projects.sweep()
    found = {one["id"]: one["is_active"] for one in await office.projects()}
    assert found == {project["id"]: True, late["id"]: False}


async def test_two_workers_make_one(office: Office) -> None:
    making_id = await office.wish()
    await asyncio.gather(*(office.work().step(making_id) for _ in range(4)))
    await office.work().until_done(making_id)
    await office.assert_whole()


async def test_a_worker_that_is_cut_off_gives_the_wish_back(office: Office) -> None:
    making_id = await office.wish()
    for call in ("POST /v2/projects", "POST /v2/projects/{project_id}/user_assignments"):
        await office.fault(call, "latency", seconds=0.5)
        step = asyncio.create_task(office.work().step(making_id))
        await _called(office, call)
        step.cancel()
        await asyncio.gather(step, return_exceptions=True)
        office.clock.advance(seconds=30)
    await office.work().until_done(making_id)
    await office.assert_whole()


async def _called(office: Office, call: str) -> None:
    """Once the fault has struck a call: it is out."""
    for _ in range(500):
        if not any(one["match"] == call for one in await office.faults()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"nobody called {call}")


async def test_a_second_click_is_the_same_wish(office: Office) -> None:
    await office.wish()
    assert await store.wish(office.pool, TICKET, 4, office.clock.now()) is None


async def test_the_helpdesk_is_written_until_it_answers(office: Office) -> None:
    making_id = await office.wish()
    office.desk.silent = 2
    await office.work().step(making_id)
    row = await office.row()
    assert (row.state, row.problem_code, row.linked) == ("making", "helpdesk", False)
    assert "does not answer" in (row.words or "")
    await office.work().until_done(making_id)
    await office.assert_whole()


async def test_what_harvest_refuses_of_the_team_is_said_and_finished_later(office: Office) -> None:
    making_id = await office.wish()
    # Archived a moment ago: the mirror has not seen it.
    await office.harvest.call("PATCH", f"/v2/users/{BO}", {"is_active": False})
    try:
        await office.work().until_done(making_id)
        row = await office.row()
        assert (row.state, row.problem_code, row.linked) == ("stopped", "partly", True)
        assert "Harvest did not take Bo Agent into the team: An archived user cannot be assigned" in (row.words or "")
        with i18n.speaking("de"):
            assert "Harvest hat Bo Agent nicht in das Team aufgenommen: An archived" in (row.words or "")
    finally:
        await office.harvest.call("PATCH", f"/v2/users/{BO}", {"is_active": True})
    office.clock.advance(hours=1, seconds=1)
    await office.work().work.projects.sweep()
    await office.work().until_done(making_id)
    await office.assert_whole()


async def test_another_project_named_meanwhile_stays(office: Office) -> None:
    making_id = await office.wish()
    office.desk.silent = 1
    await office.work().step(making_id)
    await office.ticket(project="4711")
    office.clock.advance(seconds=30)
    await office.work().step(making_id)
    row = await office.row()
    assert (row.state, row.problem_code, office.desk.tickets[TICKET].project) == ("stopped", "linked_elsewhere", "4711")
    assert "10001 Oven restarts" in (row.words or "")


async def test_a_project_deleted_while_it_is_made_is_said_and_made_anew(office: Office) -> None:
    making_id = await office.wish()
    await office.fault("POST /v2/projects/{project_id}/user_assignments", "drop_before")
    await office.work().step(making_id)
    (project,) = await office.projects()
    await office.harvest.call("DELETE", f"/v2/projects/{project['id']}")
    office.clock.advance(seconds=30)
    await office.work().step(making_id)
    assert (await office.row()).problem_code == "project_gone"
    async with office.pool.acquire() as connection:
        assert await store.retry(connection, making_id, office.clock.now())
    await office.work().until_done(making_id)
    await office.assert_whole()


async def test_a_linked_project_that_was_deleted_is_made_anew_by_trying_again(office: Office) -> None:
    making_id = await office.wish()
    await office.harvest.call("PATCH", f"/v2/users/{BO}", {"is_active": False})
    try:
        await office.work().until_done(making_id)
        assert (await office.row()).problem_code == "partly"
    finally:
        await office.harvest.call("PATCH", f"/v2/users/{BO}", {"is_active": True})
    (project,) = await office.projects()
    await office.harvest.call("DELETE", f"/v2/projects/{project['id']}")
    codes = []
    for _ in range(2):  # the first press finds out that it is gone, the second has another one made
        async with office.pool.acquire() as connection:
            assert await store.retry(connection, making_id, office.clock.now())
        await office.work().until_done(making_id)
        codes.append((await office.row()).problem_code)
    assert codes == ["project_gone", None]
    assert (await office.assert_whole())["id"] != project["id"]
    assert office.desk.tickets[TICKET].project != str(project["id"])


HINDRANCES: tuple[tuple[str, str], ...] = (
    ("template_archived", "is archived"),
    ("template_gone", "is not in Harvest any more"),
    ("client_archived", "is archived"),
    ("client_ambiguous", "Several Harvest clients are called like"),
    ("client_unknown", "It is not known which Harvest client"),
    ("name_taken", "has a Harvest project “10001 Oven restarts” already"),
    ("no_organisation", "belongs to no organisation"),
    ("denied", "does not let Deskhours make projects"),
    ("ticket_gone", "was deleted or merged"),
    ("has_project", "names a Harvest project already"),
)


STALE = ("template_archived", "template_gone", "client_archived", "name_taken", "denied")
"""What Harvest itself says, though the mirror has not seen it yet."""


@pytest.mark.parametrize(
    ("code", "words", "seen"),
    [(*one, True) for one in HINDRANCES] + [(*one, False) for one in HINDRANCES if one[0] in STALE],
)
async def test_what_stands_in_the_way_is_said_and_nothing_is_made(
    office: Office, code: str, words: str, seen: bool
) -> None:
    await _hinder(office, code)
    if seen:
        await office.mirror.sync_directory()
        await office.mirror.sync()
    before = await office.projects()
    await office.work().until_done(await office.wish())
    row = await office.row()
    over = code in ("ticket_gone", "has_project")
    assert (row.state, row.problem_code) == ("dropped" if over else "stopped", code)
    assert words in (row.words or "")
    assert await office.projects() == before, "nothing half made"
    assert office.desk.writes == []


async def _hinder(office: Office, code: str) -> None:
    call, path = office.harvest.call, f"/v2/clients/{office.client_id}"
    changes: dict[str, tuple[str, str, Any]] = {
        "template_archived": ("PATCH", f"/v2/projects/{office.template_id}", {"is_active": False}),
        "template_gone": ("DELETE", f"/v2/projects/{office.template_id}", None),
        "client_archived": ("PATCH", path, {"is_active": False}),
        "denied": ("POST", "/_sim/faults", {"match": "POST /v2/projects", "kind": "status", "status": 403}),
    }
    if code in changes:
        assert (await call(*changes[code])).status in (200, 201)
    elif code in ("client_unknown", "client_ambiguous"):
        if code == "client_ambiguous":
            await office.harvest.make("/v2/clients", {"name": office.name.replace("Acorn", "Acórn")})
        office.desk.names[ORGANISATION] = {
            "client_unknown": office.name.replace("GmbH", "Ltd."),
            "client_ambiguous": office.name.replace("Acorn", "Ácorn"),
        }[code]
        office.clock.advance(days=2)
        await office.work().read_names()
    elif code == "name_taken":
        body = {"client_id": office.client_id, "name": "10001 OVEN restarts", "is_billable": True, "bill_by": "none"}
        await office.harvest.make("/v2/projects", {**body, "budget_by": "none"})
    elif code == "no_organisation":
        await office.ticket(organisation_id=None)
    elif code == "has_project":
        await office.ticket(project="4001")
    elif code == "ticket_gone":
        del office.desk.tickets[TICKET]
