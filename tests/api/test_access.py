"""Who may call, and see what."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import aiohttp
import asyncpg
import jwt
import pytest

from plugin_server.runtime import datadir
from tests.api.test_log_call import body, ready
from tests.support.demo import Demo
from tests.support.signin import REDIRECT_URI, Api, connect, sign_in_code
from tests.support.world import ADA, World, until

CALLS = [
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/tickets/1/panel"),
    ("POST", "/api/v1/tickets/1/refresh"),
    ("PUT", "/api/v1/logs/00000000-0000-4000-8000-000000000000"),
    ("GET", "/api/v1/logs/00000000-0000-4000-8000-000000000000"),
    ("DELETE", "/api/v1/logs/00000000-0000-4000-8000-000000000000"),
    ("POST", "/api/v1/logs/00000000-0000-4000-8000-000000000000/undo"),
    ("DELETE", "/api/v1/session"),
]


def forged(token: str, demo: Demo, how: str) -> str:
    """A token like ada's that must not be believed."""
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    key = (Path(demo.data) / "secrets" / "jwt_key").read_text().strip()
    if how == "other key":
        return jwt.encode(claims, "another key of the same length, 32 bytes", "HS256", headers={"kid": kid})
    if how == "alg none":
        return jwt.encode(claims, None, "none", headers={"kid": kid})
    if how == "other audience":
        return jwt.encode({**claims, "aud": "someone-else"}, key, "HS256", headers={"kid": kid})
    if how == "other issuer":
        return jwt.encode({**claims, "iss": "http://elsewhere"}, key, "HS256", headers={"kid": kid})
    if how == "expired":
        return jwt.encode({**claims, "exp": 1}, key, "HS256", headers={"kid": kid})
    if how == "other agent's session":
        return jwt.encode({**claims, "sub": str(int(claims["sub"]) + 1)}, key, "HS256", headers={"kid": kid})
    if how == "unknown session":
        return jwt.encode({**claims, "sid": str(uuid.uuid4())}, key, "HS256", headers={"kid": kid})
    if how == "no key id":
        return jwt.encode(claims, key, "HS256")
    return {"empty": "", "rubbish": "a.b.c", "cut": token[:-4]}[how]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_without_a_token_every_call_is_401(demo: Demo, method: str, path: str) -> None:
    async with aiohttp.ClientSession() as session:
        status, answer = await Api(session, demo.url, None).call(method, path)
    assert status == 401
    assert set(answer) == {"error"}


@pytest.mark.parametrize(
    "how",
    [
        "other key",
        "alg none",
        "other audience",
        "other issuer",
        "expired",
        "other agent's session",
        "unknown session",
        "no key id",
        "empty",
        "rubbish",
        "cut",
    ],
)
async def test_a_forged_token_is_401_and_shows_nothing(demo: Demo, ada: Api, how: str) -> None:
    assert ada.token
    ada.token = forged(ada.token, demo, how)
    for path in ("/api/v1/me", "/api/v1/tickets/1/panel"):
        status, answer = await ada.call("GET", path)
        assert status == 401
        assert set(answer) == {"error"}
        assert "Oven" not in json.dumps(answer)


