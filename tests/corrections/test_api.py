"""Corrections by the API, through to the simulated Harvest: who may, what becomes of it, and what is kept of it."""

from __future__ import annotations

import asyncpg
import pytest

from tests.corrections.bench import ADA, BOSS, DEVELOPMENT, PM, SUPPORT, Bench


async def test_an_agent_corrects_the_own_entry_with_the_own_access(bench: Bench) -> None:
    entry = await bench.entry()
    assert await bench.used(1) == 100
    shown = await bench.look(entry)
    assert (shown["may_correct"], shown["access"], shown["values"]["ticket"]) == (True, "own", "#10001")
    status, body = await bench.correct(
        entry, hours="1:30", task_id=DEVELOPMENT, spent_date="2026-05-03", notes="Better", version=shown["version"]
    )
    assert (status, body["state"]) == (200, "done"), body
    there = await bench.there(entry)
    assert (there["hours"], there["task"]["id"], there["spent_date"]) == (1.5, DEVELOPMENT, "2026-05-03")
    assert there["notes"] == "Better"
    assert await bench.used(1) == 150
    kept = (await bench.look(entry))["history"]
    assert len(kept) == 1
    assert (kept[0]["asked_by"], kept[0]["access"], kept[0]["access_name"]) == ("Ada Agent", "own", "Ada Agent")
    assert (kept[0]["before"]["hours"], kept[0]["after"]["hours"]) == ("1.00", "1.50")
    assert (kept[0]["before"]["task"], kept[0]["after"]["task"]) == ("Support", "Development")


async def test_a_project_manager_corrects_any_entry_of_a_ticket_by_the_services_access(bench: Bench) -> None:
    entry = await bench.entry()
    assert (await bench.look(entry, "mo"))["access"] == "service"
    status, body = await bench.correct(entry, "mo", hours=2)
    assert status == 200, body
    assert (await bench.there(entry))["hours"] == 2
    kept = (await bench.look(entry, "mo"))["history"][0]
    assert (kept["asked_by"], kept["access"], kept["access_name"]) == ("Mo Manager", "service", "Ari Admin")
    assert (await bench.there(entry))["user"]["id"] == ADA


