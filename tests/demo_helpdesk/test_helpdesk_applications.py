"""OAuth applications as administrators keep them, and the version that only they may know."""

from __future__ import annotations

from collections.abc import Callable

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.settings import Settings
from tests.demo_helpdesk.client import ADA, ADMIN, SERVICE, Helpdesk

CALLBACK = "https://deskhours.example.com/callback"


async def test_the_version_is_for_administrators(desk: Helpdesk) -> None:
    assert (await desk.get("version", ADMIN)).data == {"version": "6.5.0"}
    assert (await desk.get("version", ADA)).status == 403
    less = await desk.call("POST", "user_access_token", {"name": "less", "permission": ["admin.object"]}, ADMIN)
    refused = await desk.get("version", {"Authorization": f"Bearer {less.data['token']}"})
    assert (refused.status, refused.data["error"]) == (403, "Token authorization failed.")


async def test_an_application_is_made_shown_changed_and_gone(desk: Helpdesk) -> None:
    made = await desk.call("POST", "applications", {"name": "Tried", "redirect_uri": CALLBACK, "uid": "mine"}, ADMIN)
    assert made.status == 201
    assert made.data["uid"] not in ("", "mine")
    assert made.data["secret"]
    path = f"applications/{made.data['id']}"
    assert (await desk.get(path, ADMIN)).data == made.data
    assert made.data in (await desk.get("applications", ADMIN)).data
    two = {"name": "Tried", "redirect_uri": f"{CALLBACK}\nhttp://127.0.0.1:1/callback"}
    changed = await desk.call("PUT", path, two, ADMIN)
    assert changed.data["redirect_uri"].split() == [CALLBACK, "http://127.0.0.1:1/callback"]
    assert changed.data["secret"] == made.data["secret"]
    twin = await desk.call("POST", "applications", {"name": "Tried", "redirect_uri": CALLBACK}, ADMIN)
    assert twin.status == 201
    for number in (made.data["id"], twin.data["id"]):
        assert (await desk.call("DELETE", f"applications/{number}", None, ADMIN)).status == 200
    assert (await desk.get(path, ADMIN)).status == 404


async def test_every_address_of_an_application_is_a_way_back(desk: Helpdesk) -> None:
    addresses = [CALLBACK, "https://other.example.com/callback"]
    application = {"name": "Two ways", "redirect_uri": "\n".join(addresses)}
    made = (await desk.call("POST", "applications", application, ADMIN)).data
    await desk.sign_in("ada@example.com")
    query = {"client_id": made["uid"], "response_type": "code", "scope": "full"}
    for address, status in [*((one, 200) for one in addresses), ("https://third.example.com/", 400)]:
        page = await desk.get("/oauth/authorize", params={**query, "redirect_uri": address})
        assert page.status == status, address
    await desk.call("DELETE", f"applications/{made['id']}", None, SERVICE)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"redirect_uri": CALLBACK}, "Name can't be blank"),
        ({"name": "x"}, "Redirect URI can't be blank"),
        ({"name": "x", "redirect_uri": "http://deskhours.example.com/"}, "Redirect URI must be an HTTPS/SSL URI."),
        ({"name": "x", "redirect_uri": f"{CALLBACK}\nhttp://deskhours.example.com/"}, "must be an HTTPS"),
    ],
)
async def test_an_application_that_makes_no_sense_is_refused(desk: Helpdesk, body: dict[str, str], words: str) -> None:
    refused = await desk.call("POST", "applications", body, ADMIN)
    assert (refused.status, words in refused.data["error"]) == (422, True), refused.data


async def test_applications_are_not_for_agents(desk: Helpdesk) -> None:
    for method, path in (("GET", "applications"), ("POST", "applications"), ("DELETE", "applications/1")):
        assert (await desk.call(method, path, None, ADA)).status == 403


async def test_a_bare_helpdesk_has_people_and_tickets_and_nothing_of_the_product(
    make_database: Callable[[], str],
) -> None:
    app = await open_app(make_database(), Settings(bare=True))
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        bare = Helpdesk(str(server.make_url("")).rstrip("/"), http)
        assert {row["name"] for row in (await bare.get("roles", ADMIN)).data} == {"Admin", "Agent", "Customer"}
        for path in ("applications", "object_manager_attributes", "core_workflows", "triggers", "webhooks"):
            assert (await bare.get(path, ADMIN)).data == [], path
        people = {row["email"] for row in (await bare.get("users", ADMIN)).data}
        assert "ada@example.com" in people
        assert "deskhours@example.com" not in people
        assert (await bare.get("users/me", SERVICE)).status == 401
        assert "harvest_project" not in (await bare.get("tickets/1", ADA)).data
