"""Granting access in the browser, and tokens: the documented flow, and everything that is to be refused."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.demo_harvest.client import ADA, CALLBACK, CLIENT, Browser, Harvest, hidden

AUTHORIZE = "/oauth2/authorize?client_id=deskhours-demo&response_type=code&state=s%201"


async def _token(harvest: Harvest, **form: str) -> tuple[int, str]:
    reply = await harvest.call("POST", "/api/v2/oauth2/token", data={**CLIENT, **form}, token=None, account=None)
    assert reply.status == 200 or set(reply.body) == {"error", "error_description"}
    return reply.status, reply.body.get("error")


async def test_the_whole_way(harvest: Harvest) -> None:
    browser = Browser(harvest)
    sent_off = await browser.open(AUTHORIZE)
    assert sent_off.status == 302
    login = await browser.open(sent_off.headers["Location"])
    assert login.text.count("<button") == 1
    assert 'name="email"' in login.text
    assert 'name="password"' in login.text
    signed = await browser.open("/sign_in", {**hidden(login.text), "email": "ada@example.com", "password": "demo"})
    assert signed.status == 303
    cookie = signed.headers["Set-Cookie"]
    assert cookie.startswith("harvest_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    consent = await browser.open(signed.headers["Location"])
    assert consent.text.count("<button") == 1
    assert '<button type="submit">' in consent.text
    back = await browser.open("/oauth2/authorize", hidden(consent.text))
    target = urlsplit(back.headers["Location"])
    assert back.headers["Location"].startswith(CALLBACK + "?")
    answer = parse_qs(target.query)
    assert (answer["state"], answer["scope"]) == (["s 1"], ["harvest:1"])
    pair = await harvest.exchange(answer["code"][0])
    assert set(pair.body) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (pair.body["token_type"], pair.body["expires_in"]) == ("bearer", 1209600)
    assert (await harvest.get("/v2/users/me", token=pair.body["access_token"]))["id"] == ADA


async def test_accounts(harvest: Harvest) -> None:
    body = await harvest.get("/api/v2/accounts", who="ada", account=None)
    assert body["accounts"] == [{"id": 1, "name": "Deskhours Demo", "product": "harvest"}]
    assert set(body["user"]) == {"id", "first_name", "last_name", "email"}
    assert body["user"]["email"] == "ada@example.com"
    assert body["user"]["id"] != ADA, "the identity host counts its users itself"
    assert (await harvest.call("GET", "/api/v2/accounts", token="x", account=None)).status == 401


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.com", "wrong"), ("nobody@x.y", "demo"), ("\x00", "demo")]
)
async def test_wrong_password_is_said_on_the_form(harvest: Harvest, email: str, password: str) -> None:
    browser = Browser(harvest)
    page = await browser.sign_in(email, password)
    assert page.status == 401
    assert 'role="alert"' in page.text
    assert browser.cookies == {}


@pytest.mark.parametrize("target", ["http://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil", "x"])
async def test_login_leads_nowhere_else(harvest: Harvest, target: str) -> None:
    assert (await Browser(harvest).sign_in("ada@example.com", return_to=target)).headers["Location"] == "/"


async def test_cancel(harvest: Harvest) -> None:
    browser = Browser(harvest)
    await browser.sign_in("ada@example.com")
    page = (await browser.consent(state="s")).text
    assert f'<a href="{CALLBACK}?error=access_denied&amp;state=s">Cancel</a>' in page


@pytest.mark.parametrize("form_key", ["", "guess"])
async def test_consent_needs_the_sessions_own_form(harvest: Harvest, form_key: str) -> None:
    browser = Browser(harvest)
    await browser.sign_in("ada@example.com")
    form = {"client_id": CLIENT["client_id"], "response_type": "code", "form_key": form_key}
    assert (await browser.open("/oauth2/authorize", form)).status == 403
    assert (await Browser(harvest).open("/oauth2/authorize", form)).status == 403


@pytest.mark.parametrize(
    "uri", ["http://evil.example/", CALLBACK[:-1], CALLBACK + "\r\nX: y", CALLBACK + "#f", "javascript:alert(1)"]
)
async def test_redirect_must_begin_with_the_registered_one(harvest: Harvest, uri: str) -> None:
    page = await Browser(harvest).open(f"{AUTHORIZE}&redirect_uri={quote(uri, safe='')}")
    assert page.status == 400
    assert "Location" not in page.headers
    assert (await Browser(harvest).open(f"{AUTHORIZE}&redirect_uri={quote(CALLBACK + '?a=b')}")).status == 302


async def test_unknown_application_and_kind(harvest: Harvest) -> None:
    assert (await Browser(harvest).open("/oauth2/authorize?client_id=x&response_type=code")).status == 400
    page = await Browser(harvest).open("/oauth2/authorize?client_id=deskhours-demo&response_type=token")
    assert "error=unsupported_response_type" in page.headers["Location"]


async def test_hostile_values_are_shown_as_text(harvest: Harvest) -> None:
    bad = '"><script>alert(1)</script>'
    page = await Browser(harvest).sign_in(bad, "x", return_to="/" + bad)
    assert "<script" not in page.text
    browser = Browser(harvest)
    await browser.sign_in("ada@example.com")
    assert "<script" not in (await browser.consent(state=bad)).text
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_code_works_once_and_for_ten_minutes(harvest: Harvest) -> None:
    code = await Browser(harvest).grant("ada@example.com")
    assert (await harvest.exchange(code)).status == 200
    assert await _token(harvest, grant_type="authorization_code", code=code) == (400, "invalid_grant")
    late = await Browser(harvest).grant("ada@example.com")
    await harvest.call("POST", "/_sim/clock", {"advance_seconds": 601})
    assert await _token(harvest, grant_type="authorization_code", code=late) == (400, "invalid_grant")


async def test_refresh_rotates(harvest: Harvest) -> None:
    first = (await harvest.exchange(await Browser(harvest).grant("bo@example.com"))).body
    second = (await harvest.refresh(first["refresh_token"])).body
    assert set(second) == set(first)
    assert len({first["access_token"], second["access_token"], first["refresh_token"], second["refresh_token"]}) == 4
    for pair in (first, second):
        assert (await harvest.call("GET", "/v2/users/me", token=pair["access_token"])).status == 200
    replay = await harvest.refresh(first["refresh_token"])
    assert (replay.status, replay.body["error"]) == (400, "invalid_grant")
    assert (await harvest.refresh(second["refresh_token"])).status == 200


async def test_refresh_happens_once_under_concurrency(harvest: Harvest) -> None:
    pair = (await harvest.exchange(await Browser(harvest).grant("bo@example.com"))).body
    replies = await asyncio.gather(*(harvest.refresh(pair["refresh_token"]) for _ in range(8)))
    assert sorted(reply.status for reply in replies) == [200] + [400] * 7


async def test_access_token_expires_after_fourteen_days(harvest: Harvest) -> None:
    pair = (await harvest.exchange(await Browser(harvest).grant("bo@example.com"))).body
    await harvest.call("POST", "/_sim/clock", {"advance_seconds": 1209600 - 60})
    assert (await harvest.call("GET", "/v2/users/me", token=pair["access_token"])).status == 200
    await harvest.call("POST", "/_sim/clock", {"advance_seconds": 61})
    assert (await harvest.call("GET", "/v2/users/me", token=pair["access_token"])).status == 401
    fresh = (await harvest.refresh(pair["refresh_token"])).body
    assert (await harvest.call("GET", "/v2/users/me", token=fresh["access_token"])).status == 200


async def test_token_errors(harvest: Harvest) -> None:
    code = await Browser(harvest).grant("ada@example.com")
    grant = {"grant_type": "authorization_code", "code": code}
    assert await _token(harvest, **grant, client_secret="wrong") == (401, "invalid_client")
    assert await _token(harvest, **grant, client_id="wrong") == (401, "invalid_client")
    assert await _token(harvest, grant_type="password", code=code) == (400, "unsupported_grant_type")
    assert await _token(harvest, grant_type="authorization_code") == (400, "invalid_grant")
    assert await _token(harvest, grant_type="refresh_token", refresh_token=code) == (400, "invalid_grant")
    assert await _token(harvest, grant_type="authorization_code", code="\x00") == (400, "invalid_grant")
    body = {**CLIENT, **grant}
    reply = await harvest.call("POST", "/api/v2/oauth2/token", body, token=None, account=None)
    assert reply.status == 200, "JSON is read too, and the failures above used nothing up"


async def test_deactivated_people_are_out(harvest: Harvest) -> None:
    pair = (await harvest.exchange(await Browser(harvest).grant("bo@example.com"))).body
    await harvest.call("PATCH", "/v2/users/2002", {"is_active": False})
    try:
        assert (await harvest.call("GET", "/v2/users/me", token=pair["access_token"])).status == 401
        assert (await harvest.refresh(pair["refresh_token"])).status == 400
        assert (await Browser(harvest).sign_in("bo@example.com")).status == 401
    finally:
        await harvest.call("PATCH", "/v2/users/2002", {"is_active": True})
    assert (await harvest.refresh(pair["refresh_token"])).status == 200
