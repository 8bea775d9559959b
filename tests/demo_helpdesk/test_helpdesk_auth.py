"""Ways to authenticate, as in Zammad's spec/requests/api_auth_spec.rb and api_auth_from_spec.rb."""

from __future__ import annotations

from typing import Any

import pytest

from tests.demo_helpdesk.client import ADA, ADMIN, CUSTOMER, SERVICE, Helpdesk, basic


async def test_nobody_is_asked_to_authenticate(desk: Helpdesk) -> None:
    answer = await desk.get("tickets/1")
    assert answer.status == 403
    assert answer.data == {"error": "Authentication required", "error_human": "Authentication required"}
    assert answer.headers["X-Failure"] == "Authentication required"


@pytest.mark.parametrize(
    "value", ["Token token=demo-zammad-token", 'Token token="demo-zammad-token"', "Bearer demo-zammad-token"]
)
async def test_access_token(desk: Helpdesk, value: str) -> None:
    answer = await desk.get("users/me?expand=true", {"Authorization": value})
    assert answer.status == 200
    assert answer.data["login"] == "deskhours@example.com"
    assert answer.data["roles"] == ["Admin", "Agent", "Budget service"]
    assert answer.data["group_ids"] == {"1": ["full"], "2": ["full"]}
    assert "password" not in answer.data
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("header", "error"),
    [
        ("Token token=wrong", "Can't find User for Token"),
        ("Bearer wrong", "The provided token is invalid."),
        ("Basic bm9ib2R5OmRlbW8=", "Invalid BasicAuth credentials"),
        ("Basic %%%", "Invalid BasicAuth credentials"),
    ],
)
async def test_wrong_credentials(desk: Helpdesk, header: str, error: str) -> None:
    answer = await desk.get("users/me", {"Authorization": header})
    assert answer.status == 401
    assert answer.data["error"] == error
    assert answer.headers["X-Failure"] == error


async def test_basic_by_login_in_any_case(desk: Helpdesk) -> None:
    answer = await desk.get("users/me", basic("ADA@example.com"))
    assert answer.data["id"] == 3


async def test_switches_of_the_api(desk: Helpdesk) -> None:
    off = {"api_token_access": False, "api_password_access": False}
    await desk.call("PUT", "/_sim/settings", off)
    try:
        token, password = await desk.get("users/me", SERVICE), await desk.get("users/me", ADA)
    finally:
        await desk.call("PUT", "/_sim/settings", dict.fromkeys(off, True))
    assert (token.status, token.data["error"]) == (403, "API token access disabled!")
    assert (password.status, password.data["error"]) == (403, "API password access disabled!")


async def test_token_has_at_most_its_own_permissions(desk: Helpdesk) -> None:
    wanted = {"name": "narrow", "permission": ["ticket.agent"], "expires_at": None}
    made = await desk.call("POST", "user_access_token", wanted, ADMIN)
    token = {"Authorization": f"Token token={made.data['token']}"}
    assert (await desk.get("tickets/1", token)).status == 200
    refused = await desk.get("groups", token)
    assert (refused.status, refused.data["error"]) == (403, "Token authorization failed.")
    assert (await desk.get("groups", ADMIN)).status == 200
    too_much = await desk.call("POST", "user_access_token", {"name": "x", "permission": ["admin"]}, ADA)
    assert too_much.status == 422


async def test_token_that_has_expired(desk: Helpdesk) -> None:
    wanted = {"name": "old", "permission": ["ticket.agent"], "expires_at": "2020-01-01"}
    made = await desk.call("POST", "user_access_token", wanted, ADMIN)
    answer = await desk.get("users/me", {"Authorization": f"Token token={made.data['token']}"})
    assert (answer.status, answer.data["error"]) == (401, "Not authorized (token expired)!")


async def test_inactive_user(desk: Helpdesk) -> None:
    user, header = await desk.agent({"1": ["full"]})
    await desk.call("PUT", f"users/{user['id']}", {"active": False}, SERVICE)
    assert (await desk.get("users/me", header)).status == 401


async def test_permissions_of_roles(desk: Helpdesk) -> None:
    for path in ("groups", "object_manager_attributes"):
        refused = await desk.get(path, ADA)
        assert (refused.status, refused.data["error"]) == (403, "User authorization failed.")
        assert (await desk.get(path, SERVICE)).status == 200
    assert (await desk.call("POST", "users", {"email": "x@example.org"}, ADA)).status == 403
    assert (await desk.get("users/search?query=ada", CUSTOMER)).status == 403
    assert (await desk.get("ticket_states", ADA)).status == 200


