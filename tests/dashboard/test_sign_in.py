"""Signing in with a plain browser, and what a cookie opens."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta
from urllib.parse import urljoin

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin_server.accounts.crypto import digest
from plugin_server.accounts.web import rules, store
from plugin_server.accounts.web.rules import LONGEST
from tests.dashboard.browsing import Visit, stranger, visiting
from tests.dashboard.office import Office
from tests.support.demo import Demo


def cookies(visit: Visit) -> dict[str, str]:
    return {cookie.key: cookie.value for cookie in visit.session.cookie_jar}


async def test_the_helpdesk_signs_in_and_leads_back_to_the_page_that_was_asked_for(demo: Demo) -> None:
    visit = stranger(demo, "pm@example.com")
    async with visit.session:
        assert await visit.sign_in("/dashboard?band=red&q=Calendar") == 200
        assert visit.path == "/dashboard?band=red&q=Calendar"
        assert "Mo Manager" in visit.text
        assert await visit.get("/dashboard") == 200


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(demo: Demo) -> None:
    visit = stranger(demo, "ada@example.com")
    async with visit.session:
        await visit.sign_in()
        found = {cookie.key: cookie for cookie in visit.session.cookie_jar}
        session = found["deskhours_session"]
        assert session["httponly"]
        assert session["samesite"] == "Lax"
        assert session["path"] == "/"
        assert not session["secure"]  # the demo is http
        assert "deskhours_sign_in" not in found


async def test_a_sign_in_replaces_the_browsers_session(demo: Demo) -> None:
    async with visiting(demo, "ada@example.com") as visit:
        before = cookies(visit)["deskhours_session"]
        assert await visit.walk(f"{demo.url}/dashboard/sign-in") == 200
        assert cookies(visit)["deskhours_session"] != before
        async with (
            aiohttp.ClientSession(cookies={"deskhours_session": before}) as old,
            old.get(f"{demo.url}/dashboard") as response,
        ):
            assert response.status == 401


async def test_a_customer_is_refused_in_words(demo: Demo) -> None:
    visit = stranger(demo, "acorn@example.com")
    async with visit.session:
        assert await visit.sign_in() == 403
        assert "is not an agent" in html.unescape(visit.text)
        assert "deskhours_session" not in cookies(visit)


async def test_sign_out_ends_the_session_on_the_server(demo: Demo) -> None:
    async with visiting(demo, "bo@example.com") as visit:
        token = cookies(visit)["deskhours_session"]
        assert await visit.post("/dashboard/sign-out", csrf_token="wrong") == 403
        await visit.get("/dashboard")
        assert await visit.post("/dashboard/sign-out") == 401  # the page after it asks to sign in
        assert "Sign in with the helpdesk" in visit.text
        async with (
            aiohttp.ClientSession(cookies={"deskhours_session": token}) as old,
            old.get(f"{demo.url}/dashboard") as response,
        ):
            assert response.status == 401


async def test_a_state_works_once_and_in_the_browser_that_started(demo: Demo) -> None:
    async with aiohttp.ClientSession() as first:
        async with first.get(f"{demo.url}/dashboard/sign-in", allow_redirects=False) as response:
            state = response.headers["Location"].split("state=")[1]
        for _ in range(2):
            async with (
                aiohttp.ClientSession() as other,
                other.get(f"{demo.url}/oauth/helpdesk/callback?code=x&state={state}", allow_redirects=False) as answer,
            ):
                assert answer.status == 400
                assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "asked",
    ["https://evil.example.com/", "//evil.example.com", "/dashboard@evil.example.com", "/\\evil", "/dashboard/../x"],
)
async def test_a_sign_in_never_leads_elsewhere(demo: Demo, asked: str) -> None:
    visit = stranger(demo, "ada@example.com")
    async with visit.session:
        assert await visit.walk(urljoin(demo.url, f"/dashboard/sign-in?return_to={asked}")) == 200
        assert visit.path == "/dashboard"


@given(st.text(max_size=40) | st.text(alphabet="/\\.:@?#dashboardevil\n\t", max_size=40).map("/dashboard".__add__))
def test_where_a_sign_in_returns_to_is_always_a_page_of_the_dashboard(asked: str) -> None:
    found = rules.return_path(asked)
    assert re.match(r"/dashboard($|[/?])", found)
    assert urljoin("https://desk.example.com/x", found).startswith("https://desk.example.com/dashboard")


async def test_the_cookie_opens_no_api(demo: Demo, ada: Visit) -> None:
    for path in ("/api/v1/me", "/api/v1/dashboard", "/api/v1/budgets", "/api/v1/tickets/1/panel"):
        assert await ada.get(path) == 401


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_of_another_site_is_refused(ada: Visit, headers: dict[str, str]) -> None:
    ada.headers = headers
    assert await ada.post("/dashboard/tickets/4/ask", ask_message="Please") == 403
    assert await ada.post("/dashboard/sign-out") == 403
    ada.headers = {}
    assert await ada.get("/dashboard") == 200


async def test_a_form_without_the_sessions_own_token_is_refused(demo: Demo, ada: Visit, pm: Visit) -> None:
    for token in ("", "x", pm.csrf):
        assert await ada.post("/dashboard/tickets/4/ask", csrf_token=token, ask_message="Please") == 403
    assert "asks for it to be unlocked" not in pm.text
    assert ada.csrf != pm.csrf


@pytest.mark.parametrize(
    ("origin", "site", "same"),
    [
        (None, None, True),
        (None, "same-origin", True),
        (None, "none", False),
        (None, "same-site", False),
        ("https://desk.example.com", "cross-site", True),
        ("https://desk.example.com:8443", None, False),
        ("http://desk.example.com", None, False),
        ("null", None, False),
    ],
)
def test_only_the_servers_own_origin_is_the_same(origin: str | None, site: str | None, same: bool) -> None:
    assert rules.is_same_origin(origin, site, "https://desk.example.com") is same


async def test_a_session_lasts_while_it_is_used_and_ninety_days_at_most(office: Office) -> None:
    await office.person(4, "Ada")
    began, clock = office.now, office.server.clock
    await office.pool.execute("UPDATE web_session SET expires_at = $1", began + timedelta(days=30))

    async def status_after(days: float) -> int:
        clock.advance(days=days)
        await office.pool.execute("UPDATE helpdesk_member SET seen_at = $1", clock.now())
        return (await office.ask("Ada", "/dashboard"))[0]

    assert await status_after(0.001) == 200
    assert await status_after(29) == 200
    for _ in range(2):
        assert await status_after(29) == 200
    ends: datetime = await office.pool.fetchval("SELECT expires_at FROM web_session")
    assert ends == began + timedelta(days=90)
    assert await status_after(3.5) == 401


async def test_a_session_that_is_not_used_ends(office: Office) -> None:
    await office.person(4, "Ada")
    await office.pool.execute("UPDATE web_session SET expires_at = $1", office.now + timedelta(days=30))
    office.server.clock.advance(days=31)
    assert (await office.ask("Ada", "/dashboard"))[0] == 401


async def test_only_hashes_of_tokens_are_stored(office: Office) -> None:
    await office.person(4, "Ada")
    async with aiohttp.ClientSession() as session:
        url = f"{office.server.url}/dashboard/sign-in"
        async with session.get(url, allow_redirects=False) as response:
            state = response.headers["Location"].split("state=")[1]
            browser = response.cookies["deskhours_sign_in"].value
    rows = [
        *await office.pool.fetch("SELECT * FROM web_session"),
        *await office.pool.fetch("SELECT * FROM web_attempt"),
    ]
    held = repr([dict(row) for row in rows])
    assert len(rows) == 2
    for secret in ("Ada", state, browser):
        assert secret not in held


async def test_the_last_sign_out_forgets_what_was_granted(office: Office) -> None:
    await office.person(4, "Ada", harvest_user_id=2001)
    extension = (await office.server.sign_in(office.agents[4]))["access_token"]
    form = {"csrf_token": rules.csrf_token("Ada")}
    headers = {"Cookie": "deskhours_session=Ada"}
    count = "SELECT count(*) FROM agent_token"

    async def sign_out() -> int:
        url = f"{office.server.url}/dashboard/sign-out"
        async with office.server.session.post(url, data=form, headers=headers, allow_redirects=False) as response:
            return response.status

    assert await sign_out() == 303
    assert await office.pool.fetchval(count) == 1  # the extension goes on
    assert await office.server.me(extension) == 200
    assert await sign_out() == 401
    await office.pool.execute("UPDATE session SET revoked_at = $1", office.now)
    async with office.pool.acquire() as connection:
        await store.open_session(connection, office.agents[4], digest("Ada"), office.now, *[office.now + LONGEST] * 2)
    assert await sign_out() == 303
    assert await office.pool.fetchval(count) == 0
