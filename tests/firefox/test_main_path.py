"""The first path in Firefox, on a running demo: connect, answer, note, log, see it, correct it; timers; a lock."""

from __future__ import annotations

from tests.e2e.test_first_path import ADA_MAIL
from tests.e2e.test_locks import over_budget
from tests.firefox.person import BODY, PANEL, connect, fill, reply, sign_in, state
from tests.support.firefox import Firefox
from tests.support.signin import signed_in
from tests.support.world import ADA, World, until

BADGE = '.content.active [data-deskhours="badge"]'
TIMELINE = '.content.active [data-deskhours="timeline"]'
SUBMIT = ".content.active .js-submit"
WAND = "[data-action=note-generate]"
PM_MAIL = "pm@example.com"


async def test_an_agent_connects_answers_and_logs_half_an_hour(fox: Firefox, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    tab = await sign_in(fox, world.demo, ADA_MAIL, ticket)
    await connect(fox, tab, ADA_MAIL)
    await tab.until(PANEL, holds="it.dataset.band === 'green'")
    await fill(tab, "0.5", "Answer the customer")
    await tab.until(PANEL, "[name=task_id]", holds="it.selectedOptions[0].text === 'Support · billable'")
    await tab.click(BODY)
    await tab.type("I have replaced the fuse of the oven and tested it.")
    await tab.click(PANEL, WAND)
    await tab.until(PANEL, "[name=notes]", holds="/fuse/i.test(it.value)")
    await tab.click(PANEL, "[data-action=note-undo]")
    await tab.until(PANEL, "[name=notes]", holds="it.value === 'Answer the customer'")
    await tab.click(SUBMIT)
    await state(tab, "logged")
    await tab.shows(PANEL, words="0.50 of 10.00 h")
    [entry] = await world.entries(ticket)
    assert (entry["hours"], entry["notes"], entry["user"]["id"]) == (0.5, "Answer the customer", ADA)

    await tab.click(PANEL, "[data-region=explain] summary")
    await tab.until(PANEL, "[data-region=explain] [data-loaded]", holds="it.textContent.trim()")
    await tab.click('.content.active [data-deskhours="timeline-tab"]')
    await tab.click(TIMELINE, "[data-action=entry-open]")
    await tab.fill(TIMELINE, "[name=hours]", value="0.75")
    await tab.click(TIMELINE, "[data-action=entry-correct]")
    await tab.shows(TIMELINE, words="The entry was corrected in Harvest.")
    assert [one["hours"] for one in await world.entries(ticket)] == [0.75]

    popup = await fox.popup()
    await popup.shows("body", words="Ada Agent")
    await popup.until("[data-popup]", holds="it.dataset.state === 'connected'")
    await popup.click("[data-action=disconnect]")
    await popup.until("[data-action=connect]")
    await popup.close()
    await tab.activate()
    await state(tab, "disconnected")


async def test_a_timer_is_started_ticks_and_is_stopped(fox: Firefox, world: World) -> None:
    ticket, _project = await world.linked_ticket(ADA)
    tab = await sign_in(fox, world.demo, ADA_MAIL, ticket)
    await connect(fox, tab, ADA_MAIL)
    await tab.click(PANEL, "[name=log_time]")
    await tab.click(PANEL, "[data-action=timer-start]")
    await state(tab, "running")

    async def running() -> bool:
        return any(entry["is_running"] for entry in await world.entries(ticket))

    await until(running)
    seen = await tab.text(PANEL, "[role=timer]")
    await tab.until(PANEL, "[role=timer]", holds=f"it.textContent !== '{seen}'")
    await world.harvest("POST", "/_sim/clock", {"advance_seconds": 30 * 60})
    await tab.click(PANEL, "[data-action=timer-stop]")
    await state(tab, "stopped")
    await reply(tab, "We have found the cause.")
    await state(tab, "logged")
    [entry] = await world.entries(ticket)
    assert (entry["is_running"], entry["hours"]) == (False, 0.5)


async def test_a_lock_is_shown_and_goes_when_a_manager_opens_it(fox: Firefox, world: World) -> None:
    ticket = await over_budget(world)
    tab = await sign_in(fox, world.demo, ADA_MAIL, ticket)
    await connect(fox, tab, ADA_MAIL)
    await tab.until(PANEL, holds="it.dataset.locked === 'true'", patience_ms=60_000)
    await tab.shows(BADGE, words="OVER BUDGET — LOCKED")
    await tab.shows(PANEL, words="Who can unlock it: Mo Manager")
    await reply(tab, "Here is what we found.")
    await tab.shows(BODY, words="Here is what we found.")

    async with signed_in(world.demo, PM_MAIL) as api:
        opened = await api.post(f"/api/v1/tickets/{ticket}/unlock", {"reason": "Agreed", "ceiling_hours": "4"})
        assert opened.status == 200, opened.body
    await tab.evaluate("() => window.dispatchEvent(new Event('focus'))")  # or at the panel's next look
    await tab.until(PANEL, holds="it.dataset.locked === 'false'", patience_ms=60_000)
    await tab.until(BADGE, holds="it.dataset.locked === 'false'")