async def test_session_needs_the_csrf_token_to_write(desk: Helpdesk) -> None:
    token = await desk.sign_in("ada@example.com")
    assert (await desk.get("users/me")).data["id"] == 3
    for headers in (None, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": "ä"}):
        refused = await desk.call("PUT", "tickets/1", {}, headers)
        assert (refused.status, refused.data["error"]) == (401, "CSRF token verification failed!")
    good = await desk.call("PUT", "tickets/1", {}, {"X-CSRF-Token": token})
    assert good.status == 200
    fresh = good.headers["CSRF-TOKEN"]
    assert fresh != token
    assert (await desk.call("PUT", "tickets/1", {}, {"X-CSRF-Token": fresh})).status == 200
    assert (await desk.call("DELETE", "signout", None, {"X-CSRF-Token": fresh})).status == 200
    assert (await desk.get("users/me")).status == 403


async def test_signin_by_api(desk: Helpdesk) -> None:
    visitor = await desk.get("signshow")
    assert visitor.data["error"] == "no valid session"
    person = {"username": "ada@example.com", "password": "demo"}
    assert (await desk.call("POST", "signin", person)).status == 401
    headers = {"X-CSRF-Token": visitor.headers["CSRF-TOKEN"]}
    assert (await desk.call("POST", "signin", {**person, "password": "no"}, headers)).status == 401
    done = await desk.call("POST", "signin", person, headers)
    assert done.status == 201
    assert done.data["session"]["login"] == "ada@example.com"
    cookie = done.headers["Set-Cookie"]
    assert cookie.startswith("_zammad_session_")
    assert "HttpOnly" in cookie


async def test_cookie_known_before_signing_in_is_worth_nothing_after(desk: Helpdesk) -> None:
    await desk.get("/login")
    before = {cookie.key: cookie.value for cookie in desk.http.cookie_jar}
    await desk.sign_in("ada@example.com")
    desk.http.cookie_jar.clear()
    assert (await desk.get("users/me", cookies=before)).status == 403


async def test_login_form_refuses(desk: Helpdesk) -> None:
    page = await desk.submit("/login", {"email": "ada@example.com", "password": "demo"})
    assert page.status == 401
    assert (await desk.get("users/me")).status == 403


class TestFrom:
    """On behalf of another user."""

    @pytest.mark.parametrize("name", ["3", "ada@example.com", " ADA@example.com "])
    async def test_acts_as_the_other(self, desk: Helpdesk, name: str) -> None:
        answer = await desk.get("users/me", {**SERVICE, "From": name})
        assert answer.data["id"] == 3

    async def test_the_older_header_works_and_the_newer_one_comes_first(self, desk: Helpdesk) -> None:
        assert (await desk.get("users/me", {**SERVICE, "X-On-Behalf-Of": "3"})).data["id"] == 3
        both = await desk.get("users/me", {**SERVICE, "X-On-Behalf-Of": "3", "From": "bo@example.com"})
        assert both.data["id"] == 4

    async def test_of_the_tokens_own_permissions_only_admin_user_is_asked(self, desk: Helpdesk) -> None:
        async def token(*permissions: str) -> dict[str, str]:
            wanted = {"name": "narrow", "permission": list(permissions)}
            made = await desk.call("POST", "user_access_token", wanted, ADMIN)
            return {"Authorization": f"Token token={made.data['token']}", "From": "ada@example.com"}

        refused = await desk.get("tickets/1", await token("ticket.agent"))
        assert refused.status == 403
        assert refused.data["error"] == "Current user has no permission to use 'From'/'X-On-Behalf-Of'!"
        # The token can't read a ticket itself; on behalf of ada it can.
        assert (await desk.get("tickets/1", await token("admin.user"))).status == 200

    async def test_authorship_and_rights_are_the_other_ones(self, desk: Helpdesk) -> None:
        ticket = await desk.ticket()
        made = await desk.call(
            "POST", "ticket_articles", {"ticket_id": ticket["id"], "body": "x"}, {**SERVICE, "From": "3"}
        )
        assert made.data["created_by_id"] == 3
        assert (await desk.get("tickets/7", {**SERVICE, "From": "3"})).status == 403

    @pytest.mark.parametrize("name", ["99449494949", "nobody", "x\u00e4"])
    async def test_unknown(self, desk: Helpdesk, name: str) -> None:
        answer = await desk.get("users/me", {**SERVICE, "From": name})
        assert (answer.status, answer.data["error"]) == (403, f"No such user '{name}'")

    async def test_without_admin_user(self, desk: Helpdesk) -> None:
        answer = await desk.get("users/me", {**ADA, "From": "admin@example.com"})
        assert answer.status == 403
        assert answer.data["error"] == "Current user has no permission to use 'From'/'X-On-Behalf-Of'!"


async def test_error_text_is_for_administrators(desk: Helpdesk) -> None:
    wrong: dict[str, Any] = {"budget_state": "nonsense"}
    agent = await desk.call("PUT", "tickets/1", wrong, ADA)
    assert agent.status == 422
    assert agent.data["error"].startswith("Error ID ")
    assert agent.data["error"].endswith(": Please contact your administrator.")
    assert "error_human" not in agent.data
    admin = await desk.call("PUT", "tickets/1", wrong, ADMIN)
    assert admin.data == {"error": "Invalid value 'nonsense' for field 'budget_state'!"}


async def test_html_for_who_prefers_it(desk: Helpdesk) -> None:
    answer = await desk.get("tickets/1", {"Accept": "text/html,*/*"})
    assert answer.status == 403
    assert answer.headers["Content-Type"].startswith("text/html")
