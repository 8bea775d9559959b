"""The helpdesk as OAuth2 provider: RFC 6749 and 7009 in Doorkeeper's manner."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from plugin_server.demo.helpdesk import oauth_store
from plugin_server.demo.helpdesk.app import open_app
from plugin_server.demo.helpdesk.settings import Settings
from tests.demo_helpdesk.client import Answer, Helpdesk, basic

BACK = "http://127.0.0.1:8700/oauth/helpdesk/callback"
CLIENT = {"client_id": "deskhours-demo", "client_secret": "demo-zammad-client-secret"}
ASK = {"client_id": "deskhours-demo", "redirect_uri": BACK, "response_type": "code", "state": "s 1"}


def query(answer: Answer) -> dict[str, str]:
    """The parameters of a redirect to the client."""
    assert answer.status == 302, answer.data
    assert answer.headers["Location"].startswith(BACK)
    return {key: value[0] for key, value in parse_qs(urlsplit(answer.headers["Location"]).query).items()}


async def code(desk: Helpdesk) -> str:
    """Sign in, consent, and take the code."""
    await desk.sign_in("ada@example.com")
    page = await desk.get("/oauth/authorize?" + urlencode(ASK), {"Accept": "text/html"})
    assert page.status == 200
    assert page.data.count('type="submit"') == 1
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.data))
    back = query(await desk.submit("/oauth/authorize", {name: unescape(value) for name, value in fields.items()}))
    assert back["state"] == "s 1"
    return back["code"]


async def exchange(desk: Helpdesk, **fields: str) -> Answer:
    return await desk.submit("/oauth/token", {**CLIENT, **fields})


async def tokens(desk: Helpdesk) -> dict[str, str]:
    fields = {"grant_type": "authorization_code", "code": await code(desk), "redirect_uri": BACK}
    answer = await exchange(desk, **fields)
    assert answer.status == 200, answer.data
    desk.http.cookie_jar.clear()
    return dict(answer.data)


async def me(desk: Helpdesk, token: str) -> Answer:
    return await desk.get("users/me", {"Authorization": f"Bearer {token}"})


async def test_without_session_the_login_leads_on_to_the_consent(desk: Helpdesk) -> None:
    first = await desk.get("/oauth/authorize?" + urlencode(ASK))
    assert first.status == 302
    page = await desk.get(first.headers["Location"])
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.data))
    form = {name: unescape(value) for name, value in fields.items()}
    done = await desk.submit("/login", {**form, "email": "ada@example.com", "password": "demo"})
    target = urlsplit(done.headers["Location"])
    assert target.path == "/oauth/authorize"
    assert parse_qs(target.query) == {key: [value] for key, value in ASK.items()}


@pytest.mark.parametrize("target", ["https://evil.example/oauth/authorize?x", "//evil.example", "/oauth/authorize"])
async def test_login_leads_nowhere_else(desk: Helpdesk, target: str) -> None:
    page = await desk.get("/login?" + urlencode({"return_to": target}))
    assert 'name="return_to" value=""' in page.data


async def test_flow(desk: Helpdesk) -> None:
    made = await tokens(desk)
    assert {key: made[key] for key in ("token_type", "expires_in", "scope")} == {
        "token_type": "Bearer",
        "expires_in": 7200,
        "scope": "full",
    }
    answer = await me(desk, made["access_token"])
    assert answer.data["login"] == "ada@example.com"
    note = {"ticket_id": 1, "body": "by OAuth", "internal": True}
    bearer = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await desk.call("POST", "ticket_articles", note, bearer)).data["created_by_id"] == 3


async def test_code_works_once(desk: Helpdesk) -> None:
    fields = {"grant_type": "authorization_code", "code": await code(desk), "redirect_uri": BACK}
    headers = basic(CLIENT["client_id"], CLIENT["client_secret"])
    assert (await desk.submit("/oauth/token", fields, headers)).status == 200
    again = await desk.submit("/oauth/token", fields, headers)
    assert (again.status, again.data["error"]) == (400, "invalid_grant")


async def test_code_for_another_redirect(desk: Helpdesk) -> None:
    fields = {"grant_type": "authorization_code", "code": await code(desk), "redirect_uri": BACK + "/"}
    assert (await exchange(desk, **fields)).data["error"] == "invalid_grant"


async def test_refresh_rotates(desk: Helpdesk) -> None:
    first = await tokens(desk)
    second = await exchange(desk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert second.status == 200
    assert second.data["refresh_token"] != first["refresh_token"]
    assert (await me(desk, second.data["access_token"])).status == 200
    assert (await me(desk, first["access_token"])).status == 401
    replay = await exchange(desk, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (replay.status, replay.data["error"]) == (400, "invalid_grant")
    assert (await me(desk, second.data["access_token"])).status == 200


async def test_revoke(desk: Helpdesk) -> None:
    made = await tokens(desk)
    assert (await desk.submit("/oauth/revoke", {"token": made["access_token"]})).status == 403
    assert (await desk.submit("/oauth/revoke", {**CLIENT, "token": made["access_token"]})).data == {}
    answer = await me(desk, made["access_token"])
    assert (answer.status, answer.data["error"]) == (401, "The provided token is invalid.")
    refresh = await exchange(desk, grant_type="refresh_token", refresh_token=made["refresh_token"])
    assert refresh.data["error"] == "invalid_grant"
    assert (await desk.submit("/oauth/revoke", {**CLIENT, "token": "unknown"})).status == 200


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "who\0"}, 422, "string contains null byte"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"code": "unknown"}, 400, "invalid_grant"),
    ],
)
async def test_token_errors(desk: Helpdesk, fields: dict[str, str], status: int, error: str) -> None:
    asked = {"grant_type": "authorization_code", "code": "x", "redirect_uri": BACK, **fields}
    answer = await exchange(desk, **asked)
    assert (answer.status, answer.data["error"]) == (status, error)


async def test_wrong_client_or_redirect_is_never_sent_on(desk: Helpdesk) -> None:
    await desk.sign_in("ada@example.com")
    for wrong in ({"client_id": "x"}, {"redirect_uri": BACK + "/x"}, {"redirect_uri": "https://evil.example"}):
        page = await desk.get("/oauth/authorize?" + urlencode({**ASK, **wrong}))
        assert page.status == 400
        assert "Location" not in page.headers
    other = await desk.get("/oauth/authorize?" + urlencode({**ASK, "response_type": "token"}))
    assert query(other)["error"] == "unsupported_response_type"


async def test_cancel_is_a_link_that_says_so(desk: Helpdesk) -> None:
    await desk.sign_in("ada@example.com")
    page = await desk.get("/oauth/authorize?" + urlencode(ASK))
    link = re.search(r'class="card-cancel" href="([^"]+)"', page.data)
    assert link is not None
    back = parse_qs(urlsplit(unescape(link[1])).query)
    assert (back["error"], back["state"]) == (["access_denied"], ["s 1"])


async def test_consent_needs_the_form(desk: Helpdesk) -> None:
    await desk.sign_in("ada@example.com")
    assert (await desk.submit("/oauth/authorize", dict(ASK))).status == 400


async def test_expired_token(make_database: Callable[[], str]) -> None:
    url = make_database()
    app = await open_app(url, Settings())
    connection = await asyncpg.connect(url)
    try:
        client = await oauth_store.application(connection, CLIENT["client_id"])
        assert client is not None
        async with connection.transaction():
            access, _, _ = await oauth_store.new_tokens(connection, client["id"], 3)
        await connection.execute("UPDATE oauth_tokens SET expires_at = now() - interval '1 second'")
        async with TestClient(TestServer(app)) as http:
            answer = await http.get("/api/v1/users/me", headers={"Authorization": f"Bearer {access}"})
            assert (answer.status, (await answer.json())["error"]) == (401, "OAuth2 token is expired!")
    finally:
        await connection.close()


async def test_plain_http_only_to_this_machine(make_database: Callable[[], str]) -> None:
    with pytest.raises(oauth_store.InsecureRedirectError):
        await open_app(make_database(), Settings(product_url="http://deskhours.example"))