async def test_a_project_manager_whose_harvest_role_may_goes_by_the_own_access(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.connect("mo", BOSS, "admin")
    assert (await bench.correct(entry, "mo", hours=2))[0] == 200
    kept = (await bench.look(entry, "mo"))["history"][0]
    assert (kept["access"], kept["access_name"]) == ("own", "Mo Manager")


async def test_where_harvest_denies_it_a_project_manager_goes_by_the_services_access(bench: Bench) -> None:
    entry, gone = await bench.entry(), await bench.entry()
    await bench.connect("mo", PM, "pm")
    await bench.pool.execute("UPDATE harvest_user SET access_roles = '{administrator}' WHERE id = $1", PM)
    roles = (await bench.harvest.get(f"/v2/users/{PM}"))["access_roles"]
    await bench.harvest.call("PATCH", f"/v2/users/{PM}", {"access_roles": ["member"]})
    try:
        assert (await bench.look(entry, "mo"))["access"] == "own", "as far as is known"
        for status, _body in (await bench.correct(entry, "mo", hours=2), await bench.delete(gone, "mo")):
            assert status == 200
    finally:
        await bench.harvest.call("PATCH", f"/v2/users/{PM}", {"access_roles": roles})
    for one in (entry, gone):
        kept = (await bench.look(one, "mo"))["history"][0]
        assert (kept["state"], kept["asked_by"], kept["access"]) == ("done", "Mo Manager", "service")
        assert kept["access_name"] == "Ari Admin"


async def test_another_agents_entry_is_refused_and_says_why(bench: Bench) -> None:
    entry = await bench.entry()
    shown = await bench.look(entry, "bo")
    assert (shown["may_correct"], shown["why_not"]) == (False, "not_yours")
    for status, body in (await bench.correct(entry, "bo", hours=2), await bench.delete(entry, "bo")):
        assert (status, body["error"]["code"]) == (403, "forbidden")
        assert "another person's" in body["error"]["message"]
    assert (await bench.there(entry))["hours"] == 1


async def test_an_entry_that_counts_for_no_ticket_is_its_persons_alone(bench: Bench) -> None:
    other = await bench.project()
    entry = await bench.entry(project_id=other["id"], external_reference=None)
    for who in ("bo", "mo"):
        assert (await bench.correct(entry, who, hours=2))[0] == 403
    assert (await bench.correct(entry, hours=2))[0] == 200


@pytest.mark.parametrize(
    ("set_to", "code"),
    [({"approval_status": "approved"}, "approved"), ({"invoice_number": "1001"}, "invoiced")],
)
async def test_what_harvest_has_locked_stays_whoever_asks(bench: Bench, set_to: dict[str, str], code: str) -> None:
    entry = await bench.entry()
    assert (await bench.harvest.call("POST", f"/_sim/time_entries/{entry}", set_to)).status == 200
    # The mirror does not know it yet: Harvest is looked at before anything is written.
    for who in ("ada", "mo"):
        status, body = await bench.correct(entry, who, hours=2)
        assert (status, body["error"]["code"]) == (409, code), body
    status, body = await bench.delete(entry, "mo")
    assert (status, body["error"]["code"]) == (409, code)
    assert (await bench.look(entry))["why_not"] == code
    assert (await bench.there(entry))["hours"] == 1


async def test_a_closed_period_and_an_archived_project_are_told_as_such(bench: Bench) -> None:
    entry, other = await bench.entry(), await bench.entry(2)
    assert (
        await bench.harvest.call("POST", "/_sim/locks", {"first_day": "2026-05-01", "last_day": "2026-05-02"})
    ).status
    status, body = await bench.correct(entry, spent_date="2026-05-02")
    assert status == 409
    assert "locked for this time period" in body["error"]["message"]
    assert (await bench.correct(entry, hours=2))[0] == 200, "its own day is open"
    path = f"/v2/projects/{bench.projects[2]['id']}"
    assert (await bench.harvest.call("PATCH", path, {"is_active": False})).status == 200
    await bench.sync()
    status, body = await bench.correct(other, hours=2)
    assert (status, body["error"]["code"]) == (409, "archived")


async def test_every_value_that_is_wrong_is_told_beside_its_field(bench: Bench) -> None:
    entry = await bench.entry()
    wrong = {"hours": "0.3", "task_id": 999, "spent_date": "2199-01-01", "notes": "x" * 5001, "ticket_number": "#77777"}
    status, body = await bench.correct(entry, **wrong)
    assert status == 422
    assert set(body["error"]["fields"]) == set(wrong)
    assert "0.25 or 0.5" in body["error"]["fields"]["hours"].replace("0.50", "0.5")


async def test_a_change_in_harvest_meanwhile_is_not_written_over(bench: Bench) -> None:
    entry = await bench.entry()
    version = (await bench.look(entry))["version"]
    await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}", {"hours": 3})
    status, body = await bench.correct(entry, hours=2, version=version)
    assert (status, body["error"]["code"]) == (409, "changed")
    assert (await bench.there(entry))["hours"] == 3
    shown = await bench.look(entry)
    assert (shown["values"]["hours"], shown["history"][0]["state"]) == ("3.00", "refused")
    # Seen by us before it was asked for: refused at once.
    status, body = await bench.correct(entry, hours=2, version=version)
    assert (status, body["error"]["code"]) == (409, "changed")
    assert (await bench.correct(entry, hours=2, version=shown["version"]))[0] == 200


async def test_a_refusal_is_stored_in_english_and_told_in_the_readers_language(bench: Bench) -> None:
    entry = await bench.entry()
    version = (await bench.look(entry))["version"]
    await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}", {"hours": 3})
    status, body = await bench.correct(entry, lang="de", hours=2, version=version)
    assert (status, body["error"]["code"]) == (409, "changed")
    assert body["error"]["message"].startswith("Inzwischen hat jemand diesen Eintrag geändert.")
    assert [(await bench.look(entry, lang=lang))["history"][0]["problem"].split()[0] for lang in ("en", "de")] == [
        "Somebody",
        "Inzwischen",
    ]


async def test_asking_for_what_stands_there_changes_nothing_and_calls_nobody(bench: Bench) -> None:
    entry = await bench.entry()
    version = (await bench.look(entry))["version"]
    assert (await bench.correct(entry, hours=2, version=version))[0] == 200
    calls = (await bench.harvest.get("/_sim/state"))["calls"]
    status, body = await bench.correct(entry, hours=2, version=version)
    assert (status, body["correction"]) == (200, None)
    assert (await bench.harvest.get("/_sim/state"))["calls"] == calls
    assert len((await bench.look(entry))["history"]) == 1


async def test_an_entry_moves_to_another_ticket_with_its_project_and_keeps_its_mark(bench: Bench) -> None:
    mark = "8b1d4c1e-0000-4000-8000-00000000abcd"
    link = f"https://desk.example.com/?deskhours={mark}#ticket/zoom/1"
    reference = {"id": bench.services.tickets.reference(1), "group_id": "7", "permalink": link}
    entry = await bench.entry(external_reference=reference)
    assert (await bench.correct(entry, ticket_number="#10002"))[0] == 200
    there = await bench.there(entry)
    assert there["external_reference"]["id"] == bench.services.tickets.reference(2)
    assert mark in there["external_reference"]["permalink"]
    assert there["external_reference"]["permalink"].endswith("#ticket/zoom/2")
    assert (there["project"]["id"], there["task"]["id"]) == (bench.projects[2]["id"], SUPPORT)
    assert await bench.counts_for(entry) == 2
    assert (await bench.used(1), await bench.used(2)) == (0, 100)
    kept = (await bench.look(entry))["history"][0]
    assert (kept["before"]["ticket"], kept["after"]["ticket"]) == ("#10001", "#10002")


