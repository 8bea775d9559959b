"""The links to Harvest. Each test breaks one and reads what the check says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.check.stand import Stand
from tests.check.strangers import answering, moved, page, self_signed


@asynccontextmanager
async def a_harvest(
    stand: Stand, *, user: dict[str, Any] | None = None, company: dict[str, Any] | None = None, status: int = 200
) -> AsyncIterator[None]:
    """A Harvest that is as it should be but for what is named; ``status`` is that of the company."""
    person = {"id": 1, "first_name": "Mo", "last_name": "Manager", "email": "mo@example.com"}
    person |= {"access_roles": ["administrator"], "is_active": True, "timezone": "Berlin", **(user or {})}
    answers: dict[str, tuple[int, Any]] = {
        "/api/v2/accounts": (200, {"accounts": [{"id": 1, "name": "Acme", "product": "harvest"}]}),
        "/v2/users/me": (200, person),
        "/v2/company": (status, {"base_uri": "https://acme.example.com", "name": "Acme", **(company or {})}),
    }

    async def handle(request: web.Request) -> web.Response:
        code, body = answers.get(request.path, (404, {"message": "none"}))
        return web.json_response(body, status=code)

    async with answering(handle) as url:
        stand.change(lambda data: data["harvest"].update(api_url=f"{url}/v2", id_url=url))
        yield


async def test_a_token_that_was_revoked(stand: Stand) -> None:
    stand.secret("harvest_token", "revoked")
    rows = await stand.check()
    row = rows["harvest"]
    assert row.state == "fail"
    assert row.words.startswith("Harvest refuses the token that harvest.token names: ")
    assert f"{stand.systems.harvest}/developers" in row.todo
    assert rows["harvest_role"].words == "Not looked at, because “harvest” failed."
    assert rows["harvest_account"].state == "skipped"
    assert "revoked" not in rows["harvest_role"].todo


async def test_an_account_that_is_not_the_tokens(stand: Stand) -> None:
    stand.change(lambda data: data["harvest"].update(account_id=7))
    row = (await stand.check())["harvest"]
    words = "The token does not reach account 7 that harvest.account_id names; it reaches 1 (Deskhours Demo)."
    assert (row.state, row.words) == ("fail", words)


@pytest.mark.parametrize("roles", [["member"], ["manager", "project_creator"], []])
async def test_the_token_of_somebody_who_is_no_administrator(stand: Stand, roles: list[str]) -> None:
    async with a_harvest(stand, user={"access_roles": roles}, status=403):
        rows = await stand.check()
    row = rows["harvest_role"]
    assert row.state == "fail"
    assert row.words.startswith(f"Mo Manager is no administrator (roles: {', '.join(roles) or 'none'})")
    assert "deletions and rates are not seen" in row.words
    assert rows["harvest_account"].state == "skipped"


async def test_somebody_who_is_archived(stand: Stand) -> None:
    async with a_harvest(stand, user={"is_active": False}):
        row = (await stand.check())["harvest"]
    assert (row.state, row.words) == ("fail", "The token is Mo Manager's, who is archived in Harvest.")


async def test_a_company_that_is_closed(stand: Stand) -> None:
    async with a_harvest(stand, company={"is_active": False}):
        row = (await stand.check())["harvest_account"]
    assert (row.state, row.words) == ("fail", "The account Acme is closed in Harvest.")


async def test_the_kind_of_account_is_told(stand: Stand) -> None:
    async with a_harvest(stand, company={"wants_timestamp_timers": True, "clock": "12h"}):
        row = (await stand.check())["harvest_account"]
    words = "Acme tracks start and end times, clock 12h; Mo Manager's time zone is Berlin."
    assert (row.state, row.words) == ("ok", words)


async def test_a_limit_above_harvests_own(stand: Stand) -> None:
    stand.change(lambda data: data["harvest"].update(rate_limit={"requests": 200, "seconds": 15}))
    row = (await stand.check())["harvest_limit"]
    assert row.state == "warn"
    assert "Harvest takes 100 in 15 s" in row.words


async def test_an_application_with_another_secret(stand: Stand) -> None:
    stand.secret("harvest_client_secret", "another")
    row = (await stand.check())["harvest_sign_in"]
    assert row.state == "fail"
    assert row.words.startswith("Harvest does not know our application: ")
    assert "harvest.client_secret" in row.todo


async def test_an_application_that_sends_people_elsewhere(stand: Stand) -> None:
    stand.change(lambda data: data["server"].update(public_url="http://localhost:1"))
    row = (await stand.check())["harvest_sign_in"]
    assert row.state == "fail"
    assert "answers 400 to our application" in row.words
    assert "Give the application the redirect URL http://localhost:1/oauth/harvest/callback" in row.todo
    assert "or correct server.public_url" in row.todo


async def test_what_answers_at_harvests_address_is_named(stand: Stand, tmp_path: Path, unused_tcp_port: int) -> None:
    async def row_at(url: str) -> str:
        stand.change(lambda data: data["harvest"].update(api_url=f"{url}/v2", id_url=url))
        rows = await stand.check()
        assert rows["harvest"].state == "fail"
        assert rows["harvest_sign_in"].words == "Not looked at, because “harvest” failed.", "it is told once"
        assert "harvest.id_url" in rows["harvest"].todo or "certificate" in rows["harvest"].todo
        return rows["harvest"].words

    nowhere = f"http://127.0.0.1:{unused_tcp_port}"
    assert await row_at(nowhere) == f"Nothing answers at 127.0.0.1 on port {unused_tcp_port}."
    assert await row_at(stand.systems.harvest.replace("http:", "https:")) == (
        f"127.0.0.1 does not speak https on port {stand.systems.harvest.rpartition(':')[2]}."
    )
    async with answering(page) as url:
        assert await row_at(url) == "127.0.0.1 answered with a web page where data were expected."
    async with answering(moved("https://harvest.example.com")) as url:
        assert await row_at(url) == "127.0.0.1 sends calls on to https://harvest.example.com."
    async with answering(page, self_signed(tmp_path)) as url:
        assert "is signed by itself" in await row_at(url)


async def test_an_api_that_is_not_where_the_accounts_are(stand: Stand, unused_tcp_port: int) -> None:
    stand.change(lambda data: data["harvest"].update(api_url=f"http://127.0.0.1:{unused_tcp_port}/v2"))
    row = (await stand.check())["harvest"]
    assert row.state == "fail"
    assert "harvest.api_url" in row.todo


async def test_an_api_address_without_its_version(stand: Stand) -> None:
    stand.change(lambda data: data["harvest"].update(api_url=stand.systems.harvest))
    row = (await stand.check())["harvest"]
    assert (row.state, row.words) == ("fail", f"There is no such page at Harvest: {stand.systems.harvest}/users/me.")
    assert "harvest.api_url, with /v2 at its end" in row.todo
