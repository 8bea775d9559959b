"""The links to the helpdesk. Each test breaks one and reads what the check says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugin_server.helpdesk.zammad.objects import GATE, TRIGGER, WEBHOOK
from tests.check.stand import ROBOT, Stand
from tests.check.strangers import answering, moved, page, self_signed

SERVICE = "deskhours@example.com"


async def test_a_token_that_was_revoked(stand: Stand) -> None:
    stand.secret("helpdesk_token", "revoked")
    rows = await stand.check()
    row = rows["helpdesk"]
    assert row.state == "fail"
    assert row.words == "Zammad refuses the token that helpdesk.token names: The provided token is invalid."
    assert "permission ticket.agent" in row.todo
    for name in ("helpdesk_version", "service_token", "service_user", "pm_role", "fields", "gate", "webhook"):
        assert rows[name].words == "Not looked at, because “helpdesk” failed."


async def test_token_access_that_is_switched_off(stand: Stand) -> None:
    await stand.simulate(api_token_access=False)
    try:
        row = (await stand.check())["helpdesk"]
    finally:
        await stand.simulate(api_token_access=True)
    assert row.state == "fail"
    assert row.words == "Zammad lets nobody in by token: API token access disabled."
    assert "switch on Token Access" in row.todo


async def test_what_answers_at_the_helpdesks_address_is_named(
    stand: Stand, tmp_path: Path, unused_tcp_port: int
) -> None:
    async def row_at(url: str) -> str:
        stand.change(lambda data: data["helpdesk"].update(url=url))
        rows = await stand.check()
        assert rows["helpdesk"].state == "fail"
        assert rows["helpdesk_sign_in"].words == "Not looked at, because “helpdesk” failed.", "it is told once"
        assert "helpdesk.url" in rows["helpdesk"].todo or "certificate" in rows["helpdesk"].todo
        return rows["helpdesk"].words

    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    assert await row_at(nowhere) == f"Nothing answers at 127.0.0.1 on port {unused_tcp_port}."
    below = f"{stand.systems.helpdesk}/zammad"
    assert (await row_at(below)).startswith(f"There is no Zammad at {below}")
    assert await row_at(stand.systems.helpdesk.replace("http:", "https:")) == (
        f"127.0.0.1 does not speak https on port {stand.systems.helpdesk.rpartition(':')[2]}."
    )
    async with answering(page) as url:
        assert await row_at(url) == "127.0.0.1 answered with a web page where data were expected."
    async with answering(moved("https://helpdesk.example.com")) as url:
        assert await row_at(url) == "127.0.0.1 sends calls on to https://helpdesk.example.com."
    async with answering(page, self_signed(tmp_path)) as url:
        assert "is signed by itself" in await row_at(url)


async def test_another_program_at_the_helpdesks_address(stand: Stand) -> None:
    stand.change(lambda data: data["helpdesk"].update(url=stand.systems.harvest))
    rows = await stand.check()
    assert rows["helpdesk"].words.startswith(f"There is no Zammad at {stand.systems.harvest}: what answers knows")
    assert rows["helpdesk"].todo.startswith("Another program answers there")
    assert rows["helpdesk_sign_in"].state == "skipped"


async def test_an_old_zammad_is_known_by_its_search_and_by_its_word(stand: Stand) -> None:
    token = await stand.least_token()  # no administrator: it is not told the version
    stand.secret("helpdesk_token", token)
    assert (await stand.check())["helpdesk_version"].words == "Zammad 6.5 or newer, by how it answers a search."
    await stand.simulate(search_shape="6.4", version="6.4.1")
    try:
        row = (await stand.check())["helpdesk_version"]
        by_word = (await stand.check(admin=True))["helpdesk_version"]
    finally:
        await stand.simulate(search_shape="6.5", version="6.5.0")
    assert (row.state, by_word.state) == ("fail", "fail")
    assert row.words.startswith("This is Zammad 6.4 or older (by how it answers a search)")
    assert by_word.words.startswith("This is Zammad 6.4.1; Deskhours needs 6.5 or newer.")


async def test_a_token_without_the_permission(stand: Stand) -> None:
    stand.secret("helpdesk_token", await stand.personal_token("ada@example.com", "user_preferences"))
    row = (await stand.check())["service_token"]
    assert row.state == "fail"
    assert "permission ticket.agent is missing" in row.words
    assert "Make a token of ada@example.com with the permission ticket.agent" in row.todo


async def test_a_user_who_is_no_agent(stand: Stand) -> None:
    me = await stand.helpdesk("GET", "/users/search?query=deskhours@example.com")
    number, roles = me[0]["id"], me[0]["role_ids"]
    agent = (await stand.named("/roles", "Agent"))["id"]
    await stand.helpdesk("PUT", f"/users/{number}", {"role_ids": [one for one in roles if one != agent]})
    try:
        row = (await stand.check())["service_token"]
    finally:
        await stand.helpdesk("PUT", f"/users/{number}", {"role_ids": roles})
    assert row.state == "fail"
    assert "permission ticket.agent is missing" in row.words
    assert "the role Agent" in row.todo


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ({"1": ["read"], "2": ["full"]}, f"{SERVICE} lacks rights: group 1: create, change."),
        ({}, f"{SERVICE} may see no group's tickets."),
    ],
)
async def test_rights_that_are_missing_are_named(stand: Stand, groups: dict[str, list[str]], words: str) -> None:
    me = (await stand.helpdesk("GET", "/users/search?query=deskhours@example.com"))[0]
    await stand.helpdesk("PUT", f"/users/{me['id']}", {"group_ids": groups})
    try:
        row = (await stand.check())["service_token"]
    finally:
        await stand.helpdesk("PUT", f"/users/{me['id']}", {"group_ids": me["group_ids"]})
    assert (row.state, row.words) == ("fail", words)


async def test_a_service_user_who_is_no_administrator_is_as_it_should_be(stand: Stand) -> None:
    stand.secret("helpdesk_token", await stand.least_token())
    await stand.give_role(ROBOT, "Deskhours service")
    try:
        shared = (await stand.check())["service_user"]
        await stand.take_role(SERVICE, "Deskhours service")
        alone = (await stand.check())["service_user"]
    finally:
        await stand.take_role(ROBOT, "Deskhours service")
    words = f"{SERVICE} hold(s) the role “Deskhours service”, too: no lock stops them."
    assert (shared.state, shared.words) == ("warn", words)
    assert alone.state == "ok", alone


async def test_a_service_user_who_is_an_administrator(stand: Stand) -> None:
    row = (await stand.check())["service_user"]
    assert row.state == "warn"
    assert row.words.startswith(f"{SERVICE} is an administrator (Admin)")


async def test_a_service_user_without_the_service_role(stand: Stand) -> None:
    await stand.take_role(SERVICE, "Deskhours service")
    row = (await stand.check())["service_user"]
    assert row.state == "fail"
    assert row.words.startswith(f"{SERVICE} does not hold the role “Deskhours service”")


async def test_roles_that_were_renamed(stand: Stand) -> None:
    await stand.edit("/roles", "Budget PM", name="Project lead")
    await stand.edit("/roles", "Deskhours service", name="Robots")
    try:
        rows = await stand.check()
    finally:
        await stand.edit("/roles", "Project lead", name="Budget PM")
        await stand.edit("/roles", "Robots", name="Deskhours service")
    assert rows["pm_role"].words.startswith("Zammad has no role “Budget PM” (helpdesk.roles.pm)")
    assert rows["service_user"].words.startswith("Zammad has no role “Deskhours service” (helpdesk.roles.service)")
    assert rows["pm_role"].state == rows["service_user"].state == "fail"
    assert rows["pm_role"].todo.startswith("If it was renamed in Zammad, write its name into helpdesk.roles.pm")


async def test_a_role_that_nobody_holds(stand: Stand) -> None:
    role = (await stand.named("/roles", "Budget PM"))["id"]
    pm = (await stand.helpdesk("GET", "/users/search?query=pm@example.com"))[0]
    await stand.take_role("pm@example.com", "Budget PM")
    try:
        row = (await stand.check())["pm_role"]
    finally:
        await stand.helpdesk("PUT", f"/users/{pm['id']}", {"role_ids": pm["role_ids"]})
    assert role in pm["role_ids"]
    assert (row.state, row.words.startswith("Nobody holds the role “Budget PM”")) == ("warn", True)


async def test_fields_that_tickets_do_not_have(stand: Stand) -> None:
    stand.change(lambda data: data["helpdesk"]["fields"].update(pm="lead", state="band"))
    row = (await stand.check())["fields"]
    assert (row.state, row.words) == ("fail", "Tickets have no field band, lead.")


async def test_what_only_an_administrator_is_told_is_not_asserted(stand: Stand) -> None:
    elsewhere = "https://elsewhere.example.com/oauth/helpdesk/callback"
    stand.change(lambda data: data["server"].update(public_url="https://elsewhere.example.com"))
    rows = await stand.check()
    known = f"Zammad knows our application. Sign-ins should come back to {elsewhere}; only an administrator's token"
    assert rows["helpdesk_sign_in"].words.startswith(known)
    assert "takes an administrator's token" in rows["fields"].words
    rows = await stand.check(admin=True)
    assert "the row “setup” says" in rows["helpdesk_sign_in"].words
    assert "The row “setup” says" in rows["fields"].words


async def test_an_application_with_another_secret(stand: Stand) -> None:
    stand.secret("helpdesk_client_secret", "another")
    row = (await stand.check())["helpdesk_sign_in"]
    assert (row.state, row.words) == ("fail", "Zammad does not know our application, or not with this secret.")


async def test_an_administrator_is_told_every_difference_from_the_setup(stand: Stand) -> None:
    await stand.edit("/core_workflows", GATE, active=False)
    await stand.edit("/triggers", TRIGGER, active=False)
    await stand.edit("/webhooks", WEBHOOK, endpoint="https://elsewhere.example.com/hooks/helpdesk")
    rows = await stand.check(admin=True)
    told = {one.words for one in rows.named("setup")}
    assert {one.state for one in rows.named("setup")} == {"fail"}
    assert told == {
        f"Workflow {GATE}: is switched off.",
        f"Trigger {TRIGGER}: is switched off.",
        f"Webhook {WEBHOOK}: differs in address.",
    }
    assert all("deskhours setup" in one.todo for one in rows.named("setup"))


async def test_an_application_that_sends_people_elsewhere(stand: Stand) -> None:
    stand.change(lambda data: data["server"].update(public_url="http://localhost:1"))
    told = [one.words for one in (await stand.check(admin=True)).named("setup")]
    assert any("does not send people back to http://localhost:1/oauth/helpdesk/callback" in words for words in told)


async def test_an_administrators_token_that_is_none(stand: Stand) -> None:
    rows = await stand.check(setup_token="nobody's")
    for name in ("setup", "workflows"):
        assert rows[name].state == "fail"
        assert "DESKHOURS_SETUP_TOKEN" in rows[name].words


async def test_fields_of_another_type_are_named_to_an_administrator(stand: Stand) -> None:
    stand.change(lambda data: data["helpdesk"]["fields"].update(state="hours_used", hours_used="budget_state"))
    told = {one.words: one for one in (await stand.check(admin=True)).named("setup")}
    found = next(words for words in told if words.startswith("Field hours_used: "))
    assert "input" in found
    assert told[found].state == "fail"
    assert "deskhours setup" in told[found].todo


async def test_permissions_that_an_administrators_token_lacks_are_named(stand: Stand) -> None:
    token = await stand.personal_token("admin@example.com", "admin.object")
    rows = await stand.check(setup_token=token)
    told = " ".join(one.words for one in rows.named("setup"))
    assert "admin.webhook" in told
    assert "admin.object" not in told
    assert rows["workflows"].state == "fail"
    assert "DESKHOURS_SETUP_TOKEN" in rows["workflows"].words
