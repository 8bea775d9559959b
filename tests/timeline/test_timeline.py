"""A ticket's timeline as people get it: page, API and CSV, beside the simulated helpdesk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin_server.tickets.articles import rules as article_rules
from plugin_server.timeline import service
from tests.support.tables import table
from tests.timeline.scene import PROJECT, Scene, kinds, words


async def test_everything_in_order_with_who_and_what(scene: Scene) -> None:
    await scene.article("ada", "<p>We look into it</p>", type="email", to="acorn@example.com")
    await scene.article("ada", "<b>Customer</b> is upset", internal=True)
    noon = scene.now.replace(hour=12, minute=0) - timedelta(days=1)
    await scene.entry(1, 2001, 150, spent_date=noon.date(), created_at=noon, notes="Read logs")
    await scene.entry(2, 2002, 25, billable=False, created_at=scene.now + timedelta(minutes=5), is_billed=True)
    at = noon + timedelta(minutes=1)
    await scene.event("changed", at=at, by_user=5, by_name="Mo", field="budget_hours", old_value="8", new_value="10")
    found = await scene.read()
    assert kinds(found) == ["entry", "changed", "call", "reply", "internal_note", "entry"]
    first, changed, _call, reply, note, last = found["items"]
    assert (first["by"], first["text"], first["hours"], first["task"]) == ("Ada Agent", "Read logs", "1.50", "Support")
    assert first["url"] == f"https://acorn.example.com/time/day/{noon:%Y/%m/%d}/2001"
    assert (changed["by"], changed["details"]) == ("Mo", ["Budget: 8 → 10"])
    assert (reply["by"], reply["text"]) == ("Ada Agent", "We look into it")
    assert reply["url"].endswith(f"#ticket/zoom/{scene.ticket}/{reply['id'].removeprefix('messages-')}")
    assert (note["text"], note["internal"]) == ("Customer is upset", True)
    assert (last["billable"], last["details"], last["hours_so_far"]) == (False, ["invoiced"], "1.75")
    assert found["sums"] == [
        {"name": "Ada Agent", "billable_hours": "1.50", "other_hours": "0.00"},
        {"name": "Bo Agent", "billable_hours": "0.00", "other_hours": "0.25"},
    ]
    assert kinds(await scene.read(query="order=newest")) == kinds(found)[::-1]


async def test_filters_choose_and_totals_stay_true(scene: Scene) -> None:
    for number in range(1, 5):
        at = scene.now - timedelta(days=number)
        await scene.entry(number, 2000 + 1 + number % 2, 100, spent_date=at.date(), created_at=at, billable=number > 1)
    await scene.event("locked", used=1000, budget=1000, at=scene.now + timedelta(minutes=1))
    everything = await scene.read()
    key = next(key for key, name in everything["people"].items() if name == "Ada Agent")
    mine = await scene.read(query=f"person={key}&what=time")
    assert [one["hours_so_far"] for one in mine["items"]] == ["1.00", "3.00"]
    assert mine["sums"] == [{"name": "Ada Agent", "billable_hours": "2.00", "other_hours": "0.00"}]
    assert kinds(await scene.read(query="what=budget")) == ["locked"]
    assert kinds(await scene.read(query="what=messages&what=budget")) == ["call", "locked"]
    assert len((await scene.read(query="billable=no"))["items"]) == 1
    day = (scene.now - timedelta(days=2)).date()
    assert [one["id"] for one in (await scene.read(query=f"from={day}&to={day}"))["items"]] == ["time-2"]
    assert (await scene.read(query="person=u99999"))["items"] == []


async def test_pages_go_through_all_kinds(scene: Scene) -> None:
    for number in range(1, 8):
        await scene.entry(number, 2001, 100, created_at=scene.now + timedelta(seconds=number))
        await scene.event("changed", field="pm", new_value=str(number), at=scene.now + timedelta(seconds=number))
    whole = [one["id"] for one in (await scene.read())["items"]]
    assert len(whole) == 15
    shown, cursor = [], ""
    while cursor is not None:
        page = await scene.read(query=f"size=4&cursor={cursor}")
        shown += [one["id"] for one in page["items"]]
        cursor = page["next"]
    assert shown == whole
    status, body = await scene.call("ada", "cursor=nonsense")
    assert (status, body["error"]["code"]) == (400, "bad_cursor")
    status, text = await scene.page(query="?size=4")
    assert 'rel="next"' in text


async def test_who_may_not_see_the_ticket_sees_nothing_of_it(scene: Scene) -> None:
    """The group Contracts is Bo's, not Ada's."""
    await scene.article("bo", "They never pay", internal=True)
    await scene.ask_helpdesk("bo", "PUT", f"/tickets/{scene.ticket}", {"group": "Contracts"})
    assert "They never pay" in str(await scene.read("bo"))
    for status, body in (
        await scene.call("ada"),
        await scene.call("ada", Accept="text/html"),
        await scene.page("ada"),
        await scene.page("ada", ".csv"),
        await scene.page("nobody"),
        await scene.page("nobody", ".csv"),
    ):
        assert status in (401, 403)
        assert "never pay" not in str(body)
        assert "The oven restarts" not in str(body)


async def test_who_reads_no_internal_notes_sees_none_nor_who_wrote_them(scene: Scene) -> None:
    await scene.article("bo", "Between us", internal=True)
    await scene.server.services.people.member((await scene.ask_helpdesk("ada", "GET", "/users/me"))["id"])
    await scene.server.pool.execute("UPDATE helpdesk_member SET groups = '{}', roles = '{Customer}'")
    found = await scene.read("ada")
    assert kinds(found) == ["call"]
    assert "Bo" not in str(found["people"])


async def test_what_the_helpdesk_refuses_is_left_out_and_what_is_slow_says_so(scene: Scene) -> None:
    note = await scene.article("ada", "A note")
    await scene.read("bo")  # the heads are known from now on
    await scene.fault(f"GET /api/v1/ticket_articles/{note}", "status", status=403)
    assert kinds(await scene.read()) == ["call"]
    await scene.fault(f"GET /api/v1/ticket_articles/{note}", "status", status=503)
    last = (await scene.read())["items"][-1]
    assert (last["text"], last["trouble"]) == ("", "The helpdesk did not give this text in time.")
    assert (await scene.read())["items"][-1]["text"] == "A note"
    await scene.server.pool.execute(
        "INSERT INTO article_head SELECT 999999, ticket_id, writer_id, writer, sender, kind, internal, created_at"
        " FROM article_head WHERE id = $1",
        note,
    )
    assert "messages-999999" not in str(await scene.read())
    assert await scene.server.pool.fetchval("SELECT count(*) FROM article_head WHERE id = 999999") == 0


async def test_articles_are_followed_once_somebody_has_looked(scene: Scene) -> None:
    articles = scene.server.services.articles
    assert await articles.step() == 0
    assert kinds(await scene.read()) == ["call"]
    assert await articles.step() == 0
    note = await scene.article("ada", "One more")
    await scene.server.services.intake.read(scene.ticket)
    assert await articles.step() == 1
    assert await articles.step() == 0
    rows = await scene.server.pool.fetch("SELECT id FROM article_head ORDER BY id DESC")
    assert rows[0]["id"] == note


async def test_a_helpdesk_that_does_not_answer_is_told_and_time_is_shown(scene: Scene) -> None:
    await scene.entry(1, 2001, 100)
    await scene.fault("GET /api/v1/ticket_articles/by_ticket", "status", status=503)
    found = await scene.read()
    assert (found["complete"], kinds(found)) == (False, ["entry"])
    await scene.fault("GET /api/v1/ticket_articles/by_ticket", "status", status=503)
    await scene.server.pool.execute("UPDATE article_reading SET stale = true")
    assert "could not all be read" in (await scene.page())[1]
    assert (await scene.read())["complete"] is True


async def test_a_formula_in_a_csv_is_text(scene: Scene) -> None:
    formulas = [f'{start}HYPERLINK("https://example.com")' for start in ("=", "+", "-", "@", "\t", "\r")]
    for number, formula in enumerate(formulas, 1):
        await scene.entry(number, 2001, 100, notes=formula)
    await scene.article("ada", "=1+1", content_type="text/plain")
    status, text = await scene.page(query=".csv?what=time")
    assert status == 200
    rows = table(text)
    assert [row["text"] for row in rows] == [f"'{formula}" for formula in formulas]
    first = rows[0]
    assert [first[name] for name in ("hours", "hours_so_far", "billable", "who")] == [
        "1.00",
        "1.00",
        "yes",
        "Ada Agent",
    ]
    whole = table((await scene.page(query=".csv"))[1])
    assert {"'=1+1", "It restarts at night"} < {row["text"] for row in whole}
    assert not any(value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in whole for value in row.values())


async def test_a_csv_holds_all_pages_and_whole_texts(scene: Scene) -> None:
    long = "word " * 300
    await scene.article("ada", long)
    for number in range(1, 80):
        await scene.entry(number, 2001, 1)
    page = await scene.read()
    assert (len(page["items"]), page["next"] is None) == (50, False)
    cut = next(one for one in (await scene.read(query="what=messages"))["items"] if one["kind"] == "note")
    assert cut["text_is_cut"]
    assert len(cut["text"]) <= 500
    whole = table((await scene.page(query=".csv?size=1"))[1])
    assert len(whole) == 81
    assert long.strip() in [row["text"] for row in whole]


async def test_the_page_speaks_the_readers_zone(scene: Scene) -> None:
    """Ada is in Berlin: what happens at 23:30 UTC is of her next day."""
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    await scene.event("locked", at=late, used=1000, budget=1000)
    await scene.entry(1, 2001, 100, spent_date=late.date(), started_time="0:30", created_at=late)
    await scene.entry(2, 2002, 100, spent_date=late.date(), created_at=late + timedelta(days=3))
    status, text = await scene.page(query="?what=time&what=budget")
    assert status == 200
    shown = words(text)
    assert shown.index("1 Jul 2026 Time entry Ada Agent 00:30") < shown.index("2 Jul 2026 Locked")
    assert "01:30" in shown
    assert "counts for" not in shown
    # Bo's day is known, his time is not.
    assert "Time entry Bo Agent 1 Jul 2026" in shown
    assert "10.00 h used of 10.00 h" in shown


async def test_a_running_timer_runs(scene: Scene) -> None:
    since = scene.now - timedelta(hours=1)
    await scene.entry(1, 2001, 75, is_running=True, banked_hours=25, timer_started_at=since)
    (timer,) = (await scene.read(query="what=time"))["items"]
    assert (timer["kind"], timer["hours"], timer["hours_so_far"]) == ("timer", "0.25", "0.25")
    assert datetime.fromisoformat(timer["running_since"]) == since
    assert "runs since" in (await scene.page())[1]


async def test_assign_here(scene: Scene) -> None:
    await scene.ask_helpdesk("ada", "PUT", f"/tickets/{scene.ticket}", {"title": "The oven restarts again"})
    await scene.read()
    await scene.server.pool.execute("UPDATE ticket SET project_id = $2 WHERE id = $1", scene.ticket, PROJECT)
    await scene.entry(1, 2002, 75, ticket_id=None, notes="Forgot the ticket")
    found = await scene.read()
    assert [one["entry_id"] for one in found["unassigned"]] == [1]
    assert found["unassigned"][0]["name"] == "Bo Harvest"
    text = (await scene.page(query="?what=time"))[1]
    assert "Forgot the ticket" in text
    status, _text = await scene.send("ada", "/entries/1/assign", {"back": "what=time", "csrf_token": "x"})
    assert status == 403
    status, where = await scene.send("ada", "/entries/1/assign", {"back": "what=time&order=newest"})
    assert (status, where) == (303, f"/tickets/{scene.ticket}/timeline?what=time&order=newest")
    assert (await scene.read())["unassigned"] == []
    await scene.server.services.attribute.run()
    assert [one["id"] for one in (await scene.read(query="what=time"))["items"]] == ["time-1"]
    await scene.entry(2, 2002, 75, ticket_id=None)
    await scene.server.pool.execute("UPDATE attribution SET project_id = 99 WHERE entry_id = 2")
    status, text = await scene.send("ada", "/entries/2/assign", {"back": "what=time"})
    assert status == 409
    assert "This time entry belongs to another project than the ticket." in text
    assert 'value="time" checked' in text


async def test_who_is_not_signed_in_is_led_back_to_the_timeline(scene: Scene) -> None:
    status, text = await scene.page("nobody", "?order=newest")
    assert status == 401
    assert f"return_to=%2Ftickets%2F{scene.ticket}%2Ftimeline%3Forder%3Dnewest" in text
    link = f"/dashboard/sign-in?return_to=%2Ftickets%2F{scene.ticket}%2Ftimeline%3Forder%3Dnewest"
    async with scene.server.session.get(scene.server.url + link, allow_redirects=False) as response:
        assert response.status == 302
    kept = await scene.server.pool.fetchval("SELECT return_to FROM web_attempt")
    assert kept == f"/tickets/{scene.ticket}/timeline?order=newest"


async def test_markup_of_titles_names_and_notes_is_text(scene: Scene) -> None:
    await scene.entry(1, 2001, 100, notes="<img src=x onerror=alert(1)>")
    await scene.article("ada", "a <b>bold</b> &lt;script&gt;alert(1)&lt;/script&gt;")
    for text in ((await scene.page())[1], (await scene.call("ada", Accept="text/html"))[1]):
        assert "<img" not in text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)" in text


async def test_an_entry_and_a_correction_of_the_same_number_are_two_lines(scene: Scene) -> None:
    before = {"project_id": PROJECT, "task_id": 5001, "spent_date": "2026-05-04", "hours": "1.00", "notes": ""}
    names = {"person": "Ada", "project": "Oven", "task": "Support", "ticket": ""}
    position = await scene.server.pool.fetchval(
        """
        INSERT INTO entry_correction (entry_id, kind, state, agent_id, asked_by, asked_at, access, access_name,
            may_fall_back, before, tickets, asked_by_user, next_try_at, changed_at)
        VALUES (99, 'delete', 'done', $1, 'Mo', $2, 'own', 'Mo', false, $3, $4, 5, $2, $2) RETURNING position
        """,
        scene.agents["ada"],
        scene.now,
        {**before, **names, "ticket_id": None, "started": None, "ended": None},
        [scene.ticket],
    )
    await scene.entry(position, 2001, 150)
    found = (await scene.read(query="what=time"))["items"]
    assert sorted((one["id"], one["kind"]) for one in found) == [
        (f"correction-{position}", "deletion"),
        (f"time-{position}", "entry"),
    ]


async def test_two_people_of_one_name_have_a_sum_each(scene: Scene) -> None:
    await scene.server.pool.execute("UPDATE harvest_user SET name = 'Alex Kim'")
    await scene.server.pool.execute("UPDATE agent SET harvest_user_id = NULL")
    await scene.entry(1, 2001, 150)
    await scene.entry(2, 2002, 250)
    sums = (await scene.read())["sums"]
    assert [(one["name"], one["billable_hours"]) for one in sums] == [("Alex Kim", "2.50"), ("Alex Kim", "1.50")]


async def test_what_was_stored_about_a_budget_is_told_in_the_readers_language(scene: Scene) -> None:
    reason = "The ticket's budget is 92 % used: 9.20 of 10.00 h."
    await scene.event("put_back", field="state", old_value="open", new_value="locked", reason=reason)
    await scene.event("changed", field="budget_hours", old_value="8", new_value="10.5", by_user=5, by_name="Mo")
    later = scene.now + timedelta(minutes=1)
    await scene.event("changed", at=later, field="budget_hours", old_value="10.5", new_value="ten", by_name="Mo")
    _status, text = await scene.page(query="?what=budget", **{"Accept-Language": "de"})
    told = words(text)
    assert "Budgetstatus: offen → gesperrt" in told
    assert "Budget: 8 → 10,5" in told
    assert "Budget: 10,5 → ten" in told
    assert "Das Budget des Tickets ist zu 92 % verbraucht" in told


async def test_more_time_without_a_ticket_than_is_offered_is_not_counted_as_all(scene: Scene) -> None:
    await scene.read()
    await scene.server.pool.execute("UPDATE ticket SET project_id = $2 WHERE id = $1", scene.ticket, PROJECT)
    for number in range(1, service.UNASSIGNED + 2):
        await scene.entry(number, 2001, 100, ticket_id=None)
        if number == service.UNASSIGNED:
            _status, html = await scene.call("ada", Accept="text/html")
            assert f"({number})" in html
    _status, html = await scene.call("ada", Accept="text/html")
    assert f"(the latest {service.UNASSIGNED})" in html
    assert "/dashboard" in html.partition("tl-unassigned")[2].partition("</details>")[0]
    assert "The dashboard shows all of them." in (await scene.page())[1]
    assert (await scene.read())["unassigned_more"]


async def test_a_csv_says_where_it_is_cut(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(article_rules, "_READ", 1000)
    await scene.article("ada", "word " * 300)
    for number in range(1, 4):
        await scene.entry(number, 2001, 100)
    rows = table((await scene.page(query=".csv?order=oldest"))[1])
    (long,) = (row["text"] for row in rows if row["kind"] == "note")
    assert long.endswith("(The text is too long to be here whole; the helpdesk has all of it.)")
    assert "The list ends here" not in rows[-1]["text"]
    monkeypatch.setattr(service, "EXPORTED", 2)
    rows = table((await scene.page(query=".csv?what=time"))[1])
    assert [row["kind"] for row in rows] == ["entry", "entry", ""]
    assert rows[-1]["text"] == "The list ends here, after 2 lines. Choose fewer days for the others."
    monkeypatch.setattr(service, "EXPORTED", 3)
    assert len(table((await scene.page(query=".csv?what=time"))[1])) == 3
