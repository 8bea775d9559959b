"""Where is my entry? in the panel: read when it is opened, asked by keyboard, and of use when it can't be read."""

import pytest
from playwright.async_api import Locator, expect

from .conftest import Desk, panel_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPEN = "/api/v1/tickets/1/explain"
REGION = f'<div data-region="explain" data-rev="1"><details data-load="{OPEN}"><summary>Where is my entry?</summary>'
REGION += "<div data-loaded></div></details></div>"
ASK = f'<div><input data-ask="entry"> <button type="button" data-look="{OPEN}">Look</button></div>'
ASSIGN = '<button type="button" data-action="assign-here" data-path="/api/v1/tickets/1/entries/7">Assign here</button>'
ENTRY = "/api/v1/entries/99/explain?ticket=1"
HARVEST = f'<button type="button" data-look="{ENTRY}" data-method="POST">Ask Harvest now</button>'
ASKED = f'{ASK}<div data-entry-asked="99"><p>Not read.</p>{HARVEST}</div>'


async def opened(desk: Desk) -> Locator:
    """The part of a connected agent's panel, open."""
    desk.stub.clock = REGION
    desk.stub.fragments |= {
        f"GET {OPEN}": f"{ASK}<p>3 entries count here.</p>{ASSIGN}",
        f"GET {OPEN}?entry=99": ASKED,
        f"POST {ENTRY}": '<div data-entry-asked="99"><p>Harvest has none.</p></div>',
    }
    page = await desk.open_connected()
    part = panel_of(page).locator("details[data-load]")
    assert not asked(desk), "it costs a panel nothing"
    await part.locator("summary").click()
    return part


def asked(desk: Desk) -> int:
    return len(desk.stub.calls("GET", "/explain"))


async def test_it_is_read_when_it_is_opened_and_stays_while_the_panel_goes_on(desk: Desk) -> None:
    part = await opened(desk)
    await expect(part).to_contain_text("3 entries count here.")
    await part.evaluate("part => part.querySelector('[data-loaded] p').dataset.same = 'yes'")
    desk.stub.used = "5.00"
    await part.page.evaluate("window.dispatchEvent(new Event('focus'))")
    await expect(panel_of(part.page).locator('[data-region="budget"]')).to_contain_text("5.00")
    await expect(part.locator('[data-same="yes"]')).to_have_count(1)
    assert asked(desk) == 1


async def test_an_entry_is_asked_for_by_keyboard_and_harvest_on_request(desk: Desk) -> None:
    part = await opened(desk)
    await part.locator("[data-ask]").fill("99")
    await part.locator("[data-ask]").press("Enter")
    await expect(part.locator("[data-entry-asked]")).to_contain_text("Not read.")
    assert await part.evaluate("part => part.getRootNode().activeElement.dataset.ask") == "entry", "the focus stays"
    await part.locator('[data-method="POST"]').click()
    await expect(part.locator("[data-entry-asked]")).to_have_text("Harvest has none.")
    assert len(desk.stub.calls("POST", "/entries/99/explain")) == 1
    # It is a question, no draft of a log.
    await expect(panel_of(part.page, "idle")).to_have_count(1)


async def test_what_was_done_there_is_looked_at_anew(desk: Desk) -> None:
    part = await opened(desk)
    await expect(part).to_contain_text("3 entries count here.")
    desk.stub.fragments[f"GET {OPEN}"] = f"{ASK}<p>4 entries count here.</p>"
    await part.locator('[data-action="assign-here"]').click()
    await expect(part).to_contain_text("4 entries count here.")
    assert len(desk.stub.calls("POST", "/entries/7")) == 1


async def test_timeline_not_loading_says_so_in_its_place(desk: Desk) -> None:
    part = await opened(desk)
    await expect(part).to_contain_text("3 entries")
    await part.locator("summary").click()
    desk.stub.silent = True
    await part.locator("summary").click()
    words = part.locator('[role="alert"]')
    await expect(words).to_have_text(
        "This could not be loaded: Deskhours does not answer. Close it and open it again; if that does not help, reload"
        " the page."
    )
    desk.stub.silent = False
    desk.stub.fragments = {}
    await part.locator("summary").click()
    await part.locator("summary").click()
    await expect(words).to_have_text("Not for you.")
