"""The Object Manager: what may be an attribute, and when it comes into force."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.demo.helpdesk import object_rules
from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.errors import UnprocessableError
from plugin_server.demo.helpdesk.settings import POOL, Settings
from tests.demo_helpdesk.client import ADA, SERVICE, Helpdesk
from tests.demo_helpdesk.lock import EVERYDAY, ensure_attributes, remove_attribute

PATH = "object_manager_attributes"
TEXT: dict[str, Any] = {"type": "text", "maxlength": 120}
numbers = itertools.count(1)


def attribute(data_type: str = "input", option: Any = TEXT, **fields: Any) -> dict[str, Any]:
    name = f"tried_{next(numbers)}"
    return {
        "name": name,
        "object": "Ticket",
        "display": "Tried",
        "data_type": data_type,
        "data_option": option,
        **fields,
    }


async def migrate(desk: Helpdesk) -> None:
    assert (await desk.call("POST", f"{PATH}_execute_migrations", None, SERVICE)).status == 200


async def test_before_the_migration_the_attribute_is_not_there(desk: Helpdesk) -> None:
    one = attribute(data_option={**TEXT, "linktemplate": "https://example.com/#{ticket.number}"})
    made = await desk.call("POST", PATH, one, SERVICE)
    assert made.status == 201
    assert (made.data["to_create"], made.data["to_migrate"], made.data["active"]) == (True, True, True)
    ticket = await desk.ticket()
    path = f"tickets/{ticket['id']}"
    dropped = await desk.call("PUT", path, {one["name"]: "lost"}, SERVICE)
    assert dropped.status == 200
    assert one["name"] not in dropped.data
    await migrate(desk)
    try:
        assert (await desk.get(path, ADA)).data[one["name"]] is None
        kept = await desk.call("PUT", path, {one["name"]: "kept"}, ADA)
        assert kept.data[one["name"]] == "kept"
        shown = (await desk.get(f"{PATH}/{made.data['id']}", SERVICE)).data
        assert (shown["to_create"], shown["to_migrate"]) == (False, False)
        assert shown["data_option"]["linktemplate"] == "https://example.com/#{ticket.number}"
    finally:
        await remove_attribute(desk, one["name"])
    assert one["name"] not in (await desk.get(path, ADA)).data


async def test_what_tickets_hold_already_shows_when_the_attribute_comes(make_database: Callable[[], str]) -> None:
    app = await open_app(make_database(), Settings())
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        fresh = Helpdesk(str(server.make_url("")).rstrip("/"), http)
        # As if nobody had made any yet.
        await app[POOL].execute("DELETE FROM object_attributes")
        assert "harvest_project" not in (await fresh.get("tickets/3", SERVICE)).data
        await ensure_attributes(fresh, *EVERYDAY)
        ticket = (await fresh.get("tickets/3", SERVICE)).data
    assert (ticket["harvest_project"], ticket["budget_hours"]) == ("4003", "4")
    assert ticket["budget_utilization"] is None


async def test_deleting_waits_for_the_migration_and_drops_the_values(desk: Helpdesk) -> None:
    one = attribute()
    await ensure_attributes(desk, one)
    ticket = await desk.ticket(**{one["name"]: "old"})
    number = next(row["id"] for row in (await desk.get(PATH, SERVICE)).data if row["name"] == one["name"])
    assert (await desk.call("DELETE", f"{PATH}/{number}", None, SERVICE)).status == 200
    assert (await desk.get(f"tickets/{ticket['id']}", ADA)).data[one["name"]] == "old"
    assert (await desk.get(f"{PATH}/{number}", SERVICE)).data["to_delete"] is True
    await migrate(desk)
    assert (await desk.get(f"{PATH}/{number}", SERVICE)).status == 404
    await ensure_attributes(desk, one)
    assert (await desk.get(f"tickets/{ticket['id']}", ADA)).data[one["name"]] is None
    await remove_attribute(desk, one["name"])


async def test_deleting_is_refused_while_a_trigger_asks_for_it(desk: Helpdesk) -> None:
    one = attribute("select", {"options": {"a": "A"}, "default": ""})
    await ensure_attributes(desk, one)
    hook = await desk.call("POST", "webhooks", {"name": "h", "endpoint": "http://127.0.0.1:9/"}, SERVICE)
    trigger = {
        "name": f"asks for {one['name']}",
        "active": False,
        "condition": {f"ticket.{one['name']}": {"operator": "is", "value": ["a"]}},
        "perform": {"notification.webhook": {"webhook_id": str(hook.data["id"])}},
    }
    made = await desk.call("POST", "triggers", trigger, SERVICE)
    row = next(row for row in (await desk.get(PATH, SERVICE)).data if row["name"] == one["name"])
    assert row["deletable"] is False
    refused = await desk.call("DELETE", f"{PATH}/{row['id']}", None, SERVICE)
    assert refused.status == 422
    assert f"Ticket.{one['name']} is referenced by Trigger: asks for {one['name']}" in refused.data["error"]
    off = await desk.call("PUT", f"{PATH}/{row['id']}", {**one, "active": False}, SERVICE)
    assert off.status == 422
    assert off.data["error"].endswith("thus cannot be set to inactive!")
    await desk.call("DELETE", f"triggers/{made.data['id']}", None, SERVICE)
    await desk.call("DELETE", f"webhooks/{hook.data['id']}", None, SERVICE)
    await remove_attribute(desk, one["name"])


async def test_changed_options_wait_and_screens_do_not(desk: Helpdesk) -> None:
    one = attribute("select", {"options": {"a": "A"}, "default": ""})
    await ensure_attributes(desk, one)
    screens = {"edit": {"ticket.agent": {"shown": False}}}
    other = {**one, "data_option": {"options": {"b": "B"}, "default": ""}, "screens": screens}
    changed = await desk.call("PUT", f"{PATH}/0", other, SERVICE)
    assert changed.status == 200
    assert (changed.data["to_config"], changed.data["screens"]) == (True, screens)
    assert changed.data["data_option"]["options"] == {"a": "A"}
    await migrate(desk)
    shown = (await desk.get(f"{PATH}/{changed.data['id']}", SERVICE)).data
    assert shown["data_option"]["options"] == {"b": "B"}
    assert shown["data_option"]["historical_options"] == {"a": "A", "b": "B"}
    await remove_attribute(desk, one["name"])


async def test_only_columns_of_numbers_and_flags_have_defaults(desk: Helpdesk) -> None:
    ticket = await desk.ticket()
    made = [
        attribute("integer", {"min": 0, "max": 9, "default": 5}),
        attribute("boolean", {"default": False, "options": {"true": "yes", "false": "no"}}),
        attribute("select", {"options": {"a": "A"}, "default": "a"}),
        attribute(option={**TEXT, "default": "x"}),
        attribute("datetime", {"future": True, "past": True, "diff": 24}),
    ]
    await ensure_attributes(desk, *made)
    names = [one["name"] for one in made]
    for number in (ticket["id"], (await desk.ticket())["id"]):
        row = (await desk.get(f"tickets/{number}", ADA)).data
        assert [row[name] for name in names] == [5, False, None, None, None]
    sent = dict(zip(names, ("7", "true", "a", "y", "2030-01-02T03:04:05Z"), strict=True))
    row = (await desk.call("PUT", f"tickets/{ticket['id']}", sent, ADA)).data
    assert [row[name] for name in names] == [7, True, "a", "y", "2030-01-02T03:04:05.000Z"]
    for name in names:
        await remove_attribute(desk, name)


async def test_discarding_takes_back_what_waits(desk: Helpdesk) -> None:
    one = attribute()
    made = await desk.call("POST", PATH, one, SERVICE)
    assert (await desk.call("POST", f"{PATH}_discard_changes", None, SERVICE)).status == 200
    assert (await desk.get(f"{PATH}/{made.data['id']}", SERVICE)).status == 404


async def test_only_for_those_who_administer_objects(desk: Helpdesk) -> None:
    for method, path in (("GET", PATH), ("POST", PATH), ("PUT", f"{PATH}/1"), ("DELETE", f"{PATH}/1")):
        assert (await desk.call(method, path, None if method in ("GET", "DELETE") else {}, ADA)).status == 403
    assert (await desk.call("POST", f"{PATH}_execute_migrations", None, ADA)).status == 403


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": "project_id"}, "Name can't be used because *_id and *_ids are not allowed"),
        ({"name": "two words"}, "Name spaces are not allowed"),
        ({"name": "dash-ed"}, "Name only lowercase letters, numbers, and '_' are allowed"),
        ({"name": "123"}, "Name at least one letter is required"),
        ({"name": "article"}, "Name article is a reserved word"),
        ({"name": "state"}, "This object already exists."),
        ({"data_option": {"type": "text"}}, "Max length must be an integer."),
        (
            {"data_option": {"maxlength": 9}},
            "Input field must be text, password, tel, fax, email or url type.",
        ),
        ({"data_type": "integer", "data_option": {"min": 0}}, "Maximal value must be an integer"),
        (
            {"data_type": "integer", "data_option": {"min": 2, "max": 1}},
            "Maximal value must be higher than or equal to minimal value",
        ),
        ({"data_type": "datetime", "data_option": {"past": True}}, "Allow future dates toggle value is required."),
    ],
)
async def test_what_is_no_attribute_is_refused(desk: Helpdesk, change: dict[str, Any], error: str) -> None:
    answer = await desk.call("POST", PATH, {**attribute(), **change}, SERVICE)
    assert (answer.status, answer.data["error"]) == (422, error)


async def test_names_are_taken_once_and_types_stay(desk: Helpdesk) -> None:
    one = attribute("integer", {"min": 0, "max": 9})
    await ensure_attributes(desk, one)
    twice = await desk.call("POST", PATH, {**one, "name": one["name"].upper()}, SERVICE)
    assert (twice.status, twice.data["error"]) == (422, "This object already exists.")
    other = await desk.call("PUT", f"{PATH}/1", {**one, "data_type": "input", "data_option": TEXT}, SERVICE)
    assert other.status == 422
    assert other.data["error"].startswith("Data type can't be altered after creation")
    unknown = await desk.call("PUT", f"{PATH}/1", {**attribute()}, SERVICE)
    assert (unknown.status, unknown.data["error"]) == (422, "does not exist")
    await remove_attribute(desk, one["name"])


@given(st.text(alphabet="abz_09 -A", max_size=12))
def test_a_name_that_passes_is_one_of_letters_digits_and_lines(name: str) -> None:
    try:
        object_rules.check_name(name, new=True)
    except UnprocessableError:
        return
    assert name
    assert set(name) <= set("abz_09")
    assert set(name) & set("abz")
    assert not name.endswith(("_id", "_ids"))