async def test_ticket_7_is_not_for_ada(ada: Api, bo: Api) -> None:
    assert (await bo.call("GET", "/api/v1/tickets/7/panel"))[0] == 200
    for method, path, content in (
        ("GET", "/api/v1/tickets/7/panel", None),
        ("POST", "/api/v1/tickets/7/refresh", None),
        ("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(7)),
    ):
        status, answer = await ada.call(method, path, content)
        assert status == 403
        assert "Contract" not in json.dumps(answer)
    status, text = await ada.call("GET", "/api/v1/tickets/7/panel", Accept="text/html")
    assert status == 403
    assert "Contract" not in text
    assert "data-panel" in text


async def test_a_ticket_that_does_not_exist_is_404(ada: Api) -> None:
    for path in ("/api/v1/tickets/999999/panel", "/api/v1/tickets/999999999999999/panel", "/api/v1/nothing"):
        assert (await ada.call("GET", path))[0] == 404


async def test_another_agents_log_is_403(ada: Api, bo: Api, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    assert (await ada.call("PUT", path, body(ticket, confirm="article", after_article_id=0)))[0] == 201
    for method, suffix in (("GET", ""), ("DELETE", ""), ("POST", "/disarm"), ("POST", "/undo"), ("POST", "/confirm")):
        assert (await bo.call(method, path + suffix))[0] == 403
    assert (await bo.call("PUT", path, body(1, confirm="article", after_article_id=0)))[0] in (403, 422)
    assert (await ada.call("GET", path))[1]["state"] == "armed"


async def test_disconnect_ends_the_session_at_once(demo: Demo, ada: Api) -> None:
    assert (await ada.call("DELETE", "/api/v1/session"))[0] == 204
    assert (await ada.call("GET", "/api/v1/me"))[0] == 401


async def test_a_sign_in_code_works_once_and_only_with_its_verifier(demo: Demo) -> None:
    right, body = await sign_in_code(demo, "ada@example.com")
    wrong, other = await sign_in_code(demo, "ada@example.com")
    async with aiohttp.ClientSession() as session:
        api = Api(session, demo.url, None)
        assert (await api.call("POST", "/api/v1/session", body))[0] == 201
        assert (await api.call("POST", "/api/v1/session", body))[0] == 422
        # A wrong verifier uses the code up: a thief gets no second guess.
        assert (await api.call("POST", "/api/v1/session", {**other, "code_verifier": right}))[0] == 422
        assert (await api.call("POST", "/api/v1/session", {**other, "code_verifier": wrong}))[0] == 422
        for content in (
            {"code": "x" * 43, "code_verifier": "y" * 43},
            {"code": "", "code_verifier": "short"},
            {},
        ):
            async with session.post(f"{demo.url}/api/v1/session", json=content) as response:
                assert response.status == 422


async def test_a_sign_in_ends_only_at_the_extension(demo: Demo) -> None:
    good = {
        "redirect_uri": REDIRECT_URI,
        "state": "client-state-1234",
        "code_challenge": "c" * 43,
        "code_challenge_method": "S256",
    }
    async with aiohttp.ClientSession() as session:
        for change in (
            {"redirect_uri": "https://evil.example.com/"},
            {"redirect_uri": REDIRECT_URI + "/../x"},
            {"redirect_uri": "https://" + "a" * 32 + ".chromiumapp.org/deskhours"},
            {"code_challenge_method": "plain"},
            {"code_challenge": ""},
            {"state": ""},
            {"state": "nul\x00character"},
            {"code_challenge": "\x00" * 43},
        ):
            query = good | change
            async with session.get(f"{demo.url}/oauth/start", params=query, allow_redirects=False) as response:
                assert response.status == 400, change
        async with session.get(f"{demo.url}/oauth/start", params=good, allow_redirects=False) as response:
            assert response.status == 302
            state = response.headers["Location"].split("state=")[1]
        # The same state from another browser (no cookie), and a made-up one, lead nowhere.
        for wrong in (state, "made-up"):
            async with aiohttp.ClientSession() as other:
                url = f"{demo.url}/oauth/helpdesk/callback?code=x&state={wrong}"
                async with other.get(url, allow_redirects=False) as response:
                    assert response.status == 400


async def test_a_pm_may_sign_in_without_harvest(demo: Demo) -> None:
    status, answer = await connect(demo, "pm@example.com", refuse_harvest=True)
    assert status == 201
    agent = answer["agent"]
    assert (agent["name"], agent["email"], agent["harvest_connected"]) == ("Mo Manager", "pm@example.com", False)
    async with aiohttp.ClientSession() as session:
        api = Api(session, demo.url, answer["access_token"])
        status, panel = await api.call("GET", "/api/v1/tickets/1/panel")
        assert (status, panel["state"]) == (200, "identified")
        status, problem = await api.call("PUT", f"/api/v1/logs/{uuid.uuid4()}", body(1))
        assert (status, problem["error"]["code"]) == (409, "harvest_not_connected")


async def test_tokens_are_encrypted_at_rest(demo: Demo, ada: Api) -> None:
    running = datadir.resolve(str(demo.data))
    assert running
    connection = await asyncpg.connect(running.database_url)
    try:
        rows = await connection.fetch("SELECT access, refresh FROM agent_token")
        assert rows
        for row in rows:
            for sealed in row.values():
                assert sealed.startswith(b"gAAAA")  # a Fernet token
        # No secret stands in any log either.
        key = (Path(demo.data) / "secrets" / "token_key").read_text().strip()
        logs = "".join(path.read_text() for path in (Path(demo.data) / "logs").glob("*.log"))
        assert key not in logs
        assert ada.token
        assert ada.token not in logs
        assert "demo-harvest-token" not in logs
    finally:
        await connection.close()


async def test_every_answer_has_security_headers_and_a_request_id(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/healthz", "/nothing", "/api/v1/me", "/oauth/start", "/static/page.css", "/api/openapi.json"):
            async with session.get(demo.url + path, headers={"X-Request-Id": "test-request-1"}) as response:
                assert "default-src 'none'" in response.headers["Content-Security-Policy"], path
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["X-Frame-Options"] == "DENY"
                assert response.headers["X-Request-Id"] == "test-request-1"


async def test_html_in_ticket_and_notes_is_text(demo: Demo, ada: Api, world: World) -> None:
    hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    ticket, _project = await world.linked_ticket(ADA)
    await ready(ada, ticket)
    path = f"/api/v1/logs/{uuid.uuid4()}"
    await ada.call("PUT", path, body(ticket, notes=hostile))
    await until(lambda: ada.call("GET", path), lambda found: found[1]["state"] == "logged")
    broken = await world.ticket(harvest_project=hostile, budget_hours=hostile)
    for shown in (ticket, broken):
        _status, html = await ada.call("GET", f"/api/v1/tickets/{shown}/panel", Accept="text/html")
        assert "<script" not in html
        assert "<img" not in html
        assert "&lt;img" in html
    [entry] = await world.entries(ticket)
    assert entry["notes"] == hostile


async def test_customers_are_no_agents(demo: Demo) -> None:
    """They may read most of the helpdesk's lists, and still have no time to log."""
    with pytest.raises(AssertionError, match=r"403 .*is not an agent in this helpdesk"):
        await connect(demo, "acorn@example.com")