async def test_a_move_asks_for_a_task_where_the_other_project_has_none_of_that_name(bench: Bench) -> None:
    entry = await bench.entry(task_id=DEVELOPMENT)
    path = f"/v2/projects/{bench.projects[2]['id']}/task_assignments"
    found = await bench.harvest.get(path)
    number = next(one["id"] for one in found["task_assignments"] if one["task"]["id"] == DEVELOPMENT)
    assert (await bench.harvest.call("DELETE", f"{path}/{number}")).status == 200
    await bench.pool.execute("DELETE FROM harvest_task_assignment WHERE id = $1", number)
    status, body = await bench.correct(entry, ticket_id=2)
    assert status == 422
    assert "Choose a task of the project" in body["error"]["fields"]["task_id"]
    assert (await bench.correct(entry, ticket_id=2, task_id=SUPPORT))[0] == 200


async def test_a_ticket_that_no_time_can_go_to_is_refused(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.ticket(3, "")
    status, body = await bench.correct(entry, ticket_id=3)
    assert status == 422
    assert "no Harvest project" in body["error"]["fields"]["ticket_id"]
    async with bench.pool.acquire() as connection:
        await connection.execute("DELETE FROM ticket_access WHERE ticket_id = 2 AND agent_id = $1", bench.agents["ada"])
    status, body = await bench.correct(entry, ticket_id=2)
    assert status == 503, "whether ada may see it is the helpdesk's word, and it is away"


async def test_a_lock_never_refuses_the_truth(bench: Bench) -> None:
    entry, other = await bench.entry(hours=1), await bench.entry(2, hours=12)
    await bench.used(2)
    assert await bench.pool.fetchval("SELECT locked FROM ticket_budget WHERE ticket_id = 2")
    assert (await bench.correct(entry, ticket_id=2))[0] == 200
    assert (await bench.correct(other, hours=2))[0] == 200
    assert await bench.used(2) == 300
    assert not await bench.pool.fetchval("SELECT locked FROM ticket_budget WHERE ticket_id = 2")


async def test_a_deleted_entry_is_gone_and_its_values_are_kept(bench: Bench) -> None:
    entry = await bench.entry()
    assert (await bench.delete(entry, version=(await bench.look(entry))["version"]))[0] == 200
    assert (await bench.harvest.call("GET", f"/v2/time_entries/{entry}")).status == 404
    assert await bench.used(1) == 0
    shown = await bench.look(entry)
    assert (shown["why_not"], shown["history"][0]["before"]["notes"]) == ("gone", "As it was")
    assert shown["history"][0]["after"] is None
    assert (await bench.delete(entry))[0] == 200, "the answer was lost, so it is asked again"
    assert (await bench.correct(entry, hours=2))[0] == 404


def twice(kind: str) -> int:
    """The client's library sends a DELETE again by itself when a connection that was kept open breaks."""
    return 2 if kind == "delete" else 1


async def test_a_lost_answer_is_made_up_for_once(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.fault(f"PATCH /v2/time_entries/{entry}", "drop_after")
    status, body = await bench.correct(entry, hours=2)
    assert (status, body["state"]) == (202, "asked")
    assert "goes by itself" in body["correction"]["problem"]
    # Until it is known nobody else may change it; the same wish is no second one.
    assert (await bench.correct(entry, "mo", hours=5))[1]["error"]["code"] == "pending"
    assert (await bench.correct(entry, hours=2))[0] == 202
    assert (await bench.look(entry))["why_not"] == "pending"
    await bench.worker()
    assert [one["state"] for one in (await bench.look(entry))["history"]] == ["done"]
    assert await bench.used(1) == 200
    calls = (await bench.harvest.get("/_sim/state"))["calls"]
    await bench.worker()
    assert (await bench.harvest.get("/_sim/state"))["calls"] == calls, "nothing is left to do"


async def test_a_deletion_whose_answer_was_lost_is_looked_up(bench: Bench) -> None:
    first, second = await bench.entry(), await bench.entry()
    await bench.fault(f"DELETE /v2/time_entries/{first}", "drop_after")
    assert (await bench.delete(first))[0] == 200, "asked again at once, Harvest has it no more"
    await bench.fault(f"DELETE /v2/time_entries/{second}", "status", status=502)
    assert (await bench.delete(second))[0] == 202
    assert (await bench.harvest.call("DELETE", f"/v2/time_entries/{second}")).status == 200
    await bench.worker()
    assert [one["state"] for one in (await bench.look(second))["history"]] == ["done"]
    assert await bench.used(1) == 0


@pytest.mark.parametrize("kind", ["change", "delete"])
async def test_a_call_that_never_arrived_is_made_again(bench: Bench, kind: str) -> None:
    entry = await bench.entry()
    method = "PATCH" if kind == "change" else "DELETE"
    await bench.fault(f"{method} /v2/time_entries/{entry}", "drop_before", times=twice(kind))
    status, _body = await (bench.correct(entry, hours=2) if kind == "change" else bench.delete(entry))
    assert status == 202
    await bench.worker()
    assert [one["state"] for one in (await bench.look(entry))["history"]] == ["done"]
    found = await bench.harvest.call("GET", f"/v2/time_entries/{entry}")
    assert found.status == 404 if kind == "delete" else found.body["hours"] == 2


async def test_who_was_faster_after_a_lost_call_is_not_written_over(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.fault(f"PATCH /v2/time_entries/{entry}", "drop_before")
    assert (await bench.correct(entry, hours=2))[0] == 202
    assert (await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}", {"hours": 7})).status == 200
    await bench.worker()
    assert (await bench.there(entry))["hours"] == 7
    kept = (await bench.look(entry))["history"][0]
    assert (kept["state"], kept["problem"].startswith("Somebody has changed")) == ("refused", True)


async def test_while_harvest_is_away_a_wish_waits_and_may_be_changed(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.fault("GET /v2/time_entries/*", "status", status=500, times=2)
    assert (await bench.correct(entry, hours=2))[0] == 202
    status, body = await bench.correct(entry, hours=3)
    assert status == 202, body
    await bench.worker()
    assert (await bench.there(entry))["hours"] == 3
    shown = (await bench.look(entry))["history"]
    assert [(one["state"], one["after"]["hours"]) for one in shown] == [("done", "3.00")]


async def test_harvests_own_refusal_is_told_in_its_words(bench: Bench) -> None:
    entry = await bench.entry()
    path = f"/v2/projects/{bench.projects[1]['id']}/user_assignments"
    found = await bench.harvest.get(path)
    number = next(one["id"] for one in found["user_assignments"] if one["user"]["id"] == ADA)
    assert (await bench.harvest.call("PATCH", f"{path}/{number}", {"is_active": False})).status == 200
    status, body = await bench.correct(entry, task_id=DEVELOPMENT)
    assert status == 409
    assert body["error"]["message"] == "Harvest refused this: User is not assigned to this project."


async def test_a_running_timer_is_stopped_first(bench: Bench) -> None:
    entry = await bench.entry(hours=None)
    status, body = await bench.correct(entry, hours=2)
    assert (status, body["error"]["code"]) == (409, "running")
    await bench.harvest.call("PATCH", f"/v2/time_entries/{entry}/stop", who="ada")


async def test_where_times_are_kept_they_are_corrected(bench: Bench) -> None:
    assert (await bench.harvest.call("PATCH", "/v2/company", {"wants_timestamp_timers": True})).status == 200
    await bench.harvest.call("POST", "/_sim/preferences", {"clock": "12h"})
    await bench.sync()
    entry = await bench.entry(hours=None, started_time="9:00am", ended_time="10:00am")
    shown = (await bench.look(entry))["values"]
    assert (shown["started_time"], shown["ended_time"], shown["hours"]) == ("09:00", "10:00", "1.00")
    assert (await bench.correct(entry, started_time="1pm", ended_time="14:20"))[0] == 200
    there = await bench.there(entry)
    assert (there["started_time"], there["ended_time"], there["hours"]) == ("1:00pm", "2:20pm", 1.33)
    assert (await bench.correct(entry, hours="2"))[0] == 200
    assert (await bench.there(entry))["ended_time"] == "3:00pm"
    status, body = await bench.correct(entry, started_time="16:00")
    assert (status, set(body["error"]["fields"])) == (422, {"ended_time"})


async def test_an_agent_who_has_to_connect_again_is_told_so(bench: Bench) -> None:
    entry = await bench.entry()
    await bench.pool.execute("UPDATE agent_token SET broken_at = now() WHERE agent_id = $1", bench.agents["ada"])
    status, body = await bench.correct(entry, hours=2)
    assert (status, body["error"]["code"]) == (409, "not_connected")
    assert (await bench.look(entry, "mo"))["may_correct"]


async def test_what_is_decided_stays_in_the_audit(bench: Bench) -> None:
    entry = await bench.entry()
    assert (await bench.correct(entry, hours=2))[0] == 200
    for statement in ("UPDATE entry_correction SET asked_by = 'nobody'", "DELETE FROM entry_correction"):
        with pytest.raises(asyncpg.RaiseError):
            await bench.pool.execute(statement)
