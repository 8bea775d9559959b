"""Firefox's own habits: a background page that is stopped, an extension loaded anew, a site withheld from it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.firefox.person import PANEL, Desk, fill, reply, state

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHELL = '.dh-shell [role="status"]'
Start = Callable[[], Desk]


async def test_a_log_made_while_the_server_is_away_outlives_the_browser(desk: Start) -> None:
    async with desk() as here:
        tab = await here.connected()
        await fill(tab, "0.5")
        here.stub.silent = True
        await reply(tab, "Fixed.")
        await state(tab, "error")
        await tab.shows(PANEL, SHELL, words="0.5 h is kept in this browser")
        await fill(tab, "1:15")  # the next one's draft
        popup = await here.fox.popup()
        await popup.shows("#outbox h2", words="1 log waits to be sent")
        await popup.close()
        assert not here.stub.logs
    here.stub.silent = False
    async with desk() as again:
        tab = await again.ticket()
        await again.stub.until(lambda stub: stub.logs)
        await tab.until(PANEL, "[name=hours]", holds="it.value === '1:15'")
        assert [log["hours"] for log in again.stub.logs.values()] == ["0.5"]


async def test_a_stopped_background_page_comes_back_for_whoever_asks(desk: Start) -> None:
    async with desk() as here:
        tab = await here.connected()
        await fill(tab, "0.5")
        await here.fox.stop_worker()
        await reply(tab, "Fixed.")
        await state(tab, "logged")
        assert [log["hours"] for log in here.stub.logs.values()] == ["0.5"]


async def test_after_an_update_open_pages_go_on_with_what_was_typed(desk: Start) -> None:
    """Firefox puts the new extension into pages that are open; what the old one left there gives way."""
    async with desk() as here:
        tab = await here.connected()
        await fill(tab, "0.75")
        await tab.reload()
        await tab.until(PANEL, "[name=hours]", holds="it.value === '0.75'")  # what was typed is stored
        await tab.evaluate("() => { document.querySelector('[data-deskhours=panel]').dataset.before = '' }")
        await here.fox.restart_extension()
        await tab.until(f"{PANEL}:not([data-before])", "[name=hours]", holds="it.value === '0.75'")
        assert await tab.evaluate("() => document.querySelectorAll('[data-deskhours=panel]').length") == 1
        await reply(tab, "Fixed.")
        await state(tab, "logged")
        assert [log["hours"] for log in here.stub.logs.values()] == ["0.75"]


async def test_a_site_that_was_withheld_is_granted_in_the_popup(desk: Start) -> None:
    async with desk() as here:
        popup = await here.fox.popup()
        sites = "{ origins: chrome.runtime.getManifest().host_permissions }"
        assert await popup.evaluate(f"() => chrome.permissions.remove({sites})")
        await popup.reload()
        await popup.shows("#notice", words="The browser has not allowed Deskhours on your helpdesk's pages yet.")
        tab = await here.fox.open(f"{here.helpdesk}/#ticket/zoom/1")
        assert await tab.evaluate("() => document.querySelector('[data-deskhours]') === null")
        await popup.activate()
        await popup.click("#notice [data-action=allow]")
        await popup.shows("#notice [role=status]", words="Allowed. Reload the pages of your helpdesk that are open.")
        await popup.click("[data-action=connect]")
        await popup.shows("body", words="Ada Agent")
        await tab.activate()
        await tab.reload()
        await state(tab, "idle")
